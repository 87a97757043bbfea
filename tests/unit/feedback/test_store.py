"""The store of decisions, the same on SQLite and on a real PostgreSQL: what is kept, and what goes wrong."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import postgres
from nosology.errors import ConfigError
from nosology.feedback.store import Decision, FeedbackStore, StoreError
from service_world import NOTE, client_of, notes, open_service, write_served_run


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """A private PostgreSQL server."""
    if reason := postgres.reason_to_skip():
        pytest.skip(reason)
    server = postgres.PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'feedback.db'}"
    server = request.getfixturevalue("server")
    server.execute("DROP TABLE IF EXISTS decisions, cards")
    return server.url


@pytest.fixture
def store(url: Any) -> Iterator[Any]:
    store = FeedbackStore(url)
    store.create()
    yield store
    store.close()


def decision(number: int, **changes: Any) -> Decision:
    values = {
        "decision_id": f"{number:08x}-0000-4000-8000-000000000000",
        "actor": "ward 3",
        "note_id": f"note {number}",
        "patient_id": "",
        "note_sha256": f"{number:064x}",
        "model_sha256": "b" * 64,
        "predicted": "Cardiovascular",
        "probability": 0.75,
        "abstained": False,
        "prediction_set": ("Cardiovascular", "Respiratory"),
        "verdict": "corrected",
        "category": "Respiratory",
        "code": "J189",
        "icd_version": 10,
        "text": "größere Übelkeit 💉 <b>%s</b> '; DROP TABLE decisions; --",
    }
    return Decision(**values | changes)


def test_a_decision_comes_back_as_it_was_stored(store: Any) -> None:
    assert store.add(decision(1))
    found = store.get(decision(1).decision_id)
    assert found.decided_at.endswith("+00:00")
    assert found == decision(1, decided_at=found.decided_at)
    assert store.get("no such id") is None


def test_the_same_decision_counts_once(store: Any) -> None:
    assert store.add(decision(1))
    assert not store.add(decision(1, category="Digestive"))
    assert [item.category for item in store.all()] == ["Respiratory"]


def test_decisions_come_oldest_first_and_the_newest_are_a_question_away(store: Any) -> None:
    for number in range(5):
        store.add(decision(number))
    assert [item.note_id for item in store.all()] == [f"note {i}" for i in range(5)]
    assert [item.note_id for item in store.latest(2)] == ["note 4", "note 3"]


def test_cards_are_remembered_with_what_their_suggestions_stand_for(store: Any) -> None:
    store.add_card("card", "receipt", {"a": {"code": "I21", "icd_version": 10}})
    assert store.card("card") == ("receipt", {"a": {"code": "I21", "icd_version": 10}})
    assert store.card("other") is None


def test_many_threads_lose_nothing(store: Any) -> None:
    threads = [threading.Thread(target=store.add, args=(decision(number),)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.all()) == 24


def test_making_the_tables_again_leaves_what_is_there(store: Any, url: Any) -> None:
    store.add(decision(1))
    again = FeedbackStore(url)
    again.create()
    assert len(again.all()) == 1
    again.close()


@pytest.mark.parametrize("url", ["", "no url", "mysql://root@localhost/x", "oracle://x"])
def test_what_is_no_supported_database_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        FeedbackStore(url)


def test_a_password_never_shows() -> None:
    store = FeedbackStore("postgresql://user:SECRET-PASSWORD@127.0.0.1:1/none")
    with pytest.raises(StoreError) as caught:
        store.create()
    assert "SECRET" not in repr(caught.value)
    assert caught.value.__cause__ is None


# ---- what goes wrong


def test_a_store_that_vanished_is_noticed_and_welcomed_back(tmp_path: Path) -> None:
    file = tmp_path / "feedback.db"
    store = FeedbackStore(f"sqlite:///{file}")
    store.create()
    store.add(decision(1))
    file.rename(tmp_path / "elsewhere.db")
    with pytest.raises(StoreError):
        store.add(decision(2))
    assert not file.exists(), "an empty store in its place would hide the loss"
    (tmp_path / "elsewhere.db").rename(file)
    assert store.add(decision(2))
    assert len(store.all()) == 2


def test_a_read_only_store_answers_questions_and_refuses_decisions(tmp_path: Path) -> None:
    file = tmp_path / "feedback.db"
    full = FeedbackStore(f"sqlite:///{file}")
    full.create()
    full.add(decision(1))
    store = FeedbackStore(f"sqlite:///file:{file}?mode=ro&uri=true")
    assert len(store.all()) == 1
    with pytest.raises(StoreError):
        store.add(decision(2))


def test_what_is_no_database_is_an_error_of_its_own_kind(tmp_path: Path) -> None:
    file = tmp_path / "feedback.db"
    file.write_bytes(b"this is not a database, it only has the name" * 100)
    store = FeedbackStore(f"sqlite:///{file}")
    with pytest.raises(StoreError):
        store.create()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


def accept(client: Any, decision_id: Any) -> Any:
    receipt = client.post("/v1/classify", json=notes(NOTE)).json()["predictions"][0]["receipt"]
    return client.post("/v1/feedback", json={"id": decision_id, "receipt": receipt, "verdict": "accepted"})


IDS = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(4)]


def test_the_service_works_the_same_on_either_database(run: Path, tmp_path: Path, url: Any) -> None:
    service, _ = open_service(run, tmp_path / "state", database=url)
    with client_of(service) as client:
        assert accept(client, IDS[0]).status_code == 201
        assert accept(client, IDS[0]).status_code == 200
        found = client.get("/v1/feedback").json()["decisions"]
        assert [item["id"] for item in found] == [IDS[0]]
        assert client.get("/v1/agreement").json()["agreement"] == 1.0


def test_while_postgresql_is_gone_notes_are_read_and_decisions_wait(run: Path, tmp_path: Path, server: Any) -> None:
    server.execute("DROP TABLE IF EXISTS decisions, cards")
    service, _ = open_service(run, tmp_path / "state", database=server.url)
    with client_of(service) as client:
        assert accept(client, IDS[0]).status_code == 201
        server.stop()
        try:
            refused = accept(client, IDS[1])
            assert refused.status_code == 503
            assert "nothing was stored" in refused.json()["detail"]
            assert int(refused.headers["retry-after"]) > 0
            assert client.post("/v1/classify", json=notes(NOTE)).status_code == 200
            ready = client.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
            assert ready.json()["parts"]["store"].startswith("cannot be used")
        finally:
            server.start()
        assert accept(client, IDS[1]).status_code == 201
        assert len(client.get("/v1/feedback").json()["decisions"]) == 2
        assert client.get("/readyz").json()["status"] == "ok"


def test_a_read_only_postgresql_refuses_decisions_and_answers_questions(run: Path, tmp_path: Path, server: Any) -> None:
    server.execute("DROP TABLE IF EXISTS decisions, cards")
    service, _ = open_service(run, tmp_path / "state", database=server.url)
    with client_of(service) as client:
        assert accept(client, IDS[0]).status_code == 201
        server.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
        service.store.close()  # the setting holds for new connections
        try:
            assert accept(client, IDS[1]).status_code == 503
            assert len(client.get("/v1/feedback").json()["decisions"]) == 1
        finally:
            server.execute("BEGIN READ WRITE; ALTER DATABASE postgres RESET default_transaction_read_only; COMMIT")
            service.store.close()


def test_while_the_audit_log_cannot_be_written_no_prediction_is_given_out(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    service, _ = open_service(run, tmp_path / "state")
    write = os.write

    def full(file: Any, data: Any) -> Any:
        if file == service.audit._file:
            raise OSError(28, "No space left on device")
        return write(file, data)

    with client_of(service) as client:
        monkeypatch.setattr(os, "write", full)
        refused = client.post("/v1/classify", json=notes(NOTE))
        assert refused.status_code == 503
        assert "label" not in refused.text
        assert client.get("/v1/model").status_code == 200
        assert client.get("/readyz").json()["parts"]["audit"] == "cannot be written (No space left on device)"
        table = {"Content-Type": "text/csv"}
        place = client.post("/v1/batch", content="text\nx\n", headers=table).headers["location"]
        while (batch := client.get(place).json())["state"] == "reading":
            pass
        assert (batch["state"], batch["problem"]) == ("failed", "the audit log cannot be written")
        monkeypatch.setattr(os, "write", write)
        assert client.post("/v1/classify", json=notes(NOTE)).status_code == 200
        assert client.get("/readyz").json()["status"] == "ok"


def test_a_store_of_before_there_were_blind_decisions_is_read_and_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'feedback.db'}"
    first = FeedbackStore(url)
    first.create()
    first.add(decision(1))
    first.close()
    with sqlite3.connect(tmp_path / "feedback.db") as connection:
        connection.execute("ALTER TABLE decisions DROP COLUMN blind")
    connection.close()
    store = FeedbackStore(url)
    assert [item.blind for item in store.all()] == [False]
    store.add(decision(2, blind=True))
    assert [item.blind for item in store.all()] == [False, True]
    store.close()


def test_a_blind_decision_that_is_called_seen_is_another_decision() -> None:
    assert decision(1, blind=True).sha256 != decision(1).sha256
