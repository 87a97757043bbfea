"""Each kind that used to leak, and medicine that used to go, in three casings, written apart from the training grammar.

A sentence marks what must go with ``[[...]]``; one without marks must stay whole. The floors are what ``recall="high"``
reaches on sentences like these, not a promise for each of them.
"""

import re
from collections.abc import Callable

import pytest

from nosology.deidentification import deidentify

CASINGS: dict[str, Callable[[str], str]] = {"mixed": str, "upper": str.upper, "lower": str.lower}
LEAKS = {
    "names as the subject": (
        "Overnight [[Philippa Greenhalgh]] was restless and pulled out her drip.",
        "[[Tobias Wren]] declined the second dose of vaccine.",
        "In clinic [[Mehmet Yıldırım]] walked without a stick.",
    ),
    "names after contact": (
        "Rang back and spoke w/ [[Gwendolyn Achterberg]] about the results.",
        "Plan agreed, d/w [[Rasmussen]] on the phone.",
        "Handed over to [[Funmilayo Adekunle]] at end of shift.",
        "Copy to Prof [[Iain Strathmore]] please.",
    ),
    "relatives": (
        "[[Beatrix]] (daughter) will bring the tablets in.",
        "Lives with his partner [[Giulia Morandini]] and a dog.",
        "NOK: [[Osagie Ehigiator]], brother.",
    ),
    "names with initials": (
        "Assessed by [[K. Vandersteen]] this morning.",
        "[[Lucinda T.]] was seen with her mother.",
        "Ward round with Mr [[J P O'Hanlon]].",
    ),
    "names of many cultures": (
        "Pt [[Nguyen Thi Bich Hang]] seen today for cough.",
        "Mrs [[Kaur Dhaliwal]] feels better on the new tablets.",
        "Referred by Dr [[Oyelowo-Brandt]] for an opinion.",
        "Patient: [[Abu Talib al-Hassani]], known asthma.",
    ),
    "dates without a year": (
        "Cast came off on [[9/23]] and she walks well.",
        "Symptoms began [[12 Nov]] with a cold.",
        "Next infusion [[February 9th]] at ten.",
        "LMP [[3rd of August]], regular cycle.",
    ),
    "ranges of dates": (
        "In hospital [[4/2 - 4/9]] with pneumonia.",
        "Antibiotics [[11–18 October]] then stopped.",
        "On leave [[3/1/2021 to 3/14/2021]].",
    ),
    "ages over 89": (
        "[[94]]F from home with a fall.",
        "This [[97]]-yr-old gentleman still drives.",
        "Her father lived to [[101]].",
        "She is [[92]] and independent.",
    ),
    "labelled numbers": (
        "Encounter [[88210457]] opened at the desk.",
        "NHS no [[943 476 5919]] checked.",
        "Claim no. [[WC-2291-077]] was filed.",
        "Interpreter ID [[40812]] joined the call.",
    ),
    "telephones": (
        "Bleep [[4417]] if the pressure drops.",
        "Son's mobile [[07700 900461]].",
        "Call [[+49 151 2345 6789]] with results.",
        "Reach her at [[617–555–0134]] after six.",
    ),
    "places": (
        "Drove in from [[Chipping Sodbury]] this morning.",
        "Lives at [[14 Larkspur Close]], on his own.",
        "Home address [[Flat 3, 22 Quarry Road]], [[BS16 5QJ]].",
        "She grew up in [[Tegucigalpa]] and moved here at ten.",
    ),
    "hospitals": (
        "Transferred from [[St. Winifred's]] last night.",
        "Cathed at [[Elk Meadow]] in spring.",
        "Discharged to [[Thornbury Grange Care Home]].",
        "Records from [[Royal Ashdown Infirmary]] requested.",
    ),
    "employers": (
        "Works nights at [[Dunmore Bakery]].",
        "Drives a van for [[Hadley & Sons]].",
        "He teaches at [[Whitcombe Primary School]].",
        "Retired from [[Lockwell Steel]] in 2010.",
    ),
    "accounts": (
        "Write to [[p.greenhalgh_77@fastmail.com]] please.",
        "Portal login [[greta_fjord88]] reset.",
        "Scan saved as [[Adekunle_Funmi_MRI.pdf]].",
    ),
}
MEDICINE = (
    "Crohn's, Graves', Hashimoto's.",
    "Murphy's sign negative.",
    "Child-Pugh B cirrhosis.",
    "Ottawa ankle rules applied.",
    "Foley catheter draining well.",
    "Jackson-Pratt drain removed.",
    "Started on Lasix and Coreg.",
    "Symbicort two puffs BD.",
    "G3P2 at 32+4 weeks.",
    "BP 140/90, HR 72.",
    "Pain 7/10 in the left hip.",
    "Whipple procedure planned.",
    "HEENT: normocephalic, atraumatic.",
    "Roux-en-Y bypass in 2015.",
    "Klebsiella in urine.",
    "A 45-year-old man with gout.",
    "Glasgow Coma Scale 15.",
    "Rome IV criteria met.",
    "Sphincter of Oddi dysfunction.",
    "Metoprolol 25 mg BID.",
    "Creatinine 1.2, potassium 4.1.",
    "Seen by cardiology.",
    "Follow up in 2 weeks.",
    "L4-5 disc protrusion.",
)
FLOORS = {"mixed": 0.85, "upper": 0.8, "lower": 0.75}


def whole(text: str) -> tuple[int, int]:
    """Return how many of the marked pieces are gone from the text, and how many there are."""
    marked = list(re.finditer(r"\[\[(.*?)\]\]", text))
    plain = text.replace("[[", "").replace("]]", "")
    hidden = {i for span in deidentify(plain, recall="high").spans for i in range(span.start, span.end)}
    starts = [match.start() - 4 * number for number, match in enumerate(marked)]
    pieces = [range(start, start + len(match[1])) for start, match in zip(starts, marked, strict=True)]
    return sum(all(i in hidden for i in piece if plain[i] != " ") for piece in pieces), len(pieces)


@pytest.mark.parametrize("casing", CASINGS)
def test_of_all_kinds_together_hardly_anything_stays(casing: str) -> None:
    counts = [whole(CASINGS[casing](text)) for texts in LEAKS.values() for text in texts]
    assert sum(n for _, n in counts) >= 50
    assert sum(found for found, _ in counts) >= FLOORS[casing] * sum(n for _, n in counts)


@pytest.mark.parametrize("kind", LEAKS)
def test_of_each_kind_most_is_found_in_every_casing(kind: str) -> None:
    counts = [whole(change(text)) for change in CASINGS.values() for text in LEAKS[kind]]
    assert sum(found for found, _ in counts) >= 0.6 * sum(n for _, n in counts)


@pytest.mark.parametrize("casing", CASINGS)
def test_most_medicine_survives(casing: str) -> None:
    lost = [text for text in MEDICINE if deidentify(CASINGS[casing](text), recall="high").spans]
    assert len(lost) <= len(MEDICINE) // 4, lost
