"""Postcodes whose form is theirs alone: British and Canadian ones, written in capitals.

The second half of a British postcode is a digit and two letters, none of them C, I, K, M, O or V, so that "T4 5CM" and
"T2 3MG" are none; a Canadian one alternates letters, without D, F, I, O, Q and U, and digits. Sources: Royal Mail's
Programmers' Guide to the Postcode Address File; Canada Post, Addressing Guidelines.
"""

import re
from collections.abc import Iterator

from nosology.records import Span

_BLANK = r"[ \u00a0]{1,2}"
_BRITISH = rf"[A-PR-UWYZ][A-HK-Y]?\d[0-9A-HJKPSTUW]?{_BLANK}\d[ABD-HJLNP-UW-Z]{{2}}"
_CANADIAN = rf"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z](?:{_BLANK}|-)\d[ABCEGHJ-NPRSTV-Z]\d"
_POSTCODE = re.compile(rf"(?<![\w/.+-])(?:{_BRITISH}|{_CANADIAN})(?![\w/]|-\d)")


def postcodes(text: str) -> Iterator[Span]:
    """Yield spans of British and Canadian postcodes."""
    for match in _POSTCODE.finditer(text):
        yield Span(match.start(), match.end(), "LOCATION")
