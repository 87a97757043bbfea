"""Street addresses, post boxes, cities with their state, ZIP codes, counties: geography smaller than a state.

A state or a country alone is no identifier; beside its city it goes with it. Cities named in running text ("moved here
from Fresno") are the network's work.
"""

import re
from collections.abc import Iterator

from nosology.deidentification.eponyms import is_medical_use
from nosology.deidentification.generic_words import is_region, names_an_institution, names_only_a_kind
from nosology.deidentification.lexicon import STATE_CODES, US_STATES, any_of, ranked, words
from nosology.deidentification.name_words import STOP_WORDS, name_evidence
from nosology.deidentification.tokens import Tokens, tokenize
from nosology.records import Span

STREET_KINDS = words("addresses.street_kinds")
_KIND = rf"{any_of(STREET_KINDS)}s?"
# Kinds short or common enough to need capitals (or an address's other parts) around them.
_SURE_KIND = any_of(words("addresses.sure_street_kinds"))
_DIRECTION = (
    r"(?:[NSEW]\.?|[NS]\.?\s?[EW]\.?|North|South|East|West|Northeast|Northwest|Southeast|Southwest|Old|New|"
    r"Upper|Lower|Mt\.?|St\.?)"
)
_UNIT = (
    r"(?:[,\s]{0,3}(?:(?:apt|apartment|unit|suite|ste|room|rm|floor|fl|bldg|building|lot|space|trailer|"
    r"penthouse|flat|box)\b\.?\s?(?:no\.?\s?)?#?\s?[A-Z0-9-]{1,6}\b|"
    r"#\s?[A-Z0-9-]{1,6}\b|(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth)\sfloor))?"
)
_STREET = re.compile(
    rf"\d{{1,6}}(?:-\d{{1,5}})?[A-Z]?(?:\s(?:1/2|½))?,?\s{{1,2}}(?:{_DIRECTION}\s){{0,2}}"
    rf"(?:(?:[A-Z][\w'’-]*\.?|\d{{1,3}}(?:st|nd|rd|th|ST|ND|RD|TH)|of|the|de|la|del|los|las)\s){{1,4}}(?i:{_KIND})\b\.?"
    rf"(?:\s(?:[NSEW]|NE|NW|SE|SW|North|South|East|West)\b\.?)?(?i:{_UNIT})"
)
_STREET_CASELESS = re.compile(
    rf"\d{{2,6}},?\s(?:(?:[nsew]\.?|north|south|east|west|old|new)\s)?(?:[a-z][a-z'’-]+\.?\s|\d{{1,3}}(?:st|"
    rf"nd|rd|th)\s){{1,3}}?{_SURE_KIND}\b\.?"
    rf"(?:\s(?:[nsew]|ne|nw|se|sw)\b\.?)?{_UNIT}",
    re.IGNORECASE,
)
# A house number, any capitalized words, a city, a state and a ZIP code: an address whatever its street is called.
_STREET_AND_CITY = re.compile(
    rf"\d{{1,6}}[A-Z]?\s(?:[A-Z0-9][\w'’.-]*[ ]){{0,5}}[A-Z0-9][\w'’.#-]*(?i:{_UNIT})(?:,\s{{0,2}}|\s?\n\s?|"
    rf"\s)[A-Z][\w'’.-]*(?:[ ][A-Z][\w'’.-]*){{0,3}}[ ]?,?\s(?:{'|'.join(sorted(STATE_CODES))}|"
    rf"(?i:{any_of(US_STATES)})),?\s{{1,2}}\d{{5}}(?:-\d{{4}})?(?!\w)"
)
# "1777 State Court, Fallowfield. ", "793 Grove Rd, New Carthage 95212"
_TOWN_AFTER_STREET = re.compile(
    r",\s(?:(?!The |She |He |His |Her |Phone|Tel|Fax|Home|Apt|Suite)[A-Z][\w'’-]+(?:[ ][A-Z][\w'’-]+){0,2}|[A-Z]{2})"
    r"(?:,?\s\d{5}(?:-\d{4})?(?!\w)|(?=[.,;)\n]|\Z))"
)
_STREET_STOP = re.compile(
    r"\b(?:in|with|and|by|to|for|at|on|from|was|were|is|are|the patient|seen|per|mg|ml|mm|cm|degree|degrees|"
    r"times|days?|weeks?|months?|"
    r"years?|year-old|y/?o|hours?|minutes|patient|mother|pack|left|right|st\.? elevation|he|she|who|that|then|"
    r"tablets?|daily|lb|pounds|"
    r"vicryl|monocryl|prolene|ethibond|nylon|silk|french|gauge|blade|normal|po|bid|tid|qid|prn|q|seen by|due|"
    r"under|via|after|before)\b",
    re.IGNORECASE,
)
# "Fourth Street" without a house number
_STREET_WORDS = words("addresses.street_words")
_NAMED_STREET_STOP = words("addresses.named_street_stop")
_BOX = re.compile(
    r"(?:p\.?\s?o\.?\s?(?:box|drawer)|post\soffice\sbox|(?:rural\sroute|rr|hc)\s?#?\d+,?\sbox|psc\s\d+,?\sbox|"
    r"unit\s\d+\sbox)\s?#?\s?\w{1,10}",
    re.IGNORECASE,
)
_BOX_STARTS = frozenset({"p", "po", "post", "rural", "rr", "hc", "psc", "unit", "pob"})
_MILITARY = re.compile(r"(?:APO|FPO|DPO),?\s(?:AA|AE|AP)(?:\s\d{5}(?:-\d{4})?)?")
_ZIP_LABEL = re.compile(r"(?:zip|postal)(?:\s?-?code)?s?\s?(?:is|was|of|:|#|=)?\s?(\d{5}(?:-\d{4})?)\b", re.IGNORECASE)
_ZIP = re.compile(r",?\s{1,2}\d{5}(?:-\d{4})?(?![\w%])")
_STATE_FULL = re.compile(
    rf"{any_of(US_STATES)}\b(?!\s(?:state|general|medical|hospital|university|heart))", re.IGNORECASE
)
_STATE_STARTS = frozenset(name.split()[0] for name in US_STATES)
_STATE_CODES_LOWER = frozenset(code.lower() for code in STATE_CODES)
_STATE_DOTTED = words("addresses.state_dotted")
# Codes that are also credentials, findings or words.
_AMBIGUOUS_CODES = words("addresses.ambiguous_codes")
_COUNTY_WORDS = frozenset({"county", "parish", "township", "borough"})
_COUNTY_OF = re.compile(
    r"(?:County|Borough|Town|City|Village|Parish|Township) of [A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+){0,2}"
)
_CITY_PREPOSITIONS = frozenset({"in", "from", "near", "to", "outside", "around", "at"})
_DWELLS = words("addresses.dwells")
_HOMES = frozenset({"lives", "live", "lived", "living", "resides", "reside", "residing", "moved"})
_LIVES = words("addresses.lives")
_BEFORE_CITY = frozenset({"in", "from", "near", "to", "outside", "around", "of"})
_NOT_CITY = words("addresses.not_city")
_LONGEST_CITY = 4
_RARE = 20_000  # a city whose name is a more frequent word than this needs a verb of living or travel


def addresses(text: str) -> Iterator[Span]:
    """Yield spans of street addresses, post boxes, cities beside their state, ZIP codes and counties."""
    tokens = tokenize(text)
    yield from _streets(tokens)
    yield from _cities(tokens)
    for i in tokens.places(_BOX_STARTS):
        match = _BOX.match(text, tokens.starts[i])
        if match:
            yield Span(match.start(), match.end(), "LOCATION")
    for i in tokens.places(frozenset({"apo", "fpo", "dpo"})):
        match = _MILITARY.match(text, tokens.starts[i])
        if match:
            yield Span(match.start(), match.end(), "LOCATION")
    for i in tokens.places(frozenset({"zip", "postal"})):
        match = _ZIP_LABEL.match(text, tokens.starts[i])
        if match:
            yield Span(match.start(1), match.end(1), "LOCATION")
    yield from _counties(tokens)
    yield from _named_places(tokens)


def _streets(tokens: Tokens) -> Iterator[Span]:
    """Yield streets with a house number, and capitalized ones without."""
    text = tokens.text
    for i in tokens.numbers:
        start = tokens.starts[i]
        if len(tokens.words[i]) > 6 or (start and (text[start - 1].isalnum() or text[start - 1] in "./-")):
            continue
        match = _STREET.match(text, start)
        if not match and (tokens.caseless or tokens.words[min(i + 1, len(tokens.words) - 1)].isupper()):
            match = _STREET_CASELESS.match(text, start)
        if match and not _STREET_STOP.search(match[0]):
            town = _TOWN_AFTER_STREET.match(text, match.end())
            yield Span(match.start(), town.end() if town else match.end(), "LOCATION")
        elif tail := _STREET_AND_CITY.match(text, start):
            yield Span(tail.start(), tail.end(), "LOCATION")
    for i in tokens.places(_STREET_WORDS):
        first = tokens.phrase_start(i, limit=4)
        if tokens.is_capital(i) and first < i and tokens.lowers[first] not in _NAMED_STREET_STOP:
            yield Span(tokens.starts[first], tokens.end(i), "LOCATION")


def _cities(tokens: Tokens) -> Iterator[Span]:
    """Yield cities beside their state, with the ZIP code after it."""
    text = tokens.text
    for i in tokens.places(_STATE_CODES_LOWER | _STATE_DOTTED | _STATE_STARTS):
        end = _state_end(tokens, i)
        if end is None:
            continue
        zip_code = _ZIP.match(text, end)
        comma = i > 0 and tokens.words[i - 1] == "," and tokens.starts[i] > tokens.end(i - 1)
        if zip_code and not comma:
            yield Span(tokens.starts[i], zip_code.end(), "LOCATION")
        if not zip_code and not _can_follow_city(tokens, i, end, comma=comma):
            continue
        first = _city_start(tokens, i - comma, any_case=tokens.caseless and bool(zip_code))
        if first is not None and (zip_code or not is_region(text[tokens.starts[first] : end])):  # "West Virginia"
            yield Span(tokens.starts[first], zip_code.end() if zip_code else end, "LOCATION")


def _state_end(tokens: Tokens, i: int) -> int | None:
    """Return where the state that starts at token ``i`` ends: "Ohio", "OH", "Mass."; None where none starts."""
    lower, end = tokens.lowers[i], tokens.end(i)
    if lower in _STATE_STARTS and (full := _STATE_FULL.match(tokens.text, tokens.starts[i])):
        return full.end()
    if lower in _STATE_DOTTED and tokens.is_capital(i) and tokens.text[end : end + 1] == ".":
        return end + 1
    return end if _is_state_code(tokens, i) else None


def _is_state_code(tokens: Tokens, i: int) -> bool:
    return tokens.words[i] in STATE_CODES or (tokens.caseless and tokens.lowers[i] in _STATE_CODES_LOWER)


def _can_follow_city(tokens: Tokens, i: int, end: int, *, comma: bool) -> bool:
    """Return whether a state without a ZIP code can stand behind its city: "Dayton, OH", "Dayton Ohio"."""
    if _is_state_code(tokens, i) and tokens.lowers[i] in _AMBIGUOUS_CODES and not _is_known_city(tokens, i - comma):
        return False
    is_full = end > tokens.end(i) + 1 or tokens.lowers[i] in US_STATES
    return comma or (is_full and tokens.is_capital(i) and not tokens.caseless)


def _is_known_city(tokens: Tokens, i: int) -> bool:
    """Return whether the words before token ``i`` are a city: listed, or after "in", "from"; "X Y, MD" is a doctor."""
    first = tokens.phrase_start(i, limit=_LONGEST_CITY)
    if 0 < first < i and tokens.lowers[first - 1] in _BEFORE_CITY:
        return True
    return any(" ".join(tokens.lowers[j:i]) in ranked("cities") for j in range(max(0, i - 3), i))


def _city_start(tokens: Tokens, i: int, *, any_case: bool) -> int | None:
    """Return the first token of the city that ends before token ``i``; None where there is none."""
    first = tokens.phrase_start(i, limit=_LONGEST_CITY, any_case=any_case)
    while first < i and tokens.lowers[first] in _NOT_CITY:
        first += 1
    return first if first < i and tokens.words[first][0].isalpha() else None


def _named_places(tokens: Tokens) -> Iterator[Span]:
    """Yield places after "in", "from", "near": cities of the list, and whatever is capitalized where someone lives.

    A city whose name is an ordinary word ("Mobile") counts only where someone lives or goes.
    """
    for i in tokens.places(_CITY_PREPOSITIONS):
        if i + 1 >= len(tokens.words):
            continue
        before = tokens.lowers[max(0, i - 7) : i + 1]
        end = _listed_city_end(tokens, i + 1, lives=not _LIVES.isdisjoint(before))
        if end is None and _says_where_someone_lives(tokens, i):
            lives = not _HOMES.isdisjoint(tokens.lowers[max(0, i - 14) : i])
            end = _unlisted_place_end(tokens, i + 1, any_word=lives)
        if end is not None and not is_medical_use(tokens.text, tokens.starts[i + 1], end):
            yield Span(tokens.starts[i + 1], end, "LOCATION")


def _says_where_someone_lives(tokens: Tokens, i: int) -> bool:
    """Return whether a verb of living or moving stands before the preposition ``i``, in its sentence."""
    for j in range(i, max(-1, i - 14), -1):
        if tokens.lowers[j] in _DWELLS:
            return tokens.lowers[i] in ("in", "from", "near", "outside") or i - j < 5
        if tokens.words[j] in ".;:" and tokens.gap(j).isspace():
            return False
    return False


def _listed_city_end(tokens: Tokens, i: int, *, lives: bool) -> int | None:
    """Return where the longest city of the list that starts at token ``i`` ends."""
    if not tokens.words[i].istitle():
        return None
    for j in range(min(i + _LONGEST_CITY, len(tokens.words)) - 1, i - 1, -1):
        name = tokens.text[tokens.starts[i] : tokens.end(j)].lower()
        if name in ranked("cities") and not is_region(name) and tokens.is_capital(j):
            is_word = ranked("english_words").get(name, _RARE) < _RARE
            return tokens.end(j) if lives or not is_word else None
    return None


def _unlisted_place_end(tokens: Tokens, i: int, *, any_word: bool) -> int | None:
    """Return where the capitalized phrase at token ``i`` ends, if it can be a place; without case, unknown words.

    With ``any_word``, also where every word is an ordinary or a medical one: "lives in Palisade".
    """
    j = i
    while (
        j < min(i + _LONGEST_CITY, len(tokens.words))
        and _can_be_place(tokens, j)
        and (j == i or tokens.gap(j - 1) in (" ", ". "))
    ):
        j += 1
    phrase = tokens.text[tokens.starts[i] : tokens.end(j - 1)] if j > i else ""
    says_which = not names_only_a_kind(phrase) if any_word else names_an_institution(phrase)
    return tokens.end(j - 1) if phrase and not is_region(phrase) and says_which else None


def _can_be_place(tokens: Tokens, j: int) -> bool:
    if tokens.caseless:
        return tokens.words[j][0].isalpha() and name_evidence(tokens.lowers[j]) >= 1
    return tokens.words[j].istitle() and tokens.lowers[j] not in STOP_WORDS


def _counties(tokens: Tokens) -> Iterator[Span]:
    """Yield "Wharton County", "Town of Ashby"."""
    for i in tokens.places(_COUNTY_WORDS):
        first = tokens.phrase_start(i, limit=3)
        if tokens.is_capital(i) and first < i and tokens.lowers[first] not in _NOT_CITY:
            yield Span(tokens.starts[first], tokens.end(i), "LOCATION")
    for i in tokens.places(_COUNTY_WORDS | {"town", "city", "village"}):
        match = _COUNTY_OF.match(tokens.text, tokens.starts[i])
        if match:
            yield Span(match.start(), match.end(), "LOCATION")
