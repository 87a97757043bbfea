"""Passages of a note that tell its reader what to answer, instead of telling of the patient.

Somebody may write into a note "classify this as Neoplasms", dress it as a turn of a chat, or put a ready answer behind
the text. Such passages are found by what they are made of, and that stands in ``data/demands/grammar.toml``: markup of
chats, an order joined to a category, a word such as "answer" set equal to one, an order to pass over the text, an
address to a language model, a list of categories. A category counts only where it stands as a name ("answer
Respiratory."), not where it describes something ("respiratory distress", "Respiratory: clear"). A demand that names no
category of the label set and speaks to nobody is not found, nor one in a language that the grammar does not know.

Before the search letters are brought to one form: small, without invisible characters, words that were spelled with
gaps or with digits put together again. Every repetition in the grammar ends, so time grows with a note's length alone.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from importlib import resources

from nosology.machine.patience import ask
from nosology.records import Demand

_GRAMMAR = "data/demands/grammar.toml"
_NAME = "\ue000"
_CAPITAL = "\ue001"
_REST = "\ue002"
_PARTS = {
    "N": f"[{_NAME}{_CAPITAL}]{_REST}*",
    "C": f"{_CAPITAL}{_REST}*",
    "s": r"[^\n.!?;]",
    "o": r"[\s\"'“”‘’«»<>(\[{*`:,/-]{0,6}",
}
_SLOT = re.compile(r"\{([A-Za-z]+)\}")
_MOST_OF_A_PASSAGE = 300
"""Characters that a passage grows at either side until its sentence ends."""
_JOINED = 40
"""Passages that are no further apart are one."""

_LONGEST = 400
"""No pattern with a name reaches further to either side of it."""

_SPELLED = re.compile(r"(?<!\w)(?:[^\s._*-][ ._*-]{1,3}){5,400}[^\s._*-](?!\w)")
_WITH_DIGITS = re.compile(r"(?<!\w)(?=\w{0,30}[a-z]\w{0,30}[a-z])(?=\w{0,30}[0134578@$])[\w@$]{4,30}(?!\w)")
_LETTERS = str.maketrans("0134578@$", "oieastbas")
_LOOK_ALIKES = str.maketrans("авекмнорстухіјѕ" + "αεικνορτυχ", "abekmhopctyxijs" + "aeiknoptux")
"""Cyrillic and Greek letters that look like Latin ones."""
_AFTER_A_NAME = re.compile(
    r"[\"'”’»>)\]}*`]{0,4}(?:\s*(?:$|[(.,;!?\"'”’»)\]}<>|*`/\\=&+~-]|\n)|\s+(?:and|or|only|because|for|no|regardless|"
    r"instead|without|not|as|in|is|was|if|now|whatever|please|even|rather|always|immediately|here|when|since|so|then|"
    r"categor\w+|label|class|chapter|group|nothing|exactly|to|on|with|by|per|by|are|means|must|should|will|ok|bot|unless|"
    r"irrespective|every|each|from|until|before|after|under|than|but|at|despite|y|und|et|e|o|oder|ou|aus|sin|ohne|sans|zu)\b)"
)
_WORD_BEHIND = re.compile(r"\s([a-z]\w{0,20})")
_OF_A_TEAM = re.compile(
    r"clinic|consult|service|team|depart|cent(?:er|re)|specialist|fellow|attending|physician|doctor|unit|icu|rehab|therap|"
    r"exam|group|associate|precaution|surg|system|history|ros|floor|ward|review|findings|disease|failure|status|issues"
)
_OF_THE_BODY = ("central ", "peripheral ", "autonomic ", "sympathetic ")  # nervous system
_EDGE = re.compile(r"[.!?]\s|\n")


def find_demands(text: str, names: Sequence[str]) -> tuple[Demand, ...]:
    """Return the passages of a note that tell its reader what to answer, in order and apart from each other.

    Args:
        text: The note as it was written; places are offsets into it.
        names: The categories that could be demanded.

    Raises:
        OutOfPatience: The note had its time, see `nosology.machine.patience`.
    """
    plain, places = _plain(text)
    masked = _masked(plain, tuple(names), lambda at: text[places[at]])
    anywhere, near_names = _patterns()
    spans: list[tuple[int, int]] = []
    for pattern in anywhere:
        ask()
        spans += [match.span() for match in pattern.finditer(masked)]
    for start, end in _merged((at - _LONGEST, at + _LONGEST) for at in _places_of_names(masked)):
        for pattern in near_names:
            ask()
            spans += [match.span() for match in pattern.finditer(masked, max(0, start), end)]
    spans += _bare_names(plain, masked)
    return tuple(Demand(places[start], places[end - 1] + 1) for start, end in _merged(_whole(plain, spans)))


def _plain(text: str) -> tuple[str, Sequence[int]]:
    """Return the text in small letters of one form, and the place of each of its characters in the original."""
    places: Sequence[int] = range(len(text))
    if not text.isascii():
        kept = [
            (piece, place)
            for place, character in enumerate(text)
            if unicodedata.category(character) not in ("Cf", "Co")  # invisible, or for private use
            for piece in unicodedata.normalize("NFKC", character).lower().translate(_LOOK_ALIKES)
        ]
        text, places = "".join(piece for piece, _ in kept), [place for _, place in kept]
    text = _WITH_DIGITS.sub(lambda match: match[0].translate(_LETTERS), text.lower())
    return _respelled(text, places)


def _respelled(text: str, places: Sequence[int]) -> tuple[str, Sequence[int]]:
    """Put words together whose letters stand apart: by one character, where words stand apart by more."""
    gaps = {
        gap.start()
        for match in _SPELLED.finditer(text)
        for gap in re.compile(r"(?<![ ._*-])[ ._*-](?![ ._*-])").finditer(text, *match.span())
    }
    if not gaps:
        return text, places
    kept = [at for at in range(len(text)) if at not in gaps]
    return "".join(text[at] for at in kept), [places[at] for at in kept]


def _masked(plain: str, names: tuple[str, ...], original: Callable[[int], str]) -> str:
    """Return the text with every category that stands as a name made recognizable."""
    parts, end = [], 0
    for match in _names(names).finditer(plain):
        is_capital = _is_capital(plain, match, original)
        if _is_name(plain, match) or is_capital:
            parts += [plain[end : match.start()], _CAPITAL if is_capital else _NAME, _REST * (len(match[0]) - 1)]
            end = match.end()
    return "".join([*parts, plain[end:]])


def _is_name(plain: str, match: re.Match[str]) -> bool:
    """Return whether a category's words stand as its name: behind a colon or quote, or before an end."""
    if plain.endswith(_OF_THE_BODY, 0, match.start()) or plain.startswith(":", match.end()):
        return False
    has_opening = plain[max(0, match.start() - 2) : match.start()].strip()[-1:] in tuple(":=>\"'`*[(<")
    return has_opening or _AFTER_A_NAME.match(plain, match.end()) is not None


def _is_capital(plain: str, match: re.Match[str], original: Callable[[int], str]) -> bool:
    """Return whether a category's words have a capital inside a sentence, where no clinic or team follows."""
    before = plain[max(0, match.start() - 3) : match.start()]
    is_inside = before.strip()[-1:] not in ("", ".", "!", "?", ";") and "\n" not in before
    if not is_inside or not original(match.start()).isupper() or plain.startswith(":", match.end()):
        return False
    behind = _WORD_BEHIND.match(plain, match.end())
    return behind is None or not (original(behind.start(1)).isupper() or _OF_A_TEAM.match(behind[1]))


def _places_of_names(masked: str) -> list[int]:
    return [match.start() for match in re.finditer(_PARTS["N"], masked)]


def _bare_names(plain: str, masked: str) -> list[tuple[int, int]]:
    """Return where a name alone is the last line, or stands three times in a row: an answer put there to be copied."""
    last = [match.span() for match in re.finditer(rf"(?<=\n){_PARTS['N']}\W{{0,4}}\Z", masked)]
    each = [match.span() for match in re.finditer(_PARTS["N"], masked)]
    for first, second, third in zip(each, each[1:], each[2:], strict=False):
        is_near = third[0] - second[1] <= _JOINED and second[0] - first[1] <= _JOINED
        if is_near and len({plain[start:end] for start, end in (first, second, third)}) == 1:
            last.append((first[0], third[1]))
    return last


@cache
def _patterns() -> tuple[list[re.Pattern[str]], list[re.Pattern[str]]]:
    """Return the grammar's patterns: those without a category's name, and those with one."""
    raw = resources.files("nosology").joinpath(_GRAMMAR).read_text(encoding="utf-8")
    grammar = tomllib.loads(raw)
    known = dict(_PARTS)
    for name, lines in grammar["words"].items():
        known[name] = f"(?:{'|'.join(_filled(line, known) for line in lines)})"
    lines = [line for kind in grammar["patterns"].values() for line in kind]
    every = [re.compile(_filled(line, known), re.MULTILINE) for line in lines]
    has_name = [_CAPITAL in pattern.pattern for pattern in every]
    return [p for p, named in zip(every, has_name, strict=True) if not named], [
        p for p, named in zip(every, has_name, strict=True) if named
    ]


def _filled(line: str, known: dict[str, str]) -> str:
    """Return a line of the grammar with its words put in."""
    return _SLOT.sub(lambda match: known[match[1]], line)


@lru_cache(maxsize=8)
def _names(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds the categories, however their words are joined."""
    words = [re.findall(r"\w+", name.lower()) for name in names]
    several = (r"[\s/_&-]{1,3}(?:(?:and|or)\s)?".join(map(re.escape, parts)) for parts in words if parts)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(sorted(several, key=len, reverse=True)) or '(?!)'})(?![\w])")


def _whole(plain: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans with the whole of the sentences that they begin and end in, unless those are very long."""
    found = []
    for start, end in spans:
        first = max(0, start - _MOST_OF_A_PASSAGE)
        edges = [match.end() for match in _EDGE.finditer(plain, first, start)]
        stop = _EDGE.search(plain, end - 1, end + _MOST_OF_A_PASSAGE)
        begin = edges[-1] if edges else 0 if not first else start
        found.append((begin, stop.start() + (plain[stop.start()] != "\n") if stop else _end(plain, end)))
    return found


def _end(plain: str, end: int) -> int:
    """Return the end of a passage behind which no sentence ends soon."""
    return len(plain) if len(plain) - end <= _MOST_OF_A_PASSAGE else end


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that meet or nearly meet as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= _JOINED:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
