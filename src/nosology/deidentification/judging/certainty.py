"""What of the network's findings is given back: doubtful ones whose words are plain ones."""

from collections.abc import Sequence

from nosology.deidentification.findings import Finding
from nosology.deidentification.judging.plain_words import without_plain_words
from nosology.deidentification.spans import join_neighbours, merge_spans
from nosology.records import Span

_SURE = 0.9
"""Names and institutions above this probability go, whatever else their words mean."""


def judged(findings: Sequence[Finding], text: str) -> list[Span]:
    """Return the spans of findings that are sure, or whose words are no plain ones; states are none, however sure."""
    sure = [finding.span for finding in findings if finding.certainty >= _SURE and finding.span.type != "LOCATION"]
    others = [finding.span for finding in findings if finding.span not in sure]
    return [*sure, *without_plain_words(join_neighbours(merge_spans(others, len(text)), text), text)]
