"""The word lists behind the rules, loaded once: names, places, ordinary words, and words that look like names.

The lists lie in ``nosology/data/deid``; the README there says where each comes from. A word is often in several lists
(``grace``, ``bell``, ``may``), so no list alone decides anything.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources


def _read(name: str) -> str:
    return resources.files("nosology").joinpath("data", "deid", name).read_text(encoding="utf-8")


@cache
def ranked(name: str) -> dict[str, int]:
    """Return a list's lower-case entries with their rank from 0; lists of names and words start with the most frequent.

    Args:
        name: ``first_names``, ``surnames``, ``english_words``, ``medical_words``, ``cities``, ``states``,
            ``countries``, ``peoples``, ``eponyms``, ``products`` or ``plain_phrases``.
    """
    entries = (line.strip() for line in _read(f"{name}.txt").splitlines() if not line.startswith("#"))
    return {entry: rank for rank, entry in enumerate(entry for entry in entries if entry)}


@cache
def _word_sets() -> dict[str, dict[str, str]]:
    return tomllib.loads(_read("words.toml"))


def words(key: str) -> frozenset[str]:
    """Return a rule's word set from ``words.toml``.

    Args:
        key: The module and the set, e.g. ``"cue_words.kin"``.
    """
    module, _, name = key.partition(".")
    return frozenset(_word_sets()[module][name].split())


def any_of(strings: Iterable[str]) -> str:
    """Return a pattern that matches any of the strings, the longest first."""
    return f"(?:{'|'.join(sorted(map(re.escape, strings), key=lambda string: (-len(string), string)))})"


US_STATES = frozenset(ranked("states"))
STATE_CODES = words("lexicon.state_codes")
