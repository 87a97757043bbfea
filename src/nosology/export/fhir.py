"""Predictions and suggestions in the words of FHIR R4, for the command line and the service alike.

A note becomes a `RiskAssessment`, which holds every outcome with its probability, and a provisional `Condition` for
each suggestion. Nothing of the note's text is in them: evidence is given as offsets. Probabilities are percentages, as
the standard asks of ``probabilityDecimal`` ("decimal values are expressed as percentages"); codes have their dot; and a
condition is clinically active but only provisionally verified, which is what a suggestion is. Resources refer to each
other by ``urn:uuid``. A note's id names the document alone: the patient has an identifier where the caller gave one.

The functions take a note's answer as `nosology.export.lines` and the service write it: a mapping with ``ranking`` (of a
prediction), ``suggestions`` (of suggestions) or both.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nosology.export import NOTICE

MEDIA_TYPE = "application/fhir+json"
ICD_SYSTEMS = {9: "http://hl7.org/fhir/sid/icd-9-cm", 10: "http://hl7.org/fhir/sid/icd-10-cm"}
EVIDENCE_EXTENSION = "urn:nosology:evidence"
"""An extension of a condition's evidence: where the sentence stands in the note, in Unicode code points."""

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_NOTE_SYSTEM = "urn:nosology:note"
_HASH_SYSTEM = "urn:nosology:note-sha256"
_PATIENT_SYSTEM = "urn:nosology:patient"
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "urn:nosology")
_MARKS = {
    "negated": "denied there",
    "family_history": "of a relative",
    "history": "past",
    "uncertain": "not certain there",
}
_NOT_CALIBRATED = "Not calibrated: this run was not evaluated on enough notes to say how sure it is."
_NOT_SURE = "Not sure: below the run's threshold. A person should read this note."

Answer = Mapping[str, Any]
Resource = dict[str, Any]


def dotted(code: str, version: int) -> str:
    """Return a code as FHIR writes it: with the dot."""
    n_before = 4 if version == 9 and code.startswith("E") else 3
    return code if len(code) <= n_before else f"{code[:n_before]}.{code[n_before:]}"


def coding(suggestion: Answer) -> dict[str, str]:
    """Return a suggestion's code as a `Coding`."""
    version = suggestion["icd_version"]
    return {
        "system": ICD_SYSTEMS[version],
        "code": dotted(suggestion["code"], version),
        "display": suggestion["title"],
    }


def bundle(resources: Sequence[Resource], *, when: str | None = None) -> Resource:
    """Return resources as a collection.

    Args:
        resources: With a UUID as ``id`` each; one that comes again, as a patient of several notes does, is put in once.
        when: The time of reading; None to leave it out, so that the same notes give the same bytes.
    """
    each = {str(resource["id"]): resource for resource in resources}
    entries = [{"fullUrl": f"urn:uuid:{name}", "resource": resource} for name, resource in each.items()]
    stamp = {} if when is None else {"timestamp": when}
    return {"resourceType": "Bundle", "type": "collection", **stamp, "entry": entries}


def note_resources(
    answer: Answer, *, note_id: str, note_sha256: str, run: str, patient_id: str = "", when: str | None = None
) -> Iterator[Resource]:
    """Yield what one note's answer amounts to: its patient, a risk assessment, and a condition for each suggestion.

    Args:
        answer: The prediction, the suggestions, or both.
        note_id: Names the note, as an identifier and never a link. Where it is empty, the hash alone does.
        note_sha256: Of the note's text.
        run: The run's name.
        patient_id: Whose note it is; empty for a patient of whom nothing is known.
        when: The time of reading; None to leave it out.
    """
    names = (patient_id, note_id, note_sha256)
    patient = _uuid("patient", patient_id) if patient_id else _uuid("patient-of-note", note_id, note_sha256)
    identifiers = {"identifier": [{"system": _PATIENT_SYSTEM, "value": patient_id}]} if patient_id else {}
    yield {"resourceType": "Patient", "id": patient, **identifiers}
    subject = {"type": "Patient", "reference": f"urn:uuid:{patient}"}
    document = {"system": _NOTE_SYSTEM, "value": note_id} if note_id else {"system": _HASH_SYSTEM, "value": note_sha256}
    stamp = {} if when is None else {"occurrenceDateTime": when}
    yield {
        "resourceType": "RiskAssessment",
        "id": _uuid("risk", *names),
        "status": "preliminary",
        "identifier": [{"system": _HASH_SYSTEM, "value": note_sha256}],
        "subject": subject,
        **stamp,
        "basis": [{"type": "DocumentReference", "identifier": document}],
        "method": {"text": f"nosology, run {run}"},
        "prediction": [*_outcomes(answer)],
        "note": [{"text": text} for text in _notes(answer)],
    }
    for number, item in enumerate(answer.get("suggestions", ()), start=1):
        yield condition(item, subject=subject, resource_id=_uuid("condition", *names, str(number)))


def _uuid(*parts: str) -> str:
    """Return a UUID that stands for the same thing each time."""
    return str(uuid.uuid5(_NAMES, "\x1f".join(parts).encode("utf-8", "replace").decode()))


def condition(
    suggestion: Answer,
    *,
    subject: Mapping[str, Any],
    encounter: str | None = None,
    resource_id: str | None = None,
) -> Resource:
    """Return a suggestion as a `Condition` whose verification status is provisional.

    Args:
        suggestion: One of a note's suggestions.
        subject: Whose it is, as a FHIR `Reference`.
        encounter: The encounter's reference, e.g. ``Encounter/456``; None where nobody knows.
        resource_id: None for a resource that is yet to be created.
    """
    resource: Resource = {"resourceType": "Condition"}
    if resource_id:
        resource["id"] = resource_id
    resource |= {
        "clinicalStatus": _concept("condition-clinical", "active"),
        "verificationStatus": _concept("condition-ver-status", "provisional"),
        "category": [_concept("condition-category", "encounter-diagnosis") | {"text": suggestion["category"]}],
        "code": {"coding": [coding(suggestion)], "text": suggestion["title"]},
        "subject": dict(subject),
        "note": [{"text": text} for text in (_basis(suggestion), NOTICE)],
    }
    if encounter:
        resource["encounter"] = {"reference": encounter}
    if suggestion["evidence"]:
        resource["evidence"] = [_evidence(piece) for piece in suggestion["evidence"]]
    return resource


def demands_told(demands: Sequence[Answer]) -> str:
    """Return a sentence that warns of passages which tell the reader what to answer, and says where they are."""
    places = ", ".join(f"{piece['start']}-{piece['end']}" for piece in demands)
    return f"This note tells its reader what to answer (characters {places}): read it yourself."


def _outcomes(answer: Answer) -> Iterator[Resource]:
    for item in answer.get("ranking", ()):
        yield {"outcome": {"text": item["label"]}, "probabilityDecimal": _percent(item["probability"])}
    for item in answer.get("suggestions", ()):
        outcome = {"coding": [coding(item)], "text": item["title"]}
        yield {"outcome": outcome, "probabilityDecimal": _percent(item["probability"])}
    if "none_of_these" in answer and not _why_none(answer):
        outcome = {"text": "None of the diagnoses that could be suggested"}
        yield {"outcome": outcome, "probabilityDecimal": _percent(answer["none_of_these"])}


def _notes(answer: Answer) -> Iterator[str]:
    if caution := answer.get("caution"):
        yield f"Caution: {caution}."
    if demands := answer.get("demands"):
        yield demands_told(demands)
    if "ranking" in answer and answer.get("reason"):
        yield f"No category: {answer['reason']}."
    elif answer.get("abstained"):
        yield _NOT_SURE if answer.get("is_calibrated", True) else _NOT_CALIBRATED
    if why := _why_none(answer):
        yield f"No suggestions: {why}."
    elif "suggestions" in answer:
        yield f"Probabilities are {'calibrated on validation notes' if answer['is_calibrated'] else 'not calibrated'}."
    yield NOTICE


def _why_none(answer: Answer) -> str:
    """Return why an answer holds no suggestions; empty where it may hold some."""
    return str(answer.get("suggestions_reason") or answer.get("reason") or "")


def _basis(suggestion: Answer) -> str:
    seen = "" if suggestion["is_seen"] else "; no training note had this rubric, its title alone led here"
    return f"Estimated probability of being coded {suggestion['probability']:.1%}{seen}."


def _evidence(piece: Answer) -> Resource:
    """Return a sentence as evidence: in words for people, in numbers for programs."""
    start, end = int(piece["start"]), int(piece["end"])
    marks = [mark for name, mark in _MARKS.items() if piece.get(name)]
    term = f", where the term “{piece['term']}” is met" if piece.get("term") else ""
    told = term + (f" ({', '.join(marks)})" if marks else "")
    places = [{"url": "start", "valueUnsignedInt": start}, {"url": "end", "valueUnsignedInt": end}]
    return {
        "extension": [{"url": EVIDENCE_EXTENSION, "extension": places}],
        "code": [{"text": f"characters {start}-{end} of the note{told}"}],
    }


def _concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{_TERMINOLOGY}/{system}", "code": code}]}


def _percent(probability: float) -> float:
    return round(100 * probability, 4)
