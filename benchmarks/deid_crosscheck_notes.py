"""Notes with planted, invented identifiers and their exact spans: the cross-check of de-identification.

The carriers (sentences, headers, signatures), the stock of names and the background notes lie in ``deid_crosscheck/``.
They were written before the misses on any development data were looked at, from another stock than the product's
lists, so that recall here says how the rules generalize. Run alone, it writes JSON lines in ``phi.jsonl``'s format::

    python benchmarks/deid_crosscheck_notes.py --notes 200 --seed 1 --out crosscheck.jsonl
"""

import argparse
import json
import random
import re
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("deid_crosscheck")
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
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
STATES = {"MA", "TX", "OH", "CA", "NY", "PA"}
WORDS_90 = {90: "Ninety", 91: "Ninety-one", 92: "Ninety-two", 93: "Ninety-three", 94: "Ninety-four", 97: "Ninety-seven"}

Stock = dict[str, list[str]]
Plant = Callable[[random.Random, Stock], tuple[str, str]]


def _read_sections(path: Path) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if re.fullmatch(r"\[\w+\]", line):
            current = sections.setdefault(line[1:-1], [])
        else:
            current.append(line)
    return sections


def read_stock() -> Stock:
    """Return every kind of the invented stock with its entries."""
    return {
        kind: [entry.strip() if kind != "unit" else entry.rstrip() for line in lines for entry in line.split(" | ")]
        for kind, lines in _read_sections(FOLDER / "stock.txt").items()
    }


def read_carriers() -> dict[str, list[str]]:
    """Return the carriers: ``header``, ``sentence`` and ``footer``."""
    sections = _read_sections(FOLDER / "carriers.txt")
    return {kind: [line.replace("\\n", "\n") for line in lines] for kind, lines in sections.items()}


def read_backgrounds() -> list[str]:
    """Return the invented background notes, which hold no identifier."""
    lines = (FOLDER / "notes.txt").read_text(encoding="utf-8").splitlines()
    body = "\n".join(line for line in lines if not line.startswith("#"))
    return [note.strip() for note in body.split("%%")]


_TIME_OF_DAY = re.compile(r"(?: at |[ T])\d\d:\d\d\Z")  # no identifier beside a date, as in the i2b2 guidelines


def _digits(rng: random.Random, pattern: str) -> str:
    """Return ``pattern`` with 9 as any digit, 2 as a digit from 2, A as a capital letter; other characters stay."""
    table = {"9": string.digits, "2": "23456789", "A": "ABCDEFGHJKLMNPRSTUVWXYZ"}
    return "".join(rng.choice(table[c]) if c in table else c for c in pattern)


def _name(rng: random.Random, stock: Stock, form: str) -> str:
    first, last = rng.choice(stock["first"]), rng.choice(stock["last"])
    initial = rng.choice(string.ascii_uppercase)
    forms = {
        "first": first,
        "last": last,
        "full": rng.choice([f"{first} {last}"] * 4 + [f"{first} {initial}. {last}", f"{first[0]}. {last}"]),
        "full_middle": f"{first} {initial}. {last}",
        "full_upper": f"{first} {last}".upper(),
        "last_first": rng.choice([f"{last}, {first}", f"{last}, {first} {initial}"]),
        "last_first_upper": f"{last}, {first}".upper(),
    }
    return forms[form]


def _date(rng: random.Random, form: str) -> str:
    year, month, day = rng.randint(1935, 2023), rng.randint(1, 12), rng.randint(1, 28)
    name = MONTHS[month - 1]
    ending = "th" if 10 <= day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    clock = f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"
    forms: dict[str, list[str]] = {
        "num": [f"{month:02d}/{day:02d}/{year}", f"{month}/{day}/{year}", f"{month:02d}-{day:02d}-{year}"],
        "short": [f"{month}/{day}/{year % 100:02d}", f"{month:02d}/{day:02d}", f"{month}-{day}-{year % 100:02d}"],
        "iso": [f"{year}-{month:02d}-{day:02d}", f"{year}/{month:02d}/{day:02d}"],
        "dots": [f"{day:02d}.{month:02d}.{year}", f"{month:02d}.{day:02d}.{year}"],
        "dmy": [f"{day:02d}-{name[:3]}-{year}", f"{day} {name} {year}", f"{day:02d}{name[:3].upper()}{year}"],
        "long": [
            f"{name} {day}, {year}",
            f"{name[:3]} {day}, {year}",
            f"{name} {day}{ending}, {year}",
            f"{day} {name} {year}",
        ],
        "month_year": [f"{name} {year}", f"{name} of {year}", f"{month:02d}/{year}", f"{name[:3]}. {year}"],
        "month_day": [f"{name} {day}", f"{name} {day}{ending}", f"the {day}{ending} of {name}", f"{name[:3]} {day}"],
        "weekday": [
            f"{rng.choice(WEEKDAYS)}, {name} {day}, {year}",
            f"{rng.choice(WEEKDAYS)[:3]} {month}/{day}/{year % 100:02d}",
        ],
        "ordinal": [f"{day}{ending} of {name}", f"{day}{ending} {name}"],
        "time": [
            f"{month:02d}/{day:02d}/{year} {clock}",
            f"{year}-{month:02d}-{day:02d}T{clock}",
            f"{name} {day}, {year} at {clock}",
        ],
    }
    return rng.choice(forms[form])


def _contact(rng: random.Random, stock: Stock, form: str) -> str:
    first, last = (re.sub(r"\W", "", rng.choice(stock[kind])).lower() for kind in ("first", "last"))
    phones = [
        "(229) 299-9999",
        "229-299-9999",
        "229.299.9999",
        "299-9999",
        "+1 229 299 9999",
        "1-800-299-9999",
        "229 299 9999",
    ]
    forms = {
        "phone": lambda: _digits(rng, rng.choice(phones)),
        "phone_ext": lambda: _digits(
            rng, rng.choice(["(229) 299-9999 ext. 999", "229-299-9999 x9999", "299-9999 extension 99"])
        ),
        "pager": lambda: _digits(rng, rng.choice(["29999", "#9999", "229-9999", "99999"])),
        "email": lambda: (
            rng.choice([f"{first}.{last}", f"{first[0]}{last}", f"{last}_{first[0]}"])
            + "@"
            + rng.choice(stock["mail_host"])
        ),
        "url": lambda: rng.choice(stock["url"]),
        "ip": lambda: ".".join(str(rng.randint(11, 250)) for _ in range(4)),
    }
    return forms[form]()


_NUMBERS: dict[str, list[str]] = {
    "mrn": ["2999999", "29999999", "999999999", "299-99-99", "M9999999", "99-99-99", "A299999"],
    "mrn_dashed": ["299-99-99-9", "999-99-99", "99999-9"],
    "account": ["A99999999", "2999999999", "99-9999999", "AA999999", "299999"],
    "plan": ["AAA299999999", "2AA9-AA9-AA99", "9999999999A", "AA 99 99 99 9", "999-AA-9999"],
    "ssn": ["299-99-9999", "299 99 9999", "299999999"],
    "accession": ["S99-99999", "AA-99-999999", "99A9999999", "A9999999"],
    "serial": ["AAA999999A", "SN-9999-999", "99AA9999", "A9-99999-99"],
    "licence": ["A9999999", "AA999999", "9999999", "A999-9999-9999"],
    "vin": ["2AAAA99A9AA999999"],
    "plate": ["AAA 9999", "9AAA999", "AAA-999"],
    "dea": ["AA9999999"],
    "npi": ["2999999999"],
}
_STOCK_SLOTS = {
    "city": "LOCATION",
    "county": "LOCATION",
    "hospital": "HOSPITAL",
    "facility": "HOSPITAL",
    "org": "ORG",
} | {
    "insurer": "ORG",
    "school": "ORG",
}


def _place(rng: random.Random, stock: Stock, form: str) -> str:
    zip_code = _digits(rng, rng.choice(["29999", "99999", "99999-9999"]))
    street = f"{rng.randint(2, 19999)} {rng.choice(stock['street_name'])} {rng.choice(stock['street_kind'])}"
    forms = {
        "street": street.removesuffix("." if rng.random() < 0.5 else "") + rng.choice(stock["unit"]),
        "city_state_zip": f"{rng.choice(stock['city'])}, {rng.choice(stock['state'])} {zip_code}",
        "pobox": rng.choice(["P.O. Box 999", "PO Box 9999", "Post Office Box 99"]).replace("9", str(rng.randint(1, 9))),
        "zip": zip_code,
    }
    return forms[form]


def _age(rng: random.Random, form: str) -> str:
    age = rng.randint(90, 103)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(age % 10, "th")
    forms = {
        "age90": str(age),
        "age90_years": rng.choice([f"{age}-year-old", f"{age} year old", f"{age}-yr-old"]),
        "age90_short": rng.choice([f"{age} y/o", f"{age}yo", f"{age} yo"]),
        "age90_ordinal": f"{age}{ending}",
        "age90_words": rng.choice(list(WORDS_90.values())) + "-year-old",
    }
    return forms[form]


def plant(slot: str, rng: random.Random, stock: Stock) -> tuple[str, str | None]:
    """Return an invented value for a carrier's slot and its span type; None where the slot is no identifier."""
    if slot in ("title", "kin"):
        return rng.choice(stock[slot]), None
    if slot == "state_free":
        return rng.choice([s for s in stock["state"] if s not in STATES]), None
    if slot in ("first", "last", "full", "full_middle", "full_upper", "last_first", "last_first_upper"):
        return _name(rng, stock, slot), "NAME"
    if slot in _STOCK_SLOTS:
        return rng.choice(stock[slot]), _STOCK_SLOTS[slot]
    if slot == "hospital_upper":
        return rng.choice(stock["hospital"]).upper(), "HOSPITAL"
    if slot.startswith("age90"):
        return _age(rng, slot), "AGE90"
    if slot in ("phone", "phone_ext", "pager", "email", "url", "ip"):
        return _contact(rng, stock, slot), "CONTACT"
    if slot in ("street", "city_state_zip", "pobox", "zip"):
        return _place(rng, stock, slot), "LOCATION"
    if slot in _NUMBERS:
        return _digits(rng, rng.choice(_NUMBERS[slot])), "ID"
    if slot == "time":
        return f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}", None
    form = {"datetime": "time", "weekday_date": "weekday", "ordinal_day": "ordinal"}.get(
        slot, slot.removeprefix("date_")
    )
    return _date(rng, form), "DATE"


def fill(carrier: str, rng: random.Random, stock: Stock) -> tuple[str, list[dict[str, Any]]]:
    """Return a carrier with its slots filled, and the planted spans."""
    text, spans, position = "", [], 0
    for match in re.finditer(r"\{(\w+)\}", carrier):
        text += carrier[position : match.start()]
        value, kind = plant(match[1], rng, stock)
        if kind:
            marked = _TIME_OF_DAY.sub("", value) if kind == "DATE" else value
            spans.append({"start": len(text), "end": len(text) + len(marked), "type": kind, "text": marked})
        text += value
        position = match.end()
    return text + carrier[position:], spans


def _compose(rng: random.Random, background: str, carriers: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Return the parts of a note: ("plain", text) or ("carrier", template), joined without separators."""
    sentences = re.split(r"(?<=[.!?:])(\s+)", background)
    parts: list[tuple[str, str]] = []
    for header in rng.sample(carriers["header"], rng.randint(0, 2)):
        parts += [("carrier", header), ("plain", "\n")]
    gaps = set(rng.sample(range(0, len(sentences), 2), min(rng.randint(3, 10), (len(sentences) + 1) // 2)))
    for i, sentence in enumerate(sentences):
        parts.append(("plain", sentence))
        if i in gaps:
            glue = " " if rng.random() < 0.8 else "\n"
            parts += [("plain", glue), ("carrier", rng.choice(carriers["sentence"])), ("plain", glue)]
    for footer in rng.sample(carriers["footer"], rng.randint(0, 2)):
        parts += [("plain", "\n"), ("carrier", footer)]
    return parts


def notes(
    n_notes: int, seed: int, backgrounds: list[str] | None = None, case: str = "mixed"
) -> Iterator[dict[str, Any]]:
    """Yield notes with planted identifiers.

    Args:
        n_notes: How many.
        seed: Decides every choice.
        backgrounds: Texts to plant into; None for the invented ones that come with the generator.
        case: ``mixed``, ``upper`` or ``lower``: the case of the whole note.
    """
    rng = random.Random(seed)
    stock, carriers, texts = read_stock(), read_carriers(), backgrounds or read_backgrounds()
    change = {"mixed": str, "upper": str.upper, "lower": str.lower}[case]
    for index in range(n_notes):
        text, spans = "", []
        for kind, part in _compose(rng, rng.choice(texts), carriers):
            filled, planted = fill(part, rng, stock) if kind == "carrier" else (part, [])
            filled = filled if len(change(filled)) != len(filled) else change(filled)
            spans += [{**s, "start": s["start"] + len(text), "end": s["end"] + len(text)} for s in planted]
            text += filled
        spans = [{**s, "text": text[s["start"] : s["end"]], "optional": False} for s in spans]
        yield {"id": f"crosscheck-{seed}-{index}", "text": text, "spans": spans}


def main() -> None:
    """Write cross-check notes as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", choices=("mixed", "upper", "lower"), default="mixed")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with arguments.out.open("w", encoding="utf-8") as file:
        for note in notes(arguments.notes, arguments.seed, case=arguments.case):
            file.write(json.dumps(note, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
