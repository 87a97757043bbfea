"""Reading a category out of what a model wrote: strictly, as the original project did, and leniently.

This is for the record alone: `base_strict` and `base_lenient` show what generate-and-parse costs. Predictions never
come from here; they come from scoring every category, which cannot fail to parse. An answer that names two categories
is unparseable under both rules, because choosing one of them would be a guess.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

AnswerClass = Literal["exact", "lenient", "unreadable"]

_TEMPLATE_TOKEN = re.compile(r"<\|[^<>|]*\|>|</?s>|\[/?inst\]|<(?:start|end)_of_turn>")
_NOT_A_WORD = re.compile(r"[^\w]+|_")
_RESIDUE = "assistant"  # Llama 3's role header, left over once its special tokens are removed
_SHORTEST_PREFIX = 4  # characters; below, a cut-off answer fits too many names to be evidence of one


def parse_strict(answer: str, names: Sequence[str]) -> str | None:
    """Return the category that the answer is, ignoring case and surrounding blanks; None if it is anything else.

    This is the original project's rule. It fails on ``"assistantsupplementary"``.
    """
    wanted = answer.strip().lower()
    return next((name for name in names if name.lower() == wanted), None)


def answer_class(answer: str, names: Sequence[str]) -> AnswerClass:
    """Return how an answer can be read: ``exact``, ``lenient`` (alone), or ``unreadable`` by either rule."""
    if parse_strict(answer, names) is not None:
        return "exact"
    return "unreadable" if parse_lenient(answer, names) is None else "lenient"


def parse_lenient(answer: str, names: Sequence[str]) -> str | None:
    """Return the one category that the answer can honestly be said to name; None where there is none or several.

    Chat-template residue, punctuation, case and a plural "s" are ignored. Then, in this order: the answer is a name;
    it contains exactly one name as whole words; it is one part of a name with a slash (``"poisonings"``); it is the
    beginning of exactly one name, as when generation was cut off (``"musculoskel"``).

    Args:
        answer: Generated text after the prompt.
        names: The label set's categories, in order.
    """
    exact = parse_strict(answer, names)
    if exact is not None:
        return exact
    words = _without_residue(_words(_TEMPLATE_TOKEN.sub(" ", _fold(answer))))
    if not words:
        return None
    candidates = {name: _words(_fold(name)) for name in names}
    whole = [name for name, own in candidates.items() if "".join(own) == "".join(words)]
    if len(whole) == 1:
        return whole[0]
    mentioned = _mentioned(_singular(words), {name: _singular(own) for name, own in candidates.items()})
    if mentioned:
        return mentioned[0] if len(mentioned) == 1 else None
    return _part_of_one(words, names) or _beginning_of_one("".join(words), candidates)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _words(text: str) -> list[str]:
    return _NOT_A_WORD.sub(" ", text).split()


def _singular(words: list[str]) -> list[str]:
    """Return the words without a plural "s", so that "neoplasm" and "infectious diseases" are understood."""
    return [word.removesuffix("s") if len(word) > _SHORTEST_PREFIX else word for word in words]


def _without_residue(words: list[str]) -> list[str]:
    """Return the words without role headers at either end, glued to a word or alone."""
    while words and words[0].startswith(_RESIDUE):
        rest = words[0].removeprefix(_RESIDUE)
        words = [rest, *words[1:]] if rest else words[1:]
    while words and words[-1].endswith(_RESIDUE):
        rest = words[-1].removesuffix(_RESIDUE)
        words = [*words[:-1], rest] if rest else words[:-1]
    return words


def _mentioned(words: list[str], candidates: dict[str, list[str]]) -> list[str]:
    """Return every category that occurs as whole words; a longer name hides the shorter ones inside it."""
    free = [True] * len(words)
    found = []
    for name, own in sorted(candidates.items(), key=lambda item: -len(item[1])):
        starts = [
            start
            for start in range(len(words) - len(own) + 1)
            if own and words[start : start + len(own)] == own and all(free[start : start + len(own)])
        ]
        for start in starts:
            free[start : start + len(own)] = [False] * len(own)
        if starts:
            found.append(name)
    return found


def _part_of_one(words: list[str], names: Sequence[str]) -> str | None:
    """Return the only category one of whose slash-separated parts is the whole answer."""
    answer = _singular(words)
    parts = {name: [_singular(_words(_fold(part))) for part in name.split("/")] for name in names if "/" in name}
    owners = [name for name, own in parts.items() if answer in own]
    return owners[0] if len(owners) == 1 else None


def _beginning_of_one(compact: str, candidates: dict[str, list[str]]) -> str | None:
    """Return the only category that begins with the answer."""
    if len(compact) < _SHORTEST_PREFIX:
        return None
    owners = [name for name, own in candidates.items() if "".join(own).startswith(compact)]
    return owners[0] if len(owners) == 1 else None
