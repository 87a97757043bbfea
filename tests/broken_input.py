"""Kinds of broken input and what becomes of each: the data behind a test and behind docs/reference/broken-input.md.

Each case damages a sound folder (120 notes of MIMIC-III, or a small one of MIMIC-IV or table of the same) in one way.
"""

# ruff: noqa: E501 - the cases are a table, one row each

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

import broken_other
import broken_tables
from handmade_mimic import NOTE_COLUMNS, Row, as_csv, prose, save, two_categories, write_mimic3

Outcome = Literal["refused", "quarantined", "counted", "read"]
N_SOUND = 120
HEADER = ",".join(NOTE_COLUMNS) + "\n"


@dataclass(frozen=True)
class Case:
    """One kind of broken input.

    Attributes:
        what: What is broken, in words.
        outcome: refused: the command stops with place and remedy. quarantined: the row is set aside and listed.
            counted: the note is lost, with a reason in the funnel. read: nothing is lost.
        says: What the message, the quarantine or the funnel says (a part of it).
        damage: Breaks a sound folder.
        place: For a refusal, a part of its place; for a quarantined row, its physical line.
        source: What the folder holds.
    """

    what: str
    outcome: Outcome
    says: str
    damage: Callable[[Path], object]
    place: str | int = ""
    source: Literal["mimic3", "mimic4", "table"] = "mimic3"


def sound_mimic3(folder: Path) -> None:
    """Write a sound folder of MIMIC-III."""
    write_mimic3(folder, *two_categories(N_SOUND))


def sound_mimic4(folder: Path) -> None:
    """Write a sound folder of MIMIC-IV."""
    rows, codes = two_categories(N_SOUND)
    header = ("note_id", "subject_id", "hadm_id", "note_type", "text")
    notes = [(f"{row.subject}-DS-1", row.subject, row.admission, "DS", row.text) for row in rows]
    save(folder / "note" / "discharge.csv.gz", as_csv(header, notes))
    columns = ("subject_id", "hadm_id", "seq_num", "icd_code", "icd_version")
    save(folder / "hosp" / "diagnoses_icd.csv.gz", as_csv(columns, [(*code, 9) for code in codes]))


def table_rows() -> list[dict[str, object]]:
    """Return the rows of a sound table."""
    rows, codes = two_categories(N_SOUND)
    return [
        {"id": f"n{row.row_id}", "mrn": f"p{row.subject}", "body": row.text, "icd": code[3], "part": "train"}
        for row, code in zip(rows, codes, strict=True)
    ]


def sound_table(folder: Path) -> None:
    """Write a sound table as JSON lines."""
    write_table(folder, table_rows())


def write_table(folder: Path, rows: list[dict[str, object]], extra: str = "") -> None:
    """Write a table as JSON lines, with whatever is to follow its rows."""
    save(folder / "notes.jsonl", "".join(json.dumps(row) + "\n" for row in rows) + extra)


def change_row(**values: object) -> Callable[[Path], None]:
    """Return a damage: the last row of the table gets other values."""

    def damage(folder: Path) -> None:
        rows = table_rows()
        write_table(folder, [*rows[:-1], rows[-1] | values])

    return damage


def notes_of(folder: Path) -> str:
    """Return NOTEEVENTS' content."""
    return gzip.decompress((folder / "NOTEEVENTS.csv.gz").read_bytes()).decode()


def diagnoses_of(folder: Path) -> str:
    """Return DIAGNOSES_ICD's content."""
    return gzip.decompress((folder / "DIAGNOSES_ICD.csv.gz").read_bytes()).decode()


def raw_notes(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Return a damage to NOTEEVENTS.csv.gz as it lies on disk."""

    def damage(folder: Path) -> None:
        path = folder / "NOTEEVENTS.csv.gz"
        path.write_bytes(change(path.read_bytes()))

    return damage


def notes(change: Callable[[str], str | bytes]) -> Callable[[Path], object]:
    """Return a damage to the content of NOTEEVENTS."""
    return lambda folder: save(folder / "NOTEEVENTS.csv.gz", change(notes_of(folder)))


def diagnoses(change: Callable[[str], str]) -> Callable[[Path], object]:
    """Return a damage to the content of DIAGNOSES_ICD."""
    return lambda folder: save(folder / "DIAGNOSES_ICD.csv.gz", change(diagnoses_of(folder)))


def first(row: str | bytes) -> Callable[[str], bytes]:
    """Return a change: another row stands before all others, on line 2."""
    raw = row if isinstance(row, bytes) else row.encode()
    return lambda content: HEADER.encode() + raw + content.removeprefix(HEADER).encode()


def added(*rows: Row) -> Callable[[str], str]:
    """Return a change: more rows at the end."""
    lines = as_csv(NOTE_COLUMNS, [row.cells() for row in rows]).removeprefix(HEADER)
    return lambda content: content + lines


def cells(row: Row) -> bytes:
    """Return a row as a line of the file."""
    return as_csv(NOTE_COLUMNS, [row.cells()]).removeprefix(HEADER).encode()


NEW = Row(900, 1_001, 5_001, prose(900))
START = '900,1001,5001,2151-08-04,,,"Discharge summary","Report",,,'
LATIN1 = Row(900, 1_001, 5_001, f"{prose(900)} Ménière").cells()


def utf16(content: str) -> bytes:
    return content.encode("utf-16")


def without_text_column(content: str) -> str:
    return content.replace("ISERROR,TEXT", "ISERROR,BODY", 1)


def one_in_ten_latin1(content: str) -> bytes:
    rows = [Row(900 + i, 1_001, 5_001, f"{prose(900 + i)} Ménière") for i in range(12)]
    return content.encode() + as_csv(NOTE_COLUMNS, [row.cells() for row in rows]).removeprefix(HEADER).encode("latin-1")


def codes_as_numbers(content: str) -> str:
    return content.replace(",41071\n", ",41071.0\n").replace(",486\n", ",486.0\n")


def huge_note(folder: Path) -> None:
    huge = cells(Row(900, 1_001, 5_001, "fever, cough\n" * 4_000_000))
    content = first(huge)(notes_of(folder))
    (folder / "NOTEEVENTS.csv.gz").unlink()
    save(folder / "NOTEEVENTS.csv", content)


def both_releases(folder: Path) -> None:
    save(folder / "discharge.csv", "note_id,subject_id,hadm_id,note_type,text\n")


def numeric_codes(folder: Path) -> None:
    rows = table_rows()
    pl.DataFrame(rows).with_columns(pl.col("icd").cast(pl.Int64)).write_parquet(folder / "notes.parquet")


def two_splits(folder: Path) -> None:
    rows = table_rows()
    write_table(folder, [*rows, rows[0] | {"id": "other", "part": "test", "body": prose(999)}])


def broken_parquet(folder: Path) -> None:
    pl.DataFrame(table_rows()).write_parquet(folder / "notes.parquet")
    content = (folder / "notes.parquet").read_bytes()
    (folder / "notes.parquet").write_bytes(content[: len(content) // 2])


CASES = (
    # Files that cannot be what they should be
    Case("gzip file cut short", "refused", "broken gzip: it ends too early", raw_notes(lambda raw: raw[: len(raw) // 2]), "NOTEEVENTS"),
    Case("gzip file with a wrong checksum", "refused", "broken gzip", raw_notes(lambda raw: raw[:-8] + bytes(8)), "NOTEEVENTS"),
    Case("zip archive under the name of a gzip file", "refused", "a zip archive", raw_notes(lambda _: b"PK\x03\x04rest"), "NOTEEVENTS"),
    Case("empty file", "refused", "the file is empty", raw_notes(lambda _: b""), "NOTEEVENTS"),
    Case("header line and nothing else", "refused", "holds no notes", notes(lambda _: HEADER), "NOTEEVENTS"),
    Case("a column is missing", "refused", "column TEXT is missing", notes(without_text_column), "line 1"),
    Case("a column stands there twice", "refused", "columns named twice: text", notes(lambda text: text.replace("STORETIME", "Text", 1)), "line 1"),
    Case("another separator", "refused", "columns ROW_ID, SUBJECT_ID", notes(lambda text: text.replace(",", ";")), "line 1"),
    Case("the table of diagnoses is missing", "refused", "DIAGNOSES_ICD.csv or DIAGNOSES_ICD.csv.gz is missing", lambda folder: (folder / "DIAGNOSES_ICD.csv.gz").unlink()),
    Case("MIMIC-III and MIMIC-IV in one folder", "refused", "holds both MIMIC-III and MIMIC-IV", both_releases),
    Case("the file ends inside a quoted field", "refused", "unterminated quote", notes(lambda text: text + START + '"cut off\nin the'), "line 602"),
    Case("no diagnosis code fits any note", "refused", "no note is left", diagnoses(lambda text: text.split("\n")[0] + "\n"), "funnel"),
    Case("ICD codes were turned into numbers (41071.0)", "refused", "ICD-9 codes were turned into numbers", diagnoses(codes_as_numbers), "DIAGNOSES_ICD"),
    Case("every tenth row in another encoding", "refused", "12 of 132 rows could not be read: 12 x not UTF-8", notes(one_in_ten_latin1), "line 602"),
    # Rows of notes that cannot be read
    Case("stray quotes in a text, and a field too few", "quarantined", "a quote in an impossible place", notes(first(START.removesuffix(",") + '"he is 6" tall", "and well", so "he says"\n')), 2),
    Case("a quoted text that is not closed", "quarantined", "a quote in an impossible place", notes(first(START + '"never closed\n')), 2),
    Case("a quote inside an unquoted field", "quarantined", "a quote in an impossible place", notes(first(START.replace('"Report"', 'Re"port') + '"text"\n')), 2),
    Case("too few fields", "quarantined", "3 fields instead of 11", notes(first("900,1001,5001\n")), 2),
    Case("a comma in an unquoted text", "quarantined", "12 fields instead of 11", notes(first(START + "fever, cough\n")), 2),
    Case("a NUL byte", "quarantined", "a NUL byte", notes(first(cells(NEW).replace(b"Report", b"Re\x00port"))), 2),
    Case("one row in another encoding", "quarantined", "not UTF-8", notes(first(",".join(map(str, LATIN1[:-1])).encode() + b",M\xe9ni\xe8re\n")), 2),
    Case("a patient id that is no number", "quarantined", "a patient id that is no number", notes(first(cells(Row(900, "X7", 5_001, prose(900))))), 2),
    Case("an admission id that is no number", "quarantined", "an admission id that is no number", notes(first(cells(Row(900, 1_001, "X7", prose(900))))), 2),
    Case("no note id", "quarantined", "no note id", notes(first(cells(Row("", 1_001, 5_001, prose(900))))), 2),
    Case("a single note of 50 MB", "quarantined", "a note of more than 2,000,000 characters", huge_note, 2),
    # Rows of diagnoses that cannot be read
    Case("a damaged row of diagnoses", "quarantined", "4 fields instead of 5", diagnoses(lambda text: text.replace("\n", "\n900,1001,5001,2\n", 1)), 2),
    Case("a sequence number that is no number", "quarantined", "a sequence number that is no number", diagnoses(lambda text: text.replace("\n", "\n900,1001,5001,first,486\n", 1)), 2),
    Case("an ICD version that is neither 9 nor 10", "quarantined", "an ICD version that is neither 9 nor 10", lambda folder: save(folder / "hosp" / "diagnoses_icd.csv.gz", gzip.decompress((folder / "hosp" / "diagnoses_icd.csv.gz").read_bytes()).replace(b"\n", b"\n1001,5001,2,486,11\n", 1)), 2, source="mimic4"),
    # Notes that can be read and not be used
    Case("no admission id", "counted", "no admission id", notes(added(Row(900, 1_001, "", prose(900))))),
    Case("the admission of another patient", "counted", "no diagnosis code for this patient and admission", notes(added(Row(900, 1_001, 5_002, prose(900))))),
    Case("no primary diagnosis", "counted", "no primary diagnosis", diagnoses(lambda text: text.replace(",1,41071\n", ",2,41071\n", 1))),
    Case("two primary diagnoses", "counted", "several primary diagnoses", diagnoses(lambda text: text + "900,1001,5001,1,486\n900,1001,5001,1,41071\n")),
    Case("a code that is none", "counted", "primary: not an ICD-9-CM diagnosis code", diagnoses(lambda text: text.replace(",41071\n", ",NoDx\n", 1))),
    Case("a blank code", "counted", "primary: blank code", diagnoses(lambda text: text.replace(",41071\n", ",\n", 1))),
    Case("one note id for different notes", "counted", "note id used for different notes", notes(added(Row(1, 1_002, 5_002, prose(900))))),
    Case("the same row twice", "counted", "the same row again", notes(added(Row(1, 1_001, 5_001, prose(1))))),
    Case("a note without a word", "counted", "no text left", notes(added(Row(900, 1_001, 5_001, " \n\t ")))),
    # Oddities that do no harm
    Case("plain content under the name of a gzip file", "read", "", raw_notes(gzip.decompress)),
    Case("Windows line ends and a byte order mark", "read", "", notes(lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())),
    Case("blank lines between rows", "read", "", notes(lambda text: text.replace('"\n', '"\n\n\r\n'))),
    Case("ids as decimals (1001.0)", "read", "", notes(lambda text: text.replace(",10", ",10").replace(",2151", ".0,2151"))),
    Case("UTF-16", "read", "", lambda folder: save(folder / "NOTEEVENTS.csv", utf16(notes_of(folder)))),
    Case("lines that end in a carriage return alone", "read", "", notes(lambda text: text.replace("\n", "\r"))),
    Case("quotes inside a text that are not doubled", "read", "", notes(lambda text: text.replace(" and ", ' "and" ', 40))),
    Case("control characters in a text", "read", "", notes(lambda text: text.replace("patient", "pat\x07ient\x0c"))),
    Case("column names in lower case", "read", "", notes(lambda text: HEADER.lower() + text.removeprefix(HEADER))),
    # Tables
    Case("a line that is not JSON", "quarantined", "not valid JSON", lambda folder: write_table(folder, table_rows(), '{"id": "n900", \n'), 121, source="table"),
    Case("a JSON value that is no object", "quarantined", "no JSON object", lambda folder: write_table(folder, table_rows(), "[1, 2]\n"), 121, source="table"),
    Case("no text", "quarantined", "no text", change_row(body=None), 120, source="table"),
    Case("a text that is a number", "quarantined", "a text that is no string", change_row(body=3), 120, source="table"),
    Case("a split of an unknown name", "quarantined", "a split that is neither train, validation nor test", change_row(part="holdout"), 120, source="table"),
    Case("no patient id", "read", "1 notes have no patient id", change_row(mrn=""), source="table"),
    Case("a patient in two splits", "refused", "1 patients are in two splits", two_splits, "split", source="table"),
    Case("a Parquet file cut short", "refused", "the file is broken", broken_parquet, "notes.parquet", source="table"),
    Case("a Parquet column of codes as numbers", "refused", "column icd holds numbers, not codes", numeric_codes, "notes.parquet", source="table"),
    Case("a code in JSON as a number", "refused", "column icd holds numbers, not codes", change_row(icd=486), "notes.jsonl", source="table"),
)  # fmt: skip


def page() -> str:
    """Return the reference page: what becomes of every kind of broken input."""
    meaning = {
        "refused": "the command stops with exit status 2, says where and what to do, and leaves no dataset",
        "quarantined": "the row is listed in `quarantine.jsonl` by file, line and reason, and the job goes on "
        "(unless more than `prepare.max_failed_share` of a file's rows fail)",
        "counted": "the note is lost and counted in `funnel.json` under its reason",
        "read": "nothing is lost",
    }
    titles = {"mimic3": "MIMIC-III", "mimic4": "MIMIC-IV", "table": "table"}
    lines = [
        "# Broken input\n",
        "What `nosology prepare` does with input that is not as it should be. This table is written from the tests\n"
        "that prove it (`tests/broken_input.py`).\n",
        *(f"- **{outcome}**: {sentence}." for outcome, sentence in meaning.items()),
        "\n| what is broken | in | outcome | what it says |",
        "|---|---|---|---|",
        *(f"| {c.what} | {titles[c.source]} | {c.outcome} | {f'`{c.says}`' if c.says else ''} |" for c in CASES),
    ]
    return "\n".join(lines) + "\n" + broken_tables.section() + broken_other.section()
