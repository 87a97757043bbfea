"""What the network of marks sees of a token: numbers of hashed features of its letters and its casing."""

from functools import lru_cache

from nosology.tagging.network import row_of

N_ROWS = 1 << 14
"""Rows of the network's table; row 0 is empty."""
WIDTH = 10
"""Features a token has at most."""
_YEARS = range(1900, 2040)


@lru_cache(maxsize=20_000)
def rows(token: str) -> tuple[int, ...]:
    """Return the rows of a token's features: `WIDTH` of them, 0 where it has fewer; the first is the word itself."""
    numbers = [row_of(name, N_ROWS) for name in _features(token)]
    return (*numbers, *[0] * (WIDTH - len(numbers)))


def _features(token: str) -> tuple[str, ...]:
    word = token[:40].lower()
    if token[0].isalpha():
        casing = "U" if token.isupper() and len(token) > 1 else "C" if token[:1].isupper() else "l"
        return (
            f"w={word}", f"p3={word[:3]}", f"p4={word[:4]}", f"p5={word[:5]}", f"s2={word[-2:]}", f"s3={word[-3:]}",
            f"s4={word[-4:]}", f"sh={casing}{min(len(word), 8)}", "alpha",
        )  # fmt: skip
    if token[0].isdigit():
        is_year = len(token) == 4 and token.isascii() and int(token) in _YEARS
        return f"n={token[:4]}", f"nl={min(len(token), 5)}", "y" if is_year else "num"
    return f"#{token[0]}", f"#len{min(len(token), 4)}"
