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


def test_a_category_is_matched_without_case_blanks_and_unicode_form() -> None:
    for spelled in ("neoplasms", " Neoplasms ", "NEOPLASMS", "Neo\u00adplasms", "\ufeffNeoplasms"):
        assert label("primary", note(category=spelled)) == Label("Neoplasms")
    assert label("primary", note(category="blood  disorders")) == Label("Blood Disorders")


def lost(*notes: Note) -> str:
    """Return what is said of notes that got no label."""
    label_of = Labeller(CHAPTERS, "primary", "chapter")
    for item in notes:
        label_of(item)
    return "\n".join(label_of.lost.notices())


def test_unknown_categories_are_named_with_counts_and_the_nearest_known_one() -> None:
    text = "Zebrafink was admitted with fever and left against advice on Monday"
    said = lost(
        *[note(category="Respiratry")] * 2,
        *[note(category="other")] * 3,
        note(category=text),
        note(category="Zebrafink"),
    )
    assert said == (
        "7 notes have categories that the label set does not have: 'other' (3), "
        "'respiratry' (2, is Respiratory meant?), 2 others that are not shown"
    )


def test_codes_without_a_category_are_shown_by_examples_and_text_never() -> None:
    codes = [
        Note("1", "1", "", "", (Code(value, 10, 1),)) for value in ("41071", "4280", "Zebrafink had fever", "0389")
    ]
    said = lost(*codes)
    assert "4 notes have no category: not an ICD-10-CM diagnosis code, such as 41071, 4280, 0389" in said
    assert "--icd-version 9" in said
    assert "Zebrafink" not in said
