"""The identifiers of a note: MIMIC's placeholders, or invented people, places, dates and numbers with their kinds.

Wording asks for an identifier by its slot name (``{doctor}``, ``{phone}``); what comes back depends on the style. The
realistic ones are marked (`surface.mark`), so that the finished note knows the exact span of each. Within a note and
over all notes of a patient the same person keeps the same name, in many forms.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Literal

from nosology.synthetic.people import Person, Stock
from nosology.synthetic.phrases import pick
from nosology.synthetic.surface import mark

Style = Literal["realistic", "mimic3", "mimic4"]

SPAN_TYPES = {
    "patient name": "NAME",
    "relative name": "NAME",
    "clinician name": "NAME",
    "street address": "LOCATION",
    "city": "LOCATION",
    "zip code": "LOCATION",
    "date": "DATE",
    "phone number": "CONTACT",
    "fax number": "CONTACT",
    "email address": "CONTACT",
    "url": "CONTACT",
    "ip address": "CONTACT",
    "social security number": "ID",
    "medical record number": "ID",
    "health plan number": "ID",
    "account number": "ID",
    "licence number": "ID",
    "vehicle identifier": "ID",
    "device identifier": "ID",
    "other number": "ID",
    "age over 89": "AGE90",
    "hospital": "HOSPITAL",
    "employer": "ORG",
}
"""The kinds of identifier that HIPAA's Safe Harbor names and that occur in text, with the span type of each."""

_BLANK = "___"
_DAY_MONTH_YEAR = (
    "{0.month}/{0.day}/{0.year}",
    "{0.month:02d}/{0.day:02d}/{0.year}",
    "{0.month}/{0.day}/{0:%y}",
    "{0.month}-{0.day}-{0:%y}",
    "{0.month:02d}-{0.day:02d}-{0.year}",
    "{0.year}-{0.month:02d}-{0.day:02d}",
    "{0:%B} {0.day}, {0.year}",
    "{0:%b} {0.day}, {0.year}",
    "{0:%b} {0.day} {0.year}",
    "{0.day} {0:%B} {0.year}",
    "{0.day:02d} {0:%b} {0.year}",
    "{0.day}-{0:%b}-{0:%y}",
    "{0.month}.{0.day}.{0:%y}",
)
_DAY_MONTH = (
    "{0.month}/{0.day}",
    "{0:%B} {0.day}",
    "{0:%b} {0.day}",
    "{0.month:02d}/{0.day:02d}",
    "{0:%b} {0.day:02d}",
)
_MONTH_YEAR = ("{0:%B} {0.year}", "{0:%b} {0.year}", "{0.month:02d}/{0.year}", "{0:%B} of {0.year}")


class Identifiers:
    """Fills the identifier slots of one note.

    Args:
        style: MIMIC-III's placeholders, MIMIC-IV's blanks, or invented identifiers.
        rng: Draws the forms.
        patient: The patient and everybody around them; the same object for all notes of the patient.
        stock: Where strangers come from.
        admitted: When the stay began.
        discharged: When it ended.
        age: In whole years.
        kin: Who of the family the note speaks of: ``wife``, ``son``.
    """

    def __init__(
        self,
        style: Style,
        rng: Random,
        patient: Person,
        stock: Stock,
        admitted: datetime,
        discharged: datetime,
        age: int,
        kin: str,
    ) -> None:
        self._style, self._rng, self._patient, self._stock = style, rng, patient, stock
        self._admitted, self._discharged, self._age = admitted, discharged, age
        self.kin = kin
        self._doctor: Person | None = None
        self._hospital = ""

    def fill(self, slot: str, is_upper: bool = False) -> str:
        """Return the words for an identifier slot, invented ones in upper case where asked.

        Raises:
            KeyError: There is no such slot.
        """
        if self._style == "realistic":
            kind, make = REALISTIC[slot]
            words = make(self)
            return mark(kind, words.upper() if is_upper else words)
        if self._style == "mimic4":
            REALISTIC[slot]  # a slot that does not exist is an error in every style
            return _BLANK
        return pick(self._rng, MIMIC3[slot])(self)

    def age(self) -> str:
        """Return the age in years, hidden where it is above 89."""
        if self._age <= 89:
            return str(self._age)
        if self._style == "realistic":
            return mark("age over 89", str(self._age))
        return "[**Age over 90 **]" if self._style == "mimic3" else _BLANK

    def year(self, years_ago: int) -> str:
        """Return a year, which is no identifier but which MIMIC hides."""
        year = self._discharged.year - years_ago
        if self._style == "realistic":
            return str(year)
        return f"[**{year + 100}**]" if self._style == "mimic3" else _BLANK

    # What follows makes the words of single slots.

    @property
    def patient(self) -> Person:
        """The patient."""
        return self._patient

    @property
    def rng(self) -> Random:
        """Draws the forms."""
        return self._rng

    @property
    def stock(self) -> Stock:
        """Where strangers come from."""
        return self._stock

    def doctor(self) -> Person:
        """Return the note's physician, who stays the same in most sentences."""
        if self._doctor is None or self._rng.random() < 0.25:
            self._doctor = self._stock.person(self._rng)
        return self._doctor

    def kin_surname(self) -> str:
        """Return the surname of the patient's relative, mostly the patient's own."""
        rng = Random(f"{self._patient.seed}/{self.kin}/surname")
        return self._patient.last if rng.random() < 0.65 else pick(rng, self._stock.surnames)

    def hospital(self) -> str:
        """Return a hospital that is not this one, the same in most sentences."""
        if not self._hospital or self._rng.random() < 0.3:
            self._hospital = self._stock.hospital(self._rng)
        return self._hospital

    def day(self, slot: str) -> datetime:
        """Return the day that a date slot speaks of."""
        if slot.startswith("admitted"):
            return self._admitted
        if slot.startswith("discharged"):
            return self._discharged
        if slot.startswith("born"):
            return self._patient.born
        if slot.startswith("later"):
            return self._discharged + timedelta(days=1 + int(self._rng.random() * 60))
        if slot.startswith("earlier"):
            return self._admitted - timedelta(days=1 + int(self._rng.expovariate(1 / 250)))
        stay = (self._discharged - self._admitted).total_seconds()
        return self._admitted + timedelta(seconds=self._rng.random() * stay)

    def date(self, slot: str) -> str:
        """Return a date slot in one of the forms people write."""
        day = self.day(slot)
        forms = _DAY_MONTH if slot.endswith("_short") else _MONTH_YEAR if slot.endswith("_month") else _DAY_MONTH_YEAR
        return pick(self._rng, forms).format(day)

    def masked_date(self, slot: str) -> str:
        """Return a date slot as MIMIC-III writes it."""
        day = self.day(slot)
        if slot.endswith("_short"):
            return f"[**{day.month}-{day.day}**]"
        if slot.endswith("_month"):
            return f"[**{day.month}/{day.year + 100}**]" if self._rng.random() < 0.6 else "[**Month/Year (2) **]"
        return f"[**{day.year + 100}-{day.month}-{day.day}**]"

    def number(self, low: int, high: int) -> int:
        """Return a whole number for a placeholder."""
        return low + int(self._rng.random() * (high - low + 1))


_Maker = Callable[[Identifiers], str]


def _dates() -> dict[str, tuple[str, _Maker]]:
    return {
        when + form: ("date", partial(Identifiers.date, slot=when + form))
        for when in ("admitted", "discharged", "born", "later", "earlier", "during")
        for form in ("", "_short", "_month")
    }


REALISTIC: dict[str, tuple[str, _Maker]] = {
    "patient_last": ("patient name", lambda i: i.patient.in_form(i.rng, "last")),
    "patient_first": ("patient name", lambda i: i.patient.first),
    "patient_full": ("patient name", lambda i: i.patient.in_form(i.rng, "full")),
    "patient_listed": ("patient name", lambda i: i.patient.in_form(i.rng, "listed")),
    "patient_initials": ("patient name", lambda i: i.patient.initials(i.rng)),
    "relative": ("relative name", lambda i: i.patient.relative(i.kin, i.stock)),
    "relative_full": ("relative name", lambda i: f"{i.patient.relative(i.kin, i.stock)} {i.kin_surname()}"),
    "male_relative": ("relative name", lambda i: i.patient.relative("son-in-law", i.stock)),
    "doctor": ("clinician name", lambda i: i.doctor().in_form(i.rng, "last")),
    "doctor_full": ("clinician name", lambda i: i.doctor().in_form(i.rng, "full")),
    "doctor_listed": ("clinician name", lambda i: i.doctor().in_form(i.rng, "listed")),
    "doctor_initials": ("clinician name", lambda i: i.doctor().initials(i.rng)),
    "stranger": ("clinician name", lambda i: i.stock.person(i.rng).in_form(i.rng, "full")),
    "hospital": ("hospital", lambda i: i.hospital()),
    "employer": ("employer", lambda i: i.stock.employer(i.rng)),
    "street": ("street address", lambda i: i.stock.street(i.rng)),
    "town": ("city", lambda i: i.stock.town(i.rng)),
    "zip": ("zip code", lambda i: i.patient.number("zip")),
    "phone": ("phone number", lambda i: i.stock.phone(i.rng)),
    "pager": ("phone number", lambda i: str(i.number(10000, 99999))),
    "fax": ("fax number", lambda i: i.stock.phone(i.rng)),
    "email": ("email address", lambda i: i.stock.email(i.rng, i.patient if i.rng.random() < 0.7 else i.doctor())),
    "url": ("url", lambda i: i.stock.url(i.rng)),
    "ip": ("ip address", lambda i: i.stock.ip(i.rng)),
    "ssn": ("social security number", lambda i: i.patient.number("ssn")),
    "mrn": ("medical record number", lambda i: i.patient.number("mrn")),
    "plan": ("health plan number", lambda i: i.patient.number("plan")),
    "account": ("account number", lambda i: i.patient.number("account")),
    "licence": ("licence number", lambda i: i.stock.number(i.rng, "licence")),
    "vin": ("vehicle identifier", lambda i: i.stock.number(i.rng, "vin")),
    "plate": ("vehicle identifier", lambda i: i.stock.number(i.rng, "plate")),
    "device": ("device identifier", lambda i: i.stock.number(i.rng, "device")),
    "job": ("other number", lambda i: i.stock.number(i.rng, "job")),
    "old_age": ("age over 89", lambda i: str(i.number(90, 102))),
    **_dates(),
}
"""Slot name to the kind of identifier and what makes one."""


def _fixed(*forms: str) -> tuple[_Maker, ...]:
    """Return makers of placeholders; ``#`` stands for the number of a name, ``@`` for the patient's own."""
    return tuple(partial(_placeholder, form=form) for form in forms)


def _placeholder(identifiers: Identifiers, form: str) -> str:
    if "#" in form:
        return form.replace("#", str(identifiers.number(1, 9999)))
    return form.replace("@", str(identifiers.patient.placeholder_number))


MIMIC3: dict[str, tuple[_Maker, ...]] = {
    "patient_last": _fixed("[**Known lastname @**]", "[**Known lastname **]", "[**Last Name (un) **]"),
    "patient_first": _fixed("[**Known firstname @**]", "[**Known firstname **]"),
    "patient_full": _fixed(
        "[**Known firstname @**] [**Known lastname @**]", "[**Known firstname **] [**Known lastname **]"
    ),
    "patient_listed": _fixed(
        "[**Known lastname @**],[**Known firstname @**]", "[**Known lastname **], [**Known firstname **]"
    ),
    "patient_initials": _fixed("[**Initials (NamePattern4) **]", "[**Name Initial (PRE) **]"),
    "relative": _fixed("[**First Name8 (NamePattern2) **]", "[**Name (NI) **]", "[**Female First Name (un) **]"),
    "male_relative": _fixed("[**Name (NI) **]", "[**Male First Name (un) **]"),
    "relative_full": _fixed("[**Name (NI) **]", "[**First Name4 (NamePattern1) **] [**Known lastname **]"),
    "doctor": _fixed("[**Last Name (STitle) **]", "[**Last Name (un) **]", "[**Last Name (NamePattern1) #**]"),
    "doctor_full": _fixed(
        "[**First Name8 (NamePattern2) **] [**Last Name (NamePattern1) #**]",
        "[**First Name4 (NamePattern1) **] [**Last Name (NamePattern4) #**]",
        "[**First Name11 (Name Pattern1) **] [**Initial (NamePattern1) **] [**Last Name (NamePattern1) #**]",
        "[**Doctor First Name **] [**Doctor Last Name **]",
        "[**Name6 (MD) #**]",
    ),
    "doctor_listed": _fixed(
        "[**Last Name (LF) #**], [**First Name3 (LF) #**]", "[**Last Name (LF) **],[**First Name3 (LF) **]"
    ),
    "doctor_initials": _fixed("[**Initials (NamePattern4) **]", "[**Initial (NamePattern1) **]"),
    "stranger": _fixed("[**Name10 (NameIs) #**]", "[**Name (NI) #**]", "[**First Name5 (NamePattern1) **]"),
    "hospital": _fixed(
        "[**Hospital1 18**]", "[**Hospital #**]", "[**Hospital1 **]", "[**Hospital3 #**]", "[**Hospital6 **]"
    ),
    "employer": _fixed("[**Company #**]", "[**Company **]", "[**University/College **]"),
    "street": _fixed("[**Street Address(2) **]", "[**Street Address(1) #**]"),
    "town": _fixed("[**Location (un) #**]", "[**Location (un) **]", "[**Location #**]"),
    "zip": _fixed("[**Numeric Identifier **]", "[**Location (un) **]"),
    "phone": _fixed("[**Telephone/Fax (1) #**]", "[**Telephone/Fax (3) **]"),
    "pager": _fixed("[**Pager number **]", "[**Numeric Identifier #**]"),
    "fax": _fixed("[**Telephone/Fax (1) #**]", "[**Telephone/Fax (2) **]"),
    "email": _fixed("[**E-mail address **]", "[**E-mail address #**]"),
    "url": _fixed("[**URL **]", "[**Company **]"),
    "ip": _fixed(
        "[**Numeric Identifier **]",
    ),
    "ssn": _fixed("[**Social Security Number #**]", "[**Social Security Number **]"),
    "mrn": _fixed("[**Medical Record Number #**]", "[**Numeric Identifier #**]"),
    "plan": _fixed(
        "[**Numeric Identifier #**]",
    ),
    "account": _fixed("[**Numeric Identifier #**]", "[**Numeric Identifier **]"),
    "licence": _fixed("[**MD Number(1) #**]", "[**Numeric Identifier **]"),
    "vin": _fixed(
        "[**Numeric Identifier #**]",
    ),
    "plate": _fixed(
        "[**Numeric Identifier #**]",
    ),
    "device": _fixed("[**Serial Number #**]", "[**Numeric Identifier #**]"),
    "job": _fixed("[**Job Number #**]", "[**MD Number(3) #**]", "[**Clip Number (Radiology) #**]"),
    "old_age": _fixed(
        "[**Age over 90 **]",
    ),
    **{slot: (partial(Identifiers.masked_date, slot=slot),) for slot in _dates()},
}
"""Slot name to the forms in which MIMIC-III's placeholders occur."""
