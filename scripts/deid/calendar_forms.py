"""Dates in every form that notes write them in: whole, partial, ranges, lists, odd ones, holidays."""

# ruff: noqa: E501 - lists and patterns, read across
import random

from grammar_text import of_part

_MONTHS = [
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
_SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_FOREIGN = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "Januar",
    "Februar",
    "März",
    "Oktober",
    "Dezember",
    "gennaio",
    "luglio",
    "março",
    "maggio",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_SHORT_DAYS = ["Mon", "Tue", "Tues", "Wed", "Thu", "Thur", "Thurs", "Fri", "Sat", "Sun"]
_HOLIDAYS = [
    "Christmas",
    "Christmas Day",
    "Christmas Eve",
    "Xmas",
    "Boxing Day",
    "New Year's Eve",
    "New Year's Day",
    "New Year's",
    "NYE",
    "Thanksgiving",
    "Thanksgiving Day",
    "Easter",
    "Easter Sunday",
    "Easter Monday",
    "Good Friday",
    "Ash Wednesday",
    "Palm Sunday",
    "Mother's Day",
    "Father's Day",
    "Memorial Day",
    "Labor Day",
    "Labour Day",
    "Independence Day",
    "4th of July",
    "Fourth of July",
    "July 4th",
    "Veterans Day",
    "Remembrance Day",
    "Armistice Day",
    "Halloween",
    "Bonfire Night",
    "Guy Fawkes Night",
    "St Patrick's Day",
    "St. Patrick's Day",
    "Valentine's Day",
    "MLK Day",
    "Presidents' Day",
    "Columbus Day",
    "Canada Day",
    "Victoria Day",
    "Australia Day",
    "Anzac Day",
    "Waitangi Day",
    "Bastille Day",
    "Diwali",
    "Eid",
    "Eid al-Fitr",
    "Eid al-Adha",
    "Ramadan",
    "Holi",
    "Passover",
    "Yom Kippur",
    "Rosh Hashanah",
    "Hanukkah",
    "Purim",
    "Lunar New Year",
    "Chinese New Year",
    "Tet",
    "Nowruz",
    "Cinco de Mayo",
    "Day of the Dead",
    "Epiphany",
    "Pentecost",
    "Ascension Day",
    "Hogmanay",
    "Burns Night",
    "Shrove Tuesday",
    "Mardi Gras",
    "Groundhog Day",
    "Juneteenth",
    "Super Bowl Sunday",
    "Black Friday",
    "May Day",
    "Whit Monday",
    "the August bank holiday",
    "Spring bank holiday",
    "Kwanzaa",
    "Vaisakhi",
    "Midsummer",
]
_FULL = (
    "{m}/{d}/{yy}|{m}/{d}/{yyyy}|{mm}/{dd}/{yyyy}|{mm}/{dd}/{yy}|{dd}/{mm}/{yyyy}|{d}/{m}/{yy}|{mm}-{dd}-{yyyy}|{dd}-{mm}-{yyyy}|{d}-{m}-{yy}|"
    "{dd}.{mm}.{yyyy}|{d}.{m}.{yy}|{dd}.{mm}.{yy}|{yyyy}-{mm}-{dd}|{yyyy}/{mm}/{dd}|{yyyy}.{mm}.{dd}|{dd}-{mon}-{yyyy}|{dd}-{mon}-{yy}|{dd}{MON}{yyyy}|{dd}{MON}{yy}|"
    "{dd}-{MON}-{yyyy}|{d} {mon} {yyyy}|{d} {month} {yyyy}|{d}{th} {month} {yyyy}|{d}{th} of {month} {yyyy}|{d} {mon} '{yy}|{d}{th} {mon} {yy}|{month} {d}, {yyyy}|"
    "{mon} {d}, {yyyy}|{mon}. {d}, {yyyy}|{month} {d} {yyyy}|{mon} {d} {yyyy}|{month} {d}{th}, {yyyy}|{mon} {d}{th} {yyyy}|{mon}-{dd}-{yyyy}|{mon}/{dd}/{yyyy}|"
    "{mm}_{dd}_{yyyy}|{mm} {dd} {yyyy}|{dd} {mm} {yyyy}|{dd} {mm} {yy}|{yyyy}{mm}{dd}|{mm}{dd}{yyyy}|{day}, {month} {d}, {yyyy}|{dy} {d} {mon} {yyyy}|{dy} {mm}/{dd}/{yy}|{dy} {d}/{m}/{yy}|"
    "{d} {foreign} {yyyy}|{d}. {foreign} {yyyy}|{d} de {foreign} de {yyyy}|le {d} {foreign} {yyyy}|{m} / {d} / {yyyy}|{mm}/{dd}/ {yyyy}|{mm}–{dd}–{yyyy}|the {d}{th} of {month}, {yyyy}|"
    "{month} the {d}{th}, {yyyy}|{mon}.{d}.{yyyy}|{d}/{mon}/{yyyy}|{d}/{mon}/{yy}|{yyyy}-{mon}-{dd}|{mm}/{dd}/{yyyy}|{m}/{d}/{yy}|{m}\\{d}\\{yy}|{yyyy}年{m}月{d}日|{d} {month}, {yyyy}|{mm}/__/{yyyy}"
)
_PARTIAL = (
    "{m}/{d}|{mm}/{dd}|{d}/{m}|{month} {d}|{month} {d}{th}|{mon} {d}|{mon} {d}{th}|{mon}. {d}|{d} {month}|{d} {mon}|{d}{th} {month}|{d}{th} {mon}|{d}{th} of {month}|"
    "the {d}{th} of {month}|{dd}-{mon}|{d}-{mon}|{mon}-{dd}|{dd}{MON}|{d}.{m}.|{mm}-{dd}|{MON} {d}|{month} {yyyy}|{mon} {yyyy}|{mon} '{yy}|{mm}/{yyyy}|{m}/{yy}|{mon}-{yy}|{month} of {yyyy}|{month}, {yyyy}|"
    "early {month} {yyyy}|mid {month} {yyyy}|late {mon} {yyyy}|{yyyy}-{mm}|{mon}{yy}|{m}-{d}|{d}/{mon}|{mon}/{yy}|{MON}-{yyyy}|{d}. {foreign}|{d} {foreign}|end of {month} {yyyy}|{mm}.{yyyy}|{MON}{dd}|{m} / {d}"
)
_RANGE = (
    "{m}/{d}-{m2}/{d2}|{m}/{d} - {m2}/{d2}|{m}/{d}–{m2}/{d2}|{m}/{d} to {m2}/{d2}|{m}/{d}->{m2}/{d2}|{m}/{d} → {m2}/{d2}|{m}/{d}/{yy}-{m2}/{d2}/{yy}|{mm}/{dd}/{yyyy} - {mm2}/{dd2}/{yyyy}|"
    "{mm}/{dd}/{yyyy} to {mm2}/{dd2}/{yyyy}|{d}-{d2} {month}|{d}-{d2} {mon} {yyyy}|{d}–{d2} {month} {yyyy}|{month} {d}-{d2}|{month} {d}-{d2}, {yyyy}|{mon} {d}-{d2}|{mon} {d} - {mon2} {d2}|{month} {d} to {month2} {d2}|"
    "{month} {d} through {d2}, {yyyy}|{d}{th} to {d2}{th2} {month}|{d}/{m} - {d2}/{m2}|{d}.{m}.-{d2}.{m2}.{yyyy}|{dd}.{mm}.{yy} bis {dd2}.{mm2}.{yy}|{mon}–{mon2} {yyyy}|{month} to {month2} {yyyy}|{month}-{month2} {yyyy}|"
    "{d} {mon} => {d2} {mon2}|{dd}{MON}-{dd2}{MON2}|{yyyy}-{mm}-{dd}/{yyyy}-{mm2}-{dd2}|{yyyy}-{mm}-{dd} .. {yyyy}-{mm2}-{dd2}|{m}/{d}—{m2}/{d2}|{mon} {d}→{d2}|{m}/{d} thru {m2}/{d2}|between {m}/{d} and {m2}/{d2}|{m}/{d} -> {m2}/{d2}/{yy}|{d}{th}–{d2}{th2} {mon}|{m}/{d} ➔ {m2}/{d2}|{m}/{d}~{m2}/{d2}"
)
_ODD = (
    "{day} the {d}{th}|{day} {d}{th}|{dy} {d}{th}|{dy} the {d}{th}|{mm}_{dd}_{yy}|{mm} {dd} {yy}|{m} {d} {yy}|{dy} {m}/{d}|{day} {m}/{d}|{day} {d} {month}|{day}, {month} {d}|{dy} {d} {mon}|{day} {d}{th} {month}|"
    "{mon}_{d}|{m}_{d}_{yyyy}|{dd}_{mm}_{yyyy}|{month} the {d}{th}|{d}{th} ult|week of {m}/{d}|wk of {mon} {d}|{d}{th} inst.|{mm}{dd}{yy}|{d} / {m}|{mm}. {dd}. {yyyy}"
)
_FORMS = {"full": _FULL, "partial": _PARTIAL, "range": _RANGE, "odd": _ODD}


class DateForms:
    """Draws dates of one part of the grammar; see `identifiers.Identifiers`."""

    def __init__(self, rng: random.Random, part: str) -> None:
        self._rng = rng
        self._forms = {kind: of_part(forms.split("|"), part) for kind, forms in _FORMS.items()}
        self._holidays = of_part(_HOLIDAYS, part)

    def __call__(self, kind: str) -> str:
        """Return a date: full, partial, range, odd, weekday, holiday or list."""
        rng = self._rng
        if kind == "holiday" or (kind == "odd" and rng.random() < 0.3):
            holiday = rng.choice(self._holidays)
            return f"{holiday} {rng.randint(1990, 2029)}" if rng.random() < 0.15 else holiday
        if kind == "weekday":
            return self._fill(
                rng.choice([form for form in self._forms["odd"] if ("{d" in form and "day" in form) or "dy" in form])
            )
        if kind == "list":
            form = rng.choice(["{m}/{d}", "{mon} {d}", "{d}/{m}", "{mm}/{dd}", "{d} {mon}", "{d}{th} {mon}"])
            dates = [self._fill(form) for _ in range(rng.choice([2, 3, 3, 4]))]
            if form == "{mon} {d}" and rng.random() < 0.4:
                dates[1:] = [date.split()[1] for date in dates[1:]]
            last = rng.choice([" and ", ", ", " & ", ", and "])
            return ", ".join(dates[:-1]) + last + dates[-1]
        return self._fill(rng.choice(self._forms[kind]))

    def _fill(self, form: str) -> str:
        rng = self._rng
        values: dict[str, object] = {}
        for mark in ("", "2"):
            month, day = rng.randint(1, 12), rng.randint(1, 28 + (rng.random() < 0.1) * 3)
            values |= {f"m{mark}": month, f"mm{mark}": f"{month:02}", f"d{mark}": day, f"dd{mark}": f"{day:02}",
                       f"mon{mark}": _SHORT[month - 1], f"MON{mark}": _SHORT[month - 1].upper(), f"month{mark}": _MONTHS[month - 1],
                       f"th{mark}": "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")}  # fmt: skip
        year = rng.choice([rng.randint(1925, 2029), rng.randint(2000, 2029)])
        values |= {
            "yyyy": year,
            "yy": f"{year % 100:02}",
            "day": rng.choice(_DAYS),
            "dy": rng.choice(_SHORT_DAYS),
            "foreign": rng.choice(_FOREIGN),
        }
        return form.format(**values)
