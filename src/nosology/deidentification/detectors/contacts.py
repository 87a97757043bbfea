"""Phone, fax and pager numbers, e-mail addresses, web addresses, network addresses."""

import re
from collections.abc import Iterator

from nosology.deidentification.lexicon import words
from nosology.deidentification.tokens import Tokens, tokenize
from nosology.records import Span

_EXTENSION = r"(?:\s?,?\s?(?:x|ext\.?|extension|#)\s?\.?:?\s?\d{1,6}\b)?"
_PHONE = re.compile(
    r"(?<![\w.$/-])(?:"
    # +44 20 7946 0958 and other international numbers
    r"\+\d{1,3}(?:[\s.-]?\(?\d{1,4}\)?){2,5}"
    # (617) 555-0123, 617-555-0123, 617.555.0123, 617 555 0123, 1-800-555-0123, 001-617-555-0123, 617/555-0123
    r"|(?:(?:\+?1|001)[\s.-]?)?(?:\(\d{3}\)\s{0,2}-?|[2-9]\d\d[\s./-]{1,3})\d{3}[\s.-]{1,3}\d{4}"
    r"|\(\d{3}\)\s?\d{7}"
    # 1-800-FLOWERS
    r"|1-8\d\d-(?:[A-Z]{7}|[A-Z]{3}-[A-Z0-9]{4}|\d{3}-[A-Z]{4})"
    # 555-0123
    r"|[2-9]\d\d[-.]\d{4}(?![ ]?(?:mg|ml|cc|units?|mcg|g\b|kcal|cells|hz))"
    rf")(?![\d-]|\.\d){_EXTENSION}",
    re.IGNORECASE,
)
_NORMAL_BEFORE = re.compile(r"\b(?:normal|range|nl|ref|reference)\W{0,3}\Z", re.IGNORECASE)
_LABEL_STARTS = words("contacts.label_starts")
_LABEL = re.compile(
    r"(?:tele?phone|phone|tel|fax|facsimile|pagers?|paged?|pg['’]?d|beep(?:er|ed)?|bleep(?:ed|er)?|"
    r"cell(?:ular)?|mobile|voice ?mail|hotline|switchboard|"
    r"extension|ext|contact|call(?:ed|ing)?(?: (?:me|us|him|her|them|back))?|reach(?:ed)?|number|text|dial)\b",
    re.IGNORECASE,
)
_AFTER_LABEL = re.compile(
    r"\s?\(?(?:numbers?|nos?\.?|#|h|w|c|home|work|office|cell|phone|s)?\)?\.?\s{0,3}(?:is|was|at|on|to|via|by|"
    r":|=|-|#|\s){0,4}\s{0,3}"
    r"((?:\+\d{1,3}[\s.-]?)?(?:\(\d{2,4}\)\s?|#\s?)?\d[\d.\- /]{2,18}\d(?![ ]?(?:mg|ml|cc|%|hours?|days?|"
    r"weeks?|months?|years?|/))"
    rf"{_EXTENSION})",
    re.IGNORECASE,
)
# "my bleep, 52.47,", "dial the switchboard and give 11333": what such a number follows is heard within a few words.
_BLEEP = re.compile(
    r"(?:pagers?|paged|pg['’]?d|pgr|beep(?:er|ed)?|bleep(?:ed|er)?|switchboard)\b(?:,?[ ][a-z]{2,6}){0,3}[,:]?\s{1,2}"
    r"(?P<number>[A-Z]?\d{3,6}|\d{2,3}[.-]\d{2,4})(?![\w%/:]|[.-]\d|[ ]?(?:times|min|hours?|h\b|x\b))",
    re.IGNORECASE,
)
_EXTENSION_ALONE = re.compile(
    r"\b(?:ext\.?|extension)\s?#?:?\s?(\d{2,6})\b(?!\s?(?:degrees|deg\b|°|/\d))|(x\s?\d{4,5})(?![\w%])", re.IGNORECASE
)
_TOP_LEVELS = words("contacts.top_levels")
_SCHEMES = frozenset({"http", "https", "ftp", "sftp", "www", "www1", "www2"})
_WEB = re.compile(
    r"(?:https?|ftp|sftp)://[^\s<>\"']+|www\d?\.[^\s<>\"']+|"
    rf"(?<![\w@])(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.){{1,4}}(?:{'|'.join(sorted(_TOP_LEVELS))})(?"
    rf"::\d{{2,5}})?(?:/[^\s<>\"']*)?(?![\w@-]|\.\w)",
    re.IGNORECASE,
)
_IPV4 = re.compile(
    r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)(?::\d{2,5})?(?:/\d\d?)?"
)
_HEX_ADDRESS = re.compile(
    r"(?<![\w:])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?=[0-9a-f:]{0,38}::)(?"
    r":[0-9a-f]{1,4}:{1,2}){2,7}[0-9a-f]{1,4}|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2})(?![\w:])",
    re.IGNORECASE,
)
_HEX_HINT = re.compile(r"[0-9a-fA-F]{1,4}[:-][0-9a-fA-F]{0,4}[:-][0-9a-fA-F]{0,4}[:-]")
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}")
_EMAIL_SPELLED = re.compile(
    r"(?<![\w.])[\w.+-]{1,64}\s?(?:\[at\]|\(at\)|\{at\}|\sat\s)\s?[\w-]{1,63}(?:\s?(?:\[dot\]|\(dot\)|\{dot\}|"
    r"\sdot\s)\s?[\w-]{2,63}){1,3}",
    re.IGNORECASE,
)
_LONGEST_DOMAIN = 253  # characters (RFC 1035)
_HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z_]\w{2,29}\b")


def contacts(text: str) -> Iterator[Span]:
    """Yield spans of phone, fax and pager numbers, e-mail, web and network addresses."""
    tokens = tokenize(text)
    yield from _by_shape(tokens)
    yield from _by_label(tokens)
    yield from _extensions(tokens)
    yield from _web(tokens)
    patterns = [_EMAIL, _HANDLE] if "@" in text else []
    if tokens.has(("dot",)):
        patterns.append(_EMAIL_SPELLED)
    if _HEX_HINT.search(text):
        patterns.append(_HEX_ADDRESS)
    for pattern in patterns:
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), "CONTACT")


def _by_shape(tokens: Tokens) -> Iterator[Span]:
    """Yield telephone numbers and network addresses known by their shape."""
    text = tokens.text
    for i in tokens.numbers:
        start = tokens.starts[i]
        while start and text[start - 1] in "+(":
            start -= 1
        match = _PHONE.match(text, start) or _PHONE.match(text, tokens.starts[i]) or _IPV4.match(text, start)
        if (
            match
            and _is_long_enough(match[0])
            and not (start and (text[start - 1].isalnum() or text[start - 1] in ".$/-"))
            and not _NORMAL_BEFORE.search(text, max(0, start - 14), start)
        ):
            yield Span(match.start(), match.end(), "CONTACT")


def _by_label(tokens: Tokens) -> Iterator[Span]:
    """Yield numbers after "tel", "pager", "call me at"."""
    text = tokens.text
    for i in tokens.places(_LABEL_STARTS):
        if bleep := _BLEEP.match(text, tokens.starts[i]):
            yield Span(*bleep.span("number"), "CONTACT")
        label = _LABEL.match(text, tokens.starts[i])
        number = _AFTER_LABEL.match(text, label.end()) if label else None
        if label and number and _is_dialled(label[0], number[1]):
            start = number.start(1)
            yield Span(start - (text[start - 1] == "#"), number.end(1), "CONTACT")


def _extensions(tokens: Tokens) -> Iterator[Span]:
    """Yield extensions that stand without their number."""
    text = tokens.text
    for i in tokens.places(frozenset({"ext", "extension", "x"})):
        match = _EXTENSION_ALONE.match(text, tokens.starts[i])
        if match and not text[match.start() - 1 : match.start()].isalnum():
            yield Span(match.start(match.lastindex or 0), match.end(), "CONTACT")


def _is_long_enough(number: str) -> bool:
    """Return whether a number after "+" has the digits of one to dial: "+1.50 x 125" is a lens."""
    return number[0] != "+" or sum(c.isdigit() for c in number) >= 8


def _web(tokens: Tokens) -> Iterator[Span]:
    """Yield web addresses, with or without a scheme."""
    text = tokens.text
    reached = 0
    for i in sorted(tokens.places(_SCHEMES | _TOP_LEVELS)):
        start = tokens.starts[i]
        if start < reached:
            continue
        if tokens.lowers[i] in _TOP_LEVELS:
            if text[start - 1 : start] != ".":
                continue
            first = max(reached, start - _LONGEST_DOMAIN)
            while start > first and (text[start - 1].isalnum() or text[start - 1] in ".-"):
                start -= 1
        match = _WEB.match(text, start)
        if match:
            reached = match.end()
            yield Span(match.start(), match.start() + len(match[0].rstrip(".,;:)!?'\"")), "CONTACT")


def _is_dialled(label: str, number: str) -> bool:
    """Return whether a number after a label is one to dial: long enough, or short after pager, beeper or extension."""
    digits = sum(c.isdigit() for c in number)
    if label.lower().startswith("ext") and "/" in number:  # how far a joint can be extended
        return False
    if label.lower().startswith(("pag", "beep", "bleep", "ext", "cell", "fax", "tel", "phone")):
        return digits >= 3
    return digits >= 7
