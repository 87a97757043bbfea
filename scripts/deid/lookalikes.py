"""What looks like an identifier and is none: terms of medicine, doses, pressures, scores, gestations, durations."""

# ruff: noqa: E501 - lists and patterns, read across
import random
import unicodedata
from collections.abc import Callable
from functools import cache

from grammar_text import of_part, sections

from nosology.deidentification.lexicon import ranked

_PLACES = {"term": ("eponym", "eponym", "procedure", "organism", "criteria", "disease", "disease", "abbrev", "antibody", "genename", "trial", "classification"),
           "eponym": ("eponym", "eponym", "disease"), "sign": ("sign", "sign", "sign", "physio"), "crit": ("criteria",),
           "proc": ("procedure", "procedure", "procedure", "incision"), "incision": ("incision",),
           "device": ("device", "device", "device", "maker"), "maker": ("maker",), "product": ("product",),
           "brand": ("brand", "brand", "brand", "product"), "inhaler": ("inhaler",), "insulin": ("insulin",), "vaccine": ("vaccine",),
           "feed": ("nutrition",), "dressing": ("dressing",), "obs": ("obstetric",), "anat": ("anatomy",), "org": ("organism",),
           "marker": ("marker",), "stain": ("stain",), "imaging": ("imaging",), "ecg": ("ecg",), "anaes": ("anaesthetic",),
           "psych": ("psychscale",), "dental": ("dental",), "eye": ("eye",), "physio": ("physio",), "panel": ("panel",),
           "abbrev": ("abbrev",), "role": ("role",), "breed": ("breed",), "food": ("food",), "sport": ("sport",),
           "antibody": ("antibody",), "genename": ("genename",), "trial": ("trial",), "cells": ("cellline",), "klass": ("classification",),
           "hard": ("eponym", "eponym", "brand", "organism", "antibody", "genename", "trial", "cellline", "classification", "sign", "criteria", "device", "procedure"),
           "short": ("shortnote",), "section": ("section",), "people": ("people",), "drug": ("drug", "drugname", "drugname", "brand"),
           "generic": ("drugname",), "word": ("word",), "capword": ("word",), "Word": ("word",), "medword": ("medword",),
           "capmed": ("medword",), "abbr": ("abbr", "abbr", "abbr", "abbrev"), "cred": ("credential",), "axis": ("axis",),
           "bare": ("eponym", "eponym", "sign", "criteria", "procedure", "device", "device", "maker", "brand", "brand", "inhaler", "insulin",
                    "vaccine", "nutrition", "dressing", "obstetric", "anatomy", "organism", "marker", "stain", "imaging", "ecg", "anaesthetic",
                    "psychscale", "dental", "eye", "physio", "panel", "abbrev", "role", "shortnote", "shortnote", "shortnote", "section",
                    "people", "disease", "pair", "product", "drug", "drugname", "food", "medword", "medword", "word",
                    "antibody", "genename", "trial", "cellline", "classification")}  # fmt: skip
_NOUNS = {"eponym": ("disease", "syndrome", "lesion"), "sign": ("sign", "test", "manoeuvre"), "criteria": ("score", "criteria", "grade"),
          "procedure": ("procedure", "repair", "operation", "shunt", "flap"), "device": ("retractor", "forceps", "catheter", "drain", "splint"),
          "anatomy": ("canal", "ligament", "duct", "node"), "maker": ("device", "pump"), "psychscale": ("scale", "test"), "stain": ("stain", "medium"), "imaging": ("view", "sequence"), "ecg": ("sign", "criteria"), "panel": ("test",),
          "trial": ("trial", "study"), "genename": ("gene", "mutation"), "antibody": ("antibody",), "cellline": ("cells",), "classification": ("classification", "type")}  # fmt: skip
"""What is put behind a term that is a frequent name where nothing else tells them apart."""
_ENDINGS = ("ing", "ed", "ly", "tion", "sion", "ness", "ment", "ity", "able", "ible", "ous", "ful", "less", "ive", "ism", "ence", "ance",
            "ship", "ize", "ary", "ory", "ology", "ical", "ents", "ings", "tions", "ers", "ist", "ure")  # fmt: skip
"""How words end that are no names, so that a list of common words can be drawn from without meeting towns."""
_COMPLAINTS = of_part(
    [
        "chest pain",
        "SOB",
        "headache",
        "abdominal pain",
        "fever",
        "cough",
        "rash",
        "dizziness",
        "syncope",
        "a fall",
        "back pain",
        "LOC",
        "nausea",
        "vomiting",
        "palpitations",
        "leg swelling",
        "R hip pain",
        "confusion",
        "low mood",
        "anxiety",
        "diarrhea",
        "constipation",
        "dysuria",
        "hematuria",
        "knee pain",
        "sore throat",
        "otalgia",
        "blurred vision",
        "weakness",
        "slurred speech",
        "seizure",
        "a lump",
        "weight loss",
        "fatigue",
        "insomnia",
        "wheeze",
        "N/V/D",
        "CP",
        "HA",
        "epistaxis",
        "melaena",
        "jaundice",
        "itch",
        "tremor",
        "numbness",
        "shoulder dislocation",
        "ankle injury",
        "laceration",
        "burn",
        "overdose",
        "SI",
        "HTN",
        "DM2",
        "COPD",
        "CHF",
        "AF",
        "CKD 3",
        "OA",
        "GORD",
        "asthma",
        "sepsis",
        "pneumonia",
        "UTI",
        "cellulitis",
        "DVT",
        "PE",
        "MI",
        "CVA",
        "TIA",
        "pancreatitis",
        "appendicitis",
        "cholecystitis",
        "SBO",
        "GI bleed",
        "AKI",
        "DKA",
        "gout",
        "migraine",
        "vertigo",
        "anaemia",
        "breast mass",
        "hernia",
        "follow-up",
        "medication refill",
        "a wound check",
        "routine review",
        "pre-op assessment",
        "contractions",
        "reduced FM",
        "PV bleeding",
        "hyperemesis",
        "tooth pain",
        "palliative care",
        "post-op day care",
        "BP check",
        "rib pain",
        "haemoptysis",
        "hoarseness",
        "dysphagia",
        "neck pain",
        "bilat leg oedema",
        "poor intake",
        "agitation",
        "hallucinations",
        "vaping",
        "bed sore",
    ],
    "train",
)
_JOBS = [
    "teacher",
    "plumber",
    "nurse",
    "farmer",
    "retired engineer",
    "lorry driver",
    "truck driver",
    "bus driver",
    "carpenter",
    "chef",
    "waitress",
    "cashier",
    "accountant",
    "lawyer",
    "housewife",
    "student",
    "welder",
    "miner",
    "electrician",
    "security guard",
    "cleaner",
    "hairdresser",
    "painter",
    "roofer",
    "mechanic",
    "soldier",
    "veteran",
    "police officer",
    "firefighter",
    "postman",
    "librarian",
    "secretary",
    "receptionist",
    "builder",
    "baker",
    "butcher",
    "florist",
    "programmer",
    "salesman",
    "machinist",
    "fisherman",
    "pilot",
    "flight attendant",
    "musician",
    "artist",
    "pastor",
    "dentist",
    "vet tech",
]
_PLAIN = [
    "new",
    "known",
    "recurrent",
    "bedside",
    "repeat",
    "outpatient",
    "pleasant",
    "elderly",
    "middle-aged",
    "right-handed",
    "chronic",
    "acute",
    "mild",
    "severe",
    "stable",
    "daily",
    "urgent",
    "routine",
    "married",
    "single",
    "widowed",
    "left-handed",
    "frail",
    "obese",
    "thin",
    "anxious",
    "talkative",
    "tearful",
    "poorly",
    "cachectic",
    "well-nourished",
    "non-verbal",
]
_DAYS = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Mon",
    "Tues",
    "Wed",
    "Thurs",
    "Fri",
    "Sat",
    "Sun",
]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
    "Jan",
    "Feb",
    "Aug",
    "Sept",
    "Oct",
]


@cache
def _common_names() -> frozenset[str]:
    return frozenset([*list(ranked("first_names"))[:700], *list(ranked("surnames"))[:1500]])


@cache
def _stock(part: str) -> dict[str, list[str]]:
    stock = {
        key: of_part([term.strip() for line in lines for term in line.split(",")], part)
        for key, lines in sections("medicine").items()
    }
    words = [word for word in ranked("medical_words") if len(word) > 4]
    stock["drug"] = of_part(
        [
            word
            for word in words
            if word.endswith(("in", "ol", "ide", "one", "ate", "am", "ine", "il", "ab", "an", "ir"))
        ],
        part,
    )
    named = {name for key in ("first_names", "surnames", "cities") for name in ranked(key)}
    stock["medword"] = of_part([word for word in words if len(word) < 18 and word not in named], part)
    english = list(ranked("english_words"))[400:25_000]
    stock["word"] = of_part([word for word in english if word.endswith(_ENDINGS) and word not in named], part)
    stock["product"] = of_part(list(ranked("products")), part)
    stock["listed"] = of_part(list(ranked("eponyms")), part)
    return stock


_DISEASES: list[str] = []


def use_diseases(names: list[str]) -> None:
    """Set the disease names (public domain) that count as terms of medicine."""
    _DISEASES[:] = names


class Lookalikes:
    """Draws look-alikes of one part of the grammar.

    Args:
        rng: What decides.
        part: ``"train"`` or ``"aside"``.
    """

    def __init__(self, rng: random.Random, part: str) -> None:
        self._rng = rng
        self._part = part
        self._numbers: dict[str, Callable[[], str]] = self._table()

    def __call__(self, slot: str) -> str:
        """Return a look-alike of the named sort."""
        upper = slot.startswith("upper")
        slot = slot.removeprefix("upper")
        kind = self._rng.choice(_PLACES[slot]) if slot in _PLACES else ""
        text = self._term(kind) if kind else self._numbers[slot]()
        if slot in ("bare", "hard") and kind in _NOUNS and text.lower() in _common_names():
            text = f"{text} {self._rng.choice(_NOUNS[kind])}"
        if slot in ("capword", "Word", "capmed"):
            text = text.capitalize()
        return text.upper() if upper else text

    def namesake(self, kind: str) -> str:
        """Return a word of medicine or of every day that serves as a name, place or firm."""
        word = self._rng.choice(_stock(self._part)[kind])
        return word.capitalize() if kind == "listed" else word

    def _term(self, kind: str) -> str:
        rng, stock = self._rng, _stock(self._part)
        if kind == "disease" and _DISEASES:
            name = rng.choice(_DISEASES)
            return name[0].upper() + name[1:] if rng.random() < 0.5 else name
        if kind in ("pair", "disease"):
            name = rng.choice(stock["listed"]).capitalize()
            noun = rng.choice(
                [
                    "disease",
                    "syndrome",
                    "sign",
                    "test",
                    "catheter",
                    "drain",
                    "clamp",
                    "forceps",
                    "procedure",
                    "fracture",
                    "palsy",
                    "score",
                    "criteria",
                    "classification",
                    "grade",
                    "retractor",
                    "incision",
                    "repair",
                    "approach",
                    "stent",
                    "tube",
                    "splint",
                    "law",
                    "view",
                    "position",
                    "reflex",
                    "triad",
                    "index",
                    "scale",
                    "ulcer",
                    "node",
                    "lesion",
                    "anemia",
                    "encephalopathy",
                ]
            )
            return f"{name}{rng.choice(['', '', chr(39) + 's'])} {noun}"
        text = self._spelled(rng.choice(stock[kind]))
        if kind in ("drug", "drugname"):
            return text.capitalize() if rng.random() < 0.4 else text
        if kind == "product":
            return text.capitalize()
        return text

    def _spelled(self, term: str) -> str:
        """Return a term with or without the possessive and the diacritics, as people write it."""
        rng = self._rng
        if "'s" in term and rng.random() < 0.4:
            term = term.replace("'s", rng.choice(["", "s", "’s"]))
        if not term.isascii() and rng.random() < 0.4:
            term = "".join(c for c in unicodedata.normalize("NFD", term) if not unicodedata.combining(c))
        return term.replace("-", " ") if "-" in term and rng.random() < 0.08 else term

    def _table(self) -> dict[str, Callable[[], str]]:
        rng = self._rng
        number, choice = rng.randint, rng.choice
        return {
            "n": lambda: str(number(1, 12)),
            "n2": lambda: str(number(10, 120)),
            "ageyr": lambda: str(number(1, 89)),
            "sec": lambda: choice(["3.2 s", "12 s", f"{number(1, 60)} min", f"{number(1, 59)} sec"]),
            "nofile": lambda: choice([f"{choice(['CXR', 'consent_form', 'template', 'scan', 'IMG', 'DSC', 'report', 'MAR', 'leaflet', 'protocol', 'rota', 'ward_list', 'audit', 'image', 'wound-chart', 'fax', 'ECG', 'untitled', 'Document', 'summary', 'guideline', 'CT_head', 'policy'])}{choice(['', '', '_v2', '_final', '_blank', '-new', ' (1)', f'_{number(1, 9999):04}', f'{number(1, 40)}'])}.{choice(['pdf', 'docx', 'jpg', 'dcm', 'xlsx', 'png', 'txt', 'tif', 'pptx'])}"]),
            "yrs": lambda: str(number(18, 89)),
            "roman": lambda: choice(["I", "II", "III", "IV", "V", "IIIa", "IIb"]),
            "dose": lambda: choice([f"{number(1, 40) * 5} mg", f"{number(1, 9) * 100}mg", f"{number(1, 99)} units", f"{number(1, 9)}.{number(1, 9)} mg", f"{number(2, 20) * 50} mcg",
                                    f"{number(1, 10)} mL", f"{number(1, 8)} g", f"{number(1, 9)}/{number(10, 500)} mg", f"{number(100, 500)}/{number(10, 50)} mcg", f"{number(1, 10)},000 IU", f"{number(1, 3)} tab"]),
            "sig": lambda: choice(["daily", "BID", "b.i.d.", "TDS", "QHS", "q6h", "q.d.", "prn", "od", "nocte", "mane", "po qam", "x7d", "1-2 tabs q4-6h prn", "with food", "2 puffs BD", "weekly", "stat", "q12h", "SL PRN"]),
            "dsig": lambda: choice(["p.r.n.", "p.r.n", "b.i.d.", "t.i.d.", "q.i.d.", "q.d.", "q.h.s.", "q.a.m.", "p.o. q.d.", "p.o. b.i.d.", "p.o. q.4h. p.r.n.", "q.4-6h. p.r.n", "i.v. q.8h.", "subcu b.i.d.", "h.s.", "p.o. daily", "at bedtime p.r.n.", "p.o. t.i.d. p.r.n", "i.m. x1", "a.c. and h.s.", "q.o.d.", "n.p.o.", "s.l. p.r.n. chest pain", "o.d.", "o.u. b.i.d.", "per n.g. tube", "e.g. at night"]),
            "clockdot": lambda: f"{number(1, 12)}{choice(['', ':00', ':15', ':30', '.00', '.30', ':45'])} {choice(['a.m.', 'p.m.', 'a.m', 'p.m', 'AM', 'pm', 'a. m.'])}",
            "halfage": lambda: f"{number(1, 16)}{choice(['-1/2-year-old', ' 1/2-year-old', '-1/2 year old', '-1/2-month-old', ' and a half-year-old', '½-year-old'])}",
            "fever": lambda: f"{number(97, 104)}.{number(0, 9)}",
            "high": lambda: str(number(90, 400)),
            "cutoff": lambda: f"{choice(['MAP', 'VL', 'SBP', 'HR', 'K', 'CRP', 'CD4', 'Hb', 'eGFR', 'TSH', 'BG', 'UOP', 'INR', 'SaO2', 'temp'])} {choice(['<', '>', '≥', '≤', ''])} {number(2, 400)}",
            "gap": lambda: f"{number(1, 12)}/{choice(['7', '52', '12', '24'])}",
            "bp": lambda: f"{number(80, 220)}/{number(40, 120)}",
            "temp": lambda: choice([f"{number(35, 40)}.{number(0, 9)}", f"{number(96, 104)}.{number(0, 9)}F", f"{number(36, 39)}.{number(0, 9)} C"]),
            "pct": lambda: f"{number(20, 100)}%",
            "score": lambda: choice([f"{number(0, 10)}/10", f"{number(3, 15)}/15", f"{number(0, 30)}/30", f"{number(0, 5)}/5", f"{number(7, 9)}, {number(8, 10)}", f"{number(0, 27)}", f"{number(1, 9)} and {number(5, 10)}", f"E{number(1, 4)}V{number(1, 5)}M{number(1, 6)}", f"{number(0, 5)}-/5", f"{number(0, 4)}/4"]),
            "gest": lambda: choice([f"{number(5, 41)}+{number(0, 6)}", f"{number(5, 41)}/40", f"{number(5, 41)} weeks", f"{number(5, 41)}w{number(0, 6)}d", f"{number(5, 41)} {number(0, 6)}/7", f"{number(20, 41)}+{number(0, 6)}/40", f"T+{number(1, 10)}", f"{number(5, 41)}/52"]),
            "lab": lambda: choice([f"{number(1, 9)}.{number(0, 9)}", str(number(1, 150)), f"{number(10, 400)}", f"{number(1, 9)}.{number(10, 99)}", f"<{number(1, 9)}", f"{number(100, 1500)}", f"{number(1, 9)}.{number(0, 9)}->{number(1, 9)}.{number(0, 9)}", f"{number(10, 99)}H"]),
            "num": lambda: choice([f"{number(1, 15)}.{number(0, 9)}", str(number(1, 200)), f"{number(10, 90)}%", f"{number(40, 110)} kg"]),
            "ph": lambda: f"7.{number(10, 55)}",
            "dur": lambda: choice([f"{number(1, 30)} {choice(['days', 'weeks', 'months', 'years', 'yrs', 'wks', 'hrs', 'min', 'd', 'y'])}", f"{number(1, 6)}/{choice(['7', '52', '12', '24'])}", f"{number(1, 4)}-{number(5, 9)} {choice(['days', 'weeks', 'years'])}", "a few weeks", "several years", f"x{number(1, 9)}d"]),
            "age": lambda: choice([f"{number(1, 89)}-year-old", f"{number(1, 89)} yo", f"{number(1, 89)} y/o", f"{number(1, 89)} year old", f"{number(1, 36)}-month-old", f"{number(18, 89)}yo", f"{number(1, 30)}-day-old", f"{number(18, 89)}-yr-old"]),
            "agesex": lambda: choice([f"{number(1, 89)}F", f"{number(1, 89)}M", f"{number(1, 89)}yoM", f"{number(1, 89)} y/o F", f"F{number(1, 89)}", f"{number(1, 89)}/M", f"M/{number(1, 89)}", f"{number(1, 89)} yo F", f"{number(1, 89)}y M", f"{number(1, 89)}♀"]),
            "sex": lambda: choice(["M", "F", "male", "female", "man", "woman", "Male", "Female"]),
            "time": lambda: choice([f"{number(0, 23):02}:{number(0, 59):02}", f"{number(0, 23):02}{number(0, 59):02}", f"{number(1, 12)}:{number(0, 59):02} {choice(['am', 'pm', 'AM', 'PM'])}", f"{number(1, 12)}{choice(['am', 'pm'])}", f"{number(0, 23):02}{number(0, 59):02}h", f"{number(0, 23):02}.{number(0, 59):02}", f"{number(0, 23):02}:{number(0, 59):02}:{number(0, 59):02}"]),
            "u90": lambda: str(choice([number(18, 89), number(50, 89)])),
            "clock": lambda: f"{number(0, 23):02}:{number(0, 59):02}{choice(['', ':00', ':30', ':07', 'Z', ':15Z', '+01:00', ':41.2'])}",
            "size": lambda: choice([f"{number(1, 9)} x {number(1, 9)} cm", f"{number(1, 9)}.{number(1, 9)} x {number(1, 9)}.{number(1, 9)} x {number(1, 9)} cm", f"{number(10, 36)} Fr", f"{number(2, 60)} mm", f"{number(1, 9)}-0", f"{number(1, 9)}cm", f"{number(14, 25)}G", f"{number(1, 9)}x{number(1, 9)}mm"]),
            "year": lambda: str(number(1950, 2026)),
            "month": lambda: choice(_MONTHS),
            "weekday": lambda: choice(_DAYS),
            "kin": lambda: choice(["wife", "husband", "son", "daughter", "mother", "father", "sister"]),
            "job": lambda: choice(_JOBS),
            "plain": lambda: choice(_PLAIN),
            "complaint": lambda: choice(_COMPLAINTS),
            "code": lambda: choice([f"v{number(1, 9)}.{number(0, 9)}", f"{number(1, 4)}.{number(0, 9)}.{number(0, 9)}", f"B{number(10, 99)}", f"ABC-{number(1, 9)}", f"X{number(1, 9)}", f"mode {number(1, 4)}"]),
            "gene": lambda: choice(["BRCA1 BRCA2 KRAS G12D EGFR L858R", "BRAF V600E", "JAK2 V617F", "46,XY", "47,XXY", "HLA-B27", "FLT3-ITD", "MTHFR C677T", "APOE4", "t(9;22)", "del(5q)", "FMR1", "Rh(D)", "ANA 1:320", "anti-Jo-1", "anti-Smith", "p.Gly12Asp", "CYP2D6 *4", "HbS", "CD20", "MLH1"]),
            "codeno": lambda: choice([f"CPT {number(10000, 99999)}", f"CPT {number(10000, 99999)}-{number(22, 79)}", f"SNOMED {number(10**6, 10**9)}", f"LOINC {number(1000, 99999)}-{number(0, 9)}", f"NDC {number(10, 70000):05}-{number(100, 999)}-{number(10, 99)}",
                                      f"PMID {number(10**6, 4 * 10**7)}", f"NCT0{number(10**6, 10**7)}", f"doi 10.{number(1000, 9999)}/{choice(['nejm', 'jama', 'bmj', 'lancet'])}.{number(1000, 99999)}", f"rs{number(1000, 10**8)}", f"OMIM {number(100000, 620000)}", f"RxCUI {number(1000, 999999)}", f"DRG {number(1, 999):03}",
                                      f"HCPCS {choice('AEJKL')}{number(1000, 9999)}", f"Read code {choice('ABCFGH')}{number(10, 99)}..", f"OPCS {choice('ABCW')}{number(10, 99)}.{number(1, 9)}", f"ORPHA:{number(100, 99999)}", f"HP:000{number(1000, 9999)}", f"NM_00{number(1000, 9999)}.{number(1, 5)}", f"ISO {number(1000, 20000)}", f"ATC {choice('ABCDJLN')}{number(1, 9):02}{choice('ABC')}{choice('ABCD')}{number(1, 30):02}", f"ISRCTN{number(10**7, 10**8)}"]),
            "big": lambda: choice([f"{number(5, 500)},{number(0, 999):03}", str(number(1000, 99999)), f"{number(1, 9)} {number(0, 999):03}", f">{number(1, 99)}000", f"{number(1, 99)}.{number(0, 9)}k", f"1:{2 ** number(5, 14)}", f"{number(1, 9)}.{number(0, 9)}x10^{number(3, 9)}"]),
            "postlike": lambda: choice([f"T{number(1, 4)} N{number(0, 3)} M{number(0, 1)}", f"T{number(1, 4)}N{number(0, 3)}M0", f"pT{number(1, 4)}{choice('abc')} N{number(0, 2)}{choice(['', 'a', 'b'])}", f"C{number(3, 7)} {number(0, 5)}/5", f"L{number(1, 5)} S{number(1, 2)}", f"E{number(1, 4)} V{number(1, 5)} M{number(1, 6)}",
                                        f"B12 {number(90, 900)}", f"A1c {number(5, 14)}.{number(0, 9)}", f"CD4 {number(20, 900)}", f"G{number(1, 7)} P{number(0, 6)}", f"V{number(1, 6)} V{number(1, 6)}", f"H{number(1, 9)}N{number(1, 9)}", f"D{number(5, 10)}W {number(1, 9)}00", f"D{number(1, 28)} C{number(1, 8)}", f"C{number(1, 8)}D{number(1, 28)}",
                                        f"PS{number(0, 4)} CFS{number(1, 8)}", f"F{number(1, 4)} A{number(1, 3)}", f"K{number(1, 2)} {number(38, 49)}.{number(0, 9)}", f"N{number(4, 48)} R {number(6, 60)}", f"M{number(1, 6)} V{number(1, 5)}", f"W{number(1, 52)} visit", f"S{number(1, 4)} gallop", f"CN {choice(['II-XII', 'III IV VI', 'VII', 'XII'])}",
                                        f"T{number(1, 12)} L{number(1, 5)}", f"R{number(1, 9)} {number(2, 9)}mm", f"CH{number(10, 24)} 2way", f"FR{number(8, 24)} {number(5, 30)}ML", f"BR{number(1, 6)} L", f"TR{number(1, 5)} {number(5, 30)}mm", f"BE -{number(1, 20)}", f"PF {number(100, 700)}", f"SG {number(5, 50)}",
                                        f"LA {number(20, 60)}mm", f"EF{number(15, 75)} LA{number(30, 60)}", f"OX{number(20, 60)} {number(1, 9)}mg", f"CT {number(1, 9)}mm", f"N{choice('95')}{number(0, 9)} mask", f"DR3 DQ{number(2, 8)}", f"A{number(1, 68)} B{number(7, 57)} DR{number(1, 17)}", f"GA{number(8, 41)} {number(0, 6)}", f"WE{number(1, 4)} R{number(1, 9)}", f"P{number(1, 9)} Q{number(1, 9)}"]),
            "icd": lambda: choice([f"{choice('ABCDEFGHIJKLMN')}{number(10, 99)}.{number(0, 9)}", f"{number(100, 999)}.{number(0, 99)}", f"{number(10000, 99999)}", f"V{number(10, 80)}.{number(0, 9)}"]),
        }  # fmt: skip
