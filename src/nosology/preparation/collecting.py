"""From a source to cleaned notes: read, label, clean on all cores, put the texts on disk and count what is lost."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from time import monotonic

import polars as pl

from nosology.dataset.folder import ATTRIBUTES, CODES_TYPE
from nosology.dataset.funnel import Funnel
from nosology.preparation.labelling import Label
from nosology.preparation.quarantine import Quarantine
from nosology.preparation.select import note_order
from nosology.preparation.texts import TextFile
from nosology.preparation.workers import CleaningPool
from nosology.records import Note, Progress
from nosology.sources.reading import Source
from nosology.text.cleaning import EMPTY, Cleaned, Cleaning

READ, LABEL, CLEAN, WORDS = "read", "label", "clean", "words"
UNREADABLE = "could not be read (see quarantine.jsonl)"

_BATCH_CHARACTERS = 200_000  # sent to a worker at once: half a second of work, so that all end at about the same time
_WAITING_BATCHES = 3  # per worker, so that none waits for the reader
_PACKED_ROWS = 4_096

_SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "note_id": pl.String,
    "order": pl.String,
    "patient_id": pl.String,
    "admission_id": pl.String,
    "category": pl.String,
    "code": pl.String,
    "icd_version": pl.Int8,
    "rubric": pl.String,
    "codes": CODES_TYPE,
    "given_split": pl.String,
    **dict.fromkeys(ATTRIBUTES, pl.String),
    "offset": pl.Int64,
    "length": pl.Int64,
    "digest": pl.Binary,
    "signature": pl.Binary,
}

Labelled = tuple[Note, Label]


class Collector:
    """Takes the notes of one source in.

    Args:
        source: Where the notes come from.
        label_of: Gives a note's label, or why it has none.
        texts: Receives the prepared texts.
        funnel: Receives the losses.
        quarantine: Receives the rows that cannot be read.
    """

    def __init__(
        self,
        source: Source,
        label_of: Callable[[Note], Label | str],
        texts: TextFile,
        funnel: Funnel,
        quarantine: Quarantine,
    ) -> None:
        self._source, self._label_of = source, label_of
        self._texts, self._funnel, self._quarantine = texts, funnel, quarantine
        self._rows: list[tuple[object, ...]] = []
        self._frames = [pl.DataFrame(schema=_SCHEMA)]

    def collect(self, how: Cleaning, n_workers: int | None, progress: Progress) -> pl.DataFrame:
        """Return everything but the texts of the notes that came through cleaning.

        Args:
            how: What is done to each text.
            n_workers: Worker processes; None for one per core, 1 for none.
            progress: Shows how much of the source has been read.

        Raises:
            DataError: The source cannot be read, or too many of its rows are damaged.
        """
        waiting: deque[tuple[list[Labelled], Future[list[Cleaned]]]] = deque()
        with CleaningPool(how, n_workers, self._source.bytes_total) as pool:
            for batch in _batched(self._labelled(progress)):
                future = pool.submit([(note.text, note.patient_id) for note, _ in batch])
                waiting.append(([(_without_text(note), label) for note, label in batch], future))
                while len(waiting) > _WAITING_BATCHES * pool.n_workers:
                    self._add(*waiting.popleft())
            while waiting:
                self._add(*waiting.popleft())
        self._pack()
        return pl.concat(self._frames)

    def _labelled(self, progress: Progress) -> Iterator[Labelled]:
        """Yield the notes that have a label; count the others, and the rows that cannot be read."""
        source, funnel = self._source, self._funnel
        for name, (n_rows, rejected) in source.side_rejected.items():
            self._quarantine.add(rejected, n_rows)
            self._quarantine.check(name, n_rows)
        started = monotonic()
        n_shown = 0
        with progress("prepare", total=max(source.bytes_total >> 20, 1), unit="MB") as advance:
            for batch in source.batches():
                funnel.rows_in += batch.n_rows
                self._quarantine.add(batch.rejected, funnel.rows_in)
                funnel.lose(READ, UNREADABLE, len(batch.rejected))
                for (step, reason), n in batch.lost.items():
                    funnel.lose(step, reason, n)
                for note in batch.notes:
                    label = self._label_of(note)
                    if isinstance(label, Label):
                        yield note, label
                    else:
                        funnel.lose(LABEL, label)
                n_done = source.bytes_done >> 20
                advance(n_done - n_shown, f"{funnel.rows_in / max(monotonic() - started, 1e-9):,.0f} rows/s")
                n_shown = n_done
        self._quarantine.check(source.notes_file, funnel.rows_in)

    def _add(self, notes: list[Labelled], future: Future[list[Cleaned]]) -> None:
        for (note, label), cleaned in zip(notes, future.result(), strict=True):
            for kind, n_characters in cleaned.left_out.items():
                self._funnel.leave_out(CLEAN, kind, n_characters)
            if cleaned.lost:
                self._funnel.lose(CLEAN if cleaned.lost == EMPTY else WORDS, cleaned.lost)
                continue
            code = (label.code.value, label.code.version) if label.code else (None, None)
            codes = [{"code": code.value, "icd_version": code.version} for code in note.codes]
            attributes = (note.attributes.get(name) for name in ("split", *ATTRIBUTES))
            ids = (note.note_id, note_order(note.note_id), note.patient_id, note.admission_id)
            place = (self._texts.append(cleaned.text), len(cleaned.text), cleaned.digest, cleaned.signature)
            self._rows.append((*ids, label.category, *code, label.rubric, codes, *attributes, *place))
        if len(self._rows) >= _PACKED_ROWS:
            self._pack()

    def _pack(self) -> None:
        """Turn the rows so far into columns, which take a fraction of the memory."""
        self._frames.append(pl.DataFrame(self._rows, schema=_SCHEMA, orient="row"))
        self._rows = []


def _batched(notes: Iterable[Labelled]) -> Iterator[list[Labelled]]:
    batch: list[Labelled] = []
    size = 0
    for note, label in notes:
        batch.append((note, label))
        size += len(note.text)
        if size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _without_text(note: Note) -> Note:
    """Return the note without its text, which from here on is a worker's to hold."""
    return replace(note, text="")
