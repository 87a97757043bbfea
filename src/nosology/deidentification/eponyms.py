"""Names that are words of medicine where they stand: "Foley catheter", "Crohn's disease", "Salter-Harris II fracture".

What decides is the noun after the name, at the start of the next line too where a sentence runs on. Some nouns
(catheter, syndrome) make an eponym of any capitalized word, others (test, score) only of a known one.
"""

import re

from nosology.deidentification.lexicon import any_of, ranked, words

_BETWEEN = (
    r"(?:['’]s?)?(?:[-–/][^\W\d_]+(?:['’]s?)?){0,6}(?:\s(?:and|&)\s[^\W\d_]+)?(?:\s(?:type|grade|class|stage|"
    r"score|number|no\.?))?(?:\s(?:[ivx]{1,4}|\d{1,3}|[a-d])[ab]?)?(?:[ \t-]|(?-i:\n(?=[a-z])))"
)
_SURE_NOUN = any_of(words("eponyms.sure_nouns"))
_KNOWN_NOUN = any_of(words("eponyms.known_nouns"))
_NEXT_SURE = re.compile(rf"{_BETWEEN}{_SURE_NOUN}\b", re.IGNORECASE)
_NEXT_KNOWN = re.compile(rf"{_BETWEEN}(?:{_SURE_NOUN}|{_KNOWN_NOUN})\b", re.IGNORECASE)
_ALSO = words("eponyms.also")
_WHOLE_PAIRS = words("eponyms.pairs")
_WORD = re.compile(r"[^\W\d_]+")
_SECOND_WORD = re.compile(r"[ ]([A-Z][^\W\d_]+)")
# "knot of Henry", "a 19-French round Blake", "anti-RNP and Smith": the noun may come first.
_NOUN_BEFORE = re.compile(
    r"\b(?:knot|circle|triangle|ligament|canal|angle|bundle|node|pouch|hook|tubes?|drains?|catheters?|placed to|round|"
    r"french|stricture,?|barrett['’]?s?|rnp(?: and|,)?|dilute|semi)[ -](?:of )?\Z",
    re.IGNORECASE,
)
# "a 6-inch Dupre roll": what has a size and an article is a thing.
_SIZED_BEFORE = re.compile(
    r"\b(?:an?|the)\s\d+(?:\.\d+)?-(?:inch|cm|mm|french|gauge|degree)\s\Z",
    re.IGNORECASE,
)
_THING_AFTER = re.compile(r"\s(?:rolls?|wraps?|pads?|gauze|sponges?|scopes?|ports?)\b")
# "tented up with a Babcock and": an instrument may stand without a noun, but then as nobody is spoken of.
_SEIZED_BEFORE = re.compile(
    r"\b(?:grasp|clamp|tent|retract|dissect)(?:ed|ing)\s(?:up\s)?(?:with|using)\s(?:an?|the)\s\Z", re.IGNORECASE
)
_NOTHING_AFTER = re.compile(r"\s?[.,;]|\sand\s(?:an?|the)\s")
# "0.4 mg IM, the patient", "the patient was NG decompressed": how a drug or a tube goes in, in capitals.
_DOSE_BEFORE = re.compile(r"\d\s?(?:mg|mcg|g|gm|grams?|ml|cc|units?|mEq)\s\Z")
_ROUTES = frozenset({"IM", "IV", "PO", "SC", "SQ", "SL"})
_PASSIVE_BEFORE = re.compile(r"\b(?:is|are|was|were|be|been|being)\s\Z")
_TUBES = frozenset({"NG", "OG", "NJ"})
_DONE_BY_TUBE = re.compile(r"\s(?:decompressed|lavaged|suctioned|fed|drained|aspirated)\b")
_PAIR_BEFORE = re.compile(r"(?:[^\W\d_]+[-–])+\Z")
_PAIR_AFTER = re.compile(r"(?:[-–][^\W\d_]+){1,6}")


def is_medical_use(text: str, start: int, end: int) -> bool:
    """Return whether the name at ``text[start:end]`` is a word of medicine here.

    Args:
        text: The text.
        start: Where it begins, in code points.
        end: Where it ends, in code points.
    """
    if _is_route_or_tube(text, start, end):
        return True
    pair = _PAIR_BEFORE.search(text, max(0, start - 24), start)  # "Child-Pugh" is one eponym
    whole = text[pair.start() if pair else start : end].lower()
    other = _PAIR_AFTER.match(text, end)
    if whole in _WHOLE_PAIRS or (other and whole + other[0].lower() in _WHOLE_PAIRS):
        return True
    known = any(word in ranked("eponyms") or word in _ALSO for word in _WORD.findall(whole) if word != "s")
    if (_NEXT_KNOWN if known else _NEXT_SURE).match(text, end) or (known and _is_a_thing_alone(text, start, end)):
        return True
    return _is_sized(text, start, end) or _is_first_of_an_eponym(text, end)


def _is_route_or_tube(text: str, start: int, end: int) -> bool:
    """Return whether capitals say how a drug goes in, or which tube something was done by."""
    back, word = max(0, start - 12), text[start:end]
    if word in _ROUTES:
        return bool(_DOSE_BEFORE.search(text, back, start))
    return word in _TUBES and bool(_PASSIVE_BEFORE.search(text, back, start) and _DONE_BY_TUBE.match(text, end))


def _is_a_thing_alone(text: str, start: int, end: int) -> bool:
    """Return whether a known eponym means a thing without its noun behind it: "knot of Henry", "with a Babcock"."""
    if _NOUN_BEFORE.search(text, max(0, start - 24), start):
        return True
    return bool(_NOTHING_AFTER.match(text, end) and _SEIZED_BEFORE.search(text, max(0, start - 40), start))


def _is_sized(text: str, start: int, end: int) -> bool:
    """Return whether a name has a size before it and a thing behind it."""
    has_dash = "-" in text[max(0, start - 8) : start]
    is_sized = has_dash and _THING_AFTER.match(text, end) and _SIZED_BEFORE.search(text, max(0, start - 24), start)
    return bool(is_sized)


def _is_first_of_an_eponym(text: str, end: int) -> bool:
    """Return whether an eponym with its noun follows: "Pierre Robin sequence", "Sister Mary Joseph nodule"."""
    second = _SECOND_WORD.match(text, end)
    is_eponym = second is not None and second[1].lower() in ranked("eponyms")
    return second is not None and is_eponym and bool(_NEXT_KNOWN.match(text, second.end()))
