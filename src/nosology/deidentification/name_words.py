"""Whether a word can be part of a person's name, given how strong the words around it speak for one.

Capital letters, the lists of names and of ordinary words decide together; in text that is all upper or all lower case
the lists decide alone. ``read_name`` walks over a name from its first word: particles, initials, hyphens, suffixes.
"""

import re
from enum import IntEnum
from functools import lru_cache

from nosology.deidentification.lexicon import ranked, words


class Strength(IntEnum):
    """How strongly the context asks for a name."""

    WEAK = 0  # only words that can hardly be anything else
    LABEL = 1  # "Attending:", "her daughter", "seen by": names in the lists, or words in no list
    KIN = 2  # "her brother": like a title, but no word of medicine
    TITLE = 3  # "Dr.", "Mrs.": whatever follows, if it is no word of grammar


# What follows a title or a label without being a name.
STOP_WORDS = words("name_words.stop_words")
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "esq"})
PARTICLES = frozenset(
    {
        "de",
        "la",
        "le",
        "du",
        "da",
        "dos",
        "del",
        "della",
        "di",
        "el",
        "al",
        "bin",
        "ibn",
        "ben",
        "van",
        "von",
        "der",
        "den",
        "ten",
        "ter",
        "st",
        "san",
        "santa",
        "mac",
        "mc",
        "abu",
        "y",
    }
)
_WORD = re.compile(r"[^\W\d_]+(?:['’`][^\W\d_]+){0,6}(?:-[^\W\d_]+(?:['’`][^\W\d_]+){0,6}){0,6}")
_VOWEL = re.compile(r"[aeiouyàâäáãåèéêëìíîïòóôöõøùúûüýæœ]|[^\x00-\u024f]")
_MEDICAL_ENDING = re.compile(
    r"(?:ology|ologist|ologic|ological|ologically|iatry|iatrics|ectomy|ectomies|oscopy|oscopic|oscopically|"
    r"otomy|ostomy|plasty|itis|osis|emia|uria|pathy|graphy|graphic|gram|"
    r"metry|therapy|dontics|ally|tively|ously|ively|ated|ized|izing|ating|tion|sion|ness|less|ment|ular|"
    r"aneous|cillin|mycin|azole|statin|olol|pril|sartan|idine|amide|"
    r"parin|oxacin|cycline|zepam|zolam|caine|dronate|profen|setron|prazole|triptan|mab|tinib|navir|amine|"
    r"abdominal|vascular|cranial|thoracic)\Z"
)
_MEDICAL_START = re.compile(
    r"(?:non|post|sub|intra|extra|hyper|hypo|supra|infra|endo|neuro|cardio|gastro|hepato|nephro|osteo|arthro|"
    r"laparo|micro|macro|multi|broncho|cholecyst|cysto|entero|"
    r"esophag|fibro|hemo|hyster|lympho|myo|opht|patho|phaco|pneumo|procto|psycho|pyelo|radio|retro|rhino|"
    r"sigmoid|spondyl|thoraco|thrombo|tracheo|uretero|urethro|vaso|ventriculo)\w{4,}"
)
_POSSESSIVE = re.compile(r"['’][sS]\Z")
_GAP = re.compile(r"[\"'”’]?[ \t][\"“'‘(]?(?=\w)|,?[ ](?=(?:jr|sr|ii|iii)\b)", re.IGNORECASE)
_AFTER_PARTICLE = re.compile(r"\.?[ ](?:(?:la|las|los|der|den|el|le)[ ])?([^\W\d_]+)", re.IGNORECASE)
_NEXT_WORD = re.compile(r"[ ](?:[A-Z]\.?[ ])?([^\W\d_]+)")
_MAX_WORDS = 6
LONGEST_KEPT = 64
"""Characters; what was found of a longer word is not remembered, or notes of one huge word would fill the memory."""
_COMMON = 3_000  # ranks of english_words below this are everyday words
_LISTED_FIRST, _LISTED_LAST = 1_500, 12_000  # ranks; rarer names are as often words or drugs
_FREQUENT_LAST = 3_000
_UNRANKED = 1 << 20


def name_evidence(word: str) -> int:
    """Return how much the lists speak for a lower-case word being a name.

    2: a name only; 1: a name or unknown; 0: an ordinary word; -1: a common one. A hyphenated word counts as its
    most name-like part.
    """
    return _cached_evidence(word) if len(word) <= LONGEST_KEPT else _evidence_of_parts(word)


def _evidence_of_parts(word: str) -> int:
    parts = [part for part in re.split(r"[-'’`]", word) if len(part) > 1] or [word]
    return max(_evidence(part) for part in parts)


_cached_evidence = lru_cache(maxsize=65_536)(_evidence_of_parts)


def is_listed_name(word: str) -> bool:
    """Return whether a lower-case word is among the more frequent first names or surnames."""
    return (
        ranked("first_names").get(word, _UNRANKED) < _LISTED_FIRST
        or ranked("surnames").get(word, _UNRANKED) < _LISTED_LAST
    )


def _evidence(word: str) -> int:
    english = ranked("english_words").get(word)
    ordinary = (
        english is not None
        or word in ranked("medical_words")
        or word in ranked("eponyms")
        or word in ranked("products")
    )
    listed = is_listed_name(word)
    if listed and not ordinary:
        return 2
    if not ordinary:
        if _MEDICAL_START.match(word) or word in ranked("peoples"):
            return -1
        return 1 if _VOWEL.search(word) and not _MEDICAL_ENDING.search(word) else -1
    if listed:
        return 0
    return -1


def can_be_name(word: str, strength: Strength, *, first: bool, caseless: bool) -> bool:
    """Return whether a word can be (the first, or a further) part of a name in a context of this strength.

    Args:
        word: A word.
        strength: How much the context speaks for a name.
        first: Whether it would be the first part.
        caseless: Whether the text has no useful capitals.
    """
    lower = _POSSESSIVE.sub("", word).lower()
    if not _has_form_of_a_name(word, lower, strength, caseless=caseless):
        return False
    if strength is Strength.TITLE and first:
        return True
    evidence = name_evidence(lower)
    if strength is Strength.KIN and first:
        return evidence >= 0 or (word.istitle() and not caseless and lower not in ranked("medical_words"))
    if not word.isupper() and not caseless:
        return evidence >= (1 if strength is Strength.WEAK else 0)
    is_further = not first and strength >= Strength.LABEL
    return evidence >= 1 or (evidence == 0 and _can_be_name_without_case(lower, is_further=is_further))


def _has_form_of_a_name(word: str, lower: str, strength: Strength, *, caseless: bool) -> bool:
    """Return whether a word is no word of grammar, has the capital it needs, and is no abbreviation."""
    if lower in STOP_WORDS or lower in _SUFFIXES or len(lower) == 1:
        return False
    if not word[0].isupper() and not caseless:
        return False
    is_short_in_capitals = word.isupper() and len(word) < 4
    return not is_short_in_capitals or strength is Strength.TITLE or name_evidence(lower) == 2


def _can_be_name_without_case(lower: str, *, is_further: bool) -> bool:
    """Return whether an ordinary word that is a name too can be one: rare, or a frequent surname after a first name."""
    if is_further and ranked("surnames").get(lower, _UNRANKED) < _FREQUENT_LAST:
        return True
    return ranked("english_words").get(lower, _UNRANKED) >= _COMMON


def read_name(text: str, position: int, strength: Strength, *, caseless: bool) -> int | None:
    """Return where the name that starts at ``position`` ends; None where no name starts there.

    Reads particles (``van der``), initials (``J.``), hyphens and suffixes (``Jr.``).

    Args:
        text: The text.
        position: Where it would begin.
        strength: How much the context speaks for a name.
        caseless: Whether the text has no useful capitals.
    """
    end: int | None = None
    initials = False
    for _ in range(_MAX_WORDS):
        match = _WORD.match(text, position)
        if not match:
            break
        word, after = match[0], match.end()
        if len(word) == 1 and (word.isupper() or caseless):
            dot = text[after : after + 1] == "."
            if end is None and (not dot or (word in "XYZxyz" and not initials)):
                break
            after += dot
            end = after if end else end
            initials = True
        elif word.lower() in _SUFFIXES and end:
            end = after
        elif word.lower() in PARTICLES and _particle_leads_on(text, after, strength, caseless=caseless):
            pass
        elif _is_part(text, match, strength, first=end is None, initials=initials, caseless=caseless):
            possessive = _POSSESSIVE.search(word)
            if possessive:
                return after - len(possessive[0])
            end = after
        else:
            break
        following = _after_gap(text, after, initials=initials)
        if following is None:
            break
        position = following
    return end


def _is_part(
    text: str, match: re.Match[str], strength: Strength, *, first: bool, initials: bool, caseless: bool
) -> bool:
    """Return whether a word is part of the name: by itself, by what follows it, or after initials."""
    return (
        can_be_name(match[0], strength, first=first and not initials, caseless=caseless)
        or (first and _leads_a_full_name(text, match, strength, caseless=caseless))
        or (first and initials and _is_surname_after_initials(match[0]))
    )


def _after_gap(text: str, after: int, *, initials: bool) -> int | None:
    """Return where the name's next word can begin; None where the name ends. "E.M. Roe" has no blank inside."""
    gap = _GAP.match(text, after)
    if gap:
        return gap.end()
    return after if initials and text[after - 1] == "." and text[after : after + 1].isupper() else None


def _is_surname_after_initials(word: str) -> bool:
    """Return whether a word after "E.M." is capitalized and not an everyday one: eponyms are surnames too."""
    lower = word.lower()
    everyday = ranked("english_words").get(lower, _UNRANKED) < _COMMON
    return word[0].isupper() and len(word) > 2 and lower not in STOP_WORDS and not everyday


def _particle_leads_on(text: str, position: int, strength: Strength, *, caseless: bool) -> bool:
    """Return whether a name goes on after a particle such as "van" or "de la"."""
    match = _AFTER_PARTICLE.match(text, position)
    if match is None:
        return False
    return can_be_name(match[1], strength, first=strength is Strength.TITLE, caseless=caseless)


def _leads_a_full_name(text: str, match: re.Match[str], strength: Strength, *, caseless: bool) -> bool:
    """Return whether an everyday word is a first name because an unmistakable last name follows: "Skip Blagojevic"."""
    word = match[0]
    if caseless or strength is Strength.WEAK or not word.istitle() or word.lower() in STOP_WORDS or len(word) < 3:
        return False
    following = _NEXT_WORD.match(text, match.end())
    if following is None:
        return False
    lower = following[1].lower()
    return following[1].istitle() and lower not in STOP_WORDS and name_evidence(lower) >= 1
