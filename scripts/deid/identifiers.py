"""Invented identifiers of every kind and what looks like them, drawn from the grammar's stocks."""

# ruff: noqa: E501 - lists and patterns, read across
import random
import re
import string
import unicodedata
from collections.abc import Callable

from calendar_forms import DateForms
from grammar_text import Piece, fields, of_part, sections
from lookalikes import Lookalikes
from people_forms import PeopleForms
from people_names import Names
from world_forms import WorldForms

from nosology.deidentification.lexicon import ranked

_DEGREES = ["Dr. ", "Dr ", "Dr. ", "Dr ", "Dr.", "DR ", "dr ", "Drs. ", "Prof ", "Doctor ", "Mr ", "Miss ", ""]
_TITLES = ["Mr. ", "Mrs. ", "Ms. ", "Mr ", "Mrs ", "Ms ", "Miss ", "Mx ", "Sr. ", "Sra. ", "Master ", "MR. ", "Mme "]
_EXTENSIONS = ["docx", "pdf", "jpg", "dcm", "wav", "xlsx", "tif", "png", "rtf", "mp4"]
_ORG_SLOTS = ("charity", "insurer", "housing", "worship", "shelter", "club", "union", "court", "prison", "transport", "homecare",
              "lab", "equip", "school", "military", "ship", "agency", "chemist", "firm", "venue")  # fmt: skip
_HOSPITAL_SLOTS = ("practice", "nhome", "renal", "generic", "clinicof", "abroad", "saint")
_LISTED = (
    "charity",
    "insurer",
    "chemist",
    "club",
    "agency",
    "transport",
    "lab",
    "equip",
    "homecare",
    "generic",
    "abroad",
    "causes",
)
_STREET_SLOTS = {
    "road": "roads",
    "hwy": "highways",
    "rural": "rural",
    "pobox": "boxes",
    "estate": "estates",
    "cross": "crossings",
}
_HOSPITAL_ACRONYMS = ["@GH", "@@H", "@@MC", "@RI", "@MH", "@CH", "Q@H", "@@GH", "@@UH", "UH@", "@VH", "@@CC", "R@H", "C@H", "@DGH", "@RH", "@@@H"]  # fmt: skip
_TENS = ["", "-one", "-two", "-three", "-four", "-five", "-six", "-seven", "-eight", "-nine"]
_FILE_WORDS = ["consent", "echo", "DC", "discharge", "MRI", "wound", "letter", "ECG", "labs", "CXR", "scan", "form"]
_NUMBERS = ("licence", "bank", "docno", "device", "encounter", "claimno")


class Identifiers:
    """Draws identifiers and look-alikes of one part of the grammar.

    Args:
        rng: What decides.
        part: ``"train"`` or ``"aside"``.
    """

    def __init__(self, rng: random.Random, part: str) -> None:
        self.rng = rng
        self.part = part
        self._dates = DateForms(rng, part)
        self._lookalikes = Lookalikes(rng, part)
        self.names = Names(rng, part)
        self._forms = PeopleForms(rng, self.names)
        self._countries = self._split(fields("places"), ("towns", "streets", "phones"))
        self._country_names = [c for c in self._countries if c.endswith("*") == (part == "aside")]
        if part == "train":
            self._country_names += ["us"] * 6 + ["uk"] * 4
        self._names_of = {
            kind: self._split(
                {kind: parts}, ("saints", "nature", "firms", "invented", "businesses", "brand", "foreign", *_LISTED)
            )[kind]
            for kind, parts in fields("organisations").items()
        }
        self._patterns = {
            key: [entry.strip().replace("_", " ") for line in lines for entry in line.split(",")]
            for key, lines in sections("contacts").items()
        }
        for key in ("mrn", "natid", "serial", "plate", "pager", "domains", "hobby", *_NUMBERS, "natpair"):
            self._patterns[key] = of_part(self._patterns[key], part)
        self._world = WorldForms(rng, part, self.names, self.town)
        self._slots: dict[str, Callable[[], list[Piece]]] = self._table() | self._world.slots()

    def _split(self, groups: dict[str, dict[str, list[str]]], keys: tuple[str, ...]) -> dict[str, dict[str, list[str]]]:
        return {
            name: {key: of_part(words, self.part) if key in keys else words for key, words in group.items()}
            for name, group in groups.items()
        }

    def __call__(self, slot: str) -> list[Piece]:
        """Return what fills a slot of a template."""
        if slot.startswith("-"):
            return [(self._lookalikes(slot[1:]), "")]
        for prefix, change in (("upper_", str.upper), ("low_", str.lower)):
            if slot.startswith(prefix):
                return [(change(text), kind) for text, kind in self(slot[len(prefix) :])]
        return self._slots[slot]()

    def _table(self) -> dict[str, Callable[[], list[Piece]]]:
        named = {
            "first": self.names.first, "last": self.names.last, "full": self.names.full, "initials": self._forms.initials,
            "initial": lambda: self.rng.choice(string.ascii_uppercase), "initname": self.names.initname,
            "lastfirst": self.names.last_first, "nick": self.names.nick, "rel": self._relative, "file": self._file,
            "ini": self._forms.capitals, "inidot": self._forms.pointed, "inilow": self._forms.small, "inione": self._forms.single, "inimix": self._forms.mixed,
            "world": self._forms.world, "indian": self._forms.indian, "brief": self._forms.brief, "wordfirst": lambda: self._forms.word("first"),
            "wordlast": lambda: self._forms.word("last"), "wordfull": lambda: self._forms.word("full"),
        }  # fmt: skip
        dates = {"date": "full", "pdate": "partial", "drange": "range", "dodd": "odd", "wdate": "weekday",
                 "hol": "holiday", "dlist": "list", "nth": "nth", "bdate": "blank", "idate": "iso", "rdate": "roman",
                 "fdate": "foreign", "mdate": "part of a month", "sdate": "short", "spdate": "spoken", "qdate": "quarter", "hdate": "header"}  # fmt: skip
        table: dict[str, Callable[[], list[Piece]]] = {
            name: (lambda draw=draw: [(draw(), "NAME")]) for name, draw in named.items()
        }
        table |= {slot: (lambda form=form: [(self._dates(form), "DATE")]) for slot, form in dates.items()}
        table |= {
            key: (lambda key=key: [(self._number(key), "ID")]) for key in ("mrn", "natid", "serial", "plate", *_NUMBERS)
        }
        table |= {
            key: (lambda key=key: [(self.rng.choice(self._patterns[key]), "")]) for key in ("idlabel", "natlabel")
        }
        namesakes = {"wfirst": ("wordfirst", "NAME"), "wlast": ("wordlast", "NAME"), "elast": ("listed", "NAME"),
                     "ctown": ("city", "LOCATION"), "maker": ("firm", "ORG")}  # fmt: skip
        table |= {
            slot: (lambda kind=kind, label=label: [(self._lookalikes.namesake(kind), label)])
            for slot, (kind, label) in namesakes.items()
        }
        table |= {
            "titled": lambda: [
                (self.rng.choice(_TITLES), ""),
                (self.rng.choice((self.names.last, self.names.full))(), "NAME"),
            ],
            "doc": self._doctor,
            "age90": lambda: [(str(self.rng.choice([*range(90, 100), *range(90, 108)])), "AGE90")],
            "phone": lambda: [(self._phone(), "CONTACT")],
            "pager": lambda: [(self._number("pager"), "CONTACT")],
            "ext": lambda: [(self._number("pager"), "CONTACT")],
            "ip": lambda: [(self._number("ip"), "CONTACT")],
            "email": lambda: [(self._email(), "CONTACT")],
            "url": lambda: [(self._url(), "CONTACT")],
            "handle": lambda: [(self._handle(), "CONTACT")],
            "login": lambda: [(self._forms.login(), "CONTACT")],
            "natpair": self._labelled,
            "street": lambda: [(self._street(self._country()), "LOCATION")],
            "town": lambda: [(self.town(), "LOCATION")],
            "region": lambda: [(self.rng.choice(self._country()["regions"]), "?")],
            "postcode": lambda: [(self._postcode(), "LOCATION")],
            "address": self._address,
            "hospital": lambda: [(self._hospital(), "HOSPITAL")],
            "ward": lambda: [(self._ward() if self.rng.random() < 0.75 else self._world.unit(), "HOSPITAL")],
            "employer": lambda: [(self._employer(), "ORG")],
            "pharm": lambda: [(self.named("employer", "pharmacies"), "ORG")],
            "hacro": lambda: [(self._pattern(self.rng.choice(_HOSPITAL_ACRONYMS)), "HOSPITAL")],
            "agewords": lambda: [(self._age_in_words(), "AGE90")],
            "ageth": self._birthday,
            "org": lambda: self(self.rng.choice(_ORG_SLOTS)),
        }
        table |= {key: (lambda key=key: [(self.named("employer", key), "ORG")]) for key in _ORG_SLOTS}
        table |= {key: (lambda key=key: [(self.named("hospital", key), "HOSPITAL")]) for key in _HOSPITAL_SLOTS}
        table |= {
            slot: (lambda key=key: [(self._street(self._country(key), key), "LOCATION")])
            for slot, key in _STREET_SLOTS.items()
        }
        return table

    def _relative(self) -> str:
        draw = self.rng.random()
        return self.names.first() if draw < 0.55 else self.names.full() if draw < 0.9 else self.names.last()

    def _doctor(self) -> list[Piece]:
        draw = self.rng.random()
        name = self.names.last() if draw < 0.6 else self.names.full() if draw < 0.85 else self.names.initname()
        title = self.rng.choice(_DEGREES)
        behind = self.rng.choice(
            [", MD", " MD", " RN", ", RN", " (SpR)", " (reg)", ", NP", " PA", " FY1", " SHO", " RRT", ", DO"]
        )
        pieces = [(title, ""), (name, "NAME")] if title else [(name, "NAME"), (behind, "")]
        return [piece for piece in pieces if piece[0]]

    def _labelled(self) -> list[Piece]:
        label, _, pattern = self.rng.choice(self._patterns["natpair"]).partition("=")
        more = [" "] if label.endswith(("no.", "no", "#", "=")) else [" ", ": ", " ", ": ", " no. ", "# "]
        return [(label + self.rng.choice(more), ""), (self._numbered(pattern), "ID")]

    def _file(self) -> str:
        rng = self.rng
        if rng.random() < 0.6:
            return self._forms.file()
        glue = rng.choice(["_", "_", "-", ".", ""])
        first, last = self._ascii(self.names.first()), self._ascii(self.names.last())
        names = rng.choice(
            [[last, first], [first, last], [last], [last, first[:1]], [last.lower(), first.lower()], [last.upper()]]
        )
        words = [*names, rng.choice(_FILE_WORDS)]
        words = words if rng.random() < 0.6 else words[::-1]
        words += [f"{rng.randint(2005, 2029)}"] if rng.random() < 0.4 else []
        return glue.join(words) + "." + rng.choice(_EXTENSIONS)

    # Numbers and accounts

    def _pattern(self, pattern: str) -> str:
        rng = self.rng
        drawn = {"#": string.digits, "9": "23456789", "@": string.ascii_uppercase}
        return "".join(rng.choice(drawn[c]) if c in drawn else c for c in pattern)

    def _number(self, key: str) -> str:
        return self._numbered(self.rng.choice(self._patterns[key]))

    def _numbered(self, pattern: str) -> str:
        drawn = {"#": string.digits, "@": string.ascii_uppercase}
        return "".join(self.rng.choice(drawn[c]) if c in drawn else c for c in pattern)

    def _phone(self) -> str:
        number = self._pattern(self.rng.choice(self._country()["phones"])).strip()
        draw = self.rng.random()
        if draw < 0.06:
            return number.replace("-", "–")
        if draw < 0.1:
            return number.replace(" ", "\xa0")
        return number.replace("-", " - ") if draw < 0.12 else number

    def _ascii(self, name: str) -> str:
        plain = unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode()
        return re.sub(r"\W", "", plain) or self.names.chains[0].word(self.rng)

    def _user(self) -> str:
        rng = self.rng
        first, last = self._ascii(self.names.first()), self._ascii(self.names.last())
        number = rng.choice(["", "", str(rng.randint(1, 99)), str(rng.randint(1940, 2015))])
        glue = rng.choice([".", "_", "", "-", "."])
        hobby = rng.choice(self._patterns["hobby"])
        user = (
            rng.choice(
                [
                    first + glue + last,
                    first[0] + glue + last,
                    last + glue + first[0],
                    first + glue + hobby,
                    hobby + glue + last,
                    first,
                    last + first[:2],
                ]
            )
            + number
        )
        return user.lower() if rng.random() < 0.8 else user

    def _email(self) -> str:
        at = self.rng.choice(["@"] * 12 + [" @ ", "(at)", " at ", " [at] "])
        return f"{self._user()}{at}{self.rng.choice(self._patterns['domains'])}"

    def _handle(self) -> str:
        if self.rng.random() < 0.5:
            return self._forms.handle()
        return self.rng.choice(["@", "@", "", "", "u/", "live:"]) + self._user()

    def _url(self) -> str:
        rng = self.rng
        if rng.random() < 0.4:
            return self._world.address()
        site = f"{self._ascii(self.names.last()).lower()}{rng.choice(['', 'clinic', 'family', 'health', '-blog', 'md'])}.{rng.choice(['com', 'org', 'net', 'co.uk', 'de', 'ca'])}"
        start = rng.choice(["www.", "http://", "https://www.", "https://", ""])
        return start + rng.choice(
            [
                site,
                site,
                f"facebook.com/{self._user()}",
                f"{site}/{self._user()}",
                f"linkedin.com/in/{self._user()}",
                f"zoom.us/j/{rng.randint(10**8, 10**10)}",
            ]
        )

    # Places and institutions

    def _country(self, key: str = "towns") -> dict[str, list[str]]:
        """Return a country that has the list of that key."""
        names = [name for name in self._country_names if key in self._countries[name]]
        return self._countries[
            self.rng.choice(names or [name for name, lists in self._countries.items() if key in lists])
        ]

    def town(self) -> str:
        """Return a town, listed or invented."""
        draw = self.rng.random()
        if draw < 0.5:
            return self.names.spelled(self.rng.choice(self._country()["towns"]))
        if draw < 0.72:
            return self.names.listed(2)
        if draw < 0.85:
            return self.names.chains[2].word(self.rng)
        tail = self.rng.choice(
            [
                "ville",
                "ton",
                "burg",
                "field",
                "wood",
                "dale",
                "port",
                "ford",
                "bury",
                "haven",
                "mont",
                "view",
                "mouth",
                "stead",
                "ham",
                "brook",
                "hurst",
                "worth",
                "minster",
                "combe",
                "thorpe",
                "by",
                "wick",
                "dorf",
                "heim",
            ]
        )
        front = self.names.chains[1].word(self.rng)[:5]
        town = front + tail
        return self.rng.choice([town, town, f"{self.rng.choice(['North', 'South', 'East', 'West', 'New', 'Port', 'Lake', 'Mount', 'Fort', 'St.', 'Great', 'Little', 'Upper', 'Lower', 'Old'])} {town}",
                                f"{town} {self.rng.choice(['Springs', 'Heights', 'Falls', 'Hills', 'Valley', 'Beach', 'Green', 'Park', 'Bay', 'Creek', 'Point', 'Ridge', 'Cross', 'Magna', 'Junction'])}"])  # fmt: skip

    def _street(self, country: dict[str, list[str]], key: str = "address") -> str:
        rng = self.rng
        form = rng.choice(country[key])
        street = (
            rng.choice(country["streets"])
            if rng.random() < 0.55
            else rng.choice([self.names.last(), self.names.chains[1].word(rng), self.town()])
        )
        house = str(rng.choice([rng.randint(1, 99), rng.randint(1, 999), rng.randint(100, 19999)]))
        drawn = {"house": house, "streets": street, "streetends": rng.choice(country["streetends"]),
                 "unit": self._pattern(rng.choice(country["unit"])), "dir": rng.choice(country.get("dir", ["N"])), "last": self.names.last(), "town": self.town(),
                 "word": rng.choice(country.get("words", country["streets"]))}  # fmt: skip
        form = "".join(rng.choice(string.digits) if c == "#" else c for c in form)
        form = re.sub(r"(?<![A-Za-z{])@(?![A-Za-z])", lambda _: rng.choice("ABCDEFGH"), form)
        return re.sub(r"\{(\w+)\}", lambda match: drawn[match[1]], form)

    def _postcode(self) -> str:
        if self.rng.random() < 0.4:
            return self._world.code()
        return self._pattern(self.rng.choice(self._country()["postcodes"]))

    def _hospital(self) -> str:
        return self._world.short_hospital() if self.rng.random() < 0.1 else self.named("hospital", "templates")

    def _employer(self) -> str:
        return self._world.firm() if self.rng.random() < 0.1 else self.named("employer", "employers")

    def _address(self) -> list[Piece]:
        rng = self.rng
        country = self._country()
        street, town = (
            self._street(country),
            self.names.spelled(rng.choice(country["towns"])) if rng.random() < 0.5 else self.town(),
        )
        region, code = rng.choice(country["regions"]), self._pattern(rng.choice(country["postcodes"]))
        glue = rng.choice([", ", ", ", "\n", " ", "; "])
        return rng.choice([
            [(street, "LOCATION"), (glue, "LOCATION"), (town, "LOCATION"), (", ", "?"), (region, "?"), (" ", "?"), (code, "LOCATION")],
            [(street, "LOCATION"), (glue, "LOCATION"), (town, "LOCATION"), (" ", "LOCATION"), (code, "LOCATION")],
            [(street, "LOCATION"), (glue, "LOCATION"), (code, "LOCATION"), (" ", "LOCATION"), (town, "LOCATION")],
            [(street, "LOCATION"), (glue, "LOCATION"), (town, "LOCATION")],
            [(street, "LOCATION")],
        ])  # fmt: skip

    def named(self, group: str, key: str) -> str:
        """Return an institution's name, its template's parts drawn until none is left."""
        parts = self._names_of[group]
        name = self.rng.choice(parts[key])
        for _ in range(4):
            if "{" not in name:
                break
            name = re.sub(r"\{(\w+)\}", lambda match: self._institution_part(parts, match[1]), name)
        return re.sub("#", lambda _: self.rng.choice("123456789"), name)

    def _birthday(self) -> list[Piece]:
        age = self.rng.choice([*range(90, 100), *range(90, 108)])
        return [(str(age), "AGE90"), ({1: "st", 2: "nd", 3: "rd"}.get(age % 10, "th"), "")]

    def _age_in_words(self) -> str:
        rng = self.rng
        if rng.random() < 0.12:
            return rng.choice(
                [
                    "one hundred",
                    "a hundred",
                    "one hundred and one",
                    "one hundred and two",
                    "a hundred and three",
                    "One hundred and four",
                ]
            )
        age = "ninety" + rng.choice(_TENS)
        age = age if rng.random() < 0.75 else age.replace("-", " ")
        return age.capitalize() if rng.random() < 0.25 else age

    def _institution_part(self, parts: dict[str, list[str]], key: str) -> str:
        draws = {"town": self.town, "last": self.names.last, "first": self.names.first, "letter": lambda: self.rng.choice(string.ascii_uppercase),
                 "road": lambda: self._street(self._country("roads"), "roads")}  # fmt: skip
        if key in draws:
            return draws[key]()
        if key == "state":
            return string.capwords(self.rng.choice(list(ranked("states"))))
        return self.rng.choice(parts.get(key) or self._names_of["hospital"][key])

    def _ward(self) -> str:
        person = self.rng.choice(
            [
                self.names.last(),
                self.names.last(),
                self.names.full(),
                self.town(),
                self.rng.choice(self._names_of["hospital"]["nature"]),
            ]
        )
        head = self.rng.choice(self._names_of["hospital"]["wardheads"])
        draw = self.rng.random()
        if draw < 0.85:
            return f"{person} {head}"
        return self.rng.choice([f"Ward {person}", f"{person} {head} {self.rng.randint(1, 9)}", f"the {person} {head}"])
