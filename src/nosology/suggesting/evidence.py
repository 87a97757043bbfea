"""The sentences that move a suggestion: each is left out in turn, and the fall of the log-odds is its effect.

The words' side of that is exact and nearly free; the model's side is `nosology.modeling.probing`. Which of its ways is
used was decided by measurement (``benchmarks/evidence.py``, ``docs/experiments.md``). A sentence can speak against a
suggestion; only those that speak for it are evidence. Sentences are those of the original note, so offsets are exact
whatever preparation did.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nosology.records import BoolArray, Evidence, FloatArray
from nosology.suggesting.context import context_of
from nosology.suggesting.sentences import Stretch
from nosology.text.alignment import AlignedText
from nosology.text.sections import find_sections

MOST_SENTENCES = 3
"""Shown for one suggestion: what a reader takes in at a glance."""
LEAST_EFFECT = 0.1  # nats of log-odds; below, leaving the sentence out changes nothing that a reader would notice
_SHARE_OF_BEST = 0.2
MOST_CHARACTERS_READ = 3_000_000
"""Of all variants of a note together: whether a sentence matters is asked by reading the note without it, which for
every sentence of a note grows with the square of its length. A note of 12,000 characters has room for 250 sentences."""
MOST_SENTENCES_READ = 250
_FEWEST_SENTENCES = 10  # tried however long the note is


def texts_without(aligned: AlignedText, spans: Sequence[Stretch]) -> list[str]:
    """Return the prepared text without each of some stretches of the original."""
    ranges = (aligned.prepared_range(*span) for span in spans)
    return [aligned.text[:start] + aligned.text[end:] for start, end in ranges]


def n_affordable(n_characters: int) -> int:
    """Return how many sentences of a prepared note are tried as evidence, by its length in characters."""
    return min(MOST_SENTENCES_READ, max(_FEWEST_SENTENCES, MOST_CHARACTERS_READ // max(1, n_characters)))


def most_telling(spans: Sequence[Stretch], scores: FloatArray, n: int) -> list[Stretch]:
    """Return the `n` sentences that say most by themselves, in the note's order.

    Args:
        spans: Sentences.
        scores: How much each says of any suggestion by itself. Shape ``(sentences,)``.
        n: How many.
    """
    best = np.argsort(-scores, kind="stable")[:n]
    return [spans[number] for number in sorted(best)]


def tokens_within(aligned: AlignedText, places: Sequence[int], spans: Sequence[Stretch]) -> BoolArray:
    """Return which tokens of the prepared note came from each stretch of the original. Shape ``(spans, tokens)``.

    Args:
        aligned: The prepared note.
        places: For each token the place of its last character in the prepared text, -1 for none.
        spans: Stretches of the original.
    """
    where = np.asarray(places)
    ranges = np.array([aligned.prepared_range(*span) for span in spans], np.int64).reshape(-1, 2)
    return (where >= ranges[:, :1]) & (where < ranges[:, 1:])


def strongest(effects: FloatArray) -> list[int]:
    """Return the sentences worth showing, the strongest first.

    Args:
        effects: How much the log-odds fall without each sentence. Shape ``(sentences,)``.
    """
    order = np.argsort(-effects, kind="stable")[:MOST_SENTENCES]
    least = max(LEAST_EFFECT, _SHARE_OF_BEST * float(effects[order[0]])) if len(order) else LEAST_EFFECT
    return [int(sentence) for sentence in order if effects[sentence] >= least]


@dataclass(frozen=True, slots=True)
class Mention:
    """How one sentence mentions a diagnosis.

    Attributes:
        places: Where, as offsets into the sentence.
        term: The name that it met; empty where words of training notes, or of the title, alone speak for it.
    """

    places: tuple[Stretch, ...]
    term: str = field(default="", repr=False)


def evidence_of(
    text: str,
    spans: Sequence[Stretch],
    effects: FloatArray,
    mention: Callable[[int], Mention],
    family: Sequence[Stretch],
) -> tuple[Evidence, ...]:
    """Return the evidence for one suggestion, with what is denied, past, uncertain or another person's marked.

    Args:
        text: The original note.
        spans: Its sentences.
        effects: How much the log-odds fall without each. Shape ``(sentences,)``.
        mention: Says how a sentence, by its number, mentions the diagnosis.
        family: Its sections on relatives, as `family_sections` gives them.
    """
    found = []
    for number in strongest(effects):
        start, end = spans[number]
        met = mention(number)
        context = context_of(text[start:end], met.places)
        is_family = context.family_history or any(first <= start < last for first, last in family)
        marks = (context.negated, is_family, context.history, context.uncertain)
        found.append(Evidence(start, end, float(effects[number]), *marks, term=met.term))
    return tuple(found)


def family_sections(text: str) -> list[Stretch]:
    """Return the sections of a note that speak of relatives."""
    sections = find_sections(text)
    return [(section.start, section.end) for section in sections if section.title.startswith(("family", "fh"))]
