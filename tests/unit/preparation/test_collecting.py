"""One source taken in: every row is kept or lost for a reason, and texts lie on disk where the table says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from types import MappingProxyType

import polars as pl
import pytest

from nosology.dataset.funnel import Funnel
from nosology.errors import DataError
from nosology.preparation import collecting
from nosology.preparation.collecting import CLEAN, LABEL, READ, UNREADABLE, WORDS, Collector
from nosology.preparation.labelling import Label
from nosology.preparation.quarantine import Quarantine
from nosology.preparation.texts import TextFile
from nosology.records import Code, Note, no_progress
from nosology.sources.reading import KIND, NoteBatch, Rejected
from nosology.text.cleaning import EMPTY, Cleaning

AS_IT_IS = Cleaning(False, "token", "keep", True, False, 0, None, False)
HEART = Label("Cardiovascular", Code("41071", 9), "410")


@dataclass
class Listed:
    """A source whose batches are listed."""

    listed: list[NoteBatch]
    side_rejected: Mapping[str, tuple[int, tuple[Rejected, ...]]] = field(default_factory=lambda: MappingProxyType({}))
    kind: str = "table"
    files: tuple[str, ...] = ("notes.csv", "codes.csv")
    notes_file: str = "notes.csv"
    steps: tuple[str, ...] = (KIND,)
    is_invented = False
    warnings: list[str] = field(default_factory=list)
    bytes_total: int = 5 << 20
    bytes_done: int = 0

    def batches(self) -> Iterator[NoteBatch]:
        """Yield them, as if a megabyte were read for each."""
        for batch in self.listed:
            self.bytes_done += 1 << 20
            yield batch


def note(name: str, text: str = "Chest pain.", **fields: object) -> Note:
    """Return a note of a patient of its own."""
    whole = Note(name, f"p-{name}", f"a-{name}", text, (Code("41071", 9), Code("4280", 9)))
    return changed(whole, **fields)  # type: ignore[arg-type]


def label_of(one: Note) -> Label | str:
    """Return the label of a note; by its id, none."""
    return "no code" if one.note_id.startswith("unlabelled") else HEART


@dataclass
class Collected:
    """What became of a source."""

    rows: pl.DataFrame
    texts: list[str]
    funnel: Funnel
    quarantine: Quarantine


def collected(source: Listed, folder: Path, how: Cleaning = AS_IT_IS, *, max_failed: float = 0.5) -> Collected:
    """Take a source in, in this process alone."""
    funnel, quarantine = Funnel((READ, KIND, LABEL, CLEAN, WORDS)), Quarantine(max_failed)
    with TextFile(folder / "texts") as texts:
        rows = Collector(source, label_of, texts, funnel, quarantine).collect(how, 1, no_progress)
        places = rows.select("offset", "length").iter_rows()
        return Collected(rows, [texts.read(*place) for place in places], funnel, quarantine)


def lost(funnel: Funnel) -> dict[tuple[str, str], int]:
    """Return the losses by step and reason."""
    return {(step["step"], reason): n for step in funnel.steps() for reason, n in step["lost"].items()}


def test_a_note_keeps_ids_codes_and_label_and_its_text_lies_where_the_row_says(tmp_path: Path) -> None:
    source = Listed([NoteBatch((note("1", "Chest PAIN."), note("2", "Ünruhe 🫀.")), 2)])
    found = collected(source, tmp_path)
    assert found.texts == ["chest pain.", "ünruhe 🫀."]
    first = found.rows.row(0, named=True)
    assert (first["note_id"], first["patient_id"], first["admission_id"]) == ("1", "p-1", "a-1")
    assert (first["category"], first["code"], first["icd_version"], first["rubric"]) == (
        "Cardiovascular",
        "41071",
        9,
        "410",
    )
    assert [code["code"] for code in first["codes"]] == ["41071", "4280"]
    assert first["length"] == len(b"chest pain."), "lengths are in bytes"


def test_every_row_is_kept_or_lost_for_one_reason(tmp_path: Path) -> None:
    batches = [
        NoteBatch(
            (note("1"), note("unlabelled-1"), note("blank", " \n ")),
            6,
            MappingProxyType({(KIND, "not a discharge summary"): 2}),
            (Rejected("notes.csv", 7, "an open quote"),),
        ),
        NoteBatch((note("long", "word " * 9), note("2")), 2),
    ]
    found = collected(Listed(batches), tmp_path, changed(AS_IT_IS, max_words=5))
    losses = lost(found.funnel)
    (too_long,) = [reason for step, reason in losses if step == WORDS]
    assert losses == {
        (READ, UNREADABLE): 1,
        (KIND, "not a discharge summary"): 2,
        (LABEL, "no code"): 1,
        (CLEAN, EMPTY): 1,
        (WORDS, too_long): 1,
    }
    assert (found.funnel.rows_in, found.funnel.rows_out) == (8, 2)
    assert found.rows["note_id"].to_list() == ["1", "2"]
    assert len(found.quarantine) == 1


def test_rows_come_in_the_sources_order_however_they_are_batched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = [NoteBatch(tuple(note(f"{first}{i}", f"Note {first}{i}.") for i in range(7)), 7) for first in "abc"]
    whole = collected(Listed(batches), tmp_path)
    monkeypatch.setattr(collecting, "_BATCH_CHARACTERS", 20)
    monkeypatch.setattr(collecting, "_PACKED_ROWS", 4)
    monkeypatch.setattr(collecting, "_WAITING_BATCHES", 1)
    pieces = collected(Listed(batches), tmp_path)
    assert pieces.rows.equals(whole.rows)
    assert pieces.texts == whole.texts == [f"note {first}{i}." for first in "abc" for i in range(7)]


def test_a_label_without_a_code_leaves_code_and_rubric_empty(tmp_path: Path) -> None:
    funnel, quarantine = Funnel((READ, KIND, LABEL, CLEAN, WORDS)), Quarantine(0.5)
    source = Listed([NoteBatch((note("1", codes=()),), 1)])
    with TextFile(tmp_path / "texts") as texts:
        rows = Collector(source, lambda _: Label("Digestive"), texts, funnel, quarantine).collect(
            AS_IT_IS, 1, no_progress
        )
    row = rows.row(0, named=True)
    assert (row["category"], row["code"], row["icd_version"], row["rubric"], row["codes"]) == (
        "Digestive",
        None,
        None,
        None,
        [],
    )


def test_an_empty_source_gives_a_table_with_its_columns(tmp_path: Path) -> None:
    found = collected(Listed([]), tmp_path)
    assert found.rows.height == 0
    assert {"note_id", "category", "offset", "digest"} <= set(found.rows.columns)
    assert found.funnel.rows_in == 0


def test_too_many_damaged_rows_of_another_file_stop_it_before_a_note_is_read(tmp_path: Path) -> None:
    damaged = tuple(Rejected("codes.csv", line, "2 fields instead of 5") for line in range(1, 4))
    source = Listed([NoteBatch((note("1"),), 1)], MappingProxyType({"codes.csv": (10, damaged)}))
    with pytest.raises(DataError, match=r"codes\.csv"):
        collected(source, tmp_path, max_failed=0.1)
    assert source.bytes_done == 0


def test_too_many_damaged_rows_of_the_notes_stop_it_at_the_end(tmp_path: Path) -> None:
    damaged = tuple(Rejected("notes.csv", line, "an open quote") for line in (3, 4))
    source = Listed([NoteBatch((note("1"),), 3, rejected=damaged)])
    with pytest.raises(DataError, match=r"notes\.csv"):
        collected(source, tmp_path, max_failed=0.5)
    assert collected(Listed(source.listed), tmp_path, max_failed=0.7).rows.height == 1


def test_progress_is_told_in_megabytes_of_the_source(tmp_path: Path) -> None:
    told: list[float] = []

    class Shown:
        def __init__(self, name: str, total: float, unit: str) -> None:
            told.append(total)
            assert (name, unit) == ("prepare", "MB")

        def __enter__(self) -> object:
            return lambda n, _said="": told.append(n)

        def __exit__(self, *_: object) -> None:
            return None

    funnel, quarantine = Funnel((READ, KIND, LABEL, CLEAN, WORDS)), Quarantine(0.5)
    source = Listed([NoteBatch((note(str(i)),), 1) for i in range(3)])
    with TextFile(tmp_path / "texts") as texts:
        Collector(source, label_of, texts, funnel, quarantine).collect(AS_IT_IS, 1, Shown)  # type: ignore[arg-type]
    assert told == [5, 1, 1, 1]


def test_no_text_stays_in_memory_with_what_waits() -> None:
    kept = collecting._without_text(note("1", "Chest pain."))
    assert (kept.note_id, kept.text, kept.codes) == ("1", "", note("1").codes)
