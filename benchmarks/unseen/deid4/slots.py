"""What stands in the slots of frames and sentences: people, days, numbers, places, bodies, readings."""

from __future__ import annotations

import random
import re
import tomllib
from pathlib import Path
from typing import Any

import household
from household import Person
from whenabouts import Calendar

Piece = tuple[str, str | None]

DATA = Path(__file__).resolve().parent / "data"
COUNTRIES: dict[str, dict[str, Any]] = tomllib.loads((DATA / "countries.toml").read_text(encoding="utf-8"))
BODIES: dict[str, list[str]] = tomllib.loads((DATA / "bodies.toml").read_text(encoding="utf-8"))
NUMBERS: dict[str, list[str]] = tomllib.loads((DATA / "numbers.toml").read_text(encoding="utf-8"))
READINGS: dict[str, list[str]] = tomllib.loads((DATA / "readings.toml").read_text(encoding="utf-8"))

NAME_SLOT = re.compile(r"([PCRBOS])(\d?)([flimcu]?)")
NAME_KIND = {"P": "name_patient", "C": "name_clinician", "R": "name_relative", "B": "name_bare"}
NAME_KIND |= {"O": "name_relative", "S": "name_clinician"}  # other people and staff, drawn anew each time
NUMBER_RANGE = re.compile(r"(\d+)(?:\.(\d+))?-(\d+)(?:\.(\d+))?")
INNER = re.compile(r"\{([^{}]+)\}")
KIND_OF_SLOT = {
    "date": "date_full",
    "dob": "date_full",
    "today": "date_full",
    "datep": "date_partial",
    "dater": "date_range",
    "dateo": "date_odd",
    "stamp": "date_odd",
    "age90": "age90",
    "phone": "phone",
    "ext": "phone",
    "fax": "fax_pager",
    "pager": "fax_pager",
    "email": "email",
    "url": "url_handle",
    "handle": "url_handle",
    "mrn": "id_record",
    "nat": "id_national",
    "acct": "id_account",
    "iban": "id_account",
    "dev": "id_device",
    "plate": "id_device",
    "ip": "id_device",
    "street": "street",
    "town": "town",
    "zip": "postcode",
    "hosp": "hospital",
    "ward": "hospital",
    "emp": "employer",
    "school": "employer",
    "unit": "employer",
    "club": "employer",
    "org": "org_other",
    "file": "name_in_file",
    "login": "name_in_file",
    "Ps": "name_patient",
    "region": "region",
    "wd": "weekday",
    "mon": "month",
    "yr": "year",
}


def kind_of_name_slot(slot: str) -> str | None:
    """Returns the kind that a slot of a name brings, None for other slots."""
    match = NAME_SLOT.fullmatch(slot)
    if not match:
        return None
    return "name_initials" if match.group(3) == "i" else NAME_KIND[match.group(1)]


def country_codes(wish: str) -> list[str]:
    """Returns the codes among which a frame's country is drawn."""
    return wish.split(",") if wish else list(COUNTRIES)


def filled_number(rng: random.Random, pattern: str) -> str:
    """Fills a pattern: # is a digit, ~ a digit from 2 to 9, ^ a letter."""
    out = ""
    for char in pattern:
        if char == "#":
            out += rng.choice("0123456789")
        elif char == "~":
            out += rng.choice("23456789")
        elif char == "^":
            out += rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ")
        else:
            out += char
    return out


class Setting:
    """One note's country, people, and days, and the values of its slots."""

    def __init__(self, rng: random.Random, codes: list[str], needs: dict[str, str]) -> None:
        """Draws the country, the patient, the others, and the day."""
        self.rng = rng
        self.code = rng.choices(codes, [COUNTRIES[code].get("weight", 2) for code in codes])[0]
        self.country = COUNTRIES[self.code]
        self.home: list[str] = self.country["cultures"]
        low, high = (int(part) for part in needs.get("age", "19-96").split("-"))
        self.age = rng.randint(low, high)
        if high > 90 and rng.random() < 0.12:
            self.age = rng.randint(90, min(high + 6, 104))
        self.patient = household.draw(rng, self.home, needs.get("sex", ""))
        self.people: dict[str, Person] = {}
        self.calendar = Calendar(rng, self.country.get("language", ""), self.country.get("month_first", False))
        self.note_day = self.calendar.today
        self.fixed: dict[str, str] = {}

    def person(self, role: str, number: str) -> Person:
        """Returns a person of the note, drawn when first asked for."""
        rng = self.rng
        if role == "P":
            return self.patient
        if role == "B":
            if number:
                return self.people.setdefault("B" + number, household.draw(rng, self.home))
            known = [person for key, person in self.people.items() if key[0] in "CR"]
            return rng.choice(known) if known and rng.random() < 0.2 else household.draw(rng, self.home)
        if role in "OS":
            return household.draw(rng, self.home)
        if not number:
            number = rng.choice("1234" if role == "C" else "12")
        key = role + number
        if key not in self.people:
            if role == "R":
                relations = household.CHILD_RELATIONS if self.age < 16 else household.RELATIONS
                sex = rng.choice("MF")
                last = self.patient.last if rng.random() < 0.5 else ""
                self.people[key] = household.draw(rng, self.home, sex, last, rng.choice(relations[sex]))
            else:
                self.people[key] = household.draw(rng, self.home)
        return self.people[key]

    def name(self, role: str, number: str, form: str) -> list[Piece]:
        """Writes a name in a form."""
        rng = self.rng
        if not form and role == "B":
            form = rng.choice(["", "", "", "f", "l", "l", "m", "c"])
        person = self.person(role, number)
        kind = NAME_KIND[role]
        match form:
            case "f":
                return [(person.first, kind)]
            case "l":
                return [(person.last, kind)]
            case "u":
                return [(person.last.upper(), kind)]
            case "i":
                return [(household.initials(rng, person), "name_initials")]
            case "m":
                return [(f"{person.first[0]}{rng.choice(['. ', '. ', ' ', '.'])}{person.last}", kind)]
            case "c" if person.first != person.last:
                last = person.last.upper() if rng.random() < 0.35 else person.last
                middle = f" {person.middle[0]}" if person.middle and rng.random() < 0.4 else ""
                return [(f"{last}, {person.first}{middle}", kind)]
        return [(person.full, kind)]

    def value(self, slot: str) -> list[Piece]:
        """Returns the pieces that fill a slot."""
        name = NAME_SLOT.fullmatch(slot)
        if name:
            return self.name(*name.groups())
        numbers = NUMBER_RANGE.fullmatch(slot)
        if numbers:
            return [(self._number(*numbers.groups()), None)]
        method = getattr(self, f"_slot_{slot}", None)
        if method:
            pieces: list[Piece] = method()
            return pieces
        if slot in READINGS:
            return self._filled(self.rng.choice(READINGS[slot]))
        raise ValueError(f"no such slot: {slot}")

    def _filled(self, text: str) -> list[Piece]:
        while re.search(r"\[[^\[\]]*\|", text):
            text = re.sub(r"\[([^\[\]]*\|[^\[\]]*)\]", lambda m: self.rng.choice(m.group(1).split("|")), text)
        pieces: list[Piece] = []
        last = 0
        for match in INNER.finditer(text):
            pieces += [(text[last : match.start()], None), *self.value(match.group(1))]
            last = match.end()
        return [*pieces, (text[last:], None)]

    def _number(self, low: str, low_part: str | None, high: str, high_part: str | None) -> str:
        if low_part is None:
            return str(self.rng.randint(int(low), int(high)))
        places = len(low_part)
        return f"{self.rng.uniform(float(f'{low}.{low_part}'), float(f'{high}.{high_part}')):.{places}f}"

    def _marked(self, slot: str, text: str) -> list[Piece]:
        return [(text, KIND_OF_SLOT[slot])]

    # Days.

    def _slot_date(self) -> list[Piece]:
        return self._marked("date", self.calendar.full(self.calendar.near()))

    def _slot_today(self) -> list[Piece]:
        if "today" not in self.fixed:
            self.fixed["today"] = self.calendar.full(self.note_day)
        return self._marked("today", self.fixed["today"])

    def _slot_dob(self) -> list[Piece]:
        if "dob" not in self.fixed:
            day = self.note_day.replace(day=self.rng.randint(1, 28), month=self.rng.randint(1, self.note_day.month))
            self.fixed["dob"] = self.calendar.full(day.replace(year=day.year - self.age))
        return self._marked("dob", self.fixed["dob"])

    def _slot_datep(self) -> list[Piece]:
        return self._marked("datep", self.calendar.partial(self.calendar.near()))

    def _slot_dater(self) -> list[Piece]:
        return self._marked("dater", self.calendar.range(self.calendar.near()))

    def _slot_dateo(self) -> list[Piece]:
        return self._marked("dateo", self.calendar.odd(self.calendar.near()))

    def _slot_stamp(self) -> list[Piece]:
        return self._marked("stamp", f"{self.calendar.near():%Y%m%d}")

    def _slot_yr(self) -> list[Piece]:
        return self._marked("yr", str(self.note_day.year - self.rng.choice([0, 1, 2, 4, 7, 11, 19, 26])))

    def _slot_mon(self) -> list[Piece]:
        return self._marked("mon", f"{self.calendar.near():%B}")

    def _slot_wd(self) -> list[Piece]:
        return self._marked("wd", f"{self.calendar.near():%A}")

    # Ages and words that follow the patient.

    def _slot_age90(self) -> list[Piece]:
        return self._marked("age90", str(self.rng.choice([90, 91, 91, 92, 92, 93, 94, 95, 96, 97, 98, 99, 101, 103])))

    def _slot_age(self) -> list[Piece]:
        return [(str(self.age), "age90" if self.age >= 90 else None)]

    def _pick(self, male: str, female: str) -> list[Piece]:
        return [(male if self.patient.sex == "M" else female, None)]

    def _slot_he(self) -> list[Piece]:
        return self._pick("he", "she")

    def _slot_He(self) -> list[Piece]:
        return self._pick("He", "She")

    def _slot_his(self) -> list[Piece]:
        return self._pick("his", "her")

    def _slot_His(self) -> list[Piece]:
        return self._pick("His", "Her")

    def _slot_him(self) -> list[Piece]:
        return self._pick("him", "her")

    def _slot_man(self) -> list[Piece]:
        return self._pick("man", "woman") if self.age > 17 else self._pick("boy", "girl")

    def _slot_male(self) -> list[Piece]:
        return self._pick("male", "female")

    def _slot_sex(self) -> list[Piece]:
        return self._pick("M", "F")

    def _slot_title(self) -> list[Piece]:
        if self.age < 14:
            return self._pick("Master", "Miss")
        if self.code in ("DE", "AT"):
            return self._pick("Herr", "Frau")
        return self._pick("Mr", self.rng.choice(["Mrs", "Ms", "Mrs", "Miss"]))

    def _slot_rel(self) -> list[Piece]:
        return [(self.person("R", "1").relation, None)]

    def _slot_relb(self) -> list[Piece]:
        return [(self.person("R", "2").relation, None)]

    # Numbers.

    def _slot_phone(self) -> list[Piece]:
        return self._marked("phone", self._telephone())

    def _telephone(self) -> str:
        pattern = self.rng.choice(self.country["phones"])
        if self.rng.random() < 0.08:
            pattern = self.rng.choice(self.rng.choice(list(COUNTRIES.values()))["phones"])
        return filled_number(self.rng, pattern)

    def _slot_ext(self) -> list[Piece]:
        return self._marked("ext", filled_number(self.rng, self.rng.choice(["####", "####", "#####", "###", "~-####"])))

    def _slot_fax(self) -> list[Piece]:
        return self._marked("fax", self._telephone())

    def _slot_pager(self) -> list[Piece]:
        return self._marked("pager", filled_number(self.rng, self.rng.choice(NUMBERS["pager"])))

    def _number_of(self, slot: str) -> list[Piece]:
        patterns = NUMBERS[slot]
        if slot not in self.fixed:
            self.fixed[slot] = self.rng.choice(patterns)
        pattern = self.fixed[slot] if self.rng.random() < 0.4 else self.rng.choice(patterns)
        return self._marked(slot, filled_number(self.rng, pattern))

    def _slot_mrn(self) -> list[Piece]:
        if "mrn!" not in self.fixed:
            self.fixed["mrn!"] = self._number_of("mrn")[0][0]
        return self._marked("mrn", self.fixed["mrn!"])

    def _slot_acct(self) -> list[Piece]:
        return self._number_of("acct")

    def _slot_dev(self) -> list[Piece]:
        return self._number_of("dev")

    def _slot_iban(self) -> list[Piece]:
        return self._number_of("iban")

    def _slot_plate(self) -> list[Piece]:
        return self._number_of("plate")

    def _slot_ip(self) -> list[Piece]:
        return self._number_of("ip")

    def _slot_nat(self) -> list[Piece]:
        """Writes the label of a country's number and the number; only the number is marked."""
        label, _, pattern = self.rng.choice(self.country["national"]).partition("|")
        if "nat " + label not in self.fixed:
            self.fixed["nat " + label] = filled_number(self.rng, pattern)
        joints = (
            [" ", ": "] if label.lower().endswith(("no", "no.", "id", "number", "#")) else [" ", ": ", " no. ", " "]
        )
        return [(label + self.rng.choice(joints), None), (self.fixed["nat " + label], "id_national")]

    # Names in other things.

    def _computer_names(self) -> list[str]:
        roll = self.rng.random()
        person = self.patient if roll < 0.5 else self.person(self.rng.choice("CR"), "")
        first, last = household.plain_ascii(person.first), household.plain_ascii(person.last)
        return [first or "pat", last or "doe"]

    def _slot_file(self) -> list[Piece]:
        first, last = self._computer_names()
        name = self.rng.choice(
            [
                f"{last}_{first}",
                f"{last.title()}{first[0].upper()}",
                f"{first}-{last}",
                f"{last.upper()}_{first.upper()}",
                f"{last}",
                f"{first[0]}{last}",
                f"{last.title()}_{first.title()}",
                f"{first.title()}{last.title()}",
                f"{last}{first[:2]}",
                f"{last.upper()}",
                f"{first}.{last}",
                f"{last.title()}-{first[0].upper()}",
            ]
        )
        before, _, after = self.rng.choice(NUMBERS["file"]).partition("*")
        return [*self._filled(before), (name, "name_in_file"), *self._filled(after)]

    def _slot_login(self) -> list[Piece]:
        first, last = self._computer_names()
        ways = [f"{first[0]}{last}", f"{last}{first[0]}", f"{first}.{last}", f"{last}_{first[0]}", f"{first}_{last}"]
        return [(self.rng.choice(ways), "name_in_file")]

    def _slot_email(self) -> list[Piece]:
        first, last = self._computer_names()
        user = self.rng.choice(
            [
                f"{first}.{last}",
                f"{first[0]}{last}",
                f"{last}.{first}",
                f"{first}{self.rng.randint(1, 99)}",
                f"{last}{self.rng.randint(50, 99)}",
                f"{first}_{last}",
                f"{first}-{last}",
                *NUMBERS["mailbox"],
            ]
        )
        domain = self.rng.choice(NUMBERS["domain"])
        if self.rng.random() < 0.6:
            domain = domain.rpartition(".")[0] + self.rng.choice(self.country["tld"])
        return self._marked("email", f"{user}@{domain}")

    def _web(self, patterns: list[str]) -> str:
        first, last = self._computer_names()
        text = self.rng.choice(patterns).replace("*f", first).replace("*l", last)
        return filled_number(self.rng, text)

    def _slot_url(self) -> list[Piece]:
        return self._marked("url", self._web(NUMBERS["url"]))

    def _slot_handle(self) -> list[Piece]:
        text = self._web(NUMBERS["handle"])
        before = re.match(r"@|u/|live:|", text)[0]  # type: ignore[index]
        return [(before, None), *self._marked("handle", text.removeprefix(before))]

    def _slot_Ps(self) -> list[Piece]:
        return self._marked("Ps", self.rng.choice(NUMBERS["script"]))

    # Places.

    def _place(self) -> tuple[str, str]:
        town, _, region = self.rng.choice(self.country["towns"]).partition("|")
        return town, region

    def _slot_town(self) -> list[Piece]:
        if self.rng.random() < 0.06:
            town = self.rng.choice(self.rng.choice(list(COUNTRIES.values()))["towns"]).partition("|")[0]
            return self._marked("town", town)
        return self._marked("town", self._place()[0])

    def _slot_region(self) -> list[Piece]:
        return self._marked("region", self._place()[1])

    def _slot_street(self) -> list[Piece]:
        text = self.rng.choice(self.country["streets"]).replace("*", self.rng.choice(self.country["roads"]))
        if self.rng.random() < 0.18 and self.country.get("flats"):
            text = self.rng.choice(self.country["flats"]).replace("*", text)
        number = re.compile(r"\((\d+)-(\d+)\)")
        text = number.sub(lambda match: str(self.rng.randint(int(match[1]), int(match[2]))), text)
        return self._marked("street", filled_number(self.rng, text))

    def _slot_zip(self) -> list[Piece]:
        return self._marked("zip", filled_number(self.rng, self.rng.choice(self.country["postcodes"])))

    def _slot_addr(self) -> list[Piece]:
        """Writes an address in the country's order."""
        town, region = self._place()
        pieces: list[Piece] = []
        pattern = self.rng.choice(self.country["addresses"])
        for part in re.split(r"(STREET|TOWN|REGION|ZIP)", pattern):
            match part:
                case "STREET":
                    pieces += self._slot_street()
                case "TOWN":
                    pieces.append((town, "town"))
                case "REGION":
                    pieces.append((region, "region"))
                case "ZIP":
                    pieces += self._slot_zip()
                case _:
                    pieces.append((part, None))
        return pieces

    # Bodies.

    def _body(self, slot: str, patterns: list[str]) -> list[Piece]:
        text = self.rng.choice(patterns)
        text = text.replace("*T", self._place()[0]).replace("*S", self.rng.choice(BODIES["saints"]))
        text = text.replace("*W", self.rng.choice(BODIES["words"])).replace("*L", self.person("B", "9").last)
        text = text.replace("*D", self.rng.choice(BODIES["founders"]))
        marked = self._marked(slot, filled_number(self.rng, text.removeprefix("the ").removeprefix("The ")))
        return [("the ", None), *marked] if text[:4].lower() == "the " else marked

    def _slot_hosp(self) -> list[Piece]:
        return self._body("hosp", self.rng.choice([BODIES["hospitals"], self.country["hospitals"]]))

    def _slot_ward(self) -> list[Piece]:
        return self._body("ward", BODIES["wards"])

    def _slot_emp(self) -> list[Piece]:
        return self._body("emp", BODIES["employers"])

    def _slot_school(self) -> list[Piece]:
        return self._body("school", BODIES["schools"])

    def _slot_unit(self) -> list[Piece]:
        return self._body("unit", BODIES["units"])

    def _slot_club(self) -> list[Piece]:
        return self._body("club", BODIES["clubs"])

    def _slot_org(self) -> list[Piece]:
        return self._body("org", BODIES["orgs"])
