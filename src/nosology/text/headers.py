"""Headers of sections that state the diagnosis, by a grammar of words, abbreviations, punctuation, markup and numbers.

A list of titles misses most of what hospitals write. Here a title states a diagnosis if it has a word for one
(diagnosis, Dx, impression at discharge, cause of death, ...) and nothing but words that qualify it. Such a section
ends at the next header of any kind: one with a word that only titles of other sections have, or one that is dressed as
a header (markup, brackets, a rule below it, a colon at its line's end). "Secondary:" and
"Axis I:" begin no section, but go on with one that states a diagnosis.
"""

# ruff: noqa: E501 - a pattern is a list of wordings, one line each kind

import re
from dataclasses import dataclass

_OPENING = r"(?:<[a-zA-Z][^<>\n]{0,30}>|[*_#=~>•\[({|+-]|\d{1,2}[.)]|[ivxIVX]{1,4}[.)]|[A-Z][.)]|\s)*"
_LINE = re.compile(
    rf"^(?P<open>{_OPENING})(?P<title>[A-Za-z][^:\n<>*_\[\]{{}}|=]{{0,70}}?)"
    r"(?P<close>(?:\s*(?:</[a-zA-Z][^<>\n]{0,30}>|[*_=~#\])}|]))*)\s*(?P<sep>::?-?|[–—=>]|\.{2,}|\s-{1,2}>?\s|\s-{1,2}$|-{2,}|$|(?<=[\])}>*_|]))",
)
_CAPITALS = re.compile(
    r"^(?P<open>\s*)(?P<title>[A-Z][A-Z/&]+(?: [A-Z/&]+){1,4})(?P<close>)(?P<sep>)\s+(?=[A-Z]?[a-z])"
)
_IN_PROSE = re.compile(r"(?<=[.!?;])\s{1,2}(?=[A-Z(\[*])")
_WORD = re.compile(r"[a-z]+(?:/[a-z]+)*")
_RULE = re.compile(r"^\s*[-=_~*]{3,}\s*$")

_DIAGNOSIS = re.compile(r"\b(?:diagnos[ie]s|diagnoses|diagnosed|diags?|(?:[a-z]/)?[a-z]?dx(?:s|es)?|[psf]dx|dxs?)\b")
_STATED = re.compile(
    r"^(?:(?:the )?(?:immediate |underlying |final )?causes? of death|(?:discharge|final|clinical|overall|diagnostic) impressions?|"
    r"(?:principal|primary|active|main|hospital|discharge|resolved|chronic|secondary|other|acute|current)(?: (?:and|hospital|"
    r"active|chronic|medical|secondary|discharge|acute|other|resolved))* problems?(?: list)?|co-?morbid(?:it(?:y|ies)| conditions?| disease)s?|"
    r"(?:active|acute|chronic|other|pertinent|relevant|significant|major|associated|coexisting|co-existing|medical)(?: medical)? "
    r"(?:co-?morbidities|co-?morbid conditions)|conditions? (?:treated|present|identified|at discharge diagnosed)(?: .{0,30})?|"
    r"(?:what|why|conditions? (?:that )?|reasons?) (?:you|we) (?:were|had|have|are|treated)\b.{0,50}|"
    r"you (?:were|have been) (?:treated for|diagnosed with|found to have)|icd(?:-?\s?(?:9|10))?(?:-?cm)? codes?|axis [iv]+)$"
)
_QUALIFIERS = frozenset(
    """
    a about active acute additional admission admit admitted admitting after all also and any associated at axis
    based billing chronic clinical code coded codes coexisting complete concurrent confirmed contributing
    current d date death dc definitive dental departure describe detailed d/c dis disch discharge discharged
    disease diseases eating ed encounter established et etiologic final following for from general hosp hospital
    icd in including inpatient injuries interim is it known leading leaving list listed main major medical
    mental most my new no nos number obstetric of on oncologic operative other our overall own p pathologic
    patient patients per physician post postop postoperative pre preop preoperative present presumed presumptive
    prim primary principal prior problem problems procedure provisional psych psychiatric reason relevant s sec
    secondary separation significant stay summary surgical suspected tertiary the their these this time transfer
    treated treating underlying unit upon visit we were with working you your
    """.split()  # noqa: SIM905 (words, to be read as one list)
)
_NOT_STATED = frozenset(
    """
    differential differentials studies study test tests testing imaging pending workup work-up plan procedures
    procedure history family education course instructions labs laboratory radiology evaluation management
    precautions nursing teaching
    """.split()  # noqa: SIM905
)
_OTHER_SECTIONS = frozenset(
    """
    activity activities admission advance advice aftercare allergies allergy ambulation appointment appointments
    assessment attending behavior bloods care clinic code communication complaint complaints complications
    condition consent consult consultant consultants consultation consultations consults contact contacts
    counseling course cultures data date dc'd devices diet dietary directives discharge disposition dispo drains
    drugs echo ecg education ekg equipment events evaluation exam examination exams facility family findings
    fluids follow follow-up followup functional goals gp habits history home hpi icu imaging immunization
    immunizations injuries instructions interventions investigations issues lab laboratory labs lines living
    lifestyle management medication medications meds microbiology micro mobility monitoring mri narrative needs
    notes notify nursing nutrition ops operation operations orders outcome outpatient overview parameters
    pathology patient pcp pending pharmacy physical physician plan plans pmh precautions prescriptions
    presentation procedure procedures prognosis progress provider providers psh pt radiology recommendations
    referrals rehab rehabilitation restrictions result results resuscitation return review risk ros rx safety
    screening services service signs signed social specimens status studies study summary supplies surgeries
    surgery symptoms team teaching test tests therapy therapies transfusions travel treatment treatments triage
    vaccinations vaccines visit vital vitals warning weight wound wounds x-ray xray ct ultrasound all a/p ap cc
    fh sh soc pe tx labs/imaging questions call who where when transportation occupation immunisations
    investigation presenting background admitted author cosigned electronically dictated copies copy
    """.split()  # noqa: SIM905
)
_ILLNESS = re.compile(
    r"(?:itis|osis|emia|aemia|oma|pathy|uria|plegia|algia|rrhea|rrhage|penia|ectasis|stenosis|thrombus|embolism|failure|"
    r"disease|syndrome|infarction|pneumonia|fracture|infection|cancer|carcinoma|diabetes|hypertension|disorder|acute|chronic|"
    r"injury|deficiency|insufficiency|fibrillation|arrest|edema|shock|ulcer|obstruction|abuse|dependence|mellitus)"
)
_CONTINUING = re.compile(
    r"^(?:(?:primary|principal|secondary|other|main|additional|associated|chronic|acute|active|resolved|final|discharge|admission|admitting|"
    r"comorbid(?:ities)?|co-?morbidities|sec|prim|tertiary|contributing|underlying|medical|surgical|psychiatric|axis [iv]+|"
    r"and|at|on|#?\d+|problems?|number|no)\s*)+$"
)


@dataclass(frozen=True, slots=True)
class Header:
    """One header, as offsets into its text.

    Attributes:
        title: What it says, in lower case, without markup.
        start: Where its markup begins.
        states_diagnosis: Whether its section exists to state a diagnosis.
        continues: Whether it only goes on with a section that does.
    """

    title: str
    start: int
    states_diagnosis: bool
    continues: bool = False


def diagnosis_sections(text: str) -> list[tuple[int, int, str]]:
    """Return where each section that states the diagnosis begins and ends, and its title."""
    found: list[tuple[int, int, str]] = []
    began: Header | None = None
    for header in _headers(text):
        if began is not None and not header.states_diagnosis and not header.continues:
            found.append((began.start, header.start, began.title))
            began = None
        elif began is None and header.states_diagnosis:
            began = header
    if began is not None:
        found.append((began.start, len(text), began.title))
    return found


def _headers(text: str) -> list[Header]:
    """Return the headers of a text in order."""
    headers = []
    lines = text.splitlines(keepends=True)
    start = 0
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        at = 0
        pieces = [0, *(match.end() for match in _IN_PROSE.finditer(line))]
        for at in pieces:
            found = _header(line[at:].rstrip("\r\n"), at == 0, bool(_RULE.match(below)))
            if found is not None:
                headers.append(Header(found[0], start + at, found[1], found[2]))
        start += len(line)
    return headers


def _header(line: str, is_line_start: bool, has_rule: bool) -> tuple[str, bool, bool] | None:
    """Return a header's title, whether it states a diagnosis and whether it goes on with such a section."""
    match = _CAPITALS.match(line) or _LINE.match(line)
    if match is None:
        return None
    title = " ".join(match["title"].split()).strip(" .,-–—")
    lower = re.sub(r"\s*\((?:e?s|[0-9]+)\)", "", title.lower().replace("(es)", "").replace("(s)", "")).strip(" ()")
    words = _WORD.findall(lower)
    if not words or len(words) > 9:
        return None
    rest = line[match.end() :].strip()
    is_dressed = bool(re.search(r"[*_#=\[<({|~]", match["open"]) and match["close"].strip()) or has_rule
    is_dressed = is_dressed or match["open"].strip()[:1] == "#"
    has_sign = bool(match["sep"]) or is_dressed or match.re is _CAPITALS
    has_colon = match["sep"].startswith(":")
    if not has_sign and rest:
        return None
    if states_diagnosis(lower) and (is_line_start or has_colon):
        return lower, True, False
    if not is_line_start and not has_colon:
        return None
    if has_colon and _CONTINUING.match(lower):
        return lower, False, True
    return (
        (lower, False, False)
        if _ends_section(title, words, "" if match.re is _CAPITALS or match["sep"] else rest, has_colon, is_dressed)
        else None
    )


def states_diagnosis(title: str) -> bool:
    """Return whether a title, in lower case, says that a diagnosis follows."""
    if _STATED.match(title):
        return True
    if not _DIAGNOSIS.search(title):
        return False
    words = [word for word in _WORD.findall(_DIAGNOSIS.sub(" ", title)) if word not in _QUALIFIERS]
    return not any(word in _NOT_STATED for word in _WORD.findall(title)) and len(words) <= 1


def _ends_section(title: str, words: list[str], rest: str, has_colon: bool, is_dressed: bool) -> bool:
    """Return whether a title begins another section, so that one before it ends."""
    is_known = any(word in _OTHER_SECTIONS or word.split("/")[0] in _OTHER_SECTIONS for word in words)
    is_illness = bool(_ILLNESS.search(title.lower()))
    is_capital = title.isupper() or all(word[:1].isupper() or len(word) < 4 for word in title.split())
    if is_dressed:
        return is_known or not is_illness
    if has_colon:
        return is_known or (not is_illness and title[:1].isupper() and len(words) <= 6)
    return is_known and not is_illness and not rest and is_capital and len(words) <= 6
