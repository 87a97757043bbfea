"""Text as detectors read it: a letter and the accents after it as one code point, Windows line ends as one.

Some systems write an accented letter as a letter and an accent ("e", U+0301). Patterns for words would end a name
there, and leave its rest in the text; patterns for a phrase wrapped over two lines would miss one that ends in CR LF.
"""

import re
import unicodedata
from itertools import pairwise

_MOST_MARKS = 31  # a letter and its accents that are looked at: sorting accents takes the square of their number
_SEVERAL = re.compile(r"\w[\u0300-\u036f]+|\r\n")


def compose(text: str) -> tuple[str, list[int] | None]:
    """Return the text with one code point for each letter with accents and each line end, and where each stood.

    Accents that no code point holds together with their letter are left out.

    Returns:
        The composed text; the offset in ``text`` of each of its code points and of its end, None where they are equal.
    """
    is_plain = text.isascii() and "\r" not in text  # nearly every note, told at no cost
    clusters = [] if is_plain else [match.span() for match in _SEVERAL.finditer(text)]
    if not clusters:
        return text, None
    pieces: list[str] = []
    offsets: list[int] = []
    for (_, before), (start, end) in pairwise([(0, 0), *clusters, (len(text), len(text))]):
        pieces += (
            text[before:start],
            unicodedata.normalize("NFC", text[start : min(end, start + _MOST_MARKS)])[:1].replace("\r", "\n"),
        )
        offsets += [*range(before, start), start]
    return "".join(pieces), offsets
