"""What happens to a note after it is composed: abbreviations, broken lines, slips of the finger, marked identifiers.

Identifiers travel through composition inside the text, between control characters (`mark`), so that sentences can be
shortened, joined and capitalized as plain strings; `unmark` takes the marks out at the end and says where they stood.
Everything after that keeps every character's place: lines are broken by turning a blank into a newline, and a slip
swaps two letters.
"""

import re
from random import Random

from nosology.synthetic.phrases import pick

_OPEN, _MIDDLE, _CLOSE = "\x02", "\x1f", "\x03"
_MARKED = re.compile(f"{_OPEN}([^{_MIDDLE}]*){_MIDDLE}([^{_CLOSE}]*){_CLOSE}")
_PROTECTED = rf"{_OPEN}[^{_CLOSE}]*{_CLOSE}|\[\*\*[^\]]*\*\*\]"
_WORD = re.compile(f"{_PROTECTED}|___|[A-Za-z0-9]+")
_LETTERS = re.compile(r"[a-z]{5,}")

_SHORT_FORMS = {
    "history of": ("h/o", "hx of"),
    "with": ("w/",),
    "without": ("w/o",),
    "status post": ("s/p",),
    "twice daily": ("BID", "bid"),
    "three times daily": ("TID",),
    "daily": ("qd", "QD", "daily"),
    "shortness of breath": ("SOB",),
    "blood pressure": ("BP",),
    "patient": ("pt", "Pt"),
    "Patient": ("Pt", "PT"),
    "year-old": ("yo", "y/o", "y.o."),
    "follow up": ("f/u",),
    "followed up": ("f/u'd",),
    "discharge": ("d/c", "D/C"),
    "discharged": ("d/c'd", "dc'd"),
    "admission": ("adm",),
    "admitted": ("adm", "admitted"),
    "presented": ("p/w", "presented"),
    "secondary to": ("2/2",),
    "right": ("R", "rt"),
    "left": ("L", "lt"),
    "bilateral": ("b/l", "bilat"),
    "negative": ("neg", "(-)"),
    "positive": ("pos", "(+)"),
    "normal": ("nl", "wnl"),
    "hospital day": ("HD",),
    "postoperative day": ("POD",),
    "fracture": ("fx",),
    "treated": ("tx'd", "rx'd"),
    "started": ("started", "strtd"),
    "before": ("prior to", "before"),
    "because of": ("d/t", "2/2"),
    "and": ("&", "and", "and"),
    "milligrams": ("mg",),
    "hours": ("hrs", "h"),
    "weeks": ("wks",),
    "months": ("mos", "mo"),
    "increased": ("inc", "incr"),
    "abdominal": ("abd",),
    "temperature": ("temp", "T"),
    "antibiotics": ("abx",),
    "intravenous": ("IV",),
    "examination": ("exam", "PE"),
}
_SHORTEN = re.compile(
    f"({_PROTECTED})|\\b(" + "|".join(sorted(map(re.escape, _SHORT_FORMS), key=len, reverse=True)) + r")\b(?!/)"
)
_DROPPED = re.compile(f"({_PROTECTED})|\\b(?:[Tt]he|an?|was|were|had been|has been|[Hh]e was|[Ss]he was) ")


def mark(kind: str, words: str) -> str:
    """Return ``words`` marked as an identifier of a kind, to be found by `unmark`."""
    return f"{_OPEN}{kind}{_MIDDLE}{words}{_CLOSE}"


def unmark(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """Return the text without marks, and (start, end, kind) of everything that was marked, in order."""
    if _OPEN not in text:
        return text, []
    pieces: list[str] = []
    spans: list[tuple[int, int, str]] = []
    at = length = 0
    for match in _MARKED.finditer(text):
        before, words = text[at : match.start()], match[2]
        pieces += (before, words)
        start = length + len(before)
        length = start + len(words)
        spans.append((start, length, match[1]))
        at = match.end()
    pieces.append(text[at:])
    return "".join(pieces), spans


def count_words(text: str) -> int:
    """Return the number of words once punctuation is blanked and every identifier or placeholder is one word."""
    return len(_WORD.findall(text))


def capitalize(text: str) -> str:
    """Return the text with a capital first letter; marked identifiers keep theirs."""
    return text[:1].upper() + text[1:]


def shorten(text: str, rng: Random, share: float) -> str:
    """Return the text with this share of its shortenable words and phrases abbreviated.

    Args:
        text: Wording of a note, identifiers still marked.
        rng: Decides which words, and which short form of each.
        share: Probability that a word is abbreviated, 0 to 1.
    """

    def replace(match: re.Match[str]) -> str:
        if match[1] or rng.random() >= share:
            return match[0]
        return pick(rng, _SHORT_FORMS[match[2]])

    return _SHORTEN.sub(replace, text)


def clip_style(text: str, rng: Random, share: float) -> str:
    """Return the text in telegram style: this share of its articles and auxiliary verbs left out.

    Args:
        text: Wording of a note, identifiers still marked.
        rng: Decides which words go.
        share: Probability that a word goes, 0 to 1.
    """
    return _DROPPED.sub(lambda match: match[0] if match[1] or rng.random() >= share else "", text)


def break_lines(text: str, width: int) -> str:
    """Return the text with blanks turned into newlines so that lines stay under ``width``; placeholders stay whole."""
    broken = []
    for line in text.split("\n"):
        start, pieces = 0, []
        while len(line) - start > width:
            cut = line.rfind(" ", start, start + width)
            opened = line.rfind("[**", start, cut)
            if opened > line.rfind("**]", start, cut):
                cut = opened - 1 if line[opened - 1] == " " else line.find(" ", line.find("**]", opened))
            if cut <= start:
                cut = line.find(" ", start + width)
            if cut < 0:
                break
            pieces.append(line[start:cut])
            start = cut + 1
        pieces.append(line[start:])
        broken += pieces
    return "\n".join(broken)


def slip(text: str, rng: Random, n_slips: int, protected: list[tuple[int, int, str]]) -> str:
    """Return the text with up to ``n_slips`` words misspelt by two swapped letters; protected parts stay.

    Args:
        text: A finished note, its identifiers unmarked.
        rng: Decides which words, and which two letters.
        n_slips: The most words that are misspelt; a slip that falls on a protected part is left out.
        protected: Stretches that stay as they are: start, end (code points) and kind of each identifier.
    """
    letters = list(text)
    for _ in range(n_slips):
        match = _LETTERS.search(text, int(rng.random() * len(text)))
        if match is None:
            continue
        at = match.start() + 1 + int(rng.random() * (len(match[0]) - 2))
        inside_brackets = text.rfind("[**", 0, at) > text.rfind("**]", 0, at)
        if inside_brackets or any(start <= at + 1 and at < end for start, end, _ in protected):
            continue
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)
