"""A table with what was predicted and decided, in its own format and in pieces; CSV has lists as JSON."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from nosology.feedback.store import Decision
from nosology.records import PREDICTION_COLUMNS, prediction_types
from nosology.serve.schemas import PredictionOut
from nosology.serve.uploads import DECISION_COLUMNS
from nosology.sources.tablefile import content_of

_ROWS_OF_A_PIECE = 500
_BYTES_AT_ONCE = 1 << 20

_COLUMNS = prediction_types()
_CSV_COLUMNS = _COLUMNS | dict.fromkeys(("ranking", "prediction_set", "demands"), pl.String)
_DECIDED: dict[str, DataType | DataTypeClass] = {
    **dict.fromkeys(DECISION_COLUMNS, pl.String),
    "decided_blind": pl.Boolean,
}


def pieces(
    table: pl.DataFrame,
    predictions: Sequence[PredictionOut | None],
    decisions: Mapping[int, Decision],
    *,
    kind: Literal["csv", "jsonl", "parquet"],
    escapes_formulas: bool = False,
) -> Iterator[bytes]:
    """Yield a table with what was predicted and, where anything was, decided.

    Args:
        table: As it was uploaded.
        predictions: One for each row; None where it could not be read.
        decisions: By row; without any, the table gets no columns for them.
        kind: The format.
        escapes_formulas: In CSV, cells that a table program would run get an apostrophe in front.
    """

    def piece(start: int, n_rows: int) -> pl.DataFrame:
        rows = range(start, min(start + n_rows, len(predictions)))
        columns = [_predicted(predictions[row]) | (_decided(decisions.get(row)) if decisions else {}) for row in rows]
        if kind == "csv":
            columns = [{name: _flat(value) for name, value in row.items()} for row in columns]
        schema = (_CSV_COLUMNS if kind == "csv" else _COLUMNS) | (_DECIDED if decisions else {})
        return table.slice(start, n_rows).with_columns(pl.DataFrame(columns, schema=schema).get_columns())

    if kind == "parquet":
        out = io.BytesIO()  # its directory comes last, and nothing of a table may touch the disk
        piece(0, len(predictions)).write_parquet(out)
        for start in range(0, out.tell(), _BYTES_AT_ONCE):
            yield bytes(out.getbuffer()[start : start + _BYTES_AT_ONCE])
        return
    content = partial(content_of, kind=kind, escapes_formulas=escapes_formulas)
    head = b"".join(content(piece(0, 0)))  # of CSV, the names of the columns
    for start in range(0, len(predictions), _ROWS_OF_A_PIECE):
        written = b"".join(content(piece(start, _ROWS_OF_A_PIECE)))
        yield written.removeprefix(head) if start else written


def _predicted(prediction: PredictionOut | None) -> dict[str, object]:
    """Return what is added to a row; nothing where it could not be read."""
    if prediction is None:
        return dict.fromkeys(PREDICTION_COLUMNS)
    return {
        "label": prediction.label or None,
        "predicted_label": prediction.label or None,
        "probability": None if prediction.reason else prediction.probability,
        "ranking": [item.model_dump() for item in prediction.ranking],
        "prediction_set": prediction.prediction_set,
        "abstained": prediction.abstained,
        "is_calibrated": prediction.is_calibrated,
        "reason": prediction.reason,
        "caution": prediction.caution,
        "demands": [item.model_dump() for item in prediction.demands],
        "typicality": prediction.typicality,
    }


def _decided(decision: Decision | None) -> dict[str, object]:
    if decision is None:
        return dict.fromkeys(DECISION_COLUMNS)
    return {
        "decided_category": decision.category,
        "decided_code": decision.code,
        "decided_by": decision.actor,
        "decided_at": decision.decided_at,
        "decided_blind": decision.blind,
    }


def _flat(value: object) -> object:
    return json.dumps(value) if isinstance(value, list) else value
