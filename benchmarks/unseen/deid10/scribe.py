"""Takes a frame, fills its slots, adds sentences, and hands out notes that pass the checks."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from blots import blotted
from check import faults_of
from data import DATA, filled, items, lines_of, medicine, table
from folk import Company, Person, listed, ordinal
from marks import COUNTED, bare, kinds_in, mark, mark_after, settle

CHOICE = re.compile(r"\[\[((?:(?!\[\[|\]\]).)*)\]\]", re.DOTALL)
SLOT = re.compile(r"\{([^{}]+)\}")
BODY = re.compile(r"<<([-*#>;./]?)([STFPQRMLKOBG])(\d+)(?:-(\d+))?>>")
HEAD = re.compile(r"^([STF])(?: ([a-z]+))?(?: @([a-z,]+))?: (.+)$", re.DOTALL)
FRAME = re.compile(r"^=== (.+)$")
NAMES = {
    "p": "name_patient",
    "c": "name_clinician",
    "k": "name_clinician",
    "r": "name_relative",
    "x": "name_bare",
    "y": "name_bare",
}
FITS = {"n": "nkz", "c": "ckz", "a": "ayz", "f": "afywz", "o": "aoz"}
PLAIN_SHARE = {"S": 0.5, "T": 0.5, "F": 0.4}
MORE_PLAIN = {"S": 0.6, "P": 0.5, "T": 0.35, "Q": 0.35, "F": 0.1, "R": 0.1, "M": 0.3}
TERMS = {"K": {"eponym"}, "O": {"procedures"}, "B": {"brands", "inhalers"}, "G": {"organisms"}}
NUMBERS = {
    "mrn": ("id_record", "record", "mrn"),
    "acc": ("id_record", "record", "accession"),
    "epi": ("id_record", "record", "episode"),
    "smp": ("id_record", "record", "sample"),
    "ref": ("id_record", "record", "referral"),
    "stu": ("id_record", "record", "study"),
    "pol": ("id_account", "account", "policy"),
    "clm": ("id_account", "account", "claim"),
    "bnk": ("id_account", "account", "bank"),
    "lic": ("id_account", "account", "licence"),
    "pas": ("id_account", "account", "passport"),
    "utl": ("id_account", "account", "utility"),
    "ser": ("id_device", "device", "serial"),
    "udi": ("id_device", "device", "udi"),
    "ip": ("id_device", "device", "ip"),
    "mac": ("id_device", "device", "mac"),
    "imei": ("id_device", "device", "imei"),
    "vin": ("id_device", "device", "vin"),
    "ast": ("id_device", "device", "asset"),
}
KIND_OF = {slot: kinds[0] for slot, kinds in NUMBERS.items()} | {
    "d": "date_full",
    "today": "date_full",
    "dob": "date_full",
    "next": "date_full",
    "dw": "date_full",
    "dp": "date_partial",
    "dr": "date_range",
    "do": "date_odd",
    "hol": "date_odd",
    "old": "age90",
    "oldw": "age90",
    "oldth": "age90",
    "ph": "phone",
    "ext": "phone",
    "fax": "fax_pager",
    "bleep": "fax_pager",
    "em": "email",
    "url": "url_handle",
    "hd": "url_handle",
    "nat": "id_national",
    "natv": "id_national",
    "plate": "id_device",
    "st": "street",
    "stn": "street",
    "addr": "street",
    "addrnl": "street",
    "town": "town",
    "zip": "postcode",
    "hosp": "hospital",
    "hosp2": "hospital",
    "home": "hospital",
    "emp": "employer",
    "sch": "org_other",
    "org": "org_other",
    "file": "name_in_file",
    "nick": "name_bare",
    "ini": "name_initials",
    "inip": "name_initials",
}


@dataclass(frozen=True)
class Sentence:
    """A sentence of the data files."""

    text: str
    form: str
    tags: str
    lands: tuple[str, ...]
    themes: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Frame:
    """A note's frame, with the countries, ages and matters it is for."""

    style: str
    lands: tuple[str, ...]
    ages: str
    themes: tuple[str, ...]
    fixed: bool
    text: str


def slot_kinds(text: str) -> tuple[str, ...]:
    """Lists the kinds that the slots of a text stand for."""
    kinds = []
    for slot in SLOT.findall(text):
        if slot.startswith("="):
            kinds.append(slot[1:].split(":")[0])
            continue
        name, _, form = slot.partition(".")
        if "!" in form:
            kinds.append("name_" + form.split("!")[1])
        elif form and name.rstrip("123") in NAMES:
            kinds.append(NAMES[name.rstrip("123")])
        elif name in KIND_OF:
            kinds.append(KIND_OF[name])
            if name in ("addr", "addrnl"):
                kinds += ["town", "postcode"]
    return tuple(kinds)


@cache
def sentences(stem: str, form: str) -> tuple[Sentence, ...]:
    """Reads the sentences of one form from the files that begin with a stem."""
    found, themes = [], ("any",)
    for line in lines_of(stem):
        if line.startswith("% "):
            themes = items(line[2:])
            continue
        head = HEAD.match(line)
        if head is None:
            raise ValueError(f"no sentence: {line}")
        if head.group(1) == form:
            lands = items(head.group(3) or "")
            text, tags = head.group(4), head.group(2) or ""
            kinds = slot_kinds(text) + (("age90",) * ("{age}" in text) if tags == "o" else ())
            found.append(Sentence(text, form, tags, lands, themes, kinds))
    return tuple(found)


@cache
def frames() -> tuple[Frame, ...]:
    """Reads all frames: ``=== style | countries | ages | matters | fixed``, then the text."""
    found: list[Frame] = []
    head: list[str] | None = None
    body: list[str] = []

    def close() -> None:
        if head:
            lands = items(head[1]) if head[1] != "*" else ()
            text = "\n".join(body).strip("\n")
            found.append(Frame(head[0], lands, head[2], items(head[3]), head[4:] == ["fixed"], text))

    for path in sorted(DATA.glob("frames_*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            start = FRAME.match(line)
            if start:
                close()
                head, body = [part.strip() for part in start.group(1).split("|")], []
            elif not line.startswith("//"):
                body.append(line)
        close()
        head, body = None, []
    return tuple(found)


class Tally:
    """How often each kind, sentence and term has been used so far."""

    def __init__(self, notes: int) -> None:
        self.kinds: Counter[str] = Counter()
        self.uses: Counter[str] = Counter()
        self.notes = notes
        self.done = 0

    def need(self, kind: str) -> float:
        """Says how far a kind lags behind, from 0.05 (not at all) to 2."""
        due = 0.36 * (self.done + 8)
        return min(2.0, max(0.05, 1.6 - self.kinds[kind] / due)) if kind in COUNTED else 0.05


class Writer:
    """Writes one note."""

    def __init__(self, rng: random.Random, frame: Frame, company: Company, tally: Tally) -> None:
        self.rng, self.frame, self.company, self.tally = rng, frame, company, tally
        self.used: list[str] = []
        self.spent: set[str] = set()

    # choosing sentences

    def fits(self, sentence: Sentence) -> bool:
        """Says whether a sentence fits the note's patient and country."""
        company = self.company
        if sentence.lands and company.land not in sentence.lands:
            return False
        if sentence.text in self.spent:
            return False
        tags = sentence.tags
        if not tags:
            return company.age_class != "n"
        if "w" in tags or "m" in tags:
            if company.age_class in "nc" or ("w" if company.sex == "f" else "m") not in tags:
                return False
            tags = tags.replace("w", "").replace("m", "")
            if not tags:
                return True
        return any(tag in FITS[company.age_class] for tag in tags)

    def choose(self, stem: str, form: str) -> str:
        """Draws a sentence that fits, rather a rare one and of kinds that lag behind."""
        pool, weights = [], []
        for sentence in sentences(stem, form):
            if not self.fits(sentence):
                continue
            weight = 1.0 / (1 + self.tally.uses[sentence.text]) ** 2
            if "any" not in sentence.themes:
                weight *= 3.0 if set(sentence.themes) & set(self.frame.themes) else 0.02
            if stem == "lines_":
                needs = [self.tally.need(kind) for kind in sentence.kinds] or [0.5]
                weight *= (max(needs) + sum(needs) / len(needs)) ** 2
            pool.append(sentence)
            weights.append(weight)
        if not pool:
            self.spent.clear()
            return self.choose(stem, form)
        sentence = self.rng.choices(pool, weights)[0]
        self.used.append(sentence.text)
        self.spent.add(sentence.text)
        return self.filled_in(sentence.text)

    def term(self, column: str, kinds: set[str] | None = None) -> str:
        """Draws a term that must survive, or a text that holds one."""
        rows = [row for row in medicine() if not kinds or row["kind"] in kinds]
        weights = [1.0 / (1 + self.tally.uses[row["term"]]) ** 2 for row in rows]
        row = self.rng.choices(rows, weights)[0]
        self.used.append(row["term"])
        return row[column]

    def one(self, what: str) -> str:
        """Writes one sentence of the form that a letter stands for."""
        if what == "M":
            return self.term("context_sentence")
        if what == "L":
            return self.term("list_line")
        if what in TERMS:
            return self.term("term", TERMS[what])
        forms = {"P": "S", "Q": "T", "R": "F"}
        if what in forms or self.rng.random() < PLAIN_SHARE[what]:
            form = forms.get(what, what)
            if form == "S" and self.rng.random() < 0.27:
                return self.term("context_sentence")
            return self.choose("plain_", form)
        return self.choose("lines_", what)

    def body(self, found: re.Match[str]) -> str:
        """Writes the sentences that a frame asks for in one place."""
        rng = self.rng
        bullet, what, low, high = found.groups()
        count = rng.randint(int(low), int(high or low))
        parts = []
        for _ in range(count):
            parts.append(self.one(what))
            while not bullet and rng.random() < MORE_PLAIN.get(what, 0):
                parts.append(self.one({"S": "P", "T": "Q", "F": "R", "M": "P"}.get(what, what)))
        if bullet == ";":
            return "; ".join(part.rstrip(".") for part in parts)
        if bullet == "/":
            return " / ".join(part.rstrip(".") for part in parts)
        if bullet == ".":
            return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts)
        if bullet == "#":
            return "\n".join(f"{number}. {part}" for number, part in enumerate(parts, 1))
        if bullet:
            sign = {"-": "- ", "*": "• ", ">": "> "}[bullet]
            return "\n".join(sign + part for part in parts)
        return (" " if what in "SPM" else "\n").join(parts)

    # filling slots

    def filled_in(self, text: str) -> str:
        """Draws the choices of a text and fills its slots; people stay the same within it."""
        while CHOICE.search(text):
            text = CHOICE.sub(lambda found: self.rng.choice(found.group(1).split("|")), text)
        bound: dict[str, Person] = {}
        text = SLOT.sub(lambda found: self.slot(found.group(1), bound), text)
        return text[:1].upper() + text[1:] if text[:1] in "abcdefghijklmnopqrstuvwxyz" and text[1:2].islower() else text

    def person(self, name: str, bound: dict[str, Person]) -> Person:
        """Finds the person a slot means."""
        company = self.company
        if name not in bound:
            if name == "p":
                bound[name] = company.patient
            elif name[0] == "c":
                free = [one for one in company.clinicians if one not in bound.values()]
                bound[name] = self.rng.choice(free)
            elif name[0] == "r":
                free = [one for one in company.relatives if one not in bound.values()]
                bound[name] = self.rng.choice(free)
            else:
                bound[name] = company.somebody()
        return bound[name]

    def slot(self, slot: str, bound: dict[str, Person]) -> str:
        """Fills one slot."""
        if slot.startswith("="):
            kind, _, value = slot[1:].partition(":")
            return mark(kind, value)
        name, _, form = slot.partition(".")
        if form and name.rstrip("123") in NAMES:
            form, _, other = form.partition("!")
            kind = f"name_{other}" if other else NAMES[name.rstrip("123")]
            return self.company.written(self.person(name, bound), form, kind)
        if name in NUMBERS:
            kind, group, what = NUMBERS[name]
            return mark_after(kind, self.company.number(group, what))
        if ":" in slot:
            return self.amount(*slot.split(":"))
        role = self.role_slot(slot, bound)
        if role is not None:
            return role
        for fill in (self.patient_slot, self.date_slot, self.place_slot, self.contact_slot):
            value = fill(slot)
            if value is not None:
                return value
        raise ValueError(f"no such slot: {slot}")

    def amount(self, what: str, limits: str) -> str:
        """Draws a number within limits."""
        low, high = limits.split("-")
        if what == "n":
            return str(self.rng.randint(int(low), int(high)))
        return f"{self.rng.uniform(float(low), float(high)):.1f}"

    def role_slot(self, slot: str, bound: dict[str, Person]) -> str | None:
        """Fills slots about a relative's role and pronouns."""
        if slot.casefold() not in ("rel", "rhe", "rhis", "rhim", "rel2"):
            return None
        person = self.person("r2" if slot.casefold() == "rel2" else "r", bound)
        word = {
            "rel": person.role,
            "rel2": person.role,
            "rhe": "she" if person.sex == "f" else "he",
            "rhis": "her" if person.sex == "f" else "his",
            "rhim": "her" if person.sex == "f" else "him",
        }[slot.casefold()]
        return word.capitalize() if slot[0] == "R" else word

    def patient_slot(self, slot: str) -> str | None:
        """Fills slots about the patient's sex, age and initials."""
        company, rng, she = self.company, self.rng, self.company.sex == "f"
        man = {"n": ("baby girl", "baby boy"), "c": ("girl", "boy")}.get(company.age_class, ("woman", "man"))
        words = {
            "he": "she" if she else "he",
            "him": "her" if she else "him",
            "his": "her" if she else "his",
            "himself": "herself" if she else "himself",
            "man": man[0] if she else man[1],
            "sex": "female" if she else "male",
        }
        if slot.casefold() in words:
            return words[slot.casefold()].capitalize() if slot[0].isupper() else words[slot.casefold()]
        simple: dict[str, Callable[[], str]] = {
            "SX": lambda: "F" if she else "M",
            "age": lambda: mark("age90", str(company.age)) if company.age >= 90 else str(company.age),
            "old": lambda: mark("age90", str(company.old_age())),
            "oldw": lambda: mark("age90", listed("ages")[company.old_age() - 90]),
            "oldth": lambda: mark(
                "age90", rng.choice([listed("ordinals")[(old := company.old_age()) - 90], ordinal(old)])
            ),
            "ini": lambda: company.initials(rng.choice(company.clinicians)),
            "inip": lambda: company.initials(company.patient),
            "nick": lambda: mark("name_bare", rng.choice(items(table("mail")["nicks"]))),
        }
        return simple[slot]() if slot in simple else None

    def date_slot(self, slot: str) -> str | None:
        """Fills slots of dates and times."""
        company, rng = self.company, self.rng
        if slot in ("d", "today", "dob", "next"):
            day = {"d": company.near, "today": lambda: company.today, "dob": lambda: company.birth}.get(slot)
            if slot == "d" and rng.random() < 0.2:
                day = lambda: company.near(6000)  # noqa: E731
            return mark_after("date_full", company.dated("full", day() if day else company.coming()))
        if slot == "dw":
            day_ = company.near()
            return (
                mark("weekday", listed("days")[day_.weekday()]) + ", " + mark("date_full", company.dated("full", day_))
            )
        if slot in ("dp", "dr", "do"):
            kind, group = {"dp": ("date_partial", "partial"), "dr": ("date_range", "range"), "do": ("date_odd", "odd")}[
                slot
            ]
            return mark_after(kind, company.dated(group))
        simple: dict[str, Callable[[], str]] = {
            "hol": lambda: mark_after("date_odd", company.pick("holidays")),
            "wd": lambda: mark("weekday", rng.choice(listed("days"))),
            "mo": lambda: mark("month", rng.choice(listed("months"))),
            "yr": lambda: mark("year", str(company.today.year - rng.randint(1, max(2, min(40, company.age))))),
            "t": lambda: company.clock(),
            "bp": lambda: f"{rng.randint(96, 178)}/{rng.randint(52, 98)}",
        }
        return simple[slot]() if slot in simple else None

    def place_slot(self, slot: str) -> str | None:
        """Fills slots of places and bodies."""
        company, rng = self.company, self.rng
        town = company.home if rng.random() < 0.5 else rng.choice(company.towns)
        simple: dict[str, Callable[[], str]] = {
            "addr": company.address,
            "addrnl": lambda: company.address("\n"),
            "st": lambda: mark_after("street", company.street()),
            "stn": lambda: mark_after("street", rng.choice(items(company.facts["streets"]))),
            "town": lambda: mark("town", town[0]),
            "zip": lambda: mark("postcode", company.postcode(town)),
            "reg": lambda: mark("region", town[1]),
            "ctry": lambda: mark_after("region", rng.choice(items(company.facts["country"]))),
            "hosp": lambda: mark_after("hospital", company.hospital),
            "hosp2": lambda: mark_after("hospital", company.pick("hospitals")),
            "home": lambda: mark_after("hospital", company.pick("homes")),
            "emp": lambda: mark_after("employer", company.pick("employers")),
            "sch": lambda: mark_after("org_other", company.pick("schools")),
            "org": lambda: mark_after("org_other", company.pick("orgs")),
        }
        return simple[slot]() if slot in simple else None

    def contact_slot(self, slot: str) -> str | None:
        """Fills slots of telephones, mailboxes, pages, files and numbers of a country."""
        company, rng = self.company, self.rng
        simple: dict[str, Callable[[], str]] = {
            "ph": lambda: mark("phone", company.phone()),
            "ext": lambda: mark("phone", filled(rng, rng.choice(["%###", "%####", "%##", "%-####"]))),
            "fax": lambda: mark("fax_pager", company.phone()),
            "bleep": lambda: mark_after("fax_pager", company.pager()),
            "em": lambda: mark("email", company.mail("boxes")),
            "url": lambda: mark("url_handle", company.mail("urls")),
            "hd": lambda: mark("url_handle", company.mail("handles")),
            "file": company.file,
            "nat": lambda: company.national(True),
            "natv": lambda: company.national(False),
            "plate": lambda: mark("id_device", filled(rng, rng.choice(items(company.facts["plates"])))),
        }
        return simple[slot]() if slot in simple else None

    # the whole note

    def note(self) -> str:
        """Writes the note, with marks."""
        text = self.frame.text
        parts, last = [], 0
        bound: dict[str, Person] = {}
        while CHOICE.search(text):
            text = CHOICE.sub(lambda found: self.rng.choice(found.group(1).split("|")), text)
        for found in BODY.finditer(text):
            parts += [self.slots(text[last : found.start()], bound), self.body(found)]
            last = found.end()
        text = "".join([*parts, self.slots(text[last:], bound)])
        for _ in range(12):
            if len(bare(text).split()) >= 100:
                break
            text += "\n\n" + self.body(BODY.match("<<S3>>"))  # type: ignore[arg-type]
        return text

    def slots(self, text: str, bound: dict[str, Person]) -> str:
        """Fills the slots of a part of the frame; people stay the same in the whole frame."""
        return SLOT.sub(lambda found: self.slot(found.group(1), bound), text)


def draw_company(rng: random.Random, frame: Frame) -> Company:
    """Draws a country and a patient for a frame."""
    places = table("places")
    lands = frame.lands or tuple(places)
    land = rng.choices(lands, [places[one]["weight"] for one in lands])[0]
    ages = [letter for letter in frame.ages if letter in "ncafo"]
    age = rng.choice(ages)
    if age == "a" and rng.random() < 0.2:
        age = "o"
    sex = "f" if age == "f" or "w" in frame.ages else "m" if "m" in frame.ages else rng.choice("fm")
    return Company(rng, land, age, sex)


def write_notes(notes: int, seed: int) -> Iterator[dict[str, Any]]:
    """Writes so many notes; the same seed gives the same notes."""
    rng = random.Random(seed)
    tally = Tally(notes)
    queue: list[Frame] = []
    while tally.done < notes:
        if not queue:
            queue = list(frames())
            rng.shuffle(queue)
        frame = queue.pop()
        for _ in range(80):
            writer = Writer(rng, frame, draw_company(rng, frame), tally)
            marked = writer.note()
            text, spans = settle(blotted(rng, marked, frame.fixed))
            row = {"note_id": f"deid10-{tally.done + 1:05}", "style": frame.style, "text": text, "spans": spans}
            if faults_of(row):
                text, spans = settle(marked)
                row |= {"text": text, "spans": spans}
            if not faults_of(row):
                break
        else:
            raise RuntimeError(f"no sound note of {frame.style}: {faults_of(row)}")
        tally.done += 1
        tally.kinds.update(kinds_in(marked))
        tally.uses.update(writer.used)
        yield row
