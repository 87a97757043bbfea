"""The rubrics that can be suggested: every real one, with title and category, counted and saved."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import Rubric, RubricTable, shipped_titles
from nosology.errors import LabelError, RunError

LABELS = LabelSet.load("icd-chapters-18")


@pytest.mark.parametrize(
    ("version", "n", "code", "title"),
    [(9, 1234, "410", "Acute myocardial infarction"), (10, 1918, "J18", "Pneumonia, unspecified organism")],
)
def test_every_rubric_of_a_version_has_a_title(version: icd.Version, n: int, code: str, title: str) -> None:
    titles = shipped_titles(version)
    assert (len(titles), titles[code]) == (n, title)
    assert all(icd.rubric_of(rubric, version) == rubric for rubric in titles)
    assert all(words == " ".join(words.split()) and words for words in titles.values())


def test_titles_of_one_category_differ_so_that_a_trie_can_tell_them_apart() -> None:
    table = RubricTable.shipped(LABELS, [9, 10])
    for version in (9, 10):
        pairs = [(rubric.category, rubric.title) for rubric in table.rubrics if rubric.version == version]
        assert len(set(pairs)) == len(pairs)


def test_only_rubrics_with_a_category_are_in_the_table() -> None:
    table = RubricTable.shipped(LABELS, [10])
    assert ("U07", 10) not in table.places()  # COVID-19 and vaping share it, so it has no one category
    assert len(table) == 1917
    assert {rubric.category for rubric in table.rubrics} == set(LABELS.names)
    assert sorted(place for group in table.by_category(LABELS.names) for place in group) == list(range(len(table)))


def test_codes_are_counted_by_note_and_rubric() -> None:
    notes = [[("41071", 9), ("41001", 9), ("4280", 9)], [("41071", 9), ("XXX", 9), ("I21", 10)]]
    table = RubricTable.shipped(LABELS, [9]).counted(notes)
    infarction = table.rubrics[table.places()["410", 9]]
    assert (infarction.n_notes, infarction.codes) == (2, (("41071", 2), ("41001", 1)))
    assert table.places_of(notes[0]) == (table.places()["410", 9], table.places()["428", 9])
    assert table.places_of([("I219", 10)]) == ()
    assert sum(table.counts) == 3


def test_a_saved_table_is_read_back(tmp_path: Path) -> None:
    table = RubricTable(
        (
            Rubric("410", 9, "Acute myocardial infarction", "Cardiovascular", 2, (("41071", 2),)),
            Rubric("A00", 10, "Cholera", "Infectious Disease"),
        )
    )
    table.save(tmp_path / "rubrics.tsv")
    assert RubricTable.load(tmp_path / "rubrics.tsv") == table


@pytest.mark.parametrize(
    "content", ["", "rubric\tother\n", "rubric\ticd_version\ttitle\tcategory\tn_notes\tcodes\n410\tnine\tx\ty\t1\t\n"]
)
def test_a_broken_table_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rubrics.tsv"
    with pytest.raises(RunError, match="missing"):
        RubricTable.load(path)
    path.write_text(content)
    with pytest.raises(RunError, match="not a table of rubrics"):
        RubricTable.load(path)


HEADER = "rubric\ticd_version\ttitle\tcategory\tn_notes\tcodes\n"


TABLE = RubricTable(
    (
        Rubric("410", 9, "Acute myocardial infarction", "Heart"),
        Rubric("486", 9, "Pneumonia, organism unspecified", "Lung"),
        Rubric("E880", 9, "Fall on or from stairs or steps", "Injury"),
        Rubric("V10", 9, "Personal history of malignant neoplasm", "Other"),
        Rubric("I21", 10, "Acute myocardial infarction", "Heart"),
        Rubric("V10", 10, "Pedal cycle rider injured in collision", "Injury"),
    )
)


# Each full code with the place of its rubric, written by hand.
PLACE = {
    ("41071", 9): 0,
    ("41001", 9): 0,
    ("486", 9): 1,
    ("E8809", 9): 2,
    ("V1046", 9): 3,
    ("I214", 10): 4,
    ("V100XXA", 10): 5,
    ("4280", 9): None,
    ("J189", 10): None,
    ("E8810", 9): None,
    ("", 9): None,
    ("???", 10): None,
}


NOTES = st.lists(st.lists(st.sampled_from(sorted(PLACE)), max_size=8), max_size=8)


@pytest.mark.parametrize(("code", "place"), PLACE.items())
def test_a_code_has_the_place_of_its_rubric_in_its_version(code: tuple[str, int], place: int | None) -> None:
    assert TABLE.places_of([code]) == (() if place is None else (place,))


@pytest.mark.parametrize(("code", "place"), [("410.71", 0), ("e880.9", 2), (" v10.46 ", 3)])
def test_dots_blanks_and_case_do_not_matter(code: str, place: int) -> None:
    assert TABLE.places_of([(code, 9)]) == (place,)


@given(st.lists(st.sampled_from(sorted(PLACE))))
def test_places_come_in_the_order_of_the_codes_and_once(codes: list[tuple[str, int]]) -> None:
    expected: list[int] = []
    for code in codes:
        place = PLACE[code]
        if place is not None and place not in expected:
            expected.append(place)
    assert list(TABLE.places_of(codes)) == expected


def test_every_rubric_is_found_at_its_own_place() -> None:
    assert TABLE.places() == {
        ("410", 9): 0,
        ("486", 9): 1,
        ("E880", 9): 2,
        ("V10", 9): 3,
        ("I21", 10): 4,
        ("V10", 10): 5,
    }


@given(NOTES)
def test_counts_are_those_of_counting_by_hand(notes: list[list[tuple[str, int]]]) -> None:
    counted = TABLE.counted(notes)
    assert counted.counts == tuple(
        sum(any(PLACE[code] == place for code in note) for note in notes) for place in range(len(TABLE))
    )
    for place, rubric in enumerate(counted.rubrics):
        full = Counter(code for note in notes for code, version in set(note) if PLACE[code, version] == place)
        assert dict(rubric.codes) == dict(full)
        frequencies = [n for _, n in rubric.codes]
        assert frequencies == sorted(frequencies, reverse=True)
        assert (rubric.code, rubric.title) == (TABLE.rubrics[place].code, TABLE.rubrics[place].title)


def test_a_code_given_twice_in_a_note_counts_once() -> None:
    infarction = TABLE.counted([[("41071", 9), ("41071", 9), ("41001", 9)]]).rubrics[0]
    assert (infarction.n_notes, infarction.codes) == (1, (("41071", 1), ("41001", 1)))


def test_counting_again_starts_from_nothing_and_leaves_the_table_as_it_was() -> None:
    once = TABLE.counted([[("486", 9)]])
    assert once.counts == (0, 1, 0, 0, 0, 0)
    assert once.counted([[("I214", 10)]]).counts == (0, 0, 0, 0, 1, 0)
    assert once.counted([]) == TABLE
    assert TABLE.counts == (0,) * 6


def test_one_code_of_two_versions_is_counted_in_each() -> None:
    counted = TABLE.counted([[("V10", 9)], [("V10", 10)], [("V10", 9), ("V10", 10)]])
    assert counted.counts == (0, 0, 0, 2, 0, 2)


@pytest.mark.parametrize(
    ("categories", "groups"),
    [
        (["Heart", "Lung", "Injury", "Other"], ((0, 4), (1,), (2, 5), (3,))),
        (["Other", "Injury", "Lung", "Heart"], ((3,), (2, 5), (1,), (0, 4))),
        (["Heart", "Empty", "Lung", "Injury", "Other"], ((0, 4), (), (1,), (2, 5), (3,))),
    ],
)
def test_groups_are_in_the_order_of_the_categories(categories: list[str], groups: tuple[tuple[int, ...], ...]) -> None:
    assert TABLE.by_category(categories) == groups


def test_an_empty_table_has_nothing_to_find(tmp_path: Path) -> None:
    table = RubricTable(())
    assert (len(table), table.counts, table.places(), table.places_of([("486", 9)])) == (0, (), {}, ())
    assert table.by_category(["Heart"]) == ((),)
    table.save(tmp_path / "rubrics.tsv")
    assert (tmp_path / "rubrics.tsv").read_text() == HEADER
    assert RubricTable.load(tmp_path / "rubrics.tsv") == table


def label_set(tmp_path: Path) -> LabelSet:
    path = tmp_path / "mine.tsv"
    path.write_text("category\ticd9\ticd10\nHeart\t410-411\tI21\nStairs\tE880\tW10\n", encoding="utf-8")
    return LabelSet.load(path)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([], []),
        ([9], [("410", 9, "Heart"), ("411", 9, "Heart"), ("E880", 9, "Stairs")]),
        ([10], [("I21", 10, "Heart"), ("W10", 10, "Stairs")]),
        (
            [10, 9, 10],
            [
                ("410", 9, "Heart"),
                ("411", 9, "Heart"),
                ("E880", 9, "Stairs"),
                ("I21", 10, "Heart"),
                ("W10", 10, "Stairs"),
            ],
        ),
    ],
)
def test_the_shipped_table_holds_what_the_label_set_covers_by_version_and_code(
    tmp_path: Path, versions: list[int], expected: list[tuple[str, int, str]]
) -> None:
    table = RubricTable.shipped(label_set(tmp_path), versions)
    assert [(rubric.code, rubric.version, rubric.category) for rubric in table.rubrics] == expected
    assert all(rubric.title == shipped_titles(rubric.version)[rubric.code] for rubric in table.rubrics)
    assert set(table.counts) <= {0}


def test_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError):
        RubricTable.shipped(label_set(tmp_path), [9, 11])


@pytest.mark.parametrize("version", [9, 10])
def test_the_shipped_titles_are_in_ascending_order_of_code(version: int) -> None:
    assert list(shipped_titles(version)) == sorted(shipped_titles(version))


def test_the_file_is_written_as_documented(tmp_path: Path) -> None:
    path = tmp_path / "rubrics.tsv"
    table = RubricTable((Rubric("410", 9, "Ménière, “x”", "Heart", 3, (("41071", 2), ("4109", 1))),))
    table.save(path)
    assert path.read_bytes() == f"{HEADER}410\t9\tMénière, “x”\tHeart\t3\t41071:2 4109:1\n".encode()


@given(NOTES)
def test_a_counted_table_is_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, notes: list[list[tuple[str, int]]]
) -> None:
    path = tmp_path_factory.mktemp("rubrics") / "rubrics.tsv"
    table = TABLE.counted(notes)
    table.save(path)
    assert RubricTable.load(path) == table


@pytest.mark.parametrize(
    "row",
    [
        "410\t9\tTitle\tHeart\t1",  # a column too few
        "410\t9\tTitle\tHeart\t1\t\tmore",
        "410\t9\tTitle\tHeart\tone\t",
        "410\t9\tTitle\tHeart\t1\t41071:x",
        "",
    ],
)
def test_a_row_that_is_none_is_refused_with_the_place(tmp_path: Path, row: str) -> None:
    path = tmp_path / "rubrics.tsv"
    path.write_text(f"{HEADER}{row}\n486\t9\tTitle\tLung\t1\t\n", encoding="utf-8")
    with pytest.raises(RunError, match="not a table of rubrics") as caught:
        RubricTable.load(path)
    assert (caught.value.place, caught.value.hint) == (str(path), "train again")


def test_a_code_without_its_number_of_notes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rubrics.tsv"
    path.write_text(f"{HEADER}410\t9\tTitle\tHeart\t1\t41071\n", encoding="utf-8")
    with pytest.raises(RunError, match="a code without its number of notes"):
        RubricTable.load(path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rubrics.tsv"
    path.write_bytes(HEADER.encode() + b"410\t9\tM\xe9ni\xe8re\tHeart\t1\t\n")
    with pytest.raises(RunError, match="not a table of rubrics"):
        RubricTable.load(path)
