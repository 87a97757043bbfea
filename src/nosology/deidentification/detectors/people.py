"""Names of people, known by the words around them: titles, labels, credentials, kinship, roles, signatures.

Each cue says where a name may start or end; `name_words.read_name` decides how far it goes. After a title, a
capitalized word is a name whether or not any list holds it; after weaker cues, everyday words are not.
"""

import re
from collections.abc import Iterator
from functools import cache

from nosology.deidentification import cue_words as cues
from nosology.deidentification.eponyms import is_medical_use
from nosology.deidentification.lexicon import ranked
from nosology.deidentification.name_words import STOP_WORDS, Strength, name_evidence, read_name
from nosology.deidentification.tokens import Tokens, tokenize
from nosology.records import Span

_NAMED = (
    r"(?:named|called|goes by(?: the name(?: of)?)?|known as|nicknamed|a\.?k\.?a\.?|alias|n[ée]e|born as|"
    r"formerly(?: known as)?|identified as|"
    r"(?:(?:first|last|middle|maiden|full) )?names? (?:is|was|are)|names? of|(?:first|last|middle|"
    r"maiden) name|surname|prefers(?: to be called)?|"
    r"introduced (?:himself|herself|themselves) as|i am|my name is|addressed as|listed as|registered as|signed(?: by)?)"
)
_NAMED_CUE = re.compile(rf"{_NAMED}[:,]?\s{{1,2}}(?:is\s|was\s|of\s)?[\"“'‘(]?", re.IGNORECASE)
_AFTER_TITLE = re.compile(r"\.?\s{1,2}(?:and (?:Mr|Mrs|Ms|Dr)s?\.?\s)?|\.(?=\w)", re.IGNORECASE)
_AFTER_PERSON = re.compile(
    rf"(?:['’]s)?(?:,?\s(?:is|was|are|being|will be|named|called|identified as)\s|,\s|\s[-–]\s|\s?\(|"
    rf"\s[\"“'‘]|\s)(?:{_NAMED}\s)?(?:is\s|was\s)?[\"“'‘]?",
    re.IGNORECASE,
)
_AFTER_LABEL = re.compile(r"(?:\s?\([^()\n]{1,24}\))?(?:\s{0,8}[:=#]|\s?[-–](?=\s)|[ ]?\t|\s{3})[\s,;.]{0,12}")
_AFTER_PREPOSITION = re.compile(r"[./]?\s(?:(?:my|our|his|her|the|their)\s)?")
_AFTER_GREETING = re.compile(r"[ ,]\s{0,8}(?:(?:yours|you|submitted)[ ,]\s{0,8})?", re.IGNORECASE)
_COPULA = re.compile(r"\b(?:is|was|are|being|will be)\b", re.IGNORECASE)
_AFTER_PRONOUN = re.compile(r",\s")

_W = r"[^\W\d_]+(?:['’-][^\W\d_]+){0,6}\.?"
_NAME_BEFORE = re.compile(rf"(?<![\w.])(?P<name>{_W}(?:,?[ ]{_W}){{0,4}})[,\s(]{{1,3}}\Z")
_NAME_BEFORE_KIN = re.compile(
    rf"(?<![\w.])(?P<name>{_W}(?:[ ]{_W}){{0,2}})(?:,\s|\s?\()(?:(?:his|her|the|the patient['’]s|patient['’]s|"
    rf"pt['’]s|a|an|their)\s)?(?:\w+[\s-]){{0,2}}\Z",
    re.IGNORECASE,
)
_LAST_FIRST = re.compile(r"[^\W\d_]+(?:['’ -][^\W\d_]+){0,2}(,\s{0,2})[^\W\d_]+")
_NAME_LINE = re.compile(
    r"[ \t]*(?P<name>[^\W\d_]+(?:['’-][^\W\d_]+)*,?(?:[ ][^\W\d_]+(?:['’-][^\W\d_]+)*\.?){1,4})[ \t,]*(?:\n|\Z)"
)
_MORE = re.compile(r"(?:,\s(?:and\s)?|\s(?:and|&|or)\s|\s?/\s?|;\s)(?:(?:Dr|Mr|Mrs|Ms)s?\.?\s)?", re.IGNORECASE)
_LOOK_BACK = 70
# "HR/D.G.C." on a line of its own: who dictated and who typed. "Initials C.E.", "signed out to KA".
_INITIALS = re.compile(
    r"^[ \t]*(?P<author>[A-Z]\.?(?:[A-Z]\.?){1,3})/(?P<typist>[A-Za-z]\.?(?:[A-Za-z]\.?){1,3})[ \t]*$|"
    r"\b(?:[Ii]nitials:?|INITIALS:?|[Ss]ign(?:ed)? ?out to|[Hh]anded (?:off|over) to)\s"
    r"(?P<said>[A-Z]\.?(?:[A-Z]\.?){1,3})(?!\w)",
    re.MULTILINE,
)
# "Itzel prefers to be called ...", "The Kanellos family was updated".
_NAMED_BY_WHAT_FOLLOWS = re.compile(
    rf"(?<![\w.])(?:(?P<called>{_W})[ ]prefers[ ]to[ ]be[ ]called|[Tt]he[ ](?P<family>{_W}(?:[ ]{_W})?)[ ]family\b)"
)
_DOTTED = {
    ("m", "d"),
    ("d", "o"),
    ("r", "n"),
    ("n", "p"),
    ("p", "a"),
    ("ph", "d"),
    ("psyd", "d"),
    ("pharm", "d"),
    ("l", "p"),
    ("f", "n"),
    ("d", "d"),
    ("d", "m"),
    ("f", "a"),
    ("c", "r"),
}


def people(text: str) -> Iterator[Span]:
    """Yield spans of people's names that a cue beside them gives away."""
    tokens = tokenize(text)
    for position, strength, at in _starts(tokens):
        yield from _names_from(
            tokens, position, strength, caseless=tokens.caseless or _is_caseless_here(tokens, at, position)
        )
    yield from _before_credentials(tokens)
    yield from _before_kin(tokens)
    yield from _name_lines(tokens)
    for match in _INITIALS.finditer(text):
        yield from (Span(*match.span(group), "NAME") for group in ("author", "typist", "said") if match[group])
    if not tokens.caseless:
        yield from _small_names(tokens)
        yield from _before_what_follows(text)


def _starts(tokens: Tokens) -> Iterator[tuple[int, Strength, int]]:
    """Yield where a name may start, how strongly the cue asks for one, and the cue's token."""
    for triggers, pattern in _AFTER_WORD:
        for i in tokens.places(triggers):
            match = pattern.match(tokens.text, tokens.end(i))
            strength = _strength(tokens, i, pattern, match[0]) if match else None
            if match and strength is not None:
                yield match.end(), strength, i
    for i in tokens.places(cues.NAMED_STARTS):
        match = _NAMED_CUE.match(tokens.text, tokens.starts[i])
        if match:
            yield match.end(), Strength.LABEL, i
    for i in tokens.places(cues.PREPOSITIONS):
        if not cues.VERBS_BEFORE_PREPOSITION[tokens.lowers[i]].isdisjoint(tokens.lowers[max(0, i - 4) : i]):
            match = _AFTER_PREPOSITION.match(tokens.text, tokens.end(i))
            if match:
                yield match.end(), Strength.LABEL, i


_AFTER_WORD: tuple[tuple[frozenset[str], re.Pattern[str]], ...] = (
    (cues.TITLES | cues.WEAK_TITLES, _AFTER_TITLE),
    (cues.KIN | cues.ROLES, _AFTER_PERSON),
    (cues.LABELS, _AFTER_LABEL),
    (cues.DIRECT_VERBS, _AFTER_PREPOSITION),
    (cues.GREETINGS, _AFTER_GREETING),
    (frozenset({"i", "we"}), _AFTER_PRONOUN),
)


def _strength(tokens: Tokens, i: int, pattern: re.Pattern[str], cue: str) -> Strength | None:
    """Return how strongly the cue word ``i`` asks for a name; None where it does not ("did miss the appointment")."""
    word = tokens.lowers[i]
    if pattern is _AFTER_TITLE and word in cues.TITLES:
        is_verb = word in _TITLES_AND_VERBS and not (tokens.is_capital(i) or tokens.caseless)
        is_unit = word == "ms" and i > 0 and tokens.words[i - 1][0].isdigit()  # "46 ms. Sinus node recovery time"
        return None if is_verb or is_unit else Strength.TITLE
    if pattern is _AFTER_PERSON and word in cues.KIN and i > 0 and tokens.lowers[i - 1] in cues.POSSESSORS:
        return Strength.LABEL if _COPULA.search(cue) else Strength.KIN
    if pattern is _AFTER_LABEL:
        if word == "cc":  # a copy, or the chief complaint
            return Strength.WEAK
        return Strength.KIN if tokens.caseless else Strength.LABEL
    return Strength.LABEL


def _is_caseless_here(tokens: Tokens, at: int, position: int) -> bool:
    """Return whether a cue and the words after it are all capitals: then letter case says nothing there."""
    if not tokens.words[at].isupper():
        return False
    after = tokens.text[position : position + 24]
    return after.isupper() and len(after) > 1


def _names_from(tokens: Tokens, position: int, strength: Strength, *, caseless: bool) -> Iterator[Span]:
    """Yield the name at ``position``, ``LAST, FIRST`` included, and further names joined by commas or "and"."""
    text = tokens.text
    for _ in range(6):
        end = read_name(text, position, strength, caseless=caseless)
        if end is None or (strength is not Strength.TITLE and is_medical_use(text, position, end)):
            return
        swapped = _LAST_FIRST.match(text, position)
        if swapped and strength in (Strength.WEAK, Strength.LABEL) and swapped.start(1) == end:
            end = read_name(text, swapped.end(1), strength, caseless=caseless) or end
        yield Span(position, end, "NAME")
        more = _MORE.match(text, end)
        if not more:
            return
        position = more.end()
        strength = Strength.LABEL


def _before_credentials(tokens: Tokens) -> Iterator[Span]:
    """Yield names before "MD", "R.N." and the like."""
    for i in tokens.places(cues.CREDENTIALS):
        wordlike = tokens.lowers[i] in cues.WORDLIKE_CREDENTIALS
        comma = i > 0 and tokens.words[i - 1] == ","
        capital = (tokens.is_capital(i) and not tokens.words[i].istitle()) or tokens.words[i] in (
            "PhD",
            "PharmD",
            "PsyD",
        )
        if (comma or not wordlike) and (capital or tokens.caseless):
            yield from _name_before(tokens, i)
    for i in tokens.places(frozenset({"d", "o", "n", "p", "a", "m", "r"})):
        if i >= 2 and tokens.words[i - 1] == "." and (tokens.lowers[i - 2], tokens.lowers[i]) in _DOTTED:
            yield from _name_before(tokens, i - 2)


def _name_before(tokens: Tokens, i: int) -> Iterator[Span]:
    start = tokens.starts[i]
    match = _NAME_BEFORE.search(tokens.text, max(0, start - _LOOK_BACK), start)
    if match:
        yield from _longest_suffix(tokens, match)


def _before_kin(tokens: Tokens) -> Iterator[Span]:
    """Yield names before "(daughter)" or ", her son"."""
    for i in tokens.places(cues.KIN | cues.ROLES):
        start = tokens.starts[i]
        before = tokens.text[max(0, start - 24) : start]
        if "," in before or "(" in before:
            match = _NAME_BEFORE_KIN.search(tokens.text, max(0, start - _LOOK_BACK), start)
            if match:
                yield from _longest_suffix(tokens, match)


def _before_what_follows(text: str) -> Iterator[Span]:
    """Yield names that a phrase behind them gives away."""
    for match in _NAMED_BY_WHAT_FOLLOWS.finditer(text):
        group = match.lastgroup or ""
        end = read_name(text, match.start(group), Strength.LABEL, caseless=match[group].isupper())
        if end == match.end(group):
            yield Span(match.start(group), end, "NAME")


def _longest_suffix(tokens: Tokens, match: re.Match[str]) -> Iterator[Span]:
    """Yield the longest name that ends where the matched words end."""
    end = match.end("name")
    for word in re.finditer(_W, match["name"]):
        start = match.start("name") + word.start()
        caseless = tokens.caseless or tokens.text[start:end].isupper()
        reached = read_name(tokens.text, start, Strength.KIN if caseless else Strength.LABEL, caseless=caseless)
        swapped = _LAST_FIRST.match(tokens.text, start)
        if reached is not None and swapped and swapped.start(1) == reached:
            reached = read_name(tokens.text, swapped.end(1), Strength.LABEL, caseless=caseless) or reached
        if reached is not None and reached >= end - 1 and not is_medical_use(tokens.text, start, end):
            yield Span(start, end, "NAME")
            return


def _name_lines(tokens: Tokens) -> Iterator[Span]:
    """Yield lines that hold nothing but a name: headers ("ROE, JANE") and signatures."""
    text = tokens.text
    breaks = [-1, *(tokens.starts[i] for i in tokens.places(frozenset({"\n"})))]
    if len(breaks) == 1:
        return
    for line_break in breaks:
        match = _NAME_LINE.match(text, line_break + 1)
        if match:
            spoken = match["name"].replace(",", "")
            if read_name(spoken, 0, Strength.WEAK, caseless=tokens.caseless or spoken.isupper()) == len(spoken):
                yield Span(match.start("name"), match.end("name"), "NAME")


def _small_names(tokens: Tokens) -> Iterator[Span]:
    """Yield names written small in a text with letter case: "pt erin chandler", "dr. okafor"."""
    for i in tokens.places(_unmistakable_first_names()):
        if tokens.words[i].islower() and _has_small_surname(tokens, i):
            yield Span(tokens.starts[i], tokens.end(i + 1), "NAME")
    last = len(tokens.words) - 1
    for i in tokens.places(cues.TITLES | _SMALL_CUES):
        j = i + 2 if i < last and tokens.words[i + 1] in ".:," else i + 1
        if j > last or not tokens.words[j].islower() or tokens.lowers[i] in _TITLES_AND_VERBS:
            continue
        has_surname = _has_small_surname(tokens, j)
        if _is_small_name(tokens.lowers[j], is_titled=tokens.lowers[i] in cues.TITLES, has_surname=has_surname):
            yield Span(tokens.starts[j], tokens.end(j + has_surname), "NAME")


def _is_small_name(word: str, *, is_titled: bool, has_surname: bool) -> bool:
    """Return whether a small word after a cue is a name: by itself, after a title, or before a surname."""
    evidence = name_evidence(word)
    return (
        evidence == 2
        or (is_titled and evidence >= 1 and word not in STOP_WORDS)
        or (has_surname and evidence >= 0 and word in ranked("first_names"))
    )


def _has_small_surname(tokens: Tokens, i: int) -> bool:
    """Return whether a surname in small letters follows token ``i``."""
    return i + 1 < len(tokens.words) and tokens.gap(i) == " " and _is_small_surname(tokens.words[i + 1])


_TITLES_AND_VERBS = frozenset({"miss", "doctor", "doctors"})
_SMALL_CUES = frozenset(
    {
        "pt",
        "patient",
        "name",
        "daughter",
        "son",
        "wife",
        "husband",
        "sister",
        "brother",
        "mother",
        "father",
        "friend",
        "nurse",
        "attending",
        "by",
    }
)


def _is_small_surname(word: str) -> bool:
    lower = word.lower()
    return (
        word.islower()
        and lower not in STOP_WORDS
        and ranked("surnames").get(lower, 1 << 20) < 12_000
        and ranked("english_words").get(lower, 1 << 20) >= 300
    )


@cache
def _unmistakable_first_names() -> frozenset[str]:
    """Return the more frequent first names that are no ordinary word."""
    return frozenset(
        name
        for name, rank in ranked("first_names").items()
        if rank < 1_500 and len(name) > 2 and name_evidence(name) == 2
    )
