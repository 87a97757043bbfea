"""How a sentence speaks of a diagnosis: denied, of a relative, past, or uncertain: a grammar of scopes.

A sentence is cut into clauses: at a semicolon, a word of contrast or cause, and a comma or "and" before words that have
a verb of their own. A cue reaches a mention inside its clause alone; the cues and what only looks like one stand in
`nosology.suggesting.cues`, ``doubts``, ``past`` and ``kin``. They follow NegEx and ConText (Chapman et al. 2001;
Harkema et al. 2009), written here since medspaCy would bring 36 packages with an old spaCy (``docs/experiments.md``).
What is past is not denied, an exclusion that failed or is planned is uncertain, not denied; and a sentence is marked
only where *every* mention in it is, so "no fever; pneumonia on the left" counts for pneumonia.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nosology.suggesting import cues, doubts, kin, past, reach

_NEAR = 100  # characters before a comma or colon that say what it parts
_FAR = 150  # characters; a cue further before a mention belongs to something else
_INTRODUCED = re.compile(  # a colon behind such words introduces what they speak of
    r"(?:den(?:ies|ied)|neg(?:ative)?(?: for)?|no|not|hx|history|ph|pmhx?|pshx?|suspected|possible|differential|"
    r"diagnosis|"
    r"ddx|query|r/o|rule out|to exclude|previous|prior|past|"
    r"concern(?:s|ing)?(?: for)?|absent|nil|19\d\d|20\d\d|ago)\s*$",
    re.IGNORECASE,
)
_CARRIED_ON = re.compile(
    r"(?:\s+(?:on|at|in|during|after|following|throughout)(?:\s+[\w'’-]+){1,4}?)?\s*(?:,?\s*(?:(?:which|who|"
    r"that)(?: (?:has|have|had|is|was|were) (?:now|since))?|now|since|sober|"
    r"abstinent|clean|dry|(?:seizure|symptom|disease)-free|(?:(?:long|fully|since|now|successfully) )*(?:treated|"
    r"cured|resolved|cleared|settled|healed|excised|repaired))|"
    r"(?:which|that) (?:never|did not|has not|hasn['’]t|didn['’]t) (?:recur\w*|return\w*|come back|came back)|"
    r"(?:was|were|(?:has|had|have) been) considered,? but|[–—])(?!\w)",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"\s*(?:or|nor)\b|[^,;]*\b(?:or|nor|and)\s+[\w\s'’-]{1,40}?\b(?:was|were|is|are|has been|have been) "
    r"(?:seen|noted|found|reported|identified|detected|present|observed|elicited|evident)",
    re.IGNORECASE,
)
_LIST_OF_DENIED = re.compile(r"\s*(?:no|not|denies|without|nil|neither|nor|or)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Context:
    """How a sentence speaks of a diagnosis.

    Attributes:
        negated: Every mention is denied or doubted.
        family_history: Every mention is of a relative, or of another person.
        history: Every mention is past or resolved.
        uncertain: Every mention is suspected, still to be excluded, or of what may come.
    """

    negated: bool = False
    family_history: bool = False
    history: bool = False
    uncertain: bool = False

    @property
    def is_present(self) -> bool:
        """Whether it speaks of something that the patient has now, for certain."""
        return self == Context()


def context_of(sentence: str, mentions: Iterable[tuple[int, int]]) -> Context:
    """Return how a sentence speaks of what it mentions.

    Args:
        sentence: Its text.
        mentions: Where the diagnosis is mentioned, as offsets into the sentence; none marks nothing.
    """
    marks = [mark(sentence, start, end) for start, end in mentions]
    if not marks:
        return Context()
    return Context(
        negated=all(found.negated for found in marks),
        family_history=all(found.family_history for found in marks),
        history=all(found.history for found in marks),
        uncertain=all(found.uncertain for found in marks),
    )


def has_cue(sentence: str) -> bool:
    """Return whether a sentence holds a word that could mark anything: most hold none, and need no reading."""
    return cues.ANY.search(sentence) is not None or kin.RELATIVE_AHEAD.search(sentence) is not None


def mark(sentence: str, start: int, end: int) -> Context:
    """Return how a sentence speaks of ``sentence[start:end]``.

    Args:
        sentence: A sentence of a note.
        start: Where it begins, in code points.
        end: Where it ends, in code points.
    """
    before, behind = _scope(sentence, start, end)
    negated, family = _is_denied(before, behind), is_of_family(sentence, start)
    if family:
        before, behind = (
            kin.THEIRS.sub("", before),
            cues.AT_AGE.sub("", behind),
        )  # their history is no past; and when it began in a relative says nothing of whether it is over
    return Context(
        negated=negated,
        family_history=family,
        history=not negated and _is_past(before, behind),
        uncertain=not negated and _is_uncertain(before, behind),
    )


def is_negated(sentence: str, start: int, end: int) -> bool:
    """Return whether the words at ``sentence[start:end]`` are denied or doubted.

    Args:
        sentence: A sentence of a note.
        start: Where it begins, in code points.
        end: Where it ends, in code points.
    """
    return _is_denied(*_scope(sentence, start, end))


def is_of_family(sentence: str, start: int) -> bool:
    """Return whether the words at ``sentence[start:]`` are told of a relative or of another person."""
    header = kin.FAMILY_HEADER.match(sentence)
    if header and _is_under(sentence, header, start):
        return True
    first, last = _hard_clause(sentence, start, start, of_person=True)
    if header and first < header.end() <= start:
        first = header.end()  # a header that is closed says nothing of what follows
    before, behind = sentence[first:start], sentence[start:last]
    if kin.FAMILY_PHRASE.search(before) or kin.RELATIVE_BEHIND.match(behind):
        return True
    relatives = list(kin.RELATIVE_AHEAD.finditer(before))
    return any(_is_subject(before, relative) for relative in relatives) or (
        bool(relatives) and kin.THEMSELVES.match(behind) is not None
    )


def _is_under(sentence: str, header: re.Match[str], start: int) -> bool:
    """Return whether a header on relatives stands over a mention: it may be closed, or a sentence may have ended."""
    if header.end() > start:
        return True
    rest = sentence[header.end() : start]
    if kin.CLOSED.match(rest):
        return False
    stops = list(cues.SENTENCE_END.finditer(rest))
    if not stops:
        return True
    if not kin.IS_LIST.match(rest):
        return False
    told = rest[stops[-1].end() :]
    if kin.RELATIVE_AHEAD.search(told):
        return True
    whole = told + sentence[start:].split(".")[0]
    return kin.OF_THE_PATIENT.search(whole) is None and cues.FINITE.search(whole) is None


def _is_subject(before: str, relative: re.Match[str]) -> bool:
    """Return whether a relative is whom the clause speaks of, up to a mention at its end."""
    head, tail = before[: relative.start()], before[relative.end() :]
    if kin.EXPOSED.search(head) or kin.NOBODY.search(head):
        return True
    if kin.LOST.search(head):
        return tail.strip().lower() == "to"
    if kin.INFORMANT.search(tail) or kin.OTHER_SUBJECT.search(tail):
        return False
    if relative[0].lower() in ("children", "kids") and kin.COUNTED.search(head) and tail.startswith(","):
        return False
    if kin.IN_TURN.match(tail) or (kin.KEEPING.search(head) and tail.lower().split()[:1] == ["with"]):
        return True
    if kin.NOT_SUBJECT.search(head) and not kin.ONE_OF.search(head):
        return False
    return not tail.strip() or kin.RELATIVE_HAS.match(tail) is not None


def _is_denied(before: str, behind: str) -> bool:
    plain = _masked(_masked(before, doubts.UNSETTLED_AHEAD), cues.PSEUDO_DENIAL)
    if reach.DENIED_HEADER.search(before) or reach.reaches(cues.DENIED_AHEAD, plain, reach.NOT_REACHED_BY_DENIAL):
        return True
    if cues.ODDS_AHEAD.search(before) and cues.ODDS_LOW.match(behind):
        return True
    settled = _masked(behind, cues.PSEUDO_DENIAL)
    return cues.DENIED_BEHIND.match(settled) is not None and doubts.UNSETTLED_BEHIND.match(behind) is None


def _is_uncertain(before: str, behind: str) -> bool:
    plain = _masked(before, doubts.PSEUDO_UNCERTAIN)
    return any(
        (
            reach.reaches(doubts.UNCERTAIN_AHEAD, plain, reach.NOT_REACHED_BY_DOUBT),
            reach.OPEN_HEADER.search(before),
            reach.INVERTED_AHEAD.search(before) and reach.INVERTED_BEHIND.match(behind),
            doubts.UNSETTLED_BEHIND.match(behind),
            doubts.UNCERTAIN_BEHIND.match(behind),
        )
    )


def _is_past(before: str, behind: str) -> bool:
    if reach.PAST_HEADER.search(before) or past.PAST_AHEAD.search(_masked(before, past.PSEUDO_PAST) + " "):
        return True
    found = past.PAST_BEHIND.search(_masked(behind, past.PSEUDO_PAST))
    if found is None:
        return False
    # What stands before the cue's last word may take it back: "has not resolved", "diagnosed in 2010".
    lead = found.start() or found.end() - len(found[0].split()[-1])
    takes_back = past.UNFINISHED if found["over"] else past.CURRENT
    return takes_back.search(behind[:lead]) is None


def _masked(text: str, pattern: re.Pattern[str]) -> str:
    """Return a text in which whatever matches is blotted out, at the same length."""
    return pattern.sub(lambda match: "·" * len(match[0]), text)


def _scope(sentence: str, start: int, end: int) -> tuple[str, str]:
    """Return the words of a mention's clause before and behind it."""
    first, last = _hard_clause(sentence, start, end)
    for comma, segment_end in _commas(sentence, first, last):
        if comma < start and _begins_anew(sentence, first, comma, segment_end):
            first = comma + 1
        elif (
            comma >= end and not _CARRIED_ON.match(sentence, end) and _begins_anew(sentence, comma, comma, segment_end)
        ):
            last = comma
            break
    joints = [
        match
        for match in cues.AND.finditer(sentence, first, last)
        if match.end() <= start or (match.start() >= end and not cues.OVER_NEXT.match(sentence, match.end()))
    ]
    first = max([match.end() for match in joints if match.end() <= start], default=first)
    last = min(
        [
            match.start()
            for match in joints
            if match.start() >= end and not _is_joined(sentence, first, start, end, match)
        ],
        default=last,
    )
    before, behind = sentence[max(first, start - _FAR) : start].rstrip(), sentence[end:last].rstrip()
    parted = cues.PARTED.match(behind) if cues.RULING.search(before) else None
    return (before + " out", behind[parted.end() :]) if parted else (before, behind)


def _is_joined(sentence: str, first: int, start: int, end: int, joint: re.Match[str]) -> bool:
    """Return whether a mention and what "and" adds to it are one subject: "ascites and jaundice were not seen"."""
    is_bare = not sentence[end : joint.start()].strip() and not cues.FINITE.search(sentence, first, start)
    return is_bare and cues.NEW_SUBJECT.match(sentence, joint.end()) is None


def _hard_clause(sentence: str, start: int, end: int, *, of_person: bool = False) -> tuple[int, int]:
    """Return the stretch around a mention that no strong boundary crosses.

    Args:
        sentence: Its text.
        start: Where the mention begins.
        end: Where it ends.
        of_person: Whether only what changes the person counts: "a brother who has asthma" is one stretch.
    """
    first, last = 0, len(sentence)
    for match in (cues.PERSON_END if of_person else cues.HARD_END).finditer(sentence):
        if match.end() <= start:
            first = match.end()
        elif match.start() >= end and not _CARRIED_ON.fullmatch(sentence, end, match.end()):
            last = match.start()
            break
    if not of_person:
        leading = cues.LEADING.match(sentence, first)
        first = leading.end() if leading and leading.end() <= start else first
        for match in cues.COLON.finditer(sentence, first, start):
            header = sentence[max(first, match.end() - _NEAR) : match.end()]
            if not _INTRODUCED.search(header[:-1]) and not reach.HEADER.search(header):
                first = match.end()
    return first, last


def _commas(sentence: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield each comma of a stretch with the end of the words behind it."""
    places = [place for place in range(first, last) if sentence[place] == ","]
    yield from zip(places, [*places[1:], last], strict=True) if places else ()


def _begins_anew(sentence: str, first: int, comma: int, segment_end: int) -> bool:
    """Return whether the words behind a comma are a clause of their own, and no further item of a list."""
    segment = sentence[comma + 1 : segment_end]
    if _LISTED.match(segment) or _LIST_OF_DENIED.match(segment):
        return False
    if cues.HABIT.search(sentence, max(first, comma - _NEAR), comma) and cues.OF_ITS_OWN_CAUSE.match(
        sentence, comma + 1
    ):
        return True
    if comma > first and cues.LEADING_TIME.match(sentence[first:comma]):
        return False
    return cues.OWN_CLAUSE.match(segment) is not None
