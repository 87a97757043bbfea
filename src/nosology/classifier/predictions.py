"""Rows of log-probabilities as predictions: probabilities, ranking, set, whether to rely on them, demands of notes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nosology.classifier.calibration import Calibration
from nosology.classifier.typicality import LEVEL, UNLIKE
from nosology.errors import ModelError
from nosology.records import FloatArray, Prediction, Predictions
from nosology.text.demands import find_demands

NOT_FITTED = (
    "this run's suggestions were not fitted on validation notes, so it shows none: train with train.title_weight "
    "above 0, then run nosology evaluate, with 30 validation notes that have codes or more"
)
"""Why a run suggests nothing."""


def probabilities(predictions: Sequence[Prediction], names: Sequence[str]) -> FloatArray:
    """Return predictions as one row each, equal shares where there was nothing to read.

    Args:
        predictions: Of some notes.
        names: The categories, in the order of the columns.

    Returns:
        Rows sum to 1. Shape ``(notes, categories)``.
    """
    found = np.full((len(predictions), len(names)), 1 / len(names))
    for row, prediction in zip(found, predictions, strict=True):
        if not prediction.reason:
            told = dict(prediction.ranking)
            row[:] = [told[name] for name in names]
    return found


def predictions_of(
    log_probs: FloatArray,
    truncated: Sequence[int],
    names: Sequence[str],
    calibration: Calibration | None,
    *,
    caution: str = "",
) -> list[Prediction]:
    """Return a prediction for each row.

    Args:
        log_probs: Normalized over categories. Shape ``(notes, categories)``.
        truncated: Tokens left out of each note.
        names: The categories, in the order of the columns.
        calibration: None where the run holds none.
        caution: Goes with every prediction.

    Raises:
        ModelError: Some are no numbers.
    """
    _expect_numbers(log_probs)
    probabilities = calibration.apply(log_probs) if calibration else np.exp(log_probs)
    _expect_numbers(probabilities)
    # Without a calibration nobody knows how sure this is: every note is left to people, and nothing is ruled out.
    abstained = calibration.abstains(probabilities) if calibration else np.ones(len(log_probs), dtype=bool)
    every = [tuple(map(int, np.argsort(-row, kind="stable"))) for row in probabilities]
    sets: Sequence[Sequence[int]] = calibration.prediction_sets(probabilities) if calibration else every
    predictions = []
    for row, cut, silent, members in zip(probabilities, truncated, abstained, sets, strict=True):
        order = np.argsort(-row, kind="stable")
        ranking = tuple((names[index], float(row[index])) for index in order)
        chosen = tuple(names[index] for index in members)
        is_calibrated = calibration is not None
        predictions.append(Prediction(*ranking[0], ranking, chosen, bool(silent), cut, is_calibrated, caution=caution))
    return predictions


def with_typicality(prediction: Prediction, p_value: float) -> Prediction:
    """Return a prediction that says how typical its note is, and nothing else where it is not.

    Args:
        prediction: Of a note that was read.
        p_value: As `nosology.classifier.typicality.Typicality.p_values` returns it.
    """
    if p_value >= LEVEL:
        return replace(prediction, typicality=p_value)
    absent = Prediction.absent(UNLIKE, is_calibrated=prediction.is_calibrated, caution=prediction.caution)
    return replace(absent, truncated_tokens=prediction.truncated_tokens, typicality=p_value)


def with_demands(predictions: Sequence[Prediction], texts: Sequence[str], names: Sequence[str]) -> Predictions:
    """Return predictions that say where their notes tell the reader what to answer.

    Args:
        predictions: One for each note.
        texts: The notes as they were written.
        names: The categories that could be demanded.
    """
    return Predictions(
        replace(prediction, demands=demands) if (demands := find_demands(text, names)) else prediction
        for prediction, text in zip(predictions, texts, strict=True)
    )


def _expect_numbers(scores: FloatArray) -> None:
    """Refuse scores that are no numbers: every comparison with one is false, and the first category would win.

    Raises:
        ModelError: There are such scores; says of how many notes.
    """
    n_broken = int(np.isnan(scores).any(axis=1).sum())
    if n_broken:
        raise ModelError(
            f"the model's scores of {n_broken} of {len(scores)} notes are no numbers",
            hint="`nosology verify RUN` says whether a file changed; else set model.dtype to float32, or train again",
        )
