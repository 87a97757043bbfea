"""Dates as clinicians of different countries write them."""

from __future__ import annotations

import calendar
import random
import tomllib
from datetime import date, timedelta
from pathlib import Path

DATES = tomllib.loads((Path(__file__).resolve().parent / "data" / "dates.toml").read_text(encoding="utf-8"))
MONTHS = calendar.month_name[1:]
WEEKDAYS = list(calendar.day_name)
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")


def ordinal_ending(day: int) -> str:
    """Returns ``st``, ``nd``, ``rd`` or ``th``."""
    return "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def parts(day: date, prefix: str = "") -> dict[str, str]:
    """Returns what the patterns of this module take from a day, under names with a prefix."""
    month = MONTHS[day.month - 1]
    words = {
        "d": str(day.day),
        "dd": f"{day.day:02d}",
        "m": str(day.month),
        "mm": f"{day.month:02d}",
        "y": str(day.year),
        "yy": f"{day.year % 100:02d}",
        "M": month,
        "b": month[:3],
        "B": month[:3].upper(),
        "W": WEEKDAYS[day.weekday()],
        "w": WEEKDAYS[day.weekday()][:3],
        "th": ordinal_ending(day.day),
        "r": ROMAN[day.month - 1],
        "k": str(day.isocalendar().week),
        "ww": f"{day.isocalendar().week:02d}",
        "jjj": f"{day.timetuple().tm_yday:03d}",
    }
    return {prefix + name: word for name, word in words.items()}


def full_date(day: date, order: str, rng: random.Random, *, with_weekday: bool = True) -> str:
    """Returns a day with its year."""
    patterns = [p for p in DATES["full"][order] if with_weekday or "{w" not in p.lower()]
    return rng.choice(patterns).format(**parts(day))


def partial_date(day: date, order: str, rng: random.Random, *, with_day: bool = False) -> str:
    """Returns a day and month or, unless the day is asked for, a month and year."""
    patterns = DATES["partial"].get(order, DATES["partial"]["other"])
    written = rng.choice([p for p in patterns if not with_day or "{d}" in p]).format(**parts(day))
    return f"{day.day} {MONTHS[day.month - 1]}" if written.endswith("/12") else written  # "6/12" is also six months


def date_range(last: date, order: str, rng: random.Random) -> str:
    """Returns a stretch of 2 to 40 days that ends on a day."""
    first = last - timedelta(days=rng.randint(2, 40))
    return rng.choice(DATES["range"].get(order, DATES["range"]["other"])).format(**parts(last), **parts(first, "a_"))


def odd_date(day: date, rng: random.Random, *, with_day: bool = False) -> str:
    """Returns a holiday or a rarer way to write a day or, unless the day is asked for, a week or part of a month."""
    second = rng.randint(2, 27)
    patterns = [
        p for p in DATES["odd"] if not with_day or not any(part in p for part in ("{k}", "{ww}", "late", "mid"))
    ]
    return rng.choice(patterns).format(
        **parts(day),
        H=rng.choice(DATES["holidays"]),
        N=rng.choice(DATES["counted"]),
        d2=second,
        th2=ordinal_ending(second),
        d3=second + 1,
        th3=ordinal_ending(second + 1),
    )
