"""``nosology deid``: replace the identifiers in a column of a table."""

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nosology.cli import app
from nosology.cli.console import progress, say
from nosology.cli.tables import (
    EncodingOption,
    EscapeOption,
    FileArgument,
    ForceOption,
    Given,
    SeparatorOption,
    Stdin,
    StdinOption,
    TextOption,
    check_out,
    check_table_out,
    print_lines,
    read_given,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polars import DataFrame

    from nosology.deidentification import Deidentified, Detector


class _Style(StrEnum):
    token = "token"
    surrogate = "surrogate"


class _Recall(StrEnum):
    balanced = "balanced"
    high = "high"


StyleOption = Annotated[
    _Style, typer.Option(help="token: <NAME>. surrogate: invented values, dates moved by one offset per patient.")
]
DetectorOption = Annotated[
    list[str] | None,
    typer.Option(help="A further detector: presidio[:SPACY_MODEL], or transformer:NAME_OR_FOLDER. Repeatable."),
]
RecallOption = Annotated[
    _Recall,
    typer.Option(help="high: also what the network is less sure of; misses less, redacts more that is no identifier."),
]


@app.command()
def deid(
    file: FileArgument,
    text: TextOption = "text",
    out: Annotated[
        Path | None, typer.Option(help="The table to write; its name says the format. Without it: stdout.")
    ] = None,
    style: StyleOption = _Style.token,
    patient: Annotated[
        str | None, typer.Option(help="The column that says whose note it is, for surrogates that agree.")
    ] = None,
    detector: DetectorOption = None,
    recall: RecallOption = _Recall.balanced,
    review: Annotated[
        Path | None, typer.Option(help="Also write a page (HTML) of a random sample to check, the doubtful first.")
    ] = None,
    review_notes: Annotated[int, typer.Option(min=1, help="How many notes --review shows.")] = 50,
    processes: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    stdin: StdinOption = Stdin.note,
    separator: SeparatorOption = None,
    encoding: EncodingOption = None,
    escape_formulas: EscapeOption = False,
    force: ForceOption = False,
) -> None:
    """Replace names, dates, places, numbers and other identifiers in a column of notes.

    Every input column and the order stay; clean_text and spans are added: [{start, end, type}], offsets in Unicode
    code points of the input text (JSON in CSV and TSV). Without --out JSON lines go to stdout, which leave the notes as
    they were out; one note from stdin comes back as text. Recall is measured, never complete: read a sample before you
    share anything. For surrogates, set NOSOLOGY_DEID_SECRET to a secret of your own.

    Example: nosology deid notes.csv --text TEXT --out clean.csv
    """
    from nosology.deidentification import default_detectors
    from nosology.sources.tablefile import has_lists, write_table

    check_table_out(out, file, is_forced=force, escapes_formulas=escape_formulas)
    if review:
        _check_review(review, file, out, is_forced=force)
    detectors = (*default_detectors(recall.value), *_further(detector or []))
    whose = [patient] if patient else []
    given = read_given(file, text, *whose, stdin=stdin, separator=separator, encoding=encoding, added=_ADDED)
    found = _replace(given, style, patient, detectors, processes)
    if review:
        _write_review(review, given.texts, found, n_sample=review_notes, recall=recall.value)
    if out is None:
        _print(given, found)
        return
    write_table(given.with_columns(_columns(found, is_nested=has_lists(out))), out, escapes_formulas=escape_formulas)
    n_spans = sum(len(result.spans) for result in found)
    say(f"replaced {n_spans:,} identifiers in {len(found):,} notes, recall {recall.value}: {out}")


_ADDED = ("clean_text", "spans")


def _replace(
    given: Given, style: _Style, patient: str | None, detectors: "tuple[Detector, ...]", processes: int
) -> "list[Deidentified]":
    """Return each note without its identifiers."""
    from nosology.deidentification import SECRET_VARIABLE, deidentify_many

    if style is _Style.surrogate and not os.environ.get(SECRET_VARIABLE):
        say(f"note: {SECRET_VARIABLE} is not set, so whoever knows a patient's key can undo the shift of the dates")
    keys = given.ids(patient) if patient else None
    results: list[Deidentified] = []
    with progress("deid", total=len(given.texts)) as advance:
        for result in deidentify_many(
            given.texts, style=style.value, detectors=detectors, patient_keys=keys, processes=processes
        ):
            results.append(result)
            advance(1)
    return results


def _print(given: Given, found: "list[Deidentified]") -> None:
    """Print JSON lines; one note that came through stdin as text."""
    if given.table is None:
        print(found[0].text, end="" if found[0].text.endswith("\n") else "\n")
        return
    rows = zip(given.rows(with_text=False), found, strict=True)
    print_lines(row | {"clean_text": result.text, "spans": _spans(result)} for row, result in rows)


def _spans(result: "Deidentified") -> list[dict[str, Any]]:
    return [{"start": span.start, "end": span.end, "type": span.type} for span in result.spans]


def _check_review(review: Path, file: Path, out: Path | None, *, is_forced: bool) -> None:
    """Refuse a page that could not be written after the work, or only in place of the table."""
    from nosology.errors import ConfigError

    if out is not None and _is_same(review, out):
        hint = "give the page a name of its own, such as review.html"
        raise ConfigError("is also --out, and the page would overwrite the table", place="--review", hint=hint)
    check_out(review, file, is_forced=is_forced)


def _is_same(one: Path, other: Path) -> bool:
    """Return whether both names are one file, whatever links lead to it, there or yet to be written."""
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def _write_review(
    path: Path, texts: "Sequence[str]", results: "list[Deidentified]", *, n_sample: int, recall: str
) -> None:
    """Write the page of a sample: the notes as they were, with how sure the network is of each span."""
    from nosology.deidentification.findings import Finding
    from nosology.deidentification.judging.certainty import certainty
    from nosology.report.redactions import Reviewed, drawn, write_redactions

    notes = []
    for i in drawn(len(results), n_sample):
        spans = results[i].spans
        shares = certainty(texts[i], spans)
        findings = tuple(Finding(span, share) for span, share in zip(spans, shares, strict=True))
        notes.append(Reviewed(i + 1, texts[i], findings))
    write_redactions(notes, path, n_notes=len(results), recall=recall)
    say(f"the notes of {path} hold their identifiers: keep it where the notes are kept")


def _further(names: list[str]) -> "tuple[Detector, ...]":
    """Return the detectors that are named on the command line."""
    from nosology.errors import ConfigError

    found: list[Detector] = []
    for name in names:
        kind, _, model = name.partition(":")
        if kind == "presidio":
            from nosology.deidentification.detectors.presidio import PresidioDetector

            found.append(PresidioDetector(model) if model else PresidioDetector())
        elif kind == "transformer" and model:
            from nosology.modeling.token_classifier import TokenClassifier

            found.append(TokenClassifier.load(model))
        else:
            hint = "presidio, presidio:SPACY_MODEL or transformer:NAME_OR_FOLDER"
            raise ConfigError(f"no detector is called {name!r}", place="--detector", hint=hint)
    return tuple(found)


def _columns(found: "list[Deidentified]", *, is_nested: bool) -> "DataFrame":
    """Return clean_text and spans as columns; spans are JSON where a format has no lists."""
    import polars as pl

    spans = [_spans(result) for result in found]
    kind = pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64, "type": pl.String}))
    column = (
        pl.Series("spans", spans, dtype=kind)
        if is_nested
        else pl.Series("spans", [json.dumps(places) for places in spans], dtype=pl.String)
    )
    return pl.DataFrame([pl.Series("clean_text", [result.text for result in found], dtype=pl.String), column])
