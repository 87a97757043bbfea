"""What clients of CDS Hooks really send: ids in other spellings, and pages of other sites."""

# ruff: noqa: E501 - the cases are a table, one row each

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nosology.errors import ConfigError
from nosology.serve.settings import Settings
from service_world import NOTE, client_of, hook_call, notes, open_service, write_served_run

SANDBOX = "https://sandbox.cds-hooks.org"
CALL = "/cds-services/nosology-note"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    run = write_served_run(tmp_path_factory.mktemp("served"))
    service, _ = open_service(run, tmp_path_factory.mktemp("state"), origins=(SANDBOX,))
    with client_of(service) as client:
        yield client


def test_upper_case_uuids_and_ids_with_their_type_are_taken(client: Any) -> None:
    body = hook_call(NOTE)
    body["hookInstance"] = body["hookInstance"].upper()
    body["context"] |= {"patientId": "Patient/1288992", "encounterId": "Encounter/456"}
    (card,) = client.post(CALL, json=body).json()["cards"]
    resource = card["suggestions"][0]["actions"][0]["resource"]
    assert resource["subject"]["reference"] == "Patient/1288992"
    assert resource["encounter"]["reference"] == "Encounter/456"
    taken = {"id": card["suggestions"][0]["uuid"].upper()}
    told = {"card": card["uuid"].upper(), "outcome": "accepted", "acceptedSuggestions": [taken]}
    told["outcomeTimestamp"] = "2020-12-16T00:00:00Z"
    assert client.post(f"{CALL}/feedback", json={"feedback": [told]}).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hookInstance": "kanarienvogel"}, "body.hookInstance"),
        ({"hook": "kanarienvogel"}, "body.hook"),
        (
            {"context": {"userId": "Practitioner/a", "patientId": "Group/kanarienvogel", "encounterId": "4"}},
            "patientId",
        ),
        ({"context": {"userId": "Practitioner/a", "patientId": "1"}}, "body.context.encounterId"),
    ],
)
def test_an_error_names_the_field_and_not_its_value(client: Any, change: dict[str, Any], field: str) -> None:
    answer = client.post(CALL, json=hook_call(NOTE) | change)
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"].endswith(field)
    assert "kanarienvogel" not in answer.text


def test_a_page_of_a_named_site_may_call_the_cds_service(client: Any) -> None:
    crossing = {"Origin": SANDBOX, "Access-Control-Request-Method": "POST"}
    asked = client.options(CALL, headers=crossing)
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == SANDBOX
    assert "Content-Type" in asked.headers["access-control-allow-headers"]
    answer = client.post(CALL, json=hook_call(NOTE), headers={"Origin": SANDBOX})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, SANDBOX)
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


def test_a_named_site_may_call_nothing_else_and_no_other_site_may_call_it(client: Any) -> None:
    assert client.post("/v1/classify", json=notes(NOTE), headers={"Origin": SANDBOX}).status_code == 403
    assert client.post("/cds-servicesx", json={}, headers={"Origin": SANDBOX}).status_code == 403
    for origin in ("https://evil.example", f"{SANDBOX}.evil.example", "null", SANDBOX.replace("https", "http")):
        answer = client.post(CALL, json=hook_call(NOTE), headers={"Origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ["*", "null", "ehr.example.org", "https://ehr.example.org/", "HTTPS://EHR.example"])
def test_what_is_no_origin_is_refused_before_the_service_starts(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ConfigError, match="is no origin"):
        Settings(state=tmp_path, keys_file=tmp_path / "keys.json", origins=(origin,))


# ---- calls in the shapes of the standard's published examples, with a note sent along and invented values


AUTHORIZATION: dict[str, Any] = {
    "access_token": "some-opaque-fhir-access-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/Patient.read user/Observation.read",
    "subject": "cds-service4",
}
PUBLISHED: dict[str, dict[str, Any]] = {
    "server and authorization": {"fhirServer": "http://fhir.example.org:9080", "fhirAuthorization": AUTHORIZATION},
    "a patient beside the note": {"prefetch": {"patient": {"resourceType": "Patient", "id": "1288992", "active": True}}},
    "a prefetch that failed": {"prefetch": {"other": None}},
    "an outcome in place of another resource": {"prefetch": {"labs": {"resourceType": "OperationOutcome", "issue": []}}},
    "extensions": {"extension": {"com.example.timestamp": "2017-11-27T22:13:25Z", "myextension-practitionerspecialty": "g"}},
    "a longer context": {"context": {"userId": "PractitionerRole/A2340113", "patientId": "1288992", "encounterId": "456",
                                     "extension": {"x": 1}}},
}  # fmt: skip


@pytest.mark.parametrize("example", PUBLISHED)
def test_calls_in_published_shapes_are_answered_with_a_card(client: Any, example: str) -> None:
    body = hook_call(NOTE)
    changes = dict(PUBLISHED[example])
    body["prefetch"] |= changes.pop("prefetch", {})
    answer = client.post(CALL, json=body | changes)
    assert answer.status_code == 200, answer.text
    (card,) = answer.json()["cards"]
    assert set(card) >= {"uuid", "summary", "indicator", "source"}
    assert AUTHORIZATION["access_token"] not in answer.text


def test_a_token_of_a_call_is_in_no_log(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    body = hook_call(NOTE) | {"fhirServer": "http://fhir.example.org", "fhirAuthorization": AUTHORIZATION}
    with caplog.at_level("DEBUG"):
        assert client.post(CALL, json=body).status_code == 200
    assert AUTHORIZATION["access_token"] not in caplog.text


@pytest.mark.parametrize("outcome", ["accepted", "overridden"])
def test_feedback_in_the_published_shapes_is_taken(client: Any, outcome: str) -> None:
    (card,) = client.post(CALL, json=hook_call(NOTE)).json()["cards"]
    told: dict[str, Any] = {"card": card["uuid"], "outcome": outcome, "outcomeTimestamp": "2020-12-11T00:00:00Z"}
    if outcome == "accepted":
        told["acceptedSuggestions"] = [{"id": card["suggestions"][0]["uuid"]}]
    else:
        reason = {"code": "d7ecf885", "system": "https://example.com/cds-hooks/override-reason-system"}
        told["overrideReason"] = {"reason": reason, "userComment": "clinician entered comment"}
    assert client.post(f"{CALL}/feedback", json={"feedback": [told]}).status_code == 200


@pytest.mark.parametrize("field", ["status", "docStatus"])
def test_a_withdrawn_document_is_never_read(client: Any, field: str) -> None:
    body = hook_call(NOTE)
    body["prefetch"]["note"][field] = "entered-in-error"
    answer = client.post(CALL, json=body)
    assert answer.status_code == 412
    assert "withdrawn" in answer.text
