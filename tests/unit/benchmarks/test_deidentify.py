"""The benchmark of de-identification: the notes it makes itself, and the frames they are made of."""

import sys
from pathlib import Path

import pytest

import deidentify


@pytest.fixture(autouse=True)
def grammar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the grammar's modules importable."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(Path(deidentify.__file__).parents[1] / "scripts" / "deid")])


def test_the_part_set_aside_gives_notes_without_public_text() -> None:
    notes = deidentify.set_aside_notes(50, seed=1)
    assert len(notes) == 50
    assert sum(len(note.spans or []) for note in notes) > 50
    assert all(note.text[span["start"] : span["end"]].strip() for note in notes for span in note.spans or [])


@pytest.mark.parametrize("part", ["train", "aside"])
def test_frames_that_need_public_text_are_left_out_without_it_alone(part: str) -> None:
    from grammar_notes import NoteGrammar, PublicText

    without, whole = (set(NoteGrammar(part, PublicText(text, []), 1)._frames) for text in ([], ["He is well."]))
    assert without < whole
    assert "public_planted" in whole - without


def test_frames_of_several_lines_are_whole() -> None:
    from grammar_notes import NoteGrammar, PublicText

    frames = NoteGrammar("train", PublicText([], []), 1)._frames
    assert frames["exam_note"].count("\n") == 2
    assert frames["exam_lines"].endswith("<any 1>")
