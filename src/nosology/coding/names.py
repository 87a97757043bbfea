"""Names of categories as people write them: matched without case, double blanks and Unicode form."""

import difflib
import re
import unicodedata
from collections.abc import Iterable

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_LONGEST = 40
_CONTENT = re.compile(r"[.;:!?\"\r\n\t]|\d")
_CLOSE = 0.6


def folded(name: str) -> str:
    """Return what two spellings of one name have in common."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", name))
    return " ".join(text.split()).casefold()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that one is most like; None where it is like none."""
    by_folded = {folded(item): item for item in known}
    found = difflib.get_close_matches(folded(name), by_folded, n=1, cutoff=_CLOSE)
    return by_folded[found[0]] if found else None


def shown_code(cell: str) -> str:
    """Return a cell that should hold a code or a version as errors quote it: not at all where it can be none."""
    return repr(cell) if re.fullmatch(r"[A-Za-z]?[0-9][0-9A-Za-z.]{0,7}|", cell) else "what stands there"


def is_showable_category(name: str) -> bool:
    """Return whether a name is short and without digits and sentence marks, so that it is no piece of a note."""
    return len(name) <= _LONGEST and not _CONTENT.search(name)
