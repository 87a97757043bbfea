"""Text with every letter and the accents after it as one code point, so that detectors see "é" as a letter.

Some systems write an accented letter as a letter and an accent ("e", U+0301). Patterns for words would end a name
there, and leave its rest in the text.
"""

import re
import unicodedata
from itertools import pairwise

_ACCENTED = re.compile(r"\w[\u0300-\u036f]+")


def compose(text: str) -> tuple[str, list[int] | None]:
    """Return the text with one code point for each letter and its accents, and where each of them stood.

    Accents that no code point holds together with their letter are left out.

    Returns:
        The composed text; the offset in ``text`` of each of its code points and of its end, None where they are equal.
    """
    if text.isascii() or not _ACCENTED.search(text):
        return text, None
    clusters = [match.span() for match in _ACCENTED.finditer(text)]
    pieces: list[str] = []
    offsets: list[int] = []
    for (_, before), (start, end) in pairwise([(0, 0), *clusters, (len(text), len(text))]):
        pieces += (text[before:start], unicodedata.normalize("NFC", text[start:end])[:1])
        offsets += [*range(before, start), start]
    return "".join(pieces), offsets
