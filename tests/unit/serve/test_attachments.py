"""The text of FHIR documents: withdrawn ones are never read, and attachments come in many forms."""

# ruff: noqa: E501 - the cases are a table, one row each

import base64

import pytest

from nosology.serve.attachments import attachment_text
from nosology.serve.cds import note_text
from nosology.serve.http.problems import Refused

NOTE = "Chest pain.\nTroponin raised, Ménière before."


def document(text: str = NOTE, kind: str = "text/plain", charset: str = "utf-8", **fields: str) -> dict:
    data = base64.b64encode(text.encode(charset)).decode()
    content = [{"attachment": {"contentType": kind, "data": data}}]
    return {"resourceType": "DocumentReference", "status": "current", "content": content} | fields


@pytest.mark.parametrize("field", ["status", "docStatus"])
@pytest.mark.parametrize("value", ["entered-in-error", "superseded", "Entered-In-Error"])
def test_a_withdrawn_document_is_never_read(field: str, value: str) -> None:
    with pytest.raises(Refused, match="withdrawn"):
        note_text({"note": document(**{field: value})})
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": document("Withdrawn.", **{field: value})}, {"resource": document()}],
    }
    assert note_text({"note": bundle}) == NOTE


R4, R5 = "replaces", {"coding": [{"code": "replaces"}]}


@pytest.mark.parametrize("code", [R4, R5])
@pytest.mark.parametrize(
    "reference", ["DocumentReference/old", "https://ehr.example/fhir/DocumentReference/old/_history/2"]
)
@pytest.mark.parametrize("order", [1, -1])
def test_a_document_that_another_replaces_is_never_read(code: object, reference: str, order: int) -> None:
    relation = [{"code": code, "target": {"reference": reference}}]
    both = [document("Out of date.") | {"id": "old"}, document() | {"id": "new", "relatesTo": relation}]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in both[::order]]}
    assert note_text({"note": bundle}) == NOTE


@pytest.mark.parametrize("relation", ["x", [7], [{"code": "appends", "target": {"reference": "DocumentReference/old"}}],
                                      [{"code": "replaces"}], [{"code": "replaces", "target": {}}], [{"code": {"coding": "x"}}]])  # fmt: skip
def test_another_relation_withdraws_nothing(relation: object) -> None:
    both = [document() | {"id": "old"}, document("Another.") | {"id": "new", "relatesTo": relation}]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in both]}
    assert note_text({"note": bundle}) == NOTE


@pytest.mark.parametrize(
    ("kind", "charset"),
    [
        ("text/plain", "utf-8"),
        ("TEXT/PLAIN; charset=UTF-8", "utf-8"),
        ("text/plain;charset=iso-8859-1", "latin-1"),
        ('text/plain; format=flowed; charset="windows-1252"', "cp1252"),
        ("text/plain; charset=utf-16", "utf-16"),
    ],
)
def test_character_sets_are_read(kind: str, charset: str) -> None:
    assert note_text({"note": document(kind=kind, charset=charset)}) == NOTE


def test_base64_may_be_broken_into_lines() -> None:
    data = base64.encodebytes((NOTE * 5).encode()).decode()
    assert data.count("\n") > 1
    assert attachment_text({"contentType": "text/plain", "data": data}) == NOTE * 5


def test_html_is_read_as_the_text_it_shows() -> None:
    head = "<html><head><title>x</title><style>p{}</style></head>"
    html = f"{head}<body><p>Chest pain &amp; fever.</p><p>No <b>cough</b>.</p></body>"
    assert note_text({"note": document(html, "text/html")}) == "Chest pain & fever.\n\nNo cough."


@pytest.mark.parametrize(
    ("attachment", "said"),
    [
        ({"contentType": "application/rtf", "data": "e1xydGY="}, "application/rtf"),
        ({"contentType": "application/pdf", "data": "JVBERg=="}, "application/pdf"),
        ({"contentType": "image/zebrafink", "data": "AAAA"}, "contentType"),
        ({"contentType": "text/plain; charset=zebrafink", "data": "AAAA"}, "character set"),
        ({"contentType": "text/plain", "data": "no base64!"}, "content.attachment.data"),
        ({"contentType": "text/plain", "data": "/w=="}, "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_refused_by_field_and_name(attachment: dict, said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        attachment_text(attachment)
    assert "zebrafink" not in str(caught.value)
