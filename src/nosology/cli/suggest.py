"""`nosology suggest`: diagnoses to consider for new notes, with the sentences behind each."""

import json
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nosology.cli import app
from nosology.cli.console import progress, say, say_cautions
from nosology.cli.runs import RunArgument
from nosology.cli.tables import EncodingOption, ForceOption, SeparatorOption, check_out, read_user_table
from nosology.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from nosology.records import Suggestions
    from nosology.sources.tablefile import WholeTable


class Format(StrEnum):
    """What is written."""

    JSONL = "jsonl"
    FHIR = "fhir"
    HTML = "html"


@app.command()
def suggest(
    run: RunArgument,
    file: Annotated[Path, typer.Argument(help="A table (CSV, TSV, Parquet, JSONL), - for one note.")],
    text: Annotated[str, typer.Option(help="The column that holds the notes.")] = "text",
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
    separator: SeparatorOption = None,
    encoding: EncodingOption = None,
    force: ForceOption = False,
) -> None:
    """Suggest diagnoses to consider, each with its ICD code, probability and evidence. Never a diagnosis.

    jsonl keeps every input column and the order; suggestions, none_of_these, mass_left_out, n_rubrics, is_calibrated
    caution and notice are added. Offsets of evidence are into the text as it was given.

    Example: nosology suggest runs/first notes.csv --text TEXT -k 10 --out suggestions.jsonl
    """
    if form is Format.HTML and out is None:
        raise DataError("a page needs a file to go to", place="--format html", hint="add --out suggestions.html")
    if out is not None:
        check_out(out, file, is_forced=force)
    wanted = [name for name in (text, note_id, patient) if name]
    table = None if str(file) == "-" else read_user_table(file, *wanted, separator=separator, encoding=encoding)
    notes = [_stdin()] if table is None else table.texts(text)
    found = _suggest(run, notes, k, with_evidence=evidence)
    ids = table.texts(note_id) if table is not None and note_id else _numbers(len(notes))
    patients = table.texts(patient) if table is not None and patient else [""] * len(notes)
    if form is Format.HTML:
        from nosology.report.suggested import write_suggestions_page

        assert out is not None
        write_suggestions_page(out, list(zip(ids, notes, found, strict=True)))
    else:
        lines = (
            _fhir_lines(found, ids, patients, notes, run.resolve().name)
            if form is Format.FHIR
            else _json_lines(found, table, text, has_file=out is not None)
        )
        _write(lines, out)
    n_without = sum(bool(suggestions.reason) for suggestions in found)
    for reason in sorted({suggestions.reason for suggestions in found} - {""}):
        n = sum(suggestions.reason == reason for suggestions in found)
        say(f"no suggestions for {n} of {len(found)} notes: {reason}")
    if out is not None and n_without < len(found):
        say(f"suggested diagnoses to consider for {len(found) - n_without} notes: {out}")


def _stdin() -> str:
    from nosology.text.normalize import is_blank

    note = sys.stdin.read()
    if is_blank(note):
        raise DataError("there is no note on stdin", place="-", hint="nosology suggest RUN - < note.txt")
    return note


def _numbers(n: int) -> list[str]:
    return [str(number) for number in range(1, n + 1)]


def _suggest(run: Path, notes: list[str], k: int, *, with_evidence: bool) -> "list[Suggestions]":
    from nosology.classifier.classifier import Classifier

    classifier = Classifier.load(run)
    with progress("suggest", total=len(notes)) as advance:
        found = classifier.suggest(notes, k, with_evidence=with_evidence, progress=lambda n: advance(n))
    say_cautions(suggestions.caution for suggestions in found)
    return found


def _json_lines(
    found: "list[Suggestions]", table: "WholeTable | None", text: str, *, has_file: bool
) -> Iterator[dict[str, Any]]:
    """Yield one object per note: its columns (the text only into a file), then the suggestions."""
    from nosology.export.lines import suggested_note

    if table is None:
        rows: Iterable[dict[str, Any]] = [{}]
    else:
        frame: pl.DataFrame = table.frame if has_file else table.frame.drop(table.column(text))
        rows = frame.iter_rows(named=True)
    for row, suggestions in zip(rows, found, strict=True):
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
    written = (json.dumps(line, ensure_ascii=False, default=str) for line in lines)
    if out is None:
        for line in written:
            print(line)
        return
    from nosology.files import write_lines

    write_lines(out, written, is_private=True)
