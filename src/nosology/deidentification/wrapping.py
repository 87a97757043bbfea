"""Notes that were wrapped at a fixed width: their line breaks inside paragraphs read as blanks.

Half of a name at the end of a line and half on the next is one name. A line break is a wrap where the first word of
the next line would not have fitted on the line, as wide as the paragraph's widest; every other break (headers, lists,
signatures) stays. The text keeps its length, so offsets stay good.
"""

import re
from itertools import pairwise

_LONGEST_LINE = 132  # text with longer lines was not wrapped by a program that wraps
_SHORTEST_LINE = 50  # nor was text whose longest line is shorter
_PARAGRAPHS = re.compile(r"(\n[ \t]*\n)")
_WORD = re.compile(r"(?!(?:\d{1,2}[.)]|[-*#•]+)\s)\S+")  # not an entry of a list


def unwrap(text: str) -> str:
    """Return the text with a blank in place of each line break that only wraps a paragraph."""
    if "\n" not in text:
        return text
    return "".join(_unwrapped(part) if i % 2 == 0 else part for i, part in enumerate(_PARAGRAPHS.split(text)))


def _unwrapped(paragraph: str) -> str:
    lines = paragraph.split("\n")
    width = max(map(len, lines))
    if len(lines) == 1 or not _SHORTEST_LINE <= width <= _LONGEST_LINE:
        return paragraph
    pieces = [lines[0]]
    for line, following in pairwise(lines):
        word = _WORD.match(following)
        is_wrap = word is not None and not line.endswith((" ", ":")) and len(line) + 1 + len(word[0]) > width
        pieces += (" " if is_wrap else "\n", following)
    return "".join(pieces)
