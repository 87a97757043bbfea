"""`nosology classify`: categories with probabilities for new notes."""

import json
import os
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nosology.cli import app
from nosology.cli.backends import (
    KEY_VARIABLE,
    AllowHostOption,
    Backend,
    BackendOption,
    ExportOption,
    ServedNameOption,
    TimeoutOption,
    UrlOption,
    Where,
    classifier_of,
)
from nosology.cli.console import progress, say, say_cautions
from nosology.cli.runs import RunArgument
from nosology.cli.scale import EngineName, EngineOption, classify_on_ray, refuse_with_ray
from nosology.cli.tables import (
    EncodingOption,
    EscapeOption,
    ForceOption,
    SeparatorOption,
    check_escaping,
    check_out,
    read_user_table,
    reading_options,
)
from nosology.errors import DataError

if TYPE_CHECKING:
    from nosology.records import Prediction


class System(StrEnum):
    """What answers."""

    tuned = "tuned"
    ensemble = "ensemble"


@app.command()
def classify(
    run: RunArgument,
    table: Annotated[str, typer.Argument(metavar="FILE", help="A table (CSV, TSV, Parquet, JSONL), - for one note.")],
    text: Annotated[str, typer.Option(help="The column that holds the notes.")] = "text",
    out_table: Annotated[
        str | None, typer.Option("--out", help="The table to write; without it, JSON lines go to stdout.")
    ] = None,
    system: Annotated[
        System | None,
        typer.Option(help="tuned or ensemble; without it, what the run's evaluate.answer_with says."),
    ] = None,
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
    state: Annotated[Path | None, typer.Option(help="Folder of the audit log.  [default: RUN/service]")] = None,
    audit_key: Annotated[
        Path | None, typer.Option(help="The key that signs the audit log.  [default: audit.key beside it]")
    ] = None,
    engine: EngineOption = EngineName.local,
) -> None:
    """Say which category each note belongs to, and how sure that is.

    Every input column and the order stay (a note on stdin has none); predicted_label, probability, ranking,
    prediction_set, abstained, is_calibrated, reason, caution, demands and typicality are added. A note that shows
    nothing gets no category, and reason says why; caution is what must be known beside every answer of a run that
    others trained. demands holds the places of passages that tell the reader what to answer ("classify this as ..."),
    in characters; read such a note yourself. typicality is how usual the note is among local ones that the run was
    calibrated on.

    With --backend another program runs the model, once it was proved to answer as the run does.

    A file is readable by you alone. A note in CSV may begin as a formula: add --escape-formulas before you open it in a
    table program.

    Example: nosology classify runs/first notes.csv --text TEXT --out predictions.csv
    """
    from nosology.sources.tablefile import has_lists, refuse_taken, table_format, write_table

    if engine is EngineName.ray:
        refuse_with_ray(
            escape_formulas=escape_formulas,
            force=force,
            backend=backend is not Backend.torch,
            export=bool(export),
            url=url is not None,
            allow_host=allow_host is not None,
            served_name=served_name is not None,
            state=state is not None,
        )
        how = reading_options(separator, encoding)
        classify_on_ray(run, table, out_table, text, system=system.value if system else None, how=how)
        return
    file, out = Path(table), Path(out_table) if out_table else None
    if out is not None:
        table_format(out)  # what cannot be written is refused before the model starts
        check_out(out, file, is_forced=force)
    if escape_formulas:
        check_escaping(out)
    key = os.environ.get(KEY_VARIABLE, "")
    where = Where(backend, export, url, allow_host, served_name, timeout, key, state, audit_key)
    where.check()
    read = None if str(file) == "-" else read_user_table(file, text, separator=separator, encoding=encoding)
    if read is not None:
        from nosology.records import PREDICTION_COLUMNS

        refuse_taken(read.frame, file, PREDICTION_COLUMNS)
    predictions = _predict(run, [_stdin()] if read is None else read.texts(text), system, where)
    if out is None:
        rows: Iterable[dict[str, Any]] = (
            [{}] if read is None else read.frame.drop(read.column(text)).iter_rows(named=True)
        )
        for row, prediction in zip(rows, predictions, strict=True):
            _print(prediction, row)
        return
    columns = [_fields(prediction) for prediction in predictions]
    write_table(
        _with_columns(None if read is None else read.frame, columns, is_nested=has_lists(out)),
        out,
        escapes_formulas=escape_formulas,
    )
    n_silent = sum(prediction.abstained for prediction in predictions)
    n_unread = sum(bool(prediction.reason) for prediction in predictions)
    unread = f", {n_unread} without anything to read (see the column reason)" if n_unread else ""
    n_sure = len(predictions) - n_unread
    n_told = sum(bool(prediction.demands) for prediction in predictions)
    told = f", {n_told} that tell the reader what to answer (see the column demands)" if n_told else ""
    say(f"classified {n_sure} notes, not sure about {n_silent - n_unread}{unread}{told}: {out}")


def _stdin() -> str:
    from nosology.text.normalize import is_blank

    note = sys.stdin.read()
    if is_blank(note):
        raise DataError("there is no note on stdin", place="-", hint="nosology classify RUN - < note.txt")
    return note


def _predict(run: Path, notes: list[str], system: System | None, where: Where) -> "list[Prediction]":
    classifier = classifier_of(run, system.value if system else None, where, len(notes))
    with progress("classify", total=len(notes)) as advance:
        predictions = classifier.classify(notes, progress=lambda n: advance(n))
    say_cautions(prediction.caution for prediction in predictions)
    if not all(prediction.is_calibrated for prediction in predictions):
        say("not calibrated, so every note is left to people: run nosology evaluate, with 30 validation notes or more")
    return predictions


def _fields(prediction: "Prediction") -> dict[str, Any]:
    return {
        "predicted_label": prediction.label or None,
        "probability": None if prediction.reason else prediction.probability,
        "ranking": [{"label": label, "probability": probability} for label, probability in prediction.ranking],
        "prediction_set": list(prediction.prediction_set),
        "abstained": prediction.abstained,
        "is_calibrated": prediction.is_calibrated,
        "reason": prediction.reason,
        "caution": prediction.caution,
        "demands": [{"start": demand.start, "end": demand.end} for demand in prediction.demands],
        "typicality": prediction.typicality,
    }


def _print(prediction: "Prediction", row: dict[str, Any]) -> None:
    print(json.dumps(row | _fields(prediction), ensure_ascii=False, default=str))


def _with_columns(table: Any, columns: list[dict[str, Any]], *, is_nested: bool) -> Any:
    """Return the predictions' fields behind the table's own, if there is a table; lists as JSON where needed."""
    import polars as pl

    if not is_nested:
        columns = [
            {name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()}
            for row in columns
        ]
    places = {"demands": pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64}))} if is_nested else {}
    added = pl.DataFrame(columns, infer_schema_length=None, schema_overrides=places)
    return added if table is None else table.with_columns(added.get_columns())
