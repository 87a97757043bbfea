"""The few things a reader looks at first: which systems to set side by side, where it fails, and single predictions."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from nosology.evaluation.systems import Output
from nosology.metrics import INVALID
from nosology.records import IntArray, Prediction
from nosology.runs.results import MISTAKE, ShownPrediction, Summary, SystemResult
from nosology.runs.systems import BASE_SYSTEMS, BASELINES

_N_EXTREMES = 3
_PER_KIND = 3
_N_MISTAKES = 5


def summarize(systems: Mapping[str, SystemResult]) -> Summary:
    """Return which base and baseline did best, and where the tuned model is weak and strong.

    Categories count from five evaluated notes on; of fewer, an F1 is chance.
    """
    tuned = systems.get("tuned")
    ranked = (
        sorted((item.f1, name) for name, item in tuned.report.items() if item.support >= 5) if tuned is not None else []
    )
    names = [name for _, name in ranked]
    return Summary(
        best_base=_best(systems, BASE_SYSTEMS),
        best_baseline=_best(systems, BASELINES),
        weakest=names[:_N_EXTREMES],
        strongest=names[: -_N_EXTREMES - 1 : -1],
    )


def choose_examples(
    notes: pl.DataFrame, names: Sequence[str], outputs: Mapping[str, Output], summary: Summary, hashes: list[str]
) -> list[ShownPrediction]:
    """Return a few of the tuned model's predictions: surest and right, surest but wrong, least sure.

    Args:
        notes: Ids and true categories, without text.
        names: The label set's categories.
        outputs: Of every system.
        summary: For the base model's best way of answering.
        hashes: SHA-256 of each note's prompt.
    """
    tuned = outputs.get("tuned")
    if tuned is None or tuned.predictions is None:
        return []
    true = np.array([names.index(category) for category in notes["category"]], np.int64)
    confidence = np.array([prediction.probability for prediction in tuned.predictions])
    right = tuned.predicted == true
    surest = np.argsort(-confidence, kind="stable")
    kinds: dict[str, IntArray] = {
        "surest, right": surest[right[surest]],
        MISTAKE: surest[~right[surest]],
        "least sure": surest[::-1],
    }
    base = outputs[summary.best_base].predicted if summary.best_base else None
    chosen: dict[int, str] = {}
    for why, order in kinds.items():
        n_wanted = _N_MISTAKES if why == MISTAKE else _PER_KIND
        for place in [int(i) for i in order if int(i) not in chosen][:n_wanted]:
            chosen[place] = why
    said = {place: None if base is None or base[place] == INVALID else names[base[place]] for place in chosen}
    return [
        _example(notes.row(place, named=True), tuned.predictions[place], why, hashes[place], said[place])
        for place, why in chosen.items()
    ]


def _example(
    note: Mapping[str, str], prediction: Prediction, why: str, hash_: str, base_label: str | None
) -> ShownPrediction:
    return ShownPrediction(
        note_id=str(note["note_id"]),
        prompt_sha256=hash_,
        why=why,
        true_label=note["category"],
        predicted_label=prediction.label,
        probability=prediction.probability,
        ranking=list(prediction.ranking[:5]),
        prediction_set=list(prediction.prediction_set),
        abstained=prediction.abstained,
        base_label=base_label,
    )


def _best(systems: Mapping[str, SystemResult], names: tuple[str, ...]) -> str | None:
    present = [name for name in names if name in systems]
    return max(present, key=lambda name: (systems[name].accuracy, systems[name].macro_f1), default=None)
