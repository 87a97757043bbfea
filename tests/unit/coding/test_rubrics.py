"""The rubrics that can be suggested: every real one, with title and category, counted and saved."""

from pathlib import Path

import pytest

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import Rubric, RubricTable, shipped_titles
from nosology.errors import RunError

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
