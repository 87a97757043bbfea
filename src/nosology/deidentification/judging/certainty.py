"""How sure the network is of spans, and what it found that is given back: doubtful findings of plain words."""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from nosology.deidentification.composed import compose
from nosology.deidentification.detectors.learned import probabilities
from nosology.deidentification.detectors.placeholders import mimic3_placeholders, mimic4_placeholders
from nosology.deidentification.findings import Finding
from nosology.deidentification.judging.plain_words import without_plain_words
from nosology.deidentification.spans import join_neighbours, merge_spans
from nosology.deidentification.tokens import tokenize
from nosology.deidentification.wrapping import unwrap
from nosology.records import Span

_SURE = 0.9
"""Names and institutions above this probability go, whatever else their words mean."""


def judged(findings: Sequence[Finding], text: str) -> list[Span]:
    """Return the spans of findings that are sure, or whose words are no plain ones; states are none, however sure."""
    sure: list[Span] = []
    others: list[Span] = []
    for finding in findings:
        is_sure = finding.certainty >= _SURE and finding.span.type != "LOCATION"
        (sure if is_sure else others).append(finding.span)
    return [*sure, *without_plain_words(join_neighbours(merge_spans(others, len(text)), text), text)]


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
    hit = 1 - probabilities(read)[:, 0]
    exact = merge_spans([*mimic3_placeholders(read), *mimic4_placeholders(read)], len(read))
    exact_ends = [span.end for span in exact]
    starts = np.array(tokens.starts)
    found = []
    for span in spans:
        start, end = (at if offsets is None else bisect_left(offsets, at) for at in (span.start, span.end))
        place = bisect_left(exact_ends, start + 1)
        if place < len(exact) and exact[place].start < end:
            found.append(1.0)
            continue
        low, high = np.searchsorted(starts, start, side="right") - 1, np.searchsorted(starts, end)
        inside = [float(hit[i]) for i in range(max(0, int(low)), int(high)) if tokens.words[i][0].isalnum()]
        found.append(max(inside, default=0.0))
    return found
