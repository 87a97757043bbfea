"""Names of diseases for the grammars' slots, from the shipped terms of the official list (public domain)."""

import re

from nosology.coding.terms import shipped_terms

_ASIDE = re.compile(r"\s*\[.*?\]|\(.*?\)")
_LEFT_OUT = re.compile(
    r"history|famil|without|unspecified|other|not |no |suspected|risk|possible|NOS|personal|,|;|encounter|screening|"
    r"sequela",
    re.IGNORECASE,
)
_CAPITAL_STAYS = re.compile(r"[A-Z]{2}|[A-Z]\w+['’]s")


def diseases() -> list[str]:
    """Return names of up to four words that say nothing of whose the disease is, or whether it is there, in order."""
    found = set()
    for term in shipped_terms(10):
        name = _ASIDE.sub("", term.term).strip()
        if 3 < len(name) < 45 and len(name.split()) <= 4 and not _LEFT_OUT.search(name):
            found.add(name if _CAPITAL_STAYS.match(name) else name[:1].lower() + name[1:])
    return sorted(found)
