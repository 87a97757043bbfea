"""Words that say what a place or an institution is, not which one: "Outpatient Clinic", "Ohio", "Spanish"."""

import re

from nosology.deidentification.lexicon import US_STATES, ranked, words
from nosology.deidentification.name_words import is_listed_name

# Words that make a phrase generic: "Pain Clinic", "Outpatient Surgery Center", "Emergency Department".
_GENERIC = words("institutions.generic")
# Words that are a religion by themselves and a name before a head: "Lutheran Medical Center".
_DENOMINATIONS = words("institutions.denominations")
_SPECIALTY = re.compile(
    r"(?:ology|ologic|ological|iatry|iatric|iatrics|ectomy|oscopy|otomy|ostomy|plasty|itis|anesthesia|"
    r"anesthetic|graphy|metry|therapy|dontics|care|ists?)\Z"
)
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def is_region(phrase: str) -> bool:
    """Return whether a phrase is a state, a country or a people: no identifier on its own."""
    lower = phrase.lower()
    return lower in US_STATES or lower in ranked("countries") or lower in ranked("peoples")


def is_generic(word: str) -> bool:
    """Return whether a word says what an institution is or does rather than which one it is."""
    lower = word.lower().removesuffix("'s").removesuffix("’s")
    if lower in _DENOMINATIONS:
        return False
    if lower in _GENERIC or len(word) == 1 or lower in ranked("peoples"):
        return True
    medical = lower in ranked("medical_words") or lower in ranked("products") or bool(_SPECIALTY.search(lower))
    return medical and lower not in ranked("eponyms") and not is_listed_name(lower) and lower not in ranked("cities")


def names_only_a_kind(phrase: str) -> bool:
    """Return whether a phrase holds nothing but words for kinds of places: "Assisted Living", but not "Palisade"."""
    lowers = [word.lower() for word in _WORDS.findall(phrase)]
    return all(lower in _GENERIC or len(lower) == 1 or lower in ranked("peoples") for lower in lowers)


def names_an_institution(phrase: str) -> bool:
    """Return whether a phrase holds a word that is not generic: "Mercy Hospital" does, "Pain Clinic" does not."""
    return not all(is_generic(word) for word in _WORDS.findall(phrase))
