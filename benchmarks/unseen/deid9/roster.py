"""The people, places, dates and numbers of one note, kept to one country and one patient."""

from __future__ import annotations

import random
import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent / "data"
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
SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
OVER_89 = (90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103)
ONES = [
    "ninety",
    "ninety-one",
    "ninety-two",
    "ninety-three",
    "ninety-four",
    "ninety-five",
    "ninety-six",
    "ninety-seven",
    "ninety-eight",
]


@dataclass(frozen=True)
class Piece:
    """A stretch of text and, when it is an identifier, its kind."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Person:
    """A name of one culture."""

    first: str
    last: str
    middle: str
    male: bool


# The kind of each slot whose text is one mark; slots that give several pieces are named with their rarest kind.
SLOT_KINDS: dict[str, str] = {
    **dict.fromkeys(("pt", "pt_f", "pt_l", "pt_cf", "pt_caps", "pt_m", "pt_fi", "pt_il"), "name_patient"),
    **dict.fromkeys(("dr", "dr_f", "dr_l", "dr_cf", "dr_il", "dr_caps", "dr_fi"), "name_clinician"),
    **dict.fromkeys(("rel", "rel_m", "rel_w", "rel_l", "rel_f"), "name_relative"),
    **dict.fromkeys(("bare", "bare_f", "bare_l", "bare_m", "bare_w", "bare_cf", "bare_il"), "name_bare"),
    **dict.fromkeys(("ini", "ini_p", "ini_s", "ini_d", "ini_l"), "name_initials"),
    **dict.fromkeys(("file", "login"), "name_in_file"),
    **dict.fromkeys(("d", "dob", "dlong", "diso", "dshort", "d_old"), "date_full"),
    **dict.fromkeys(("dp", "dp_w", "dp_my"), "date_partial"),
    "drange": "date_range",
    **dict.fromkeys(("dodd", "dhol", "dord", "dsep"), "date_odd"),
    **dict.fromkeys(("a90", "a90w", "a90o"), "age90"),
    "ph": "phone", "ph2": "phone", "ext": "phone", "fax": "fax_pager", "pager": "fax_pager",
    "email": "email", "url": "url_handle", "handle": "url_handle",
    "mrn": "id_record", "acc": "id_record", "enc": "id_record", "nid": "id_national", "nidl": "id_national",
    "acct": "id_account", "claim": "id_account", "lic": "id_account",
    "dev": "id_device", "lot": "id_device", "plate": "id_device", "net": "id_device", "study": "id_device",
    "street": "street", "street_h": "street", "pobox": "street", "town": "town", "zip": "postcode",
    "addr": "street", "addr_nl": "street", "addr_tz": "postcode",
    "hosp": "hospital", "clinic": "hospital", "home": "hospital", "unit": "hospital",
    "emp": "employer", "school": "employer", "mil": "employer",
    "org": "org_other", "ins": "org_other", "pharm": "org_other",
    "wd": "weekday", "mo": "month", "yr": "year", "region": "region",
}  # fmt: skip


def load() -> dict[str, Any]:
    """Reads the data files."""
    out: dict[str, Any] = {}
    for path in sorted(DATA.glob("*.toml")):
        for key, value in tomllib.loads(path.read_text(encoding="utf-8")).items():
            out.setdefault(key, {}).update(value)
    return out


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _plain(text: str) -> str:
    text = text.replace("ł", "l").replace("ø", "o").replace("ß", "ss").replace("ı", "i")
    folded = unicodedata.normalize("NFKD", text)
    return re.sub(r"[^A-Za-z]", "", folded).lower()


class Roster:
    """Fills slots for one note."""

    def __init__(self, rng: random.Random, data: dict[str, Any], place: str) -> None:
        self.rng = rng
        self.data = data
        self.place = place
        self.here = data["place"][place]
        self.today = date(rng.randint(2014, 2025), rng.randint(1, 12), rng.randint(1, 28))
        self.male = rng.random() < 0.5
        self.patient = self._person(self.male)
        self.age = rng.choice(OVER_89) if rng.random() < 0.1 else rng.randint(19, 86)
        self.born = date(self.today.year - self.age, rng.randint(1, 12), rng.randint(1, 28))
        self.doctors = [self._person() for _ in range(3)]
        self.fixed: dict[str, str] = {}
        self.style = rng.choice(self.here["dates"])

    def slot(self, name: str) -> list[Piece]:
        """Returns the pieces of a slot."""
        maker: Callable[[], list[Piece] | str] = getattr(self, f"_slot_{name}", None) or (lambda: self._value(name))
        made = maker()
        return made if isinstance(made, list) else self._marked(made, SLOT_KINDS[name])

    @staticmethod
    def _marked(text: str, kind: str) -> list[Piece]:
        """Marks a text but for its article and for what stands between « and »."""
        text = re.sub(r"^the ", "«the »", text)
        parts = re.split(r"«([^»]*)»", text)
        return [Piece(part, "" if at % 2 else kind) for at, part in enumerate(parts) if part]

    # Names

    def _person(self, male: bool | None = None) -> Person:
        rng = self.rng
        male = rng.random() < 0.5 if male is None else male
        own = self.here["cultures"]
        culture = rng.choice(own if rng.random() < 0.75 else list(self.data["culture"]))
        names = self.data["culture"][culture]
        first = rng.choice(_words(names["men" if male else "women"]))
        last = rng.choice(_words(names["family" if male or "family_w" not in names else "family_w"]))
        if rng.random() < 0.06 and culture in ("us", "anglo", "plainwords", "latino", "french"):
            last += "-" + rng.choice(_words(names["family"]))
        return Person(first, last, rng.choice(LETTERS), male)

    def _forms(self, who: Person, form: str) -> str:
        rng = self.rng
        full = f"{who.first} {who.last}"
        return {
            "full": full if rng.random() < 0.85 else f"{who.first} {who.middle}. {who.last}",
            "f": who.first,
            "l": who.last,
            "m": f"{who.first} {who.middle}. {who.last}",
            "cf": f"{who.last}, {who.first}" + rng.choice(("", "", f" {who.middle}", f" {who.middle}.")),
            "caps": f"{who.last.upper()}, {who.first.upper()}",
            "il": f"{who.first[0]}. {who.last}",
            "fi": f"{who.first} {who.last[0]}.",
        }[form]

    def _value(self, name: str) -> str:
        rng = self.rng
        head, _, form = name.partition("_")
        if head == "pt":
            return self._forms(self.patient, form or "full")
        if head == "dr":
            return self._forms(rng.choice(self.doctors), form or "full")
        if head in ("rel", "bare"):
            male = {"m": True, "w": False}.get(form)
            who = self._person(male)
            if head == "rel" and rng.random() < 0.4:
                who = Person(who.first, self.patient.last, who.middle, who.male)
            return self._forms(who, "f" if male is not None else form or "full")
        if head == "ini":
            return self._initials(form)
        return self._number(name)

    def _initials(self, form: str) -> str:
        rng = self.rng
        who = self.patient if form in ("p", "d") else rng.choice([*self.doctors, self._person()])
        letters = [_plain(who.first)[:1].upper() or "K", _plain(who.last)[:1].upper() or "M"]
        if rng.random() < 0.4:
            letters.insert(1, who.middle)
        if form == "l":
            return "".join(letters).lower()
        if form == "s":
            return "".join(letters)
        if form == "d":
            return "".join(letter + "." for letter in letters)
        shape = rng.choice(("plain", "plain", "dots", "spaced", "hyphen", "low"))
        joined = {"plain": "".join(letters), "spaced": ". ".join(letters) + ".", "hyphen": "-".join(letters)}
        joined |= {"dots": ".".join(letters) + ".", "low": "".join(letters).lower()}
        return joined[shape]

    def _slot_file(self) -> list[Piece]:
        return self._stem(self.rng.choice(self.data["forms"]["files"]))

    def _slot_login(self) -> list[Piece]:
        return self._stem(self.rng.choice(self.data["forms"]["logins"]))

    def _stem(self, pattern: str) -> list[Piece]:
        """Fills a file name: F, L, I stand between tildes for first, last name and initial, D for a date."""
        who = self.patient if self.rng.random() < 0.6 else self._person()
        first, last = _plain(who.first).capitalize() or "Kim", _plain(who.last).capitalize() or "Lund"
        out: list[Piece] = []
        for part in re.split(r"(~[^~]+~)", pattern):
            if not part.startswith("~"):
                if part:
                    out.append(Piece(self._digits(part)))
            elif part == "~D~":
                out.append(Piece(self._day().strftime("%Y%m%d"), "date_full"))
            else:
                values = {"F": first, "L": last, "I": first[0]}
                values |= {key.lower(): value.lower() for key, value in values.items()}
                text = "".join(values.get(letter, letter) for letter in part.strip("~"))
                out.append(Piece(text, "name_in_file"))
        return out

    # Dates

    def _day(self) -> date:
        return self.today - timedelta(days=int(self.rng.expovariate(1 / 60)))

    def _write_day(self, day: date, style: str) -> str:
        d, m, y = day.day, day.month, day.year
        return {
            "mdy": f"{m:02d}/{d:02d}/{y}",
            "m/d/y": f"{m}/{d}/{y % 100:02d}",
            "m-d-y": f"{m}-{d:02d}-{y}",
            "Mdy": f"{MONTHS[m - 1]} {d}, {y}",
            "mon": f"{SHORT[m - 1]} {d}, {y}",
            "dmy/": f"{d:02d}/{m:02d}/{y}",
            "dmy.": f"{d:02d}.{m:02d}.{y}",
            "d.m.y": f"{d}.{m}.{y % 100:02d}",
            "dmy-": f"{d:02d}-{m:02d}-{y}",
            "dMy": f"{d} {MONTHS[m - 1]} {y}",
            "dd-Mon": f"{d:02d}-{SHORT[m - 1]}-{y}",
            "ddMONyy": f"{d:02d}{SHORT[m - 1].upper()}{y % 100:02d}",
            "iso": f"{y}-{m:02d}-{d:02d}",
            "y/m/d": f"{y}/{m:02d}/{d:02d}",
            "y.m.d": f"{y}.{m:02d}.{d:02d}",
        }[style]

    def _slot_d(self) -> str:
        style = self.style if self.rng.random() < 0.7 else self.rng.choice(self.here["dates"])
        day = self._day()
        text = self._write_day(day, style)
        return f"{DAYS[day.weekday()]}, {text}" if self.rng.random() < 0.05 else text

    def _slot_dob(self) -> str:
        return self._write_day(self.born, self.style)

    def _slot_dlong(self) -> str:
        return self._write_day(self._day(), "Mdy" if self.place == "US" else "dMy")

    def _slot_diso(self) -> str:
        return self._write_day(self._day(), "iso")

    def _slot_dshort(self) -> str:
        return self._write_day(self._day(), "m/d/y" if self.place == "US" else "dmy/")

    def _slot_d_old(self) -> str:
        return self._write_day(self._day() - timedelta(days=self.rng.randint(800, 9000)), self.style)

    def _part(self, day: date) -> str:
        d, month, short = day.day, MONTHS[day.month - 1], SHORT[day.month - 1]
        if self.place == "US":
            forms = (
                f"{day.month}/{d}",
                f"{day.month:02d}/{d:02d}",
                f"{month} {d}",
                f"{short} {d}",
                f"{month} {_nth(d)}",
            )
        else:
            forms = (f"{d} {month}", f"{d} {short}", f"{_nth(d)} {month}", f"{_nth(d)} of {month}", f"{d}/{day.month}")
        return self.rng.choice(forms)

    def _slot_dp(self) -> str:
        return self._part(self._day())

    def _slot_dp_w(self) -> str:
        day = self._day()
        name = DAYS[day.weekday()]
        return self.rng.choice(
            (f"{name} {self._part(day)}", f"{name[:3]} {self._part(day)}", f"{name}, {self._part(day)}")
        )

    def _slot_dp_my(self) -> str:
        day = self._day()
        month, short = MONTHS[day.month - 1], SHORT[day.month - 1]
        forms = (
            f"{month} {day.year}",
            f"{short} {day.year}",
            f"{day.month:02d}/{day.year}",
            f"{short} '{day.year % 100:02d}",
        )
        return self.rng.choice((*forms, f"{month} of {day.year}"))

    def _slot_drange(self) -> str:
        one = self._day()
        two = one + timedelta(days=self.rng.randint(2, 12))
        a, b, style = self._part(one), self._part(two), self.style
        full_a, full_b = self._write_day(one, style), self._write_day(two, style)
        forms = [f"{full_a} - {full_b}", f"{full_a} to {full_b}", f"{full_a}-{full_b}", f"{full_a} through {full_b}"]
        forms += [f"{full_a} -> {full_b}", f"{full_a} thru {full_b}", f"{full_a} until {full_b}", f"{a} to {b}"]
        if one.month == two.month:
            month = MONTHS[one.month - 1]
            if self.place == "US":
                forms += [f"{month} {one.day}-{two.day}", f"{month} {one.day} to {two.day}, {one.year}"]
                forms += [f"{one.month}/{one.day}-{two.day}", f"{month} {one.day}–{two.day}, {one.year}"]
            else:
                forms += [f"{one.day}-{two.day} {month}", f"{one.day}.-{two.day}.{one.month:02d}.{one.year}"]
                forms += [f"{one.day} to {two.day} {month} {one.year}", f"{_nth(one.day)}-{_nth(two.day)} {month}"]
        if one.month != two.month:
            forms += [f"{MONTHS[one.month - 1]} to {MONTHS[two.month - 1]} {two.year}"]
        return self.rng.choice(forms)

    def _slot_dodd(self) -> str:
        return self.rng.choice((self._slot_dhol, self._slot_dord, self._slot_dsep, self._slot_dord, self._slot_dsep))()

    def _slot_dhol(self) -> str:
        pick = self.rng.choice(self.here.get("holidays", []) + self.data["forms"]["holidays"])
        return f"{pick} {self._day().year}" if self.rng.random() < 0.2 else str(pick)

    def _slot_dord(self) -> str:
        day = self._day()
        name, nth = DAYS[day.weekday()], _nth(day.day)
        forms = (f"{name} the {nth}", f"{name[:3]} {nth}", f"{name[:3]} the {nth}", f"the {nth}", f"{nth}« inst»")
        return self.rng.choice((*forms, f"{name}, the {nth} of {MONTHS[day.month - 1]}", f"{name} ({nth})"))

    def _slot_dsep(self) -> str:
        day = self._day()
        d, m, y = day.day, day.month, day.year
        a, b = (m, d) if self.place == "US" else (d, m)
        short = SHORT[m - 1]
        forms = (
            f"{a:02d}|{b:02d}|{y}", f"{a}\\{b}\\{y}", f"{a:02d} {b:02d} {y}", f"{a} . {b} . {y}",
            f"{short}/{d:02d}/{y}",
            f"{y}{m:02d}{d:02d}", f"{a:02d}{b:02d}{y % 100:02d}", f"{y}-{short}-{d:02d}", f"{a} - {b} - {y % 100:02d}",
            f"{short}.{d}.{y}", f"{d}{short}", f"{y}-W{day.isocalendar().week:02d}", f"{a}_{b}_{y % 100:02d}",
            f"week {day.isocalendar().week}/{y}", f"{d}-{short.lower()}-'{y % 100:02d}", f"{a:02d}:{b:02d}:{y}",
        )  # fmt: skip
        return self.rng.choice(forms)

    def _slot_wd(self) -> str:
        return self.rng.choice(DAYS)

    def _slot_mo(self) -> str:
        return self.rng.choice([month for month in MONTHS if month not in ("May", "March")])

    def _slot_yr(self) -> str:
        return str(self.today.year - self.rng.randint(1, 25))

    # Ages and grammar

    def _slot_age(self) -> list[Piece]:
        return [Piece(str(self.age), "age90" if self.age > 89 else "")]

    def _slot_a90(self) -> str:
        return str(self.rng.choice(OVER_89))

    def _slot_a90w(self) -> str:
        return self.rng.choice([*ONES, "ninety-nine", "one hundred", "one hundred and one"])

    def _slot_a90o(self) -> str:
        return _nth(self.rng.choice(OVER_89))

    def _slot_he(self) -> list[Piece]:
        return [Piece("he" if self.male else "she")]

    def _slot_He(self) -> list[Piece]:
        return [Piece("He" if self.male else "She")]

    def _slot_his(self) -> list[Piece]:
        return [Piece("his" if self.male else "her")]

    def _slot_His(self) -> list[Piece]:
        return [Piece("His" if self.male else "Her")]

    def _slot_him(self) -> list[Piece]:
        return [Piece("him" if self.male else "her")]

    def _slot_sex(self) -> list[Piece]:
        return [Piece("M" if self.male else "F")]

    def _slot_man(self) -> list[Piece]:
        return [Piece("man" if self.male else "woman")]

    def _slot_male(self) -> list[Piece]:
        return [Piece("male" if self.male else "female")]

    def _slot_Mr(self) -> list[Piece]:
        titles = self.here.get("titles", ["Mr.", "Ms."])
        return [Piece(titles[0] if self.male else self.rng.choice(titles[1:]))]

    def _slot_n(self) -> list[Piece]:
        return [Piece(str(self.rng.randint(2, 9)))]

    def _slot_nn(self) -> list[Piece]:
        return [Piece(str(self.rng.randint(11, 88)))]

    def _slot_time(self) -> list[Piece]:
        return [Piece(f"{self.rng.randint(0, 23):02d}{self.rng.choice((':', ':', ''))}{self.rng.randint(0, 59):02d}")]

    def _slot_bp(self) -> list[Piece]:
        return [Piece(f"{self.rng.randint(96, 178)}/{self.rng.randint(50, 98)}")]

    # Numbers and places

    def _digits(self, pattern: str) -> str:
        rng = self.rng
        swap = {
            "#": lambda: str(rng.randint(0, 9)),
            "%": lambda: str(rng.randint(1, 9)),
            "@": lambda: rng.choice(LETTERS),
        }
        return "".join(swap[char]() if char in swap else char for char in pattern)

    def _number(self, name: str) -> str:
        if name in ("mrn", "zip", "town") and name in self.fixed and self.rng.random() < 0.6:
            return self.fixed[name]
        source = self.here.get(name) or self.data["forms"][name]
        if name in self.here and name in self.data["forms"] and self.rng.random() < 0.5:
            source = self.data["forms"][name]
        text = self._digits(self.rng.choice(source))
        self.fixed.setdefault(name, text)
        return text

    def _slot_ph2(self) -> str:
        return self._number("ph")

    def _slot_fax(self) -> str:
        return self._number("ph")

    def _slot_email(self) -> str:
        who = self.rng.choice([self.patient, *self.doctors, self._person()])
        first, last = _plain(who.first) or "kim", _plain(who.last) or "lund"
        form = self.rng.choice(self.data["forms"]["mailboxes"])
        form = form.replace("FIRST", first).replace("LAST", last).replace("INI", first[0])
        return "@".join(self._digits(part) for part in form.split("@"))

    def _slot_handle(self) -> str:
        who = self.rng.choice([self.patient, self._person()])
        first, last = _plain(who.first) or "kim", _plain(who.last) or "lund"
        form = self.rng.choice(self.data["forms"]["handles"])
        return self._digits(form.replace("FIRST", first).replace("LAST", last)).replace("ATSIGN", "@")

    def _slot_nidl(self) -> list[Piece]:
        label, _, pattern = self.rng.choice(self.here["nid"]).rpartition("=")
        return [Piece(label + " "), Piece(self._digits(pattern), "id_national")]

    def _slot_nid(self) -> str:
        return self._digits(self.rng.choice(self.here["nid"]).rpartition("=")[2])

    def _slot_pobox(self) -> str:
        return self._digits(self.rng.choice(self.here.get("pobox") or ["P.O. Box ###"]))

    def _slot_street_h(self) -> str:
        return str(self.rng.choice(self.here["lanes"]))

    def _slot_addr(self) -> list[Piece]:
        return self._address(", ")

    def _slot_addr_nl(self) -> list[Piece]:
        return self._address("\n")

    def _slot_addr_tz(self) -> list[Piece]:
        return self._address("")

    def _address(self, glue: str) -> list[Piece]:
        out = [*self._marked(self._number("street"), "street"), Piece(glue)] if glue else []
        for token in self.here["layout"].split("|"):
            if token == "T":
                out += self._marked(self._number("town"), "town")
            elif token == "R":
                out += self._marked(self.rng.choice(self.here["region"]), "region")
            elif token == "Z":
                out += self._marked(self._number("zip"), "postcode")
            else:
                out.append(Piece(token))
        return out


def _nth(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
