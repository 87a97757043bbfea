"""Dates more specific than a year: written out, numeric, months, ranges, holidays.

A year alone stays (Safe Harbor allows it), and so does the time of day beside a date, as in MIMIC and in the i2b2
guidelines. What looks like a date but rarely is one (``4/5`` strength, ``120/80``) needs a word before it that
speaks of time. Month words are found first and looked around from, so that a note costs a few passes however many
formats there are.
"""

import re
from collections.abc import Iterator

from nosology.deidentification.lexicon import words
from nosology.deidentification.tokens import tokenize
from nosology.records import Span

_ORDINAL_WORD = (
    r"(?:(?:twenty|thirty)[- ])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth)"
)
_DAY = rf"(?:(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?![\d%])|{_ORDINAL_WORD}\b)"
_YEAR = r"(?:(?:1[89]|2[01])\d\d(?!\d)|['’]\d\d(?!\d))"
_TO = r"\s?(?:-|–|—|/|,|to|through|thru|till|until|and|&|or)\s?(?:the\s)?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s{1,2})"
_UNITS = (
    r"(?!\s?(?:%|mg\b|mcg|ml\b|cc\b|cm\b|mm\b|units?\b|tab|puff|times|days?\b|weeks?\b|months?\b|years?\b|"
    r"hours?\b|liters?\b))"
)
_CLOCK = re.compile(r"(?:\s?,?\s?(?:at|@)\s?|\s?-\s?|,?\s{1,2}|T)(?:[01]?\d|2[0-4]):[0-5]\d", re.IGNORECASE)

_MONTHS = words("dates.months")
_DAY_BEFORE = re.compile(
    rf"(?<![\d./%-]){_WEEKDAY}?(?:the\s)?{_DAY}(?:{_TO}{_DAY})?(?:\s(?:day\s)?of\s|[\s/.-]?\s?)\Z", re.IGNORECASE
)
_YEAR_BEFORE = re.compile(rf"(?<!\d){_YEAR}[-/ ]\Z")
_WEEKDAY_BEFORE = re.compile(rf"(?<![A-Za-z]){_WEEKDAY}(?:the\s)?\Z", re.IGNORECASE)
_DAY_AFTER = re.compile(
    rf"(?:[\s/-]{{1,2}}(?:the\s)?|,\s|(?=\d)){_DAY}{_UNITS}(?:{_TO}{_DAY}(?![\d/]){_UNITS})*"
    rf"(?:\s?[,/.-]?\s?(?:of\s|in\s)?{_YEAR}|[/-]\d\d(?![\d%]))?",
    re.IGNORECASE,
)
_YEAR_AFTER = re.compile(rf"(?:\s?[,/-]?\s?(?:of\s|in\s)?{_YEAR}|[-/]\d\d(?![\d%]))", re.IGNORECASE)
# Words after which a month's name alone is a date ("in March", "since last May").
_MONTH_CUE = re.compile(
    r"(?<![A-Za-z])(?:in|since|until|till|by|last|this|next|past|early|mid|late|of|from|through|during|for|"
    r"before|after|"
    r"between|around|about|to|and|on|again in)[\s-](?:last\s|early[\s-]|mid[\s-]?|late[\s-]|the month of\s)?\Z",
    re.IGNORECASE,
)
_AMBIGUOUS = frozenset(
    {"may", "march", "mar", "jan", "jun", "sept", "sep", "dec", "nov", "oct", "apr", "aug", "feb", "jul"}
)
# Months whose name is no other word: alone, too, they are found.
SURE_MONTHS = frozenset({"January", "February", "July", "September", "October", "November", "December"})
_LOOK_BACK = 40

_DAY_NUMBER, _MONTH_NUMBER = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_MONTH_AND_DAY = rf"(?:{_MONTH_NUMBER}(?P<sep>[/.-]){_DAY_NUMBER}|{_DAY_NUMBER}(?P<sep2>[/.-]){_MONTH_NUMBER})"
_NUMERIC = re.compile(
    rf"(?<![\d/.\-$])(?:"
    rf"(?P<range>\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\s?[-–]\s?\d{{1,2}}/\d{{1,2}}(?:/(?:\d{{4}}|\d\d))?)"
    rf"|(?P<iso>(?:1[89]|2[01])\d\d(?P<s>[-/.]){_MONTH_NUMBER}(?P=s){_DAY_NUMBER})"
    rf"|(?P<full>\d{{1,2}}(?P<f>\s?[/.-]\s?)\d{{1,2}}(?P=f)(?:(?:1[89]|2[01])\d\d|['’]?\d\d))"
    rf"|(?P<compact>(?:(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|1[0-2])(?:0[1-9]|"
    rf"[12]\d|3[01])(?:19|20)\d\d))"
    rf"|(?P<yearmonth>(?:19|20)\d\d[-/](?:0[1-9]|1[0-2]))"
    rf"|(?P<monthyear>{_MONTH_NUMBER}(?:/|-|\s?/\s?)(?:19|20)\d\d)"
    rf"|(?P<short>\d{{1,2}}[/-]\d{{1,2}})"
    rf")(?!\d|[/-]\d|\.\d|%)",
    re.IGNORECASE,
)
_SHORT_CUE = re.compile(
    r"(?:\b(?:on|dated?|since|from|until|till|to|through|thru|by|before|after|around|about|of|drawn|done|seen|admitted|"
    r"discharged|scheduled|performed|taken|visit|labs?|film|ct|mri|echo|x-?ray|ekg|ecg|cxr|ultrasound|culture[sd]?|"
    r"surgery|removed|placed|inserted|dictated|extubated|transferred|"
    r"for|last|due|start(?:ed|ing)?|ending|between|and|as of|beginning|week of|dob|d|t|dd|dt|signed|"
    r"mon|tues?|wed|thu(?:rs)?|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b[\s.:,]{0,3}"
    r"(?:the\s)?|[(\[]\s?|(?:^|\n)\s{0,3}|\d\s?[-–]\s?|\d\s(?:to|through|thru|and)\s)\Z",
    re.IGNORECASE,
)
# "culture of 3/14", "CT without contrast 6/3:": examinations are dated, whatever else the words before say.
_EXAMINED = re.compile(
    r"\b(?:cultures?|labs?|films?|scans?|ct|cta|mri|mra|echo|tte|tee|x-?rays?|cxr|ekg|ecg|ultrasounds?|us|biopsy|"
    r"notes?|visits?|letters?|reports?|stud(?:y|ies)|(?:morning|night|evening|day|week) )\s?(?:of|from|on|dated)\s\Z|"
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?\s\d{1,2},?\s(?:and|&|or|to)\s\Z",
    re.IGNORECASE,
)
_DATED_ENTRY = re.compile(r":\s")
_EXAM_BEFORE_ENTRY = re.compile(
    r"\b(?:CTA?|MRI|MRA|CXR|TTE|TEE|EGD|ECG|EKG|US|[Uu]ltrasound|[Ee]cho|[Xx]-ray)\b[^.\n]{0,30}\s\Z"
)
_MEASURED = re.compile(
    r"\b(?:strength|power|motor|pain|score|scale|apgars?|murmur|grade|gcs)\b[^.\n]{0,16}\Z", re.IGNORECASE
)
_NOT_A_DATE_BEFORE = re.compile(
    r"\b(?:strength|power|motor|murmur|grade|pain|score|scale|stage|reflex(?:es)?|pulses?|bp|pressure|tone|"
    r"level|rated|vision|acuity|"
    r"positive|negative|ratio|out|apgars?|ef|hct|intensity|edema|about|approximately|muscle|muscles|gravity|"
    r"rate|type|of|"
    r"systolic|diastolic|dose|times)\b[^.\n]{0,24}\Z",
    re.IGNORECASE,
)
_AFTER_SHORT_NOT = re.compile(
    r"\s?(?:strength|motor|murmur|systolic|diastolic|mg|ml|cc|mm|cm|inch|in\.|tab|normal|ns\b|strips?|power|lb|pounds|"
    r"of |in (?:severity|intensity)|bilat|throughout|on the|scale|reflex|pulses?|hours?|days?|weeks?|months?|years?|"
    r"percent|views?|positive|nodes|lymph|cores|ths?\b|to\s\d{1,2}/10\b|to\s\d\s(?:inch|cm|mm)|l\b|liters?|volts|pain|gauge|inches|times|units?|-inch|-year|per|po\b|edema|pitting|strong)",
    re.IGNORECASE,
)
# "3/7 decreasing to 2/7": no day grows or shrinks.
_CHANGED_TO = re.compile(r"\d/\d{1,2}\s(?:de|in)creas(?:ed|es|ing)\sto\s\Z", re.IGNORECASE)
_IS_RATIO = re.compile(r"\s(?:mixture|mix|ratio|dilution)\)")  # "(9/1 mixture)"
_PREPOSITION = re.compile(
    r"\b(?:on|since|dated?|until|from|by|dob|seen|drawn|done|due|dictated|admitted|discharged|d|t)[\s.:,]{0,3}\Z",
    re.IGNORECASE,
)

_THE_NTH = re.compile(
    r"(?:[12]?\d|3[01])(?:st|nd|rd|th)"
    r"(?=\s?(?:[.,;)\n]|of (?:this|last|next|the) month|at \d|and |with |\Z))"
    r"(?:\s?of (?:this|last|next|the) month)?",
    re.IGNORECASE,
)
_ON_THE = re.compile(r"\b(?:on|by|until|since|before|after|from|through|for) the \Z", re.IGNORECASE)
_HOLIDAY_STARTS = words("dates.holiday_starts")
_HOLIDAY = re.compile(
    r"(?:christmas(?: (?:day|eve))?(?! (?:tree|disease|factor))|thanksgiving(?: day)?|halloween|(?:easter|"
    r"palm) sunday|easter|"
    r"good friday|ash wednesday|new year['’]?s(?: (?:day|eve))?|(?:labor|memorial|columbus|veterans?|valentine['’]?s|"
    r"(?:st\.?|saint) patrick['’]?s|mother['’]s|father['’]s|presidents?['’]?|independence|boxing|mlk|"
    r"martin luther king) day|"
    r"fourth of july|hanukkah|passover|yom kippur|rosh hashanah|ramadan|diwali|mardi gras|super bowl sunday|"
    r"cinco de mayo)\b",
    re.IGNORECASE,
)


def dates(text: str) -> Iterator[Span]:
    """Yield spans of dates more specific than a year."""
    tokens = tokenize(text)
    for i in tokens.places(_MONTHS):
        yield from _written(text, tokens.starts[i], tokens.end(i))
    for i in tokens.numbers:
        yield from _numeric(text, tokens.starts[i])
    for i in tokens.places(_HOLIDAY_STARTS):
        match = _HOLIDAY.match(text, tokens.starts[i])
        if match:
            yield Span(match.start(), match.end(), "DATE")


def _written(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the date around a month's name."""
    word = text[start:end]
    dot_end = end + (text[end : end + 1] == ".")
    back = max(0, start - _LOOK_BACK)
    year_first = _YEAR_BEFORE.search(text, back, start)
    day_first = None if year_first else _day_before(text, start, dot_end)
    before = year_first or day_first
    after = (_YEAR_AFTER if day_first else _DAY_AFTER).match(text, dot_end) or _YEAR_AFTER.match(text, dot_end)
    if word == "may" and not (before or (after and _is_surely_a_date(after[0]))):
        after = None
    if before and not after and word.lower() in _AMBIGUOUS and not _is_day_month(before[0], word):
        before = None
    if before or after:
        end = after.end() if after else dot_end
    elif not _stands_for_a_month(text, start, word):
        return
    left = before or _WEEKDAY_BEFORE.search(text, back, start)
    yield Span(left.start() if left else start, end, "DATE")


def _day_before(text: str, start: int, end: int) -> re.Match[str] | None:
    """Return the day before a month; None where the number ends a sentence: "SUV 10. Jul 31, 2011"."""
    before = _DAY_BEFORE.search(text, max(0, start - _LOOK_BACK), start)
    ends_sentence = before and re.search(r"\.\s\Z", before[0]) and _DAY_AFTER.match(text, end)
    return None if ends_sentence else before


def _is_surely_a_date(after: str) -> bool:
    """Return whether what follows a small "may" has an ordinal or a year: "may 2 tablets" has not."""
    return bool(re.search(r"\d(?:st|nd|rd|th)\b|\d{4}", after))


def _is_day_month(before: str, word: str) -> bool:
    """Return whether a number before a short or ambiguous month word belongs to it: "14 Mar", not "2 may"."""
    return bool(re.search(r"(?:of\s|\d[-/]?|(?:st|nd|rd|th)\s)\Z", before)) or word.istitle()


def _stands_for_a_month(text: str, start: int, word: str) -> bool:
    """Return whether a month's name alone is a date: no first name or verb, or after a word of time."""
    if word in SURE_MONTHS:
        return True
    lower = word.lower()
    if lower in _AMBIGUOUS and not (lower in ("march", "may") and word.istitle()):
        return False
    return bool(_MONTH_CUE.search(text, max(0, start - _LOOK_BACK), start))


def _numeric(text: str, start: int) -> Iterator[Span]:
    """Yield the date in figures that starts at a number, with a weekday before it."""
    match = _NUMERIC.match(text, start)
    if match:
        back = max(0, start - _LOOK_BACK)
        if match["range"]:
            is_date = match["range"].count("/") > 2 or bool(_PREPOSITION.search(text, back, start))
        elif match["short"]:
            is_date = _short_is_date(text, match)
        else:
            is_date = not match["full"] or _is_calendar_day(match["full"])
        if is_date:
            weekday = _WEEKDAY_BEFORE.search(text, back, start)
            yield Span(weekday.start() if weekday else start, match.end(), "DATE")
        return
    nth = _THE_NTH.match(text, start)
    if nth and _ON_THE.search(text, max(0, start - 16), start):
        yield Span(start, nth.end(), "DATE")


def _is_calendar_day(value: str) -> bool:
    """Return whether three numbers can be month, day and year, in one of the usual orders; "1.2.3" never gets here."""
    first, second, _ = (int(part) for part in re.findall(r"\d+", value))
    return 1 <= min(first, second) <= 12 and 1 <= max(first, second) <= 31


def _short_is_date(text: str, match: re.Match[str]) -> bool:
    """Return whether two numbers such as 3/14 are month and day: plausible, after a word of time, not a measure."""
    value = match["short"]
    first, second = (int(part) for part in re.findall(r"\d+", value))
    if not (1 <= min(first, second) <= 12 and 1 <= max(first, second) <= 31):
        return False
    if _AFTER_SHORT_NOT.match(text, match.end()) or _is_change_or_ratio(text, match):
        return False
    if "-" in value:
        return _dashed_is_date(text, match)
    back, start, end = max(0, match.start() - _LOOK_BACK), match.start(), match.end()
    if _PREPOSITION.search(text, back, start) or _EXAMINED.search(text, back, start):
        return True
    is_large = max(first, second) > 5
    if _DATED_ENTRY.match(text, end):
        if _EXAM_BEFORE_ENTRY.search(text, back, start):
            return True
        if is_large:
            return not _MEASURED.search(text, back, start)
    if _NOT_A_DATE_BEFORE.search(text, back, start):
        return False
    is_padded = value.startswith("0") or "/0" in value or _CLOCK.match(text, end) is not None
    return is_padded or (is_large and bool(_SHORT_CUE.search(text, back, start)))


def _is_change_or_ratio(text: str, match: re.Match[str]) -> bool:
    """Return whether two numbers are what a measure became ("decreasing to 3/7"), or a mixture in brackets."""
    start = match.start()
    is_in_brackets = text[start - 1 : start] == "("
    return bool(
        _CHANGED_TO.search(text, max(0, start - _LOOK_BACK), start)
        or (is_in_brackets and _IS_RATIO.match(text, match.end()))
    )


def _dashed_is_date(text: str, match: re.Match[str]) -> bool:
    """Return whether two numbers with a dash are month and day: after a word of time, and no vertebra ("T11-12")."""
    start, end = match.span()
    if text[start - 1 : start].isalpha() or not _PREPOSITION.search(text, max(0, start - _LOOK_BACK), start):
        return False
    is_usual_form = re.match(r"0?\d-\d\d|\d\d-\d", match["short"])
    return bool(is_usual_form) or not re.match(r"\s\w", text[end : end + 2])
