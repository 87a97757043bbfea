"""Dates in the ways people write them."""

from __future__ import annotations

import random
from datetime import date, timedelta

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
FIRST, DAYS = date(2014, 1, 1), 4600

FORMATS = {
    "dmy": (
        "D/M/Y", "DD/MM/YY", "DD/MM/Y", "D Mon Y", "D Month Y", "Dth Month Y", "DD-Mon-Y", "D.M.YY", "Wd D Mon Y",
        "Wday, D Month Y", "Wday Dth Month Y", "the Dth of Month Y", "D/M/YY", "DD MON YY",
    ),
    "mdy": (
        "M/D/Y", "MM/DD/YY", "MM/DD/Y", "Month D, Y", "Mon D, Y", "M-D-YY", "MM-DD-Y", "Wday, Month D, Y", "Mon. D, Y",
        "DDMONY", "M/D/YY", "Wd M/D/YY", "Month Dth, Y",
    ),
    "dot": (
        "D.M.Y", "DD.MM.Y", "DD.MM.YY", "D. Month Y", "D Month Y", "DD/MM/Y", "Y-MM-DD", "D. M. Y", "Wd DD.MM.Y",
    ),
    "iso": ("Y-MM-DD", "Y-MM-DD", "D Mon Y", "YY-MM-DD", "Y/MM/DD", "D/M Y", "Y.MM.DD", "Month D, Y"),
}  # fmt: skip
ODD = (
    "Christmas Day", "Boxing Day", "New Year's Eve", "Good Friday", "Easter Monday", "Thanksgiving", "Bonfire Night",
    "Hogmanay", "Eid al-Fitr", "Diwali", "Yom Kippur", "St Patrick's Day", "Halloween", "Chinese New Year",
    "Ash Wednesday",
    "Labor Day", "Anzac Day", "Bastille Day", "King's Day", "Valentine's Day", "Midsummer Eve",
    "Mardi Gras", "Pancake Day",
    "Passover", "Whit Monday", "Martin Luther King Day", "Vesak Day",
    "Sinterklaas", "Canada Day", "Republic Day", "Mothering Sunday",
)  # fmt: skip


def _ordinal(day: int) -> str:
    ending = "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def shape(form: str, day: date) -> str:
    """Writes a day in a form of ``FORMATS``."""
    month = MONTHS[day.month - 1]
    parts = {
        "Wday": WEEKDAYS[day.weekday()], "Wd": WEEKDAYS[day.weekday()][:3], "Month": month, "Mon": month[:3],
        "MON": month[:3].upper(), "MM": f"{day.month:02d}", "M": str(day.month), "DD": f"{day.day:02d}",
        "Dth": _ordinal(day.day), "D": str(day.day), "YY": f"{day.year % 100:02d}", "Y": str(day.year),
        "R": ROMAN[day.month - 1],
    }  # fmt: skip
    out, at = "", 0
    while at < len(form):
        key = next((k for k in sorted(parts, key=len, reverse=True) if form.startswith(k, at)), None)
        out += parts[key] if key else form[at]
        at += len(key) if key else 1
    return out


class Calendar:
    """The dates of one note, most of them in one form."""

    def __init__(self, rng: random.Random, order: str) -> None:
        self.rng = rng
        self.order = order
        self.form = rng.choice(FORMATS[order])
        self.today = FIRST + timedelta(days=rng.randrange(DAYS))

    def _day(self) -> date:
        return self.today - timedelta(days=int(self.rng.expovariate(1 / 200)))

    def full(self) -> str:
        """Returns a date with day, month and year."""
        form = self.form if self.rng.random() < 0.65 else self.rng.choice(FORMATS[self.order])
        return shape(form, self._day())

    def birth(self, years: int) -> str:
        """Returns a date of birth for an age."""
        day = self.today - timedelta(days=int(years * 365.25) + self.rng.randrange(360))
        form = self.form if "W" not in self.form else FORMATS[self.order][0]
        return shape(form, day)

    def compact(self) -> str:
        """Returns a date as file names hold it."""
        return shape(self.rng.choice(("YMMDD", "Y-MM-DD", "DDMMY", "YYMMDD", "DDMonY")), self._day())

    def partial(self) -> str:
        """Returns a date without its year or without its day."""
        slash = {"dmy": ("D/M", "DD/MM"), "mdy": ("M/D", "MM/DD"), "dot": ("D.M.", "DD.MM."), "iso": ("D/M", "MM-DD")}
        words = (
            "D Month", "Dth Month", "Month Dth", "the Dth of Month", "Month Y", "Mon Y", "Mon-YY", "D Mon", "Mon D",
            "MM/Y", "Wd D Mon", "Wday Dth Month", "Month 'YY",
        )  # fmt: skip
        return shape(self.rng.choice((*words, *slash[self.order])), self._day())

    def span(self) -> str:
        """Returns a range of dates."""
        rng = self.rng
        first = self._day()
        last = first + timedelta(days=rng.randint(1, 40))
        sign = rng.choice((" to ", " - ", "–", " – ", " until ", " -> ", "-", " thru ", " through "))
        if first.month == last.month and first.day != last.day and rng.random() < 0.6:
            shorts = ("D~D Month Y", "D~D Mon Y", "Month D~D, Y", "Dth~Dth Month", "D~D Month", "D~D.M.Y")
            short = rng.choice(shorts)
            left, _, right = short.partition("~")
            return shape(left, first) + sign + shape(right, last)
        form = rng.choice((self.form.replace("the ", ""), *FORMATS[self.order][:3], "D Month", "D Mon"))
        if "-" in form and sign == "-":
            sign = " to "
        return shape(form, first) + sign + shape(form, last)

    def odd(self) -> str:
        """Returns a date in an unusual form."""
        rng = self.rng
        day = self._day()
        if rng.random() < 0.5:
            return rng.choice(ODD) + rng.choice(("", "", f" {day.year}", f" '{day.year % 100:02d}"))
        forms = (
            "D.R.Y", "D/R/YY", "DMONYY", "YMMDD", "Y, Month D", "D Month of the year Y", "DDMONY", "Mon D Y",
            "Y Mon DD", "D·M·Y", "Y年M月D日", "Wd Mon DD Y", "YYMMDD", "D_M_YY", "D-R-Y", "MM.DD.YY",
        )  # fmt: skip
        year, month, week = day.year, MONTHS[day.month - 1], day.isocalendar()[1]
        extra = (
            f"{year}-W{week:02d}",
            f"Q{(day.month - 1) // 3 + 1} {year}",
            f"wk {week}/{year}",
            f"KW {week}/{year % 100:02d}",
            f"{_ordinal(day.day)} day of {month}, {year}",
            f"Reiwa {max(year - 2018, 1)}.{day.month}.{day.day}",
            f"{rng.choice(('spring', 'summer', 'autumn', 'winter'))} of {year}",
            f"{rng.choice(('early', 'mid', 'late', 'end of'))} {month} {year}",
        )
        return shape(rng.choice(forms), day) if rng.random() < 0.6 else rng.choice(extra)

    def weekday(self) -> str:
        """Returns a day of the week."""
        return self.rng.choice(WEEKDAYS)

    def year(self) -> str:
        """Returns a year."""
        return str(self._day().year)
