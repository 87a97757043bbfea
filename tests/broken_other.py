"""Inputs to other parts than tables, five and more of a kind: data of a test and of a reference page.

Each is given to the part that meets it first, and what that part says or returns is looked at.
"""

# ruff: noqa: E501 - the inputs are a table, one row each

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from handmade_mimic import Row, prose, save, two_categories, write_mimic3
from nosology import deidentify
from nosology.coding.labels import LabelSet
from nosology.config import PrepareConfig
from nosology.dataset.folder import open_dataset
from nosology.feedback.store import Decision
from nosology.files import sha256_text
from nosology.preparation.pipeline import prepare_mimic3, prepare_table
from nosology.serve.cds import note_text
from nosology.serve.routes.cds import HookRequest
from nosology.serve.uploads import parse_table
from nosology.sources.feedback import FeedbackSource
from nosology.sources.table import TableColumns
from nosology.text.normalize import why_unread
from nosology.text.sections import split_off_diagnoses, strip_diagnoses

Outcome = Literal["refused", "read", "left out", "counted"]
CANARY = "Zebrafink Quill was admitted with fever, and left against advice."
NOTE = "Hospital Course: walked on day two."
N_NOTES = 24


@dataclass(frozen=True)
class Input:
    """One input.

    Attributes:
        kind: What it is an example of.
        what: What is odd about it.
        outcome: refused: with an error. read: as what it means. left out: not read, the rest is. counted: with its reason.
        says: A part of what is said, or of what comes out.
        act: Gives it to the part that meets it, with an empty folder; returns what comes out, or raises what is said.
    """

    kind: str
    what: str
    outcome: Outcome
    says: str
    act: Callable[[Path], str]


def headless(content: bytes, text: str = "text") -> Callable[[Path], str]:
    """Return what prepares a table of notes whose first note is where a header should be."""

    def act(folder: Path) -> str:
        (folder / "n.csv").write_bytes(content)
        columns = TableColumns(text=text, note_id="id", category="cat")
        prepare_table(folder / "n.csv", folder / "out", PrepareConfig(deidentify=False), columns, n_workers=1)
        return "it was read"

    return act


def stripped(header: str, following: str = NOTE) -> Callable[[Path], str]:
    """Return what leaves the diagnosis out of a note with a header and another section."""
    return lambda _: strip_diagnoses(f"HPI: fell.\n\n{header} gout\n\n{following}\n")


def flagged(error: str) -> Callable[[Path], str]:
    """Return what prepares MIMIC-III with one note more, whose ISERROR holds something; counts the notes kept."""
    return lambda folder: prepared(folder, [Row(900, 1_001, 5_001, prose(900), error=error)])


def prepared(folder: Path, more: list[Row], **settings: str) -> str:
    """Return how many notes come of a sound folder with some more, and how many characters the longest has."""
    rows, codes = two_categories(N_NOTES)
    write_mimic3(folder / "in", [*rows, *more], codes)
    config = PrepareConfig.model_validate({"deidentify": False, "drop_near_duplicates": False} | settings)
    prepare_mimic3(folder / "in", folder / "out", config, n_workers=1)
    return f"{open_dataset(folder / 'out').notes().height} notes"


def both_releases(folder: Path) -> str:
    """Prepare a folder beside whose notes lie those of the other release."""
    save(folder / "in" / "note" / "discharge.csv", "note_id,subject_id,hadm_id,note_type,text\n")
    return prepared(folder, [])


def document(data: bytes | str, kind: str = "text/plain", **fields: str) -> Callable[[Path], str]:
    """Return what reads a prefetched document with some attachment."""
    raw = data if isinstance(data, str) else base64.b64encode(data).decode()
    content = [{"attachment": {"contentType": kind, "data": raw}}]
    prefetched = {"resourceType": "DocumentReference", "status": "current", "content": content} | fields
    return lambda _: note_text({"note": prefetched})


def call(patient: str = "7", instance: str = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea") -> Callable[[Path], str]:
    """Return what reads the call of a hook, and says for which patient and by which number."""
    context = {"userId": "Practitioner/1", "patientId": patient, "encounterId": "Encounter/456"}
    sent = {"hook": "encounter-discharge", "hookInstance": instance, "context": context}

    def act(_: Path) -> str:
        request = HookRequest.model_validate(sent)
        return f"{request.context.patientId} {request.context.encounterId} {request.hookInstance}"

    return act


def upload(**columns: list[str]) -> Callable[[Path], str]:
    """Return what takes an uploaded table."""
    data = pl.DataFrame(columns).write_csv().encode()
    return lambda _: ",".join(parse_table(data, "csv", 9).frame.columns)


def known(sent: str, given: str) -> Callable[[Path], str]:
    """Return what gives a decided note again, for its text was not kept."""
    decided = Decision(
        "1", "a", "", "", sha256_text(sent), "b" * 64, "X", 0.5, False, ("X",), "corrected", "Cardiovascular"
    )

    def act(_: Path) -> str:
        (batch,) = FeedbackSource([decided], [given]).batches()
        return batch.notes[0].category

    return act


def blank(text: str) -> Callable[[Path], str]:
    """Return what looks whether a note says anything."""
    return lambda _: why_unread(text, text) or "read"


def wrong_type(value: object) -> Callable[[Path], str]:
    """Return what is asked to de-identify something that is no text."""
    return lambda _: deidentify(value).text  # type: ignore[arg-type]


def blank_rows(folder: Path) -> str:
    """Return why notes of a table that hold nothing are lost."""
    empty = [
        {"id": f"e{i}", "text": text, "cat": "Cardiovascular"}
        for i, text in enumerate(("\u200b\u2060", "\u2800", "\u00ad"))
    ]
    sound = [{"id": f"n{i}", "text": prose(i), "cat": ("Cardiovascular", "Respiratory")[i % 2]} for i in range(N_NOTES)]
    pl.DataFrame([*sound, *empty]).write_parquet(folder / "n.parquet")
    columns = TableColumns(text="text", note_id="id", category="cat")
    prepare_table(folder / "n.parquet", folder / "out", PrepareConfig(deidentify=False), columns, n_workers=1)
    return (folder / "out" / "funnel.json").read_text(encoding="utf-8")


TEXT, LEAK, ADDENDA, FHIR, BATCH, EMPTY = (
    "no note text in an error",
    "the leak rule does what it says",
    "addenda",
    "CDS Hooks and FHIR input",
    "batch and feedback",
    "empty is empty",
)
HEADLESS = "there seems to be no header line"
INPUTS = (
    Input(TEXT, "a first note in quotes where names should be", "refused", HEADLESS, headless(f'"{CANARY}",a\n"{CANARY} Again.",b\n'.encode())),
    Input(TEXT, "notes with an age and a date in tabs", "refused", HEADLESS, headless(f"71\t{CANARY}\t3/14/2019\n72\t{CANARY}\t3/15/2019\n".encode())),
    Input(TEXT, "a note in several lines, first thing in the file", "refused", HEADLESS, headless(f'"{CANARY}\nShe is well.\n",a\n"{CANARY}",b\n'.encode())),
    Input(TEXT, "a name of a patient as the only column", "refused", HEADLESS, headless(b"Zebrafink Quill 1951-03-04\nseen today.\n")),
    Input(TEXT, "lines that end in returns, and a semicolon between", "refused", HEADLESS, headless(f"1;{CANARY};a\r2;{CANARY};b\r".encode())),
    Input(TEXT, "a column that is not there, beside one whose name is a note", "refused", "text", headless(f'id,cat,"{CANARY} {CANARY}"\n1,a,b\n'.encode())),
    Input(LEAK, "an abbreviation in brackets", "left out", NOTE, stripped("[D/C Dx]")),
    Input(LEAK, "a note to whoever fills the form in", "left out", NOTE, stripped("Final Diagnosis (see coding sheet):")),
    Input(LEAK, "a tag", "left out", NOTE, stripped("<PrincipalDiagnosis>")),
    Input(LEAK, "other words", "left out", NOTE, stripped("Condition chiefly responsible for the stay:")),
    Input(LEAK, "a number of a form", "left out", NOTE, stripped("Item 12 - Diagnosis on discharge:")),
    Input(LEAK, "an unknown header next", "left out", "Ward round of the bagpiper:", stripped("Dx:", "Ward round of the bagpiper: played well.")),
    Input(LEAK, "what was left out, by section", "counted", "discharge dx", lambda _: str(split_off_diagnoses("Discharge Dx: gout\n\nPlan: rest\n")[1])),
    Input(ADDENDA, "ISERROR is TRUE", "left out", f"{N_NOTES} notes", flagged("TRUE")),
    Input(ADDENDA, "ISERROR is 1.0", "left out", f"{N_NOTES} notes", flagged("1.0")),
    Input(ADDENDA, "ISERROR is Yes and a blank", "left out", f"{N_NOTES} notes", flagged(" Yes ")),
    Input(ADDENDA, "ISERROR is 0.0", "read", f"{N_NOTES + 1} notes", flagged("0.0")),
    Input(ADDENDA, "ISERROR is NULL", "read", f"{N_NOTES + 1} notes", flagged("NULL")),
    Input(ADDENDA, "an addendum, where they are joined", "read", f"{N_NOTES} notes", lambda folder: prepared(folder, [Row(900, 1_001, 5_001, prose(900))], addenda="merge")),
    Input(ADDENDA, "two releases side by side", "refused", "both MIMIC-III and MIMIC-IV", both_releases),
    Input(FHIR, "a document entered in error", "refused", "withdrawn", document(b"Chest pain.", status="entered-in-error")),
    Input(FHIR, "base64 in lines", "read", "Chest pain", document("Q2hlc3Qg\r\ncGFpbi4=\r\n")),
    Input(FHIR, "Latin-1 that says so", "read", "Ménière", document("Ménière".encode("latin-1"), "text/plain; charset=ISO-8859-1")),
    Input(FHIR, "HTML", "read", "Chest pain & cough", document(b"<html><body><p>Chest pain &amp; cough</p></body></html>", "text/html")),
    Input(FHIR, "RTF", "refused", "rtf", document(b"{\\rtf1 Chest pain.}", "application/rtf")),
    Input(FHIR, "Patient/123 and a number in capitals", "read", "123 456 d1577c69", call("Patient/123", "D1577C69-DFBE-44AD-BA6D-3E05E953B2EA")),
    Input(BATCH, "a column named category already, which no answer has", "read", "id,text,category", upload(id=["1"], text=["a"], category=["mine"])),
    Input(BATCH, "a column named predicted_label already", "refused", "column predicted_label", upload(id=["1"], text=["a"], predicted_label=["mine"])),
    Input(BATCH, "a column named probability already", "refused", "overwritten", upload(id=["1"], text=["a"], probability=["mine"])),
    Input(BATCH, "a column named abstained already", "refused", "rename it", upload(id=["1"], text=["a"], abstained=["mine"])),
    Input(BATCH, "a note that comes back with other line ends", "read", "Cardiovascular", known("Chest pain.\r\nECG.", "Chest pain.\nECG.")),
    Input(BATCH, "a note that comes back with its accents in two parts", "read", "Cardiovascular", known("Ménière", "Me\u0301nie\u0300re")),
    Input(BATCH, "a note that comes back without the line end behind it", "read", "Cardiovascular", known("Chest pain.\n", "Chest pain.")),
    Input(BATCH, "a note that comes back without several blanks and line ends around it", "refused", "do not hold it", known("  Chest pain. \n\n", "Chest pain.")),
    Input(EMPTY, "invisible characters alone", "counted", "empty", blank("\u200b\ufeff\u2060")),
    Input(EMPTY, "blank patterns of Braille and Hangul", "counted", "empty", blank("\u2800\u3164\u115f")),
    Input(EMPTY, "tags and selectors that nobody sees", "counted", "empty", blank("\U000e0041\ufe0f\u00ad")),
    Input(EMPTY, "three such notes in a table", "counted", '"no text left": 3', blank_rows),
    Input(EMPTY, "not a number in place of a note", "refused", "float", wrong_type(float("nan"))),
    Input(EMPTY, "nothing in place of a note", "refused", "NoneType", wrong_type(None)),
    Input(EMPTY, "nothing in place of a code", "refused", "None", lambda _: str(LabelSet.load("icd-chapters-18").category_of(None, 9))),  # type: ignore[arg-type]
)  # fmt: skip


def section() -> str:
    """Return the part of the reference page on other inputs."""
    lines = [
        "\n## Other inputs\n",
        "Written from what people complained of, not from the code (`tests/broken_other.py`), by kind. **left out**: not read, while the rest is.\n",
        "| kind | what is odd | outcome | what it says, or what comes out |",
        "|---|---|---|---|",
        *(f"| {i.kind} | {i.what} | {i.outcome} | `{i.says}` |" for i in INPUTS),
    ]
    return "\n".join(lines) + "\n"
