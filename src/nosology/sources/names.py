"""Names of columns as messages may show them: never what could be a word of a note.

A file without a header line has its first note where the names should be, and a message that lists the columns would
print it, a patient's name included. So only names are shown that are made of words which columns of notes usually have;
the others are counted.
"""

import re
from collections.abc import Iterable, Sequence

NO_HEADER = "there seems to be no header line"

_LONGEST_NAME = 40
_SENTENCE = re.compile(r"[.,;:!?\"'()\[\]<>\r\n\t]|\d")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_USUAL = frozenset(
    """
    abstract admission admissions admit admitted age anchor author band bed birth body case category cgid chapter chart
    chartdate charttime class clean clinical code codes column comment content count data date department description
    desc diagnosis diagnoses discharge disposition dob doc document dod drg dx encounter episode error eventtype event
    file findings flag gender group hadm hadmid history hosp hospital icd icdcode id ids impression index input is
    iserror label labels language length main medical mimic mrn name no note notes noteid number of order other part
    patient patientid pid primary principal race raw record report result row rowid sample seq sequence service set sex
    site source spec split stay storetime subject subjectid summary table target task text time title type unit unnamed
    value version visit ward words year
    """.split()  # noqa: SIM905 (a list of words, to be read as one)
)


def is_showable(name: str) -> bool:
    """Return whether a name is short, without digits and punctuation, and made of words usual for columns of notes."""
    words = _WORDS.findall(name)
    return len(name) <= _LONGEST_NAME and not _SENTENCE.search(name) and bool(words) and _are_usual(name, words)


def _are_usual(name: str, words: Sequence[str]) -> bool:
    whole = re.split(r"[_\W]+", name.strip("_ ").lower())
    return all(word in _USUAL for word in whole) or all(word.lower() in _USUAL for word in words)


def describe_columns(columns: Sequence[str]) -> str:
    """Return a sentence about a table's columns: the names that can be shown, or that there seems to be no header."""
    shown = [name for name in columns if is_showable(name)]
    n_others = len(columns) - len(shown)
    if not shown or any(len(name) > _LONGEST_NAME for name in columns):
        return f"{NO_HEADER}; the first line must name the columns (names that could be content are not shown)"
    if not n_others:
        return f"the table has {', '.join(shown)}"
    return f"the table has {', '.join(shown)}, and {n_others} more whose names are not shown, as they could be content"


def find_column(columns: Iterable[str], name: str) -> str | None:
    """Return a column's own spelling: the exact one, or else one that differs in case and outer blanks alone."""
    known = list(columns)
    if name in known:
        return name
    wanted = name.strip().casefold()
    return next((column for column in known if column.strip().casefold() == wanted), None)
