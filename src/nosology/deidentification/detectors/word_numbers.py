"""What the network sees of a word: numbers of hashed features of its letters, its shape and the lists it stands in."""

import unicodedata

from nosology.deidentification.detectors.word_features import bare, city_words, rank_class, region_words, shape
from nosology.deidentification.lexicon import ranked
from nosology.tagging.network import row_of

N_ROWS = 1 << 15
"""Rows of the network's table; row 0 is empty."""
WIDTH = 24
"""Features a word has at most."""


def lists(word: str) -> tuple[str, ...]:
    """Return which lists a lower-case word is in, one text a list."""
    return (
        "f" + rank_class("first_names", word, (100, 500, 1500)),
        "l" + rank_class("surnames", word, (300, 3000, 12_000)),
        "e" + rank_class("english_words", word, (150, 500, 1500, 4000, 15_000)),
        "m" + ("+" if word in ranked("medical_words") else "-"),
        "b" + ("+" if word in ranked("products") else "-"),
        "c" + ("+" if word in city_words() else "-"),
        "o" + ("+" if word in ranked("eponyms") else "-"),
        "s" + ("+" if word in region_words() else "-"),
        "p" + ("+" if word in ranked("peoples") else "-"),
    )


def rows(token: str) -> list[int]:
    """Return the rows of a token's features: `WIDTH` of them, 0 where it has fewer; the first is the word itself."""
    if token[0].isalpha():
        features = _of_word(token)
    elif token[0].isdigit():
        features = _of_number(token)
    else:
        features = [f"#{token[0]}", f"#{unicodedata.category(token[0])}", f"#len{min(len(token), 4)}"]
    numbers = [row_of(feature, N_ROWS) for feature in features]
    return numbers + [0] * (WIDTH - len(numbers))


def _of_word(token: str) -> list[str]:
    lower = token.lower()
    word = bare(lower)
    tail = lower[len(word) :]
    form, found = shape(token), lists(word)
    script = "a" if word.isascii() else unicodedata.name(word[0], "?").split(" ", 1)[0]
    return [
        f"w={word}", f"p2={word[:2]}", f"p3={word[:3]}", f"p4={word[:4]}", f"p5={word[:5]}", f"s1={word[-1:]}",
        f"s2={word[-2:]}", f"s3={word[-3:]}", f"s4={word[-4:]}", f"s5={word[-5:]}", f"form={form}{min(len(word), 12)}",
        f"all={''.join(found)}", *found, f"e={found[2]}{form}", f"tail={tail}{form}", f"script={script}",
    ]  # fmt: skip


def _of_number(token: str) -> list[str]:
    size = len(token)
    value = int(token[:9]) if token.isascii() else 0
    kind = "0" if token[0] == "0" else ""
    if size <= 2:
        kind += "m" if 0 < value <= 12 else "d" if value <= 31 else "x" if value < 90 else "9"
    elif size == 3:
        kind += "a" if 90 <= value <= 110 else "b"
    elif size == 4:
        kind += "y" if 1900 <= value <= 2035 else "t" if value < 2400 and value % 100 < 60 else "z"
    return [
        f"n={token[:4]}{'+' if size > 4 else ''}",
        f"nl={min(size, 12)}",
        f"nk={kind}{min(size, 5)}",
        f"n1={token[0]}",
    ]
