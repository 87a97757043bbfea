"""Replacing identifiers: names, dates, places, numbers become ``<NAME>``, ``<DATE>``, ... or invented values.

`deidentify` runs detectors over a text, joins what they found, and replaces it. It never logs or raises with a piece
of the text. What it does not do: it makes no promise that text is anonymous; measured recall stands in
``docs/explanation/deidentification.md``.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Literal

from nosology.deidentification.composed import compose
from nosology.deidentification.detectors.addresses import addresses
from nosology.deidentification.detectors.ages import ages
from nosology.deidentification.detectors.contacts import contacts
from nosology.deidentification.detectors.dates import dates
from nosology.deidentification.detectors.institutions import institutions
from nosology.deidentification.detectors.learned import Learned
from nosology.deidentification.detectors.numbers import numbers
from nosology.deidentification.detectors.people import people
from nosology.deidentification.detectors.placeholders import mimic3_placeholders, mimic4_placeholders
from nosology.deidentification.detectors.postcodes import postcodes
from nosology.deidentification.detectors.scrubadub_detectors import scrubadub_detectors
from nosology.deidentification.judging.certainty import judged, without_impossible, without_impossible_edges
from nosology.deidentification.judging.completion import completed
from nosology.deidentification.judging.edges import whole_edges
from nosology.deidentification.judging.plain_words import without_plain_words
from nosology.deidentification.judging.repeats import made_of_names, repeat_names
from nosology.deidentification.spans import SPAN_TYPES, Detector, join_neighbours, leave_out, merge_spans
from nosology.deidentification.surrogates import SECRET_VARIABLE, Surrogates
from nosology.deidentification.wrapping import unwrap
from nosology.machine.patience import ask
from nosology.machine.workers import WorkerPool
from nosology.records import Span

__all__ = [
    "SECRET_VARIABLE",
    "SPAN_TYPES",
    "Deidentified",
    "Detector",
    "Recall",
    "Style",
    "default_detectors",
    "deidentify",
    "deidentify_many",
    "merge_spans",
    "scrubadub_detectors",
]

Style = Literal["token", "surrogate"]
Recall = Literal["balanced", "high"]

_NETWORK: dict[Recall, tuple[float, ...]] = {"balanced": (0.5, 1.1), "high": (0.02, 0.9, 0.5)}
"""How probable the network must hold a finding, and one of plain words; what else high finds; see `Learned`."""
_DOUBTED = frozenset({dates, people, institutions, addresses})
"""Rules of whose findings the network rules out what it holds impossible: they read less than it does."""
_REPEATED_FROM = 0.9
"""How probable the network must hold a name, for it to be looked for in the whole note."""
_TOKEN = re.compile(f"<(?:{'|'.join(SPAN_TYPES)})>")
_BATCH = 64  # texts sent to a process at once
_WAITING_BATCHES = 4  # in flight for each process: enough to keep it busy, few enough to bound memory


@dataclass(frozen=True, slots=True)
class Deidentified:
    """A text without its identifiers.

    Attributes:
        text: The text with every span replaced.
        spans: What was replaced: sorted, non-overlapping, offsets in Unicode code points of the *input* text.
        replacements: What stands in place of each span.
    """

    text: str = field(repr=False)
    spans: tuple[Span, ...] = ()
    replacements: tuple[str, ...] = field(default=(), repr=False)


def default_detectors(recall: Recall = "balanced") -> tuple[Detector, ...]:
    """Return the detectors that `deidentify` runs when it is given none.

    Args:
        recall: ``"balanced"``: rules and what the network is sure of; ``"high"``: also what it is less sure of. Of what
            rules find by a form or a weak cue goes in both what the network holds impossible.
    """
    rules = (dates, contacts, ages, numbers, postcodes, addresses, institutions, people)
    found = (mimic3_placeholders, mimic4_placeholders, scrubadub_detectors, *rules)
    return (*found, Learned(*_NETWORK[recall], is_sooner=True))


def deidentify(
    text: str,
    *,
    style: Style = "token",
    detectors: Sequence[Detector] | None = None,
    patient_key: str | None = None,
    recall: Recall = "balanced",
) -> Deidentified:
    """Return the text with its identifiers replaced, and where they were.

    Args:
        text: Any text. MIMIC placeholders (``[**...**]``, ``___``) count as identifiers; tokens (``<NAME>``) stay.
        style: ``"token"`` writes ``<NAME>``; ``"surrogate"`` writes invented values, consistent for a patient.
        detectors: What looks for identifiers; None for `default_detectors`.
        patient_key: Whose text it is. Surrogates of one key agree with each other across texts.
        recall: ``"balanced"``, or ``"high"`` to miss less and redact more that is no identifier; says nothing where
            ``detectors`` are given.

    Example:
        >>> result = deidentify("Seen by Dr. Okafor on 3/14/19.")
        >>> result.text
        'Seen by Dr. <NAME> on <DATE>.'
        >>> [(span.start, span.end, span.type) for span in result.spans]
        [(12, 18, 'NAME'), (22, 29, 'DATE')]
    """
    if not isinstance(text, str):
        raise TypeError(f"a note is text, not {type(text).__name__}")
    composed, offsets = compose(text)
    found = _spans(composed, default_detectors(recall) if detectors is None else detectors)
    spans = found if offsets is None else tuple(Span(offsets[s.start], offsets[s.end], s.type) for s in found)
    surrogates = Surrogates(patient_key) if style == "surrogate" else None
    replacements = tuple(surrogates.replace(composed, seen) if surrogates else f"<{seen.type}>" for seen in found)
    pieces: list[str] = []
    position = 0
    for span, new in zip(spans, replacements, strict=True):
        pieces += (text[position : span.start], new)
        position = span.end
    return Deidentified("".join([*pieces, text[position:]]), spans, replacements)


def _spans(text: str, detectors: Sequence[Detector]) -> tuple[Span, ...]:
    """Return what the detectors find, names wherever they stand, neighbours joined, tokens left out."""
    read = unwrap(text)
    network = next((detector for detector in detectors if isinstance(detector, Learned)), None)
    found: list[Span] = []
    for detector in detectors:
        if detector is not network:
            seen = list(detector(read))
            found += without_impossible(seen, read) if network and detector in _DOUBTED else seen
        ask()
    by_limit = network.by_limit(read) if network else []
    certain = [finding.span for findings in by_limit for finding in findings if finding.certainty >= _REPEATED_FROM]
    found += repeat_names(read, [*found, *certain])
    found += without_impossible([*made_of_names(read, [*found, *certain])], read)
    found += completed(read, found)
    ask()
    spans = without_plain_words(join_neighbours(merge_spans(found, len(text)), read), read)
    if network:
        spans = tuple(without_impossible_edges(spans, read))
        learned = [span for findings in by_limit for span in judged(findings, read, network.sure)]
        if len(by_limit) > 1:  # what balanced takes goes as it does there
            learned += judged(by_limit[0], read, _NETWORK["balanced"][1])
        spans = join_neighbours(merge_spans([*spans, *learned, *completed(read, learned)], len(text)), read)
    spans = tuple(whole_edges(spans, read))
    return leave_out(spans, [match.span() for match in _TOKEN.finditer(text)]) if "<" in text else spans


def deidentify_many(
    texts: Iterable[str],
    *,
    style: Style = "token",
    detectors: Sequence[Detector] | None = None,
    patient_keys: Iterable[str | None] | None = None,
    processes: int = 1,
) -> Iterator[Deidentified]:
    """Yield the results of many texts, in their order, from several processes; memory stays bounded.

    Args:
        texts: The texts.
        style: As for `deidentify`.
        detectors: As for `deidentify`; with several processes, of a module, not of the main script.
        patient_keys: One key a text; None where surrogates need not agree.
        processes: Worker processes; 1 works in this one.
    """
    pairs = ((text, None) for text in texts) if patient_keys is None else zip(texts, patient_keys, strict=True)
    if processes == 1:
        yield from (_one(pair, style, detectors) for pair in pairs)
        return
    work = partial(_several, style=style, detectors=detectors)
    batches = iter(lambda: list(islice(pairs, _BATCH)), [])
    with WorkerPool(work, processes) as pool:
        for results in pool.in_order(batches, n_waiting=_WAITING_BATCHES * processes):
            yield from results


def _several(
    pairs: Sequence[tuple[str, str | None]], style: Style, detectors: Sequence[Detector] | None
) -> list[Deidentified]:
    return [_one(pair, style, detectors) for pair in pairs]


def _one(pair: tuple[str, str | None], style: Style, detectors: Sequence[Detector] | None) -> Deidentified:
    return deidentify(pair[0], style=style, detectors=detectors, patient_key=pair[1])
