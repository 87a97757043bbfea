"""Answers in the words of FHIR R4, checked by the library fhir.resources and against the standard's own words."""

import uuid
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.riskassessment import RiskAssessment
from hypothesis import given
from hypothesis import strategies as st

from nosology.export import NOTICE
from nosology.export.fhir import EVIDENCE_EXTENSION, bundle, condition, dotted, note_resources

SUGGESTION: dict[str, Any] = {
    "code": "I214",
    "icd_version": 10,
    "title": "Non-ST elevation myocardial infarction",
    "category": "Cardiovascular",
    "probability": 0.5375,
    "is_seen": True,
    "evidence": [{"start": 3, "end": 40, "effect": 1.0, "negated": False, "family_history": True}],
}
RANKING = [{"label": "Cardiovascular", "probability": 0.75}, {"label": "Digestive", "probability": 0.25}]
SUGGESTED: dict[str, Any] = {"suggestions": [SUGGESTION], "none_of_these": 0.125, "is_calibrated": True}
SHA256 = "ab" * 32


def resources(answer: dict[str, Any], note_id: str = "7") -> list[dict[str, Any]]:
    """Return what a note's answer amounts to, without its patient."""
    return whole(answer, note_id)[1:]


def whole(answer: dict[str, Any], note_id: str = "7", patient_id: str = "") -> list[dict[str, Any]]:
    return [*note_resources(answer, note_id=note_id, note_sha256=SHA256, run="first", patient_id=patient_id)]


@pytest.mark.parametrize(
    ("code", "version", "written"),
    [("I214", 10, "I21.4"), ("I21", 10, "I21"), ("41071", 9, "410.71"), ("V270", 9, "V27.0"), ("E8700", 9, "E870.0")],
)
def test_codes_are_written_with_their_dot(code: str, version: int, written: str) -> None:
    assert dotted(code, version) == written


def test_a_prediction_is_a_preliminary_risk_assessment_alone() -> None:
    (assessment,) = resources({"ranking": RANKING, "abstained": False})
    found = RiskAssessment.model_validate(assessment)
    assert found.status == "preliminary"
    assert found.method.text == "nosology, run first"
    assert found.identifier[0].value == SHA256


def test_probabilities_are_percentages() -> None:
    assessment, _ = resources(SUGGESTED | {"ranking": RANKING})
    told = {item["outcome"]["text"]: item["probabilityDecimal"] for item in assessment["prediction"]}
    assert told == {
        "Cardiovascular": 75.0,
        "Digestive": 25.0,
        "Non-ST elevation myocardial infarction": 53.75,
        "None of the diagnoses that could be suggested": 12.5,
    }


def test_a_suggestion_is_an_active_provisional_condition_of_the_same_patient() -> None:
    assessment, suggested = resources(SUGGESTED)
    found = Condition.model_validate(suggested)
    assert found.verificationStatus.coding[0].code == "provisional"
    assert found.clinicalStatus.coding[0].code == "active"
    assert (found.code.coding[0].code, found.category[0].text) == ("I21.4", "Cardiovascular")
    assert suggested["subject"] == assessment["subject"]


def test_evidence_is_offsets_in_numbers_and_in_words() -> None:
    (evidence,) = resources(SUGGESTED)[1]["evidence"]
    assert evidence["code"][0]["text"] == "characters 3-40 of the note (of a relative)"
    (extension,) = evidence["extension"]
    assert extension["url"] == EVIDENCE_EXTENSION
    assert {item["url"]: item["valueUnsignedInt"] for item in extension["extension"]} == {"start": 3, "end": 40}


def test_a_note_is_named_by_its_id_and_without_one_by_its_hash() -> None:
    assert resources(SUGGESTED)[0]["basis"][0]["identifier"] == {"system": "urn:nosology:note", "value": "7"}
    assert resources(SUGGESTED, "")[0]["basis"][0]["identifier"]["value"] == SHA256


def test_a_note_id_never_identifies_the_patient() -> None:
    (patient, *others) = whole(SUGGESTED, "note-4711")
    assert "identifier" not in patient
    assert not any("4711" in str(item["subject"]) for item in others)


def test_a_patient_who_was_named_is_one_resource_of_all_their_notes_that_every_reference_finds() -> None:
    both = [*whole(SUGGESTED, "a", "p1"), *whole(SUGGESTED, "b", "p1"), *whole(SUGGESTED, "c", "p2")]
    found = Bundle.model_validate(bundle(both))
    patients = {entry.fullUrl: entry.resource for entry in found.entry if not hasattr(entry.resource, "subject")}
    assert [patient.identifier[0].value for patient in patients.values()] == ["p1", "p2"]
    assert len({entry.fullUrl for entry in found.entry}) == 2 + 3 * 2
    assert all(uuid.UUID(entry.fullUrl.removeprefix("urn:uuid:")) for entry in found.entry)
    for entry in found.entry:
        if hasattr(entry.resource, "subject"):
            assert entry.resource.subject.reference in patients


def test_doubt_and_the_notice_travel_with_every_answer() -> None:
    (unsure,) = resources({"ranking": RANKING, "abstained": True})
    assert [item["text"][:8] for item in unsure["note"]] == ["Not sure", NOTICE[:8]]
    assert all(item["note"][-1]["text"] == NOTICE for item in resources(SUGGESTED))


def test_a_condition_to_create_refers_to_patient_and_encounter() -> None:
    created = condition(SUGGESTION, subject={"reference": "Patient/1"}, encounter="Encounter/2")
    Condition.model_validate(created)
    assert (created["subject"]["reference"], created["encounter"]["reference"]) == ("Patient/1", "Encounter/2")
    assert "id" not in created


def test_the_same_answer_gives_the_same_bundle_unless_a_time_is_given() -> None:
    assert bundle(resources(SUGGESTED)) == bundle(resources(SUGGESTED))
    timed = Bundle.model_validate(bundle(resources(SUGGESTED), when="2026-11-27T10:00:00+00:00"))
    assert timed.timestamp.year == 2026


CODES = [("E8700", 9), ("041", 9), ("A00", 10)]
PROBABILITY = st.floats(0, 1)
NAME = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), min_size=1, max_size=20)


@given(
    NAME, PROBABILITY, st.booleans(), st.integers(0, 10**6), st.sampled_from([("E8700", 9), ("041", 9), ("A00", 10)])
)
def test_every_answer_validates(
    name: str, probability: float, is_seen: bool, start: int, code: tuple[str, int]
) -> None:
    evidence = [{"start": start, "end": start + 1, "effect": 0.0, "negated": is_seen, "family_history": False}]
    suggestion = SUGGESTION | {
        "code": code[0],
        "icd_version": code[1],
        "title": name,
        "probability": probability,
        "is_seen": is_seen,
        "evidence": evidence,
    }
    ranking = [{"label": name, "probability": probability}]
    answer = SUGGESTED | {"suggestions": [suggestion], "ranking": ranking, "abstained": is_seen}
    found = Bundle.model_validate(bundle(whole(answer, name)))
    assert [entry.resource.get_resource_type() for entry in found.entry] == ["Patient", "RiskAssessment", "Condition"]


def test_a_caution_comes_first_among_the_notes() -> None:
    answer = SUGGESTED | {"caution": "not calibrated on your notes: on others"}
    (_, risk, *_) = note_resources(answer, note_id="a", note_sha256="0" * 64, run="starter")
    assert risk["note"][0]["text"] == "Caution: not calibrated on your notes: on others."
    (_, risk, *_) = note_resources(SUGGESTED, note_id="a", note_sha256="0" * 64, run="own")
    assert not any("Caution" in note["text"] for note in risk["note"])


def test_a_note_that_tells_its_reader_what_to_answer_says_where() -> None:
    demands = [{"start": 4, "end": 30}, {"start": 50, "end": 61}]
    for answer in ({"ranking": RANKING, "demands": demands}, SUGGESTED | {"demands": demands}):
        assessment = resources(answer)[0]
        RiskAssessment.model_validate(assessment)
        told = "This note tells its reader what to answer (characters 4-30, 50-61): read it yourself."
        assert assessment["note"][0]["text"] == told
