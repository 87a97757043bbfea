"""Hospitals, nursing homes, employers, schools, insurers: named by their last word ("... Medical Center", "... LLC"),
by how they begin ("University of ...", "St. ..."), or by the words before them ("works at", "transferred from").
"""

import re
from collections.abc import Iterator
from typing import Literal

from nosology.deidentification.eponyms import is_medical_use
from nosology.deidentification.generic_words import is_generic, is_region, names_an_institution, names_only_a_kind
from nosology.deidentification.lexicon import ranked, words
from nosology.deidentification.name_words import is_listed_name, name_evidence
from nosology.deidentification.tokens import Tokens, tokenize
from nosology.records import Span

_HOSPITAL_HEADS = words("institutions.hospital_heads")
_ORG_HEADS = words("institutions.org_heads")
_HOME = frozenset({"home"})
_BEFORE_HOME = words("institutions.before_home")
# Heads of houses, which are called after trees and saints; clinics and centers are called after what they treat.
_HOUSES = frozenset({"home", "rehab", "hospice", "manor", "infirmary", "hospital", "pavilion"})
_CAP = r"(?:(?:St|Ste|Mt|Dr)\.|[A-Z]\.|[A-Z][\w'’]*(?:[-–&]\w+){0,6})"
_JOIN = r"(?:\s(?:of|the|and|&|de|la|del)\s(?:the\s)?|\s|,\s(?=[A-Z][\w'’]*,?\s(?:and|&)\s)|-)"
_OF = re.compile(
    rf"(?:\s(?:of|at|for)\s(?:the\s)?(?:{_CAP})(?:\s(?:and\s|of\s)?{_CAP}){{0,3}}|,?\s(?:Inc|LLC|Ltd|Corp|Co)\b\.?)?"
)
_UNIVERSITY_OF = re.compile(
    rf"(?:University|College|Hospital|(?:Children|Women)['’]?s['’]?\sHospital|(?:Veterans\s(?:Affairs|"
    rf"Administration)|VA)\s(?:Hospital|Medical\sCenter)|School|Bank|Church|Institute|Diocese|"
    rf"Archdiocese)\s(?:of|for|at)\s(?:the\s)?{_CAP}(?:\s(?:at\s|of\s|and\s|&\s)?(?:the\s)?{_CAP}){{0,4}}"
)
_UNIVERSITY_STARTS = words("institutions.university_starts")
_SAINT = re.compile(
    rf"(?:St|Ste|Sts|Saint|SAINT|ST|Mount|Mt|Our\sLady\sof|Sacred|Holy|Deaconess|"
    rf"Blessed)\b\.?\s(?:{_CAP})(?:\s(?:of\s(?:the\s)?|and\s|&\s)?{_CAP}){{0,3}}"
)
_SAINT_STARTS = frozenset({"st", "ste", "sts", "saint", "mount", "mt", "our", "sacred", "holy", "blessed", "deaconess"})
_SAINT_STOP = re.compile(
    r"(?:St|Saint)\b\.?\s(?:Jude|Jude's|John['’]?s|Johns)\s(?:valve|mechanical|medical|aortic|mitral|wort|"
    r"biventricular|icd|pacemaker|pacer|dual|lead|epicor|model|proximal|anastomo|connector|prosthe|bileaflet|tissue|stentless)|"
    r"st\.?\s(?:elevations?|depressions?|segments?|changes?|waves?|t\b)|mounting",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"(?:Massachusetts General|Mass General|Brigham and Women['’]s|Beth Israel(?: Deaconess)?|Johns Hopkins|"
    r"Mayo Clinic|Cleveland Clinic|Kaiser(?: Permanente)?|Cedars[- ]Sinai|"
    r"Mount Sinai|Mt\.? Sinai|Sloan[- ]Kettering|M\.?D\.? Anderson|Scripps|Geisinger|Sutter Health|"
    r"Dana[- ]Farber|Walter Reed|Bellevue|Hopkins|UCLA|UCSF|UCSD|MGH|BIDMC|BWH|NYU|UPMC|"
    r"Shriners|Hadassah)(?:\s(?:Hospital|Medical Center|Health(?: System)?|Clinic|Institute|"
    r"Rehab(?:ilitation)?))?(?!\w)"
)
_KNOWN_STARTS = words("institutions.known_starts")
_WORK_WORDS = words("institutions.work_words")
_SITE_WORDS = words("institutions.site_words")
_WORK_PREPOSITIONS = frozenset(
    {"at", "for", "by", "from", "with", "of", "attends", "attended", "attending", ":", "is", "employer", "insurance"}
)
_SITE_PREPOSITIONS = frozenset({"at", "from", "to"})
# After these words a capitalized phrase is an employer even if every word of it is ordinary ("General Electric").
_EMPLOYED = words("institutions.employed")
_EMPLOYER_PREPOSITIONS = frozenset({"at", "for", "by", "from", "of", ":"})
_ORG_LAST = words("institutions.org_last")
_AFTER_PREPOSITION = re.compile(r",?\s{1,2}(?:the\s|The\s)?")
_CAP_PHRASE = re.compile(rf"{_CAP}(?:{_JOIN}{_CAP}){{0,5}}(?:,\s(?:{_CAP})\s(?:and|&)\s{_CAP})?")
_TITLED = re.compile(r"(?:Mr|Mrs|Ms|Miss|Dr|Drs|Prof|Doctor)\b")

_LEADING = words("institutions.leading")
_BEFORE_OF = words("institutions.before_of")
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FORMS = frozenset({"inc", "incorporated", "llc", "corp", "corporation", "ltd", "plc", "llp", "gmbh"})


def institutions(text: str) -> Iterator[Span]:
    """Yield spans of named hospitals, homes, employers, schools and insurers."""
    tokens = tokenize(text)
    yield from _by_head(tokens)
    for starts, pattern, kind in (
        (_KNOWN_STARTS, _KNOWN, "HOSPITAL"),
        (_UNIVERSITY_STARTS, _UNIVERSITY_OF, "ORG"),
        (_SAINT_STARTS, _SAINT, "HOSPITAL"),
    ):
        for i in tokens.places(starts):
            match = pattern.match(text, tokens.starts[i]) if tokens.is_capital(i) else None
            if match and not _SAINT_STOP.match(text, match.start()):
                yield Span(match.start(), match.end(), "HOSPITAL" if "ospital" in match[0] else kind)
    yield from _after_cues(tokens)


def _by_head(tokens: Tokens) -> Iterator[Span]:
    """Yield phrases that end in a word for a kind of institution: capitalized ones; any, where case says nothing."""
    for i in tokens.places(_HOSPITAL_HEADS | _ORG_HEADS | _HOME):
        if not (tokens.is_capital(i) or tokens.caseless):
            continue
        if tokens.lowers[i] in _HOME and (i == 0 or tokens.lowers[i - 1] not in _BEFORE_HOME):
            continue
        is_form = tokens.lowers[i] in _FORMS
        last = i - (is_form and i > 0 and tokens.words[i - 1] == ",")
        first = tokens.phrase_start(last, limit=5 if tokens.caseless else 7, any_case=tokens.caseless)
        while first < last and tokens.lowers[first] in _LEADING:
            first += 1
        first = _after_of(tokens, first, i)
        if first < last and _says_which(tokens, first, last, i):
            end = _end_of_name(tokens, i)
            end += is_form and tokens.text[end : end + 1] == "."
            yield Span(tokens.starts[first], end, "ORG" if tokens.lowers[i] in _ORG_HEADS else "HOSPITAL")


def _says_which(tokens: Tokens, first: int, last: int, head: int) -> bool:
    """Return whether the words before a head say which institution it is: "Mercy" does, "Outpatient" does not."""
    proper = [word.lower() for word in tokens.words[first:last] if word[0].isalpha() and not is_generic(word)]
    if not proper:  # "from Mulberry Nursing Home": a word of medicine, but no kind of hospital
        phrase = tokens.text[tokens.starts[first] : tokens.end(last - 1)]
        is_site = first > 0 and tokens.lowers[first - 1] in _SITE_PREPOSITIONS and not tokens.caseless
        return is_site and tokens.lowers[head] in _HOUSES and not names_only_a_kind(phrase)
    if tokens.lowers[head] in ("va", "vamc"):  # also Virginia and visual acuity
        return is_listed_name(proper[-1]) or proper[-1] in ranked("cities")
    is_heading = len(tokens.words[head]) > 2 and tokens.words[head].isupper() and not tokens.caseless
    return not is_heading or any(name_evidence(word) >= 0 for word in proper)


def _end_of_name(tokens: Tokens, head: int) -> int:
    """Return where the name ends: past "of Dunmore", "at Fernhurst", "Inc."."""
    end = tokens.end(head)
    if not tokens.caseless:
        match = _OF.match(tokens.text, end)
        return match.end() if match else end
    j = head + 1
    if tokens.lowers[j : j + 1] == ["of"]:
        for j in range(head + 2, min(head + 4, len(tokens.words))):
            if not (tokens.words[j][0].isalpha() and name_evidence(tokens.lowers[j]) >= 1):
                break
            end = tokens.end(j)
    return end


def _after_of(tokens: Tokens, first: int, i: int) -> int:
    """Return where the name starts in "Notes of the Medina General Hospital": past "of", unless it belongs."""
    for j in range(first + 1, i):
        if tokens.lowers[j] == "of" and tokens.lowers[j - 1] not in _BEFORE_OF:
            after = j + 1 + (tokens.lowers[j + 1] == "the")
            return after if after < i else first
    return first


def _after_cues(tokens: Tokens) -> Iterator[Span]:
    """Yield capitalized names after "works at", "employee of", "transferred from", "Employer:" and the like."""
    text = tokens.text
    for i in tokens.places(_WORK_PREPOSITIONS | _SITE_PREPOSITIONS):
        if i + 1 >= len(tokens.words) or not (tokens.is_capital(i + 1) or tokens.lowers[i + 1] in ("the", ",")):
            continue
        cue = _cue(tokens, i)
        gap = _AFTER_PREPOSITION.match(text, tokens.end(i)) if cue else None
        phrase = _CAP_PHRASE.match(text, gap.end()) if gap else None
        if not phrase or _is_person_or_region(phrase[0]) or is_medical_use(text, *phrase.span()):
            continue
        if _is_employer(phrase[0]) if cue == "employer" else _is_proper(phrase[0]):
            is_whole = cue == "employer" and tokens.lowers[i + 1] == "the"
            start = tokens.starts[i + 1] if is_whole else phrase.start()
            yield Span(start, phrase.end(), "HOSPITAL" if cue == "site" else "ORG")


def _cue(tokens: Tokens, i: int) -> Literal["employer", "work", "site"] | None:
    """Return what the preposition ``i`` and the words before it lead to."""
    preposition, before = tokens.lowers[i], tokens.lowers[max(0, i - 5) : i + 1]
    if preposition in _EMPLOYER_PREPOSITIONS and not _EMPLOYED.isdisjoint(before[-3:]):
        return "employer"
    if preposition in _WORK_PREPOSITIONS and not _WORK_WORDS.isdisjoint(before):
        return "work"
    return "site" if preposition in _SITE_PREPOSITIONS and not _SITE_WORDS.isdisjoint(before[-4:]) else None


def _is_person_or_region(phrase: str) -> bool:
    return _TITLED.match(phrase) is not None or is_region(phrase)


def _is_employer(phrase: str) -> bool:
    """Return whether a capitalized phrase after "works for" names an employer: any word that is not generic will do."""
    is_company = " " in phrase and re.findall(r"[^\W\d_]+", phrase)[-1].lower() in _ORG_LAST
    return names_an_institution(phrase) or "&" in phrase or is_company


def _is_proper(phrase: str) -> bool:
    """Return whether a capitalized phrase after a cue names something: a word that is neither generic nor ordinary."""
    words = [word for word in re.findall(r"[^\W\d_]+", phrase) if not is_generic(word)]
    return any(name_evidence(word.lower()) >= 1 and not word.isupper() for word in words)
