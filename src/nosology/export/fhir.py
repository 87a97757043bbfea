"""Suggestions as FHIR R4: a bundle a note, with a clinical impression and one provisional condition a suggestion.

Every resource is built through the models of the library ``fhir.resources`` (R4B, whose Condition, ClinicalImpression
and Bundle read as R4's), so what is written is valid or an error is raised. Nothing of the note's text is in it:
evidence is given as offsets. What would surprise you: the subject is a reference by identifier, since a note's id is
all that is known of the patient; and each condition's verification status is ``provisional``, which is what a
suggestion is.
"""

from typing import Any

from nosology.errors import NosologyError
from nosology.export import NOTICE
from nosology.records import Suggestion, Suggestions

ICD_SYSTEMS = {9: "http://hl7.org/fhir/sid/icd-9-cm", 10: "http://hl7.org/fhir/sid/icd-10-cm"}
_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"


def fhir_bundle(found: Suggestions, note_id: str) -> dict[str, Any]:
    """Return one note's suggestions as a FHIR bundle, ready for JSON.

    Args:
        found: The suggestions.
        note_id: Names the note; it becomes an identifier, never a link.

    Raises:
        NosologyError: The library that validates is not installed.
    """
    try:
        from fhir.resources.R4B.bundle import Bundle
    except ImportError:
        raise NosologyError(
            "FHIR output needs the library fhir.resources", hint='pip install "nosology[fhir]"'
        ) from None
    subject = {"type": "Patient", "display": f"patient of note {note_id}", "identifier": {"value": note_id}}
    conditions = [_condition(item, subject, number) for number, item in enumerate(found, start=1)]
    resources = [_impression(found, subject), *conditions]
    entries = [{"fullUrl": f"urn:nosology:{item['id']}", "resource": item} for item in resources]
    bundle = Bundle.model_validate({"resourceType": "Bundle", "type": "collection", "entry": entries})
    return dict(bundle.model_dump(mode="json"))


def _impression(found: Suggestions, subject: dict[str, Any]) -> dict[str, Any]:
    names = "; ".join(f"{item.title} ({item.code}, {item.probability:.0%})" for item in found)
    calibrated = "calibrated on validation notes" if found.is_calibrated else "not calibrated"
    return {
        "resourceType": "ClinicalImpression",
        "id": "impression",
        "status": "in-progress",
        "subject": subject,
        "description": NOTICE,
        "summary": f"To consider: {names}." if names else "Nothing to consider was found.",
        "finding": [
            {
                "itemReference": {"reference": f"urn:nosology:condition-{number}", "display": item.title},
                "basis": _basis(item),
            }
            for number, item in enumerate(found, start=1)
        ],
        "note": [
            {
                "text": f"Probability that none of these is coded: {found.none_of_these:.1%}. "
                f"Probabilities are {calibrated}; {found.n_rubrics} rubrics could have been suggested."
            }
        ],
    }


def _condition(item: Suggestion, subject: dict[str, Any], number: int) -> dict[str, Any]:
    coding = [{"system": ICD_SYSTEMS[item.icd_version], "code": item.code, "display": item.title}]
    condition: dict[str, Any] = {
        "resourceType": "Condition",
        "id": f"condition-{number}",
        "verificationStatus": {"coding": [{"system": _STATUS, "code": "provisional", "display": "Provisional"}]},
        "category": [{"coding": [{"system": _CATEGORY, "code": "encounter-diagnosis"}], "text": item.category}],
        "code": {"coding": coding, "text": item.title},
        "subject": subject,
        "note": [{"text": _basis(item)}],
    }
    if item.evidence:
        condition["evidence"] = [
            {"code": [{"text": f"characters {e.start}-{e.end} of the note{_marks(e.negated, e.family_history)}"}]}
            for e in item.evidence
        ]
    return condition


def _basis(item: Suggestion) -> str:
    seen = "" if item.is_seen else "; no training note had this rubric, its title alone led here"
    shares = f"being coded {item.probability:.1%}, of being the main one {item.main_probability:.1%}"
    return f"Estimated probability of {shares}{seen}."


def _marks(is_negated: bool, is_family: bool) -> str:
    marks = [*(["denied there"] if is_negated else []), *(["of a relative"] if is_family else [])]
    return f" ({', '.join(marks)})" if marks else ""
