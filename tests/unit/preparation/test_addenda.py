"""A report and its addenda: joined, kept, or the first alone; lengths are judged after that."""

from pathlib import Path

import polars as pl
import pytest

from handmade_mimic import Row, prose, two_categories, write_mimic3
from nosology.config import PrepareConfig
from nosology.dataset.folder import open_dataset
from nosology.dataset.funnel import Funnel
from nosology.preparation.addenda import ADDENDA, DROPPED, MERGED, Addenda, one_per_admission
from nosology.preparation.pipeline import prepare_mimic3
from nosology.preparation.texts import TextFile
from nosology.text.cleaning import TOO_LONG, TOO_SHORT, Cleaning

HOW = Cleaning(False, "token", "keep", False, False, 3, 8, False)
TEXTS = ["one two three", "four", "five six seven eight nine", "ten", "a b c d e f g h i", "alone here now"]
WHOSE = [("p", "1", "X"), ("p", "1", "X"), ("p", "1", "Y"), ("p", "", "X"), ("q", "1", "X"), ("q", "", "X")]


def collected(texts: TextFile) -> pl.DataFrame:
    """Return six notes as a collector leaves them."""
    rows = [
        (str(i), *who, texts.append(text.encode()), len(text), b"", b"")
        for i, (who, text) in enumerate(zip(WHOSE, TEXTS, strict=True))
    ]
    names = ["note_id", "patient_id", "admission_id", "category", "offset", "length", "digest", "signature"]
    return pl.DataFrame(rows, schema=names, orient="row")


def made(path: Path, addenda: Addenda, how: Cleaning = HOW) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    """Return the texts that stay by note id, and what was lost by step."""
    funnel = Funnel([ADDENDA, "words"])
    with TextFile(path / "texts") as texts:
        notes = one_per_admission(collected(texts), texts, addenda, how, funnel, "words")
        kept = {note["note_id"]: texts.read(note["offset"], note["length"]) for note in notes.to_dicts()}
    return kept, {step["step"]: step["lost"] for step in funnel.steps()}


def test_merged_notes_are_those_of_one_patient_admission_and_category(tmp_path: Path) -> None:
    kept, lost = made(tmp_path, "merge")
    assert kept == {"0": "one two three\nfour", "2": TEXTS[2], "5": TEXTS[5]}
    assert lost == {ADDENDA: {MERGED: 1}, "words": {TOO_LONG: 1, TOO_SHORT: 1}}


def test_dropped_are_all_but_the_first(tmp_path: Path) -> None:
    kept, lost = made(tmp_path, "drop")
    assert kept == {"0": TEXTS[0], "2": TEXTS[2], "5": TEXTS[5]}
    assert lost[ADDENDA] == {DROPPED: 1}


def test_kept_as_they_are_nothing_is_touched(tmp_path: Path) -> None:
    kept, lost = made(tmp_path, "keep")
    assert list(kept.values()) == TEXTS
    assert lost == {ADDENDA: {}, "words": {}}


def test_text_without_lines_is_joined_by_a_blank_and_signed_where_that_is_asked_for(tmp_path: Path) -> None:
    plain = Cleaning(False, "token", "keep", True, True, 0, None, True)
    assert made(tmp_path, "merge", plain)[0]["0"] == "one two three four"


@pytest.mark.parametrize(("addenda", "n_notes"), [("keep", 6), ("merge", 4), ("drop", 4)])
def test_a_preparation_takes_the_setting_and_counts(tmp_path: Path, addenda: Addenda, n_notes: int) -> None:
    rows, codes = two_categories(4)
    more = [Row(90 + i, row.subject, row.admission, prose(500 + i)) for i, row in enumerate(rows[:2])]
    short = [Row(99, rows[0].subject, rows[0].admission, "Potassium was low.")]
    write_mimic3(tmp_path / "in", [*more, *rows, *short], codes)
    config = PrepareConfig(deidentify=False, addenda=addenda)
    summary = prepare_mimic3(tmp_path / "in", tmp_path / "out", config, n_workers=1)
    notes = open_dataset(tmp_path / "out").notes()
    assert notes.height == n_notes
    assert notes["clean_text"].str.contains("Potassium was low").sum() == (1 if addenda == "merge" else 0)
    lost = {step["step"]: sum(step["lost"].values()) for step in summary.funnel}
    assert summary.funnel[0]["rows_in"] - sum(lost.values()) == n_notes
    assert lost.get(ADDENDA, 0) == (0 if addenda == "keep" else 3)
    if addenda == "merge":
        first = notes.filter(pl.col("note_id") == "1")["clean_text"].item()
        assert first.split() == " ".join([rows[0].text, more[0].text, short[0].text]).split(), "in the order of ids"
