"""MIMIC files written by hand, row by row, for tests that know every row's fate."""

import csv
import gzip
import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

NOTE_COLUMNS = (
    "ROW_ID", "SUBJECT_ID", "HADM_ID", "CHARTDATE", "CHARTTIME", "STORETIME",
    "CATEGORY", "DESCRIPTION", "CGID", "ISERROR", "TEXT",
)  # fmt: skip

_WORDS = """
    patient presented with shortness of breath cough fever chills nausea fatigue and was found to have elevated 
    creatinine sodium potassium glucose hematocrit pressure rate started on antibiotics fluids oxygen monitored 
    overnight improved stable condition afebrile ambulating tolerating diet daily tablet chest abdomen neck lungs 
    clear soft tender edema left right lower upper bilateral mild severe acute chronic history prior negative 
    positive culture imaging consult team followed continued weaned extubated transferred floor medication dose
""".split()  # noqa: SIM905


def prose(seed: int, n_words: int = 60) -> str:
    """Return words in sentences of a dozen; two seeds share next to no three words in a row."""
    rng = random.Random(seed)
    words = [rng.choice(_WORDS) for _ in range(n_words)]
    lines = [" ".join(words[i : i + 12]).capitalize() + "." for i in range(0, n_words, 12)]
    return "\n".join(lines)


@dataclass(frozen=True)
class Row:
    """One row of NOTEEVENTS; ids may be anything, as in a broken file."""

    row_id: object
    subject: object
    admission: object
    text: str
    category: str = "Discharge summary"
    error: str = ""

    def cells(self) -> list[object]:
        dates = ["2151-08-04", "", ""]
        return [self.row_id, self.subject, self.admission, *dates, self.category, "Report", "", self.error, self.text]


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]], separator: str = ",") -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def save(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(content, compresslevel=1, mtime=0) if path.suffix == ".gz" else content)
    return path


def write_mimic3(
    folder: Path,
    notes: Iterable[Row],
    diagnoses: Iterable[tuple[object, object, object, str]],
    *,
    patients: Iterable[tuple[object, str, str]] = (),
    admissions: Iterable[tuple[object, object, str, str]] = (),
) -> Path:
    """Write NOTEEVENTS, DIAGNOSES_ICD (subject, admission, sequence, code), PATIENTS and ADMISSIONS."""
    save(folder / "NOTEEVENTS.csv.gz", as_csv(NOTE_COLUMNS, (row.cells() for row in notes)))
    codes = ([i, *row] for i, row in enumerate(diagnoses))
    save(folder / "DIAGNOSES_ICD.csv.gz", as_csv(("ROW_ID", "SUBJECT_ID", "HADM_ID", "SEQ_NUM", "ICD9_CODE"), codes))
    save(folder / "PATIENTS.csv", as_csv(("SUBJECT_ID", "GENDER", "DOB"), patients))
    columns = ("SUBJECT_ID", "HADM_ID", "ADMITTIME", "ADMISSION_TYPE")
    save(folder / "ADMISSIONS.csv", as_csv(columns, admissions))
    return folder


def two_categories(n: int, first_row: int = 1) -> tuple[list[Row], list[tuple[object, object, object, str]]]:
    """Return ``n`` sound notes of as many patients, hearts and lungs in turn, and their codes."""
    numbers = range(first_row, first_row + n)
    rows = [Row(i, 1_000 + i, 5_000 + i, prose(i)) for i in numbers]
    return rows, [(1_000 + i, 5_000 + i, 1, ("41071", "486")[i % 2]) for i in numbers]
