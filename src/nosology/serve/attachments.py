"""The text of a FHIR document: never of one that was withdrawn, and of attachments as systems really send them.

Base64 may be broken into lines, the type may name a character set, and HTML is read as the text it shows. RTF, PDF and
everything else is refused by name.
"""

import base64
import binascii
import codecs
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

from nosology.serve.http.problems import Refused

WITHDRAWN = frozenset({"entered-in-error", "superseded"})
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "section"})
_HIDDEN = frozenset({"script", "style", "head", "title"})
_READ = frozenset({"text/plain", "text/html", "application/xhtml+xml"})


def is_withdrawn(document: Mapping[str, Any]) -> bool:
    """Return whether a document was entered in error or another one has taken its place."""
    return any(str(document.get(name, "")).strip().lower() in WITHDRAWN for name in ("status", "docStatus"))


def replaced_by(documents: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of the documents that others among these say they replace, whatever their own status is.

    Args:
        documents: In R4, where the relation's code is a text, or in R5, where it is a concept.
    """
    found = set()
    for document in documents:
        relations = document.get("relatesTo")
        for relation in relations if isinstance(relations, list) else ():
            target = relation.get("target") if isinstance(relation, dict) else None
            if isinstance(target, dict) and "replaces" in _codes(relation.get("code")):
                found.add(str(target.get("reference", "")).split("/_history")[0].rpartition("/")[2])
    return found - {""}


def _codes(code: Any) -> set[str]:
    if isinstance(code, str):
        return {code.strip().lower()}
    codings = code.get("coding") if isinstance(code, dict) else None
    return {str(one.get("code", "")).lower() for one in codings or () if isinstance(one, dict)}


def attachment_text(attachment: Mapping[str, Any]) -> str | None:
    """Return the text of an attachment; None where it has no data inline.

    Raises:
        Refused: It is of a type that is not read, or its data is not what its type says. The field is named.
    """
    data = attachment.get("data")
    if not isinstance(data, str):
        return None
    kind, _, parameters = str(attachment.get("contentType", "text/plain")).partition(";")
    kind = kind.strip().lower()
    if kind not in _READ:
        shown = (
            kind if kind in ("application/rtf", "text/rtf", "application/pdf", "text/xml", "application/xml") else ""
        )
        what = f"of type {shown}" if shown else "neither text/plain nor text/html"
        raise Refused(412, f"The attachment (content.attachment.contentType) is {what}; send it as text/plain.")
    text = _decoded(data, _charset(parameters))
    return text if kind == "text/plain" else shown_text(text)


def shown_text(html: str) -> str:
    """Return the text that an HTML page shows."""
    page = _Page()
    page.feed(html)
    page.close()
    lines = (" ".join(line.split()) for line in "".join(page.pieces).split("\n"))
    return "\n".join(lines).strip()


class _Page(HTMLParser):
    """Collects what is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 (the base's)
        """Begin a line at a block; stop collecting in what is not shown."""
        self._hidden += tag in _HIDDEN
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End what the tag began."""
        self._hidden = max(self._hidden - (tag in _HIDDEN), 0)
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        """Take text that is shown."""
        if not self._hidden:
            self.pieces.append(" ".join(data.split("\n")))


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            try:
                return codecs.lookup(value.strip().strip("\"'")).name
            except LookupError:
                message = "The character set in content.attachment.contentType is not known; send the data as UTF-8."
                raise Refused(422, message) from None
    return "utf-8"


def _decoded(data: str, charset: str) -> str:
    try:
        return base64.b64decode("".join(data.split()), validate=True).decode(charset)
    except (binascii.Error, ValueError, LookupError):
        message = (
            f"The data of the prefetched 'note' (content.attachment.data) is not base64 of {charset.upper()} text."
        )
        raise Refused(422, message) from None
