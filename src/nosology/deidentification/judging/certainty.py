"""How sure the network is of spans, and what is given back: plain words that it doubts, names it does not believe."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Sequence

from nosology.deidentification.composed import compose
from nosology.deidentification.cue_words import CREDENTIALS, TITLES
from nosology.deidentification.detectors.learned import probabilities
from nosology.deidentification.detectors.placeholders import mimic3_placeholders, mimic4_placeholders
from nosology.deidentification.findings import Finding
from nosology.deidentification.generic_words import is_region
from nosology.deidentification.judging.plain_words import is_given_away, without_plain_words
from nosology.deidentification.lexicon import ranked
from nosology.deidentification.spans import join_neighbours, merge_spans
from nosology.deidentification.tokens import Tokens, tokenize
from nosology.deidentification.wrapping import unwrap
from nosology.records import Span

_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_WEEKDAYS = re.compile(rf"(?:{_WEEKDAY}|and|or|to|through|until|every|each|on|[\s,&-])+", re.IGNORECASE)
"""A day of the week says nothing of which week."""
_TITLE = re.compile(rf"(?:{'|'.join(sorted(TITLES))})\.?", re.IGNORECASE)
"""A title alone names nobody."""
_CODE = re.compile(
    r"[A-TV-Z]\d\d\.\d{1,2}|(?:p\.)?\(?[A-Z][a-z]{2}\d{1,4}(?:[A-Z][a-z]{2}|\*|=)\)?|c\.\d{1,5}[+-]?\d{0,3}[ACGT]?",
    re.IGNORECASE,
)
"""A diagnosis in ICD-10 ("M54.5"), a change of a protein ("Arg98Gln") or of a gene ("c.4403G"): HGVS's notation."""
_LETTER = re.compile(r"[^\W\d_]")
_LAST_WORD = re.compile(r"(?:\A|(?<=\W))[^\W\d_]+\Z")
_DOTTED = "|".join(r"\.?".join(letters) for letters in sorted(CREDENTIALS))
_CREDENTIALS = re.compile(rf"(?:\A|,?\s{{1,3}}|,)(?:{_DOTTED})\.?\Z", re.IGNORECASE)
_NAMED = frozenset({"NAME", "HOSPITAL", "ORG", "LOCATION"})
_CALLED = frozenset({"NAME", "ORG"})
_CERTAIN = 0.98
"""From here on people and firms go whatever their words mean: "Shirin Farahani's brace"."""
_EDGED = frozenset({"ORG", "HOSPITAL", "LOCATION", "CONTACT"})
_BELIEVED = 0.5
_IMPOSSIBLE = 0.005
"""Below this the network holds a word to be no part of an identifier; chosen on opened notes, see experiments."""


def judged(findings: Sequence[Finding], text: str, sure_from: float) -> list[Span]:
    """Return the spans of findings that are sure, or whose words are no plain ones; states are none, however sure.

    Args:
        findings: What the network found.
        text: The note as the network read it.
        sure_from: How probable a finding must be, to go whatever else its words mean; above 1 for never.
    """
    sure: list[Span] = []
    others: list[Span] = []
    for finding in findings:
        edges = finding.span.start, finding.span.end
        if finding.span.type == "NAME" and not _LETTER.search(text, *edges):
            continue
        if any(pattern.fullmatch(text, *edges) for pattern in (_WEEKDAYS, _TITLE, _CODE)):
            continue
        kind = finding.span.type
        is_sure = finding.certainty >= (min(sure_from, _CERTAIN) if kind in _CALLED else sure_from)
        is_sure &= kind != "LOCATION" and not is_region(text[slice(*edges)])
        (sure if is_sure else others).append(finding.span)
    kept = [*sure, *without_plain_words(join_neighbours(merge_spans(others, len(text)), text), text)]
    english = {} if tokenize(text).caseless else ranked("english_words")
    return [shorter for span in kept if (shorter := _without_words_after(span, text, english)) is not None]


def _without_words_after(span: Span, text: str, english: Container[str]) -> Span | None:
    """Return a name's span without the credentials and everyday words that follow it; None if nothing is left."""
    end = span.end
    while span.type in _NAMED and end > span.start:
        piece = text[span.start : end]
        if after := _CREDENTIALS.search(piece):
            end = span.start + after.start()
        elif (word := _LAST_WORD.search(piece)) and _is_after(word, english) and not _is_believed(text, end):
            end = span.start + len(piece[: word.start()].rstrip(" ,.;:-\n"))
        else:
            break
    return Span(span.start, end, span.type) if end > span.start else None


def _is_after(word: re.Match[str], english: Container[str]) -> bool:
    """Return whether a small everyday word stands behind a blank at a name's end, rather than being part of it."""
    start = word.start()
    return start > 0 and word.string[start - 1].isspace() and word[0].islower() and word[0] in english


def _is_believed(text: str, end: int) -> bool:
    """Return whether the network holds the word that ends here part of an identifier."""
    token = bisect_left(tokenize(text).starts, end) - 1
    return bool(probabilities(text)[token, 0] <= 1 - _BELIEVED)


def without_impossible(spans: Sequence[Span], text: str) -> list[Span]:
    """Return the spans but for those of which the network believes no word.

    A rule of names reads a cue, a rule of dates the date alone, the network sixteen words on either side: where it
    believes nothing, "Lines: Redivac" and "10/7 of loading" had only the form of an identifier. A name beside a title,
    kin or a credential stays, and so does a date with a month in letters.

    Args:
        spans: What rules found.
        text: The note as the network reads it.
    """
    return [
        span
        for span, share in zip(spans, _shares(text, spans), strict=True)
        if share >= _IMPOSSIBLE
        or (span.type == "NAME" and is_given_away(span, text))
        or (span.type == "DATE" and _LETTER.search(text, span.start, span.end))
    ]


def without_impossible_edges(spans: Sequence[Span], text: str) -> list[Span]:
    """Return the spans without the words at their edges that the network holds impossible, where it believes others.

    Rules and completions end by capitals: "Marlowe Bakery" goes, "Slept" on the next line stays. A placeholder goes
    whole, whatever stands in it.

    Args:
        spans: What was found.
        text: The note as the network reads it.
    """
    tokens = tokenize(text)
    hit = (1 - probabilities(text)[:, 0]).tolist()
    return [
        _without_impossible_edges(span, tokens, hit)
        if span.type in _EDGED and "[**" not in text[span.start : span.end]
        else span
        for span in spans
    ]


def _without_impossible_edges(span: Span, tokens: Tokens, hit: Sequence[float]) -> Span:
    low, high = bisect_left(tokens.starts, span.start), bisect_left(tokens.starts, span.end)
    inside = [i for i in range(low, high) if tokens.words[i][0].isalnum()]
    if not inside or max(hit[i] for i in inside) < _BELIEVED:
        return span
    possible = [i for i in inside if hit[i] >= _IMPOSSIBLE]
    first, last = possible[0], possible[-1]
    start, end = span.start, span.end
    text = tokens.text
    if first > inside[0] and text[tokens.starts[first] - 1].isspace() and tokens.lowers[first - 1] != "the":
        start = tokens.starts[first]
    if last < inside[-1] and text[tokens.end(last)].isspace():
        end = tokens.end(last)
    return Span(start, end, span.type)


def certainty(text: str, spans: Sequence[Span]) -> list[float]:
    """Return how probable the network holds it that each span holds (a part of) an identifier; 1 for a placeholder.

    Args:
        text: The note as `deidentify` was given it. The network reads it as it did there: composed and unwrapped.
        spans: What was replaced, offsets in code points of ``text``.

    Returns:
        For each span the probability of its most probable word, between 0 and 1; 0 where it has none.
    """
    composed, offsets = compose(text)
    read = unwrap(composed)
    tokens = tokenize(read)
    if not tokens.words:
        return [0.0] * len(spans)
    exact = merge_spans([*mimic3_placeholders(read), *mimic4_placeholders(read)], len(read))
    exact_ends = [span.end for span in exact]
    places = list(spans)
    if offsets is not None:
        places = [Span(bisect_left(offsets, s.start), bisect_left(offsets, s.end), s.type) for s in spans]
    found = []
    for span, share in zip(places, _shares(read, places), strict=True):
        place = bisect_left(exact_ends, span.start + 1)
        is_exact = place < len(exact) and exact[place].start < span.end
        found.append(1.0 if is_exact else share)
    return found


def _shares(text: str, spans: Sequence[Span]) -> list[float]:
    """Return the probability of each span's most probable word, 0 where it has none; offsets are of this text."""
    if not spans:
        return []
    tokens = tokenize(text)
    hit = 1 - probabilities(text)[:, 0]
    found = []
    for span in spans:
        low, high = bisect_right(tokens.starts, span.start) - 1, bisect_left(tokens.starts, span.end)
        inside = [float(hit[i]) for i in range(max(0, low), high) if tokens.words[i][0].isalnum()]
        found.append(max(inside, default=0.0))
    return found
