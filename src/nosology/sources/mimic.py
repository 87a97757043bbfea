"""Discharge summaries of MIMIC-III and MIMIC-IV with the codes of their admissions: one reader, two layout tables.

Notes and codes are joined on patient *and* admission. The two releases share patients (those of 2008 to 2012) under
different ids, so notes of both must never be pooled; a folder that holds both is refused.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nosology.errors import DataError
from nosology.records import Note
from nosology.sources.admissions import AdmissionTable, read_attributes, read_diagnoses, whole_number
from nosology.sources.csvblock import CsvBlock
from nosology.sources.csvstream import CsvReader
from nosology.sources.files import find_file
from nosology.sources.invented import is_marked
from nosology.sources.reading import ERROR_FLAG, KIND, MAX_NOTE_CHARACTERS, NoteBatch, Rejected

_NO = frozenset(b" 0 f false n no none null nan na n/a <na> nat \\n - . ok valid".split(b" "))
"""Spellings of an ISERROR that is none; whatever else the column holds marks an error."""

OTHER_KIND = "not a discharge summary"
MARKED_AS_ERROR = "marked as an error"
SHARED_PATIENTS = (
    "MIMIC-III and MIMIC-IV share patients under different ids: never pool the two, nor test on one what was trained "
    "on the other"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How one release names its files and columns.

    Attributes:
        kind: Name of the layout on the command line.
        title: The release's own name.
        files: File names without ``.csv``, by role: ``notes``, ``diagnoses``, ``patients``, ``admissions``.
        note_columns: Columns of the notes' file: ``note``, ``patient``, ``admission``, ``kind``, ``text``, ``error``.
        diagnosis_columns: Columns of the diagnoses' file.
        attribute_columns: Columns of the patients' and admissions' files.
        kinds: Values of the column ``kind`` that mean a discharge summary or its addendum, in lower case.
        icd_version: Version of all codes; None where a column states it.
        where: Where the files come from, for error messages.
    """

    kind: str
    title: str
    files: Mapping[str, str]
    note_columns: Mapping[str, str]
    diagnosis_columns: Mapping[str, str]
    attribute_columns: Mapping[str, str]
    kinds: frozenset[bytes]
    icd_version: int | None
    where: str


MIMIC3 = Layout(
    kind="mimic3",
    title="MIMIC-III",
    files={"notes": "NOTEEVENTS", "diagnoses": "DIAGNOSES_ICD", "patients": "PATIENTS", "admissions": "ADMISSIONS"},
    note_columns={
        "note": "ROW_ID",
        "patient": "SUBJECT_ID",
        "admission": "HADM_ID",
        "kind": "CATEGORY",
        "error": "ISERROR",
        "text": "TEXT",
    },
    diagnosis_columns={"patient": "SUBJECT_ID", "admission": "HADM_ID", "sequence": "SEQ_NUM", "code": "ICD9_CODE"},
    attribute_columns={
        "patient": "SUBJECT_ID",
        "admission": "HADM_ID",
        "admitted": "ADMITTIME",
        "admission_type": "ADMISSION_TYPE",
        "sex": "GENDER",
        "birth": "DOB",
    },
    kinds=frozenset({b"discharge summary"}),
    icd_version=9,
    where="physionet.org/content/mimiciii/1.4",
)

MIMIC4 = Layout(
    kind="mimic4",
    title="MIMIC-IV",
    files={"notes": "discharge", "diagnoses": "diagnoses_icd", "patients": "patients", "admissions": "admissions"},
    note_columns={
        "note": "note_id",
        "patient": "subject_id",
        "admission": "hadm_id",
        "kind": "note_type",
        "text": "text",
    },
    diagnosis_columns={
        "patient": "subject_id",
        "admission": "hadm_id",
        "sequence": "seq_num",
        "code": "icd_code",
        "version": "icd_version",
    },
    attribute_columns={
        "patient": "subject_id",
        "admission": "hadm_id",
        "admitted": "admittime",
        "admission_type": "admission_type",
        "sex": "gender",
        "anchor_age": "anchor_age",
        "anchor_year": "anchor_year",
    },
    kinds=frozenset({b"ds", b"ad"}),
    icd_version=None,
    where="physionet.org/content/mimic-iv-note and physionet.org/content/mimiciv",
)

LAYOUTS = {layout.kind: layout for layout in (MIMIC3, MIMIC4)}


class MimicSource:
    """The discharge summaries of a MIMIC folder; a `nosology.sources.reading.Source`.

    Args:
        folder: Where the files lie, themselves or in subfolders, plain or gzipped, named in any case.
        layout: `MIMIC3` or `MIMIC4`.

    Raises:
        DataError: A file or column is missing, a file is damaged, or the folder holds both releases.
    """

    steps: tuple[str, ...] = (KIND, ERROR_FLAG)

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.kind = layout.kind
        self._layout = layout
        paths = _find_files(folder, layout)
        self._reader = CsvReader(
            paths["notes"], whole_numbers=[layout.note_columns[role] for role in ("patient", "admission")]
        )
        self._names = dict(
            zip(layout.note_columns, self._reader.require(list(layout.note_columns.values())), strict=True)
        )
        self._diagnoses = read_diagnoses(paths["diagnoses"], layout.diagnosis_columns, layout.icd_version)
        self._attributes, notices = read_attributes(
            paths.get("patients"), paths.get("admissions"), layout.attribute_columns
        )
        self.files: tuple[str, ...] = tuple(sorted(path.name for path in paths.values()))
        self.notes_file = paths["notes"].name
        in_diagnoses = (self._diagnoses.n_rows, self._diagnoses.rejected)
        self.side_rejected: Mapping[str, tuple[int, tuple[Rejected, ...]]] = {paths["diagnoses"].name: in_diagnoses}
        self.warnings = [SHARED_PATIENTS, *self._diagnoses.warnings, *notices]
        self.is_invented = is_marked(folder)
        self.bytes_total = self._reader.source.bytes_total

    @property
    def bytes_done(self) -> int:
        """How much of the notes' file has been read, in bytes on disk."""
        return self._reader.source.bytes_done

    def batches(self) -> Iterator[NoteBatch]:
        """Yield the discharge summaries that are not marked as errors.

        Raises:
            DataError: The notes' file is damaged beyond reading on, or has a header and no rows.
        """
        n_rows = 0
        for block in self._reader.blocks():
            n_rows += len(block) + len(block.rejected)
            yield self._batch(block)
        if not n_rows:
            raise DataError(
                f"{self._reader.path.name} holds no notes: a header line and nothing else",
                place=str(self._reader.path),
                hint=f"the open demo of {self._layout.title} comes without notes; they need credentialed access: "
                f"{self._layout.where}",
            )

    def _batch(self, block: CsvBlock) -> NoteBatch:
        kinds = block.raw(self._names["kind"])
        errors = block.raw(self._names["error"]) if "error" in self._names else [b""] * len(kinds)
        wanted = {kind for kind in set(kinds) if kind.strip().lower() in self._layout.kinds}
        of_kind = [i for i, kind in enumerate(kinds) if kind in wanted]
        chosen = [i for i in of_kind if not _is_error(errors[i])]
        lost = Counter(
            {(KIND, OTHER_KIND): len(kinds) - len(of_kind), (ERROR_FLAG, MARKED_AS_ERROR): len(of_kind) - len(chosen)}
        )
        names = [self._names[role] for role in ("note", "patient", "admission", "text")]
        notes: list[Note] = []
        rejected: list[Rejected] = []
        for i, row in zip(chosen, block.rows(names, chosen), strict=True):
            made = self._note(*row)
            if isinstance(made, Note):
                notes.append(made)
            else:
                rejected.append(block.reject(i, made))
        return NoteBatch(tuple(notes), len(block) + len(block.rejected), +lost, (*block.rejected, *rejected))

    def _note(self, note_id: str, patient: str, admission: str, text: str) -> Note | str:
        """Return the note, or why its row cannot be read."""
        patient_number, admission_number = whole_number(patient), whole_number(admission)
        note_id = note_id.strip().removesuffix(".0")
        if not note_id:
            return "no note id"
        if patient_number is None:
            return "a patient id that is no number"
        if admission_number is None and admission.strip():
            return "an admission id that is no number"
        if len(text) > MAX_NOTE_CHARACTERS:
            return f"a note of more than {MAX_NOTE_CHARACTERS:,} characters"
        if admission_number is None:
            return Note(note_id, str(patient_number), "", text)
        codes = self._diagnoses.codes_of(patient_number, admission_number)
        attributes = _attributes_of(self._attributes, patient_number, admission_number)
        return Note(note_id, str(patient_number), str(admission_number), text, codes, attributes=attributes)


def _is_error(cell: bytes) -> bool:
    """Return whether a cell of ISERROR marks an error; numbers do so unless they are zero."""
    value = cell.strip(b" \t\r\"'").lower()
    if value in _NO:
        return False
    try:
        return float(value) != 0
    except ValueError:
        return True


def _attributes_of(table: AdmissionTable, patient: int, admission: int) -> dict[str, str]:
    rows = table.rows(patient, admission)
    named = zip(("sex", "age_band", "admission_type"), rows[0], strict=True) if rows else ()
    return {name: str(value) for name, value in named if value is not None}


def _find_files(folder: Path, layout: Layout) -> dict[str, Path]:
    """Return the files by role; patients and admissions may be missing.

    Raises:
        DataError: The notes or the diagnoses are missing, or the folder holds the other release too.
    """
    if not folder.is_dir():
        raise DataError(f"no such folder of {layout.title} files", place=str(folder), hint="check the path")
    other = MIMIC4 if layout is MIMIC3 else MIMIC3
    has_other = find_file(folder, other.files["notes"])
    if has_other and find_file(folder, layout.files["notes"]):
        hint = (
            f"give a folder of {layout.title} alone, or one with links to its parts; the two share patients and must "
            "not be pooled"
        )
        raise DataError("this folder holds both MIMIC-III and MIMIC-IV", place=str(folder), hint=hint)
    found = {role: find_file(folder, name) for role, name in layout.files.items()}
    _check_release(found, layout, other)
    for role in ("notes", "diagnoses"):
        if found[role] is None:
            hint = f"it is part of {layout.where}"
            if has_other:
                hint = f"this looks like {other.title}: use `nosology prepare {other.kind}`"
            name = f"{layout.files[role]}.csv or {layout.files[role]}.csv.gz"
            raise DataError(f"{name} is missing", place=str(folder), hint=hint)
    return {role: path for role, path in found.items() if path is not None}


def _check_release(found: Mapping[str, Path | None], layout: Layout, other: Layout) -> None:
    """Refuse tables of the other release: both releases name theirs alike, and the nearest one is taken.

    Raises:
        DataError: A table has the other release's columns.
    """
    for role, columns in (("diagnoses", "diagnosis_columns"), ("patients", "attribute_columns")):
        path = found[role]
        if path is None:
            continue
        there = {column.lower() for column in CsvReader(path).columns}
        own, others = ({name.lower() for name in getattr(one, columns).values()} for one in (layout, other))
        if there & (others - own) and not there & (own - others):
            message = f"{path.name} is of {other.title}, not of {layout.title}"
            hint = (
                f"give the folder of {layout.title} alone: both releases name their tables alike, they share patients "
                f"under different ids, and must not be pooled; for {other.title} use `nosology prepare {other.kind}`"
            )
            raise DataError(message, place=str(path), hint=hint)
