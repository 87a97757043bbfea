"""CDS Hooks: the note is found in what the caller sent, and a card says no more than the prediction does."""

import base64
import json
import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.export import NOTICE
from nosology.serve.cds import DISCHARGE_SUMMARY, HOOK, N_SUGGESTIONS, SERVICE_ID, SERVICES, cards, note_text
from nosology.serve.http.problems import Refused

TEXT = "Fever and cough. No melena. Mother had gout."


def attachment(text: str = TEXT, **other: Any) -> dict[str, Any]:
    """Return a content whose attachment holds a text inline."""
    data = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return {"attachment": {"contentType": "text/plain", "data": data} | other}


def document(*contents: Any) -> dict[str, Any]:
    """Return a document with some contents."""
    return {"resourceType": "DocumentReference", "content": list(contents)}


def bundle(*resources: Any) -> dict[str, Any]:
    """Return a search result."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": item} for item in resources]}


def refused(prefetch: Any) -> Refused:
    """Return the refusal of a prefetch."""
    with pytest.raises(Refused) as caught:
        note_text(prefetch)
    return caught.value


# ---- discovery


def test_the_service_says_which_hook_it_answers_and_what_it_wants_sent_along() -> None:
    (service,) = SERVICES["services"]
    assert (service["hook"], service["id"]) == (HOOK, SERVICE_ID)
    assert service["prefetch"]["note"].startswith("DocumentReference?encounter={{context.encounterId}}")
    assert DISCHARGE_SUMMARY in service["prefetch"]["note"]
    assert "never a diagnosis" in service["description"]


# ---- finding the note


@pytest.mark.parametrize(
    "note",
    [
        document(attachment()),
        document({}, "nonsense", attachment()),
        document(attachment("  \n "), attachment()),
        document(attachment(contentType="application/pdf"), attachment()),
        document(attachment(contentType="TEXT/PLAIN; charset=utf-8")),
        bundle(document(attachment())),
        bundle({"resourceType": "OperationOutcome"}, document(), document(attachment())),
        bundle(bundle(document(attachment()))),
        {"resourceType": "Bundle", "entry": ["nonsense", {}, {"resource": document(attachment())}]},
    ],
)
def test_the_first_plain_text_with_words_is_the_note(note: Any) -> None:
    assert note_text({"note": note}) == TEXT


def test_an_attachment_that_names_no_type_is_taken_for_plain_text() -> None:
    content = attachment()
    del content["attachment"]["contentType"]
    assert note_text({"note": document(content)}) == TEXT


def test_of_two_documents_the_first_is_read() -> None:
    assert note_text({"note": bundle(document(attachment("one")), document(attachment("two")))}) == "one"


@given(st.text(st.characters(codec="utf-8")).map(lambda text: f"{text}x"))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    assert note_text({"note": document(attachment(text))}) == text


@pytest.mark.parametrize("prefetch", [None, {}, {"note": None}, {"other": document(attachment())}])
def test_a_call_without_the_note_is_a_failed_precondition(prefetch: Any) -> None:
    assert refused(prefetch).status_code == 412
    assert "missing" in str(refused(prefetch).detail)


@pytest.mark.parametrize(
    "note",
    [
        "text",
        [],
        3,
        {},
        {"resourceType": "Patient"},
        document(),
        {"resourceType": "DocumentReference", "content": "x"},
        document({"attachment": "x"}),
        document({"attachment": {"contentType": "text/plain", "url": "http://elsewhere/note"}}),
        document(attachment(contentType="application/pdf")),
        document(attachment(contentType=7)),
        document(attachment(" \t\n")),
        document(attachment("\u200b\ufeff\u3164")),
        bundle(),
        {"resourceType": "Bundle", "entry": "x"},
    ],
)
def test_what_holds_no_plain_text_inline_is_a_failed_precondition(note: Any) -> None:
    assert refused({"note": note}).status_code == 412


@pytest.mark.parametrize("data", ["not base64!", "YWJj*", "/w==", "YQ"])
def test_data_that_is_no_base64_of_utf8_is_unprocessable_and_not_quoted(data: str) -> None:
    error = refused({"note": document({"attachment": {"contentType": "text/plain", "data": data}})})
    assert error.status_code == 422
    assert data not in str(error.detail)


# ---- cards


def suggestion(title: str = "Pneumonia", code: str = "486", **other: Any) -> dict[str, Any]:
    """Return a suggestion as the service writes it."""
    return {
        "code": code,
        "icd_version": 9,
        "title": title,
        "category": "Respiratory",
        "probability": 0.416,
        "main_probability": 0.3,
        "is_seen": True,
        "evidence": [],
        "full_code": None,
    } | other


def evidence(start: int, end: int, *, negated: bool = False) -> dict[str, Any]:
    """Return a stretch of the note."""
    return {"start": start, "end": end, "effect": 1.0, "negated": negated, "family_history": False}


def prediction(**other: Any) -> dict[str, Any]:
    """Return a prediction as the service writes it."""
    ranking = [{"label": f"Category {i}", "probability": (7 - i) / 28} for i in range(7)]
    return {
        "label": "Category 0",
        "probability": 0.25,
        "ranking": ranking,
        "prediction_set": [],
        "abstained": False,
        "truncated_tokens": 0,
    } | other


def card_of(text: str = TEXT, encounter: str | None = "456", **other: Any) -> dict[str, Any]:
    """Return the one card for a prediction."""
    answer, card_id, _ = cards(prediction(**other), text, run="demo", patient_id="123", encounter_id=encounter)
    (card,) = answer["cards"]
    assert card["uuid"] == card_id
    return card


def test_a_card_names_the_category_its_share_and_the_run() -> None:
    card = card_of()
    assert card["summary"] == "Main diagnosis probably in Category 0 (25%)"
    assert card["indicator"] == "info"
    assert card["source"]["label"] == "nosology, run demo"
    assert "suggestions" not in card
    assert "selectionBehavior" not in card


def test_a_card_that_is_not_sure_says_so_first() -> None:
    assert card_of(abstained=True)["summary"] == "Not sure: perhaps Category 0 (25%). Please read the note."


@pytest.mark.parametrize("abstained", [True, False])
def test_a_summary_is_shorter_than_140_characters_whatever_the_category_is_called(abstained: bool) -> None:
    assert len(card_of(label="A category " * 30, abstained=abstained)["summary"]) < 140


def test_the_detail_lists_five_categories_and_the_notice() -> None:
    detail = card_of()["detail"]
    assert "Category 0 25%, Category 1 21%, Category 2 18%, Category 3 14%, Category 4 11%." in detail
    assert "Category 5" not in detail
    assert NOTICE in detail
    assert "Cannot be ruled out" not in detail
    assert "not read" not in detail


def test_the_detail_says_what_cannot_be_ruled_out_and_what_was_not_read() -> None:
    detail = card_of(prediction_set=["A", "B"], truncated_tokens=37)["detail"]
    assert "**Cannot be ruled out:** A, B." in detail
    assert "37 tokens of the note did not fit and were not read." in detail


def test_at_most_five_suggestions_become_actions() -> None:
    items = [suggestion(f"Diagnosis {i}", f"{400 + i}") for i in range(9)]
    answer, _, meanings = cards(prediction(suggestions=items), TEXT, run="demo", patient_id="123", encounter_id="456")
    (card,) = answer["cards"]
    assert len(card["suggestions"]) == len(meanings) == N_SUGGESTIONS == 5
    assert card["selectionBehavior"] == "any"
    for number, item in enumerate(card["suggestions"]):
        assert item["label"] == f"Consider Diagnosis {number} ({400 + number})"
        assert meanings[item["uuid"]] == {"code": f"{400 + number}", "icd_version": 9, "category": "Respiratory"}
        (action,) = item["actions"]
        assert action["type"] == "create"
        assert action["resource"]["resourceType"] == "Condition"
        assert action["resource"]["subject"] == {"reference": "Patient/123"}
        assert action["resource"]["encounter"] == {"reference": "Encounter/456"}
        assert "id" not in action["resource"], "what is yet to be created has no id"


def test_without_an_encounter_a_condition_refers_to_none() -> None:
    card = card_of(encounter=None, suggestions=[suggestion()])
    assert "encounter" not in card["suggestions"][0]["actions"][0]["resource"]


def test_codes_are_shown_with_their_dot() -> None:
    card = card_of(suggestions=[suggestion("Septicemia", "0389")])
    assert card["suggestions"][0]["label"] == "Consider Septicemia (038.9)"


def test_ids_are_uuids_and_never_the_same_twice() -> None:
    ids = []
    for _ in range(2):
        card = card_of(suggestions=[suggestion(), suggestion("Gout", "274")])
        ids += [card["uuid"], *(item["uuid"] for item in card["suggestions"])]
    assert len(set(ids)) == 6
    assert all(str(uuid.UUID(value)) == value for value in ids)


def test_evidence_is_quoted_in_one_line_and_denials_are_not_quoted() -> None:
    text = "Fever\n  and\tcough. No melena."
    items = [suggestion(evidence=[evidence(0, 18), evidence(19, 29, negated=True)])]
    detail = card_of(text, suggestions=items)["detail"]
    assert "- Pneumonia, 42%: “Fever and cough\\.”" in detail
    assert "melena" not in detail


def test_two_sentences_are_quoted_at_most_and_long_ones_are_cut() -> None:
    text = "a" * 1_000 + "b" * 10 + "c" * 10
    items = [suggestion(evidence=[evidence(0, 1_000), evidence(1_000, 1_010), evidence(1_010, 1_020)])]
    detail = card_of(text, suggestions=items)["detail"]
    assert "a" * 240 in detail
    assert "a" * 241 not in detail
    assert "b" * 10 in detail
    assert "c" * 10 not in detail


@given(st.text(st.sampled_from("ab *_`[](){}<>#+-.!|~\\"), min_size=1, max_size=60))
def test_no_markup_of_a_note_becomes_markup_of_the_card(text: str) -> None:
    detail = card_of(text, suggestions=[suggestion(evidence=[evidence(0, len(text))])])["detail"]
    quote = detail.partition("“")[2].partition("”")[0]
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_`\[\](){}<>#+\-.!|~]", quote)
    assert re.sub(r"\\(.)", r"\1", quote) == " ".join(text.split())


def test_a_card_can_be_sent() -> None:
    answer, _, meanings = cards(
        prediction(suggestions=[suggestion()]), TEXT, run="demo", patient_id="123", encounter_id=None
    )
    assert json.loads(json.dumps(answer)) == answer
    assert json.loads(json.dumps(meanings)) == meanings


def test_a_note_without_a_category_says_why_and_ranks_nothing() -> None:
    card = card_of(
        reason="unlike the notes this run was calibrated on", label="", probability=0.0, ranking=[], abstained=True
    )
    assert card["summary"] == "No category: unlike the notes this run was calibrated on. Please read the note."
    assert "Most probable categories" not in card["detail"]


def test_a_caution_comes_first_in_the_detail() -> None:
    assert card_of(caution="not calibrated on your notes")["detail"].startswith(
        "**Caution:** not calibrated on your notes."
    )
    assert "Caution" not in card_of()["detail"]


def test_a_note_that_tells_its_reader_what_to_answer_says_so_in_the_detail() -> None:
    detail = card_of(demands=[{"start": 4, "end": 30}])["detail"]
    assert detail.startswith("**This note tells its reader what to answer (characters 4-30): read it yourself.**")
