"""Headers of sections that state the diagnosis, by layout and words, and where such a section ends.

A list of titles misses most of what hospitals write. Here a title states a diagnosis if it has a word for one
(diagnosis, Dx, impression at discharge, cause of death, ...) and nothing but words that qualify it. Such a section
ends at the next header of any kind. What a header is, layout and words decide together: markup, brackets, a rule below
or a colon make one of whatever is no disease; a bare line or a dash only of words that titles of sections use.
"Secondary:" and "Axis I:" begin no section, but go on with one that states a diagnosis.
"""

# ruff: noqa: E501, SIM905 - a pattern is a list of wordings, one line each kind; a list of words is written as one text

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nosology.text import header_words

_OPENING = (
    r"(?>(?:<{2,}|<[a-zA-Z][^<>\n]{0,30}>|[*_#=~>»•·◦▪●■►\[({|+–—/-]|\(?\d{1,2}[.)]|[ivxIVX]{1,4}[.)](?=\s)|"
    r"[A-Za-z][.)](?=\s)|\s)*)"
)
_TITLE = r"(?:\d ?(?:[°º]|st|nd|ry|ary)\s?)?[A-Za-z](?:[^:：\n\t<>*_\[\]{}|=()]|\([^()\n:]{0,40}\)){0,80}?(?:\s?\[[^\[\]\n:]{1,30}\])?"
_CLOSING = r"(?:\s*(?:</[a-zA-Z][^<>\n]{0,30}>|>{2,}(?=\s*$)|[*_=~#\])}|/]))+"
_NUMBERED = re.compile(
    r"^\s*(?:[A-Za-z]{3,9}\.? )?(?:#|[Nn]o\.? ?)?"
    r"(?:(?:\d{1,2}|[IVX]{1,5}|[A-Z])(?:\.\d{1,2})*\s?[:.)–—-]+\s+|\d{1,2}(?:\.\d{1,2})+\s+|\d{1,2}\s(?=[A-Z]{3}))(?=[A-Z])"
)
_TAG = re.compile(r"^\s*<(?P<name>[A-Za-z][A-Za-z0-9_.-]{0,40})>")
_ASIDE = re.compile(r"\((?P<inside>[^()]*)\)?")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-rt-z])|(?<=[a-z])(?=\d)|(?<=\d)(?=[A-Z])")
_FORMATTING = frozenset(
    "b i u em strong p br div span li ul ol td tr th table font center pre hr small big h1 h2 h3 h4 h5 h6".split()
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_UNDERSCORE = re.compile(r"(?<=[A-Za-z0-9])_(?=[A-Za-z0-9])")
_SIGN = r"::?-?|：|[=-]>+|[–—=>→»]+|\.{2,}|\s-{1,2}>?\s|\s-{1,2}$|-{2,}|\s*\t+|\s{3,}(?=\S)|$|(?(close)(?<=[\])}>*_|])|(?!))"
_LINE = re.compile(rf"^(?P<open>{_OPENING})(?P<title>{_TITLE})(?P<close>{_CLOSING})?\s*?(?P<sign>{_SIGN})")
_CAPITALS = re.compile(
    r"^(?P<open>\s*)(?P<title>[A-Z]{4,}|[A-Z][A-Z/&]+(?: [A-Z/&]+){1,4})(?P<close>)(?P<sign>)\s+(?=[A-Z]?[a-z]|\d)"
)
_WITHOUT_SIGN = re.compile(
    r"(?:[A-Z][\w/.]* ){0,4}(?i:diagnos[ei]s(?:\(es\))?|d(?:iag|x)s?)\.?(?i: summary| list)?\s+(?=[A-Z0-9])"
)
_SPACED = re.compile(r"\b[A-Z](?: {1,6}[A-Z/]){4,}\b")
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
    r"^(?:status[- ]post|s/p|h/o|(?:hx|history) of (?!(?:the )?(?:present|illness|current))|rule out|r/o|need for|encounter for)\b"
)
_MOST_WORDS = 10
_MOST_WORDS_OF_TITLE = 6
_LONGEST_TITLE = 60
_FARTHEST = 300  # characters looked at behind the beginning of what may be a header


@dataclass(frozen=True, slots=True)
class Header:
    """A stretch that is laid out as a header may be, as offsets into its text.

    Attributes:
        title: What it says, in lower case, without markup and numbers.
        start: Where its markup begins.
        sign: What stands behind it: a colon, a dash; empty where it has its line to itself or markup parts it.
        markup: The first mark around it, one character; empty where it has none, or only those of an item in a list.
        dress: What stands before it, every number as 9 and every single letter as A.
        is_item: Whether it begins as an item of a list does.
        is_line: Whether it has its line to itself.
        is_above_blank: Whether it has its line to itself and a blank line below.
        is_line_start: Whether it begins a line.
        casing: "upper", "title" or "sentence"; empty where it begins with a small letter.
    """

    title: str
    start: int
    sign: str
    markup: str
    dress: str
    is_item: bool
    is_line: bool
    is_above_blank: bool
    is_line_start: bool
    casing: str

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
        text_below: The next line below that is not blank.
    """

    text: str
    start: int
    is_line_start: bool
    is_after_blank: bool
    rule_above: int | None
    below: str
    text_below: str


def diagnosis_sections(text: str) -> list[tuple[int, int, str]]:
    """Return where each section that states the diagnosis begins and ends, and its title."""
    found: list[tuple[int, int, str]] = []
    began: Header | None = None
    is_first = True  # nothing stands below the header so far
    has_parts = False  # its own lines begin with labels, as in "P: gout"
    for stretch in _stretches(text):
        if began is None and not (_HINT.search(stretch.text) or _SPACED.search(stretch.text)):
            continue
        header = _header(stretch)
        if header is not None and header.states_diagnosis:
            began = began or header
            is_first, has_parts = header.is_line, False
        elif began is not None and _is_part(header, began, stretch, may_be=is_first or has_parts):
            is_first, has_parts = False, True
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
        text_below = below if below.strip() or number + 2 >= len(lines) else lines[number + 2]
        for at in [0, *(match.end() for match in _IN_PROSE.finditer(line))]:
            is_start = at == 0
            beginning = line[at : at + _FARTHEST].rstrip("\r\n")
            yield _Stretch(
                beginning, start + at, is_start, is_after_blank, rule if is_start else None, below, text_below
            )
        rule = start if _RULE.match(line) else None
        is_after_blank = not line.strip() or (rule is not None and is_after_blank)
        start += len(line)


def _header(stretch: _Stretch) -> Header | None:
    """Return what a stretch says if it is laid out as a header may be.

    A number before a title ("Section 2: Plan") and a tag that is a title ("<HospitalCourse>") are looked through.
    """
    line = _SPACED.sub(lambda spaced: " ".join(w.replace(" ", "") for w in re.split(r" {2,}", spaced[0])), stretch.text)
    line = _UNDERSCORE.sub(" ", line)
    header = _header_of(line, stretch)
    if (header is not None and header.states_diagnosis) or not stretch.is_line_start:
        return header
    for other in _looked_through(line, stretch):
        head = header_words.head_of(other.title)
        is_numbered = other.dress in ("<tag>", "9.9") or " 9" in other.dress
        if is_numbered or other.states_diagnosis or header_words.is_section_word(head):
            return other
    return header


def _looked_through(line: str, stretch: _Stretch) -> Iterator[Header]:
    """Yield the headers that a line would have without a number, a tag or a semicolon."""
    if (number := _NUMBERED.match(line)) and (header := _header_of(line[number.end() :], stretch)):
        yield replace(header, dress=_dress(number[0]), is_item=False)
    if (tag := _TAG.match(line)) and tag["name"].lower() not in _FORMATTING:
        name = " ".join(re.split(r"[_.-]", _HUMP.sub(" ", tag["name"])))
        if " " in name or header_words.has_section_word(name.lower()) or header_words.states_diagnosis(name.lower()):
            is_line = not line[tag.end() :].strip()
            yield Header(name.lower(), stretch.start, "", "<", "<tag>", False, is_line, False, True, "title")
    before, mark, _ = line[:_LONGEST_TITLE].partition(";")
    if mark and (header := _header_of(before, stretch)) and header.states_diagnosis:
        yield replace(header, sign=";", is_line=False)


def _header_of(line: str, stretch: _Stretch) -> Header | None:
    """Return what a line says if it is laid out as a header may be.

    Args:
        line: The stretch, brought to one form.
        stretch: What stands around it.
    """
    match = _LINE.match(line)
    has_colon = match is not None and match["sign"].startswith((":", "："))
    if match is None or not has_colon or len(match["title"].split()) > _MOST_WORDS_OF_TITLE:
        is_section = match is not None and header_words.names_section(match["title"].lower())
        match = (not is_section and _CAPITALS.match(line)) or match
    if match is None:
        return None
    title, sign, rest = match["title"], match["sign"], line[match.end() :].strip()
    is_whole = header_words.states_diagnosis(title.lower())
    if not sign and not rest and not is_whole and (bare := _WITHOUT_SIGN.match(title)):
        title, sign, rest = title[: bare.end()], " ", title[bare.end() :]
    if match.re is _CAPITALS:
        sign = " "
    title = " ".join(_CAMEL.sub(" ", title).split()).strip(" .,-–—")
    lower = _without_asides(title.lower())
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
        _dress(opening),
        is_item=not markup and bool(_ITEM.search(opening)),
        is_line=not rest,
        is_above_blank=not rest and not stretch.below.strip(),
        is_line_start=stretch.is_line_start,
        casing=header_words.casing(title),
    )


def _without_asides(title: str) -> str:
    """Return a title in lower case less what stands in brackets, unless that is what states a diagnosis."""
    title = re.sub(r"(?<=s)[(/]e?s\)?|#\s?\d+$|[(/]\d+\)?$", "", re.sub(r"\(e?s\)", "", title))
    inside = [aside["inside"].strip() for aside in _ASIDE.finditer(title)]
    main = " ".join(_ASIDE.sub(" ", title).split()).strip(" ()")
    if any(header_words.denies_diagnosis(aside) for aside in inside):
        return title.strip(" ()")
    if not main or not header_words.states_diagnosis(main):
        main = next((a for a in inside if header_words.states_diagnosis(a) and not a.startswith("by ")), main)
    return re.sub(r"^1 ?(?:°|º|st|ry|ary)", "primary", re.sub(r"^2 ?(?:°|º|nd|ry|ary)", "secondary", main))


def _is_part(header: Header | None, began: Header, stretch: _Stretch, *, may_be: bool) -> bool:
    """Return whether a line with a label is a part of a section whose header has a line to itself: "P: gout".

    Args:
        header: What the line says as a header; None where it is not laid out as one.
        began: The header of the section it stands in.
        stretch: The line.
        may_be: Whether it is the first below the header, or follows on such parts.
    """
    if header is None or not may_be or stretch.is_after_blank or not began.is_line:
        return False
    is_labelled = header.is_line_start and header.has_colon and not header.is_line and not header.markup
    names = header_words.names_section(header.title) or header_words.has_section_word(header.title)
    return is_labelled and not names


def _ends_section(header: Header | None, began: Header, stretch: _Stretch, *, is_first: bool) -> bool:
    """Return whether a stretch begins another section than the one that states a diagnosis.

    Args:
        header: What the stretch says as a header; None where it is not laid out as one.
        began: The header of the section it stands in.
        stretch: The stretch.
        is_first: Whether nothing stands between it and a header that states a diagnosis.
    """
    is_apart = stretch.is_line_start and stretch.is_after_blank and not is_first
    is_sentence = header is not None and header.is_line and not header.sign and stretch.text.rstrip().endswith(".")
    if header is None or (_is_bare(header) and (is_sentence or not _is_short(header))):
        return is_apart and _begins_with_title(stretch.text)
    title = header.title
    if not (header.is_line_start or header.has_colon):
        return False
    if _CONTINUING.match(title) or _PHRASE_OF_ILLNESS.match(title):
        return False
    is_strong = header_words.names_section(title)
    is_weak = header_words.is_section_word(header_words.head_of(title))
    if not _is_bare(header):
        return _ends_by_layout(header, began, is_strong=is_strong, is_weak=is_weak, is_apart=is_apart)
    if is_strong:
        return not header_words.is_ill(title)
    if is_apart and _is_title_above_text(header, began, stretch):
        return True
    if header_words.has_disease_word(title):
        return False
    is_alike = header.is_line and header.sign == began.sign and header.casing in (began.casing, "title", "upper")
    return is_weak and not header.is_item and (is_apart or is_alike)


def _is_bare(header: Header) -> bool:
    """Return whether only a dash, a gap or its line makes a stretch look like a header."""
    return not header.has_colon and (not header.markup or header.is_item)


def _is_short(header: Header) -> bool:
    """Return whether a bare line is short and plain enough for a title."""
    n_words = len(header_words.words_of(header.title))
    return bool(header.casing) and n_words <= _MOST_WORDS_OF_TITLE and not re.search(r"[,;]|\.$", header.title)


def _ends_by_layout(header: Header, began: Header, *, is_strong: bool, is_weak: bool, is_apart: bool) -> bool:
    """Return whether what a colon or markup makes a header begins another section: it does unless it names a disease.

    Args:
        header: The header.
        began: The header of the section it stands in.
        is_strong: Whether its head can only be the name of a section.
        is_weak: Whether its head may be.
        is_apart: Whether a blank line parts it from what stands above.
    """
    if is_strong or is_weak:
        return is_strong or not header_words.is_ill(header.title)
    is_ill = header_words.names_disease if is_apart and not header.is_item else header_words.has_disease_word
    if is_ill(header.title):
        return False
    if header_words.has_section_word(header.title):
        return True
    is_like_began = header.markup == began.markup and header.is_item == began.is_item
    n_words = len(header_words.words_of(header.title))
    is_title = (
        (bool(header.casing) or not began.casing)
        and n_words <= _MOST_WORDS_OF_TITLE
        and not re.search(r"\d", header.title)
    )
    return is_title and (is_like_began or not header.is_item)


def _is_title_above_text(header: Header, began: Header, stretch: _Stretch) -> bool:
    """Return whether what only a dash, a mark or its line makes a header is one by what follows it, below a blank line.

    Args:
        header: The line or the words before its dash.
        began: The header of the section it stands in.
        stretch: The line and what is around it.
    """
    is_alike = header.dress == began.dress and header.is_line == began.is_line and header.sign == began.sign
    if (header.is_item and not is_alike) or header_words.names_disease(header.title):
        return False
    if header.dress and is_alike:
        return True
    if re.search(r"\d", header.title):
        return False
    if header.sign and not header.is_line:
        behind = stretch.text.partition(header.sign)[2]
        return header_words.is_prose(behind) or not header_words.has_disease_word(header.title)
    if not stretch.text_below.strip() or (header.is_above_blank and not began.is_above_blank):
        return False
    if header_words.is_prose(stretch.text_below):
        return True
    if header_words.has_disease_word(header.title):
        return False
    is_title = header.casing == "upper" or (is_alike and header.casing == began.casing)
    is_above_disease = header_words.has_disease_word(stretch.text_below.lower())
    return is_title or header_words.has_section_word(header.title) or not is_above_disease


def _dress(opening: str) -> str:
    """Return what stands before a title, every number as 9 and every run of letters as A."""
    return re.sub(r"[A-Za-z]+", "A", re.sub(r"\d+", "9", opening)).strip()


def _begins_with_title(line: str) -> bool:
    """Return whether a line of text begins with the name of a section that nothing parts from it: "Diet regular"."""
    words = line.split()
    if len(words) < 2 or not words[0][:1].isupper() or header_words.names_disease(line.lower().split(",")[0]):
        return False
    return any(header_words.is_title(" ".join(words[:n]).lower()) for n in (1, 2, 3))
