"""The names of codes: where they come from, which rubric and category they get, and a user's own."""

from pathlib import Path

import pytest

from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import shipped_titles
from nosology.coding.terms import KINDS, Term, TermTable, read_own
from nosology.errors import LabelError

LABELS = LabelSet.load("icd-chapters-18")


@pytest.fixture(scope="module")
def icd10() -> TermTable:
    return TermTable.shipped(LABELS, [10])


@pytest.fixture(scope="module")
def icd9() -> TermTable:
    return TermTable.shipped(LABELS, [9])


def _named(table: TermTable, name: str) -> set[tuple[str, str, str]]:
    return {(term.code, term.kind, str(term.category)) for term in table if term.term == name}


def test_a_term_carries_the_code_kind_and_category_that_the_official_list_gives_it(icd10: TermTable) -> None:
    assert _named(icd10, "Acute myocardial infarction") == {("I21", "title", "Cardiovascular")}
    assert ("I21", "includes", "Cardiovascular") in _named(icd10, "cardiac infarction")
    assert ("J4520", "child title", "Respiratory") in _named(icd10, "Mild intermittent asthma, uncomplicated")
    assert ("I214", "inclusion", "Cardiovascular") in _named(icd10, "Non-Q wave myocardial infarction NOS")
    assert ("I21", "common name", "Cardiovascular") in _named(icd10, "heart attack")


def test_every_rubric_of_a_version_has_its_title_among_the_terms(icd9: TermTable, icd10: TermTable) -> None:
    for version, table in ((9, icd9), (10, icd10)):
        titles = {term.rubric: term.term for term in table if term.kind == "title"}
        covered = {code for code in shipped_titles(version) if LABELS.category_of(code, version)}
        assert set(titles) == covered
        assert all(titles[code] == shipped_titles(version)[code] for code in covered)


def test_no_term_names_a_code_whose_rubric_does_not_exist(icd9: TermTable, icd10: TermTable) -> None:
    for version, table in ((9, icd9), (10, icd10)):
        assert {term.rubric for term in table} <= set(shipped_titles(version))
        assert all(term.code.startswith(term.rubric) and term.version == version for term in table)
        assert {term.kind for term in table} <= set(KINDS)


def test_a_name_of_icd10_reaches_the_one_icd9_rubric_that_is_equivalent(icd9: TermTable) -> None:
    assert ("410", "common name", "Cardiovascular") in _named(icd9, "heart attack")
    assert ("493", "includes", "Respiratory") in _named(icd9, "atopic asthma")


def test_an_icd10_title_is_no_title_of_icd9(icd9: TermTable) -> None:
    titles = [term for term in icd9 if term.kind == "title"]
    assert len(titles) == len({term.rubric for term in titles})


def test_an_abbreviation_of_several_readings_asks_for_words_beside_it(icd10: TermTable) -> None:
    readings = {term.rubric: term.cues for term in icd10 if term.term == "MS"}
    assert set(readings) == {"G35", "I05"}
    assert all(readings.values())
    assert not set(readings["G35"]) & set(readings["I05"])


def test_every_ambiguous_abbreviation_has_cues(icd10: TermTable) -> None:
    shared: dict[str, list[Term]] = {}
    for term in icd10:
        if term.kind == "abbreviation":
            shared.setdefault(term.term, []).append(term)
    ambiguous = {name: terms for name, terms in shared.items() if len({t.category for t in terms}) > 1}
    assert ambiguous
    assert [name for name, terms in ambiguous.items() if not all(term.cues for term in terms)] == []


def test_rows_hold_the_six_columns_of_the_table(icd10: TermTable) -> None:
    row = next(row for row in icd10.rows() if row["term"] == "cardiac infarction" and row["code"] == "I21")
    assert row == {
        "term": "cardiac infarction", "code": "I21", "version": 10, "rubric": "I21",
        "category": "Cardiovascular", "kind": "includes",
    }  # fmt: skip


def test_a_users_own_terms_are_read_in_any_spelling_of_the_code(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("term\tcode\ticd_version\nSteinert\tg71.11\t10\n\nsugar\t250.00\t9\n", encoding="utf-8")
    assert read_own(path) == [Term("Steinert", "G7111", 10, "G71", "own"), Term("sugar", "25000", 9, "250", "own")]
    table = TermTable.shipped(LABELS, [10], path)
    assert table.terms[-1] == Term("Steinert", "G7111", 10, "G71", "own", "Nervous System")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("term,code\n", "own.tsv"),
        ("", "own.tsv"),
        ("term\tcode\ticd_version\nx\t99999999\t10\n", "line 2"),
        ("term\tcode\ticd_version\nx\tI21\t11\n", "line 2"),
        ("term\tcode\ticd_version\nx\tI21\n", "line 2"),
        ("term\tcode\ticd_version\n\tI21\t10\n", "line 2"),
    ],
)
def test_a_wrong_file_of_terms_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "own.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LabelError) as caught:
        read_own(path)
    assert place in str(caught.value.place)
    assert caught.value.hint


def test_a_missing_file_of_terms_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="no such file of terms"):
        read_own(tmp_path / "none.tsv")
