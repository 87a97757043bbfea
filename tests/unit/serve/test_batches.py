"""One uploaded table as it is read: how far it is, its rows, and its result in pieces and in its own format."""

import csv
import io
import json
import time
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.feedback.store import Decision
from nosology.records import PREDICTION_COLUMNS
from nosology.serve import result, worklist
from nosology.serve.http.sessions import LOCAL
from nosology.serve.schemas import PredictionOut
from nosology.serve.uploads import Format
from nosology.serve.worklist import BatchJob

NOTES = ["Chest pain.", 'She said "no",\nthen left.', "=1+1"]


def prediction(label: str = "Cardiovascular", probability: float = 0.75, reason: str = "") -> PredictionOut:
    """Return what is known of a row."""
    return PredictionOut.model_validate(
        {
            "id": "",
            "label": label,
            "probability": probability,
            "ranking": [{"label": label, "probability": probability}] if label else [],
            "prediction_set": [label] if label else [],
            "abstained": bool(reason),
            "is_calibrated": True,
            "reason": reason,
            "truncated_tokens": 0,
            "note_sha256": "0" * 64,
            "receipt": "r",
        }
    )


def job(kind: Format = "csv", texts: list[str] | None = None, **fields: Any) -> BatchJob:
    """Return a table of notes of which nothing is known yet."""
    texts = NOTES if texts is None else texts
    ids = [f"n{number}" for number in range(len(texts))]
    table = pl.DataFrame({"id": ids, "text": texts}, schema={"id": pl.String, "text": pl.String})
    waiting: list[PredictionOut | None] = [None] * len(texts)
    return BatchJob("b", LOCAL, kind, table, texts, ids, waiting, 100.0, **fields)


def read_whole(batch: BatchJob, *labels: str) -> BatchJob:
    """Return a table all of whose rows were read."""
    batch.predictions = [prediction(label) for label in labels]
    batch.ended = 103.5
    return batch


def rows_of(data: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def test_a_row_that_was_read_and_one_that_could_not_be_are_both_done() -> None:
    batch = job()
    assert (batch.n_done, batch.out().state) == (0, "reading")
    batch.predictions[0], batch.problems[2] = prediction(), "the model broke on it"
    assert batch.n_done == 2
    assert (batch.out().n_rows, batch.out().n_done, batch.out().n_failed) == (3, 2, 1)


def test_a_table_that_was_cancelled_is_so_whatever_else_became_of_it() -> None:
    batch = job(ended=101.0, problem="the audit log cannot be written", is_cancelled=True)
    assert batch.out().state == "cancelled"
    batch.is_cancelled = False
    assert (batch.out().state, batch.out().problem) == ("failed", "the audit log cannot be written")
    batch.problem = None
    assert (batch.out().state, batch.out().seconds) == ("done", 1.0)


def test_the_clock_of_a_table_stands_still_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worklist.time, "monotonic", lambda: 107.25)
    assert job().out().seconds == 7.25
    assert read_whole(job(), "a", "b", "c").out().seconds == 3.5


def test_rows_beyond_the_end_are_no_rows() -> None:
    batch = job(problems={1: "too slow"})
    assert [(row.row, row.id, row.problem) for row in batch.rows(1, 50)] == [(1, "n1", "too slow"), (2, "n2", None)]
    assert batch.rows(3, 50) == []
    assert batch.rows(0, 0) == []


def test_a_result_in_csv_keeps_columns_and_order_and_holds_lists_as_json() -> None:
    found = rows_of(b"".join(read_whole(job(), "Cardiovascular", "Respiratory", "Digestive").result()))
    assert [row["id"] for row in found] == ["n0", "n1", "n2"]
    assert [row["text"] for row in found] == NOTES
    assert list(found[0]) == ["id", "text", *PREDICTION_COLUMNS]
    assert json.loads(found[1]["prediction_set"]) == ["Respiratory"]
    assert json.loads(found[1]["ranking"]) == [{"label": "Respiratory", "probability": 0.75}]


def test_a_row_that_could_not_be_read_has_nothing_in_its_columns() -> None:
    batch = job(problems={1: "too slow"}, ended=101.0)
    batch.predictions[0] = batch.predictions[2] = prediction()
    empty = rows_of(b"".join(batch.result()))[1]
    assert {empty[name] for name in PREDICTION_COLUMNS} == {""}
    assert empty["text"] == NOTES[1]


def test_a_note_that_shows_nothing_has_a_reason_and_neither_category_nor_probability() -> None:
    batch = read_whole(job("jsonl", [" "]), "x")
    batch.predictions[0] = prediction("", 0.0, reason="empty note")
    (line,) = map(json.loads, b"".join(batch.result()).splitlines())
    assert (line["predicted_label"], line["probability"], line["reason"]) == (None, None, "empty note")
    assert line["abstained"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_pieces_put_together_are_the_result_in_one(kind: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = ("a", "b", "c")
    whole = b"".join(read_whole(job(kind), *labels).result())
    monkeypatch.setattr(result, "_ROWS_OF_A_PIECE", 1)
    monkeypatch.setattr(result, "_BYTES_AT_ONCE", 50)
    pieces = list(read_whole(job(kind), *labels).result())
    assert len(pieces) > 2
    assert b"".join(pieces) == whole


def test_parquet_keeps_lists_as_lists() -> None:
    frame = pl.read_parquet(io.BytesIO(b"".join(read_whole(job("parquet"), "a", "b", "c").result())))
    assert frame["prediction_set"].to_list() == [["a"], ["b"], ["c"]]
    assert frame["text"].to_list() == NOTES
    assert frame["ranking"].to_list()[0] == [{"label": "a", "probability": 0.75}]


def test_a_table_counts_as_fetched_when_its_last_piece_was_taken() -> None:
    batch = read_whole(job(), "a", "b", "c")
    pieces = batch.result()
    next(pieces)
    assert not batch.is_fetched
    list(pieces)
    assert batch.is_fetched


def test_a_formula_is_escaped_where_it_was_asked_for_alone() -> None:
    batch = read_whole(job(), "a", "b", "c")
    assert rows_of(b"".join(batch.result()))[2]["text"] == "=1+1"
    assert rows_of(b"".join(batch.result(escapes_formulas=True)))[2]["text"] == "'=1+1"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r")), max_size=5))
def test_json_lines_give_every_note_back_as_it_was(texts: list[str]) -> None:
    batch = read_whole(job("jsonl", texts), *("a" for _ in texts))
    lines = b"".join(batch.result()).decode("utf-8").split("\n")
    assert [json.loads(line)["text"] for line in lines if line] == texts


def test_no_text_is_in_what_a_table_looks_like() -> None:
    batch = read_whole(job(), "a", "b", "c")
    assert not any(note in repr(batch) for note in NOTES)


def decided() -> Decision:
    """Return what somebody decided on a row."""
    return Decision("d", "local", "", "", "0" * 64, "m", "a", 0.75, False, (), "accepted", "a")


def test_every_piece_of_a_result_has_the_columns_of_the_first_whatever_is_decided_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(result, "_ROWS_OF_A_PIECE", 1)
    batch = read_whole(job("jsonl"), "a", "b", "c")
    pieces = batch.result()
    found = [json.loads(next(pieces))]
    batch.decisions[1] = decided()
    found += map(json.loads, pieces)
    assert len({tuple(row) for row in found}) == 1
    assert not batch.is_fetched, "a decision is missing in it"


def test_a_blind_row_without_a_category_is_not_hidden_since_nobody_can_decide_on_it() -> None:
    batch = job(blind=(2, 0, 1), problems={1: "too slow"})
    assert [batch.is_hidden(row) for row in range(3)] == [True, False, True]
    batch.predictions[0], batch.predictions[2] = prediction("", 0.0, reason="empty note"), prediction()
    assert [batch.is_hidden(row) for row in range(3)] == [False, False, True]
    assert batch.row(0).prediction is not None
    assert batch.out().n_hidden == 1


def test_who_saw_what_the_run_says_of_a_text_is_blind_to_it_in_no_row() -> None:
    batch = job(texts=["same", "other", "same", "same"], blind=(3, 1, 0, 2))
    batch.show(2)
    assert [batch.is_hidden(row) for row in range(4)] == [False, True, False, False]


def test_a_long_list_that_is_blind_throughout_is_told_of_in_no_time() -> None:
    batch = job(texts=["x"] * 20_000, blind=tuple(range(20_000)))
    started = time.process_time()
    assert batch.out().n_hidden == 20_000
    assert time.process_time() - started < 0.5  # going through the drawn rows for each takes some 2 s
