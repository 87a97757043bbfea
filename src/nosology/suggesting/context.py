"""Whether a sentence denies a diagnosis or tells it of a relative: ConText's rules, in small.

Cues and scopes follow NegEx and ConText (Chapman et al. 2001; Harkema et al. 2009): a cue before a mention reaches
forward to the end of its clause, one behind it reaches backward, and "no change in" or "not only" are no cues. Written
here rather than taken from medspaCy, which would bring 36 packages with an old spaCy for these few rules
(``docs/experiments.md``). What would surprise you: a sentence is marked only where *every* mention in it is denied, so
"no fever; pneumonia on the left" counts for pneumonia.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_BEFORE = (
    r"no(?: (?:evidence|signs?|history|symptoms?|complaints?|suggestion|findings?|mention|known) (?:of|for))?|"
    r"denie[sd]|denying|without|not|never|negative for|free of|absen(?:ce of|t)|rules? out|ruled out(?: for)?|rule-out|"
    r"r/o|lack(?:s|ed|ing)?(?: of)?|fails? to (?:show|reveal)|unlikely|neither|nor|cannot|didn['’]?t|doesn['’]?t|"
    r"wasn['’]?t|isn['’]?t|unremarkable for|declines?|exclude[sd]?"
)
_BEHIND = (
    r"(?:was|were|is|are|has been|have been|been)? ?(?:ruled out|excluded|not (?:seen|present|found|identified|"
    r"detected|noted|observed)|absent|unlikely|negative)|: ?(?:negative|neg|none|no|absent|denies)"
)
_NO_CUE = (
    r"no (?:change|increase|decrease|further|significant change|new)|not (?:only|certain|sure|known)|no longer|"
    r"without (?:difficulty|complications?)|(?:not|can(?:no|')t|couldn't) (?:be |been )?(?:excluded?|ruled? out)|"
    r"no doubt|not necessarily"
)
_CLAUSE_END = re.compile(
    r"[;:]|\.\s|\b(?:but|however|although|though|except|aside from|apart from|which|who|still|yet|nevertheless|"
    r"because|due to|secondary to|caused by|presents? with|presented with|admitted (?:for|with)|now|currently)\b",
    re.IGNORECASE,
)
_FAMILY = re.compile(
    r"\b(?:family (?:medical )?(?:history|hx)|fhx?|mother|father|brothers?|sisters?|siblings?|aunts?|uncles?|"
    r"grand(?:mother|father|parents?)|cousins?|(?:maternal|paternal)(?: \w+)?|parents?|sons?|daughters?|relatives?)\b",
    re.IGNORECASE,
)
_FAMILY_HEADER = re.compile(r"^\s*(?:family (?:medical )?(?:history|hx)|fhx?)\b", re.IGNORECASE)
_BESIDE_FAMILY = re.compile(
    r"\b(?:brought in by|accompanied by|per|lives with|live with|according to|reported by|states?|stated|says|called|"
    r"with (?:his|her|their))\b[^,;.]{0,40}$",
    re.IGNORECASE,
)
_CUE_BEFORE = re.compile(rf"(?<![\w-])(?:{_BEFORE})(?![\w-])", re.IGNORECASE)
_CUE_BEHIND = re.compile(rf"^[\s,]*(?:\w+\s){{0,3}}?(?:{_BEHIND})(?![\w-])", re.IGNORECASE)
_PSEUDO = re.compile(rf"(?<![\w-])(?:{_NO_CUE})(?![\w-])", re.IGNORECASE)
_FAR = 80  # characters; a cue further before a mention belongs to something else


@dataclass(frozen=True, slots=True)
class Context:
    """How a sentence speaks of a diagnosis.

    Attributes:
        negated: Every mention is denied.
        family_history: Every mention is of a relative.
    """

    negated: bool = False
    family_history: bool = False


def context_of(sentence: str, mentions: Iterable[tuple[int, int]]) -> Context:
    """Return how a sentence speaks of what it mentions.

    Args:
        sentence: Its text.
        mentions: Where the diagnosis is mentioned, as offsets into the sentence; none marks nothing.
    """
    found = list(mentions)
    if not found:
        return Context()
    return Context(
        negated=all(is_negated(sentence, start, end) for start, end in found),
        family_history=all(is_of_family(sentence, start) for start, _ in found),
    )


def is_negated(sentence: str, start: int, end: int) -> bool:
    """Return whether the words at ``sentence[start:end]`` are denied."""
    clause = _clause_start(sentence, start)
    before = sentence[max(clause, start - _FAR) : start]
    pseudo = [match.span() for match in _PSEUDO.finditer(before)]
    cues = (match for match in _CUE_BEFORE.finditer(before))
    if any(not any(first <= cue.start() < last for first, last in pseudo) for cue in cues):
        return True
    behind = sentence[end : end + _FAR]
    cue = _CUE_BEHIND.match(behind)
    return cue is not None and not any(match.start() < cue.end() for match in _PSEUDO.finditer(behind))


def is_of_family(sentence: str, start: int) -> bool:
    """Return whether the words at ``sentence[start:]`` are told of a relative."""
    if _FAMILY_HEADER.match(sentence):
        return True
    clause = sentence[_clause_start(sentence, start) : start]
    cues = list(_FAMILY.finditer(clause))
    return bool(cues) and _BESIDE_FAMILY.search(clause[: cues[-1].end()]) is None


def _clause_start(sentence: str, before: int) -> int:
    last = 0
    for match in _CLAUSE_END.finditer(sentence, 0, before):
        last = match.end()
    return last
