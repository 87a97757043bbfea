"""What the network of sections sees of a note: its lines and sentences, and hashed features of each.

A unit is a line, or a sentence that begins with a capital inside one, so that the sections of a note without line
breaks come apart too. Of a unit the network sees the words of its head (what stands before a colon, a dash, a tab or
closing markup), the words behind it, and how it is laid out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice, pairwise

from nosology.tagging.network import row_of

N_ROWS = 1 << 14
"""Rows of the network's table; row 0 is empty."""
WIDTHS = (60, 60, 24)
"""Features a unit has at most: of its head, of what stands behind it, of its layout."""

_SENTENCE = re.compile(  # a point behind a short word with a capital is an abbreviation's: "Dr.", "Pt."
    r"(?<=[.!?;])(?<!\b[A-Z]\.)(?<!\b[A-Z][a-z]\.)(?<!\b[A-Z][a-z][a-z]\.)\s{1,2}(?=[A-Z(\[*<#])"
)
_NUMBER = re.compile(r"\W*(?:\w{1,2}|[ivxIVX]{1,4})\.\s+")  # of an item in a list: no sentence of its own
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[^\w\s]")
_SIGN = re.compile(r":|：|\s[-–—]+\s|\t|\s{3,}|\.{3,}|=>|->|\||=|[\])}>*]\s*$|$")
_CODE = re.compile(r"\b(?:[A-TV-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?|\d{3}\.\d{1,2}|V\d\d\.?\d?)\b")
_OPENING = re.compile(r"^\s*(?:[^\w\s]|\d{1,2}[.)\]/]|[ivxIVX]{1,4}[.)]|[A-Za-z][.)]|\s)*")
RULE = re.compile(r"[\s=_~*#-]{3,}")
_MARKUP_BEFORE, _MARKUP_BEHIND = re.compile(r"[*_<{|]"), re.compile(r"[*_>}|]")
_LONGEST = 400  # characters of a unit that are looked at
_LONGEST_HEAD = 80
_FARTHEST_SIGN = 90
_MOST_WORDS_OF_HEAD = 10
_FIRST_WORDS = 4  # of a head too long for a title
_MOST_WORDS_BEHIND = 30
_MOST_OF_HEAD = 24  # features of the words of a head, before pairs and pieces
_MOST_PAIRS = 8
_MOST_PIECES = 22
_PIECE = 5  # letters


@dataclass(frozen=True, slots=True)
class Unit:
    """A line or a sentence of a note, as offsets into its text.

    Attributes:
        start: Where it begins.
        end: Where it ends, with the line break behind it.
        begins_line: Whether it begins a line.
        is_after_blank: Whether it begins a line that is the first, or below a blank one.
        is_before_blank: Whether it ends a line that is the last, or above a blank one.
    """

    start: int
    end: int
    begins_line: bool
    is_after_blank: bool
    is_before_blank: bool


def units(text: str) -> Iterator[Unit]:
    """Yield the units of a text in order; blank lines belong to none."""
    place, is_after_blank = 0, True
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.strip():
            is_last = number + 1 == len(lines) or not lines[number + 1].strip()
            ends = (match.end() for match in _SENTENCE.finditer(line))
            cuts = [0, *(end for end in ends if not _NUMBER.fullmatch(line, 0, end)), len(line)]
            for first, last in pairwise(cuts):
                begins = first == 0
                yield Unit(
                    place + first, place + last, begins, begins and is_after_blank, is_last and last == len(line)
                )
        is_after_blank = not line.strip()
        place += len(line)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a unit says, taken apart: what stands before its head, the head, the sign behind that, and the rest."""

    opening: str
    head: str
    sign: str
    rest: str


def head_of(text: str, unit: Unit) -> str:
    """Return the head of a unit, without what stands before it and the sign behind it."""
    return _parts(text[unit.start : min(unit.end, unit.start + _LONGEST)].rstrip("\r\n")).head


def features(text: str, unit: Unit) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    """Return the rows of a unit's features: of its head, of what stands behind it, and of its layout.

    Args:
        text: The note.
        unit: One of its units.
    """
    said = text[unit.start : min(unit.end, unit.start + _LONGEST)].rstrip("\r\n")
    parts = _parts(said)
    of_head, n_words = _head_rows(parts.head)
    rest = parts.rest
    if n_words > _MOST_WORDS_OF_HEAD:  # no title but prose
        rest = said[len(parts.opening) :] or said.strip()
    behind = _WORD.findall(rest)[:_MOST_WORDS_BEHIND]
    of_rest = list(islice(chain.from_iterable(_word_rows("b", word) for word in behind), WIDTHS[1]))
    return of_head, of_rest, _layout_rows(said, unit, parts, n_words, len(behind))


def _parts(said: str) -> _Parts:
    opening = found[0] if (found := _OPENING.match(said)) else ""
    rest = said[len(opening) :] or said.strip()
    sign = _SIGN.search(rest, 0, _FARTHEST_SIGN)
    if sign is None or sign.start() > _LONGEST_HEAD:
        return _Parts(opening, rest[:_LONGEST_HEAD], "none", rest[sign.end() :] if sign else "")
    return _Parts(opening, rest[: sign.start()], sign[0].strip() or ("\\t" if sign[0] else ""), rest[sign.end() :])


@lru_cache(maxsize=20_000)
def _word_rows(part: str, word: str) -> tuple[int, ...]:
    """Return the rows of one word: itself, how it begins and how it ends."""
    lower = word.lower()
    if word[0].isalpha():
        names = (f"{part}w={lower}", f"{part}p={lower[:4]}", f"{part}s={lower[-4:]}")
        return tuple(row_of(name, N_ROWS) for name in names)
    return (row_of(f"{part}n{min(len(word), 5)}" if word[0].isdigit() else f"{part}#{word}", N_ROWS),)


@lru_cache(maxsize=4_000)
def _head_rows(head: str) -> tuple[list[int], int]:
    """Return the rows of a head's words, pairs of words and pieces of words, and how many words it has."""
    words = _WORD.findall(head)
    n_words = sum(word[0].isalpha() for word in words)
    words = words[:_FIRST_WORDS] if n_words > _MOST_WORDS_OF_HEAD else words
    spoken = [word.lower() for word in words if word[0].isalpha()]
    found = [row for word in words for row in _word_rows("h", word)][:_MOST_OF_HEAD]
    pairs = [f"hb={one}_{other}" for one, other in pairwise(spoken)][:_MOST_PAIRS]
    ends = [f"hl={spoken[-1]}", f"hf={spoken[0]}"] if spoken else []
    names = [*pairs, *ends, *_pieces(head)]
    return (found + [_row(name) for name in names])[: WIDTHS[0]], n_words


def _pieces(head: str) -> list[str]:
    """Return every five letters of a head as if nothing parted its words, so that a slip of the pen hides few."""
    letters = re.sub(r"[^a-z]+", "", head.lower())
    return [f"g={letters[i : i + _PIECE]}" for i in range(min(len(letters) - _PIECE + 1, _MOST_PIECES))]


def _layout_rows(said: str, unit: Unit, parts: _Parts, n_words: int, n_behind: int) -> tuple[int, ...]:
    """Return the rows of how a unit is laid out.

    Args:
        said: What it says, at most its first characters.
        unit: Where it stands.
        parts: What it says, taken apart.
        n_words: Words of its head.
        n_behind: Words and signs behind its head.
    """
    opening, whole, last = parts.opening, said.strip(), said.rstrip()[-1:]
    dress = re.sub(r"[A-Za-z]+", "A", re.sub(r"\d+", "9", opening.strip()))[:6] if opening else ""
    return _rows_of_layout(
        (unit.begins_line, unit.is_after_blank, unit.is_before_blank),
        (parts.sign[:3], _casing(parts.head), dress, "a" if last.isalnum() else last),
        (min(n_words, 11), min(n_behind, 12), min(len(opening) - len(opening.lstrip()), 8) // 2),
        (min(said.count(","), 4), sum(map(str.isdigit, said)) * 5 // max(len(said), 1), min(len(whole), 200) // 25),
        (bool(_CODE.search(said)), bool(RULE.fullmatch(said))),
        (bool(_MARKUP_BEFORE.search(opening)), bool(_MARKUP_BEHIND.search(said[-6:]))),
    )


@lru_cache(maxsize=20_000)
def _rows_of_layout(
    place: tuple[bool, bool, bool],
    looks: tuple[str, str, str, str],
    lengths: tuple[int, int, int],
    shares: tuple[int, int, int],
    kinds: tuple[bool, bool],
    is_marked: tuple[bool, bool],
) -> tuple[int, ...]:
    """Return the rows of how a unit is laid out; few of all ways to lay out one are met.

    Args:
        place: Whether it begins a line, stands after a blank one, and before one.
        looks: The sign behind its head, the head's casing, what stands before it, and its last character.
        lengths: Words of its head, words behind it, blanks before it in twos.
        shares: Commas, fifths of it that are digits, characters in 25s.
        kinds: Whether it holds a code, and is a rule.
        is_marked: Whether markup stands before its head, and at its end.
    """
    (begins, after, before), (sign, casing, dress, end) = place, looks
    (n_words, n_behind, indent), (commas, digits, length) = lengths, shares
    names = (
        f"sign{sign}", f"cap{casing}", f"nh{n_words}", f"nb{n_behind // 2}", f"ls{begins}", f"bb{after}", f"ba{before}",
        f"bb{after}ba{before}ls{begins}", f"dress{dress}", f"d0{dress[:1]}", f"ind{indent}", f"end{end}",
        f"icd{kinds[0]}", f"com{commas}", f"dig{digits}", f"len{length}",
        f"cap{casing}sign{sign[:1]}nh{min(n_words, 6)}", f"rule{kinds[1]}", f"mk{is_marked[0]}{is_marked[1]}",
        f"headbody{bool(n_behind)}{casing}",
    )  # fmt: skip
    return tuple(_row(name) for name in names)


@lru_cache(maxsize=50_000)
def _row(name: str) -> int:
    return row_of(name, N_ROWS)


def _casing(head: str) -> str:
    return "U" if head.isupper() else "T" if head.istitle() else "C" if head[:1].isupper() else "l"
