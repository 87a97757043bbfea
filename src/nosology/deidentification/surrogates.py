"""Invented values in place of identifiers: the same for the same value of a patient, in the format of the original.

Every choice is drawn from a keyed hash (HMAC-SHA-256) of the patient's key and the value, so nothing is stored and
nothing can be looked up backwards without the secret. Years that stand alone are no identifiers and stay unmoved; and
without a secret of your own (see `SECRET_VARIABLE`) whoever knows this program and the patient's key can compute the
date offset again.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Callable
from functools import cache

from nosology.deidentification.clock import shift_date
from nosology.deidentification.detectors.addresses import STREET_KINDS
from nosology.deidentification.generic_words import is_generic
from nosology.deidentification.lexicon import STATE_CODES, US_STATES, any_of, ranked
from nosology.deidentification.name_words import PARTICLES
from nosology.records import Span

SECRET_VARIABLE = "NOSOLOGY_DEID_SECRET"
"""Environment variable with the secret that surrogates are drawn with; keep it as you would keep a password."""

_WEEKS = 260  # dates move by 1 to 260 whole weeks back: weekdays stay right, seasons do not give the offset away
_COMMON_NAMES = 1_000  # invented names come from so many of the most frequent ones
_UNRANKED = 1 << 20
_LONGEST_SAID = 256  # characters of a value that every one of its letters is drawn from; longer ones by their hash
_WORD_OR_NUMBER = re.compile(r"[^\W\d_]+|\d+")
# ", Ohio 45402" behind a city: a state is no identifier, but "Kansas" in "Kansas City" is part of one.
_STATE_LAST = re.compile(
    rf"(?:,\s*|\s+){any_of(US_STATES | STATE_CODES)}\.?(?:,?\s+\d{{5}}(?:-\d{{4}})?)?\Z", re.IGNORECASE
)
_DIRECTIONS = {"north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest"}
_KEPT_OF_PLACES = STREET_KINDS | _DIRECTIONS | {"old", "new", "upper", "lower", "city", "county", "town"}
_PLACEHOLDER = re.compile(r"\[\*\*(.*?)\*\*\]", re.DOTALL)
_AGE = re.compile(
    r"\d{2,3}|ninety(?:[-\s](?:one|two|three|four|five|six|seven|eight|nine))?|(?:one|"
    r"a)[-\s]hundred(?:[-\s](?:and[-\s])?\w+)?",
    re.IGNORECASE,
)
_KEPT_WORDS = frozenset(
    {
        "of",
        "the",
        "and",
        "at",
        "for",
        "in",
        "box",
        "po",
        "p",
        "o",
        "apt",
        "apartment",
        "suite",
        "unit",
        "floor",
        "room",
        "st",
        "mt",
        "dr",
        "jr",
        "sr",
        "ii",
        "iii",
        "md",
        "s",
    }
)
_WEB_KEPT = frozenset({"http", "https", "www", "com", "org", "net", "edu", "gov", "ext", "x", "extension"})


class Surrogates:
    """Invented values for the identifiers of one patient.

    Args:
        patient_key: Whose identifiers; None treats the text as a patient of its own with an empty key.
        secret: What the draws are keyed with; None for the environment variable, else a public constant.
    """

    def __init__(self, patient_key: str | None, secret: str | None = None) -> None:
        chosen = secret if secret is not None else _secret()
        self._key = hmac.digest(
            chosen.encode("utf-8", "surrogatepass"),
            (patient_key or "").encode("utf-8", "surrogatepass"),
            hashlib.sha256,
        )
        self.days = -7 * (1 + self._draw("date offset", _WEEKS))

    def replace(self, text: str, span: Span) -> str:
        """Return what stands in place of ``text[span.start:span.end]``; a token where nothing can be invented."""
        value = text[span.start : span.end]
        placeholder = _PLACEHOLDER.fullmatch(value)
        if placeholder:
            value = placeholder[1].strip()
        new: str | None = value
        match span.type:
            case "NAME":
                new = self._new_name() if placeholder else self._words(value, self._name_word)
            case "DATE":
                new = shift_date(value, self.days)
            case "AGE90":
                new = _AGE.sub("90+", value, count=1)
            case "ID" | "CONTACT" if not placeholder:
                new = self._words(value, self._scrambled)
            case "LOCATION" if not placeholder:
                new = self._place(value)
            case "HOSPITAL" | "ORG" if not placeholder:
                new = self._words(value, lambda word: self._word_of_a_place(word, is_generic))
        is_blank = not any(c.isalnum() for c in value)
        return f"<{span.type}>" if is_blank or new is None or new == value else new

    def _draw(self, what: str, n: int) -> int:
        """Return a number below ``n`` that depends on the secret, the patient and ``what``."""
        return (
            int.from_bytes(hmac.digest(self._key, what.encode("utf-8", "surrogatepass"), hashlib.sha256)[:8], "big") % n
        )

    def _words(self, value: str, invent: Callable[[str], str]) -> str:
        """Return the value with invented words, and other digits whatever was taken for a word."""
        return _WORD_OR_NUMBER.sub(
            lambda match: self._scrambled(match[0]) if match[0].isdecimal() else invent(match[0]), value
        )

    def _name_word(self, word: str) -> str:
        lower = word.lower()
        if lower in PARTICLES or lower in _KEPT_WORDS:
            return word
        if len(word) == 1:
            return _in_case("abcdefghjklmnprstw"[self._draw(f"initial {lower}", 18)], word)
        first, last = (ranked(name).get(lower, _UNRANKED) for name in ("first_names", "surnames"))
        pool = _pool("first_names" if first < last else "surnames")
        return _in_case(_other(pool, self._draw(f"name {lower}", len(pool)), lower), word)

    def _new_name(self) -> str:
        pool = _pool("surnames")
        return pool[self._draw("placeholder", len(pool))].capitalize()

    def _place(self, value: str) -> str | None:
        """Return an address with its last state as it was; None where nothing before the state can be replaced."""
        state = _STATE_LAST.search(value)
        before, after = (value[: state.start()], state[0]) if state else (value, "")
        new = self._words(before, lambda word: self._word_of_a_place(word, _says_what_a_place_is))
        zip_code = self._words(after, lambda word: word)
        return None if before and new == before else new + zip_code

    def _word_of_a_place(self, word: str, is_kept: Callable[[str], bool]) -> str:
        return word if len(word) < 3 or word.lower() in _KEPT_WORDS or is_kept(word) else self._name_word(word)

    def _scrambled(self, value: str) -> str:
        """Return letters for letters and digits for digits."""
        if value.lower() in _WEB_KEPT:
            return value
        said = (
            value if len(value) <= _LONGEST_SAID else hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        )
        changed = [
            str(self._draw(f"digit {i} {said}", 10))
            if c.isdecimal()
            else _in_case("abcdefghijklmnopqrstuvwxyz"[self._draw(f"letter {i} {said}", 26)], c)
            for i, c in enumerate(value)
        ]
        return "".join(changed)


def secret_digest() -> str:
    """Return what this process's secret is told by; slow to compute, so that guessing it from this takes long."""
    return _digest(_secret())


def _secret() -> str:
    return os.environ.get(SECRET_VARIABLE, "nosology")


@cache
def _digest(secret: str) -> str:
    said = secret.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(said, salt=SECRET_VARIABLE.encode(), n=1 << 14, r=8, p=1).hex()


@cache
def _pool(name: str) -> tuple[str, ...]:
    return tuple(list(ranked(name))[:_COMMON_NAMES])


def _says_what_a_place_is(word: str) -> bool:
    return word.lower() in _KEPT_OF_PLACES


def _other(pool: tuple[str, ...], index: int, word: str) -> str:
    """Return an entry of the pool that is not the word itself."""
    return pool[index] if pool[index] != word else pool[(index + 1) % len(pool)]


def _in_case(word: str, model: str) -> str:
    if model.isupper():
        return word.upper() if len(model) > 1 or len(word) == 1 else word.capitalize()
    return word.capitalize() if model[:1].isupper() else word
