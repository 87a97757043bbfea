"""CDS Hooks 2.0 and FHIR R4: what goes out validates against the published structures, whatever the note says."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.riskassessment import RiskAssessment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import cds_hooks_schema
from service_world import NOTE, UNSURE_NOTE, client_of, hook_call, notes, open_service, write_served_run

SERVICE = "/cds-services/nosology-note"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def parts(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return open_service(run, tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def client(parts: Any) -> Iterator[Any]:
    with client_of(parts[0]) as client:
        yield client


def check(schema: Any, value: Any) -> None:
    assert [error.message for error in Draft202012Validator(schema).iter_errors(value)] == []


def test_the_schemas_themselves_are_right_and_refuse_what_is_wrong() -> None:
    for schema in (cds_hooks_schema.DISCOVERY, cds_hooks_schema.RESPONSE):
        Draft202012Validator.check_schema(schema)
    card = {"summary": "x", "indicator": "info", "source": {"label": "x"}}
    wrong = [
        card | {"summary": "x" * 140},
        card | {"indicator": "hard-stop"},
        card | {"suggestions": [{"label": "x"}]},
        card | {"suggestions": [{"label": "x", "actions": [{"type": "create", "description": "x"}]}]},
        {"summary": "x", "indicator": "info"},
    ]
    validator = Draft202012Validator(cds_hooks_schema.RESPONSE)
    assert validator.is_valid({"cards": [card]})
    assert not any(validator.is_valid({"cards": [item]}) for item in wrong)


def test_discovery_validates(client: Any) -> None:
    check(cds_hooks_schema.DISCOVERY, client.get("/cds-services").json())


@pytest.mark.parametrize("note", [NOTE, UNSURE_NOTE, "ulcer " * 400, "<b>pneumonia</b> | *x* [y](z)"])
def test_cards_validate_and_their_conditions_are_provisional(client: Any, note: Any) -> None:
    answer = client.post(SERVICE, json=hook_call(note))
    assert answer.status_code == 200
    check(cds_hooks_schema.RESPONSE, answer.json())
    for suggestion in answer.json()["cards"][0]["suggestions"]:
        resource = suggestion["actions"][0]["resource"]
        condition = Condition.model_validate(resource)
        assert condition.verificationStatus.coding[0].code == "provisional"
        assert resource["subject"] == {"reference": "Patient/1288992"}
        assert resource["encounter"] == {"reference": "Encounter/456"}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=300).filter(lambda text: text.strip() and text.isprintable()))
def test_cards_validate_for_any_text(client: Any, text: Any) -> None:
    answer = client.post(SERVICE, json=hook_call(text))
    assert answer.status_code == 200
    check(cds_hooks_schema.RESPONSE, answer.json())


def test_a_card_says_not_sure_plainly_and_shows_its_basis(client: Any) -> None:
    unsure = client.post(SERVICE, json=hook_call(UNSURE_NOTE)).json()["cards"][0]
    assert unsure["summary"].startswith("Not sure")
    sure = client.post(SERVICE, json=hook_call(NOTE)).json()["cards"][0]
    assert "Acute infarction of the anterior wall" in sure["detail"]
    assert "never a diagnosis" in sure["detail"]
    assert "No pneumonia" not in sure["detail"], "what the note denies supports nothing"


def test_a_run_without_suggestions_gives_a_card_without_them(run: Path, tmp_path: Path) -> None:
    service, _ = open_service(run, tmp_path / "state", can_suggest=False)
    with client_of(service) as client:
        answer = client.post(SERVICE, json=hook_call(NOTE))
    check(cds_hooks_schema.RESPONSE, answer.json())
    assert "suggestions" not in answer.json()["cards"][0]


def test_a_note_in_a_searchset_is_found(client: Any) -> None:
    document = hook_call(NOTE)["prefetch"]["note"]
    found = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": document}]}
    assert client.post(SERVICE, json=hook_call(NOTE, prefetch={"note": found})).status_code == 200


@pytest.mark.parametrize(
    ("prefetch", "status"),
    [
        (None, 412),
        ({}, 412),
        ({"note": None}, 412),
        ({"note": {"resourceType": "Bundle", "type": "searchset"}}, 412),
        ({"note": {"resourceType": "Patient"}}, 412),
        ({"note": "text"}, 412),
        ({"note": {"resourceType": "DocumentReference", "content": [{"attachment": {"data": "no base64!"}}]}}, 422),
        ({"note": {"resourceType": "DocumentReference", "content": [{"attachment": {"data": "/////w=="}}]}}, 422),
        ({"note": {"resourceType": "DocumentReference", "content": "x"}}, 412),
        ({"note": {"resourceType": "DocumentReference", "content": [{"attachment": {"url": "http://x/1"}}]}}, 412),
    ],
)
def test_a_call_without_a_note_is_refused_as_the_standard_says(
    client: Any, prefetch: dict[str, Any] | None, status: int
) -> None:
    answer = client.post(SERVICE, json=hook_call(NOTE, prefetch=prefetch))
    assert answer.status_code == status


def test_pdf_notes_are_not_taken_for_text(client: Any) -> None:
    call = hook_call(NOTE)
    call["prefetch"]["note"]["content"][0]["attachment"]["contentType"] = "application/pdf"
    assert client.post(SERVICE, json=call).status_code == 412


def test_feedback_on_a_card_becomes_a_decision(parts: Any, client: Any) -> None:
    card = client.post(SERVICE, json=hook_call("Gastric ulcer.")).json()["cards"][0]
    taken = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": "2026-11-25T10:05:31Z",
    }
    for _ in range(2):
        assert client.post(f"{SERVICE}/feedback", json={"feedback": [taken]}).status_code == 200
    found = [item for item in parts[0].store.all() if item.code == "K25"]
    assert [(item.verdict, item.category) for item in found] == [("accepted", "Digestive")]


def test_feedback_on_what_is_no_card_is_refused(client: Any) -> None:
    taken = {"card": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "outcome": "overridden", "outcomeTimestamp": "2026-11-25"}
    assert client.post(f"{SERVICE}/feedback", json={"feedback": [taken]}).status_code == 404


@pytest.mark.parametrize("route", ["classify", "suggest"])
def test_predictions_are_given_as_fhir_where_it_is_asked_for(client: Any, route: str) -> None:
    headers = {"Accept": "application/fhir+json"}
    answer = client.post(f"/v1/{route}", json=notes(NOTE, UNSURE_NOTE), headers=headers)
    assert answer.headers["content-type"] == "application/fhir+json"
    Bundle.model_validate(answer.json())
    resources = [entry["resource"] for entry in answer.json()["entry"]]
    assessments = [item for item in resources if item["resourceType"] == "RiskAssessment"]
    assert [RiskAssessment.model_validate(item).status for item in assessments] == ["preliminary"] * 2
    first = assessments[0]["prediction"]
    assert first[0]["outcome"]["text"] == "Cardiovascular"
    conditions = [item for item in resources if item["resourceType"] == "Condition"]
    for item in conditions:
        assert Condition.model_validate(item).verificationStatus.coding[0].code == "provisional"
    codings = [item["outcome"]["coding"][0] for item in first if "coding" in item["outcome"]]
    assert {item["system"] for item in codings} == ({"http://hl7.org/fhir/sid/icd-10-cm"} if conditions else set())
    assert bool(conditions) == (route == "suggest")


def test_the_example_of_the_standard_page_decodes() -> None:
    from nosology.serve.cds import note_text

    data = base64.b64encode(b"Chest pain.").decode()
    resource = {"resourceType": "DocumentReference", "content": [{"attachment": {"data": data}}]}
    assert note_text({"note": resource}) == "Chest pain."
