"""Found words that are no identifiers after all: "Chlamydia culture", "in Ohio", "Pain Clinic", "NG tube".

Detectors look at words one cue at a time; this is the last look at what all of them found together. A name after a
title ("Dr. Foley") always stays found, whatever else its word means, and so does one that kinship, a credential or a
signature gives away ("her daughter Georgia", "Ringer, RN").
"""

import re
from collections.abc import Iterable
from functools import cache

from nosology.deidentification import cue_words as cues
from nosology.deidentification.eponyms import is_medical_use
from nosology.deidentification.generic_words import is_generic, is_region
from nosology.deidentification.lexicon import STATE_CODES, any_of, ranked, words
from nosology.deidentification.name_words import name_evidence
from nosology.deidentification.tokens import tokenize
from nosology.records import Span

_NAMED = frozenset({"NAME", "LOCATION", "HOSPITAL", "ORG"})
_WORDS = re.compile(r"[^\W\d_]+")
_POSSESSIVE = re.compile(r"['’][sS]\b")
_TITLE_BEFORE = re.compile(r"\b(?P<title>[^\W\d_]+)\.?\s{1,2}(?:[A-Z]\.\s?){0,2}\Z")
# What a name is given away by, stronger than what else its word means: "his son Christian", "Signed: Jordan".
_KIN_BEFORE = re.compile(
    rf"\b(?:his|her|their|my|our|(?:patient|pt)['’]s)\s(?:[a-z]+\s)?{any_of(cues.KIN)},?\s\Z", re.IGNORECASE
)
_CUE_BEFORE = re.compile(
    r"\b(?:(?:signed|attending|surgeon|physician|provider|nurse|resident|name|author|cc)\s?:|named|called|"
    r"(?:seen|signed|dictated|examined|evaluated|reviewed|accompanied)\sby|"
    r"(?:spoke|met|talked|discussed|lives|stays)\s(?:with|to))\s{1,2}\Z",
    re.IGNORECASE,
)
_CREDENTIAL_AFTER = re.compile(r",?\s(?:M\.?D|D\.?O|R\.?N|N\.?P|P\.?A|PhD|PharmD|LPN|CRNA|DPM|DDS)\b")
_NOBODY = frozenset({"mom", "dad", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
_DIRECTION = re.compile(
    r"(?:(?:north|south|east|west|northeast|northwest|southeast|southwest|northern|southern|eastern|western|central|"
    r"upper|lower|mid|national)[\s-])+(?=\w)",
    re.IGNORECASE,
)
_LIST_OF_REGIONS = re.compile(r",\s?(?:and\s|or\s)?|\s(?:and|or)\s")
# "Washington State Department of Labor", "State of Ohio": as wide as the state.
_STATE_AGENCY = re.compile(
    r"\A(?:the )?state of |(?: state)?(?: department| dept\.?| board| office) of .*\Z", re.IGNORECASE
)
_ABBREVIATIONS = words("plain_words.abbreviations")
_FILLER = re.compile(r"x{2,}|y{3,}|z{3,}|xyz+d?|abcd?e?|xy")
_FILLER_BOX = re.compile(r"P\.? ?O\.? Box 1?23?4?5?\Z", re.IGNORECASE)
_AROUND_FILLERS = frozenset(
    {"street", "avenue", "road", "drive", "suite", "hospital", "medical", "center", "of", "a", "the", "and"}
)
_HEADING_ENDS = frozenset({"data", "test", "tests", "study", "studies", "examination", "exam", "findings", "results"})
# A hospital may be called after any word ("Long Hospital"); a clinic, a unit, a practice after what it treats.
_CALLED_AFTER_ITS_WORK = frozenset(
    {"clinic", "clinics", "unit", "units", "practice", "department", "associates", "center", "home", "service"}
)
# Written out only: "ER" and "ED" after a hospital may be the next sentence's initials.
_DEPARTMENT = re.compile(r"(?<=[a-z])[ ]Emergency (?:Room|Department)\Z|(?<=\bHospital)[ ]Occupational Health\Z")
_AGE_UNIT = re.compile(r"(?<=\d)\syears\s(?:old|of age)\Z", re.IGNORECASE)
_LOOK_BACK = 48
_LONGEST_PLAIN = 400  # characters; no phrase of plain words is longer, and patterns look at all of a span at once
_NO_NAMES = frozenset({"children hospital", "children hospital emergency department", "university of a"})


def without_plain_words(spans: Iterable[Span], text: str) -> tuple[Span, ...]:
    """Return the spans without those that hold only words of medicine, kinds of places, states, or trade names.

    The state after a city is left out of the city's span, unless both are part of an address.
    """
    is_caseless = tokenize(text).caseless
    found = tuple(spans)
    plain = {span for span in found if span.type in _NAMED and _is_plain(span, text, is_caseless)}
    called = {_phrase(span, text) for span in plain if span.type == "NAME" and _is_called(span, text)}
    kept = (span for span in found if span not in plain or (span.type == "NAME" and _phrase(span, text) in called))
    return tuple(_trimmed(span, text, is_caseless=is_caseless) for span in kept)


def is_given_away(span: Span, text: str) -> bool:
    """Return whether a title, kinship, a credential or a signature beside a name says that somebody is called so."""
    return _is_titled(text, span.start) or _is_called(span, text)


def _phrase(span: Span, text: str) -> str:
    return _POSSESSIVE.sub("", text[span.start : span.end]).lower()


def _is_called(span: Span, text: str) -> bool:
    """Return whether kinship, a credential or a signature says that somebody is called so."""
    phrase = _phrase(span, text)
    if _is_filler(span.type, _WORDS.findall(phrase)) or is_medical_use(text, span.start, span.end):
        return False
    if _CREDENTIAL_AFTER.match(text, span.end):
        return True
    is_first_name = phrase in ranked("first_names")
    back = max(0, span.start - _LOOK_BACK)
    if _KIN_BEFORE.search(text, back, span.start):
        return phrase not in _NOBODY and (is_first_name or phrase not in ranked("peoples"))
    is_name = (
        is_first_name or phrase in ranked("surnames") or (text[span.start : span.end].isupper() and len(phrase) < 4)
    )
    return is_name and phrase not in _NOBODY and bool(_CUE_BEFORE.search(text, back, span.start))


def _is_plain(span: Span, text: str, is_caseless: bool) -> bool:
    if span.end - span.start > _LONGEST_PLAIN:
        return False
    phrase = _POSSESSIVE.sub("", text[span.start : span.end])
    found = [word.lower() for word in _WORDS.findall(phrase)]
    if not found:
        return False
    if _is_filler(span.type, found) or (span.type == "NAME" and len(phrase) == 1):
        return True
    if span.type == "NAME" and _is_titled(text, span.start):
        return False
    if phrase.lower() in ranked("plain_phrases") or _is_in_plain_phrase(span, text):
        return True
    return _is_plain_of_its_type(span, text, phrase, found, has_case=not is_caseless)


def _is_plain_of_its_type(span: Span, text: str, phrase: str, found: list[str], *, has_case: bool) -> bool:
    """Return whether a phrase names nothing of what it was found as: no institution, place or person.

    Args:
        span: Where it was found.
        text: The note.
        phrase: What was found, without possessive endings.
        found: Its words in lower case.
        has_case: Whether the note has useful capitals.
    """
    if span.type in ("HOSPITAL", "ORG") and _is_kind_of_institution(phrase, found, has_case=has_case):
        return True
    if span.type == "HOSPITAL":
        return False
    if is_medical_use(text, span.start, span.end):
        return True
    if span.type == "ORG":
        return phrase.isupper() and has_case and phrase.lower() in _ABBREVIATIONS
    if span.type == "LOCATION":
        return bool(_FILLER_BOX.match(phrase)) or all(map(_is_wide, _LIST_OF_REGIONS.split(phrase)))
    return is_region(phrase) or (has_case and _holds_no_name(phrase, found))


def _is_kind_of_institution(phrase: str, found: list[str], *, has_case: bool) -> bool:
    """Return whether a phrase says what an institution does, or which state's it is, but not which one it is."""
    is_kind = found[-1] in _CALLED_AFTER_ITS_WORK and "medical" not in found and all(map(is_generic, found))
    is_heading = phrase.isupper() and has_case and _is_heading(found)
    return is_kind or is_heading or " ".join(found) in _NO_NAMES or _is_wide(_STATE_AGENCY.sub("", phrase))


def _holds_no_name(phrase: str, found: list[str]) -> bool:
    """Return whether what was found as a name is a word in capitals that is none, or generic words alone."""
    if len(found) == 1 and phrase.isupper() and len(phrase) > 4 and name_evidence(found[0]) < 0:  # "CIRCUMCISION"
        return found[0] not in ranked("first_names")
    return all(len(word) > 3 and name_evidence(word) < 0 and is_generic(word) for word in found)


@cache
def _longer_phrases() -> dict[str, tuple[re.Pattern[str], ...]]:
    """Return the plain phrases of several words, by each of their words."""
    by_word: dict[str, list[re.Pattern[str]]] = {}
    for phrase in ranked("plain_phrases"):
        if len(parts := _WORDS.findall(phrase)) > 1:
            pattern = re.compile(rf"(?<![\w-]){re.escape(phrase)}(?![\w-])", re.IGNORECASE)
            for part in set(parts):
                by_word.setdefault(part, []).append(pattern)
    return {word: tuple(patterns) for word, patterns in by_word.items()}


def _is_in_plain_phrase(span: Span, text: str) -> bool:
    """Return whether a plain phrase stands around what was found: "Pink Eye", of which "Eye" was found."""
    word = _WORDS.search(text, span.start, span.end)
    patterns = _longer_phrases().get(word[0].lower(), ()) if word else ()
    back, ahead = max(0, span.start - _LOOK_BACK), span.end + _LOOK_BACK
    return any(
        match.start() <= span.start and span.end <= match.end() and not _is_titled(text, match.start())
        for pattern in patterns
        for match in pattern.finditer(text, back, ahead)
    )


def _is_filler(kind: str, found: list[str]) -> bool:
    """Return whether a template's filler stands in a name's place: "XYZ Street", "ABCD Hospital", "Mr. Xxxxx"."""
    proper = [word for word in found if word not in _AROUND_FILLERS and (kind == "NAME" or not is_generic(word))]
    proper = proper or [word for word in found if _FILLER.fullmatch(word)]
    return bool(proper) and all(map(_FILLER.fullmatch, proper))


def _trimmed(span: Span, text: str, *, is_caseless: bool) -> Span:
    """Return a span without the plain words at its end: a state, a hospital's department, "years old" after an age."""
    if span.type == "LOCATION":
        return _without_state(span, text)
    if span.type == "AGE90" or (span.type == "HOSPITAL" and not is_caseless):
        tail = (_AGE_UNIT if span.type == "AGE90" else _DEPARTMENT).search(text, span.start, span.end)
        return Span(span.start, tail.start(), span.type) if tail else span
    return span


def _without_state(span: Span, text: str) -> Span:
    """Return a place's span without ", Ohio" at its end."""
    city, comma, state = text[span.start : span.end].rpartition(",")
    if not comma or any(character.isdigit() for character in city + text[span.end : span.end + 8]):
        return span
    is_state = is_region(state.strip()) or state.strip() in STATE_CODES
    return Span(span.start, span.start + len(city), span.type) if is_state and city.strip() else span


def _is_titled(text: str, start: int) -> bool:
    """Return whether a title such as "Dr." stands before."""
    before = _TITLE_BEFORE.search(text, max(0, start - 24), start)
    if before is None or before["title"].lower() not in cues.TITLES:
        return False
    # "No significant MR. Mitral inflow": an abbreviation ends a sentence there.
    return not (before["title"] in ("MR", "MS", "DR") and text[start : start + 2].istitle())


def _is_wide(place: str) -> bool:
    """Return whether a place is as wide as a state or wider: "Ohio", "northern California", "Eastern Germany"."""
    direction = _DIRECTION.match(place)
    return is_region(place[direction.end() :] if direction else place)


def _is_heading(found: list[str]) -> bool:
    """Return whether words in capitals are a line's title ("X-RAY AND LABORATORY DATA"), no name among them."""
    return found[-1] in _HEADING_ENDS and all(
        (name_evidence(word) < 0 or is_generic(word)) and word not in ranked("cities") for word in found
    )
