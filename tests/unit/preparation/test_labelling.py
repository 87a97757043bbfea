"""The two label rules on hand-made admissions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.coding.labels import LabelSet
from nosology.preparation import labelling
from nosology.preparation.labelling import Label, Labeller
from nosology.records import Code, Note

CHAPTERS = LabelSet.load("icd-chapters-18")


def note(*codes: str | Code, admission: str = "9", category: str | None = None) -> Note:
    made = [c if isinstance(c, Code) else Code(c, 9, i) for i, c in enumerate(codes, start=1)]
    return Note("1", "2", admission, "text", tuple(made), category)


def label(rule: str, found: Note, mapping: str = "chapter") -> Label | str:
    return Labeller(CHAPTERS, rule, mapping)(found)  # type: ignore[arg-type]


def test_primary_takes_the_code_with_sequence_number_1_wherever_it_stands() -> None:
    codes = (Code("486", 9, 2), Code("41071", 9, 1))
    assert label("primary", note(*codes)) == Label("Cardiovascular", codes[1], "410")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (note(admission=""), labelling.NO_ADMISSION),
        (note(), labelling.NO_CODES),
        (note(Code("486", 9, 2)), labelling.NO_PRIMARY),
        (note(Code("486", 9, None)), labelling.NO_PRIMARY),
        (note(Code("486", 9, 1), Code("41071", 9, 1)), labelling.SEVERAL_PRIMARIES),
        (note(""), "primary: blank code"),
        (note("000"), "primary: code outside every range of the label set"),
        (note(Code("U85", 10, 1)), "primary: U code without a stated category"),
    ],
)
def test_primary_gives_a_reason_where_it_gives_no_label(found: Note, reason: str) -> None:
    assert label("primary", found) == reason


def test_the_same_primary_code_twice_is_one() -> None:
    assert isinstance(label("primary", note(Code("486", 9, 1), Code("486", 9, 1))), Label)


def test_the_version_and_the_mapping_decide() -> None:
    assert label("primary", note(Code("E8700", 9, 1))) == Label("Supplementary", Code("E8700", 9, 1), "E870")
    assert label("primary", note(Code("E8700", 10, 1))) == Label("Endocrine", Code("E8700", 10, 1), "E87")
    hemorrhoids = note(Code("K640", 10, 1))
    assert label("primary", hemorrhoids) == Label("Digestive", Code("K640", 10, 1), "K64")
    assert label("primary", hemorrhoids, "equivalence") == Label("Cardiovascular", Code("K640", 10, 1), "K64")


@pytest.mark.parametrize(
    ("codes", "category", "decided_by"),
    [
        (["486", "41071", "4280"], "Cardiovascular", "41071"),
        (["486", "41071", "41090"], None, None),  # 410 counts once, so 1 to 1
        (["486", "5180", "41071", "41090", "41000"], "Respiratory", "486"),
        (["V3000", "V290", "486"], "Respiratory", "486"),  # supplementary codes never outnumber a disease
        (["V3000", "78060", "7856"], "Symptoms/Ill-defined", "78060"),
        (["V3000", "78060"], None, None),
        (["", "XYZ"], None, None),
    ],
)
def test_dominant_counts_distinct_rubrics(codes: list[str], category: str | None, decided_by: str | None) -> None:
    found = label("dominant", note(*codes))
    if category is None:
        assert found in (labelling.TIE, labelling.NO_CATEGORY)
    else:
        assert isinstance(found, Label)
        assert (found.category, found.code and found.code.value) == (category, decided_by)


@given(st.permutations(["486", "5180", "41071", "2767", "V3000", "5849"]))
def test_the_order_of_codes_never_changes_the_dominant_category(codes: list[str]) -> None:
    found = label("dominant", note(*codes))
    assert isinstance(found, Label)
    assert found.category == "Respiratory"


def test_a_category_that_the_source_gives_is_taken_or_named_foreign() -> None:
    assert label("primary", note(category="Neoplasms")) == Label("Neoplasms")
    assert label("primary", note(category="tumors")) == labelling.FOREIGN_CATEGORY
