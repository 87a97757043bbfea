"""The whole service: notes, decisions, tables, figures and probes, as a client meets them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from nosology.feedback.audit import entries
from nosology.feedback.checking import check
from service_world import NAMES, NOTE, UNSURE_NOTE, client_of, notes, open_service, write_served_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


@pytest.fixture
def parts(run: Path, tmp_path: Path) -> Any:
    return open_service(run, tmp_path / "state")


@pytest.fixture
def client(parts: Any) -> Iterator[Any]:
    with client_of(parts[0]) as client:
        yield client


def decide(client: TestClient, note: str = NOTE, **changes: Any) -> Any:
    """Read a note and decide on it; return the answer."""
    receipt = client.post("/v1/classify", json=notes(note)).json()["predictions"][0]["receipt"]
    return client.post("/v1/feedback", json={"receipt": receipt, "verdict": "accepted", **changes})


def test_predictions_come_in_the_order_of_the_notes_with_their_ids(client: Any) -> None:
    found = client.post("/v1/classify", json=notes(NOTE, "eczema", "ulcer")).json()["predictions"]
    assert [item["id"] for item in found] == ["n0", "n1", "n2"]
    assert [item["label"] for item in found] == ["Cardiovascular", "Skin Disorders", "Digestive"]
    assert sum(item["probability"] for item in found[0]["ranking"]) == pytest.approx(1)


def test_a_note_that_says_nothing_is_not_sure(client: Any) -> None:
    found = client.post("/v1/classify", json=notes(UNSURE_NOTE)).json()["predictions"][0]
    assert found["abstained"]
    assert set(found["prediction_set"]) == set(NAMES)


def test_suggestions_carry_evidence_at_offsets_of_the_note(client: Any) -> None:
    found = client.post("/v1/suggest", json=notes(NOTE) | {"k": 2}).json()["predictions"][0]
    first = found["suggestions"][0]
    assert (first["code"], first["icd_version"]) == ("I21", 10)
    assert len(found["suggestions"]) == 2
    assert NOTE[first["evidence"][0]["start"] : first["evidence"][0]["end"]].strip() == (
        "Acute infarction of the anterior wall."
    )


def test_evidence_is_found_in_the_original_of_a_note_that_was_deidentified(run: Path, tmp_path: Path) -> None:
    service, _ = open_service(run, tmp_path / "state", deidentify=True)
    text = "Seen by Dr. Jane Roe on 3/14/2019 in Boston. Acute infarction was found."
    with client_of(service) as client:
        found = client.post("/v1/suggest", json=notes(text)).json()["predictions"][0]["suggestions"][0]
    piece = found["evidence"][0]
    assert text[piece["start"] : piece["end"]].strip() == "Acute infarction was found."


def test_a_run_that_cannot_suggest_says_so_with_501(run: Path, tmp_path: Path) -> None:
    service, _ = open_service(run, tmp_path / "state", can_suggest=False)
    with client_of(service) as client:
        answer = client.post("/v1/suggest", json=notes(NOTE))
        assert answer.status_code == 501
        assert "training notes had no ICD codes" in answer.json()["detail"]
        assert client.post("/v1/classify", json=notes(NOTE)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"notes": [', 422),
        ("[]", 422),
        ('{"notes": []}', 422),
        ('{"notes": [{"id": "a"}]}', 422),
        ('{"notes": [{"text": 7}]}', 422),
        ('{"notes": [{"text": "   "}]}', 422),
        ('{"notes": [{"text": "x", "more": "unknown field"}]}', 422),
        ('{"notes": [{"id": "a\\u0000b", "text": "x"}]}', 422),
        ('{"notes": "' + "x" * 3_000_000 + '"}', 413),
        (json.dumps({"notes": [{"text": "x"}] * 65}), 413),
        (json.dumps({"notes": [{"text": "x" * 200_001}]}), 413),
        ("[" * 100_000, 422),
        ("\x00\x01\x02", 422),
    ],
    ids=[
        "cut",
        "list",
        "no notes",
        "no text",
        "number",
        "blank",
        "unknown",
        "nul",
        "large",
        "many",
        "long",
        "deep",
        "raw",
    ],
)
def test_a_body_that_is_wrong_gets_its_status_and_no_quote(client: Any, body: Any, status: int) -> None:
    answer = client.post("/v1/classify", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (status, 400)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    assert "unknown field" not in answer.text
    assert "more" not in [field["field"] for field in answer.json()["fields"]]


def test_hostile_text_is_read_like_any_other(client: Any) -> None:
    hostile = ["<script>alert(1)</script>", "{{7*7}} ${jndi:ldap://x} <|im_end|>", "../../etc/passwd\n\x07", "\u202e💉"]
    answer = client.post("/v1/classify", json=notes(*hostile))
    assert answer.status_code == 200
    assert len(answer.json()["predictions"]) == 4


def test_a_lone_surrogate_is_refused_or_read_but_never_breaks_the_service(client: Any) -> None:
    body = '{"notes": [{"id": "a", "text": "pain \\ud800 in the chest"}]}'
    answer = client.post("/v1/classify", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 422)


def test_a_note_that_breaks_the_model_breaks_only_its_own_request(parts: Any, client: Any) -> None:
    parts[1].breaks_on = "unreadable"
    broken = client.post("/v1/classify", json=notes("unreadable words"))
    assert broken.status_code == 500
    assert "unreadable" not in broken.text
    assert client.post("/v1/classify", json=notes(NOTE)).status_code == 200


def test_every_prediction_is_in_the_audit_log_without_text_or_id(parts: Any, client: Any) -> None:
    client.post("/v1/classify", json=notes(NOTE, UNSURE_NOTE))
    log = parts[0].settings.state / "audit.jsonl"
    rows = list(entries(log))
    assert [row["label"] for row in rows] == ["Cardiovascular", "Cardiovascular"]
    assert rows[0]["actor"] == "local"
    assert rows[0]["model_sha256"] == parts[0].model.sha256
    assert "infarction" not in log.read_text()
    assert "n0" not in log.read_text()
    assert check(log).first_broken is None


def test_a_decision_is_stored_once_however_often_it_is_sent(parts: Any, client: Any) -> None:
    decision_id = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    first, second = decide(client, id=decision_id), decide(client, id=decision_id)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert len(parts[0].store.all()) == 1
    other = decide(client, id=decision_id, verdict="corrected", category="Digestive")
    assert other.status_code == 409


def test_a_correction_names_the_right_category_and_may_name_a_code(client: Any) -> None:
    answer = decide(client, verdict="corrected", category="Digestive", code={"value": "k25.9", "version": 10})
    assert answer.status_code == 201
    assert (answer.json()["category"], answer.json()["code"]) == ("Digestive", "K259")
    assert client.get("/v1/feedback").json()["decisions"][0]["verdict"] == "corrected"


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "corrected"},
        {"verdict": "corrected", "category": "No Such Category"},
        {"verdict": "accepted", "category": "Digestive"},
        {"code": {"value": "ABC", "version": 10}},
        {"receipt": "bm8.bm8"},
        {"receipt": "not a receipt"},
        {"receipt": "é.ü"},
        {"text": "another note"},
        {"verdict": "perhaps"},
    ],
    ids=["no category", "unknown", "contradiction", "no code", "forged", "no receipt", "no ascii", "text", "verdict"],
)
def test_a_decision_that_cannot_be_right_is_refused(parts: Any, client: Any, changes: dict[str, Any]) -> None:
    assert decide(client, **changes).status_code == 422
    assert parts[0].store.all() == []


def test_text_is_kept_only_where_it_was_asked_for_and_then_without_identifiers(run: Path, tmp_path: Path) -> None:
    text = "Seen by Dr. Jane Roe. Acute infarction."
    for keep_text, expected in [(False, None), (True, "Seen by Dr. <NAME>. Acute infarction.")]:
        service, _ = open_service(run, tmp_path / f"state-{keep_text}", keep_text=keep_text)
        with client_of(service) as client:
            assert decide(client, text, text=text).status_code == 201
        assert service.store.all()[0].text == expected


def test_the_model_card_holds_hashes_figures_and_limits(client: Any) -> None:
    card = client.get("/v1/model").json()
    assert [label["name"] for label in card["labels"]] == list(NAMES)
    assert card["evaluation"]["accuracy"] == 0.8
    assert len(card["sha256"]["manifest"]) == 64
    assert any("Not a medical device" in limit for limit in card["limits"])
    assert card["can_suggest"]
    assert not card["keeps_text"]


def test_agreement_and_drift_are_counted_from_what_happened(client: Any) -> None:
    decide(client)
    decide(client, "An ulcer.", verdict="corrected", category="Respiratory")
    found = client.get("/v1/agreement").json()
    assert (found["n_decisions"], found["n_accepted"], found["agreement"]) == (2, 1, 0.5)
    by_name = {row["category"]: row for row in found["categories"]}
    assert by_name["Digestive"]["corrected_to"] == {"Respiratory": 1}
    assert found["drift"]["n_notes"] == 2


def test_the_report_of_the_run_is_one_click_away(client: Any) -> None:
    answer = client.get("/report")
    assert "The report." in answer.text
    assert "script" not in answer.headers["content-security-policy"]


def test_probes_answer_and_counters_count(client: Any) -> None:
    assert client.get("/livez").json()["status"] == "ok"
    assert client.get("/readyz").json() == {
        "status": "ok",
        "parts": {"model": "ok", "store": "ok", "audit": "ok"},
    }
    client.post("/v1/classify", json=notes(NOTE))
    text = client.get("/metrics").text
    assert 'nosology_notes_read_total{category="Cardiovascular"} 1.0' in text
    assert 'nosology_requests_total{method="POST",route="/v1/classify",status="200"} 1.0' in text


@pytest.mark.parametrize("path", ["/v1/nothing", "/page/../settings.py", "/page/%2e%2e%2fapp.py", "/page/nothing.js"])
def test_a_path_that_leads_nowhere_gets_404(client: Any, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_description_names_every_route_and_its_errors(client: Any) -> None:
    page = client.get("/openapi.json").json()
    assert {"/v1/classify", "/v1/suggest", "/v1/batch", "/v1/model", "/livez", "/readyz", "/metrics"} <= set(
        page["paths"]
    )
    answers = page["paths"]["/v1/classify"]["post"]["responses"]
    assert {"200", "413", "422", "429", "503"} <= set(answers)
    assert answers["429"]["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
    assert "HTTPValidationError" not in json.dumps(page)


def test_a_method_that_a_path_does_not_take_is_answered_with_those_that_it_takes(client: Any) -> None:
    answer = client.put("/v1/feedback")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


WRONG_BODIES = {
    "entries": ("/v1/classify", {"notes": [{}] * 500_000}),
    "fields": ("/v1/classify", {"notes": [{"text": "x"}], **{f"f{i}": 0 for i in range(100_000)}}),
    "fields of an entry": ("/v1/suggest", {"notes": [{f"f{i}": 0 for i in range(100_000)}]}),
    "cards": ("/cds-services/nosology-note/feedback", {"feedback": [{}] * 500_000}),
    "fields of a call": ("/cds-services/nosology-note", {f"f{i}": 0 for i in range(100_000)}),
}


@pytest.mark.parametrize("name", WRONG_BODIES)
def test_a_body_with_very_many_mistakes_gets_a_short_answer(client: Any, name: Any) -> None:
    path, body = WRONG_BODIES[name]
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert len(answer.content) < 2_000
    assert len(answer.json()["fields"]) <= 20


def test_mistakes_beyond_the_first_twenty_are_counted(client: Any) -> None:
    found = client.post("/v1/classify", json={"notes": [{}] * 64}).json()
    assert [field["field"] for field in found["fields"]] == [f"body.notes.{i}.text" for i in range(20)]
    assert found["more_problems"] == 44
