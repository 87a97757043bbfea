"""What clients of CDS Hooks really send: ids in other spellings, and pages of other sites."""

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
