"""What the network sees of a word besides its letters: its letter case, its rank in a list, and the words of places."""

from functools import cache

from nosology.deidentification.lexicon import US_STATES, ranked


def rank_class(name: str, word: str, limits: tuple[int, ...]) -> str:
    """Return how rare a word is in a list: how many of the limits its rank reaches, ``-`` where it is not in it.

    Args:
        name: The list's name, as `ranked` knows it.
        word: In lower case.
        limits: Ranks, ascending.
    """
    rank = ranked(name).get(word)
    return "-" if rank is None else str(sum(rank >= limit for limit in limits))


@cache
def region_words() -> frozenset[str]:
    """Return the words of the names of states and countries."""
    return frozenset(word for name in [*US_STATES, *ranked("countries")] for word in name.split())


@cache
def city_words() -> frozenset[str]:
    """Return the words of cities' names, those of one or two letters left out."""
    return frozenset(word for name in ranked("cities") for word in name.split() if len(word) > 2)


def shape(token: str) -> str:
    """Return a word's letter case: ``x``, ``X`` (one capital), ``Xx``, ``XX``, ``xX`` (mixed)."""
    if token.islower():
        return "x"
    if len(token) == 1:
        return "X"
    if token.isupper():
        return "XX"
    return "Xx" if token[0].isupper() and token[1:].islower() else "xX"


def bare(word: str) -> str:
    """Return a word without its possessive ending."""
    return word[:-2] if word.endswith(("'s", "’s")) else word
