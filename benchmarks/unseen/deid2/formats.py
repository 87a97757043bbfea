"""Values of this set: dates, places, organisations, numbers, names in machines, readings."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from dates import DAYS, MONTHS, ROMAN
from people import Person, fold, split_list
from values import LETTERS, NBSP, Piece, load_toml

DATA = Path(__file__).resolve().parent / "data"
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


def fill(pattern: str, rng: random.Random) -> str:
    """Fills a number pattern: # any digit, % a digit from 1 to 9, @ a capital; a backslash keeps the next character."""

    def one(match: re.Match[str]) -> str:
        mark = match.group()
        if mark[0] == "\\":
            return mark[1]
        return rng.choice({"#": "0123456789", "%": "123456789", "@": LETTERS}[mark])

    return re.sub(r"\\.|[#%@]", one, pattern)


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
        forms += [f"{m}/{y}", f"{abbr}. {y}", f"{name[:4]} {y}" if len(name) > 5 else f"{name} {yy}"]
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
            f"{y}.{m:02d}.{d:02d}.",
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


class Atlas:
    """All places, organisations and number patterns of this set."""

    def __init__(self) -> None:
        """Loads the data files."""
        self.places: dict[str, dict[str, Any]] = {}
        for key, rows in load_toml("places.toml", DATA).items():
            table: dict[str, Any] = {name: split_list(text) for name, text in rows.items() if name != "order"}
            table["towns"] = [tuple(item.split(";", 1)) for item in table["towns"]]
            table["order"] = rows["order"].split("|")
            self.places[key] = table
        orgs = load_toml("organisations.toml", DATA)
        self.hospital = {key: split_list(value) for key, value in orgs["hospital"].items()}
        self.employer = {key: split_list(value) for key, value in orgs["employer"].items()}
        contacts = load_toml("contacts.toml", DATA)
        self.phones = {key: split_list(value) for key, value in contacts["phone"].items()}
        self.net = {key: split_list(value) for key, value in contacts["internet"].items()}
        self.national = contacts["id_national"]
        rows = [item.split(";", 1) for item in contacts["id_record"]["values"]]
        self.records = {"": rows}
        for key, labels in contacts["id_record"].items():
            if key != "values":
                self.records[key] = [row for row in rows if row[0] in labels]

    def town(self, locale: str, rng: random.Random, world: float = 0.1) -> tuple[str, str]:
        """Draws a town and its region; `world` is the chance of one from anywhere."""
        name, region = rng.choice(self.places["WORLD" if rng.random() < world else locale]["towns"])
        return name, region

    def street(self, locale: str, rng: random.Random) -> str:
        """Writes a street line."""
        rows = self.places[locale]
        line = fill(rng.choice(rows["lines"]), rng)
        while "{s}" in line:
            line = line.replace("{s}", rng.choice(rows["streets"]), 1)
        return line

    def postcode(self, locale: str, rng: random.Random) -> str:
        """Writes a postcode."""
        return fill(rng.choice(self.places[locale]["codes"]), rng)

    def region(self, locale: str, rng: random.Random) -> list[Piece]:
        """Draws a state, county or country."""
        text: str = rng.choice(self.places[locale]["regions"])
        return [Piece("the "), Piece(text[4:], "region")] if text.startswith("the ") else [Piece(text, "region")]

    def address(self, locale: str, rng: random.Random) -> list[Piece]:
        """Writes an address on one line, in the locale's order."""
        place = "WORLD" if rng.random() < 0.04 else locale
        town, region = self.town(place, rng, 0.0)
        plan = rng.choice([plan for plan in self.places[place]["order"] if region or "R" not in plan] or ["S, T, C"])
        made = {
            "S": Piece(self.street(place, rng), "street"),
            "T": Piece(town, "town"),
            "C": Piece(self.postcode(place, rng), "postcode"),
            "R": Piece(region, "region"),
        }
        return [made.get(part) or Piece(part) for part in re.split(r"(?<![A-Za-z])([STRC])(?![A-Za-z])", plan) if part]

    def hospital_name(self, locale: str, rng: random.Random) -> list[Piece]:
        """Writes a hospital name fit for the locale."""
        bank = self.hospital
        form = rng.choice(bank["short"] if rng.random() < 0.12 else bank[locale])
        for key, pool in (("s", "saints"), ("b", "brands"), ("i", "in_brands"), ("f", "founders")):
            form = form.replace("{" + key + "}", rng.choice(bank[pool]))
        form = form.replace("{t}", self.town(locale, rng, 0.0)[0])
        if locale != "DE":
            form = form.replace("Sankt Vinzenz", "St Vincent")
        return self.led(form, "hospital")

    @staticmethod
    def led(text: str, kind: str) -> list[Piece]:
        """Splits "the |Name" into the lead outside the mark and the name."""
        lead, bar, bare = text.partition("|")
        return [Piece(lead), Piece(bare, kind)] if bar else [Piece(text, kind)]

    def employer_name(self, which: str, rng: random.Random) -> list[Piece]:
        """Draws an employer, school, unit, club, pharmacy or other body; `which` may be "" for any of three."""
        keys = {"firm": "firms", "school": "schools", "unit": "units", "club": "clubs"}
        others = {"pharm": "pharmacies", "other": "others"}
        if which in others:
            return self.led(rng.choice(self.employer[others[which]]), "org_other")
        key = keys.get(which) or rng.choices(["firms", "schools", "units"], [6, 2, 2])[0]
        return self.led(rng.choice(self.employer[key]), "employer")

    def phone(self, locale: str, rng: random.Random) -> str:
        """Writes a phone number."""
        return fill(rng.choice(self.phones["WORLD" if rng.random() < 0.08 else locale]), rng)

    def extension(self, rng: random.Random) -> str:
        """Writes an extension, bleep or pager number."""
        return fill(rng.choice(self.phones["ext"]), rng)

    def record(self, rng: random.Random, which: str = "") -> tuple[str, str]:
        """Draws the label and the value of a record number; `which` is a key of the data file or "" for any."""
        label, pattern = rng.choice(self.records[which])
        return label, fill(pattern, rng)

    def national_id(self, locale: str, rng: random.Random) -> tuple[str, str]:
        """Draws the label and the value of a national number."""
        label, pattern = rng.choice(self.national["WORLD" if rng.random() < 0.1 else locale]).split(";", 1)
        return label, fill(pattern, rng)

    def login(self, person: Person, rng: random.Random) -> str:
        """Makes a login name."""
        given, surname = fold(person.given).lower() or "x", fold(person.surname).lower()
        forms = [f"{surname}.{given[0]}", f"{given[:3]}{surname[:5]}", f"{surname[:6].upper()}{given[0].upper()}"]
        return rng.choice([*forms, f"{given}{surname[0]}", f"x{surname}", f"{given[0]}-{surname}"])

    def internet(self, person: Person, rng: random.Random, which: str = "") -> str:
        """Makes an e-mail address ("mail"), a link ("web") or a handle ("handle")."""
        given, surname = fold(person.given).lower() or "x", fold(person.surname).lower()
        user = rng.choice(
            [
                f"{surname}{given}",
                f"{given}{surname[0]}{rng.randint(1, 99)}",
                f"{surname}-{given[0]}",
                f"{given}.{surname[:4]}",
                f"the.{surname}s",
                f"{given}_{rng.randint(1940, 2009)}",
                f"{given[0]}{given[-1]}{surname}",
                f"mad{given}",
            ]
        )
        which = which or rng.choices(["mail", "web", "handle"], [55, 22, 23])[0]
        host = rng.choice(self.net["domains"] + self.net["orgs"])
        if which == "mail":
            text = f"{user}@{host}"
            return text.upper() if rng.random() < 0.04 else text
        token = "".join(rng.choice("bcdfghjkmnpqrstvwxz3456789") for _ in range(6))
        blank = {"{usr}": user, "{dom}": rng.choice(self.net["domains"]), "{org}": rng.choice(self.net["orgs"])}
        blank |= {"{num}": str(rng.randint(100000, 9999999)), "{tok}": token}
        form = rng.choice(self.net["paths" if which == "web" else "handles"])
        form = form.replace("#{tok}", "/{tok}") if which == "web" else fill(form, rng)
        for key, value in blank.items():
            form = form.replace(key, value)
        return form

    def file_name(self, person: Person, day: str, rng: random.Random) -> list[Piece]:
        """Makes a file name that carries a person's name; `day` is a date fit for a file name."""
        given, surname = fold(person.given) or "X", fold(person.surname)
        name = rng.choice(
            [
                f"{surname}-{given}",
                f"{surname}",
                f"{given[0]}.{surname}",
                f"{surname.lower()}",
                f"{given}_{surname}",
                f"{surname}{given[0]}",
                f"{surname.upper()}-{given.upper()}",
                f"{given.lower()}.{surname.lower()}",
            ]
        )
        before, after = rng.choice(
            [
                ("OCT_", "_OD.e2e"),
                ("", "-polysomnogram.rec"),
                ("letter to GP re ", ".odt"),
                ("", " bitewings.png"),
                ("heel ulcer ", " wk3.jpeg"),
                ("/mnt/clinic/", "/spiro.csv"),
                ("E:\\physio\\", "\\gait.mp4"),
                ("MDT-", ".pptx"),
                ("chat_export_", ".txt"),
                ("", "_fundus_LE.jpg"),
                ("Karyotype[", "].tif"),
                ("audio/", "-dictation.mp3"),
                ("#", "_CBCT.zip"),
                ("travel-form-", ".pdf"),
                ("", ".spermogram.xls"),
                ("Arztbrief_", ".docx"),
            ]
        )
        out = [Piece(before), Piece(name, "name_in_file")] if before else [Piece(name, "name_in_file")]
        stem, dot, end = after.rpartition(".")
        if rng.random() < 0.25 and "]" not in after and "/" not in after and "\\" not in after:
            return [*out, Piece(f"{stem}_"), Piece(day, "date_odd"), Piece(dot + end)]
        return [*out, Piece(after)]


with (DATA / "lookalikes.toml").open("rb") as _handle:
    FIXED: dict[str, list[str]] = tomllib.load(_handle)
LABS: list[tuple[str, Callable[[random.Random], str]]] = [
    ("sodium", lambda r: str(r.randint(126, 145))),
    ("K+", lambda r: f"{r.uniform(3, 6.1):.1f}"),
    ("haemoglobin", lambda r: f"{r.randint(72, 158)} g/L"),
    ("CRP", lambda r: f"<{r.randint(1, 5)}" if r.random() < 0.3 else str(r.randint(6, 280))),
    ("WBC", lambda r: f"{r.uniform(2.8, 18.4):.1f} x10^9/L"),
    ("platelets", lambda r: f"{r.randint(74, 480)}k"),
    ("creatinine", lambda r: f"{r.randint(48, 660)} umol/L"),
    ("urea", lambda r: f"{r.uniform(3, 31):.1f}"),
    ("A1c", lambda r: f"{r.randint(38, 104)} mmol/mol"),
    ("bilirubin", lambda r: f"{r.randint(5, 96)}"),
    ("ALP", lambda r: str(r.randint(42, 510))),
    ("albumin", lambda r: str(r.randint(22, 46))),
    ("phosphate", lambda r: f"{r.uniform(0.7, 2.4):.2f}"),
    ("PTH", lambda r: f"{r.uniform(3, 70):.1f} pmol/L"),
    ("vit D", lambda r: f"{r.randint(14, 92)} nmol/l"),
    ("AMH", lambda r: f"{r.uniform(0.4, 38):.1f}"),
    ("Kt/V", lambda r: f"{r.uniform(1, 1.7):.2f}"),
    ("tacro level", lambda r: f"{r.uniform(3, 14):.1f} ng/mL"),
    ("FEV1", lambda r: f"{r.uniform(0.8, 4.1):.2f} L ({r.randint(31, 104)}%)"),
    ("COHb", lambda r: f"{r.uniform(0.5, 28):.1f}%"),
    ("troponin", lambda r: f"{r.randint(3, 90)} then {r.randint(4, 400)}"),
]


def reading(kind: str, rng: random.Random) -> str | None:
    """Draws a value that resembles an identifier and is none; None for an unknown slot."""
    if kind in FIXED:
        return rng.choice(FIXED[kind])
    drug, often = FIXED["drug"], FIXED["freq"]
    simple: dict[str, Callable[[], str]] = {
        "rx": lambda: f"{rng.choice(drug)} {rng.choice(often)}",
        "rxs": lambda: "; ".join(f"{name} {rng.choice(often)}" for name in rng.sample(drug, rng.randint(2, 5))),
        "bp": lambda: f"{rng.randint(92, 184)}/{rng.randint(46, 102)}",
        "hr": lambda: str(rng.randint(48, 132)),
        "rr": lambda: str(rng.randint(11, 34)),
        "sats": lambda: f"{rng.randint(86, 100)}%",
        "temp": lambda: f"{rng.uniform(35.4, 39.6):.1f}",
        "wt": lambda: f"{rng.randint(41, 124)} kg",
        "n": lambda: str(rng.randint(2, 9)),
        "nn": lambda: str(rng.randint(11, 88)),
        "pc": lambda: f"{rng.randint(5, 95)}%",
        "ml": lambda: f"{rng.randint(2, 90) * 10} ml",
        "ratio": lambda: f"{rng.randint(1, 4)}/{rng.randint(5, 12)}",
        "dec": lambda: f"{rng.randint(0, 12)}.{rng.randint(1, 9)}",
        "lab": lambda: _lab(*rng.choice(LABS), rng),
        "labs": lambda: ", ".join(_lab(name, draw, rng) for name, draw in rng.sample(LABS, rng.randint(2, 5))),
        "obs": lambda: _signs(rng),
    }
    return simple[kind]() if kind in simple else None


def _lab(name: str, draw: Callable[[random.Random], str], rng: random.Random) -> str:
    """Writes one laboratory value."""
    return f"{name} {draw(rng)}"


def _signs(rng: random.Random) -> str:
    """Writes a set of vital signs."""
    bp, hr, rr, sats, temp = (reading(key, rng) for key in ("bp", "hr", "rr", "sats", "temp"))
    return rng.choice(
        [
            f"{bp} mmHg, pulse {hr}, resps {rr}, {sats} air, {temp}",
            f"Temp {temp} | P {hr} | BP {bp} | RR {rr} | O2 {sats}",
            f"HR{hr} BP{bp} RR{rr} SpO2 {sats} T{temp}",
            f"A clear; B {rr}, {sats}; C {hr}, {bp}; temp {temp}",
            f"bp {bp} p {hr} t {temp} sat {sats}",
        ]
    )
