"""Notes of other categories: spread over the stay, in MIMIC's own categories, with their identifiers in place."""

from collections import Counter

import pytest

from nosology.synthetic.content import load_book
from nosology.synthetic.identifiers import Style
from nosology.synthetic.patients import BLOCK, draw_block
from nosology.synthetic.ward import _cut, _pool, ward_notes

STAYS = draw_block(0, BLOCK, 21, load_book())
STYLES: tuple[Style, ...] = ("mimic3", "mimic4", "realistic")


@pytest.mark.parametrize("n_notes", [0, 1, 7])
def test_as_many_notes_are_written_as_asked_for(n_notes: int) -> None:
    assert len(ward_notes(STAYS[0], 21, "mimic3", n_notes)) == n_notes


def test_notes_belong_to_their_stay_and_are_no_discharge_summaries() -> None:
    for stay in STAYS[:20]:
        for note in ward_notes(stay, 21, "mimic3", 5):
            assert note.stay is stay
            assert note.category != "Discharge summary"
            assert note.description
            assert note.text.strip()


def test_notes_are_written_while_the_patient_is_there() -> None:
    for stay in STAYS:
        for note in ward_notes(stay, 21, "mimic3", 6):
            assert stay.admitted <= note.charted <= stay.discharged


def test_the_common_kinds_are_nursing_and_radiology_and_few_notes_are_errors() -> None:
    notes = [note for stay in STAYS for note in ward_notes(stay, 21, "mimic3", 30)]
    kinds = Counter(note.category for note in notes)
    assert {"Nursing/other", "Radiology"} == {kind for kind, _ in kinds.most_common(2)}
    assert {"ECG", "Physician ", "Echo", "Nursing"} <= set(kinds), "MIMIC writes the blank after Physician"
    assert sum(note.is_error for note in notes) < 0.01 * len(notes)


@pytest.mark.parametrize("style", STYLES)
def test_a_note_depends_on_its_stay_alone(style: Style) -> None:
    alone = ward_notes(STAYS[3], 21, style, 4)
    ward_notes(STAYS[4], 21, style, 9)
    again = ward_notes(STAYS[3], 21, style, 4)
    assert [(note.text, note.charted, note.marks) for note in alone] == [
        (note.text, note.charted, note.marks) for note in again
    ]


def test_two_notes_of_one_text_differ_in_their_numbers() -> None:
    texts = [note.text for stay in STAYS for note in ward_notes(stay, 21, "mimic3", 10)]
    assert len(set(texts)) > 0.95 * len(texts), "a thousand notes from a pool of 400 texts"


def test_masked_notes_have_whole_placeholders() -> None:
    for stay in STAYS[:30]:
        for note in ward_notes(stay, 21, "mimic3", 5):
            assert note.text.count("[**") == note.text.count("**]")
            assert note.text.isprintable() or "\n" in note.text


def test_planted_identifiers_lie_inside_the_text_in_order() -> None:
    n_marks = 0
    for stay in STAYS[:40]:
        for note in ward_notes(stay, 21, "realistic", 5):
            end_before = 0
            for start, end, kind in note.marks:
                assert end_before <= start < end <= len(note.text)
                assert kind
                assert note.text[start:end].strip() == note.text[start:end]
                end_before = end
                n_marks += 1
    assert n_marks > 50


def test_lines_are_as_short_as_a_terminal() -> None:
    for stay in STAYS[:30]:
        for note in ward_notes(stay, 21, "mimic4", 3):
            longest = max(note.text.split("\n"), key=len)
            assert len(longest) <= 90


@pytest.mark.parametrize(
    ("text", "marks", "pieces"),
    [
        ("T 98.6, HR 112", [], ("T 9", ".6, HR 11", "")),
        ("2 mg", [], ("2 mg",)),
        ("call 5551234", [(5, 12, "phone number")], ("call 5551234",)),
        ("[**2101-10-20**] at 10", [], ("[**2101-10-20**] at 1", "")),
        ("age 91", [(4, 6, "age over 89")], ("age 91",)),
        ("", [], ("",)),
    ],
)
def test_only_last_digits_outside_identifiers_change(
    text: str, marks: list[tuple[int, int, str]], pieces: tuple[str, ...]
) -> None:
    assert _cut(text, marks) == pieces


def test_a_text_of_the_pool_keeps_its_length_whatever_its_digits() -> None:
    lengths = {(len(draft.pieces) - 1 + sum(map(len, draft.pieces))) for draft in _pool(21, "mimic3")}
    found = {len(note.text) for stay in STAYS[:30] for note in ward_notes(stay, 21, "mimic3", 5)}
    assert found <= lengths


def test_another_seed_gives_another_pool() -> None:
    texts = [{"".join(draft.pieces) for draft in _pool(seed, "mimic3")} for seed in (21, 22)]
    assert len(texts[0] & texts[1]) < 0.1 * len(texts[0])
