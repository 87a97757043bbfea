"""Ways to write a day, a part of one, a stretch of days, and the odd ones."""

from __future__ import annotations

import calendar
import random
import tomllib
from datetime import date, timedelta
from pathlib import Path

DATES = tomllib.loads((Path(__file__).resolve().parent / "data" / "days.toml").read_text(encoding="utf-8"))
MONTHS = list(calendar.month_name[1:])
WEEKDAYS = list(calendar.day_name)
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
NTH = ("first", "second", "third", "last", "2nd", "3rd")
SEASONS = ("spring", "summer", "fall", "winter", "autumn")
FEAST_SHARE = 0.12


def ending(day: int) -> str:
    """Returns ``st``, ``nd``, ``rd`` or ``th``."""
    return "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def words_of(day: date, lead: str = "") -> dict[str, str]:
    """Returns what the patterns take from a day."""
    month, weekday = MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    week = day.isocalendar().week
    out = {"d": f"{day.day}", "dd": f"{day.day:02d}", "m": f"{day.month}", "mm": f"{day.month:02d}", "y": f"{day.year}"}
    out |= {"yy": f"{day.year % 100:02d}", "M": month, "b": month[:3], "B": month[:3].upper(), "W": weekday}
    out |= {"w": weekday[:3], "th": ending(day.day), "TH": ending(day.day).upper(), "R": ROMAN[day.month - 1]}
    out |= {
        "k": f"{week}",
        "ww": f"{week:02d}",
        "jjj": f"{day.timetuple().tm_yday:03d}",
        "word": DATES["counted"][day.day - 1],
    }
    return {lead + key: word for key, word in out.items()}


def drawn(patterns: list[str], rng: random.Random, **words: str) -> str:
    """Returns one of the patterns with the words in it."""
    return rng.choice(patterns).format(**words)


def full(day: date, order: str, rng: random.Random, *, weekday: bool = True) -> str:
    """Returns a day with its year."""
    options = [p for p in DATES["full"][order] if weekday or "{w" not in p.lower()]
    return drawn(options, rng, **words_of(day))


def partial(day: date, order: str, rng: random.Random) -> str:
    """Returns a day and month, or a month and year."""
    return drawn(DATES["partial"][order], rng, **words_of(day))


def stretch(last: date, order: str, rng: random.Random) -> str:
    """Returns a stretch of days that ends on a day."""
    first = last - timedelta(days=rng.randint(2, 60))
    return drawn(DATES["range"][order], rng, **words_of(last), **words_of(first, "a"))


def feast(rng: random.Random) -> str:
    """Returns a holiday."""
    return rng.choice(DATES["feasts"])


def odd(day: date, rng: random.Random) -> str:
    """Returns a day written in a way that is seldom foreseen."""
    if rng.random() < FEAST_SHARE:
        return feast(rng)
    second = day.day + 1 if day.day < 28 else day.day - 1
    return drawn(
        DATES["odd"],
        rng,
        **words_of(day),
        feast=rng.choice(DATES["feasts"]),
        season=rng.choice(SEASONS),
        nth=rng.choice(NTH),
        q=f"Q{(day.month + 2) // 3}",
        d2=str(second),
        th2=ending(second),
        era=str(max(day.year - 2018, 1)),
        e=str(rng.randint(0, 6)),
        ee=str(rng.randint(70, 85)),
        hm=rng.choice(DATES["hijri"]),
        jm=rng.choice(DATES["jewish"]),
    )
