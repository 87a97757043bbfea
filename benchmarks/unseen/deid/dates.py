"""Dates as notes write them: full, partial, ranges and odd forms."""

from __future__ import annotations

import random
from datetime import date, timedelta

MONTHS = [
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
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
HOLIDAYS = [
    "Christmas Day",
    "Christmas Eve",
    "Boxing Day",
    "Easter Sunday",
    "Easter Monday",
    "Good Friday",
    "Diwali",
    "Eid",
    "Eid al-Fitr",
    "Thanksgiving",
    "Memorial Day",
    "Labor Day",
    "New Year's Eve",
    "New Year's Day",
    "Hogmanay",
    "St Patrick's Day",
    "Anzac Day",
    "Canada Day",
    "Halloween",
    "Holi",
    "Onam",
    "Pongal",
    "Yom Kippur",
    "Lunar New Year",
    "Bonfire Night",
    "Whit Monday",
    "Mother's Day",
    "Juneteenth",
    "4th of July",
    "Waitangi Day",
    "Shrove Tuesday",
    "Ash Wednesday",
    "Remembrance Sunday",
    "Vesak",
    "Guy Fawkes",
    "Raksha Bandhan",
    "Melbourne Cup Day",
    "Nowruz",
    "Valentine's Day",
    "Groundhog Day",
]
FOREIGN = {
    "fr": [
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
    "es": [
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
    "de": [
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
}
NB_HYPHEN, EN_DASH = "\u2011", "\u2013"


def ordinal(day: int) -> str:
    """Writes a day number as an ordinal.

    Args:
        day: The day of the month.

    Returns:
        For example "3rd".
    """
    tail = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{tail}"


def full(when: date, locale: str, rng: random.Random, weekday: bool = True) -> str:
    """Writes a full date in a plain form.

    Args:
        when: The date.
        locale: Note locale; US and CA may put the month first.
        rng: Source of chance.
        weekday: Whether forms with the weekday are allowed.

    Returns:
        The written date.
    """
    d, m, y, yy = when.day, when.month, when.year, f"{when.year % 100:02d}"
    name, abbr, wd = MONTHS[m - 1], MONTHS[m - 1][:3], DAYS[when.weekday()]
    iso = f"{y}-{m:02d}-{d:02d}"
    month_first = [
        f"{m:02d}/{d:02d}/{y}",
        f"{m}/{d}/{yy}",
        f"{name} {d}, {y}",
        f"{abbr} {d}, {y}",
        f"{m:02d}-{d:02d}-{y}",
        f"{name} {ordinal(d)}, {y}",
        f"{abbr}. {d}, {y}",
        f"{wd}, {name} {d}, {y}",
        f"{m}/{d}/{y}",
        iso,
        f"{m:02d}/{d:02d}/{yy}",
        f"{name} {d} {y}",
    ]
    day_first = [
        f"{d:02d}/{m:02d}/{y}",
        f"{d}/{m}/{yy}",
        f"{d:02d}/{m:02d}/{yy}",
        f"{d} {name} {y}",
        f"{d} {abbr} {y}",
        f"{d:02d}-{m:02d}-{y}",
        f"{ordinal(d)} {name} {y}",
        f"{d:02d}-{abbr}-{yy}",
        f"{wd} {d} {name} {y}",
        iso,
        f"{d} {abbr} {yy}",
        f"{d:02d}/{abbr}/{y}",
        f"{ordinal(d)} of {name} {y}",
    ]
    if not weekday:
        month_first = [text for text in month_first if wd not in text]
        day_first = [text for text in day_first if wd not in text]
    if locale == "US":
        return rng.choice(month_first)
    if locale == "CA":
        return rng.choice(month_first + day_first + [f"{y}/{m:02d}/{d:02d}"])
    return rng.choice(day_first)


def partial(when: date, locale: str, rng: random.Random) -> str:
    """Writes a date without its year, or without its day.

    Args:
        when: The date.
        locale: Note locale.
        rng: Source of chance.

    Returns:
        The written date.
    """
    d, m, y, yy = when.day, when.month, when.year, f"{when.year % 100:02d}"
    name, abbr = MONTHS[m - 1], MONTHS[m - 1][:3]
    with_year = [
        f"{name} {y}",
        f"{abbr} {y}",
        f"{m:02d}/{y}",
        f"{abbr} '{yy}",
        f"{abbr}-{yy}",
        f"{name}, {y}",
        f"{m}/{y}",
        f"{name} of {y}",
    ]
    if rng.random() < 0.38:
        return rng.choice(with_year)
    if locale == "US" or (locale == "CA" and rng.random() < 0.5):
        return rng.choice(
            [f"{m}/{d}", f"{m:02d}/{d:02d}", f"{name} {d}", f"{abbr} {d}", f"{name} {ordinal(d)}", f"{m}-{d}"]
        )
    return rng.choice(
        [
            f"{d}/{m}",
            f"{d:02d}/{m:02d}",
            f"{d} {name}",
            f"{d} {abbr}",
            f"{ordinal(d)} {name}",
            f"{ordinal(d)} of {name}",
            f"{ordinal(d)} {abbr}",
            f"{d}-{abbr}",
        ]
    )


def span_of_days(when: date, locale: str, rng: random.Random) -> str:
    """Writes a range of dates.

    Args:
        when: The first date.
        locale: Note locale.
        rng: Source of chance.

    Returns:
        The written range.
    """
    end = when + timedelta(days=rng.choice([2, 3, 4, 6, 7, 9, 13, 20]))
    dash = rng.choice(
        [EN_DASH, "-", " - ", f" {EN_DASH} ", " to ", NB_HYPHEN, " until ", " through " if locale == "US" else " to "]
    )
    d, m, y, e, f = when.day, when.month, when.year, end.day, end.month
    name, last = MONTHS[m - 1], MONTHS[f - 1]
    us = locale == "US"
    later = when + timedelta(days=rng.randint(35, 150))
    options: list[str] = []
    if m == f:
        options += (
            [f"{name} {d}{dash}{e}, {y}", f"{name} {d}{dash}{e}", f"{name[:3]} {d}{dash}{e}"]
            if us
            else [f"{d}{dash}{e} {name} {y}", f"{d}{dash}{e} {name}", f"{ordinal(d)}{dash}{ordinal(e)} {name[:3]}"]
        )
    options += (
        [
            f"{name} {d}{dash}{last} {e}",
            f"{m}/{d}{dash}{f}/{e}",
            f"{m}/{d}/{y % 100:02d}{dash}{f}/{e}/{end.year % 100:02d}",
        ]
        if us
        else [
            f"{d} {name[:3]}{dash}{e} {last[:3]} {end.year}",
            f"{d}/{m}{dash}{e}/{f}",
            f"{d:02d}/{m:02d}/{y}{dash}{e:02d}/{f:02d}/{end.year}",
        ]
    )
    options += [
        f"{name[:3]}{dash}{MONTHS[later.month - 1][:3]} {later.year}",
        f"{name} {y}{dash}{MONTHS[later.month - 1]} {later.year}",
        f"{when.isoformat()}{rng.choice(['/', ' to ', f' {EN_DASH} '])}{end.isoformat()}",
    ]
    return rng.choice(options)


def odd(when: date, locale: str, rng: random.Random, which: str = "") -> str:
    """Writes a date in an uncommon form.

    Args:
        when: The date.
        locale: Note locale.
        rng: Source of chance.
        which: "hol" for a holiday, "arrow" for two dates and an arrow, "glue" for forms fit for file names, else any
            single day.

    Returns:
        The written date.
    """
    d, m, y, yy = when.day, when.month, when.year, f"{when.year % 100:02d}"
    name, abbr, wd = MONTHS[m - 1], MONTHS[m - 1][:3], DAYS[when.weekday()]
    end = when + timedelta(days=rng.randint(2, 9))
    if which == "hol":
        text = rng.choice(HOLIDAYS)
        return f"{text} {y}" if rng.random() < 0.35 else text
    if which == "arrow":
        mark = rng.choice(["→", " → ", "->", " -> ", "⟶", ">>"])
        if locale == "US":
            return f"{m}/{d}{mark}{end.month}/{end.day}"
        return rng.choice(
            [
                f"{d}/{m}{mark}{end.day}/{end.month}",
                f"{d}.{m}.{yy}{mark}{end.day}.{end.month}.{end.year % 100:02d}",
                f"{d} {abbr}{mark}{end.day} {MONTHS[end.month - 1][:3]}",
            ]
        )
    if which == "glue":
        return rng.choice(
            [
                f"{y}_{m:02d}_{d:02d}",
                f"{y}{m:02d}{d:02d}",
                f"{d:02d}{abbr.upper()}{yy}",
                f"{d:02d}_{m:02d}_{yy}",
                f"{d:02d}-{m:02d}-{yy}",
                f"{abbr}{d}",
            ]
        )
    lang = rng.choice(sorted(FOREIGN))
    away = FOREIGN[lang][m - 1]
    foreign = {"fr": f"{d} {away} {y}", "es": f"{d} de {away} de {y}", "de": f"{d}. {away} {y}"}[lang]
    short = wd[:4] if wd[0] == "T" and wd[1] == "h" else wd[:3]
    dotted = (
        [f"{d}.{m}.{yy}", f"{d:02d}.{m:02d}.{y}", f"{d}.{m}."]
        if locale != "US"
        else [f"{m:02d}.{d:02d}.{yy}", f"{m}.{d}.{y}"]
    )
    options = [
        *dotted,
        *dotted,
        f"{y}.{m:02d}.{d:02d}",
        f"{y}{NB_HYPHEN}{m:02d}{NB_HYPHEN}{d:02d}",
        f"{d:02d}{NB_HYPHEN}{abbr}{NB_HYPHEN}{y}",
        f"{d}{EN_DASH}{m}{EN_DASH}{yy}",
        f"{wd} the {ordinal(d)}",
        f"{short} {ordinal(d)}",
        f"{short} {ordinal(d)} {abbr}",
        f"{wd} {ordinal(d)} of {name}",
        f"{y}_{m:02d}_{d:02d}",
        f"{d:02d}_{m:02d}_{yy}",
        f"{d:02d}{abbr.upper()}{y}",
        f"{d:02d}{abbr}{yy}",
        f"{d}-{ROMAN[m - 1]}-{y}",
        f"{d}/{ROMAN[m - 1]}/{yy}",
        foreign,
        f"{abbr}.{d}.{y}",
        f"{y} {abbr} {d:02d}",
        f"{d}\u00a0{name}\u00a0{y}",
        f"{d:02d} / {m:02d} / {y}",
        f"{d}'{abbr}'{yy}",
        f"{d}|{m}|{yy}",
        f"{name} the {ordinal(d)}",
    ]
    return rng.choice(options)
