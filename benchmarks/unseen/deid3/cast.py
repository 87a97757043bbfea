"""The people, places, numbers and bodies of one note, all of one country and remembered by their slot."""

from __future__ import annotations

import random
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from almanac import MONTHS, WEEKDAYS, date_range, full_date, odd_date, partial_date
from pieces import Piece, fill, labelled

DATA = Path(__file__).resolve().parent / "data"
PEOPLE = tomllib.loads((DATA / "people.toml").read_text(encoding="utf-8"))
PLACES = tomllib.loads((DATA / "places.toml").read_text(encoding="utf-8"))
BODIES = tomllib.loads((DATA / "bodies.toml").read_text(encoding="utf-8"))
NUMBERS = tomllib.loads((DATA / "numbers.toml").read_text(encoding="utf-8"))
PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "ı": "i", "ß": "ss", "đ": "d"})
RARE_SCRIPTS = ("cyrillic", "han", "arabic_script")
HOME = {
    "uk": ("british", "british", "irish", "pakistani", "indian", "yoruba_igbo", "polish_czech"),
    "ie": ("irish", "irish", "british", "polish_czech"),
    "us": ("american", "american", "hispanic", "vietnamese", "filipino"),
    "ca": ("american", "french", "first_nations", "chinese", "indian"),
    "au": ("british", "greek", "vietnamese", "first_nations", "balkan"),
    "nz": ("british", "pacific", "pacific"),
    "in": ("indian", "indian", "south_indian_single"),
    "za": ("south_african", "south_african", "british"),
    "de": ("german", "german", "persian_turkish", "russian_ukrainian"),
    "fr": ("french", "french", "arabic"),
    "nl": ("dutch", "dutch", "persian_turkish"),
    "sg": ("chinese", "chinese", "south_indian_single", "arabic", "thai_burmese"),
    "es": ("hispanic", "italian", "portuguese"),
    "ng": ("yoruba_igbo", "ghanaian", "east_african"),
    "se": ("nordic", "polish_czech"),
}


@dataclass(frozen=True)
class Person:
    """Somebody with a first and a family name."""

    first: str
    last: str
    is_woman: bool


class Cast:
    """What the slots of one note mean."""

    def __init__(self, country: str, rng: random.Random, sex: str = "") -> None:
        self.country = country
        self.place = PLACES[country]
        self.rng = rng
        self.sex = sex
        self.people: dict[str, Person] = {}
        self.today = date(rng.randint(2011, 2025), 1, 1) + timedelta(days=rng.randint(0, 364))
        self.order: str = self.place["dates"]
        self.patient = self.person("pt", is_woman={"f": True, "m": False}.get(sex, rng.random() < 0.52))
        self.age = rng.randint(90, 103) if rng.random() < 0.08 else rng.randint(19, 88)
        self.town, self.postcode = self._town()
        self.hospital: str | None = None
        self.minute = rng.randint(0, 1300)
        self.clock_form = rng.choice(("{:02d}:{:02d}", "{:02d}:{:02d}", "{:02d}{:02d}h", "{}.{:02d}"))

    def person(self, slot: str, *, is_woman: bool | None = None) -> Person:
        """Returns who stands behind a slot, drawn when first asked."""
        if slot not in self.people:
            rng = self.rng
            cultures = HOME[self.country] if rng.random() < 0.6 else [c for c in PEOPLE if c not in RARE_SCRIPTS]
            culture = rng.choice(RARE_SCRIPTS) if rng.random() < 0.008 else rng.choice(cultures)
            woman = rng.random() < 0.5 if is_woman is None else is_woman
            known = {p.last for p in self.people.values()} | {p.first for p in self.people.values()}
            while True:
                first = rng.choice(PEOPLE[culture]["f" if woman else "m"].split()).replace("_", " ")
                last = rng.choice(PEOPLE[culture]["l"].split()).replace("_", " ")
                if not {first, last} & known:
                    break
                culture = rng.choice(cultures)
            self.people[slot] = Person(first, last, woman)
        return self.people[slot]

    def name(self, slot: str, form: str, kind: str) -> list[Piece]:
        """Returns a person's name in a form: full, last, first, ini, comma, il, dot, mr, dr."""
        is_woman = {"f": True, "m": False}.get(slot.rstrip("0123456789")[-1]) if slot.startswith("rel") else None
        person, rng = self.person(slot, is_woman=is_woman), self.rng
        if form == "mr":
            titles = ("Mrs ", "Ms ", "Miss ", "Mrs. ") if person.is_woman else ("Mr ", "Mr. ", "Mr ")
            return [Piece(rng.choice(titles)), Piece(person.last, kind)]
        if form == "dr":
            foreign = {"de": ("Dr. ", "Prof. ", "Frau Dr. "), "fr": ("Dr ", "Pr ", "Dr. "), "us": ("Dr. ", "Dr ")}
            title = rng.choice(foreign.get(self.country, ("Dr ", "Dr ", "Prof ", "Dr. ")))
            return [Piece(title), Piece(person.last, kind)]
        initials = "".join(word[0] for word in re.split(r"[\s-]", person.first))
        forms = {
            "full": f"{person.first} {person.last}",
            "last": person.last,
            "first": person.first,
            "comma": f"{rng.choice((person.last, person.last.upper()))}, {person.first}",
            "il": rng.choice(
                (f"{initials[0]}. {person.last}", f"{initials[0]} {person.last}", f"{person.last} {initials[0]}")
            ),
            "mid": f"{person.first} {rng.choice('ABDEJLMRT')}. {person.last}",
            "upper": f"{person.first} {person.last}".upper(),
            "lu": f"{person.last.upper()} {person.first}",
        }
        if form == "ini":
            capitals = "".join(word[0] for word in re.split(r"[\s-]", person.last) if word[0].isupper())
            plain = (initials + (capitals or person.last[0])).upper()
            return [Piece(rng.choice((plain, plain, ".".join(plain), "/".join(plain))), "name_initials")]
        return [Piece(forms[form], kind)]

    def login(self, slot: str) -> str:
        """Returns a name in plain small letters, for mailboxes and files."""
        person = self.person(slot)
        first, last = (_plain(part) for part in (person.first, person.last))
        return self.rng.choice((f"{first}.{last}", f"{first[:1]}{last}", f"{last}{first[:1]}", f"{first}_{last}"))

    def value(self, slot: str) -> list[Piece]:
        """Returns the pieces of a slot that is no person; raises KeyError when there is none such."""
        rng, pick = self.rng, self.rng.choice
        day = self.today - timedelta(days=rng.randint(1, 30) if rng.random() < 0.7 else rng.randint(30, 420))
        later = self.today + timedelta(days=rng.randint(3, 90))
        makers = {
            "today": lambda: [Piece(full_date(self.today, self.order, rng), "date_full")],
            "date": lambda: [Piece(full_date(day, self.order, rng), "date_full")],
            "next": lambda: [Piece(full_date(later, self.order, rng), "date_full")],
            "dob": lambda: [Piece(full_date(self._birthday(), self.order, rng, with_weekday=False), "date_full")],
            "stamp": lambda: [
                Piece(f"{day:%Y-%m-%d}", "date_full"),
                Piece(f"T{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}Z"),
            ],
            "partday": lambda: [Piece(partial_date(day, self.order, rng, with_day=True), "date_partial")],
            "partdaynext": lambda: [Piece(partial_date(later, self.order, rng, with_day=True), "date_partial")],
            "part": lambda: [Piece(partial_date(day, self.order, rng), "date_partial")],
            "partnext": lambda: [Piece(partial_date(later, self.order, rng), "date_partial")],
            "range": lambda: [Piece(date_range(day, self.order, rng), "date_range")],
            "oddday": lambda: [Piece(odd_date(day, rng, with_day=True), "date_odd")],
            "odd": lambda: [Piece(odd_date(day, rng), "date_odd")],
            "wd": lambda: [Piece(pick(WEEKDAYS), "weekday")],
            "mon": lambda: [Piece(pick([m for m in MONTHS if m not in ("May", "March")]), "month")],
            "yr": lambda: [Piece(str(self.today.year - rng.randint(1, 30)), "year")],
            "a90": lambda: [Piece(str(rng.randint(90, 104)), "age90")],
            "age": lambda: [Piece(str(self.age), "age90" if self.age > 89 else None)],
            "phone": lambda: [Piece(fill(pick(self.place["phones"].split(";")), rng), "phone")],
            "fax": lambda: [Piece(fill(pick(self.place["phones"].split(";")), rng), "fax_pager")],
            "pager": lambda: [Piece(fill(pick(NUMBERS["pager"].split(";")), rng), "fax_pager")],
            "natl": lambda: labelled(pick(self.place["national"].split(";")), "id_national", rng),
            "nid": lambda: labelled(pick(self.place["national"].split(";")), "id_national", rng)[1:],
            "rec": lambda: [Piece(fill(pick(NUMBERS["record"].split(";")), rng), "id_record")],
            "lrec": lambda: labelled(pick(NUMBERS["labelled_record"].split(";")), "id_record", rng),
            "acct": lambda: [Piece(fill(pick(NUMBERS["account"].split(";")), rng), "id_account")],
            "dev": lambda: [Piece(fill(pick(NUMBERS["device"].split(";")), rng), "id_device")],
            "ip": lambda: [Piece(fill(pick(NUMBERS["address"].split(";")), rng), "id_device")],
            "veh": lambda: [Piece(fill(pick(NUMBERS["vehicle"].split(";")), rng), "id_device")],
            "street": lambda: [Piece(fill(pick(self.place["streets"].split(";")), rng), "street")],
            "town": lambda: [Piece(self.town, "town")],
            "town2": lambda: [Piece(self._town()[0], "town")],
            "pc": lambda: [Piece(self.postcode, "postcode")],
            "region": lambda: [Piece(pick(self.place["regions"].split(";")), "region")],
            "hosp": lambda: self._hospital(),
            "hosp2": lambda: [Piece(self._body(self._hospitals()), "hospital")],
            "emp": lambda: [Piece(self._body(BODIES["employer"]), "employer")],
            "school": lambda: [Piece(self._body(BODIES["school"]), "employer")],
            "unit": lambda: [Piece(self._body(BODIES["unit"]), "employer")],
            "org": lambda: [Piece(self._body(BODIES["other"]), "org_other")],
            "addr": lambda: self._address(),
            "email": lambda: [Piece(self._mailbox(), "email")],
            "url": lambda: [Piece(self._link(), "url_handle")],
            "handle": lambda: [Piece(self._handle(), "url_handle")],
            "file": lambda: self._file(),
            "user": lambda: [Piece(self.login(f"staff{rng.randint(1, 99)}"), "name_in_file")],
            "time": lambda: [Piece(self._clock())],
            "Mr": lambda: [Piece(pick(("Mrs", "Ms")) if self.patient.is_woman else "Mr")],
            "sex": lambda: [Piece("F" if self.patient.is_woman else "M")],
            "Sex": lambda: [Piece("Female" if self.patient.is_woman else "Male")],
        }
        woman = self.patient.is_woman
        words = {"he": ("he", "she"), "him": ("him", "her"), "his": ("his", "her"), "man": ("man", "woman")}
        words |= {
            "gent": ("gentleman", "lady"),
            "boy": ("boy", "girl"),
            "himself": ("himself", "herself"),
            "son": ("son", "daughter"),
        }
        words |= {word.capitalize(): (a.capitalize(), b.capitalize()) for word, (a, b) in words.items()}
        if slot in words:
            return [Piece(words[slot][woman])]
        return makers[slot]()

    def _clock(self) -> str:
        self.minute += self.rng.randint(1, 14)
        return self.clock_form.format(self.minute // 60, self.minute % 60)

    def _birthday(self) -> date:
        born = self.today.year - self.age
        return date(born, 1, 1) + timedelta(days=self.rng.randint(0, (self.today - date(self.today.year, 1, 1)).days))

    def _town(self) -> tuple[str, str]:
        town, _, code = self.rng.choice(self.place["towns"].split(";")).partition("|")
        return town, fill(code, self.rng)

    def _hospitals(self) -> str:
        return {"us": BODIES["hospital_us"]}.get(
            self.country,
            BODIES["hospital_en"] if self.country in ("uk", "ie", "au", "nz", "ca", "za") else BODIES["hospital_other"],
        )

    def _hospital(self) -> list[Piece]:
        self.hospital = self.hospital or self._body(self._hospitals())
        return [Piece(self.hospital, "hospital")]

    def _body(self, bodies: str) -> str:
        body = self.rng.choice(bodies.split(";"))
        return body.format(town=self._town()[0], last=self.person(f"namesake{self.rng.randint(1, 999)}").last)

    def _address(self) -> list[Piece]:
        street = Piece(fill(self.rng.choice(self.place["streets"].split(";")), self.rng), "street")
        town, code = Piece(self.town, "town"), Piece(self.postcode, "postcode")
        region = Piece(self.rng.choice(self.place["regions"].split(";")), "region")
        gap = Piece(", ")
        if self.country in ("de", "fr", "nl", "es", "se"):
            return [street, gap, code, Piece(" "), town]
        if self.country in ("us", "ca", "au"):
            return [street, gap, town, gap if self.country == "us" else Piece(" "), region, Piece(" "), code]
        tail = [Piece(self.rng.choice((", ", " "))), code] if code.text else []
        return [street, gap, town, *([gap, region] if self.rng.random() < 0.2 else []), *tail]

    def _domain(self) -> str:
        host = self.rng.choice(
            ("larchmail", "northclinic", "postbox", "wardlink", "gmx", "outlook", "trustmail", "bluepost")
        )
        return f"{host}.{self.rng.choice(self.place['tld'].split(';'))}"

    def _mailbox(self) -> str:
        rng = self.rng
        role = rng.choice(("bookings", "secretary.ent", "ward7", "safeguarding", "results", "wound.team"))
        local = rng.choice((self.login(f"staff{rng.randint(1, 99)}"), self.login("pt") + str(rng.randint(1, 99)), role))
        return f"{local}@{self._domain()}"

    def _link(self) -> str:
        rng = self.rng
        paths = (
            "",
            "/portal",
            f"/r/{fill('@@###^^', rng)}",
            f"/patients/{fill('%####', rng)}",
            "/join?id=" + fill("######", rng),
        )
        return rng.choice(("https://", "http://", "www.", "https://my.")) + self._domain() + rng.choice(paths)

    def _handle(self) -> str:
        rng = self.rng
        person = self.patient if rng.random() < 0.5 else self.person(f"staff{rng.randint(1, 99)}")
        stem = rng.choice(
            (_plain(person.first), _plain(person.last), _plain(person.first)[:4] + _plain(person.last)[:4])
        )
        return (
            "@"
            + stem
            + rng.choice(("", "_", "."))
            + rng.choice((fill("##", rng), "real", "bakes", "runs", "x", "mum", fill("%%#", rng)))
        )

    def _file(self) -> list[Piece]:
        rng = self.rng
        person = self.patient if rng.random() < 0.7 else self.person(f"staff{rng.randint(1, 99)}")
        last, first = _plain(person.last), _plain(person.first)
        name = rng.choice(
            (last, last.upper(), f"{last}_{first}", f"{last.capitalize()}-{first[0].upper()}", f"{first}{last}")
        )
        before, after = rng.choice(NUMBERS["file"].split(";")).split("|")
        return [Piece(fill(before, rng)), Piece(name, "name_in_file"), Piece(fill(after, rng))]


def _plain(name: str) -> str:
    letters = "".join(
        c for c in unicodedata.normalize("NFD", name.lower().translate(PLAIN_LETTERS)) if c.isascii() and c.isalpha()
    )
    return letters or "guest"
