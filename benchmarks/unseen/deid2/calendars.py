"""Dates of this set: full, partial, ranges and odd forms."""

from __future__ import annotations

import random
from datetime import date, timedelta

from dates import DAYS, MONTHS, ROMAN
from people import split_list
from values import NBSP

AWAY = {
    "it": [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ],
    "nl": [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
    "de": ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."],
    "pt": [
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ],
}
FEASTS = split_list(
    "Maundy Thursday, St Andrew's Day, Heritage Day, Republic Day, Gandhi Jayanti, Navratri, Epiphany, Burns Night, "
    "Corpus Christi, All Souls' Day, Hanukkah, Passover, Rosh Hashanah, Eid al-Adha, Victoria Day, Australia Day, "
    "Youth Day, St Stephen's Day, Rose Monday, Independence Day, Presidents' Day, Columbus Day, Veterans Day, "
    "Father's Day, Pancake Day, Palm Sunday, Baisakhi, Ugadi, Dussehra, Mashujaa Day, St David's Day, Ascension Day, "
    "Whit Sunday, Hari Raya, Deepavali, Twelfth Night, Xmas Eve, Matariki, May Day, St Nicholas Day"
)


def nth(day: int) -> str:
    """Writes a day as an ordinal."""
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


class Calendar:
    """Writes dates.

    Args:
        when: The date.
        locale: Note locale; US puts the month first, CA may.
        rng: Source of chance.
    """

    def __init__(self, when: date, locale: str, rng: random.Random) -> None:
        """Takes the date apart."""
        self.when, self.locale, self.rng = when, locale, rng
        self.us = locale == "US" or (locale == "CA" and rng.random() < 0.5)
        self.d, self.m, self.y, self.yy = when.day, when.month, when.year, f"{when.year % 100:02d}"
        self.name, self.abbr = MONTHS[self.m - 1], MONTHS[self.m - 1][:3]
        self.day, self.short = DAYS[when.weekday()], DAYS[when.weekday()][:3]

    def full(self, born: bool = False) -> str:
        """Writes a whole date; `born` leaves the weekday out."""
        d, m, y, yy, name, abbr = self.d, self.m, self.y, self.yy, self.name, self.abbr
        both = [f"{y}-{m:02d}-{d:02d}", f"{y}/{m:02d}/{d:02d}", f"{abbr} {nth(d)} {y}", f"{d:02d} {abbr.upper()} {y}"]
        if self.us:
            forms = [
                *both,
                f"{m}-{d}-{yy}",
                f"{m}/{d}/{y}",
                f"{m:02d}/{d:02d}/{yy}",
                f"{name} {d}, {y}",
                f"{abbr} {d} {y}",
                f"{name} {nth(d)} {y}",
                f"{m} / {d} / {y}",
                f"{name} {d},{y}",
            ]
            days = [f"{self.short} {m}/{d}/{yy}", f"{self.day} {name} {d}, {y}", f"{self.short}, {abbr} {d}, {y}"]
        else:
            forms = [
                *both,
                f"{d} {name}, {y}",
                f"{d}-{abbr}-{y}",
                f"{nth(d)} {abbr} {y}",
                f"{d:02d}/{m:02d}/{y}",
                f"{d}/{m}/{yy}",
                f"{d}-{m}-{y}",
                f"{d} {name} {y}",
                f"{nth(d)} {name}, {y}",
                f"{d:02d}{abbr}{y}",
                f"{d}th {name} {y}" if d in (4, 11, 20) else f"{d} {name} '{yy}",
                f"the {nth(d)} of {name} {y}"[4:],
                f"{d:02d} {m:02d} {y}",
            ]
            days = [
                f"{self.short} {d:02d}/{m:02d}/{yy}",
                f"{self.day}, {d} {name} {y}",
                f"{self.short} {d} {abbr} {yy}",
            ]
        return self.rng.choice(forms if born else [*forms, *days])

    def partial(self) -> str:
        """Writes a date without its year, or without its day."""
        d, m, y, yy, name, abbr = self.d, self.m, self.y, self.yy, self.name, self.abbr
        forms = [f"{name} {y}", f"{abbr} {y}", f"{abbr}/{yy}", f"{m:02d}-{y}", f"{y}-{m:02d}", f"{name} '{yy}"]
        forms += [f"{m}/{y}", f"{abbr}. {y}", f"Sept {y}" if m == 9 else f"{abbr}-{y}"]
        days = (
            [f"{name} {d}", f"{abbr} {nth(d)}", f"{m}/{d}", f"{abbr}. {d}", f"{m:02d}/{d:02d}"]
            if self.us
            else [
                f"{d} {name}",
                f"{nth(d)} {name}",
                f"{d}/{m}",
                f"{d:02d}/{m:02d}",
                f"{nth(d)} of {abbr}",
                f"{d} {abbr}",
            ]
        )
        return self.rng.choice(forms if self.rng.random() < 0.4 else days)

    def range(self) -> str:
        """Writes a range or a list of days."""
        rng, y = self.rng, self.y
        end = self.when + timedelta(days=rng.choice([1, 2, 3, 5, 8, 11, 14, 27]))
        d, m, e, f = self.d, self.m, end.day, end.month
        name, last = self.name, MONTHS[f - 1]
        joint = rng.choice(["-", "–", " - ", " to ", " till ", " – ", " up to "])
        forms = [
            f"{self.abbr} {y}{joint}{MONTHS[(m + 2) % 12][:3]} {y + (m > 9)}",
            f"{self.when.isoformat()}..{end.isoformat()}",
            f"{name}{joint}{MONTHS[m % 12]} {y + (m == 12)}",
            f"{self.when:%Y/%m/%d}{joint}{end:%Y/%m/%d}",
        ]
        if self.us:
            forms += [
                f"{m}/{d}{joint}{f}/{e}/{end.year % 100:02d}",
                f"{self.abbr} {d} thru {last[:3]} {e}",
                f"{m:02d}/{d:02d}/{y} thru {f:02d}/{e:02d}/{end.year}",
                f"{name} {nth(d)}{joint}{last} {nth(e)}",
                f"{m}.{d}{joint}{f}.{e}",
            ]
        else:
            forms += [
                f"{d}/{m}/{self.yy}{joint}{e}/{f}/{end.year % 100:02d}",
                f"{nth(d)} {name}{joint}{nth(e)} {last}",
                f"{d} {self.abbr}{joint}{e} {last[:3]} {end.year}",
                f"{d}.{m}.{joint}{e}.{f}.{end.year}",
                f"{d:02d}.{m:02d}.–{e:02d}.{f:02d}.{end.year % 100:02d}",
            ]
            if m == f:
                forms += [f"{d} & {e} {name}", f"{nth(d)} and {nth(e)} {name} {y}", f"{d}/{e} {self.abbr}"]
                forms += [f"{d} and {e} {name}", f"{d}-{e}/{m}/{self.yy}"]
        return rng.choice(forms)

    def odd(self, which: str = "") -> str:
        """Writes a date in an uncommon form; `which` may be "feast" or "glue" (fit for a file name)."""
        rng, d, m, y, yy, abbr = self.rng, self.d, self.m, self.y, self.yy, self.abbr
        if which == "feast" or (not which and rng.random() < 0.2):
            return rng.choice(FEASTS)
        if which == "glue":
            return rng.choice(
                [f"{y}{m:02d}{d:02d}", f"{d:02d}{m:02d}{y}", f"{abbr.lower()}{yy}", f"{y}-{m:02d}-{d:02d}"]
            )
        tongue = rng.choice(sorted(AWAY))
        away = AWAY[tongue][m - 1]
        plain = f"{d} de {away} de {y}" if tongue == "pt" else f"{d}{'.' if tongue == 'de' else ''} {away} {y}"
        dotted = (
            [f"{m}.{d}.{yy}"] if self.us else [f"{d:02d}.{m:02d}.{yy}", f"{d}.{m}.{y}", f"{d}. {m}. {y}", f"{d}.{m}."]
        )
        forms = [
            *dotted,
            plain,
            plain,
            f"{self.day} {nth(d)}",
            f"{self.short} {d}",
            f"{self.short} the {nth(d)}",
            f"{d}{abbr.lower()}{yy}",
            f"{d}.{ROMAN[m - 1]}.{yy}",
            f"{y}{m:02d}{d:02d}",
            f"{d:02d}{m:02d}{yy}",
            f"week {self.when.isocalendar().week}/{y}",
            f"KW {self.when.isocalendar().week}/{y}",
            f"{abbr} {d} '{yy}",
            f"{self.name} {self.spell(d)}" if d < 21 else f"{self.day} {nth(d)}",
            f"{d}{NBSP}{abbr}{NBSP}{y}",
            f"{y}.{m:02d}.{d:02d}",
            f"{d:02d}\\{m:02d}\\{yy}",
            f"{d}-{m}-'{yy}",
            f"{y}:{m:02d}:{d:02d}",
            f"{self.day[:4] if self.day[:2] == 'Tu' else self.short}. {d}/{m}"
            if not self.us
            else f"{self.short}. {m}/{d}",
        ]
        return rng.choice(forms)

    @staticmethod
    def spell(day: int) -> str:
        """Writes 1 to 20 as an ordinal in words."""
        words = (
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
            "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
        )
        return words.split()[day - 1]
