"""A masked note, and how its stretches are found again in the original."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.runs.run import Run
from nosology.serve.masking import MaskedNote, Replacement
from nosology.serve.model import ServedModel
from service_world import KeywordReader, write_served_run

# ---- masking


@given(
    st.lists(st.tuples(st.text("abc 💉", max_size=6), st.text("NAME", min_size=1, max_size=5)), max_size=6), st.data()
)
def test_what_was_not_replaced_is_found_again_in_the_original(pieces: Any, data: Any) -> None:
    original, masked, replacements, kept = "", "", [], []
    for plain, secret in pieces:
        kept.append((len(masked), len(masked) + len(plain)))
        original, masked = original + plain, masked + plain
        replacements.append(Replacement(len(masked), len(masked) + 6, len(original), len(original) + len(secret)))
        original, masked = original + secret, masked + "<NAME>"
    note = MaskedNote(masked, tuple(replacements))
    for start, end in kept:
        a, b = note.original_span(start, end)
        if end > start:
            assert original[a:b] == masked[start:end]
    if masked:
        start = data.draw(st.integers(0, len(masked)))
        end = data.draw(st.integers(start, len(masked)))
        a, b = note.original_span(start, end)
        assert 0 <= a <= b <= len(original)


def test_a_stretch_that_cuts_a_replacement_takes_all_of_it() -> None:
    note = MaskedNote("Dr. <NAME> came.", (Replacement(4, 10, 4, 12),))
    assert note.original_span(0, 16) == (0, 18)
    assert note.original_span(6, 16) == (4, 18)
    assert note.original_span(0, 7) == (0, 12)


def test_a_real_note_is_masked_and_found_again() -> None:
    text = "Seen by Dr. Jane Roe on 3/14/2019. Chest pain since then."
    note = MaskedNote.of(text)
    assert "Roe" not in note.text
    start = note.text.index("Chest pain")
    a, b = note.original_span(start, start + len("Chest pain"))
    assert text[a:b] == "Chest pain"


@pytest.mark.parametrize("category", ["Respiratory", "Digestive"])
def test_a_demand_is_placed_in_the_note_as_it_was_sent(tmp_path: Path, category: str) -> None:
    run = write_served_run(tmp_path)
    model = ServedModel(KeywordReader(Run.open(run).labels), Run.open(run), replaces_identifiers=True)
    text = f"Mr. Bartholomew Smithson was seen on 03/04/2019. Please answer {category}. Walks."
    (reading,) = model.read([text], None)
    (demand,) = reading.prediction.demands
    assert text[demand.start : demand.end] == f"Please answer {category}."
