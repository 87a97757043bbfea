"""Predictions in the words of FHIR R4: a `RiskAssessment` for a note, a provisional `Condition` for a suggestion."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

MEDIA_TYPE = "application/fhir+json"
ICD_SYSTEMS = {9: "http://hl7.org/fhir/sid/icd-9-cm", 10: "http://hl7.org/fhir/sid/icd-10-cm"}
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
DISCLAIMER = "Decision support: a suggestion to consider, never a diagnosis. Not a medical device."


def dotted(code: str, version: int) -> str:
    """Return a code as FHIR writes it: with the dot."""
    n_before = 4 if version == 9 and code.startswith("E") else 3
    return code if len(code) <= n_before else f"{code[:n_before]}.{code[n_before:]}"


def coding(suggestion: dict[str, Any]) -> dict[str, str]:
    """Return a suggestion's code as a `Coding`."""
    version = suggestion["icd_version"]
    return {
        "system": ICD_SYSTEMS[version],
        "code": dotted(suggestion["code"], version),
        "display": suggestion["title"],
    }


def condition(suggestion: dict[str, Any], *, patient_id: str, encounter_id: str | None) -> dict[str, Any]:
    """Return a suggestion as a `Condition` whose verification status is provisional."""
    resource: dict[str, Any] = {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": f"{_TERMINOLOGY}/condition-clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{_TERMINOLOGY}/condition-ver-status", "code": "provisional"}]},
        "category": [{"coding": [{"system": f"{_TERMINOLOGY}/condition-category", "code": "encounter-diagnosis"}]}],
        "code": {"coding": [coding(suggestion)], "text": suggestion["title"]},
        "subject": {"reference": f"Patient/{patient_id}"},
        "note": [{"text": DISCLAIMER}],
    }
    if encounter_id:
        resource["encounter"] = {"reference": f"Encounter/{encounter_id}"}
    return resource


def risk_assessment(prediction: dict[str, Any], run: str) -> dict[str, Any]:
    """Return a prediction as a preliminary `RiskAssessment`: each outcome with its probability.

    Args:
        prediction: As `nosology.serve.schemas.PredictionOut` or `SuggestedOut` gives it.
        run: The run's name.
    """
    outcomes: list[dict[str, Any]] = [
        {"outcome": {"text": item["label"]}, "probabilityDecimal": round(item["probability"], 6)}
        for item in prediction["ranking"]
    ]
    outcomes += [
        {
            "outcome": {"coding": [coding(item)], "text": item["title"]},
            "probabilityDecimal": round(item["probability"], 6),
        }
        for item in prediction.get("suggestions", ())
    ]
    notes = [DISCLAIMER]
    if prediction["abstained"]:
        notes.insert(0, "Not sure: below the run's threshold. A person should read this note.")
    return {
        "resourceType": "RiskAssessment",
        "status": "preliminary",
        "identifier": [{"system": "urn:nosology:note-sha256", "value": prediction["note_sha256"]}],
        "subject": {"display": f"the patient of note {prediction['id'] or prediction['note_sha256'][:12]}"},
        "occurrenceDateTime": datetime.now(UTC).isoformat(timespec="seconds"),
        "method": {"text": f"nosology, run {run}"},
        "prediction": outcomes,
        "note": [{"text": text} for text in notes],
    }


def bundle(resources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return resources as a collection."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "entry": [{"resource": resource} for resource in resources],
    }
