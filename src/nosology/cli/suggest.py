"""`nosology suggest`: diagnoses to consider for new notes, with the sentences behind each."""

import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nosology.cli import app
from nosology.cli.console import progress, say, say_cautions
from nosology.cli.runs import RunArgument
from nosology.cli.tables import (
    EncodingOption,
    FileArgument,
    ForceOption,
    Given,
    SeparatorOption,
    Stdin,
    StdinOption,
    TextOption,
    check_out,
    print_lines,
    read_given,
)
from nosology.errors import DataError

if TYPE_CHECKING:
    from nosology.records import Suggestions


class Format(StrEnum):
    """What is written."""

    JSONL = "jsonl"
    FHIR = "fhir"
    HTML = "html"


@app.command()
def suggest(
    run: RunArgument,
    file: FileArgument,
    text: TextOption = "text",
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Suggestions a note.")] = 10,
    out: Annotated[Path | None, typer.Option(help="The file to write; without it, lines go to stdout.")] = None,
    form: Annotated[
        Format,
        typer.Option(
            "--format", help="jsonl: one object per note. fhir: one FHIR R4 bundle per line. html: a page to read."
        ),
    ] = Format.JSONL,
    note_id: Annotated[
        str | None, typer.Option("--id", metavar="COL", help="Column of note ids, for fhir and html; else row numbers.")
    ] = None,
    patient: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column of patient ids, for fhir; else patients have no identifier."),
    ] = None,
    evidence: Annotated[bool, typer.Option(help="Look for the sentences behind each suggestion.")] = True,
    stdin: StdinOption = Stdin.note,
    separator: SeparatorOption = None,
    encoding: EncodingOption = None,
    force: ForceOption = False,
) -> None:
    """Suggest diagnoses to consider, each with its ICD code, probability and evidence. Never a diagnosis.

    jsonl keeps every input column and the order; suggestions, none_of_these, mass_left_out, n_rubrics, is_calibrated,
    reason, caution, demands and notice are added. Offsets of evidence are into the text as it was given.

    Limits: one note is read, nothing else of the patient. A probability is that of being coded, for notes like those
    that the run was calibrated on, not of being ill. Evidence is what moves it, and may be wrong.

    Example: nosology suggest runs/first notes.csv --text TEXT -k 10 --out suggestions.jsonl
    """
    if form is Format.HTML and out is None:
        raise DataError("a page needs a file to go to", place="--format html", hint="add --out suggestions.html")
    if out is not None:
        check_out(out, file, is_forced=force)
    others = [name for name in (note_id, patient) if name]
    given = read_given(file, text, *others, stdin=stdin, separator=separator, encoding=encoding)
    found = _suggest(run, given.texts, k, with_evidence=evidence)
    names = given.ids(note_id)
    if form is Format.HTML:
        _write_page(out, names, given.texts, found)
    elif form is Format.FHIR:
        _write(_fhir_lines(found, names, given.patients(patient), given.texts, run.resolve().name), out)
    else:
        _write(_json_lines(given, found, has_file=out is not None), out)
    _say_what_came(found, out)


def _suggest(run: Path, notes: list[str], k: int, *, with_evidence: bool) -> "list[Suggestions]":
    from nosology.classifier.classifier import Classifier

    classifier = Classifier.load(run)
    with progress("suggest", total=len(notes)) as advance:
        found = classifier.suggest(notes, k, with_evidence=with_evidence, progress=lambda n: advance(n))
    say_cautions(suggestions.caution for suggestions in found)
    return found


def _write_page(out: Path | None, ids: list[str], notes: list[str], found: "list[Suggestions]") -> None:
    from nosology.report.suggested import write_suggestions_page

    assert out is not None, "a page without a file was refused"
    write_suggestions_page(out, list(zip(ids, notes, found, strict=True)))


def _say_what_came(found: "list[Suggestions]", out: Path | None) -> None:
    n_without = sum(bool(suggestions.reason) for suggestions in found)
    for reason in sorted({suggestions.reason for suggestions in found} - {""}):
        n = sum(suggestions.reason == reason for suggestions in found)
        say(f"no suggestions for {n} of {len(found)} notes: {reason}")
    if n_told := sum(bool(suggestions.demands) for suggestions in found):
        say(f"{n_told} of {len(found)} notes tell the reader what to answer: read them yourself")
    if out is not None and n_without < len(found):
        say(f"suggested diagnoses to consider for {len(found) - n_without} notes: {out}")


def _json_lines(given: Given, found: "list[Suggestions]", *, has_file: bool) -> Iterator[dict[str, Any]]:
    """Yield one object per note: its columns (the text only into a file), then the suggestions."""
    from nosology.export.lines import suggested_note

    for row, suggestions in zip(given.rows(with_text=has_file), found, strict=True):
        yield row | suggested_note(suggestions)


def _fhir_lines(
    found: "list[Suggestions]", ids: list[str], patients: list[str], notes: list[str], run: str
) -> Iterator[dict[str, Any]]:
    """Yield one bundle per note."""
    from nosology.export.fhir import bundle, note_resources
    from nosology.export.lines import suggested_note
    from nosology.files import sha256_text

    for suggestions, note_id, patient_id, note in zip(found, ids, patients, notes, strict=True):
        answer, digest = suggested_note(suggestions), sha256_text(note)
        resources = note_resources(answer, note_id=note_id, note_sha256=digest, run=run, patient_id=patient_id)
        yield bundle([*resources])


def _write(lines: Iterable[dict[str, Any]], out: Path | None) -> None:
    """Print the lines, or write them whole or not at all."""
    if out is None:
        print_lines(lines)
        return
    from nosology.files import write_lines

    write_lines(out, (json.dumps(line, ensure_ascii=False, default=str) for line in lines), is_private=True)
