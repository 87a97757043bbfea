"""What a course may learn from: the shipped terms, and files whose licence allows it."""

import gzip
from pathlib import Path

import pytest

from nosology.coding.labels import LabelSet
from nosology.coding.terms import TermTable
from nosology.course.phrases import LICENCES, Phrase, collect, read_phrases
from nosology.errors import DataError, LabelError

HEADER = "text\tcode\ticd_version\tkind\tsource\tlicence\n"
LABELS = LabelSet.load("icd-chapters-18")


def written(path: Path, *rows: str) -> Path:
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_a_row_becomes_a_phrase_with_the_category_of_its_code(tmp_path: Path) -> None:
    file = written(tmp_path / "more.tsv", "pink eye\tH10.9\t10\tname\tExample\tCC0-1.0")
    (phrase,) = read_phrases(file, LABELS)
    assert (phrase.code, phrase.category, phrase.kind) == ("H109", "Nervous System", "name")


def test_a_gzipped_file_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "more.tsv.gz"
    file.write_bytes(gzip.compress((HEADER + "pink eye\t372.30\t9\tname\tExample\tMIT\n").encode()))
    assert [phrase.code for phrase in read_phrases(file, LABELS)] == ["37230"]


@pytest.mark.parametrize("licence", ["CC-BY-NC-4.0", "CC BY-NC", "unknown", "", "research use"])
def test_a_source_that_weights_may_not_learn_from_is_refused_with_its_line(tmp_path: Path, licence: str) -> None:
    file = written(
        tmp_path / "more.tsv",
        "pink eye\tH10.9\t10\tname\tExample\tCC0-1.0",
        f"gout\tM10.9\t10\tname\tExample\t{licence}",
    )
    with pytest.raises(DataError, match="licence") as caught:
        read_phrases(file, LABELS)
    assert "line 3" in str(caught.value)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("pink eye\tH10.9\t10\tname\tExample", "5 columns"),
        ("pink eye\tH10.9\t11\tname\tExample\tMIT", "no ICD version"),
        ("pink eye\tHELLO\t10\tname\tExample\tMIT", "no ICD-10-CM code"),
        ("pink eye\tH10.9\t10\trumour\tExample\tMIT", "no kind of phrase"),
        ("\tH10.9\t10\tname\tExample\tMIT", "no text"),
    ],
)
def test_a_broken_row_is_refused_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read_phrases(written(tmp_path / "more.tsv", row), LABELS)
    assert "line 2" in str(caught.value)


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "more.tsv").write_text("name\tcode\n", encoding="utf-8")
    with pytest.raises(DataError, match="columns"):
        read_phrases(tmp_path / "more.tsv", LABELS)


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_phrases(tmp_path / "none.tsv", LABELS)
    (tmp_path / "bytes.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="UTF-8"):
        read_phrases(tmp_path / "bytes.tsv", LABELS)


def test_a_label_set_without_codes_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("category\nA\nB\n", encoding="utf-8")
    with pytest.raises(LabelError, match="no code ranges"):
        collect(LabelSet.load(tmp_path / "own.tsv"))


def test_the_shipped_terms_cover_every_category() -> None:
    assert {phrase.category for phrase in collect(LABELS)} == set(LABELS.names)


def test_no_phrase_of_a_category_is_there_twice(tmp_path: Path) -> None:
    file = written(tmp_path / "more.tsv", "ESSENTIAL  (primary) hypertension\tI10\t10\tname\tExample\tMIT")
    texts = [phrase.text.lower() for phrase in collect(LABELS, [file]) if phrase.category == "Cardiovascular"]
    assert texts.count("essential (primary) hypertension") == 1
    assert "essential  (primary) hypertension" not in texts


# ---- files as people make them


def test_a_file_that_a_spreadsheet_wrote_is_read(tmp_path: Path) -> None:
    """With a byte order mark, line ends of Windows, empty lines, and blanks around the cells."""
    file = tmp_path / "more.tsv"
    file.write_bytes("\ufeff".encode() + (HEADER + " pink eye \tH10.9\t10\tname\tExample\tMIT\n\n").encode("utf-8"))
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    (phrase,) = read_phrases(file, LABELS)
    assert (phrase.text, phrase.code, phrase.source) == ("pink eye", "H109", "Example")


def test_an_empty_line_does_not_shift_the_line_that_an_error_names(tmp_path: Path) -> None:
    file = written(tmp_path / "more.tsv", "pink eye\tH10.9\t10\tname\tExample\tMIT", "", "gout\tM10.9")
    with pytest.raises(DataError, match="2 columns instead of 6") as caught:
        read_phrases(file, LABELS)
    assert caught.value.place == f"{file}, line 4"


def test_a_header_alone_holds_no_phrase(tmp_path: Path) -> None:
    assert read_phrases(written(tmp_path / "more.tsv"), LABELS) == []


def test_an_empty_file_has_no_header(tmp_path: Path) -> None:
    (tmp_path / "more.tsv").touch()
    with pytest.raises(DataError, match="0 columns") as caught:
        read_phrases(tmp_path / "more.tsv", LABELS)
    assert "text, code, icd_version, kind, source, licence" in caught.value.hint


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_archive_is_refused_with_its_place(tmp_path: Path, damage: str) -> None:
    raw = gzip.compress((HEADER + "pink eye\tH10.9\t10\tname\tExample\tMIT\n" * 40).encode())
    file = tmp_path / "more.tsv.gz"
    file.write_bytes(raw[:-12] if damage == "cut" else raw[:15] + b"\xff\xff\xff" + raw[18:])
    with pytest.raises(DataError, match="cannot be read as UTF-8 text") as caught:
        read_phrases(file, LABELS)
    assert caught.value.place == str(file)
    assert "pink" not in str(caught.value)


def test_a_code_of_no_category_is_left_out_and_its_neighbours_stay(tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("category\ticd10\nHeart\tI20-I25\nSkin\tL00-L99\n", encoding="utf-8")
    rows = (f"{text}\t{code}\t10\tname\tExample\tMIT" for text, code in (("a", "I21"), ("b", "H10.9"), ("c", "L20")))
    found = read_phrases(written(tmp_path / "more.tsv", *rows), LabelSet.load(tmp_path / "own.tsv"))
    assert [(phrase.text, phrase.category) for phrase in found] == [("a", "Heart"), ("c", "Skin")]


@pytest.mark.parametrize("licence", LICENCES)
def test_every_licence_that_weights_may_learn_from_is_accepted(tmp_path: Path, licence: str) -> None:
    file = written(tmp_path / "more.tsv", f"gout\tM10.9\t10\tname\tExample\t{licence}")
    assert len(read_phrases(file, LABELS)) == 1


def test_a_refused_row_says_what_would_be_accepted(tmp_path: Path) -> None:
    hints = []
    for row in ("gout\tM10.9\t10\trumour\tE\tMIT", "gout\tM10.9\t11\tname\tE\tMIT", "gout\tM10.9\t10\tname\tE\tGPL"):
        with pytest.raises(DataError) as caught:
            read_phrases(written(tmp_path / "more.tsv", row), LABELS)
        hints.append(caught.value.hint)
    assert hints[:2] == ["use name, definition, answer, finding", "use 9 or 10"]
    assert all(licence in hints[2] for licence in LICENCES)


def test_the_words_of_a_phrase_stay_out_of_its_repr_and_of_errors(tmp_path: Path) -> None:
    file = written(tmp_path / "more.tsv", "a secret phrase\tM10.9\t10\tname\tE\tMIT")
    assert "secret" not in repr(read_phrases(file, LABELS))
    with pytest.raises(DataError) as caught:
        read_phrases(written(tmp_path / "more.tsv", "a secret phrase\tHELLO\t10\tname\tE\tMIT"), LABELS)
    assert "secret" not in str(caught.value)


# ---- what is collected


@pytest.fixture(scope="module")
def shipped() -> list[Phrase]:
    return collect(LABELS)


def test_shipped_phrases_are_of_icd_10_alone(shipped: list[Phrase]) -> None:
    assert {phrase.version for phrase in shipped} == {10}


def test_an_abbreviation_of_several_readings_names_nothing_by_itself(shipped: list[Phrase]) -> None:
    by_text = {phrase.text for phrase in shipped if phrase.kind == "name"}
    of_several = {term.term for term in TermTable.shipped(LABELS, [10]) if term.cues}
    assert of_several
    assert not of_several & by_text


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> list[Phrase]:
    """Let the shipped findings be all that is shipped, for speed, and return them."""
    monkeypatch.setattr(TermTable, "shipped", lambda *_: [])
    return collect(LABELS)


def test_phrases_of_files_come_last_and_the_first_of_two_that_are_the_same_stands(
    tmp_path: Path, findings: list[Phrase]
) -> None:
    rows = ("my own words for gout\tM10.9\t10\tanswer\tA\tMIT", "My own  words for GOUT\tM10.0\t10\tanswer\tB\tMIT")
    both = [written(tmp_path / f"{number}.tsv", row) for number, row in enumerate(rows)]
    found = collect(LABELS, both)
    assert found[: len(findings)] == findings
    assert [(phrase.code, phrase.source) for phrase in found[len(findings) :]] == [("M109", "A")]


def test_the_same_words_may_stand_for_two_categories(tmp_path: Path, findings: list[Phrase]) -> None:
    rows = (f"the same odd words\t{code}\t10\tname\tA\tMIT" for code in ("M10.9", "L20"))
    found = collect(LABELS, [written(tmp_path / "more.tsv", *rows)])
    assert {phrase.category for phrase in found[len(findings) :]} == {"Musculoskeletal", "Skin Disorders"}


def test_a_broken_file_is_refused_before_the_shipped_terms_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object) -> None:
        pytest.fail("the terms were read first")

    monkeypatch.setattr(TermTable, "shipped", slow)
    with pytest.raises(DataError, match="no such file"):
        collect(LABELS, [tmp_path / "none.tsv"])
