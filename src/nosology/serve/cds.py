"""Cards: predictions in the words of CDS Hooks 2.0 (https://cds-hooks.hl7.org/2.0/).

The service answers the hook ``encounter-discharge`` and asks the caller to send the encounter's discharge summary along
(prefetch); it never fetches anything itself, so a request without the note is answered with 412, as the standard says.
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from nosology.export import NOTICE, fhir
from nosology.serve.attachments import attachment_text, is_withdrawn, replaced_by
from nosology.serve.http.problems import Refused
from nosology.text.normalize import is_blank

SERVICE_ID = "nosology-note"
HOOK = "encounter-discharge"
DISCHARGE_SUMMARY = "http://loinc.org|18842-5"
N_SUGGESTIONS = 5
_SUMMARY_CHARACTERS = 139
_QUOTE_CHARACTERS = 240

SERVICES = {
    "services": [
        {
            "hook": HOOK,
            "id": SERVICE_ID,
            "title": "Diagnostic category of a discharge note",
            "description": "Reads the discharge summary of an encounter and says which diagnostic category its main "
            "diagnosis belongs to, how sure that is, and which diagnoses are worth considering. Decision support: "
            "suggestions to consider, never a diagnosis.",
            "usageRequirements": "Needs the prefetched DocumentReference with its text inline; English notes.",
            "prefetch": {
                "note": "DocumentReference?encounter={{context.encounterId}}"
                f"&type={DISCHARGE_SUMMARY}&_sort=-date&_count=1"
            },
        }
    ]
}


def note_text(prefetch: Mapping[str, Any] | None) -> str:
    """Return the text of the prefetched note.

    Raises:
        Refused: It is missing (412), or not a document with its text inline (422).
    """
    if not prefetch or prefetch.get("note") is None:
        raise Refused(412, "The prefetched resource 'note' is missing, and this service fetches nothing by itself.")
    documents = list(_documents(prefetch["note"]))
    replaced = replaced_by(documents)
    valid = [one for one in documents if not is_withdrawn(one) and str(one.get("id", "")) not in replaced]
    if documents and not valid:
        raise Refused(412, "The prefetched 'note' was withdrawn: its status is entered-in-error or superseded.")
    unread = Refused(
        412, "The prefetched 'note' has no attachment of type text/plain or text/html with its data inline."
    )
    for document in valid:
        for content in _list(document.get("content")):
            attachment = content.get("attachment") if isinstance(content, dict) else None
            try:
                text = attachment_text(attachment) if isinstance(attachment, dict) else None
            except Refused as refusal:
                if refusal.status_code != 412:
                    raise
                unread = refusal  # of a type that is not read; another attachment may be
                continue
            if text and not is_blank(text):
                return text
    raise unread


def cards(
    prediction: Mapping[str, Any], text: str, *, run: str, patient_id: str, encounter_id: str | None
) -> tuple[dict[str, Any], str, dict[str, dict[str, Any]]]:
    """Return the answer to a hook, the card's id, and what each suggestion of it stands for.

    Args:
        prediction: As `nosology.serve.schemas` has it, with suggestions where the run can.
        text: The note, to quote the evidence from.
        run: The run's name.
        patient_id: From the hook's context.
        encounter_id: From the hook's context.
    """
    card_id = str(uuid.uuid4())
    meanings: dict[str, dict[str, Any]] = {}
    suggestions = []
    for item in prediction.get("suggestions", ())[:N_SUGGESTIONS]:
        suggestion_id = str(uuid.uuid4())
        meanings[suggestion_id] = {name: item[name] for name in ("code", "icd_version", "category")}
        encounter = f"Encounter/{encounter_id}" if encounter_id else None
        resource = fhir.condition(item, subject={"reference": f"Patient/{patient_id}"}, encounter=encounter)
        label = f"Consider {item['title']} ({fhir.dotted(item['code'], item['icd_version'])})"
        description = f"Add a provisional condition: {item['title']}"
        action = {"type": "create", "description": description, "resource": resource}
        suggestions.append({"label": label, "uuid": suggestion_id, "actions": [action]})
    card: dict[str, Any] = {
        "uuid": card_id,
        "summary": _summary(prediction),
        "detail": _detail(prediction, text),
        "indicator": "info",
        "source": {"label": f"nosology, run {run}"},
        "overrideReasons": [
            {"code": code, "system": "urn:nosology:override", "display": display}
            for code, display in (("wrong-category", "The category is wrong"), ("not-helpful", "Not helpful here"))
        ],
    }
    if suggestions:
        card |= {"suggestions": suggestions, "selectionBehavior": "any"}
    return {"cards": [card]}, card_id, meanings


def _summary(prediction: Mapping[str, Any]) -> str:
    if prediction.get("reason"):
        return f"No category: {prediction['reason']}. Please read the note."[:_SUMMARY_CHARACTERS]
    share = f"{prediction['probability']:.0%}"
    if prediction["abstained"]:
        if not prediction.get("is_calibrated", True):
            return f"Not calibrated: perhaps {prediction['label']}. Please read the note."[:_SUMMARY_CHARACTERS]
        return f"Not sure: perhaps {prediction['label']} ({share}). Please read the note."[:_SUMMARY_CHARACTERS]
    return f"Main diagnosis probably in {prediction['label']} ({share})"[:_SUMMARY_CHARACTERS]


def _detail(prediction: Mapping[str, Any], text: str) -> str:
    ranking = ", ".join(f"{item['label']} {item['probability']:.0%}" for item in prediction["ranking"][:5])
    lines = [f"**Caution:** {prediction['caution']}."] if prediction.get("caution") else []
    if prediction.get("demands"):
        lines.append(f"**{fhir.demands_told(prediction['demands'])}**")
    if ranking:
        lines.append(f"**Most probable categories:** {ranking}.")
    if prediction["prediction_set"]:
        lines.append(f"**Cannot be ruled out:** {', '.join(prediction['prediction_set'])}.")
    if prediction["truncated_tokens"]:
        lines.append(f"{prediction['truncated_tokens']} tokens of the note did not fit and were not read.")
    if prediction.get("suggestions_reason"):
        lines.append(f"No diagnoses to consider: {prediction['suggestions_reason']}.")
    for item in prediction.get("suggestions", ())[:N_SUGGESTIONS]:
        quotes = "; ".join(f"“{_quote(text, piece)}”" for piece in item["evidence"][:2] if _is_shown(piece))
        lines.append(f"- {item['title']}, {item['probability']:.0%}" + (f": {quotes}" if quotes else ""))
    return "\n\n".join([*lines, f"*{NOTICE}*"])


def _is_shown(piece: Mapping[str, Any]) -> bool:
    """Return whether a sentence supports a diagnosis of the patient's own: denied or another person's, it does not."""
    return not piece["negated"] and not piece["family_history"]


def _quote(text: str, piece: Mapping[str, Any]) -> str:
    """Return a sentence of the note without what Markdown would take for markup."""
    words = " ".join(text[piece["start"] : piece["end"]].split())[:_QUOTE_CHARACTERS]
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>()#+-.!|~" else character for character in words)


def _documents(resource: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(resource, dict):
        return
    if resource.get("resourceType") == "DocumentReference":
        yield resource
    elif resource.get("resourceType") == "Bundle":
        for entry in _list(resource.get("entry")):
            if isinstance(entry, dict):
                yield from _documents(entry.get("resource"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
