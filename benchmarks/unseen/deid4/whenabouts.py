"""Days of a note, and the ways to write them."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

ENGLISH = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
LOCAL = {
    "DE": [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    "FR": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    "ES": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    "IT": [
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
    "NL": [
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
    "PT": [
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
    "PL": [
        "stycznia",
        "lutego",
        "marca",
        "kwietnia",
        "maja",
        "czerwca",
        "lipca",
        "sierpnia",
        "września",
        "października",
        "listopada",
        "grudnia",
    ],
}
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
UNITS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
]
UNITS += [
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
]
UNITS += ["twenty-third", "twenty-fourth", "twenty-fifth", "twenty-sixth", "twenty-seventh", "twenty-eighth"]
UNITS += ["twenty-ninth", "thirtieth", "thirty-first"]
HOLIDAYS = [
    line
    for line in (Path(__file__).resolve().parent / "data" / "holidays.txt").read_text(encoding="utf-8").splitlines()
    if line
]


def ordinal(day: int) -> str:
    """Writes 1st, 2nd and so on."""
    ending = "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


class Calendar:
    """Draws days around the day of a note and writes them in its country's manner."""

    def __init__(self, rng: random.Random, language: str, is_month_first: bool) -> None:
        """Draws the day of the note."""
        self.rng = rng
        self.language = language
        self.is_month_first = is_month_first
        self.today = dt.date(rng.choice([2012, 2015, 2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025]), 1, 1)
        self.today += dt.timedelta(rng.randrange(365))
        self.usual = rng.randrange(1 << 30)

    def near(self) -> dt.date:
        """Draws a day within some years before the note or months after it."""
        back = self.rng.choice([0, self.rng.randrange(14), self.rng.randrange(400), self.rng.randrange(6000)])
        return self.today - dt.timedelta(back) + dt.timedelta(self.rng.choice([0, 0, self.rng.randrange(120)]))

    def full(self, day: dt.date, rng: random.Random | None = None) -> str:
        """Writes a day with its year, mostly in one manner a note."""
        rng = rng or (random.Random(self.usual) if self.rng.random() < 0.55 else self.rng)
        d, m, y = day.day, day.month, day.year
        month, short = ENGLISH[m - 1], ENGLISH[m - 1][:3]
        yy = f"{y % 100:02d}"
        if self.language in LOCAL and rng.random() < 0.25:
            local = LOCAL[self.language][m - 1]
            return {
                "DE": f"{d}. {local} {y}",
                "ES": f"{d} de {local} de {y}",
                "PT": f"{d} de {local} de {y}",
            }.get(self.language, f"{d} {local} {y}")
        first, second = (m, d) if self.is_month_first else (d, m)
        dotted = self.language in ("DE", "PL", "NO")
        mark = "." if dotted and rng.random() < 0.8 else rng.choice("//////-.")
        ways = [
            f"{first:02d}{mark}{second:02d}{mark}{y}",
            f"{first:02d}{mark}{second:02d}{mark}{y}",
            f"{first}{mark}{second}{mark}{yy}",
            f"{first:02d}{mark}{second:02d}{mark}{yy}",
            f"{y}-{m:02d}-{d:02d}",
            f"{month} {d}, {y}" if self.is_month_first else f"{d} {month} {y}",
            f"{short} {d}, {y}" if self.is_month_first else f"{d} {short} {y}",
            f"{short} {d} {y}" if self.is_month_first else f"{ordinal(d)} {month} {y}",
            f"{d:02d}-{short}-{y}",
            f"{d:02d}-{short.upper()}-{yy}",
            f"{DAYS[day.weekday()]}, {month} {d}, {y}"
            if self.is_month_first
            else f"{DAYS[day.weekday()][:3]} {d} {short} {yy}",
            f"{d:02d}/{short}/{y}",
            f"the {ordinal(d)} of {month}, {y}".removeprefix("the "),
            f"{short} {ordinal(d)}, {y}",
            f"{d} {short}. {y}",
            f"{y}/{m:02d}/{d:02d}",
        ]
        return rng.choice(ways)

    def partial(self, day: dt.date) -> str:
        """Writes a day without its year, or a month with its year."""
        rng, d, m, y = self.rng, day.day, day.month, day.year
        month, short = ENGLISH[m - 1], ENGLISH[m - 1][:3]
        slash = f"{m}/{d}" if self.is_month_first else f"{d}/{m}"
        ways = [
            slash,
            slash,
            f"{d} {month}",
            f"{month} {d}",
            f"{short} {d}",
            f"{d} {short}",
            f"{month} {ordinal(d)}",
            f"{ordinal(d)} {month}",
            f"{month} {y}",
            f"{short} {y}",
            f"{m:02d}/{y}",
            f"{short}-{y % 100:02d}",
            f"{short} '{y % 100:02d}",
            f"{DAYS[day.weekday()]} {d} {month}",
            f"{DAYS[day.weekday()][:3]} {slash}",
            f"{ordinal(d)} of {month}",
            f"{d:02d}.{m:02d}." if self.language in ("DE", "PL", "NO") else f"{m:02d}-{d:02d}",
            f"{d:02d}-{short}",
            f"{month} of {y}",
        ]
        if self.language in LOCAL and rng.random() < 0.2:
            return f"{d} {LOCAL[self.language][m - 1]}" if self.language != "DE" else f"{d}. {LOCAL['DE'][m - 1]}"
        return rng.choice(ways)

    def range(self, day: dt.date) -> str:
        """Writes a stretch of days."""
        rng = self.rng
        until = day + dt.timedelta(rng.choice([2, 3, 5, 9, 14, 30, 61, 200]))
        dash = rng.choice(["-", "–", " - ", " – ", " to ", " to ", " through ", " until ", "→", " -> ", "—", " thru "])
        m1, m2 = ENGLISH[day.month - 1], ENGLISH[until.month - 1]
        same = day.month == until.month and day.year == until.year
        month_first = self.is_month_first
        numbers = [f"{d.month}/{d.day}" if month_first else f"{d.day}/{d.month}" for d in (day, until)]
        seed = rng.randrange(1 << 30)
        ways = [
            f"{self.full(day, random.Random(seed))}{dash}{self.full(until, random.Random(seed))}",
            f"{self.full(day, random.Random(seed))}{dash}{self.full(until, random.Random(seed))}",
            f"{numbers[0]}{dash}{numbers[1]}/{until.year % 100:02d}",
            f"{numbers[0]}{dash}{numbers[1]}",
        ]
        if same:
            ways += [
                f"{day.day}{dash}{until.day} {m1} {day.year}",
                f"{m1} {day.day}{dash}{until.day}",
                f"{m1[:3]} {day.day}-{until.day}, {day.year}",
                f"{day.day}./{until.day}.{day.month:02d}.{day.year}",
                f"{ordinal(day.day)} and {ordinal(until.day)} {m1}",
                f"{ordinal(day.day)}{dash}{ordinal(until.day)} {m1[:3]}",
            ]
        else:
            ways += [f"{m1[:3]} {day.year}{dash}{m2[:3]} {until.year}", f"{m1}{dash}{m2} {until.year}"]
        return rng.choice(ways)

    def odd(self, day: dt.date) -> str:
        """Writes a day in a manner that is rare: holidays, weeks, days of the year, words, other calendars."""
        rng, d, m, y = self.rng, day.day, day.month, day.year
        short = ENGLISH[m - 1][:3]
        if rng.random() < 0.42:
            holiday = rng.choice(HOLIDAYS)
            return f"{holiday} {y}" if rng.random() < 0.35 else holiday
        week = day.isocalendar()[1]
        ways = [
            f"{y}{m:02d}{d:02d}",
            f"{d:02d}{short.upper()}{y}",
            f"{d:02d}{short}{y % 100:02d}",
            f"{d}.{ROMAN[m - 1]}.{y}",
            f"{d}-{ROMAN[m - 1].lower()}-{y % 100:02d}",
            f"{y}.{m:02d}.{d:02d}",
            f"{d:02d} / {m:02d} / {y}",
            f"KW {week:02d}/{y}",
            f"{y}-W{week:02d}",
            f"week {week} of {y}",
            f"the {UNITS[d - 1]} of {ENGLISH[m - 1]}".removeprefix("the "),
            f"{ENGLISH[m - 1]} {UNITS[d - 1]}",
            f"day {day.timetuple().tm_yday} of {y}",
            f"{d} {rng.choice(['Ramadan', 'Shawwal', 'Muharram', 'Rajab', 'Safar'])} {y - 579}",
            f"{d} {short} {y + 543} BE",
            f"R{max(y - 2018, 1)}.{m}.{d}",
            f"{y}年{m}月{d}日",
            f"{short}{d:02d}/{y % 100:02d}",
            f"{d:02d}{m:02d}{y % 100:02d}",
            f"{ENGLISH[m - 1]} the {ordinal(d)}",
            f"{d}·{m}·{y % 100:02d}",
            f"{m:02d}.{d:02d}.{y % 100:02d}",
            f"{d}_{short.lower()}_{y}",
            f"{short.upper()} {d:02d} {y}",
        ]
        return rng.choice(ways)
