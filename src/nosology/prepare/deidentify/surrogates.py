"""Invented values in place of identifiers: the same for the same value of a patient, in the format of the original.

Every choice is drawn from a keyed hash (HMAC-SHA-256) of the patient's key and the value, so nothing is stored and
nothing can be looked up backwards without the secret. What would surprise you: years that stand alone are no
identifiers and stay unmoved; and without a secret of your own (see `SECRET_VARIABLE`) whoever knows this program and
the patient's key can compute the date offset again.
"""

import hashlib
import hmac
import os
import re
from functools import cache

from nosology.prepare.deidentify.addresses import STREET_KINDS
from nosology.prepare.deidentify.clock import shift_date
from nosology.prepare.deidentify.generic_words import is_generic
from nosology.prepare.deidentify.lexicon import STATE_CODES, US_STATES, ranked
from nosology.prepare.deidentify.name_words import PARTICLES
from nosology.records import Span

SECRET_VARIABLE = "NOSOLOGY_DEID_SECRET"
"""Environment variable with the secret that surrogates are drawn with; keep it as you would keep a password."""

_WEEKS = 260  # dates move by 1 to 260 whole weeks back: weekdays stay right, seasons do not give the offset away
_COMMON_NAMES = 1_000  # invented names come from so many of the most frequent ones
_WORD_OR_NUMBER = re.compile(r"[^\W\d_]+|\d+")
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
        chosen = secret if secret is not None else os.environ.get(SECRET_VARIABLE, "nosology")
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
        token = f"<{span.type}>"
        if not any(c.isalnum() for c in value):
            return token
        match span.type:
            case "NAME":
                return self._new_name() if placeholder else self._name(value)
            case "DATE":
                return shift_date(value, self.days) or token
            case "AGE90":
                return _AGE.sub("90+", value, count=1) if _AGE.search(value) else token
            case "ID" | "CONTACT":
                return token if placeholder else _WORD_OR_NUMBER.sub(lambda match: self._scrambled(match[0]), value)
            case "LOCATION" | "HOSPITAL" | "ORG":
                return token if placeholder else _WORD_OR_NUMBER.sub(lambda match: self._place_word(match[0]), value)
            case _:
                return token

    def _draw(self, what: str, n: int) -> int:
        """Return a number below ``n`` that depends on the secret, the patient and ``what``."""
        return (
            int.from_bytes(hmac.digest(self._key, what.encode("utf-8", "surrogatepass"), hashlib.sha256)[:8], "big") % n
        )

    def _name(self, value: str) -> str:
        words = list(re.finditer(r"[^\W\d_]+", value))
        last = next((i for i in range(len(words) - 1, -1, -1) if words[i][0].lower() not in _KEPT_WORDS), 0)
        comes_first = "," in value
        pieces, position = [], 0
        for i, word in enumerate(words):
            pieces += [
                value[position : word.start()],
                self._name_word(word[0], is_surname=(i == 0) if comes_first else (i == last and i > 0)),
            ]
            position = word.end()
        return "".join([*pieces, value[position:]])

    def _name_word(self, word: str, *, is_surname: bool) -> str:
        lower = word.lower()
        if lower in PARTICLES or lower in _KEPT_WORDS:
            return word
        if len(word) == 1:
            return _in_case("abcdefghjklmnprstw"[self._draw(f"initial {lower}", 18)], word)
        listed_first = lower in ranked("first_names") and not (is_surname and lower in ranked("surnames"))
        pool = _pool("first_names" if listed_first else "surnames")
        return _in_case(_other(pool, self._draw(f"name {lower}", len(pool)), lower), word)

    def _new_name(self) -> str:
        pool = _pool("surnames")
        return pool[self._draw("placeholder", len(pool))].capitalize()

    def _place_word(self, word: str) -> str:
        lower = word.lower()
        if word.isdigit():
            return self._scrambled(word)
        kept = (
            lower in _KEPT_WORDS
            or lower in STREET_KINDS
            or word in STATE_CODES
            or lower in _state_words()
            or is_generic(word)
        )
        if kept or len(word) < 3:
            return word
        pool = _pool("surnames")
        return _in_case(_other(pool, self._draw(f"place {lower}", len(pool)), lower), word)

    def _scrambled(self, value: str) -> str:
        """Return letters for letters and digits for digits."""
        if value.lower() in _WEB_KEPT:
            return value
        changed = [
            str(self._draw(f"digit {i} {value}", 10))
            if c.isdecimal()
            else _in_case("abcdefghijklmnopqrstuvwxyz"[self._draw(f"letter {i} {value}", 26)], c)
            for i, c in enumerate(value)
        ]
        return "".join(changed)


@cache
def _pool(name: str) -> tuple[str, ...]:
    return tuple(list(ranked(name))[:_COMMON_NAMES])


@cache
def _state_words() -> frozenset[str]:
    return frozenset(word for name in US_STATES for word in name.split())


def _other(pool: tuple[str, ...], index: int, word: str) -> str:
    """Return an entry of the pool that is not the word itself."""
    return pool[index] if pool[index] != word else pool[(index + 1) % len(pool)]


def _in_case(word: str, model: str) -> str:
    if model.isupper():
        return word.upper() if len(model) > 1 or len(word) == 1 else word.capitalize()
    return word.capitalize() if model[:1].isupper() else word
