"""Writes whole synthetic MIMIC folders: block by block, in as many processes as asked, always the same bytes."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Literal

from nosology.errors import ConfigError
from nosology.files import new_folder
from nosology.machine.workers import WorkerPool, available_cores
from nosology.records import Count
from nosology.sources.invented import write_mark
from nosology.synthetic import tables
from nosology.synthetic.content import load_book
from nosology.synthetic.gzipping import GzipFile, Piece, compress
from nosology.synthetic.identifiers import Style
from nosology.synthetic.notes import Length, WrittenNote, discharge_note, spans_of
from nosology.synthetic.patients import BLOCK, Stay, draw_block
from nosology.synthetic.tables import Layout
from nosology.synthetic.ward import ward_notes

Phi = Literal["masked", "realistic"]

_ADDENDA_PER_ADMISSION = 0.12136  # with the errors, MIMIC-III's 59,652 discharge notes in 52,726 admissions
_ERRORS_PER_ADMISSION = 0.01
_MAX_CODES = 64  # more than any stay has; row numbers of codes are spaced by it
_WORTH_A_PROCESS = 20  # blocks; below that, starting processes costs more than they save
PHI_FILE = "phi.jsonl"
_FIXED = Random(0)  # what the front desk writes need not vary


@dataclass(frozen=True, slots=True)
class Job:
    """What to write, the same for every block."""

    admissions: int
    seed: int
    layout: Layout
    phi: Phi
    length: Length
    other_notes_per_admission: float
    compress_level: int

    def __post_init__(self) -> None:
        """Refuse numbers that are out of range."""
        if self.admissions < 1 or self.other_notes_per_admission < 0 or not 1 <= self.compress_level <= 9:
            raise ConfigError("admissions must be at least 1, other notes at least 0, and the compression level 1 to 9")

    @property
    def style(self) -> Style:
        """How identifiers are written."""
        return "realistic" if self.phi == "realistic" else self.layout

    @property
    def is_masked(self) -> bool:
        """Whether dates in the tables are moved as MIMIC moves them."""
        return self.phi == "masked"

    def quota(self, rate: float, block: int) -> int:
        """Return how many of something that occurs at ``rate`` per admission fall into a block; sums are exact."""
        start, stop = block * BLOCK, min((block + 1) * BLOCK, self.admissions)
        return round(rate * stop) - round(rate * start)

    def first_row_id(self, block: int) -> int:
        """Return the number of a block's first row in the notes table."""
        start = block * BLOCK
        rates = (1.0, _ADDENDA_PER_ADMISSION, _ERRORS_PER_ADMISSION, self.other_notes_per_admission)
        return 1 + sum(round(rate * start) for rate in rates)


@dataclass(frozen=True, slots=True)
class _Written:
    """A block as a process hands it back."""

    pieces: dict[str, Piece]
    phi: str
    counts: dict[str, int]


def write_mimic(
    out: Path,
    *,
    admissions: int,
    seed: int,
    layout: Layout = "mimic3",
    phi: Phi = "masked",
    length: Length = "short",
    other_notes_per_admission: float = 2.0,
    processes: int | None = None,
    compress_level: int = 6,
    progress: Count | None = None,
) -> dict[str, int]:
    """Write a folder of synthetic MIMIC files and return the number of rows of each, by file name.

    A file beside them marks them as invented. The same arguments give the same bytes, whatever ``processes`` is. Memory
    stays bounded: blocks of admissions are written in order as they come.

    Args:
        out: The folder to make; appears whole or not at all.
        admissions: How many hospital stays.
        seed: Of everything drawn.
        layout: MIMIC-III's tables, or MIMIC-IV's with its notes.
        phi: ``masked`` writes the placeholders of the layout; ``realistic`` plants invented identifiers and lists
            their exact spans in ``phi.jsonl``.
        length: Discharge notes of 50-100 words, of 300-1,800 words, or half of each.
        other_notes_per_admission: Rows of other categories (nursing, radiology...); MIMIC-III's layout alone has them.
        processes: How many work; None for one per core where that pays.
        compress_level: Of gzip, 1 (fast) to 9 (small).
        progress: Called with the number of admissions just written.

    Raises:
        RunError: ``out`` holds something already.
        ConfigError: A number is out of range.
    """
    job = Job(admissions, seed, layout, phi, length, other_notes_per_admission, compress_level)
    with new_folder(out) as folder, ExitStack() as stack:
        files = {name: stack.enter_context(GzipFile(folder / f"{name}.csv.gz")) for name in tables.HEADERS[layout]}
        spans = stack.enter_context((folder / PHI_FILE).open("w", encoding="utf-8")) if phi == "realistic" else None
        counts = _begin(folder, files, job)
        for number, written in enumerate(_blocks(job, processes)):
            for name, piece in written.pieces.items():
                files[name].append(piece)
            for name, count in written.counts.items():
                counts[name] = counts.get(name, 0) + count
            if spans is not None:
                spans.write(written.phi)
            if progress is not None:
                progress(min(BLOCK, admissions - number * BLOCK))
    return counts


def _begin(folder: Path, files: dict[str, GzipFile], job: Job) -> dict[str, int]:
    """Write the mark, every table's header and all of the table of titles; return the rows of that one, by its name."""
    write_mark(folder)
    for name, file in files.items():
        file.append(compress(tables.header(job.layout, name).encode(), job.compress_level))
    dictionary, n_titles = _dictionary(job.layout)
    title_table = next(name for name in files if name.lower().endswith("d_icd_diagnoses"))
    files[title_table].append(compress(dictionary.encode(), job.compress_level))
    return {title_table: n_titles}


def iter_admissions(
    admissions: int, seed: int, *, style: Style = "mimic3", length: Length = "short"
) -> Iterator[tuple[Stay, WrittenNote]]:
    """Yield each admission with its discharge summary, without writing files.

    Args:
        admissions: How many.
        seed: Of what is drawn.
        style: How identifiers are written.
        length: Of the notes.
    """
    for start in range(0, admissions, BLOCK):
        for stay in draw_block(start // BLOCK, min(BLOCK, admissions - start), seed, load_book()):
            yield stay, discharge_note(stay, seed, style, length)


def _blocks(job: Job, processes: int | None) -> Iterator[_Written]:
    """Yield every block in order, drawn here or by other processes with few of them waiting."""
    n_blocks = -(-job.admissions // BLOCK)
    n_processes = processes or (available_cores() if n_blocks >= _WORTH_A_PROCESS else 1)
    write = partial(_write_block, job)
    if n_processes == 1:
        yield from map(write, range(n_blocks))
        return
    with WorkerPool(write, n_processes) as pool:
        yield from pool.in_order(range(n_blocks), n_waiting=2 * n_processes)


def _write_block(job: Job, block: int) -> _Written:
    size = min(BLOCK, job.admissions - block * BLOCK)
    stays = draw_block(block, size, job.seed, load_book())
    notes = _notes(job, block, stays)
    rows, phi = (_mimic3_rows if job.layout == "mimic3" else _mimic4_rows)(job, block, stays, notes)
    pieces, counts = {}, {}
    for name, table_rows in rows.items():
        pieces[name] = compress(tables.rows_text(table_rows, job.layout).encode(), job.compress_level)
        counts[name] = len(table_rows)
    return _Written(pieces, phi, counts)


def _notes(job: Job, block: int, stays: list[Stay]) -> list[WrittenNote]:
    """Return all notes of a block; which stays have an addendum or an error follows from their place alone."""
    notes = []
    addenda = _spread(job.quota(_ADDENDA_PER_ADMISSION, block), len(stays), 0)
    errors = _spread(job.quota(_ERRORS_PER_ADMISSION, block), len(stays), 5)
    other = [job.quota(job.other_notes_per_admission, block) * n // len(stays) for n in range(len(stays) + 1)]
    for number, stay in enumerate(stays):
        if number in errors and job.layout == "mimic3":  # MIMIC-IV has no such mark
            notes.append(discharge_note(stay, job.seed, job.style, job.length, "Error"))
        notes.append(discharge_note(stay, job.seed, job.style, job.length))
        if number in addenda:
            notes.append(discharge_note(stay, job.seed, job.style, "short", "Addendum"))
        if job.layout == "mimic3":
            notes += ward_notes(stay, job.seed, job.style, other[number + 1] - other[number])
    return notes


def _spread(n_chosen: int, n_stays: int, start: int) -> set[int]:
    """Return this many places among the stays, evenly spread."""
    return {(start + place * n_stays // n_chosen) % n_stays for place in range(n_chosen)} if n_chosen else set()


_Rows = dict[str, list[tuple[str | int | None, ...]]]


def _mimic3_rows(job: Job, block: int, stays: list[Stay], notes: list[WrittenNote]) -> tuple[_Rows, str]:
    rows: _Rows = {name: [] for name in tables.HEADERS["mimic3"] if name != "D_ICD_DIAGNOSES"}
    phi = []
    for row_id, note in enumerate(notes, start=job.first_row_id(block)):
        has_time = note.category != "Discharge summary"
        charted = tables.moment(note.charted, job.is_masked)
        rows["NOTEEVENTS"].append(
            (
                *(row_id, note.stay.patient.subject_id, note.stay.hadm_id, charted[:10], charted if has_time else None),
                *(
                    charted if has_time else None,
                    note.category,
                    note.description,
                    14000 + row_id % 7000 if has_time else None,
                ),
                *("1" if note.is_error else None, note.text),
            )
        )
        if not job.is_masked:
            phi.append(json.dumps({"note_id": str(row_id), "spans": spans_of(note)}, ensure_ascii=False) + "\n")
    for stay in stays:
        first = 1 + stay.index * _MAX_CODES
        rows["DIAGNOSES_ICD"] += [(first + n, *row) for n, row in enumerate(tables.diagnosis_rows(stay, "mimic3"))]
        diagnosis = stay.primary.phrases["complaint"][0].render(_FIXED, str).upper()
        rows["ADMISSIONS"].append((1 + stay.index, *tables.admission_row(stay, "mimic3", job.is_masked, diagnosis)))
    for patient, own in groupby(stays, key=lambda stay: stay.patient):
        row = tables.patient_row(patient, list(own), "mimic3", job.is_masked)
        rows["PATIENTS"].append((patient.subject_id, *row))
    return rows, "".join(phi)


def _mimic4_rows(job: Job, _block: int, stays: list[Stay], notes: list[WrittenNote]) -> tuple[_Rows, str]:
    rows: _Rows = {name: [] for name in tables.HEADERS["mimic4"] if name != "hosp/d_icd_diagnoses"}
    phi, sequence = [], dict[int, int]()
    for note in notes:
        subject_id = note.stay.patient.subject_id
        sequence[subject_id] = sequence.get(subject_id, 0) + 1
        note_id = f"{subject_id}-DS-{sequence[subject_id]}"
        charted = tables.moment(note.charted, job.is_masked)
        rows["note/discharge"].append(
            (note_id, subject_id, note.stay.hadm_id, "DS", sequence[subject_id], charted, charted, note.text)
        )
        if not job.is_masked:
            phi.append(json.dumps({"note_id": note_id, "spans": spans_of(note)}, ensure_ascii=False) + "\n")
    for stay in stays:
        rows["hosp/diagnoses_icd"] += tables.diagnosis_rows(stay, "mimic4")
        rows["hosp/admissions"].append(tables.admission_row(stay, "mimic4", job.is_masked, ""))
    for patient, own in groupby(stays, key=lambda stay: stay.patient):
        rows["hosp/patients"].append(tables.patient_row(patient, list(own), "mimic4", job.is_masked))
    return rows, "".join(phi)


def _dictionary(layout: Layout) -> tuple[str, int]:
    """Return the rows of the dictionary of codes, sorted by code, and their number."""
    rubrics = sorted(load_book().all, key=lambda rubric: rubric.code)
    if layout == "mimic3":
        rows = [
            (n, rubric.code, rubric.titles.icd9_short, rubric.titles.icd9) for n, rubric in enumerate(rubrics, start=1)
        ]
        return tables.rows_text(rows, layout), len(rows)
    titles = {(rubric.code, 9): rubric.titles.icd9 for rubric in rubrics}
    titles |= {(rubric.icd10, 10): rubric.titles.icd10 for rubric in rubrics}
    return tables.rows_text([(*key, title) for key, title in sorted(titles.items())], layout), len(titles)
