"""Ways to write a day, a part of one, a stretch of days, and the odd ones."""

from __future__ import annotations

import calendar
import random
from datetime import date, timedelta

MONTHS = [m for m in calendar.month_name[1:]]
WEEKDAYS = list(calendar.day_name)
ROMAN = "I II III IV V VI VII VIII IX X XI XII".split()
FULL = {
    "mdy": "{m}/{d}/{y} {mm}/{dd}/{y} {m}/{d}/{yy} {mm}/{dd}/{yy} {M}_{d},_{y} {b}_{d},_{y} {b}_{dd}_{y} {m}-{d}-{yy} "
    "{mm}-{dd}-{y} {y}-{mm}-{dd} {W},_{M}_{d},_{y} {b}._{d}{th},_{y} {dd}-{B}-{y} {m}/{d}/{y} {mm}.{dd}.{y} {w}_{m}/{d}/{yy}",
    "dmy": "{d}/{m}/{y} {dd}/{mm}/{y} {dd}/{mm}/{yy} {d}_{M}_{y} {d}_{b}_{y} {d}{th}_{M}_{y} {dd}-{b}-{y} {y}-{mm}-{dd} "
    "{W}_{d}_{M}_{y} {dd}-{mm}-{y} {d}_{b}_'{yy} the_{d}{th}_of_{M},_{y} {w}_{dd}/{mm}/{yy}",
    "dot": "{dd}.{mm}.{y} {d}.{m}.{yy} {d}.{m}.{y} {d}._{M}_{y} {dd}.{mm}.{yy} {d}_{M}_{y} {y}-{mm}-{dd} {d}-{m}-{y} {d}.{R}.{y} "
    "{W},_{d}._{M}_{y} {w}.,_{dd}.{mm}.{yy}",
    "ymd": "{y}/{mm}/{dd} {y}-{mm}-{dd} {y}.{mm}.{dd} {y}.{m}.{d} {M}_{d},_{y} {d}_{b}_{y} {y}/{m}/{d}_({w}) {y}年{m}月{d}日 '{yy}.{mm}.{dd}",
}
PARTIAL = {
    "mdy": "{m}/{d} {mm}/{dd} {M}_{d} {b}_{d} {M}_{d}{th} {b}_{dd} {M}_{y} {b}_{y} {m}/{y} {mm}/{y} {w}_{m}/{d} {b}._{d}{th} {b}_'{yy}",
    "dmy": "{d}_{M} {d}_{b} {d}{th}_{M} {dd}/{mm} {M}_{y} {b}_{y} {mm}/{y} {d}{th}_of_{M} {b}-{yy} {w}_{d}_{b} {W}_{d}_{M}",
    "dot": "{d}.{m}. {dd}.{mm}. {d}._{M} {d}_{b} {mm}/{y} {M}_{y} {d}.{R} {mm}.{y} {w}_{d}.{m}.",
    "ymd": "{mm}/{dd} {y}/{mm} {M}_{d} {y}-{mm} {m}/{d}_({w}) {b}_{y} {m}月{d}日 {y}.{mm}",
}
RANGE = {
    "mdy": "{am}/{ad}-{m}/{d} {am}/{ad}/{ayy}-{m}/{d}/{yy} {am}/{ad}_to_{m}/{d} {amm}/{add}/{ay}_-_{mm}/{dd}/{y} {ab}_{ad}-{b}_{d} "
    "{aM}_{ad}_through_{M}_{d} {ab}_{ad}_to_{b}_{d},_{y} {am}/{ad}/{ay}_to_{m}/{d}/{y} {ay}-{amm}-{add}_to_{y}-{mm}-{dd} {aM}-{M}_{y} {am}/{ad}–{m}/{d}/{yy} {am}/{ad}→{m}/{d}",
    "dmy": "{ad}/{am}-{d}/{m} {ad}_{ab}_to_{d}_{b} {ad}_{aM}_–_{d}_{M}_{y} {add}/{amm}/{ay}_to_{dd}/{mm}/{y} {ad}/{am}/{ayy}-{d}/{m}/{yy} "
    "{ad}{ath}_{aM}_until_{d}{th}_{M} {ab}-{b}_{y} {ad}_{ab}→{d}_{b}",
    "dot": "{ad}.{am}.-{d}.{m}.{y} {add}.{amm}.–{dd}.{mm}.{yy} {ad}.{am}._to_{d}.{m}.{y} {add}.{amm}.{ay}_-_{dd}.{mm}.{y} {ad}._{aM}_to_{d}._{M}_{y} {amm}/{ay}-{mm}/{y}",
    "ymd": "{ay}/{amm}/{add}-{mm}/{dd} {ay}-{amm}-{add}_to_{y}-{mm}-{dd} {amm}/{add}–{mm}/{dd} {ay}.{amm}.{add}~{mm}.{dd} {ab}_{ad}-{b}_{d},_{y}",
}
ODD = (
    "{W}_the_{d}{th} {w}_the_{d}{th} {w}_{d}{th} {W},_the_{d}{th}_of_{M} {W}_{d}{th} {w}._the_{d}{th} {mm}\\{dd}\\{y} {mm}_{dd}_{yy} {m}|{d}|{yy} "
    "{mm}:{dd}:{y} {m}~{d}~{yy} {dd}{B}{yy} {dd}{B}{y} {d}{b}{yy} {y}{mm}{dd} {mm}{dd}{yy} {dd}{mm}{yy} {y}-W{ww} week_{k}_of_{y} week_{k}/{y} "
    "wk_{k} {y}/{jjj} day_{jjj},_{y} late_{M} mid-{M} early_{M}_{y} end_of_{M} the_first_week_of_{M} the_last_week_of_{b} {q}_{y} {season}_{y} "
    "{season}_of_'{yy} {M}_of_'{yy} {b}/{y} {b}/{d} {b}-{d}-{yy} {d}/{R}/{yy} {d}-{R}-{y} the_{nth}_{W}_of_{M} {nth}_{W}_in_{M} {M}_{d}-ish "
    "{d}{th}/{d2}{th2}_{b} {b}_{d}_or_{d2} {W}_{m}/{d} {W}_({d}/{m}) the_week_of_{m}/{d} {w}{d}{b} {y}_{M}_{d} {y}{b}{dd} the_{d}{th}_and_{d2}{th2}_of_{M} "
    "{M}_the_{d}{th} {M}_{word} the_{word}_of_{M} {d}_days_before_{feast} {feast}_{y} {feast} {feast} {feast} the_{w}_after_{feast} {feast}_week "
    "{feast}_weekend the_morning_of_{feast} R{era}.{m}.{d} Reiwa_{era} {d}_{hm}_144{e} {d}_{jm}_57{ee} {m}\\{d} {mm}{dd} nights_of_{b}_{d}_and_{d2} {B}_{d}{TH} {y}_{B}_{dd}"
).split()
FEASTS = (
    "Christmas Eve;Christmas Day;Boxing Day;New Year's Eve;New Year's Day;Thanksgiving;the day after Thanksgiving;Labor Day;"
    "Memorial Day;the 4th of July;Fourth of July;Independence Day;Halloween;Easter Sunday;Easter Monday;Good Friday;"
    "Ash Wednesday;Palm Sunday;Mother's Day;Father's Day;Valentine's Day;St. Patrick's Day;Veterans Day;MLK Day;"
    "Presidents' Day;Juneteenth;Columbus Day;Super Bowl Sunday;Mardi Gras;Cinco de Mayo;Día de los Muertos;Canada Day;"
    "Victoria Day;Canadian Thanksgiving;Anzac Day;Australia Day;Melbourne Cup Day;Rosenmontag;Nikolaus;Silvester;"
    "Tag der Deutschen Einheit;Bastille Day;Ascension Day;Whit Monday;Corpus Christi;Epiphany;Three Kings' Day;Ferragosto;"
    "King's Day;Sinterklaas;All Saints' Day;All Souls' Day;Wigilia;Eid al-Fitr;Eid;the second day of Eid;Eid al-Adha;"
    "the first night of Ramadan;Ashura;Nowruz;Yom Kippur;Rosh Hashanah;Passover;the first night of Hanukkah;Purim;Sukkot;"
    "Lunar New Year;Chinese New Year's Eve;Seollal;Chuseok;Golden Week;Obon;Children's Day;Shogatsu;Diwali;Holi;Vesak;"
    "Carnival Tuesday;Carnaval;Tiradentes Day;São João;Republic Day;Constitution Day;Pentecost;Maundy Thursday;Advent Sunday;"
    "the 2nd Sunday of Advent;St. Martin's Day;Groundhog Day;Tax Day;Election Day;Cyber Monday;Black Friday;Kwanzaa;"
    "Orthodox Easter;Orthodox Christmas;Guadalupe Day;the Feast of San Gennaro;Epiphany Eve;Twelfth Night;May Day;Shavuot"
).split(";")
HIJRI = "Muharram Safar Rajab Sha'ban Ramadan Shawwal Dhul-Hijja".split()
JEWISH = "Nisan Iyar Sivan Tammuz Av Elul Tishrei Kislev Tevet Adar".split()
NTH = ("first", "second", "third", "last", "2nd", "3rd")
SEASONS = ("spring", "summer", "fall", "winter", "autumn")
WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).split()


def ending(day: int) -> str:
    """Returns ``st``, ``nd``, ``rd`` or ``th``."""
    return "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def words_of(day: date, lead: str = "") -> dict[str, str]:
    """Returns what the patterns take from a day."""
    month, weekday = MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    week = day.isocalendar().week
    out = {"d": f"{day.day}", "dd": f"{day.day:02d}", "m": f"{day.month}", "mm": f"{day.month:02d}", "y": f"{day.year}"}
    out |= {"yy": f"{day.year % 100:02d}", "M": month, "b": month[:3], "B": month[:3].upper(), "W": weekday}
    out |= {"w": weekday[:3], "th": ending(day.day), "TH": ending(day.day).upper(), "R": ROMAN[day.month - 1]}
    out |= {"k": f"{week}", "ww": f"{week:02d}", "jjj": f"{day.timetuple().tm_yday:03d}", "word": WORDS[day.day - 1]}
    return {lead + key: word for key, word in out.items()}


def drawn(patterns: str | list[str], rng: random.Random, **words: str) -> str:
    """Returns one of the patterns with the words in it; an underline is a blank."""
    options = patterns.split() if isinstance(patterns, str) else patterns
    return rng.choice(options).replace("_", " ").format(**words)


def full(day: date, order: str, rng: random.Random, *, weekday: bool = True) -> str:
    """Returns a day with its year."""
    options = [p for p in FULL[order].split() if weekday or "{w" not in p.lower()]
    return drawn(options, rng, **words_of(day))


def partial(day: date, order: str, rng: random.Random) -> str:
    """Returns a day and month, or a month and year."""
    return drawn(PARTIAL[order], rng, **words_of(day))


def stretch(last: date, order: str, rng: random.Random) -> str:
    """Returns a stretch of days that ends on a day."""
    first = last - timedelta(days=rng.randint(2, 60))
    return drawn(RANGE[order], rng, **words_of(last), **words_of(first, "a"))


def feast(rng: random.Random) -> str:
    """Returns a holiday."""
    return rng.choice(FEASTS)


def odd(day: date, order: str, rng: random.Random) -> str:
    """Returns a day written in a way that is seldom foreseen."""
    second = min(day.day + 1, 28)
    text = drawn(
        ODD,
        rng,
        **words_of(day),
        feast=rng.choice(FEASTS),
        season=rng.choice(SEASONS),
        nth=rng.choice(NTH),
        q=f"Q{(day.month + 2) // 3}",
        d2=str(second),
        th2=ending(second),
        era=str(max(day.year - 2018, 1)),
        e=str(rng.randint(0, 6)),
        ee=str(rng.randint(70, 85)),
        hm=rng.choice(HIJRI),
        jm=rng.choice(JEWISH),
    )
    return text.replace("thth", "th") if order else text
