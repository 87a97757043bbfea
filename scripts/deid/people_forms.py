"""Forms of people's names that lists alone do not give: initials of every shape, logins, handles and names of files.

Initials are drawn from names, so that their letters are as frequent as people's are, and seldom spell a common
abbreviation of medicine.
"""

# ruff: noqa: E501 - lists and patterns, read across
import random
import re
import string
import unicodedata

from people_names import FIRST, LAST, Names

_ABBREVIATIONS = frozenset(
    [
        "MD",
        "RN",
        "PT",
        "OT",
        "SW",
        "NP",
        "PA",
        "DO",
        "ED",
        "ER",
        "OR",
        "IV",
        "IM",
        "PO",
        "PR",
        "BP",
        "HR",
        "RR",
        "CC",
        "CT",
        "MR",
        "MI",
        "PE",
        "DM",
        "AF",
        "AM",
        "PM",
        "US",
        "NG",
        "GI",
        "GU",
        "CV",
        "RS",
        "CNS",
        "CVS",
        "HPI",
        "PMH",
        "SOB",
        "ICU",
        "ITU",
        "CCU",
        "HDU",
        "LMP",
        "EDD",
        "BMI",
        "ECG",
        "EKG",
        "MRI",
        "CXR",
        "LFT",
        "FBC",
        "CBC",
        "INR",
        "TSH",
        "TIA",
        "CVA",
        "DVT",
        "UTI",
        "HTN",
        "COPD",
        "CHF",
        "CAD",
        "CKD",
        "AKI",
        "DKA",
        "MRN",
        "DOB",
        "NHS",
        "NAD",
        "SpR",
        "SHO",
    ]
)
_PREFIXES = ["Mc", "Mac", "O'", "De", "Di", "La", "St", "Fitz", "Van", "vd", "v", "d'", "al-"]
_EXTENSIONS = [
    "pdf",
    "docx",
    "doc",
    "jpg",
    "jpeg",
    "png",
    "dcm",
    "tif",
    "tiff",
    "wav",
    "mp3",
    "m4a",
    "xlsx",
    "csv",
    "rtf",
    "txt",
    "msg",
    "eml",
    "zip",
    "HEIC",
    "mov",
    "hl7",
    "xml",
]
_TOPICS = ["CT", "CT_head", "CTPA", "MRI_brain", "xray", "US_abdo", "DEXA", "holter", "EEG", "EMG", "spiro", "PFTs", "audiogram", "OCT", "fundus", "OPG", "bitewings",
           "biopsy", "histo", "path_report", "bloods", "lab_results", "referral", "ref_ltr", "clinic_letter", "GP_letter", "dc_summary", "TTO", "drug_chart", "MAR",
           "care_plan", "consent_signed", "capacity", "DNACPR", "advance_directive", "POA", "insurance_card", "ID_front", "photo", "wound_left_heel", "rash", "mole",
           "voice_memo", "dictation", "video_gait", "intake", "history", "questionnaire", "invoice", "FMLA", "sick_note", "fit_note", "MDT", "EHCP", "IEP"]  # fmt: skip


class PeopleForms:
    """Draws forms of names; see `identifiers.Identifiers`.

    Args:
        rng: What decides.
        names: Where names come from.
    """

    def __init__(self, rng: random.Random, names: Names) -> None:
        self._rng = rng
        self._names = names

    def _letters(self, count: int) -> str:
        for _ in range(4):
            letters = "".join(self._names.listed(FIRST)[0] for _ in range(count - 1)) + self._names.listed(LAST)[0]
            if letters not in _ABBREVIATIONS:
                break
        return letters

    def plain(self, name: str) -> str:
        """Return a name in plain letters, as accounts and files have it."""
        letters = unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode()
        return re.sub(r"\W", "", letters) or self._names.listed(LAST)

    # Initials

    def capitals(self) -> str:
        """Return initials in capitals without points: ``JM``, ``RTK``."""
        return self._letters(self._rng.choice([2] * 11 + [3] * 8 + [4]))

    def pointed(self) -> str:
        """Return initials with points: ``J.M.``, ``J. M.``, ``J.M``."""
        rng = self._rng
        letters = self._letters(rng.choice([2, 2, 2, 3]))
        return rng.choice(
            [".".join(letters) + "."] * 4 + [" ".join(f"{letter}." for letter in letters), ".".join(letters)]
        )

    def small(self) -> str:
        """Return initials in small letters: ``jm``, ``r.t.``."""
        letters = self._letters(self._rng.choice([2] * 5 + [3] * 4)).lower()
        return letters if self._rng.random() < 0.85 else ".".join(letters) + "."

    def single(self) -> str:
        """Return one letter that stands for a name, with its point or without."""
        letter = self._names.listed(self._rng.choice([FIRST, LAST]))[0]
        return letter + "." if self._rng.random() < 0.65 else letter

    def mixed(self) -> str:
        """Return initials of which a part is more than a capital: ``JMcD``, ``vdB``, ``J-PL``, ``Jo S``."""
        rng = self._rng
        first, last = self._letters(1), self._letters(1)
        given = self._names.listed(FIRST)
        return rng.choice([
            rng.choice(_PREFIXES) + last, first + rng.choice(_PREFIXES) + last, f"{first}-{self._letters(1)}{last}", f"{given[:2]}{last}", f"{first}{last.lower()}",
            f"{given} {last}", f"{given[:3]}{last}", f"{first} {last}", f"{first}{last}{rng.randint(1, 3)}", f"{first}.{self._names.listed(LAST)[:2]}.", f"{first}/{last}",
        ])  # fmt: skip

    def initials(self) -> str:
        """Return initials of any shape."""
        draw = self._rng.random()
        if draw < 0.48:
            return self.capitals()
        if draw < 0.68:
            return self.pointed()
        if draw < 0.82:
            return self.small()
        return self.mixed() if draw < 0.9 else self._names.initials()

    # Names of particular shapes

    def indian(self) -> str:
        """Return a name with the initials before or behind it, as South India writes it."""
        rng = self._rng
        culture = self._names.culture("hindi", "tamil", "telugu", "kerala", "kannada")
        one, two = rng.choice(string.ascii_uppercase), rng.choice(string.ascii_uppercase)
        name = rng.choice([self._names.last(culture), self._names.first(culture)])
        return rng.choice([f"{one}. {two}. {name}", f"{one}.{two}. {name}", f"{one}{two} {name}", f"{one} {two} {name}", f"{one}. {name}", f"{name} {one}.", f"{name} {one}",
                           f"{name} {one} {two}", f"{one}.{name}", f"{one}. {self._names.first(culture)} {name}", f"{name}. {one}"])  # fmt: skip

    def world(self) -> str:
        """Return a full name of a shape of its own: patronymics, kunyas, double surnames, particles, compounds."""
        if self._rng.random() < 0.2:
            return self.indian()
        culture = self._names.culture(
            "patronymic",
            "icelandic",
            "kunya",
            "double",
            "lusophone",
            "particle",
            "hyphen",
            "short",
            "malay",
            "compound",
            "welsh",
            "irishforms",
        )
        return f"{self._names.first(culture)} {self._names.last(culture)}"

    def word(self, which: str) -> str:
        """Return a name that is an everyday word: ``first``, ``last`` or ``full``."""
        culture = self._names.culture("words")
        first, last = self._names.word(culture["first"]), self._names.word(culture["last"])
        return {"first": first, "last": last}.get(which, f"{first} {last}")

    def brief(self) -> str:
        """Return a name of two or three letters."""
        culture = self._names.culture("short")
        return self._names.word(culture[self._rng.choice(["first", "last"])])

    # Accounts and files

    def login(self) -> str:
        """Return a user name as a hospital's system gives it."""
        rng = self._rng
        first, last = self.plain(self._names.first()), self.plain(self._names.last())
        digits = rng.choice(["", "", str(rng.randint(1, 9)), f"{rng.randint(1, 99):02}", str(rng.randint(100, 9999))])
        name = rng.choice([first[0] + last, last + first[0], f"{first}.{last}", f"{last}.{first}", f"{first}_{last}", last[:4] + first[:2], last[:5] + first[0], first[:3] + last[:3],
                           first[0] + rng.choice(string.ascii_uppercase) + last, f"{first[0]}.{last}", last, f"{last}_{first[0]}"]) + digits  # fmt: skip
        name = name.lower() if rng.random() < 0.6 else name.upper() if rng.random() < 0.6 else name
        return rng.choice(["", "", "", "", "", "adm-", "ext.", "x-", "dr", "rn_", "TRUST\\", "NHS\\", "corp\\"]) + name

    def handle(self) -> str:
        """Return an account name of a social network or a game."""
        rng = self._rng
        first, last = self.plain(self._names.first()).lower(), self.plain(self._names.last()).lower()
        year = f"{rng.randint(60, 99)}"
        return rng.choice([
            f"@{first}_{last}", f"@{first}.{last}{year}", f"@the_real_{first}", f"@its.{first}.{last[0]}", f"@{first}__{last}", f"@dr.{last}", f"@dr_{first}_{last[0]}",
            f"@mrs.{last}", f"@_{first}{year}_", f"@{first[0]}.{last}", f"u/{first}-{last}-{rng.randint(10, 9999)}", f"xX_{first}_Xx", f"{first}_{last}_{year}", f"{first.title()}{last.title()}#{rng.randint(1000, 9999)}",
            f"{first}{last}.{rng.randint(1, 99)}", f"t.me/{first}{last}", f"fb.com/{first}.{last}", f"ig: {first}.{last[0]}"[4:], f"{last}fam{rng.randint(2, 9)}", f"big_{first}_{rng.randint(1, 99)}",
            f"{first}sworld", f"team.{last}", f"live:.cid.{first}{year}", f"@{first}{last[:3]}@mastodon.social", f"{first}-{last[0]}", f"{first.upper()}{year}",
        ])  # fmt: skip

    def file(self) -> str:
        """Return the name of a file that has a person's name in it."""
        rng = self._rng
        first, last = self.plain(self._names.first()), self.plain(self._names.last())
        glue = rng.choice(["_", "_", "-", " ", ".", "", "__"])
        person = rng.choice([f"{last}{glue}{first}", f"{first}{glue}{last}", f"{last}{glue}{first[0]}", f"{first[0]}{glue}{last}", last, f"{first[0]}{last}", last + first, f"Mr{glue or '_'}{last}",
                             f"Mrs{glue or '_'}{last}", f"Pt{glue or '_'}{last}", f"{first}", f"{last}{glue}{first}{glue}{rng.choice(string.ascii_uppercase)}", f"Dr{glue}{last}"])  # fmt: skip
        person = rng.choice([str, str, str.lower, str.upper])(person)
        topic = rng.choice(_TOPICS).replace("_", glue or "_")
        topic = rng.choice([str, str, str.lower])(topic)
        stamp = rng.choice([f"{rng.randint(2008, 2029)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}", f"{rng.randint(2008, 2029)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
                            f"{rng.randint(1, 12):02}{rng.randint(10, 29)}", f"v{rng.randint(1, 4)}", "final", f"({rng.randint(1, 4)})", "signed", "L", "R", f"{rng.randint(1, 40):03}", "copy", "DRAFT"])  # fmt: skip
        sep = glue or "_"
        name = sep.join(
            rng.choice(
                [
                    [person, topic],
                    [topic, person],
                    [person, topic, stamp],
                    [topic, person, stamp],
                    [stamp, person, topic],
                    [person],
                    [person, stamp],
                    ["scan", person],
                    ["IMG", person, stamp],
                ]
            )
        )
        return f"{name}.{rng.choice(_EXTENSIONS)}"
