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
    ForceOption,
    SeparatorOption,
    check_escaping,
    check_out,
    read_user_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nosology.deidentification import Deidentified, Detector


class _Style(StrEnum):
    token = "token"
    surrogate = "surrogate"


class _Recall(StrEnum):
    balanced = "balanced"
    high = "high"


@app.command()
def deid(
    file: Annotated[Path, typer.Argument(help="A table: CSV, TSV, Parquet or JSON lines.")],
    text: Annotated[str, typer.Option(help="The column that holds the notes.")],
    out: Annotated[Path, typer.Option(help="The table to write; its name says the format.")],
    style: Annotated[
        _Style, typer.Option(help="token: <NAME>. surrogate: invented values, dates moved by one offset per patient.")
    ] = _Style.token,
    patient: Annotated[
        str | None, typer.Option(help="The column that says whose note it is, for surrogates that agree.")
    ] = None,
    detector: Annotated[
        list[str] | None,
        typer.Option(help="A further detector: presidio[:SPACY_MODEL], or transformer:NAME_OR_FOLDER. Repeatable."),
    ] = None,
    recall: Annotated[
        _Recall, typer.Option(help="high: a network beside the rules; misses less, redacts more that is no identifier.")
    ] = _Recall.balanced,
    review: Annotated[
        Path | None, typer.Option(help="Also write a page (HTML) of a random sample to check, the doubtful first.")
    ] = None,
    review_notes: Annotated[int, typer.Option(min=1, help="How many notes --review shows.")] = 50,
    processes: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    separator: SeparatorOption = None,
    encoding: EncodingOption = None,
    escape_formulas: EscapeOption = False,
    force: ForceOption = False,
) -> None:
    """Replace names, dates, places, numbers and other identifiers in a column of notes.

    Every input column and the order stay; clean_text and spans are added: [{start, end, type}], offsets in Unicode
    code points of the input text (JSON in CSV and TSV). Recall is measured, never complete: read a sample before you
    share anything. For surrogates, set NOSOLOGY_DEID_SECRET to a secret of your own.

    Example: nosology deid notes.csv --text TEXT --out clean.csv
    """
    from nosology.deidentification import SECRET_VARIABLE, default_detectors, deidentify_many
    from nosology.errors import ConfigError
    from nosology.sources.tablefile import has_lists, refuse_taken, table_format, write_table

    table_format(out)  # what cannot be written is refused before the work starts
    if review and _is_same(review, out):
        hint = "give the page a name of its own, such as review.html"
        raise ConfigError("is also --out, and the page would overwrite the table", place="--review", hint=hint)
    for path in (out, review) if review else (out,):
        check_out(path, file, is_forced=force)
    if escape_formulas:
        check_escaping(out)
    detectors = (*default_detectors(recall.value), *_further(detector or []))
    read = read_user_table(file, text, *([patient] if patient else []), separator=separator, encoding=encoding)
    table = read.frame
    refuse_taken(table, file, ("clean_text", "spans"))
    if style is _Style.surrogate and not os.environ.get(SECRET_VARIABLE):
        say(f"note: {SECRET_VARIABLE} is not set, so whoever knows a patient's key can undo the shift of the dates")
    texts = read.texts(text)
    results: list[Deidentified] = []
    with progress("deid", total=len(texts)) as advance:
        for result in deidentify_many(
            texts,
            style=style.value,
            detectors=detectors,
            patient_keys=read.texts(patient) if patient else None,
            processes=processes,
        ):
            results.append(result)
            advance(1)
    if review:
        _write_review(review, texts, results, n_sample=review_notes, recall=recall.value)
    write_table(_with_columns(table, results, is_nested=has_lists(out)), out, escapes_formulas=escape_formulas)
    say(
        f"replaced {sum(len(result.spans) for result in results):,} identifiers in {len(results):,} notes, "
        f"recall {recall.value}: {out}"
    )


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


def _with_columns(table: Any, results: "list[Deidentified]", *, is_nested: bool) -> Any:
    """Return the table with clean_text and spans behind its own columns; spans are JSON where a format has no lists."""
    import polars as pl

    spans = [[{"start": s.start, "end": s.end, "type": s.type} for s in result.spans] for result in results]
    kind = pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64, "type": pl.String}))
    column = (
        pl.Series("spans", spans, dtype=kind)
        if is_nested
        else pl.Series("spans", [json.dumps(found) for found in spans], dtype=pl.String)
    )
    return table.with_columns(pl.Series("clean_text", [r.text for r in results], dtype=pl.String), column)
