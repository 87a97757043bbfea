"""The one way from a request's notes to answers: limits first, then reading, the audit log, and a signed receipt."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request

from nosology.feedback.audit import AUDIT_FILE, AuditError
from nosology.files import sha256_text
from nosology.records import Prediction
from nosology.serve.batching import Stopping
from nosology.serve.http.problems import Refused
from nosology.serve.http.sessions import LOCAL, Caller
from nosology.serve.model import Reading
from nosology.serve.schemas import NoteIn, SuggestedOut
from nosology.serve.service import Service, actor_of, caller_of
from service_world import NOTE, open_service, write_served_run

SURE = Prediction("Cardiovascular", 0.75, (("Cardiovascular", 0.75), ("Digestive", 0.25)), ("Cardiovascular",))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that can suggest."""
    return write_served_run(tmp_path_factory.mktemp("served"))


@pytest.fixture
def service(run: Path, tmp_path: Path) -> Service:
    """A service that takes two notes of a hundred characters."""
    return open_service(run, tmp_path / "state", max_notes=2, max_note_characters=100, drain_seconds=7)[0]


def request_of(**scope: Any) -> Request:
    """Return a request of a client that stays."""

    async def waits() -> Any:
        await asyncio.sleep(60)

    return Request({"type": "http", "headers": [], **scope}, waits)


def note(text: str, name: str = "") -> NoteIn:
    """Return a note as it is sent."""
    return NoteIn(id=name, text=text)


def lines(service: Service) -> list[dict[str, Any]]:
    """Return the lines of the audit log."""
    path = service.settings.state / AUDIT_FILE
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read(service: Service, *notes: NoteIn, k: int | None = None, **scope: Any) -> list[Any]:
    """Let a service read notes."""

    async def scenario() -> list[Any]:
        service.batcher.start()
        try:
            return [*await service.read(request_of(**scope), notes, k, "classify")]
        finally:
            await service.batcher.stop(5)

    return asyncio.run(scenario())


def test_who_asks_is_whom_the_guard_let_in_else_somebody_on_this_machine() -> None:
    assert caller_of(request_of()) == LOCAL
    known = request_of(**{"nosology.caller": Caller("ward 3", "k1")})
    assert (actor_of(known), caller_of(known).key_id) == ("ward 3", "k1")


def test_too_many_notes_and_too_long_ones_are_refused_before_any_is_read(service: Service) -> None:
    with pytest.raises(Refused) as many:
        read(service, note("a"), note("b"), note("c"))
    assert (many.value.status_code, "/v1/batch" in str(many.value.detail)) == (413, True)
    with pytest.raises(Refused) as long:
        read(service, note("x" * 101))
    assert long.value.status_code == 413
    assert not [line for line in lines(service) if line.get("event") == "classify"]


def test_as_many_notes_as_are_allowed_as_long_as_they_may_be_are_read(service: Service) -> None:
    assert [answer.id for answer in read(service, note("x" * 100, "1"), note("y" * 100, "2"))] == ["1", "2"]


def test_every_answer_has_its_line_with_hashes_and_neither_id_nor_text(service: Service) -> None:
    (answer,) = read(service, note(NOTE, "case 7"), k=3, **{"nosology.caller": Caller("ward 3", "k1")})
    assert isinstance(answer, SuggestedOut)
    (line,) = [line for line in lines(service) if line.get("event") == "classify"]
    assert (line["actor"], line["label"], line["codes"][0]) == ("ward 3", "Cardiovascular", "I21")
    assert line["note_sha256"] == answer.note_sha256 == sha256_text(NOTE)
    assert line["model_sha256"] == service.model.sha256
    assert "case 7" not in json.dumps(line)
    assert "infarction" not in json.dumps(line)


def test_a_receipt_says_of_which_note_and_model_a_prediction_is(service: Service) -> None:
    (answer,) = read(service, note(NOTE))
    receipt = service.receipts.read(answer.receipt)
    assert (receipt.note_sha256, receipt.model_sha256) == (sha256_text(NOTE), service.model.sha256)
    assert (receipt.label, receipt.abstained) == (answer.label, answer.abstained)


def test_readings_are_given_back_in_the_order_of_their_notes(service: Service) -> None:
    digestive = Prediction("Digestive", 0.5, (("Digestive", 0.5),), abstained=True)
    notes = [note("one", "1"), note("two", "2")]
    found = asyncio.run(service.finish(notes, [Reading(SURE), Reading(digestive)], "local", "batch"))
    assert [(item.id, item.label, item.abstained) for item in found] == [
        ("1", "Cardiovascular", False),
        ("2", "Digestive", True),
    ]
    assert [line["event"] for line in lines(service)][-2:] == ["batch", "batch"]


def test_as_many_readings_as_notes_or_none_goes_out(service: Service) -> None:
    with pytest.raises(ValueError, match="zip"):
        asyncio.run(service.finish([note("one"), note("two")], [Reading(SURE)], "local", "classify"))


def test_a_probability_that_rounding_took_beyond_one_is_one(service: Service) -> None:
    over = Prediction("Digestive", 1.0000001, (("Digestive", 1.0000001), ("Respiratory", -1e-9)))
    (found,) = asyncio.run(service.finish([note("one")], [Reading(over)], "local", "classify"))
    assert found.probability == 1.0
    assert [item.probability for item in found.ranking] == [1.0, 0.0]


def test_nothing_goes_out_where_the_log_cannot_be_written(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_rows: Any) -> None:
        raise AuditError("no space")

    monkeypatch.setattr(service.audit, "append", full)
    with pytest.raises(AuditError):
        asyncio.run(service.finish([note("one")], [Reading(SURE)], "local", "classify"))
    assert b'nosology_notes_read_total{category="Cardiovascular"}' not in service.metrics.text(0)


def test_a_stopping_service_takes_no_more_and_knows_how_long_it_has(service: Service) -> None:
    assert (service.is_stopping, service.seconds_left) == (False, 0.0)
    service.begin_to_stop()
    ends_at = service.ends_at
    assert service.is_stopping
    assert 0 < service.seconds_left <= 7
    service.begin_to_stop()
    assert service.ends_at == ends_at, "asked twice, it has no more time"
    with pytest.raises(Stopping):
        read(service, note(NOTE))


def test_time_that_is_over_is_nought_and_not_less(service: Service) -> None:
    service.ends_at = 1.0
    assert service.seconds_left == 0.0
