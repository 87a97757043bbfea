"""Dates moved by a number of days, in the format they were written in.

What is no full calendar date keeps what it leaves open: "March 14" stays a day of a month, "March 2019" a month of a
year. What cannot be read as a date at all (a holiday, "the 14th") gives None: the caller decides.
"""

import re
from datetime import date, timedelta

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH_WORD = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_ENDING = r"(?P<ending>st|nd|rd|th)?"
_WEEKDAY = r"(?P<weekday>(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?)?\.?,?\s*"
_YEAR_WITHOUT = 2001  # "March 14" is moved within a year that has no 29 February
_MID_MONTH = 15

_FORMATS = tuple(
    re.compile(rf"\A{_WEEKDAY}{pattern}(?P<rest>(?:[T\s,@-]|at)*\d{{1,2}}:\d\d.*)?\Z", re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})(?P<s1>[-/.])(?P<m>\d{1,2})(?P<s2>[-/.])(?P<d>\d{1,2})",
        r"(?P<m>\d{1,2})(?P<s1>\s?[-/.]\s?)(?P<d>\d{1,2})(?P<s2>\s?[-/.]\s?)(?P<year>\d{4}|\d\d)",
        r"(?P<year>(?:19|20)\d\d)(?P<s1>)(?P<m>\d\d)(?P<s2>)(?P<d>\d\d)",
        r"(?P<m>\d{1,2})(?P<s1>[-/])(?P<year>\d{4})",
        r"(?P<year>\d{4})(?P<s1>[-/])(?P<m>\d{1,2})",
        r"(?P<m>\d{1,2})(?P<s1>[-/])(?P<d>\d{1,2})",
        rf"{_MONTH_WORD}(?P<s1>[\s./,-]+(?:the\s)?)(?P<d>\d{{1,2}}){_ENDING}(?P<s2>[\s,.-]+(?:of\s)?)(?P<year>\d{{4}})",
        rf"{_MONTH_WORD}(?P<s1>[\s./,-]+(?:of\s|in\s)?)(?P<year>\d{{4}})",
        rf"{_MONTH_WORD}(?P<s1>[\s./,-]+(?:the\s)?)(?P<d>\d{{1,2}}){_ENDING}",
        rf"(?P<lead>the\s)?(?P<d>\d{{1,2}}){_ENDING}(?P<s1>[\s./-]*(?:of\s|"
        rf"day\sof\s)?){_MONTH_WORD}(?P<s2>[\s,./-]*)(?P<year>\d{{4}})",
        rf"(?P<lead>the\s)?(?P<d>\d{{1,2}}){_ENDING}(?P<s1>[\s./-]*(?:of\s|day\sof\s)?){_MONTH_WORD}",
        rf"{_MONTH_WORD}",
    )
)
_BETWEEN_DATES = re.compile(r"(\s(?:to|through|thru|until|and)\s|\s?[–—]\s?|\s-\s|(?<=\d)-(?=\d{1,2}/))")


def shift_date(text: str, days: int) -> str | None:
    """Return a date moved by ``days``, in its own format; ranges move at both ends; None where it is not read.

    Two-digit years are of 1930 to 2029. A number that could be day or month is a month, unless above 12.
    """
    whole = _shift_one(text, days)
    if whole is not None:
        return whole
    parts = _BETWEEN_DATES.split(text)
    if len(parts) < 3:
        return None
    moved = [_shift_one(part, days) if i % 2 == 0 else part for i, part in enumerate(parts)]
    return None if None in moved else "".join(part for part in moved if part is not None)


def _shift_one(text: str, days: int) -> str | None:
    for pattern in _FORMATS:
        match = pattern.match(text.strip())
        if match:
            found = _calendar(match.groupdict())
            if found is not None:
                return _write(text.strip(), match, *found, days)
    return None


def _calendar(parts: dict[str, str | None]) -> tuple[date, bool] | None:
    """Return the calendar day a match stands for, and whether day and month are swapped; None for no such day."""
    month_word = parts.get("month")
    month = _month_number(month_word) if month_word else int(parts["m"] or 0)
    day = int(parts.get("d") or _MID_MONTH)
    written_year = parts.get("year")
    year = int(written_year) if written_year else _YEAR_WITHOUT
    if written_year and len(written_year) == 2:
        year += 1900 if year >= 30 else 2000
    swapped = not month_word and bool(parts.get("d")) and month > 12 >= day
    if swapped:
        month, day = day, month
    try:
        return date(year, month, day), swapped
    except ValueError:
        return None


def _month_number(word: str) -> int:
    return next(i for i, name in enumerate(_MONTHS, 1) if name.startswith(word.lower()[:3]))


def _write(text: str, match: re.Match[str], day: date, swapped: bool, days: int) -> str:
    """Return the matched text with its day, month, year and weekday replaced by those of the moved day."""
    try:
        moved = day + timedelta(days=days)
    except OverflowError:
        moved = day - timedelta(days=days)
    month, of_month = (moved.day, moved.month) if swapped else (moved.month, moved.day)
    groups = match.groupdict()
    values: dict[str, str] = {}
    width = 2 if _is_padded(groups) else 1
    if groups.get("m"):
        values["m"] = str(month).zfill(width)
    if groups.get("d"):
        values["d"] = str(of_month).zfill(width)
    if groups.get("year"):
        values["year"] = f"{moved.year:04d}"[-len(match["year"]) :]
    if groups.get("month"):
        values["month"] = _like(_MONTHS[moved.month - 1], match["month"])
    if groups.get("ending"):
        values["ending"] = _like(_ending(moved.day), match["ending"], may_shorten=False)
    if groups.get("weekday"):
        values["weekday"] = _like(moved.strftime("%A").lower(), match["weekday"])
    pieces, position = [], 0
    for name in sorted(values, key=match.start):
        pieces += [text[position : match.start(name)], values[name]]
        position = match.end(name)
    return "".join([*pieces, text[position:]])


def _is_padded(groups: dict[str, str | None]) -> bool:
    """Return whether numbers below ten have a leading zero in this format: "03/14", "14MAR2019"; not in "March 14"."""
    figures = [value for name in ("m", "d") if (value := groups.get(name))]
    if any(len(value) == 1 for value in figures):
        return False
    return not groups.get("month") or groups.get("s1") in ("", "-") or any(value.startswith("0") for value in figures)


def _ending(day: int) -> str:
    return "th" if 10 <= day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _like(word: str, model: str, *, may_shorten: bool = True) -> str:
    """Return ``word`` in the letter case of ``model``, and as a three-letter abbreviation if that is one."""
    if may_shorten and len(model) <= 4 and model.lower() not in ("may", "june", "july"):
        word = word[:3]
    if model.isupper():
        return word.upper()
    return word.capitalize() if model[:1].isupper() else word
