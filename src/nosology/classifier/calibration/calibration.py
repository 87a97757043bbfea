"""What a run knows about its own scores, as it is kept with the run."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from nosology.classifier.calibration.conformal import ConformalThresholds, SetKind
from nosology.classifier.calibration.score_map import ScoreMap, apply
from nosology.errors import RunError
from nosology.files import read_json, write_json
from nosology.records import BoolArray, FloatArray
from nosology.runs.plausible import all_within, within


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a run knows about its own scores.

    Attributes:
        method: ``"none"``, ``"temperature"``, ``"temperature+offsets"`` or ``"confidence"``.
        temperature: Log-probabilities are divided by it.
        offsets: Nats added per category after that; zeros unless the method has them.
        threshold: Top probability below which the classifier abstains; None where no threshold reached
            `selective_accuracy` on validation notes, and the classifier then always abstains.
        selective_accuracy: Accuracy aimed at on answered notes.
        coverage: Coverage of the prediction sets offered by default.
        conformal: One entry a stored coverage.
        n_notes: Validation notes behind it.
        candidates: Cross-validated log loss of each method, in nats.
        fitted_on: Whatever identifies the notes and the model; compared, never interpreted.
        slope: Of the top probability's logit; 1 unless the method is ``"confidence"``.
        intercept: Added to it, in nats; 0 likewise.
    """

    method: str
    temperature: float
    offsets: tuple[float, ...]
    threshold: float | None
    selective_accuracy: float
    coverage: float
    conformal: tuple[ConformalThresholds, ...]
    n_notes: int
    candidates: Mapping[str, float]
    fitted_on: Mapping[str, str]
    slope: float = 1.0
    intercept: float = 0.0

    def apply(self, log_probs: FloatArray) -> FloatArray:
        """Return calibrated probabilities; rows sum to 1. Shapes ``(notes, categories)`` in and out."""
        return apply(log_probs, ScoreMap(self.temperature, np.asarray(self.offsets), self.slope, self.intercept))

    def abstains(self, probabilities: FloatArray) -> BoolArray:
        """Return which notes are left to people. Shape ``(notes,)``."""
        if self.threshold is None:
            return np.ones(len(probabilities), np.bool_)
        # The threshold is a probability some note had: equality answers, so compare with room for rounding.
        return np.asarray(probabilities.max(axis=1) < self.threshold - 1e-9, np.bool_)

    def in_prediction_set(
        self, probabilities: FloatArray, *, coverage: float | None = None, kind: SetKind = "marginal"
    ) -> BoolArray:
        """Return which categories belong to each note's prediction set.

        Args:
            probabilities: Calibrated. Shape ``(notes, categories)``.
            coverage: One of the stored coverages; None for the run's own.
            kind: ``"marginal"`` covers on average over all notes, and the best category is always in the set.
                ``"per_category"`` covers within every category, no more and no less: where the model is right more
                often than that, a note that is unlike the category's others has an empty set.

        Returns:
            Shape ``(notes, categories)``.

        Raises:
            RunError: No thresholds are stored for this coverage.
        """
        wanted = self.coverage if coverage is None else coverage
        stored = next((item for item in self.conformal if math.isclose(item.coverage, wanted)), None)
        if stored is None:
            known = ", ".join(f"{item.coverage:g}" for item in self.conformal)
            raise RunError(f"no prediction sets of coverage {wanted:g} are stored", hint=f"stored are {known}")
        limit = stored.marginal if kind == "marginal" else np.asarray(stored.per_category)
        members: BoolArray = 1 - probabilities <= limit
        if kind == "marginal":
            members[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
        return members

    def prediction_sets(self, probabilities: FloatArray) -> list[tuple[int, ...]]:
        """Return each note's prediction set as category indices, best first."""
        members = self.in_prediction_set(probabilities)
        order = np.argsort(-probabilities, axis=1, kind="stable")
        return [
            tuple(int(category) for category in row if inside[category])
            for row, inside in zip(order, members, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the calibration as plain values, for ``calibration.json``."""
        values = asdict(self)
        return {"kind": "calibration", "format": 1} | values

    def save(self, path: Path) -> None:
        """Write the calibration as JSON."""
        write_json(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Return the calibration that `save` wrote; None where there is none.

        Raises:
            RunError: The file is something else, or incomplete.
        """
        return cls.from_json(read_json(path)) if path.exists() else None

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Return the calibration that `to_json` wrote.

        Raises:
            RunError: The values are of another kind or format, or incomplete.
        """
        if not isinstance(values, dict) or (values.get("kind"), values.get("format")) != ("calibration", 1):
            raise RunError("not a calibration of format 1", hint="evaluate the run again")
        try:
            return cls(
                method=str(values["method"]),
                temperature=within("temperature", values["temperature"], 1e-3, 1e4),
                offsets=all_within("an offset", values["offsets"], -1e3, 1e3),
                threshold=None
                if values["threshold"] is None
                else within("threshold", values["threshold"], 0, 1 + 1e-6),
                selective_accuracy=within("selective_accuracy", values["selective_accuracy"], 0, 1),
                coverage=within("coverage", values["coverage"], 0, 1),
                conformal=tuple(
                    ConformalThresholds(
                        within("a coverage", item["coverage"], 0, 1),
                        within("a marginal threshold", item["marginal"], -1e-6, 1 + 1e-6),
                        all_within("a category's threshold", item["per_category"], -1 - 1e-6, 1 + 1e-6),
                        tuple(map(int, item["fallback"])),
                    )
                    for item in values["conformal"]
                ),
                n_notes=int(values["n_notes"]),
                candidates=dict(values["candidates"]),
                fitted_on=dict(values["fitted_on"]),
                slope=within(
                    "slope", values.get("slope", 1.0), -1e3, 1e3
                ),  # runs of before the method "confidence" hold none
                intercept=within("intercept", values.get("intercept", 0.0), -1e3, 1e3),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"the calibration is incomplete or impossible: {error}", hint="evaluate the run again"
            ) from None
