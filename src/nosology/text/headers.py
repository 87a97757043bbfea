"""Headers of sections that state the diagnosis, by layout and words, and where such a section ends.

A list of titles misses most of what hospitals write. Here a title states a diagnosis if it has a word for one
(diagnosis, Dx, impression at discharge, cause of death, ...) and nothing but words that qualify it. Such a section
ends at the next header of any kind. What a header is, layout and words decide together: markup, brackets, a rule below
or a colon make one of whatever is no disease; a bare line or a dash only of words that titles of sections use.
"Secondary:" and "Axis I:" begin no section, but go on with one that states a diagnosis.
"""

# ruff: noqa: E501 - a pattern is a list of wordings, one line each kind

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nosology.text import header_words

_OPENING = (
    r"(?>(?:<[a-zA-Z][^<>\n]{0,30}>|[*_#=~>»•·◦▪●■►\[({|+–—/-]|\(?\d{1,2}[.)]|[ivxIVX]{1,4}[.)](?=\s)|"
    r"[A-Za-z][.)](?=\s)|\s)*)"
)
_TITLE = r"(?:\d ?(?:[°º]|st|nd|ry|ary)\s?)?[A-Za-z](?:[^:：\n\t<>*_\[\]{}|=()]|\([^()\n:]{0,40}\)){0,80}?(?:\s?\[[^\[\]\n:]{1,30}\])?"
_CLOSING = r"(?:\s*(?:</[a-zA-Z][^<>\n]{0,30}>|[*_=~#\])}|/]))+"
_SIGN = r"::?-?|：|[=-]>+|[–—=>→»]+|\.{2,}|\s-{1,2}>?\s|\s-{1,2}$|-{2,}|\s*\t+|\s{3,}(?=\S)|$|(?(close)(?<=[\])}>*_|])|(?!))"
_LINE = re.compile(rf"^(?P<open>{_OPENING})(?P<title>{_TITLE})(?P<close>{_CLOSING})?\s*?(?P<sign>{_SIGN})")
_CAPITALS = re.compile(
    r"^(?P<open>\s*)(?P<title>[A-Z]{4,}|[A-Z][A-Z/&]+(?: [A-Z/&]+){1,4})(?P<close>)(?P<sign>)\s+(?=[A-Z]?[a-z]|\d)"
)
_WITHOUT_SIGN = re.compile(r"(?:[A-Z][\w/.]* ){0,4}(?i:diagnos[ei]s(?:\(es\))?|d(?:iag|x)s?)\.?\s+(?=[A-Z0-9])")
_SPACED = re.compile(r"\b[A-Z](?: [A-Z]){4,}\b")
_IN_PROSE = re.compile(r"(?<=[.!?;])\s{1,2}(?=[A-Z(\[*<])")
_RULE = re.compile(r"^\s*[-=_~*#]{3,}\s*$")
_MARKUP = re.compile(r"</?[a-zA-Z]|[*_=\[({|~]|##|//")
_ITEM = re.compile(r"[>»•·◦▪●■►+#*–—-]|\d{1,2}[.)]|[ivxIVX]{1,4}[.)]|[A-Za-z][.)]")
_HINT = re.compile(
    r"d\s?i\s?a\s?g|dx|impression|problem|condition|morbid|cause|c\.?o\.?d\b|drg|icd|injur|disease|disorder|illness|reason|why|"
    r"what|you were|you have|we |treated|patient w|axis|axes",
    re.IGNORECASE,
)
_CONTINUING = re.compile(
    r"^(?:(?:primary|principal|secondary|other|main|additional|associated|chronic|acute|active|inactive|resolved|final|discharge|admission|"
    r"admitting|comorbid(?:ities)?|co-?morbidities|sec|prim|tertiary|contributing|underlying|medical|surgical|psychiatric|axis [iv]+|"
    r"and|at|on|#?\d+|problems?|number|no|present|poa|part [iv]+|line [a-d]|due to|as a consequence of|or|complicated by|etiology|type|"
    r"stage|grade|severity|onset|icd|neuro|cv|cards?|resp|pulm|gi|gu|id|heme|endo|msk|psych|ortho|derm|ent|ob|gyn)[ ,/&-]*)+$"
)
_PHRASE_OF_ILLNESS = re.compile(
    r"^(?:status[- ]post|s/p|h/o|hx of|history of (?!(?:the )?(?:present|illness|current))|rule out|r/o|need for|encounter for)\b"
)
_MOST_WORDS = 10
_MOST_WORDS_OF_TITLE = 6
_FEWEST_WORDS_OF_TEXT = 4
_FARTHEST = 300  # characters looked at behind the beginning of what may be a header


@dataclass(frozen=True, slots=True)
class Header:
    """A stretch that is laid out as a header may be, as offsets into its text.

    Attributes:
        title: What it says, in lower case, without markup and numbers.
        start: Where its markup begins.
        sign: What stands behind it: a colon, a dash; empty where it has its line to itself or markup parts it.
        markup: The first mark around it, one character; empty where it has none, or only those of an item in a list.
        is_item: Whether it begins as an item of a list does.
        is_line: Whether it has its line to itself.
        is_line_start: Whether it begins a line.
        is_upper: Whether it is in capitals.
        is_capital: Whether it begins with one.
    """

    title: str
    start: int
    sign: str
    markup: str
    is_item: bool
    is_line: bool
    is_line_start: bool
    is_upper: bool
    is_capital: bool

    @property
    def has_colon(self) -> bool:
        """Whether a colon stands behind it."""
        return self.sign[:1] in (":", "：")

    @property
    def states_diagnosis(self) -> bool:
        """Whether its section exists to state a diagnosis."""
        has_layout = self.is_line_start and (bool(self.sign or self.markup) or self.is_line)
        return (has_layout or self.has_colon) and header_words.states_diagnosis(self.title)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What may be a header, to the end of its line or `_FARTHEST` characters further, and what stands around it.

    Attributes:
        text: What it says, so far.
        start: Where it begins in its text.
        is_line_start: Whether it begins a line, else a sentence.
        is_after_blank: Whether the line above is blank.
        rule_above: Where a rule right above it begins; None where there is none.
        below: The line below.
    """

    text: str
    start: int
    is_line_start: bool
    is_after_blank: bool
    rule_above: int | None
    below: str


def diagnosis_sections(text: str) -> list[tuple[int, int, str]]:
    """Return where each section that states the diagnosis begins and ends, and its title."""
    found: list[tuple[int, int, str]] = []
    began: Header | None = None
    is_first = True  # nothing stands below the header so far
    for stretch in _stretches(text):
        if began is None and not _HINT.search(stretch.text):
            continue
        header = _header(stretch)
        if header is not None and header.states_diagnosis:
            began = began or header
            is_first = header.is_line
        elif began is not None and _ends_section(header, began, stretch, is_first=is_first):
            end = stretch.start if stretch.rule_above is None or is_first else stretch.rule_above
            found.append((began.start, end, began.title))
            began = None
        elif stretch.text.strip() and not _RULE.match(stretch.text):
            is_first = header is not None and header.is_line and bool(_CONTINUING.match(header.title))
    if began is not None:
        found.append((began.start, len(text), began.title))
    return found


def _stretches(text: str) -> Iterator[_Stretch]:
    """Yield each stretch that may be a header: at the beginning of a line or of a sentence."""
    lines = text.splitlines(keepends=True)
    start = 0
    is_after_blank, rule = True, None
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        for at in [0, *(match.end() for match in _IN_PROSE.finditer(line))]:
            is_start = at == 0
            beginning = line[at : at + _FARTHEST].rstrip("\r\n")
            yield _Stretch(beginning, start + at, is_start, is_after_blank, rule if is_start else None, below)
        rule = start if _RULE.match(line) else None
        is_after_blank = not line.strip() or (rule is not None and is_after_blank)
        start += len(line)


def _header(stretch: _Stretch) -> Header | None:
    """Return what a stretch says if it is laid out as a header may be."""
    line = _SPACED.sub(lambda spaced: spaced[0].replace(" ", "").ljust(len(spaced[0])), stretch.text)
    match = _LINE.match(line)
    has_colon = match is not None and match["sign"].startswith((":", "："))
    if match is None or not has_colon or len(match["title"].split()) > _MOST_WORDS_OF_TITLE:
        match = _CAPITALS.match(line) or match
    if match is None:
        return None
    title, sign, rest = match["title"], match["sign"], line[match.end() :].strip()
    if not sign and not rest and (bare := _WITHOUT_SIGN.match(title)):
        title, sign, rest = title[: bare.end()], " ", title[bare.end() :]
    if match.re is _CAPITALS:
        sign = " "
    title = " ".join(title.split()).strip(" .,-–—")
    lower = re.sub(r"\s*[(/](?:e?s|[0-9]+)\)?$|\(e?s\)|#\s?\d+$", "", title.lower()).strip(" ()")
    lower = re.sub(r"^1 ?(?:°|º|st|ry|ary)", "primary", re.sub(r"^2 ?(?:°|º|nd|ry|ary)", "secondary", lower))
    if not 0 < len(header_words.words_of(lower)) <= _MOST_WORDS:
        return None
    opening = match["open"].strip()
    is_closed = bool(match["close"])
    marks = _MARKUP.search(opening) if is_closed or opening.startswith(("#", "=", "<")) else None
    markup = "rule" if _RULE.match(stretch.below) else marks[0][:1] if marks else ""
    if rest and not sign and not markup:
        return None
    return Header(
        lower,
        stretch.start,
        sign.strip() or sign[:1],
        markup,
        is_item=not markup and bool(_ITEM.search(opening)),
        is_line=not rest,
        is_line_start=stretch.is_line_start,
        is_upper=title.isupper(),
        is_capital=title[:1].isupper(),
    )


def _ends_section(header: Header | None, began: Header, stretch: _Stretch, *, is_first: bool) -> bool:
    """Return whether a stretch begins another section than the one that states a diagnosis.

    Args:
        header: What the stretch says as a header; None where it is not laid out as one.
        began: The header of the section it stands in.
        stretch: The stretch.
        is_first: Whether nothing stands between it and a header that states a diagnosis.
    """
    if header is None or (_is_bare(header) and not _is_short(header)):
        return stretch.is_line_start and stretch.is_after_blank and not is_first and _begins_with_title(stretch.text)
    title = header.title
    if not (header.is_line_start or header.has_colon):
        return False
    if _CONTINUING.match(title) or _PHRASE_OF_ILLNESS.match(title):
        return False
    is_strong = header_words.names_section(title)
    is_weak = header_words.is_section_word(header_words.head_of(title))
    if not _is_bare(header):
        return _ends_by_layout(header, began, is_strong=is_strong, is_weak=is_weak)
    if is_strong:
        return not header_words.is_ill(title)
    if header_words.has_disease_word(title):
        return False
    return (is_weak and not header.is_item) or (not is_first and _is_bare_title(header, began, stretch))


def _is_bare(header: Header) -> bool:
    """Return whether only a dash, a gap or its line makes a stretch look like a header."""
    return not header.has_colon and (not header.markup or header.is_item)


def _is_short(header: Header) -> bool:
    """Return whether a bare line is short and plain enough for a title."""
    n_words = len(header_words.words_of(header.title))
    return header.is_capital and n_words <= _MOST_WORDS_OF_TITLE and not re.search(r"[,;]|\.$", header.title)


def _ends_by_layout(header: Header, began: Header, *, is_strong: bool, is_weak: bool) -> bool:
    """Return whether what a colon or markup makes a header begins another section: it does unless it names a disease.

    Args:
        header: The header.
        began: The header of the section it stands in.
        is_strong: Whether its head can only be the name of a section.
        is_weak: Whether its head may be.
    """
    if is_strong or is_weak:
        return is_strong or not header_words.is_ill(header.title)
    if header_words.has_disease_word(header.title):
        return False
    if header_words.has_section_word(header.title):
        return True
    is_like_began = header.markup == began.markup and header.is_item == began.is_item
    n_words = len(header_words.words_of(header.title))
    is_title = header.is_capital and n_words <= _MOST_WORDS_OF_TITLE and not re.search(r"\d", header.title)
    return is_title and (is_like_began or not header.is_item)


def _is_bare_title(header: Header, began: Header, stretch: _Stretch) -> bool:
    """Return whether a line without sign and markup, of words that name no disease, is a title by its looks.

    Args:
        header: The line.
        began: The header of the section it stands in.
        stretch: The line and what is around it.
    """
    if header.is_item or not header.is_line or header.sign or re.search(r"\d", header.title):
        return False
    if not stretch.is_after_blank:
        return False
    if header_words.has_section_word(header.title):
        return True
    is_like_began = began.is_line and not began.sign and not began.markup and header.is_upper == began.is_upper
    is_above_text = bool(stretch.below.strip())
    is_above_prose = len(stretch.below.split()) >= 4 and stretch.below.rstrip().endswith(".")
    return is_above_text and (is_like_began or header.is_upper or is_above_prose)


def _begins_with_title(line: str) -> bool:
    """Return whether a line of text begins with the name of a section that nothing parts from it: "Diet regular"."""
    words = line.split()
    if len(words) < _FEWEST_WORDS_OF_TEXT or not words[0][:1].isupper() or header_words.has_disease_word(line.lower()):
        return False
    return any(header_words.is_title(" ".join(words[:n]).lower()) for n in (1, 2, 3))
