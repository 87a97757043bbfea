"""Ways to write a date, by the custom of a country."""

from __future__ import annotations

import datetime
import random

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
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
FEASTS = [
    "Hogmanay",
    "St Brigid's Day",
    "Boxing Day",
    "Diwali",
    "Eid al-Fitr",
    "Eid ul-Adha",
    "Holi",
    "Good Friday",
    "Easter Monday",
    "Onam",
    "Pongal",
    "Heritage Day",
    "Freedom Day",
    "Mashujaa Day",
    "Jamhuri Day",
    "Waitangi Day",
    "Matariki",
    "Anzac Day",
    "Chinese New Year",
    "Deepavali",
    "Hari Raya",
    "Undas",
    "Simbang Gabi",
    "Holy Week",
    "Ash Wednesday",
    "Crop Over",
    "Emancipation Day",
    "Carnival Tuesday",
    "Burns Night",
    "St Andrew's Day",
    "Palm Sunday",
    "Michaelmas",
    "Whit Monday",
    "Christmas Eve",
    "New Year's Day",
    "St Stephen's Day",
    "Ashura",
    "Vaisakhi",
    "Nowruz",
    "Ganesh Chaturthi",
    "Durga Puja",
    "Vesak",
    "Timkat",
    "Yom Kippur",
    "Sinterklaas",
    "Halloween",
    "Mothering Sunday",
]
HIJRI = ["Muharram", "Safar", "Rajab", "Shaban", "Ramadan", "Shawwal", "Dhul-Hijjah"]


def ordinal(number: int) -> str:
    """Returns ``3rd`` for 3."""
    return f"{number}{'th' if 10 < number % 100 < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


class Almanac:
    """Draws dates of one note, in a manner that suits its country."""

    def __init__(self, rng: random.Random, custom: str) -> None:
        """Chooses the note's own manner.

        Args:
            rng: Source of chance.
            custom: ``dmy``, ``mdy``, ``iso``, ``eur`` or ``mix``.
        """
        self.rng = rng
        self.custom = rng.choice(["dmy", "mdy"]) if custom == "mix" else custom
        self.manner = rng.randrange(10)
        self.now = datetime.date(2014, 1, 1) + datetime.timedelta(days=rng.randrange(4300))

    def _day(self, back: int = 1500) -> datetime.date:
        return self.now - datetime.timedelta(days=self.rng.randrange(back))

    def full(self, day: datetime.date | None = None) -> str:
        """Returns a date with its year."""
        day = day or self._day()
        manner = self.manner if self.rng.random() < 0.6 else self.rng.randrange(14)
        d, m, y, name = day.day, day.month, day.year, MONTHS[day.month - 1]
        if manner == 0 or (self.custom == "iso" and manner < 4):
            return self.rng.choice([f"{y}-{m:02}-{d:02}", f"{y}/{m:02}/{d:02}"])
        if manner == 1:
            return f"{name} {d}, {y}" if self.custom == "mdy" else f"{d} {name} {y}"
        if manner == 2:
            return f"{ordinal(d)} {name[:3]} {y}" if self.custom != "mdy" else f"{name[:3]}. {d}, {y}"
        if manner == 3:
            return f"{d:02}.{m:02}.{y}" if self.custom != "mdy" else f"{m:02}-{d:02}-{y}"
        if manner == 4:
            return f"{m}/{d}/{y % 100:02}" if self.custom == "mdy" else f"{d}/{m}/{y % 100:02}"
        if manner == 5:
            return f"{d:02}-{name[:3]}-{y}"
        if manner == 6:
            return f"{WEEKDAYS[day.weekday()]} {d} {name} {y}"
        if manner == 7:
            return f"{d:02}{name[:3].upper()}{y % 100:02}"
        if manner == 8:
            return f"{d}.{ROMAN[m - 1]}.{y}"
        if manner == 9:
            return f"{ordinal(d)} of {name}, {y}"
        if manner == 10:
            return f"{y}{m:02}{d:02}"
        if manner == 11:
            return f"{name[:3]} {d} '{y % 100:02}"
        return f"{m:02}/{d:02}/{y}" if self.custom == "mdy" else f"{d:02}/{m:02}/{y}"

    def birth(self, age: int) -> str:
        """Returns a date of birth for an age."""
        return self.full(self.now - datetime.timedelta(days=age * 365 + self.rng.randrange(1, 360)))

    def partial(self) -> str:
        """Returns a day and month, or a month and year."""
        day = self._day(500)
        d, m, y, name = day.day, day.month, day.year, MONTHS[day.month - 1]
        slash = f"{m}/{d}" if self.custom == "mdy" else f"{d}/{m}"
        return self.rng.choice(
            [
                f"{d} {name}",
                f"{name} {y}",
                f"{ordinal(d)} {name}",
                f"{name[:3]} {d}",
                f"{d}-{name[:3]}",
                f"{m:02}/{y}",
                f"{name[:3]} '{y % 100:02}",
                slash,
                f"{WEEKDAYS[day.weekday()][:3]} {d}/{m}",
                f"{name} of {y}",
                f"{WEEKDAYS[day.weekday()]} the {ordinal(d)}",
                f"{d}{name[:3].lower()}",
                f"{d}.{m}.",
                f"{name[:3]}-{y}",
                f"{WEEKDAYS[day.weekday()]} {ordinal(d)} {name}",
                f"{y}-{m:02}",
                f"{d} {name[:3]}",
                f"{d}/{ROMAN[m - 1]}",
            ]
        )

    def range(self) -> str:
        """Returns two dates as one stretch."""
        a = self._day(900)
        b = a + datetime.timedelta(days=self.rng.randrange(2, 40))
        ma, mb = MONTHS[a.month - 1], MONTHS[b.month - 1]
        first, last = self.full(a), self.full(b)
        sa, sb = (f"{x.month}/{x.day}" if self.custom == "mdy" else f"{x.day}/{x.month}" for x in (a, b))
        same = f"{a.day}–{b.day} {ma} {a.year}" if a.month == b.month else f"{a.day} {ma} – {b.day} {mb} {b.year}"
        return self.rng.choice(
            [
                f"{first} to {last}",
                f"{sa}-{sb}",
                f"{sa}–{sb}/{b.year}",
                same,
                f"{first} - {last}",
                f"{sa} -> {sb}",
                f"{ma[:3]} {a.day} through {mb[:3]} {b.day}",
                f"{a.year}-{a.month:02}-{a.day:02}/{b.year}-{b.month:02}-{b.day:02}",
                f"{ma} to {MONTHS[b.month % 12]} {b.year}",
                f"{first} until {last}",
                f"{ordinal(a.day)} {ma[:3]}–{ordinal(b.day)} {mb[:3]}",
                f"{a.day:02}.{a.month:02}.–{b.day:02}.{b.month:02}.{b.year}",
                f"{first} → {last}",
            ]
        )

    def odd(self) -> str:
        """Returns a feast, a military or Islamic date, a week, a day of the year or a date spelt out."""
        rng, day = self.rng, self._day(1200)
        d, y, name = day.day, day.year, MONTHS[day.month - 1]
        if rng.random() < 0.5:
            feast = rng.choice(FEASTS)
            return rng.choice([feast, feast, f"{feast} {y}", f"{feast} '{y % 100:02}"])
        week = day.isocalendar()[1]
        return rng.choice(
            [
                f"{d:02}{rng.randrange(24):02}{rng.randrange(60):02}Z{name[:3].upper()}{y % 100:02}",
                f"{rng.randrange(1, 29)} {rng.choice(HIJRI)} {y - 579}",
                f"{y}-W{week:02}",
                f"wk {week} of {y}",
                f"day {day.timetuple().tm_yday} of {y}",
                f"Q{(day.month + 2) // 3} {y}",
                f"first {WEEKDAYS[day.weekday()]} of {name}",
                f"{d:02}{day.month:02}{y % 100:02}",
                f"ides of {name}",
                f"Rosh Chodesh {rng.choice(['Nisan', 'Elul', 'Kislev'])}",
                f"{WEEKDAYS[day.weekday()][:3]} wk {rng.randrange(1, 5)} {name[:3]} {y}",
                f"{rng.choice(['Baisakh', 'Karthika', 'Chaitra', 'Aadi'])} {rng.randrange(1, 28)}",
                f"{name} the {rng.choice(['second', 'fourth', 'ninth', 'eleventh', 'twenty-first', 'thirtieth'])}",
                f"{rng.choice(['spring', 'Michaelmas term', 'winter', 'autumn'])} {y}",
                f"{y}-{day.timetuple().tm_yday:03}",
                f"{day.month:02}/{d:02}/{y}T{rng.randrange(24):02}:{rng.randrange(60):02}",
            ]
        )
