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
    "octobre",
    "novembre",
    "décembre",
    "févr.",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
    "ene",
    "dic.",
    "Juni",
    "Juli",
    "Mai",
    "Jänner",
    "Jan.",
    "Dez.",
    "Feber",
    "febbraio",
    "giugno",
    "settembre",
    "ottobre",
    "dicembre",
    "janeiro",
    "fevereiro",
    "junho",
    "dezembro",
    "januari",
    "februari",
    "maart",
    "mei",
    "augustus",
    "oktober",
    "stycznia",
    "lutego",
    "marca",
    "kwietnia",
    "czerwca",
    "lipca",
    "sierpnia",
    "września",
    "listopada",
    "grudnia",
    "maj",
    "juni",
    "augusti",
    "desember",
    "ianuarie",
    "iunie",
    "Ocak",
    "Şubat",
    "Haziran",
    "Ağustos",
    "Kasım",
]
_ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
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
    "Midsummer's Eve",
    "Twelfth Night",
    "Maundy Thursday",
    "Holy Saturday",
    "All Saints' Day",
    "All Souls",
    "St Stephen's Day",
    "St. Nicholas Day",
    "St George's Day",
    "St Andrew's Day",
    "St David's Day",
    "Mothering Sunday",
    "Pancake Day",
    "Cinco De Mayo",
    "Patriots' Day",
    "Family Day",
    "Labour weekend",
    "Matariki",
    "King's Birthday",
    "Heritage Day",
    "Freedom Day",
    "Youth Day",
    "Madaraka Day",
    "Jamhuri Day",
    "Republic Day",
    "Dussehra",
    "Onam",
    "Pongal",
    "Ganesh Chaturthi",
    "Durga Puja",
    "Raksha Bandhan",
    "Vesak",
    "Deepavali",
    "Hari Raya",
    "Songkran",
    "Obon",
    "Golden Week",
    "Chuseok",
    "Carnival",
    "Rosenmontag",
    "Koningsdag",
    "Kingsday",
    "Sinterklaas",
    "Ferragosto",
    "Toussaint",
    "Walpurgis Night",
    "St. Lucia's Day",
    "Sant Jordi",
    "Semana Santa",
    "Nochebuena",
    "Ashura",
    "Mawlid",
    "Eid ul-Fitr",
    "Sukkot",
    "Shavuot",
    "Simchat Torah",
    "Tisha B'Av",
    "Orthodox Easter",
    "Orthodox Christmas",
    "Super Bowl weekend",
    "Derby Day",
    "Cup Final day",
    "Election Day",
    "Inauguration Day",
    "Flag Day",
    "Pi Day",
    "the early May bank holiday",
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
    "{d} {mon} => {d2} {mon2}|{dd}{MON}-{dd2}{MON2}|{yyyy}-{mm}-{dd}/{yyyy}-{mm2}-{dd2}|{yyyy}-{mm}-{dd} .. {yyyy}-{mm2}-{dd2}|{m}/{d}—{m2}/{d2}|{mon} {d}→{d2}|{m}/{d} thru {m2}/{d2}|between {m}/{d} and {m2}/{d2}|{m}/{d} -> {m2}/{d2}/{yy}|{d}{th}–{d2}{th2} {mon}|{m}/{d} ➔ {m2}/{d2}|{m}/{d}~{m2}/{d2}|"
    "{m}/{d} ⇒ {m2}/{d2}|{m}/{d}-->{m2}/{d2}|{m}/{d} --> {m2}/{d2}|{m}/{d}…{m2}/{d2}|{m}/{d}...{m2}/{d2}|{m}/{d} – {m2}/{d2}/{yy}|{mm}.{dd}-{mm2}.{dd2}|{d}.{m}. – {d2}.{m2}.|{d}/{m}–{d2}/{m2}|{d}/{m} > {d2}/{m2}|{mon} {d}–{mon2} {d2}|{mon} {d}—{d2}|{month} {d}–{month2} {d2}|{month} {d} – {month2} {d2}, {yyyy}|"
    "{d} {mon} to {d2} {mon2} {yyyy}|from {d} {mon} until {d2} {mon2}|{d}-{d2}/{m}/{yy}|{m}/{d}-{d2}/{yy}|{m}/{d}-{d2}|{m}/{d}-{d2}/{yyyy}|{mon} {d} & {d2}|{m}/{d} & {m2}/{d2}|{m}/{d}+{m2}/{d2}|{mon} {d}/{d2}|{d}/{d2} {mon}|the {d}{th} and {d2}{th2} of {month}|the {d}{th} to the {d2}{th2}|{mon} '{yy} to {mon2} '{yy}|{mon} {yyyy} – {mon2} {yyyy}|{mm}/{yy}-{mm2}/{yy}|{mm}/{yyyy} to {mm2}/{yyyy}|{month} into early {month2}|"
    "{d}{mon}-{d2}{mon2}|{yyyy}{mm}{dd}-{yyyy}{mm2}{dd2}|{dy} {m}/{d} - {dy} {m2}/{d2}|{m}/{d} / {m2}/{d2}|{d}.{m}.{yy}-{d2}.{m2}.{yy}|{dd}.{mm}.{yyyy} – {dd2}.{mm2}.{yyyy}|{m}/{d}/{yy}→{m2}/{d2}/{yy}|{m}/{d} till {m2}/{d2}|{mon} {d} til {mon2} {d2}|{d} {month} - {d2} {month2}"
)
_ODD = (
    "{day} the {d}{th}|{day} {d}{th}|{dy} {d}{th}|{dy} the {d}{th}|{mm}_{dd}_{yy}|{mm} {dd} {yy}|{m} {d} {yy}|{dy} {m}/{d}|{day} {m}/{d}|{day} {d} {month}|{day}, {month} {d}|{dy} {d} {mon}|{day} {d}{th} {month}|"
    "{mon}_{d}|{m}_{d}_{yyyy}|{dd}_{mm}_{yyyy}|{month} the {d}{th}|{d}{th} ult|week of {m}/{d}|wk of {mon} {d}|{d}{th} inst.|{mm}{dd}{yy}|{d} / {m}|{mm}. {dd}. {yyyy}|"
    "{dy} {d}/{m}|{dy}. {m}/{d}|{dy} {mon} {d}{th}|{day} ({m}/{d})|{day} the {d}{th} of {month}|{day}, {d} {mon} '{yy}|{mon} {d} ({dy})|{m}/{d} ({dy})|{d}{th} {dy}|{dy} {d}.{m}|{d} {mon} {dy}|{month} {d} ({day})"
)
_NTH = "the {d}{th}|the {d}{th}|the {d}{th}|the {d}{th}|The {d}{th}|{d}{th}|the {d}{th} of the month|the {d}{th} inst|the {d}{th} of this month|the {d}{th} of last month"
_BLANK = (
    "{mm}/__/{yyyy}|__/{mm}/{yyyy}|{mm}_{dd}_{yyyy}|{m}_{d}_{yy}|{mm}/{dd}/__|{mm} / {dd} / {yyyy}|{m} . {d} . {yy}|{dd} . {mm} . {yyyy}|{d}_{mon}_{yyyy}|{mm}-{dd}-__|{mm}.{dd}.{yyyy}|{m}.{d}.{yy}|"
    "{dd}  {mm}  {yyyy}|{m} - {d} - {yy}|{mm}{dd}-{yyyy}|{mm}:{dd}:{yyyy}|{dd}/{mm}-{yy}|{m}-{d}/{yy}|{mm}//{dd}//{yyyy}|{m}/{d}./{yy}|{dd},{mm},{yyyy}|{m}/{d} {yyyy}|{mon} {d} , {yyyy}|{mon}, {d} {yyyy}|{mm}/{dd}/{yyyy}"
)
_ISO = "{yyyy}-{mm}-{dd}|{yyyy}-{mm}-{dd}|{yyyy}/{mm}/{dd}|{yyyy}{mm}{dd}|{yyyy}.{mm}.{dd}|{dd}.{mm}.{yyyy}|{mm}/{dd}/{yyyy}|{dd}{MON}{yyyy}"
_WITH_ROMAN = "{d}.{roman}.{yyyy}|{d}/{roman}/{yy}|{d}-{roman}-{yyyy}|{d} {roman} {yyyy}|{d}. {roman}. {yyyy}|{roman}/{d}/{yy}|{d}.{roman}.{yy}|{d}/{roman}/{yyyy}|{d}.{roman}"
_WITH_FOREIGN = (
    "{d} {foreign} {yyyy}|{d} {foreign}|{d}. {foreign} {yyyy}|{d}. {foreign}|le {d} {foreign}|el {d} de {foreign}|{d} de {foreign}|{d} de {foreign} de {yyyy}|{d} de {foreign} del {yyyy}|am {d}. {foreign}|den {d} {foreign} {yyyy}|"
    "il {d} {foreign} {yyyy}|{foreign} {yyyy}|{d} {foreign} {yyyy} r.|op {d} {foreign}|1er {foreign} {yyyy}|{d}-{foreign}-{yyyy}"
)
_PART_OF_MONTH = (
    "mid-{month}|mid-{mon}|early {month}|late {month}|mid {mon}|early-{month}|end of {month}|the end of {month}|beginning of {month}|start of {month}|first week of {month}|second week of {month}|last week of {month}|the middle of {month}|"
    "end {mon}|late-{mon}|the week of {month} {d}|w/c {d}/{m}|w/c {d} {mon}|w/e {d}/{m}|week ending {m}/{d}|week beginning {d} {month}|wk of {m}/{d}|week commencing {d}{th} {month}|the first {day} in {month}|the last {day} of {month}|the second {day} of {month}|mid-{month} {yyyy}|early {mon} '{yy}|late {month} {yyyy}|the weekend of {month} {d}"
)
_SHORTENED = (
    "{alt} '{yy}|{alt}'{yy}|{alt} {yy}|{alt}/{yy}|{alt}-{yy}|{alt}. {yyyy}|{alt} {d}|{alt}.{d}|{alt} {d}/{yy}|{alt} {d}, '{yy}|{d} {alt}|{d}{alt}|{d}{alt}{yy}|{d}{th} {alt} {yy}|{alt}{d}|{d}.{m}|{m}.{d}|{m}/'{yy}|{m}-{yy}|{d}/{m}/'{yy}|{m}/{d}/'{yy}|{alt}, {yyyy}|{alt} of '{yy}|"
    "{alt} {d} '{yy}|{d}-{alt}|{d}/{alt}|{dy} {d}{th} {alt}|{dy} {m}.{d}|{dy}, {m}/{d}|{dy}. {alt} {d}|{day} {d} {alt}|{dy}{d}/{m}|{dy} {d}/{m}|{dy}-{d}-{alt}"
)
_UNITS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"]  # fmt: skip
_ORDINALS = [*_UNITS, *(f"twenty-{unit}" for unit in _UNITS[:9]), "thirtieth", "thirty-first"]
_SPOKEN = (
    "the {ord} of {month}|the {ord} of {month} {yyyy}|{month} {ord}|{month} the {ord}|{month} {ord}, {yyyy}|{day} the {ord}|{day} the {ord} of {month}|the {ord} of the month|the {ord} of {month} last|{ord} {month} {yyyy}|{ord} of {mon}|"
    "{day}, {month} {ord}|the {ord} and {ord2} of {month}|the {ord} to the {ord2} of {month}|the {ord} or {ord2} of {month}|{month} {ord} or {ord2}|{month} {ord} through {ord2}|{month} {ord} of {yyyy}|{day} {ord} {month}|the {ord} day of {month} {yyyy}"
)
_QUARTER = "Q{q} {yyyy}|Q{q} '{yy}|Q{q}/{yy}|{q}Q{yy}|{yyyy} Q{q}|the {quarter} quarter of {yyyy}|Q{q} of {yyyy}|{yyyy}-Q{q}|{q}. Quartal {yyyy}|KW {w}/{yyyy}|CW{w} {yyyy}|wk {w}/{yyyy}|{yyyy}-W{w}|week {w} of {yyyy}"
_HEADED = (
    "{yyyy}_{mm}_{dd}|{yyyy}{mm}{dd}|{dy} {mon} {d} {yyyy}|{dy}, {d} {mon} {yyyy}|{dy} {mm}/{dd}|{day} {d}.{m}.{yyyy}|{day}, {d}. {foreign} {yyyy}|{dy} {dd}.{mm}.|{dy} {d}.{m}.{yy}|{dd}.{mm}.{yyyy}|{d}.{m}.{yy}|{MON} {dd} {yyyy}|{MON} {dd}, {yyyy}|{dd}/{MON}/{yyyy}|"
    "{dd}/{mon}/{yy}|{yyyy}.{m}.{d}|{yyyy}. {m}. {d}.|{yy}-{mm}-{dd}|{yy}/{mm}/{dd}|{yyyy}-{mm}-{dd}|{d}/{m}-{yyyy}|{d}/{m} {yyyy}|{d} / {m} / {yy}|{day} {d}/{m}/{yyyy}|{dy}-{dd}-{mon}-{yyyy}|{d}{th} {month}, {yyyy}|{month} {d} - {yyyy}|{dy}. {d}. {foreign} {yyyy}|{mm}.{dd}.{yy}"
)
_FORMS = {
    "spoken": _SPOKEN,
    "quarter": _QUARTER,
    "header": _HEADED,
    "nth": _NTH,
    "blank": _BLANK,
    "iso": _ISO,
    "roman": _WITH_ROMAN,
    "foreign": _WITH_FOREIGN,
    "part of a month": _PART_OF_MONTH,
    "short": _SHORTENED,
    "full": _FULL,
    "partial": _PARTIAL,
    "range": _RANGE,
    "odd": _ODD,
}


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
                       f"mon{mark}": _SHORT[month - 1], f"MON{mark}": _SHORT[month - 1].upper(), f"roman{mark}": _ROMAN[month - 1],
                       f"alt{mark}": rng.choice([_SHORT[month - 1], _SHORT[month - 1].lower(), "Sept" if month == 9 else _MONTHS[month - 1]]), f"month{mark}": _MONTHS[month - 1],
                       f"th{mark}": "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")}  # fmt: skip
        year = rng.choice([rng.randint(1925, 2029), rng.randint(2000, 2029)])
        values |= {
            "yyyy": year,
            "yy": f"{year % 100:02}",
            "day": rng.choice(_DAYS),
            "dy": rng.choice(_SHORT_DAYS),
            "foreign": rng.choice(_FOREIGN),
            "ord": self._ordinal(),
            "ord2": self._ordinal(),
            "quarter": rng.choice(_UNITS[:4]),
            "q": rng.randint(1, 4),
            "w": rng.randint(1, 52),
        }
        return form.format(**values)

    def _ordinal(self) -> str:
        rng = self._rng
        ordinal = rng.choice(_ORDINALS)
        return ordinal.replace("-", " ") if rng.random() < 0.3 else ordinal
