"""`nosology classify`: categories with probabilities for new notes."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nosology.cli import app
from nosology.cli.backends import (
    AllowHostOption,
    AuditKeyOption,
    Backend,
    BackendOption,
    ExportOption,
    ServedNameOption,
    StateOption,
    TimeoutOption,
    UrlOption,
    Where,
    classifier_of,
    server_key,
)
from nosology.cli.console import progress, say, say_cautions
from nosology.cli.runs import RunArgument
from nosology.cli.scale import EngineName, EngineOption, classify_on_ray, refuse_with_ray
from nosology.cli.tables import (
    EncodingOption,
    EscapeOption,
    ForceOption,
    Given,
    SeparatorOption,
    Stdin,
    StdinOption,
    TextOption,
    check_table_out,
    print_lines,
    read_given,
    reading_options,
)

if TYPE_CHECKING:
    from polars import DataFrame

    from nosology.classifier.opening import System as Answering
    from nosology.records import Prediction

PREPARED_TEXT = "clean_text"
"""What a dataset calls its prepared texts."""


class System(StrEnum):
    """What answers."""

    tuned = "tuned"
    ensemble = "ensemble"


SystemOption = Annotated[
    System | None, typer.Option(help="tuned or ensemble; without it, what the run's evaluate.answer_with says.")
]
PreparedOption = Annotated[
    bool, typer.Option("--prepared", help="The texts are prepared already, as clean_text of a dataset is.")
]


@app.command()
def classify(
    run: RunArgument,
    table: Annotated[str, typer.Argument(metavar="FILE", help="A table (CSV, TSV, Parquet, JSON lines), or -.")],
    text: TextOption = "text",
    out_table: Annotated[
        str | None, typer.Option("--out", help="The table to write; without it, JSON lines go to stdout.")
    ] = None,
    system: SystemOption = None,
    is_prepared: PreparedOption = False,
    stdin: StdinOption = Stdin.note,
    separator: SeparatorOption = None,
    encoding: EncodingOption = None,
    escape_formulas: EscapeOption = False,
    force: ForceOption = False,
    backend: BackendOption = Backend.torch,
    export: ExportOption = None,
    url: UrlOption = None,
    allow_host: AllowHostOption = None,
    served_name: ServedNameOption = None,
    timeout: TimeoutOption = 120.0,
    state: StateOption = None,
    audit_key: AuditKeyOption = None,
    engine: EngineOption = EngineName.local,
) -> None:
    """Say which category each note belongs to, and how sure that is.

    Every input column and the order stay (on stdout, but for the notes); label, probability, ranking, prediction_set,
    abstained, is_calibrated, reason, caution, demands and typicality are added, and predicted_label: label under its
    old name, gone with the next version. A note that shows nothing gets no category, and reason says why. demands holds
    the places, in characters, of passages that tell the reader what to answer; read such a note yourself. typicality is
    how usual the note is among local ones that the run was calibrated on. A file is readable by you alone; before a
    table program opens CSV, add --escape-formulas. --backend: another program, proved to answer alike, runs the model.

    Example: nosology classify runs/first notes.csv --text TEXT --out predictions.csv
    """
    from nosology.records import PREDICTION_COLUMNS

    chosen: Answering | None = system.value if system else None
    where = Where(backend, export, url, allow_host, served_name, timeout, server_key(), state, audit_key)
    if engine is EngineName.ray:
        refuse_with_ray(**where.given(), **_not_default(stdin, is_prepared, force, escape_formulas))
        classify_on_ray(run, table, out_table, text, system=chosen, how=reading_options(separator, encoding))
        return
    file, out = Path(table), Path(out_table) if out_table else None
    check_table_out(out, file, is_forced=force, escapes_formulas=escape_formulas)
    where.check()
    given = read_given(file, text, stdin=stdin, separator=separator, encoding=encoding, added=PREDICTION_COLUMNS)
    _warn_of_second_preparation(text, is_prepared=is_prepared)
    _give_out(given, _predict(run, given.texts, chosen, where, is_prepared), out, escapes_formulas=escape_formulas)


def _not_default(stdin: Stdin, prepared: bool, force: bool, escape_formulas: bool) -> dict[str, bool]:
    """Return the options that partitions do not know, each with whether it was given."""
    return {
        "stdin": stdin is not Stdin.note, "prepared": prepared, "force": force, "escape_formulas": escape_formulas,
    }  # fmt: skip


def _warn_of_second_preparation(column: str, *, is_prepared: bool) -> None:
    if column == PREPARED_TEXT and not is_prepared:
        say("clean_text is what a dataset calls prepared texts: add --prepared, or they are prepared a second time")


def _give_out(given: Given, found: "list[Prediction]", out: Path | None, *, escapes_formulas: bool) -> None:
    """Write the table with what was predicted, or print JSON lines without the notes."""
    from nosology.sources.tablefile import has_lists, write_table

    if out is None:
        rows = zip(given.rows(with_text=False), found, strict=True)
        print_lines(row | prediction.columns() for row, prediction in rows)
        return
    table = given.with_columns(_columns(found, is_nested=has_lists(out)))
    write_table(table, out, escapes_formulas=escapes_formulas)
    say(f"{_summary(found)}: {out}")


def _predict(
    run: Path, notes: list[str], system: "Answering | None", where: Where, is_prepared: bool
) -> "list[Prediction]":
    classifier = classifier_of(run, system, where, len(notes))
    with progress("classify", total=len(notes)) as advance:
        predictions = classifier.classify(notes, is_prepared=is_prepared, progress=lambda n: advance(n))
    say_cautions(prediction.caution for prediction in predictions)
    if not all(prediction.is_calibrated for prediction in predictions):
        say("not calibrated, so every note is left to people: run nosology evaluate, with 30 validation notes or more")
    return predictions


def _summary(found: "list[Prediction]") -> str:
    """Return how many notes were read, and how many of them a person should look at."""
    n_unread = sum(bool(prediction.reason) for prediction in found)
    n_silent = sum(prediction.abstained for prediction in found) - n_unread
    n_told = sum(bool(prediction.demands) for prediction in found)
    unread = f", {n_unread} without anything to read (see the column reason)" if n_unread else ""
    told = f", {n_told} that tell the reader what to answer (see the column demands)" if n_told else ""
    return f"classified {len(found) - n_unread} notes, not sure about {n_silent}{unread}{told}"


def _columns(found: "list[Prediction]", *, is_nested: bool) -> "DataFrame":
    """Return the predictions as columns; lists as JSON where a format has none."""
    import polars as pl

    rows = [prediction.columns() for prediction in found]
    if not is_nested:
        rows = [
            {name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()}
            for row in rows
        ]
    places = {"demands": pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64}))} if is_nested else {}
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides=places)
