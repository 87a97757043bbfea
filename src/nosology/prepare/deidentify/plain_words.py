"""Found words that are no identifiers after all: "Chlamydia culture", "in Ohio", "Pain Clinic", "NG tube".

Detectors look at words one cue at a time; this is the last look at what all of them found together. What would surprise
you: a name after a title ("Dr. Foley") always stays found, whatever else its word means.
"""

import re
from collections.abc import Iterable

from nosology.prepare.deidentify import cue_words as cues
from nosology.prepare.deidentify.eponyms import is_medical_use
from nosology.prepare.deidentify.generic_words import is_generic, is_region
from nosology.prepare.deidentify.lexicon import STATE_CODES, ranked, words
from nosology.prepare.deidentify.name_words import name_evidence
from nosology.prepare.deidentify.tokens import tokenize
from nosology.records import Span

_NAMED = frozenset({"NAME", "LOCATION", "HOSPITAL", "ORG"})
_WORDS = re.compile(r"[^\W\d_]+")
_POSSESSIVE = re.compile(r"['’][sS]\b")
_TITLE_BEFORE = re.compile(r"\b(?P<title>[^\W\d_]+)\.?\s{1,2}(?:[A-Z]\.\s?){0,2}\Z")
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
_ABBREVIATIONS = words("tagger.abbreviations")
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
_NO_NAMES = frozenset({"children hospital", "children hospital emergency department", "university of a"})


def without_plain_words(spans: Iterable[Span], text: str) -> tuple[Span, ...]:
    """Return the spans without those that hold only words of medicine, kinds of places, states, or trade names.

    The state after a city is left out of the city's span, unless both are part of an address.
    """
    is_caseless = tokenize(text).caseless
    kept = (span for span in spans if span.type not in _NAMED or not _is_plain(span, text, is_caseless))
    return tuple(_without_state(span, text) if span.type == "LOCATION" else span for span in kept)


def _is_plain(span: Span, text: str, is_caseless: bool) -> bool:
    phrase = _POSSESSIVE.sub("", text[span.start : span.end])
    found = [word.lower() for word in _WORDS.findall(phrase)]
    if not found:
        return False
    if _is_filler(span.type, found) or (span.type == "NAME" and len(phrase) == 1):
        return True
    if span.type == "NAME" and _is_titled(text, span.start):
        return False
    if phrase.lower() in ranked("plain_phrases"):
        return True
    if span.type in ("HOSPITAL", "ORG"):
        is_kind = found[-1] in _CALLED_AFTER_ITS_WORK and "medical" not in found and all(map(is_generic, found))
        is_heading = phrase.isupper() and not is_caseless and _is_heading(found)
        if is_kind or is_heading or " ".join(found) in _NO_NAMES or _is_wide(_STATE_AGENCY.sub("", phrase)):
            return True
        is_abbreviation = phrase.isupper() and not is_caseless and phrase.lower() in _ABBREVIATIONS
        return span.type == "ORG" and (is_abbreviation or is_medical_use(text, span.start, span.end))
    if span.type == "LOCATION":
        return (
            _FILLER_BOX.match(phrase) is not None
            or all(_is_wide(part) for part in _LIST_OF_REGIONS.split(phrase))
            or is_medical_use(text, span.start, span.end)
        )
    if is_medical_use(text, span.start, span.end) or is_region(phrase):
        return True
    if is_caseless:
        return False
    if len(found) == 1 and phrase.isupper() and len(phrase) > 4 and name_evidence(found[0]) < 0:  # "CIRCUMCISION"
        return found[0] not in ranked("first_names")
    return all(len(word) > 3 and name_evidence(word) < 0 and is_generic(word) for word in found)


def _is_filler(kind: str, found: list[str]) -> bool:
    """Return whether a template's filler stands in a name's place: "XYZ Street", "ABCD Hospital", "Mr. Xxxxx"."""
    proper = [word for word in found if word not in _AROUND_FILLERS and (kind == "NAME" or not is_generic(word))]
    proper = proper or [word for word in found if _FILLER.fullmatch(word)]
    return bool(proper) and all(map(_FILLER.fullmatch, proper))


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
