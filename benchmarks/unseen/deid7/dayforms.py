"""Ways to write a day, a part of a day's date, a run of days, and days named otherwise."""

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
SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
WORDS = [
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
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
]
FEASTS = [
    "Christmas Day",
    "Boxing Day",
    "New Year's Eve",
    "New Year's Day",
    "Good Friday",
    "Easter Sunday",
    "Easter Monday",
    "Whit Monday",
    "Diwali",
    "Eid",
    "Eid al-Adha",
    "Hogmanay",
    "St Stephen's Day",
    "St Patrick's Day",
    "Palm Sunday",
    "Ash Wednesday",
    "Halloween",
    "Bonfire Night",
    "Mother's Day",
    "Father's Day",
    "Christmas Eve",
    "Labour Day",
    "Independence Day",
    "Twelfth Night",
    "Shrove Tuesday",
    "Burns Night",
    "Lunar New Year's Eve",
    "Rosh Hashanah",
    "All Souls' Day",
    "Remembrance Sunday",
    "the Feast of the Assumption",
    "Corpus Christi",
]


def ordinal(day: int) -> str:
    """Returns 1st, 2nd, 3rd, 4th and so on."""
    return f"{day}{'th' if day % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def draw(rng: random.Random, year: int) -> date:
    """Draws a day of a year."""
    return date(year, 1, 1) + timedelta(days=rng.randint(0, 364))


def full(rng: random.Random, year: int, habit: int, how: str = "") -> str:
    """Writes a whole date, mostly in the note's own habit."""
    day = draw(rng, year)
    d, m, y, w = day.day, day.month, day.year, DAYS[day.weekday()]
    yy, name, abbr = f"{y % 100:02d}", MONTHS[m - 1], SHORT[m - 1]
    forms = [
        f"{d:02d}/{m:02d}/{y}",
        f"{d}/{m}/{yy}",
        f"{d:02d}.{m:02d}.{y}",
        f"{d}.{m}.{yy}",
        f"{y}-{m:02d}-{d:02d}",
        f"{d} {name} {y}",
        f"{d} {abbr} {y}",
        f"{name} {d}, {y}",
        f"{ordinal(d)} {name} {y}",
        f"{d:02d}-{abbr}-{y}",
        f"{d:02d}{abbr.upper()}{yy}",
        f"{d:02d}-{m:02d}-{yy}",
        f"{abbr} {d}, {y}",
        f"{d}-{abbr}-{yy}",
        f"{d} {name[:3].upper()} {y}",
        f"{y}/{m:02d}/{d:02d}",
        f"{m:02d}/{d:02d}/{y}",
        f"{d}. {name} {y}",
        f"{d:02d}/{abbr}/{y}",
        f"{d:02d} {m:02d} {y}",
        f"{d:02d}{m:02d}{y}",
        f"{d}/{m}-{yy}",
        f"{y}.{m:02d}.{d:02d}",
        f"{d} {abbr} '{yy}",
        f"{ordinal(d)} of {name} {y}",
        f"{d}-{ROMAN[m - 1]}-{y}",
        f"{abbr}-{d:02d}-{y}",
        f"{d:02d} / {m:02d} / {y}",
        f"{y}{m:02d}{d:02d}",
    ]
    worded = [f"{w} {ordinal(d)} {name} {y}", f"{w}, {d} {name} {y}", f"{w[:3]} {d:02d}/{m:02d}/{y}"]
    worded += [f"{w[:3]}. {d} {abbr} {yy}", f"the {ordinal(d)} day of {name}, {y}", f"{w}, {name} {d}, {y}"]
    if how != "plain" and rng.random() < 0.12:
        return rng.choice(worded)
    return forms[habit % len(forms)] if rng.random() < 0.7 else rng.choice(forms)


def partial(rng: random.Random, year: int, how: str = "") -> str:
    """Writes a date without its year, or without its day."""
    day = draw(rng, year)
    d, m, y, w = day.day, day.month, day.year, DAYS[day.weekday()]
    yy, name, abbr = f"{y % 100:02d}", MONTHS[m - 1], SHORT[m - 1]
    dayed = [
        f"{d}/{m}",
        f"{d:02d}/{m:02d}",
        f"{d} {abbr}",
        f"{ordinal(d)} {name}",
        f"{name} {d}",
        f"{abbr} {ordinal(d)}",
        f"{d}.{m}.",
        f"{d} {name}",
        f"{ordinal(d)} of {name}",
        f"{w} {d} {abbr}",
        f"{d:02d}-{abbr}",
        f"{w} {d}/{m}",
        f"{w[:3]} {d}/{m}",
        f"{name} the {ordinal(d)}",
        f"{d}-{abbr.lower()}",
        f"{abbr}. {d}",
        f"{w[:3]} {ordinal(d)} {abbr}",
    ]
    monthed = [f"{name} {y}", f"{abbr} {y}", f"{m:02d}/{y}", f"{name} '{yy}", f"{abbr} {yy}", f"{abbr}-{yy}"]
    monthed += [f"{name} of {y}", f"{y}-{m:02d}", f"{abbr} '{yy}", f"{m:02d}/{yy}"]
    if how == "m":
        return rng.choice(monthed)
    return rng.choice(dayed if how == "d" or rng.random() < 0.7 else monthed)


def span_of_days(rng: random.Random, year: int) -> str:
    """Writes a run of days."""
    a = draw(rng, year)
    b = a + timedelta(days=rng.randint(2, 24))
    an, bn, aa, ba = MONTHS[a.month - 1], MONTHS[b.month - 1], SHORT[a.month - 1], SHORT[b.month - 1]
    dash = rng.choice(("-", "–", " - ", " to ", " – ", "→", " > ", " thru ", " until ", " till "))
    forms = [
        f"{a.day}/{a.month}{dash}{b.day}/{b.month}",
        f"{a.day} {aa}{dash}{b.day} {ba} {b.year}",
        f"{a.day}.{a.month}.{dash}{b.day}.{b.month}.{b.year}",
        f"{an} {a.day}{dash}{bn} {b.day}",
        f"{a:%d/%m/%Y}{dash}{b:%d/%m/%Y}",
        f"{a:%Y-%m-%d}{dash}{b:%Y-%m-%d}",
        f"{ordinal(a.day)} {an}{dash}{ordinal(b.day)} {bn}",
        f"{a:%d/%m/%y}{dash}{b:%d/%m/%y}",
        f"{a.day}{dash}{a.day + 3} {an} {a.year}" if a.day < 25 else f"{an}{dash}{bn} {b.year + 1}",
        f"{an} {a.day}{dash}{a.day + 2}, {a.year}" if a.day < 26 else f"{aa} {a.year}{dash}{ba} {a.year + 1}",
        f"{a.day}{aa}{dash}{b.day}{ba}",
        f"{an} {a.year}{dash}{bn} {a.year + 2}",
        f"{a.month:02d}/{a.year}{dash}{b.month:02d}/{a.year + 3}",
        f"{ordinal(a.day)}{dash}{ordinal(a.day + 2)} {aa}"
        if a.day < 26
        else f"{a.day}/{a.month}{dash}{b.day}/{b.month}/{b.year % 100:02d}",
    ]
    return rng.choice(forms)


def odd(rng: random.Random, year: int, feasts: list[str]) -> str:
    """Writes a date in a way that few readers expect."""
    a = draw(rng, year)
    d, m, y, w = a.day, a.month, a.year, DAYS[a.weekday()]
    yy, name, abbr = f"{y % 100:02d}", MONTHS[m - 1], SHORT[m - 1]
    feast = rng.choice(feasts) if feasts and rng.random() < 0.4 else rng.choice(FEASTS)
    forms = [
        f"{w} the {ordinal(d)}",
        f"{w[:3]} {ordinal(d)}",
        f"{w} the {WORDS[min(d, 28) - 1]}",
        f"the {WORDS[min(d, 28) - 1]} of {name}",
        f"{name} {WORDS[min(d, 28) - 1]}",
        f"the {ordinal(d)} ult.",
        f"the {ordinal(d)} inst.",
        f"{d}|{m}|{yy}",
        f"{d}_{m}_{y}",
        f"{d}\\{m}\\{yy}",
        f"{d},{m},{y}",
        f"{d}:{m:02d}:{y}",
        f"{d} - {m} - {yy}",
        f"{d};{m};{yy}",
        f"{d}~{m}~{yy}",
        f"{abbr.lower()}{d}.{yy}",
        f"{d}{ROMAN[m - 1]}{yy}",
        f"{d}/{ROMAN[m - 1].lower()}/{yy}",
        f"{d}·{m}·{y}",
        f"{d:02d}{m:02d}{yy}",
        f"{w}-{d}-{abbr}",
        f"{d}{abbr.lower()}",
        f"week {rng.randint(2, 51)} of {y}",
        f"{y}-W{rng.randint(10, 52)}",
        f"Q{rng.randint(1, 4)} {y}",
        f"mid-{name} {y}",
        f"early {name} {y}",
        f"end of {name}",
        f"late {abbr} '{yy}",
        f"the second week of {name}",
        f"the last {w} in {name}",
        f"the first {w} of {name}",
        f"day {d % 28 + 1} of Ramadan",
        f"{y % 100:02d}{m:02d}{d:02d}",
        f"day {a.timetuple().tm_yday} of {y}",
        feast,
        feast,
        feast,
        feast,
        f"{feast} {y}",
        f"{feast} {y}",
        f"the eve of {feast}",
        f"the {w} before {feast}",
        f"the {w} after {feast}",
        f"the summer of {y}",
        f"spring {y}",
        f"winter {y}/{(y + 1) % 100:02d}",
        f"{d}th{abbr}" if d in range(4, 20) else f"{ordinal(d)}{abbr}",
        f"{w} {d} inst",
        f"night of the {ordinal(d)}",
        f"{name[:3]}.{d}.{y}",
        f"{d} day of {name}",
        f"{y}{abbr.upper()}{d:02d}",
    ]
    return rng.choice(forms).replace("|", "/ ")
