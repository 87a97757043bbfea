"""Names that are words of medicine where they stand: "Foley catheter", "Crohn's disease", "Salter-Harris II fracture".

What decides is the noun after the name, at the start of the next line too where a sentence runs on. Some nouns
(catheter, syndrome) make an eponym of any capitalized word, others (test, score) only of a known one.
"""

import re

from nosology.prepare.deidentify.lexicon import any_of, ranked, words

_BETWEEN = (
    r"(?:['’]s?)?(?:[-–/][^\W\d_]+(?:['’]s?)?)*(?:\s(?:and|&)\s[^\W\d_]+)?(?:\s(?:type|grade|class|stage|"
    r"score|number|no\.?))?(?:\s(?:[ivx]{1,4}|\d{1,3})[ab]?)?(?:[ \t-]|(?-i:\n(?=[a-z])))"
)
_SURE_NOUN = any_of(words("eponyms.sure_nouns"))
_KNOWN_NOUN = any_of(words("eponyms.known_nouns"))
_NEXT_SURE = re.compile(rf"{_BETWEEN}{_SURE_NOUN}\b", re.IGNORECASE)
_NEXT_KNOWN = re.compile(rf"{_BETWEEN}(?:{_SURE_NOUN}|{_KNOWN_NOUN})\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


def is_medical_use(text: str, start: int, end: int) -> bool:
    """Return whether the name at ``text[start:end]`` is a word of medicine here."""
    words = [word.lower() for word in _WORD.findall(text[start:end]) if word != "s"]
    known = any(word in ranked("eponyms") for word in words)
    return bool((_NEXT_KNOWN if known else _NEXT_SURE).match(text, end))
