"""What is laid out as the header of a section: markup, numbers, signs, brackets, a line to itself.

A stretch is the beginning of a line or of a sentence. Its header is the title that layout sets apart, with what stands
around it; whether that title names a section or a disease, and what follows from it, is decided elsewhere.
"""

# ruff: noqa: E501, SIM905 - a pattern is a list of wordings, one line each kind; a list of words is written as one text

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nosology.text import header_words

_SYMBOL = r"(?:_|[^\w\s.,;:!?%&$<])"  # what may stand before a title for show: any sign but those of sentences and sums
_OPENING = (
    rf"(?>(?:<{{2,}}|<[a-zA-Z][^<>\n]{{0,30}}>|&(?:[a-z]{{2,8}}|#\d{{1,5}});|[(\[]?\d{{1,2}}[.)\]]{{1,2}}|\d{{1,2}}/(?=\s)|\d{{1,2}}\s?[–—-]\s|"
    r"§\s?\d{1,2}(?:\.\d{1,2})*\s|\d{1,2}/\d{1,2}(?:/\d{2,4})?\s?[–—:-]?\s|\[[ xX]?\]|[ivxIVX]{1,4}[.)](?=\s)|[A-Za-z][.)](?=\s)|"
    rf"{_SYMBOL}|\s)*)"
)
_TITLE = r"(?:\d ?(?:[°º]|st|nd|ry|ary)\s?)?[A-Za-z](?:[^:：\n\t<>*_\[\]{}|=()]|\([^()\n:]{0,40}\)){0,80}?(?:\s?\[[^\[\]\n:]{1,30}\])?"
_CLOSING = r"(?:\s*(?:</[a-zA-Z][^<>\n]{0,30}>|>{2,}(?=\s*$)|[*_=~#\])}|/\"”’'»]))+"
_NUMBERED = re.compile(
    r"^\s*(?:(?i:heading|section|title|topic|field|item|chapter|part)\s?[:=–—-]\s+(?=[A-Z])|(?:[A-Za-z]{3,9}\.? )?(?:#|[Nn]o\.? ?)?"
    r"(?:(?:\d{1,2}|[IVX]{1,5}|[A-Z])(?:\.\d{1,2})*\s?[:.)–—-]+\s+|\d{1,2}(?:\.\d{1,2})+\s+|\d{1,2}\s(?=[A-Z]{3}))(?=[A-Z]))"
)
_TAG = re.compile(r"^\s*<(?P<name>[A-Za-z][A-Za-z0-9_.-]{0,40})(?:\s[^<>\n]{0,60})?>")
_ASIDE = re.compile(r"\((?P<inside>[^()]*)\)?")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-rt-z])|(?<=[a-z])(?=\d)|(?<=\d)(?=[A-Z])")
_FORMATTING = frozenset(
    "b i u em strong p br div span li ul ol td tr th table font center pre hr small big h1 h2 h3 h4 h5 h6".split()
)
_COLUMNS = frozenset(
    "code codes icd date dates noted added poa description status onset type rank no number present on admission".split()
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_UNDERSCORE = re.compile(r"(?<=[A-Za-z0-9])_(?=[A-Za-z0-9])")
_SIGN = r"::?-?|：|[=-]>+|[–—=>→»►▸▶➤~]+|…|\.{2,}|\s-{1,2}>?\s|\s-{1,2}$|-{2,}|\s*\t+|\s{3,}(?=\S)|$|(?(close)(?<=[\])}>*_|~\"”»])|(?!))"
_LINE = re.compile(rf"^(?P<open>{_OPENING})(?P<title>{_TITLE})(?P<close>{_CLOSING})?\s*?(?P<sign>{_SIGN})")
_CAPITALS = re.compile(
    r"^(?P<open>\s*)(?P<title>[A-Z]{4,}|[A-Z][A-Z/&]+(?: [A-Z/&]+){1,4})(?P<close>)(?P<sign>)\s+(?=[A-Z]?[a-z]|\d)"
)
_WITHOUT_SIGN = re.compile(
    r"(?:[A-Z][\w/.]* ){0,4}(?i:diagnos[ei]s(?:\(es\))?|d(?:iag|x)s?)\.?(?i: summary| list)?\s+(?=[A-Z0-9])"
)
SPACED = re.compile(r"\b[A-Z](?: {1,6}[A-Z/]){4,}\b")
_IN_PROSE = re.compile(r"(?<=[.!?;])\s{1,2}(?=[A-Z(\[*<])")
RULE = re.compile(r"^\s*[-=_~*#]{3,}\s*$")
_MARKUP = re.compile(r"</?[a-zA-Z]|[*_=\[({|~\"“„«‘]|##|//")
_ITEM = re.compile(r"[^\w\s\"“”„«‘’'_=~\[\](){}|/<§@:;&.]|\d{1,2}[.)\]/]|[ivxIVX]{1,4}[.)]|[A-Za-z][.)]")
_MOST_WORDS = 10
MOST_WORDS_OF_TITLE = 6
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
        """Whether a colon or the sign for "equals" stands behind it."""
        return self.sign in ("=", "：") or self.sign[:1] == ":"

    @property
    def states_diagnosis(self) -> bool:
        """Whether its section exists to state a diagnosis."""
        has_layout = self.is_line_start and (bool(self.sign or self.markup) or self.is_line)
        return (has_layout or self.has_colon) and header_words.states_diagnosis(self.title)


@dataclass(frozen=True, slots=True)
class Stretch:
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


def stretches(text: str) -> Iterator[Stretch]:
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
            yield Stretch(
                beginning, start + at, is_start, is_after_blank, rule if is_start else None, below, text_below
            )
        rule = start if RULE.match(line) else None
        is_after_blank = not line.strip() or (rule is not None and is_after_blank)
        start += len(line)


def header_at(stretch: Stretch) -> Header | None:
    """Return what a stretch says if it is laid out as a header may be.

    A number before a title ("Section 2: Plan") and a tag that is a title ("<HospitalCourse>") are looked through.
    """
    line = SPACED.sub(lambda spaced: " ".join(w.replace(" ", "") for w in re.split(r" {2,}", spaced[0])), stretch.text)
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


def _looked_through(line: str, stretch: Stretch) -> Iterator[Header]:
    """Yield the headers that a line would have without a number, a tag or a semicolon."""
    if (number := _NUMBERED.match(line)) and (header := _header_of(line[number.end() :], stretch)):
        yield replace(header, dress=_dress(number[0]), is_item=False)
    if (tag := _TAG.match(line)) and tag["name"].lower() not in _FORMATTING:
        name = " ".join(re.split(r"[_.-]", _HUMP.sub(" ", tag["name"])))
        if " " in name or header_words.has_section_word(name.lower()) or header_words.states_diagnosis(name.lower()):
            is_line = not line[tag.end() :].strip()
            yield Header(name.lower(), stretch.start, "", "<", "<tag>", False, is_line, False, True, "title")
    cells = [" ".join(header_words.words_of(cell.lower())) for cell in line.strip(" |").split("|")]
    if len(cells) > 1 and all(set(cell.split()) <= _COLUMNS or header_words.states_diagnosis(cell) for cell in cells):
        title = next((cell for cell in cells if header_words.states_diagnosis(cell)), "")
        if title:
            yield Header(title, stretch.start, "", "|", "|", False, True, False, True, "title")
    before, mark, _ = line[:_LONGEST_TITLE].partition(";")
    if mark and (header := _header_of(before, stretch)) and header.states_diagnosis:
        yield replace(header, sign=";", is_line=False)


def _header_of(line: str, stretch: Stretch) -> Header | None:
    """Return what a line says if it is laid out as a header may be.

    Args:
        line: The stretch, brought to one form.
        stretch: What stands around it.
    """
    match = _LINE.match(line)
    has_colon = match is not None and match["sign"].startswith((":", "："))
    if match is None or not has_colon or len(match["title"].split()) > MOST_WORDS_OF_TITLE:
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
    markup = "rule" if RULE.match(stretch.below) else marks[0][:1] if marks else ""
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


def _dress(opening: str) -> str:
    """Return what stands before a title, every number as 9 and every run of letters as A."""
    return re.sub(r"[A-Za-z]+", "A", re.sub(r"\d+", "9", opening)).strip()
