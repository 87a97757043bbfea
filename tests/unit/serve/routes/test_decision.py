"""Decisions over HTTP: a receipt in, a stored decision out, once; and what is no decision on that note is refused."""

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from nosology.serve.service import Service
from service_world import NOTE, client_of, notes, open_service, write_served_run

UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that can be served."""
    return write_served_run(tmp_path_factory.mktemp("decisions"))


@pytest.fixture
def service(run: Path, tmp_path: Path) -> Service:
    """A service over it that keeps no text."""
    return open_service(run, tmp_path / "state")[0]


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    """A client of it."""
    with client_of(service) as made:
        yield made


def receipt_of(client: TestClient, note: str = NOTE) -> str:
    """Return the receipt of a note's prediction."""
    answer = client.post("/v1/classify", json=notes(note)).json()
    return str(answer["predictions"][0]["receipt"])


def send(client: TestClient, **changes: Any) -> Any:
    """Decide on the usual note and return the answer."""
    body = {"receipt": receipt_of(client), "verdict": "accepted"} | changes
    return client.post("/v1/feedback", json=body)


def test_an_accepted_prediction_is_a_decision_for_its_category(client: TestClient) -> None:
    answer = send(client, note_id="n-1", patient_id="p-1")
    assert answer.status_code == 201
    found = answer.json()
    assert (found["verdict"], found["predicted"], found["category"]) == ("accepted", "Cardiovascular", "Cardiovascular")
    assert found["note_sha256"] == hashlib.sha256(NOTE.encode()).hexdigest()
    assert (found["actor"], found["note_id"], found["has_text"]) == ("local", "n-1", False)
    assert str(uuid.UUID(found["id"])) == found["id"]


def test_a_correction_names_another_category_and_maybe_a_code(client: TestClient) -> None:
    answer = send(client, verdict="corrected", category="Respiratory", code={"value": "j18.9", "version": 10}, id=UUID)
    assert answer.status_code == 201
    found = answer.json()
    assert (found["verdict"], found["category"], found["predicted"]) == ("corrected", "Respiratory", "Cardiovascular")
    assert (found["code"], found["icd_version"]) == ("J189", 10), "undotted and upper case, as everywhere"


def test_the_same_decision_sent_again_is_answered_with_the_first(client: TestClient, service: Service) -> None:
    receipt = receipt_of(client)
    answers = [
        client.post("/v1/feedback", json={"receipt": receipt, "verdict": "accepted", "id": UUID}) for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert len(service.store.all()) == 1


def test_another_decision_under_the_same_id_is_a_conflict(client: TestClient, service: Service) -> None:
    send(client, id=UUID)
    answer = send(client, id=UUID, verdict="corrected", category="Digestive")
    assert answer.status_code == 409
    assert len(service.store.all()) == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"receipt": "made.up"}, 422),
        ({"receipt": ""}, 422),
        ({"verdict": "corrected"}, 422),  # to what?
        ({"verdict": "corrected", "category": "Astrology"}, 422),
        ({"verdict": "perhaps"}, 422),
        ({"code": {"value": "not a code", "version": 10}}, 422),
        ({"code": {"value": "I21", "version": 11}}, 422),
        ({"text": "another note than the one that was read"}, 422),
        ({"id": "no-uuid"}, 422),
        ({"surprise": 1}, 422),
    ],
)
def test_what_is_no_decision_on_that_note_is_refused_and_not_stored(
    client: TestClient, service: Service, changes: dict[str, Any], status: int
) -> None:
    answer = send(client, **changes)
    assert answer.status_code == status
    assert "another note than" not in answer.text
    assert service.store.all() == []


def test_a_receipt_of_another_service_is_refused(client: TestClient, run: Path, tmp_path: Path) -> None:
    with client_of(open_service(run, tmp_path / "other")[0]) as other:
        foreign = receipt_of(other)
    assert send(client, receipt=foreign).status_code == 422


def test_the_newest_decisions_come_first_and_no_more_than_asked_for(client: TestClient) -> None:
    ids = [send(client).json()["id"] for _ in range(4)]
    found = client.get("/v1/feedback", params={"limit": 3}).json()["decisions"]
    assert [item["id"] for item in found] == ids[:0:-1]
    assert len(client.get("/v1/feedback").json()["decisions"]) == 4


@pytest.mark.parametrize("limit", ["0", "501", "-1", "many"])
def test_a_limit_out_of_range_is_refused(client: TestClient, limit: str) -> None:
    assert client.get("/v1/feedback", params={"limit": limit}).status_code == 422


def test_text_is_kept_without_identifiers_where_the_service_was_told_to(run: Path, tmp_path: Path) -> None:
    service, _ = open_service(run, tmp_path / "state", keep_text=True)
    note = "Dr. Lindqvist saw an acute infarction on 03/14/2019."
    with client_of(service) as client:
        body = {"receipt": receipt_of(client, note), "verdict": "accepted", "text": note}
        answer = client.post("/v1/feedback", json=body)
    assert answer.json()["has_text"]
    assert "Lindqvist" not in answer.text
    (stored,) = service_texts(run, tmp_path)
    assert "infarction" in stored
    assert "Lindqvist" not in stored
    assert "2019" not in stored


def service_texts(run: Path, tmp_path: Path) -> list[str]:
    """Return the texts that a service's store holds, read by another service over the same state."""
    service, _ = open_service(run, tmp_path / "state", keep_text=True)
    with client_of(service):
        return [decision.text or "" for decision in service.store.all()]


def test_agreement_is_counted_from_the_decisions(client: TestClient) -> None:
    assert client.get("/v1/agreement").json()["agreement"] is None
    send(client)
    found = client.get("/v1/agreement").json()
    assert (found["n_decisions"], found["n_accepted"], found["agreement"]) == (1, 1, 1.0)
    send(client, verdict="corrected", category="Digestive")
    found = client.get("/v1/agreement").json()
    assert (found["n_decisions"], found["n_accepted"]) == (1, 0), "the last decision on a note counts"
