"""Places, organisations, numbers and names in machines of this set."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

from people import Person, fold, split_list
from values import LETTERS, Piece, load_toml

DATA = Path(__file__).resolve().parent / "data"


def fill(pattern: str, rng: random.Random) -> str:
    """Fills a number pattern: # any digit, % a digit from 1 to 9, @ a capital; a backslash keeps the next character."""

    def one(match: re.Match[str]) -> str:
        mark = match.group()
        if mark[0] == "\\":
            return mark[1]
        return rng.choice({"#": "0123456789", "%": "123456789", "@": LETTERS}[mark])

    return re.sub(r"\\.|[#%@]", one, pattern)


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
