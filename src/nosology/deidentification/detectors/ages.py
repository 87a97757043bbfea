"""Ages over 89, in figures and in words. Safe Harbor lets younger ages stand."""

import re
from collections.abc import Iterator

from nosology.deidentification.cue_words import KIN
from nosology.deidentification.lexicon import any_of, words
from nosology.deidentification.tokens import tokenize
from nosology.records import Span

_NUMBER = r"(?:9\d|1[0-2]\d)"
_ONES = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_WORDS = rf"(?:ninety(?:[-\s]{_ONES})?|(?:one|a)[-\s]hundred(?:[-\s](?:and[-\s])?{_ONES})?)"
_AGE = rf"(?:{_NUMBER}|{_WORDS})"
_YEARS = r"(?:years?|yrs?\.?|y)"
_UNIT = (
    rf"[-\s]{{0,2}}(?:{_YEARS}[-\s,]{{0,2}}(?:olds?\b|of\s(?:age|life)\b)|y\s?[/.]?\s?o\b\.?|y\.\s?o\.|y/o\b|"
    rf"yo\b|yrs?\b(?=\s?(?:male|female|man|woman|lady|gentleman|[MF]\b)))"
)

_WITH_UNIT = re.compile(
    rf"{_AGE}(?:\s?-?\s?(?:\d/\d|and a half))?(?:{_UNIT})(?:[-\s]?[MF]\b)?"
    rf"|{_NUMBER}(?:st|nd|rd|th)(?=\s(?:birthday|year of life))",
    re.IGNORECASE,
)
_ALONE = re.compile(
    rf"{_AGE}(?:s\b)?(?!\s?%|\.\d|[/-]\d|,\d|\d|\s?(?:mg|ml|cc|degrees|percent|pack|mm|cm|beats|bpm|pounds|"
    rf"lbs?\b|kg|over|minutes|hours?|days?|"
    r"weeks?|months?|miles|people|times|an?\b|per\b|x\b))",
    re.IGNORECASE,
)
_PEOPLE = KIN - words("ages.young_people") | words("ages.older_people")
# "age 93", "aged 93", "at the age of 93", "turned 93", "lived to be 93", "died at 93", "AGE/SEX: 93/F"
_CUE_BEFORE = re.compile(
    r"\b(?:age(?:d|s|\s?/\s?(?:sex|gender))?(?:\s?(?:is|was|of|at|about|approximately|at death|in years|"
    r"when seen|\(years\)|\(yrs?\)))*\s?[:=]?|"
    r"turn(?:ed|s|ing)?|lived\s(?:to|until|past)(?:\s(?:be|age))?(?:\sover)?|(?:died|passed(?:\saway)?|deceased|"
    r"expired|dead|living|alive|"
    r"alive and well|is now|now|currently),?\sat(?:\sthe)?(?:\sage)?(?:\sof)?|celebrated\s"
    r"(?:his|her|their))\s{0,3}(?:the\s)?\Z|"
    rf"\b{any_of(_PEOPLE)}s?(?:(?:[ ][^\W\d_]+){{0,3}}?\s(?:is|was|been|be|of|at|to|now)|,|[ ]?\()?\s{{1,3}}\Z"
    rf"|\b{any_of(_PEOPLE)}[ ]?\(\Z",
    re.IGNORECASE,
)
# "in his nineties", "in her mid-90s"; not "sats in the 90s"
_IN_THEIR = re.compile(r"\b(?:in|into)\s(?:his|her|their)\s(?:(?:early|mid|late|upper)[-\s])?\Z", re.IGNORECASE)
_DECADE = re.compile(r"(?:nineties|hundreds)\b|(?:90|100)['’]?s\b", re.IGNORECASE)
_OLD_PEOPLE = words("ages.old_people")
# "93F with", "93 F presents": only where a person is plainly meant
_SEX = re.compile(
    rf"{_NUMBER}\s?(?:[MF]|male|female|man|woman)\b(?=\s?(?:,|with\b|w/|who\b|admitted|present|s/p|h/o|c/o|hx|"
    rf"p/w|status|has\b|had\b|here\b|found|/|\n|"
    r"\Z|in for|from\b|brought))",
    re.IGNORECASE,
)
_MEASURE_BEFORE = re.compile(
    r"\b(?:temp\w*|fever|t|tmax|tm|tc|degrees|pulse|hr|sat\w*|o2|bp|heart rate|rate|weight)\b[\s:,of]{0,8}\Z",
    re.IGNORECASE,
)
_AFEBRILE_BEFORE = re.compile(r"\b(?:afebrile|febrile|temp\w*|tmax|fever|sat\w*|heart rate|pulse)\b", re.IGNORECASE)
_NUMBER_WORDS = frozenset({"ninety", "one", "a", "nineties", "hundreds"})
_GLUED = frozenset("./-")
_LOOK_BACK = 48


def ages(text: str) -> Iterator[Span]:
    """Yield spans of ages over 89."""
    tokens = tokenize(text)
    for i in tokens.numbers:
        word = tokens.words[i]
        if len(word) in (2, 3) and 90 <= int(word) < 130:
            yield from _at(text, tokens.starts[i])
    for i in tokens.places(_NUMBER_WORDS):
        yield from _at(text, tokens.starts[i])
    for i in tokens.places(_OLD_PEOPLE):
        yield Span(tokens.starts[i], tokens.end(i), "AGE90")


def _at(text: str, start: int) -> Iterator[Span]:
    """Yield the age that starts here."""
    back = max(0, start - _LOOK_BACK)
    if (decade := _DECADE.match(text, start)) and _IN_THEIR.search(text, back, start):
        yield Span(start, decade.end(), "AGE90")
        return
    if start and (text[start - 1] in _GLUED or text[start - 1].isalnum()):
        return
    match = _WITH_UNIT.match(text, start)
    if not match and (alone := _ALONE.match(text, start)) and (cue := _CUE_BEFORE.search(text, back, start)):
        is_measure = "age" not in cue[0].lower() and _AFEBRILE_BEFORE.search(text, back, start)
        match = None if is_measure else alone
    if not match and (sex := _SEX.match(text, start)) and not _MEASURE_BEFORE.search(text, max(0, start - 16), start):
        match = sex
    if match:
        yield Span(start, match.end(), "AGE90")
