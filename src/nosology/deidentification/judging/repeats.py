"""Names found once are found everywhere in the note."""

import re
from collections.abc import Iterable, Iterator

from nosology.deidentification.eponyms import is_medical_use
from nosology.deidentification.lexicon import ranked
from nosology.deidentification.name_words import PARTICLES, STOP_WORDS, name_evidence
from nosology.deidentification.tokens import Tokens, tokenize
from nosology.records import Span

_COMMON = 1_000  # a name that is an everyday word ("Long", "Young") is not searched for
_LONGEST_INITIALS = 4
_LONGEST_NAME = 80  # characters
_SENTENCE_ENDS = frozenset(".:;!?\n,")


_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def repeat_names(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Yield every further place where a word of a found name stands.

    Words that are also ordinary count only when capitalized inside a sentence, and an eponym before its noun ("Foley
    catheter") stays whoever else is called so.
    """
    names = [span for span in spans if span.type == "NAME"]
    if not names:
        return
    tokens = tokenize(text)
    parts: dict[str, bool] = {}
    for span in names:
        for word in name_words(text[span.start : span.end]):
            _remember(parts, word, caseless=tokens.caseless)
    spoken = parts | {f"{part}{ending}": strict for part, strict in parts.items() for ending in ("'s", "’s")}
    for i in tokens.places(frozenset(spoken)):
        if spoken[tokens.lowers[i]] and not tokens.caseless and not _is_capital_inside_sentence(tokens, i):
            continue
        end = tokens.end(i) - (2 if tokens.lowers[i] not in parts else 0)
        if not is_medical_use(text, tokens.starts[i], end):
            yield Span(tokens.starts[i], end, "NAME")


def made_of_names(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Yield where stands what is made of a found full name: initials, and accounts or files that are called after it.

    "GB" for "Gwen Brandt", "gbrandt" and "brandtgwen" too, whichever of the two comes first. Initials found alone are
    searched for again.

    Args:
        text: The note.
        spans: What was found.
    """
    initials, accounts = set(), set()
    for span in spans:
        name = text[span.start : span.end]
        if span.type != "NAME" or len(name) > _LONGEST_NAME:
            continue
        parts = name_words(name)
        letters = "".join(part[0] for part in parts[:_LONGEST_INITIALS])
        if len(parts) > 1:
            initials |= {letters, letters[-1] + letters[:-1], letters[1:] + letters[0], letters[0] + letters[-1]}
            for one, other in ((parts[0], parts[-1]), (parts[-1], parts[0])):
                accounts |= {one + other, one[0] + other, other + one[0]}
        elif name.isupper() and 1 < len(name) <= _LONGEST_INITIALS:
            initials.add(parts[0])
    tokens, english = tokenize(text), ranked("english_words")
    accounts = {account for account in accounts if len(account) > _LONGEST_INITIALS and account not in english}
    for i in tokens.places(frozenset(initials | accounts)):
        if tokens.words[i].isupper() or tokens.caseless or tokens.lowers[i] in accounts:
            yield Span(tokens.starts[i], tokens.end(i), "NAME")


def name_words(name: str) -> list[str]:
    """Return the lower-case words of a name, hyphenated parts apart, possessive endings off."""
    lowers = _WORD.findall(name.lower())
    return [word[:-2] if word.endswith(("'s", "’s")) else word for word in lowers]


def _is_capital_inside_sentence(tokens: Tokens, i: int) -> bool:
    return tokens.words[i].istitle() and i > 0 and tokens.words[i - 1] not in _SENTENCE_ENDS


def _remember(parts: dict[str, bool], part: str, *, caseless: bool) -> None:
    """Add a part of a name to those searched for; True where it counts only capitalized and inside a sentence."""
    evidence = name_evidence(part)
    common = ranked("english_words").get(part, _COMMON) < _COMMON
    if part in STOP_WORDS or part in PARTICLES or common or len(part) < 2 or (len(part) == 2 and evidence < 2):
        return
    if not (caseless and evidence < 1):
        parts[part] = evidence < 1
