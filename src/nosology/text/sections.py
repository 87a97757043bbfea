"""The sections of a discharge summary, and leaving out the ones that state the diagnosis.

A summary's last page says "Discharge Diagnosis: ..." in plain words; a classifier that reads it does not classify. With
``leak: strip`` those sections go. Headers are recognized by the titles usual in discharge summaries, with a colon at
the beginning of a line or, in notes without lines, after the end of a sentence; or in capitals on a line of their own.
A diagnosis that the hospital course names stays; only sections that exist to state it go.
"""

import re
from dataclasses import dataclass

from nosology.text.headers import diagnosis_sections

# From the headers of discharge summaries in use; "diagnos" in a title makes it a diagnosis section.
_TITLES = (
    r"admission date|discharge date|date of (?:birth|admission|discharge)|sex|service|attending|allerg(?:y|ies)",
    r"chief complaint|reason for (?:admission|hospitalization|visit)|presenting (?:complaint|problem)|complaint",
    r"major surgical or invasive procedures?|procedures?(?: performed)?|operations?(?: performed)?",
    r"hpi|history of (?:the )?present(?:ing)? illness|present illness|history",
    r"pmh|pmhx|past (?:medical|surgical|psychiatric|medical and surgical) history|psh|medical history",
    r"social history|family (?:medical )?history|sh|fh|habits|occupation|travel history",
    r"review of systems|ros|physical exam(?:ination)?(?: on (?:admission|discharge|presentation))?|pe|exam|vital signs",
    r"(?:admission|discharge) (?:exam|physical exam|labs|vitals)|pertinent results",
    r"laborator(?:y|ies)(?: data| studies)?",
    r"labs|lab results|results|studies|imaging|radiology|ekg|ecg|micro(?:biology)?|pathology",
    r"(?:brief )?hospital course(?: by (?:system|problem)s?)?|course|course in hospital|icu course",
    r"assessment(?: and plan)?|plan|transitional issues|consults?|consultations?",
    r"medications?(?: on (?:admission|discharge))?|(?:admission|discharge|home|preadmission) medications?|meds",
    r"(?:discharge )?disposition|facility|condition(?: (?:on|at) discharge)?|discharge condition|discharge status",
    r"(?:discharge|follow[- ]?up) instructions|discharge plan|follow[- ]?up(?: plans?| care)?|code status",
    r"activity|diet|dictated by|addendum|note|comments?",
    r"(?:(?:admission|admitting|discharge|primary|principal|secondary|final|other|working|provisional|preoperative|"
    r"postoperative|pre-operative|post-operative|clinical|medical|associated|additional) ){0,6}"
    r"diagnos[ie]s(?: list| on (?:admission|discharge)|\(es\))?|(?:discharge |admission |final )?dx",
)
_HEADER = re.compile(
    rf"(?:(?P<line>^[ \t]*)|(?<=[.!?;]\s)|(?<=[.!?;]\s\s))(?P<title>{'|'.join(_TITLES)})[ \t]*(?P<colon>:|$)",
    re.IGNORECASE | re.MULTILINE,
)

_KNOWN_WORDS = frozenset({
    "diagnosis", "diagnoses", "diagnostic", "dx", "impression", "impressions", "problem", "problems", "condition",
    "conditions", "cause", "causes", "death", "discharge", "final", "principal", "primary", "secondary", "other",
    "admission", "admitting", "active", "chronic", "resolved", "clinical", "hospital", "list", "at", "on", "of",
    "and", "the", "for", "your", "medical", "surgical", "issues", "injuries", "summary", "codes", "icd",
})  # fmt: skip
"""Words that the kind of a section is told in; all others in a title may be a patient's own."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a note, as offsets into its text.

    Attributes:
        title: Its header without the colon, in lower case; empty for what stands before the first header.
        start: Where its header begins.
        body: Where its content begins.
        end: Where it ends.
    """

    title: str
    start: int
    body: int
    end: int


def find_sections(text: str) -> list[Section]:
    """Return the sections in order; together they cover the text without gaps."""
    matches = [match for match in _HEADER.finditer(text) if _is_header(match)]
    edges = [*(match.start("title") for match in matches), len(text)]
    sections = [Section("", 0, 0, edges[0])] if edges[0] else []
    for match, start, end in zip(matches, edges, edges[1:], strict=False):
        sections.append(Section(match["title"].lower(), start, match.end(), end))
    return sections


def _is_header(match: re.Match[str]) -> bool:
    """Return whether a title is a header: it has a colon, or a line to itself and capitals."""
    is_capital = match["title"].isupper() or match["title"].istitle()
    return match["colon"] == ":" or (match["line"] is not None and is_capital)


def strip_diagnoses(text: str) -> str:
    """Return the text without the sections that state the diagnosis; see `nosology.text.headers` for what they are."""
    return split_off_diagnoses(text)[0]


def split_off_diagnoses(text: str) -> tuple[str, dict[str, int]]:
    """Return the text without the sections that state the diagnosis, and how many characters of each kind went.

    A kind is the section's title, less all words but those usual in such titles.
    """
    kept = []
    left_out: dict[str, int] = {}
    place = 0
    for start, end, title in diagnosis_sections(text):
        kept.append(text[place:start])
        kind = " ".join(word for word in title.split() if word in _KNOWN_WORDS) or "diagnosis"
        left_out[kind] = left_out.get(kind, 0) + end - start
        place = end
    return "".join([*kept, text[place:]]), left_out
