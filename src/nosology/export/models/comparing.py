"""What a run says beside what an export of it says: how far apart, and the first thing that explains it.

Parts are looked at in the order in which one spoils the next: words before weights, settings before what they act on.
So what is named is the cause and not one of its many consequences.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from nosology.records import FloatArray

TOLERANCE = {"float32": 1e-3, "float16": 1e-2, "bfloat16": 5e-2, "f16": 1e-2, "q8_0": 5e-2}
"""Largest difference of a probability that an export may show, by the coarsest number format of its weights."""
MEAN_TOLERANCE = {"float32": 1e-4, "float16": 1e-3, "bfloat16": 3e-3, "f16": 1e-3, "q8_0": 4e-3}
"""Mean difference that it may show: unlike the largest it hardly depends on how many notes are asked about."""
ROUNDING = {"float32": 1e-6, "float16": 5e-4, "bfloat16": 4e-3, "f16": 5e-4, "q8_0": 7e-3}
"""By how much of its size storing a weight may change it."""
LORA_SHARE = {"float32": 1e-3, "float16": 2e-2, "bfloat16": 1e-1, "f16": 2e-2, "q8_0": 1e-1}
"""Share of a layer's LoRA that may be lost."""
_ROPE = 1e-5  # frequencies are stored in float32


@dataclass(frozen=True, slots=True)
class Comparison:
    """An export beside its run.

    Attributes:
        n: Notes that both were asked about.
        largest: Largest difference of a category's probability, by its whole name or by the mean of its tokens.
        mean: Mean difference.
        n_changed: Notes with another first category.
        tolerance: What `largest` may be.
        reason: The first thing that differs; empty where nothing does.
    """

    n: int
    largest: float
    mean: float
    n_changed: int
    tolerance: float
    reason: str

    @property
    def is_same(self) -> bool:
        """Whether the export is the run."""
        return not self.reason


def compare(expected: Mapping[str, Any], observed: Mapping[str, Any]) -> Comparison:
    """Return how far an export is from its run, and why.

    Args:
        expected: What the run says.
        observed: What `nosology.export.models.outside` says of the export.
    """
    reason = next(_reasons(expected, observed, coarsest(expected["number_format"])), "")
    return compare_answers(expected, observed["scores"], reason)


def compare_answers(expected: Mapping[str, Any], scores: Sequence[Sequence[float]], reason: str = "") -> Comparison:
    """Return how far answers are from a run's.

    Args:
        expected: What the run says.
        scores: What something else says of the same notes, in nats. Shape ``(notes, categories)``.
        reason: What else differs; empty where nothing does.
    """
    kind = coarsest(expected["number_format"])
    tolerance = TOLERANCE[kind]
    largest, mean, n_changed = apart(expected, scores)
    what = "the answers" if kind == "float32" else f"the number format {expected['number_format']}"
    if not reason and largest > tolerance:
        reason = f"{what}: a probability moved by {largest:.3f}, and {tolerance} is tolerated"
    if not reason and mean > MEAN_TOLERANCE[kind]:
        reason = f"{what}: probabilities moved by {mean:.2g} in the mean, and {MEAN_TOLERANCE[kind]:g} is tolerated"
    return Comparison(len(expected["scores"]), largest, mean, n_changed, tolerance, reason)


def apart(expected: Mapping[str, Any], scores: Sequence[Sequence[float]]) -> tuple[float, float, int]:
    """Return the largest and the mean difference of a probability, and how many first categories are others.

    Args:
        expected: What the run says.
        scores: What something else says of the same notes, in nats. Shape ``(notes, categories)``.
    """
    run, other = (_probabilities(side, expected["steps"]) for side in (expected["scores"], scores))
    difference = np.nan_to_num(np.abs(run - other), nan=1.0)
    n_changed = int((run[0].argmax(axis=1) != other[0].argmax(axis=1)).sum())
    return float(difference.max()), float(difference.mean()), n_changed


def coarsest(number_format: str) -> str:
    """Return the coarsest of the number formats in a name such as ``f16+q8_0``."""
    known = [name for name in number_format.split("+") if name in ROUNDING]
    return max(known, key=ROUNDING.__getitem__, default="float32")


def _probabilities(scores: Sequence[Sequence[float]], steps: Sequence[int]) -> FloatArray:
    """Return two views of the answers: as they are, and by the mean of their tokens, where long names count as short.

    A model that is sure of one name hides every change in the first view; in the second it shows.
    """
    rows = np.asarray(scores, np.float64)
    return np.stack([special.softmax(rows, axis=1), special.softmax(rows / np.asarray(steps), axis=1)])


def _reasons(expected: Mapping[str, Any], observed: Mapping[str, Any], kind: str) -> Iterator[str]:
    """Yield what differs, causes before consequences."""
    yield from _of_words(expected, observed)
    if observed["number_format"] != expected["number_format"]:
        yield f"the number format: {observed['number_format']}, not {expected['number_format']}"
    yield from _of_scales(expected["scales"], observed["scales"])
    yield from _of_weights(expected, observed, kind)
    spread = expected["spread"]["head"]
    for place, (one, other) in enumerate(zip(expected["head"], observed["head"], strict=False)):
        if _is_apart(one, other, 6 * ROUNDING[kind] * spread):
            yield f"the head: row {place} of {len(expected['head'])} has other weights"
    if observed.get("rope", 0.0) > _ROPE:
        yield f"the frequencies of positions: off by {observed['rope']:.1%}"


def _of_words(expected: Mapping[str, Any], observed: Mapping[str, Any]) -> Iterator[str]:
    if observed["chat_template"] != expected["chat_template"]:
        yield "the template: the chat template's bytes are others"
    if observed["instruction"] != expected["instruction"]:
        yield "the template: the words around a note are others"
    for token, number in expected["special_tokens"].items():
        if observed["special_tokens"].get(token) != number:
            found = observed["special_tokens"].get(token)
            yield f"special tokens: {token} is {'no special token' if found is None else found}, not {number}"
    for role, token in expected["roles"].items():
        if observed["roles"].get(role) != token:
            yield f"special tokens: the {role} token is {observed['roles'].get(role)}, not {token}"
    for where, n in expected["begin_of_text"].items():
        if observed["begin_of_text"][where] != n:
            yield f"begin-of-text: {observed['begin_of_text'][where]} times {where}, not {n}"
    for place, (one, other) in enumerate(zip(expected["prompts"], observed["prompts"], strict=True)):
        if one != other:
            yield f"the tokenizer: note {place + 1} of {len(expected['prompts'])} becomes other tokens"


def _of_scales(expected: Mapping[str, list[float]], observed: Mapping[str, list[float]]) -> Iterator[str]:
    """Yield layers whose LoRA has another rank or factor; a merged model tells of none."""
    if not observed:
        return
    for name, (rank, scale) in expected.items():
        if name not in observed:
            yield f"the LoRA of {name}: it has none"
        elif observed[name][0] != rank or _is_apart(scale, observed[name][1], 1e-6 * abs(scale)):
            other_rank, other = observed[name]
            yield f"alpha / r of {name}: {other:g} at rank {other_rank}, not {scale:g} at rank {rank}"


def _of_weights(expected: Mapping[str, Any], observed: Mapping[str, Any], kind: str) -> Iterator[str]:
    spread, rounding = expected["spread"], ROUNDING[kind]
    for name, value in expected["rest"].items():
        if name not in observed["rest"] or _is_apart(value, observed["rest"][name], 6 * rounding * spread[name]):
            yield f"the base model's weights: {name}"
    for name, value in expected["lora"].items():
        allowed = LORA_SHARE[kind] * abs(expected["lora_size"][name]) + 8 * rounding * spread[name]
        if _is_apart(value, observed["lora"].get(name, np.nan), allowed):
            yield f"the LoRA of {name}"


def _is_apart(one: float, other: float, allowed: float) -> bool:
    return not abs(one - other) <= allowed  # what is no number is apart from all
