"""Rows of a table over HTTP: an order, blind ones, one reading each, decisions that come back in the table."""

import asyncio
import csv
import io
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service_world import NAMES, client_of, open_service, until, write_served_run

TABLE = "id,text\n" + "".join(f"n{i},tells of {('infarction', 'eczema')[i % 2]} {i}\n" for i in range(10))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("rows"))


@pytest.fixture
def parts(run: Path, tmp_path: Path) -> Any:
    return open_service(run, tmp_path / "state")


@pytest.fixture
def client(parts: Any) -> Iterator[Any]:
    with client_of(parts[0]) as made:
        yield made


def uploaded(client: Any, **wanted: Any) -> str:
    """Return the address of a table that was read."""
    answer = client.post("/v1/batch", content=TABLE, headers={"Content-Type": "text/csv"}, params=wanted)
    assert answer.status_code == 202, answer.text
    place = str(answer.headers["location"])
    until(lambda: client.get(place).json()["state"] == "done")
    return place


def test_a_row_is_read_once_however_often_it_is_asked_for(client: Any, parts: Any) -> None:
    place = uploaded(client, suggest=True)
    for _ in range(3):
        row = client.get(f"{place}/rows/4").json()
        assert row["prediction"]["suggestions"][0]["code"] == "I21"
    read = [text for texts in parts[1].texts for text in texts]
    assert len(read) == len(set(read)) == 10


def test_rows_of_a_table_without_diagnoses_get_them_when_they_are_opened(client: Any) -> None:
    place = uploaded(client)
    assert "suggestions" not in client.get(f"{place}/rows").json()["rows"][3]["prediction"]
    assert client.get(f"{place}/rows/3").json()["prediction"]["suggestions"][0]["code"] == "L20"
    assert client.get(f"{place}/rows/10").status_code == 404


def test_a_blind_row_hides_its_prediction_in_every_answer_until_it_is_decided(client: Any, parts: Any) -> None:
    place = uploaded(client, suggest=True, blind=0.2)
    listed = client.get(f"{place}/list").json()
    blind = [item["row"] for item in listed["rows"] if item["is_blind"]]
    assert len(blind) == listed["batch"]["n_hidden"] == 2
    for row in blind:
        assert client.get(f"{place}/rows/{row}").json()["prediction"] is None
        assert client.get(f"{place}/rows", params={"offset": row, "limit": 1}).json()["rows"][0]["prediction"] is None
    hidden = next(item for item in listed["rows"] if item["is_blind"])
    assert (hidden["label"], hidden["probability"], hidden["unseen"]) == ("", None, None)
    decision = f"{place}/rows/{blind[0]}/decision"
    assert client.post(decision, json={}).status_code == 422, "nothing was shown that could be accepted"
    told = client.post(decision, json={"category": NAMES[0]}).json()
    assert told["decision"]["blind"]
    assert told["prediction"]["label"] == told["decision"]["predicted"]
    again = client.request("DELETE", decision).json()
    assert (again["decision"], again["is_blind"]) == (None, False)
    assert not client.post(decision, json={}).json()["decision"]["blind"], "by now it was seen"
    assert [item.verdict for item in parts[0].store.all()][1] == "undone"


def test_the_table_holds_what_was_decided_and_shows_what_was_hidden_from_then_on(client: Any) -> None:
    place = uploaded(client, suggest=True, blind=0.2)
    blind = [item["row"] for item in client.get(f"{place}/list").json()["rows"] if item["is_blind"]]
    client.post(
        f"{place}/rows/{blind[0]}/decision", json={"category": NAMES[2], "code": {"value": "K25", "version": 10}}
    )
    rows = list(csv.DictReader(io.StringIO(client.get(f"{place}/result").text)))
    told = rows[blind[0]]
    assert (told["decided_category"], told["decided_code"], told["decided_blind"]) == (NAMES[2], "K25", "true")
    assert told["decided_by"] == "local"
    assert told["decided_at"]
    assert all(row["decided_category"] == "" for i, row in enumerate(rows) if i != blind[0])
    assert not client.get(f"{place}/rows/{blind[1]}").json()["is_blind"]


def test_agreement_is_told_apart_for_blind_and_seen(client: Any) -> None:
    place = uploaded(client, suggest=True, blind=0.1)
    for item in client.get(f"{place}/list").json()["rows"]:
        body = {"category": "Respiratory"} if item["is_blind"] else {}
        assert client.post(f"{place}/rows/{item['row']}/decision", json=body).status_code == 201
    found = client.get("/v1/agreement").json()
    assert (found["blind"]["n_decisions"], found["blind"]["n_accepted"]) == (1, 0)
    assert (found["seen"]["n_decisions"], found["seen"]["n_accepted"]) == (9, 9)
    low, high = found["seen"]["agreement_interval"]
    assert (round(low, 3), high) == (0.701, 1.0)  # 9 / (9 + 1.96 ** 2)


def test_columns_are_told_to_choose_from_and_nothing_is_kept(client: Any) -> None:
    answer = client.post("/v1/batch/columns", content=TABLE, headers={"Content-Type": "text/csv"})
    assert [(item["name"], item["is_text"]) for item in answer.json()["columns"]] == [("id", True), ("text", True)]
    assert client.get("/v1/batch").json() == {"batches": []}


def test_a_blind_row_is_decided_before_it_is_read_and_read_once_all_the_same(client: Any, parts: Any) -> None:
    parts[1].gate.clear()
    answer = client.post(
        "/v1/batch", content=TABLE, headers={"Content-Type": "text/csv"}, params={"blind": 1, "suggest": True}
    )
    threading.Timer(0.3, parts[1].gate.set).start()
    told = client.post(f"{answer.headers['location']}/rows/9/decision", json={"category": NAMES[1]})
    assert told.status_code == 201
    assert told.json()["decision"]["blind"]
    until(lambda: client.get(answer.headers["location"]).json()["state"] == "done")
    assert sum(len(texts) for texts in parts[1].texts) == 10


def test_nothing_is_undone_that_was_not_decided(client: Any) -> None:
    place = uploaded(client)
    assert client.request("DELETE", f"{place}/rows/0/decision").status_code == 409


@pytest.mark.parametrize("word", [None, "eczema 1"], ids=["read", "broken"])
def test_a_row_opened_while_its_piece_is_read_keeps_its_diagnoses(
    client: Any, parts: Any, word: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    batcher, reader = parts[0].batcher, parts[1]
    submit, has_read, may_go_on = batcher.submit_rows, threading.Event(), threading.Event()

    async def late(*what: Any) -> Any:
        found = await submit(*what)
        has_read.set()
        await asyncio.to_thread(may_go_on.wait, 30)
        return found

    monkeypatch.setattr(batcher, "submit_rows", late)
    reader.breaks_on = word
    place = client.post("/v1/batch", content=TABLE, headers={"Content-Type": "text/csv"}).headers["location"]
    assert has_read.wait(20)
    until(lambda: "eczema 1" in str(reader.texts))
    time.sleep(0.1)
    reader.breaks_on = None
    assert client.get(f"{place}/rows/1").json()["prediction"]["suggestions"]
    may_go_on.set()
    until(lambda: client.get(place).json()["state"] == "done")
    row = client.get(f"{place}/rows", params={"offset": 1, "limit": 1}).json()["rows"][0]
    assert (row["problem"], "suggestions" in row["prediction"]) == (None, True)


def test_a_row_that_was_opened_and_decided_keeps_what_was_shown_of_it_where_nothing_is_suggested(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, reader = open_service(run, tmp_path, can_suggest=False)
    classify, submit, may_go_on = reader.classify, service.batcher.submit_rows, threading.Event()

    def surer_each_time(texts: Any) -> Any:
        return [replace(found, probability=0.5 + len(reader.texts) / 100) for found in classify(texts)]

    async def late(*what: Any) -> Any:
        found = await submit(*what)
        await asyncio.to_thread(may_go_on.wait, 30)
        return found

    monkeypatch.setattr(reader, "classify", surer_each_time)
    monkeypatch.setattr(service.batcher, "submit_rows", late)
    with client_of(service) as client:
        place = client.post("/v1/batch", content=TABLE, headers={"Content-Type": "text/csv"}).headers["location"]
        until(lambda: "eczema 1" in str(reader.texts))
        shown = client.get(f"{place}/rows/1").json()["prediction"]
        told = client.post(f"{place}/rows/1/decision", json={}).json()
        may_go_on.set()
        until(lambda: client.get(place).json()["state"] == "done")
        assert "eczema 1" in str(reader.texts[1]), "its piece was read too"
        row = client.get(f"{place}/rows", params={"offset": 1, "limit": 1}).json()["rows"][0]
        assert row["prediction"] == shown == told["prediction"]
        assert row["decision"]["probability"] == shown["probability"]


def test_a_blind_decision_whose_answer_was_lost_is_sent_again_under_its_id(client: Any, parts: Any) -> None:
    decision = f"{uploaded(client, suggest=True, blind=1)}/rows/3/decision"
    body = {"id": str(uuid.uuid4()), "category": NAMES[1]}
    first, again = (client.post(decision, json=body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert [item.blind for item in parts[0].store.all()] == [True]
    assert client.post(decision, json=body | {"category": NAMES[2]}).status_code == 409


def test_a_decision_after_the_table_was_fetched_is_not_in_it(client: Any) -> None:
    place = uploaded(client)
    assert client.get(f"{place}/result").status_code == 200
    assert client.get(place).json()["is_fetched"]
    assert client.post(f"{place}/rows/0/decision", json={}).status_code == 201
    assert not client.get(place).json()["is_fetched"]
