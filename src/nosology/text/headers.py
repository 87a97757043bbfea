"""Headers of sections that state the diagnosis, by layout and words, and where such a section ends.

A list of titles misses most of what hospitals write. Here a title states a diagnosis if it has a word for one
(diagnosis, Dx, impression at discharge, cause of death, ...) and nothing but words that qualify it. Such a section
ends at the next header of any kind. What a header is, layout and words decide together: markup, brackets, a rule below
or a colon make one of whatever is no disease; a bare line or a dash only of words that titles of sections use.
"Secondary:" and "Axis I:" begin no section, but go on with one that states a diagnosis.
"""

# ruff: noqa: E501 - a pattern is a list of wordings, one line each kind

import re

from nosology.text import header_words
from nosology.text.header_layout import MOST_WORDS_OF_TITLE, RULE, SPACED, Header, Stretch, header_at, stretches

_HINT = re.compile(
    r"d\s?i\s?a\s?g|\bd[aegiknosy]{5,10}s\b|conclusion|final|issues|prob|trauma list|dx|impression|problem|condition|morbid|cause|c\.?o\.?d\b|drg|icd|injur|disease|disorder|illness|reason|why|"
    r"what|you were|you have|we |treated|patient w|axis|axes",
    re.IGNORECASE,
)
_CONTINUING = re.compile(
    r"^(?:(?:primary|principal|secondary|other|main|additional|associated|chronic|acute|active|inactive|resolved|final|discharge|admission|"
    r"admitting|comorbid(?:ities)?|co-?morbidities|sec|prim|tertiary|contributing|underlying|medical|surgical|psychiatric|axis [iv]+|"
    r"and|at|on|#?\d+|problems?|number|no|present|poa|part [iv]+|line [a-d]|due to|as a consequence of|or|complicated by|etiology|type|"
    r"stage|grade|severity|onset|icd|neuro|cv|cards?|resp|pulm|gi|gu|id|heme|endo|msk|psych|ortho|derm|ent|ob|gyn)[ ,/&-]*)+$"
)
_PHRASE_OF_ILLNESS = re.compile(
    r"^(?:status[- ]post|s/p|h/o|(?:hx|history) of (?!(?:the )?(?:present|illness|current))|rule out|r/o|need for|encounter for)\b"
)

_GREETING = re.compile(
    r"\s*(?:dear|yours|sincerely|kind regards|best regards|best wishes|thank you|thanks)\b", re.IGNORECASE
)
_FEWEST_WORDS = 12  # of a sentence that ends a list of diagnoses
_FEWEST_WORDS_APART = 7  # the same below a blank line


def diagnosis_sections(text: str) -> list[tuple[int, int, str]]:
    """Return where each section that states the diagnosis begins and ends, and its title."""
    found: list[tuple[int, int, str]] = []
    began: Header | None = None
    is_first = True  # nothing stands below the header so far
    has_parts = False  # its own lines begin with labels, as in "P: gout"
    is_told = False  # it tells a story instead of listing diagnoses
    for stretch in stretches(text):
        if began is None and not (_HINT.search(stretch.text) or SPACED.search(stretch.text)):
            continue
        header = header_at(stretch)
        if header is not None and header.states_diagnosis:
            began = began or header
            is_first, has_parts = header.is_line, False
            is_told = not is_first and header_words.is_prose(stretch.text)
        elif began is not None and _is_part(header, began, stretch, may_be=is_first or has_parts):
            is_first, has_parts = False, True
        elif began is not None and (
            _ends_section(header, began, stretch, is_first=is_first)
            or _turns_to_story(stretch, may_be=not (is_first or is_told))
        ):
            end = stretch.start if stretch.rule_above is None or is_first else stretch.rule_above
            found.append((began.start, end, began.title))
            began = None
        elif stretch.text.strip() and not RULE.match(stretch.text):
            is_told = is_told or header_words.is_prose(stretch.text)
            is_first = header is not None and header.is_line and bool(_CONTINUING.match(header.title))
    if began is not None:
        found.append((began.start, len(text), began.title))
    return found


def _is_part(header: Header | None, began: Header, stretch: Stretch, *, may_be: bool) -> bool:
    """Return whether a line with a label is a part of a section whose header has a line to itself: "P: gout".

    Args:
        header: What the line says as a header; None where it is not laid out as one.
        began: The header of the section it stands in.
        stretch: The line.
        may_be: Whether it is the first below the header, or follows on such parts.
    """
    if header is None or not may_be or stretch.is_after_blank or not began.is_line:
        return False
    is_labelled = header.is_line_start and header.has_colon and not header.is_line and not header.markup
    names = header_words.names_section(header.title) or header_words.has_section_word(header.title)
    return is_labelled and not names


def _turns_to_story(stretch: Stretch, *, may_be: bool) -> bool:
    """Return whether a line goes on in sentences about the patient where a list of diagnoses stood, or greets a reader.

    Args:
        stretch: The line.
        may_be: Whether diagnoses stand above it and nothing else.
    """
    if not (may_be and stretch.is_line_start):
        return False
    if stretch.is_after_blank and _GREETING.match(stretch.text):
        return True
    return header_words.is_story(stretch.text, _FEWEST_WORDS_APART if stretch.is_after_blank else _FEWEST_WORDS)


def _ends_section(header: Header | None, began: Header, stretch: Stretch, *, is_first: bool) -> bool:
    """Return whether a stretch begins another section than the one that states a diagnosis.

    Args:
        header: What the stretch says as a header; None where it is not laid out as one.
        began: The header of the section it stands in.
        stretch: The stretch.
        is_first: Whether nothing stands between it and a header that states a diagnosis.
    """
    is_apart = stretch.is_line_start and stretch.is_after_blank and not is_first
    is_sentence = header is not None and header.is_line and not header.sign and stretch.text.rstrip().endswith(".")
    if header is None or (_is_bare(header) and (is_sentence or not _is_short(header))):
        return is_apart and _begins_with_title(stretch.text)
    title = header.title
    if not (header.is_line_start or header.has_colon):
        return False
    if _CONTINUING.match(title) or _PHRASE_OF_ILLNESS.match(title):
        return False
    is_strong = header_words.names_section(title)
    is_weak = header_words.is_section_word(header_words.head_of(title))
    if not _is_bare(header):
        return _ends_by_layout(header, began, is_strong=is_strong, is_weak=is_weak, is_apart=is_apart)
    if is_strong:
        return not header_words.is_abnormal(title)
    if is_apart and _is_title_above_text(header, began, stretch):
        return True
    if header_words.has_disease_word(title):
        return False
    is_alike = header.is_line and header.sign == began.sign and header.casing in (began.casing, "title", "upper")
    return is_weak and not header.is_item and (is_apart or is_alike)


def _is_bare(header: Header) -> bool:
    """Return whether only a dash, a gap or its line makes a stretch look like a header."""
    return not header.has_colon and (not header.markup or header.is_item)


def _is_short(header: Header) -> bool:
    """Return whether a bare line is short and plain enough for a title."""
    n_words = len(header_words.words_of(header.title))
    return bool(header.casing) and n_words <= MOST_WORDS_OF_TITLE and not re.search(r"[,;]|\.$", header.title)


def _ends_by_layout(header: Header, began: Header, *, is_strong: bool, is_weak: bool, is_apart: bool) -> bool:
    """Return whether what a colon or markup makes a header begins another section: it does unless it names a disease.

    Args:
        header: The header.
        began: The header of the section it stands in.
        is_strong: Whether its head can only be the name of a section.
        is_weak: Whether its head may be.
        is_apart: Whether a blank line parts it from what stands above.
    """
    is_plain = is_apart and header.has_colon and not header.is_item and header_words.is_about_disease(header.title)
    if is_strong or is_weak:
        return is_strong or is_plain or not header_words.is_ill(header.title)
    is_ill = header_words.names_disease if is_apart and not header.is_item else header_words.has_disease_word
    if is_ill(header.title) and not is_plain:
        return False
    if header_words.has_section_word(header.title):
        return True
    is_like_began = header.markup == began.markup and header.is_item == began.is_item
    n_words = len(header_words.words_of(header.title))
    is_title = (
        (bool(header.casing) or not began.casing)
        and n_words <= MOST_WORDS_OF_TITLE
        and not re.search(r"\d", header.title)
    )
    return is_title and (is_like_began or not header.is_item)


def _is_title_above_text(header: Header, began: Header, stretch: Stretch) -> bool:
    """Return whether what only a dash, a mark or its line makes a header is one by what follows it, below a blank line.

    Args:
        header: The line or the words before its dash.
        began: The header of the section it stands in.
        stretch: The line and what is around it.
    """
    is_alike = header.dress == began.dress and header.is_line == began.is_line and header.sign == began.sign
    is_weak = header_words.is_section_word(header_words.head_of(header.title))
    is_about = is_weak and header_words.is_about_disease(header.title)
    if (header.is_item and not is_alike) or (header_words.names_disease(header.title) and not is_about):
        return False
    if header.dress and is_alike:
        return True
    if re.search(r"\d", header.title):
        return False
    if header.sign and not header.is_line:
        behind = stretch.text.partition(header.sign)[2]
        return header_words.is_prose(behind) or not (
            header_words.has_disease_word(header.title) and header_words.has_disease_word(behind.lower())
        )
    if not stretch.text_below.strip() or (header.is_above_blank and not began.is_above_blank):
        return False
    if header_words.is_prose(stretch.text_below):
        return True
    is_above_disease = header_words.has_disease_word(stretch.text_below.lower())
    if header_words.has_disease_word(header.title):
        return is_about and not is_above_disease and not header.is_item
    is_title = header.casing == "upper" or (is_alike and header.casing == began.casing)
    return is_title or header_words.has_section_word(header.title) or not is_above_disease


def _begins_with_title(line: str) -> bool:
    """Return whether a line of text begins with the name of a section that nothing parts from it: "Diet regular"."""
    words = line.split()
    if len(words) < 2 or not words[0][:1].isupper() or header_words.names_disease(line.lower().split(",")[0]):
        return False
    return any(header_words.is_title(" ".join(words[:n]).lower()) for n in (1, 2, 3))
