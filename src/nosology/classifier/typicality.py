"""Whether a note looks like those that a run was calibrated on: a conformal p-value from the model's own features.

The pass that scores a note leaves its last hidden states; their mean over the note is what it looks like to the model.
A note's strangeness is its distance from the calibration notes, Mahalanobis' with a covariance shrunk as Ledoit and
Wolf (2004) do, in the directions in which those vary most and in what is left beside them. Its p-value is the share of
calibration notes that are at least as strange, each measured by a fit that left it out: of notes like them, a share p
is flagged at p. No feature of a single note is stored, and no word.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from nosology.errors import RunError
from nosology.records import BoolArray, FloatArray
from nosology.runs.plausible import finite

LEVEL = 0.05
"""P-value below which a note is unlike the calibration notes: so many of those at home are flagged."""

UNLIKE = "unlike the notes this run was calibrated on"

N_DIRECTIONS = 48
"""Most directions kept: 576 numbers each, in half precision 55 kB for all."""
_N_FOLDS = 10
_FORMAT = "nosology-typicality-1"


@dataclass(frozen=True)
class _Shape:
    """What the calibration notes look like together.

    Attributes:
        centre: Mean of the features. Shape ``(features,)``.
        directions: Those in which they vary most, divided by their spread. Shape ``(directions, features)``.
        rest: Variance of what is left, a feature.
    """

    centre: FloatArray = field(repr=False)
    directions: FloatArray = field(repr=False)
    rest: float

    @classmethod
    def of(cls, features: FloatArray) -> Self:
        """Return the shape of some notes. Shape of the features: ``(notes, features)``."""
        from sklearn.covariance import ledoit_wolf  # takes a second to import, and only fitting needs it

        centre = features.mean(axis=0)
        moved = features - centre
        _, singular, axes = np.linalg.svd(moved, full_matrices=False)
        n = min(N_DIRECTIONS, max(1, len(features) // 4))
        axes = axes[:n]
        along = moved @ axes.T
        covariance, _ = ledoit_wolf(along, assume_centered=True)
        values, vectors = np.linalg.eigh(covariance)
        left = float((singular[n:] ** 2).sum() / (len(features) * max(1, features.shape[1] - n)))
        whitening = (vectors / np.sqrt(np.maximum(values, 1e-12))).T
        return cls(centre, whitening @ axes, max(left, 1e-12))

    def strangeness(self, features: FloatArray) -> FloatArray:
        """Return how far notes are from these. Shapes ``(notes, features)`` in and ``(notes,)`` out."""
        moved = features - self.centre
        inside = moved @ self.directions.T
        lengths = np.linalg.norm(self.directions, axis=1, keepdims=True)
        along = moved @ (self.directions / lengths).T
        beside = np.maximum((moved**2).sum(axis=1) - (along**2).sum(axis=1), 0.0) / self.rest
        return np.asarray((inside**2).sum(axis=1) + beside, np.float64)


@dataclass(frozen=True)
class Typicality:
    """What calibration notes look like, and how strange each is among the others.

    Attributes:
        strange: Strangeness of each calibration note, measured without it, sorted. Shape ``(notes,)``.
    """

    _shape: _Shape = field(repr=False)
    strange: FloatArray = field(repr=False)

    @classmethod
    def fit(cls, features: FloatArray, seed: int = 0) -> Self:
        """Return the typicality of some notes.

        Args:
            features: As a `nosology.modeling.scoring.ReadNote` holds them. Shape ``(notes, 2 * hidden)``.
            seed: Of the folds.
        """
        chosen = _chosen(features)
        folds = np.random.default_rng(seed).permutation(len(chosen)) % min(_N_FOLDS, len(chosen))
        strange = np.zeros(len(chosen))
        for fold in np.unique(folds):
            inside = folds == fold
            strange[inside] = _Shape.of(chosen[~inside]).strangeness(chosen[inside])
        return cls(_Shape.of(chosen), np.sort(strange))

    @property
    def n_notes(self) -> int:
        """Calibration notes; no p-value is below one over their number and one."""
        return len(self.strange)

    def p_values(self, features: FloatArray) -> FloatArray:
        """Return the share of notes like the calibration notes that look at least as strange.

        Args:
            features: As in `fit`. Shape ``(notes, 2 * hidden)``.

        Returns:
            Above 0, at most 1. Shape ``(notes,)``.
        """
        strange = self._shape.strangeness(_chosen(features))
        n_as_strange = self.n_notes - np.searchsorted(self.strange, strange, side="left")
        return np.asarray((1 + n_as_strange) / (1 + self.n_notes), np.float64)

    def unlike(self, features: FloatArray, level: float = LEVEL) -> BoolArray:
        """Return which notes are unlike the calibration notes.

        Args:
            features: As in `fit`.
            level: Share of notes at home that may be flagged.
        """
        return np.asarray(self.p_values(features) < level, np.bool_)

    def save(self, path: Path) -> None:
        """Write it as safetensors; directions and centre in half precision, scaled by powers of two."""
        tensors: dict[str, NDArray[Any]] = {"strange": self.strange}
        for name, array in (("centre", self._shape.centre), ("directions", self._shape.directions)):
            scale = 2.0 ** math.ceil(math.log2(max(float(np.abs(array).max()), 1e-30)))
            tensors[name] = (array / scale).astype(np.float16)
            tensors[f"{name}.scale"] = np.array([scale])
        tensors["rest"] = np.array([self._shape.rest])
        save_file(tensors, path, metadata={"format": _FORMAT})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return what `save` wrote.

        Raises:
            RunError: The file is damaged, or something else.
        """
        hint = "`nosology calibrate RUN --undo`, and calibrate again"
        try:
            with safe_open(path, framework="numpy") as file:
                if (file.metadata() or {}).get("format") != _FORMAT:
                    raise RunError("not a typicality of this version", place=str(path), hint=hint)
                read = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}  # noqa: SIM118
            for name, tensor in read.items():
                finite(name, tensor)
            shape = _Shape(
                read["centre"] * read["centre.scale"][0],
                read["directions"] * read["directions.scale"][0],
                float(read["rest"][0]),
            )
            return cls(shape, read["strange"])
        except RunError:
            raise
        except Exception as error:  # safetensors raises its own error without a public base class
            raise RunError(
                f"cannot read what notes look like: {type(error).__name__}", place=str(path), hint=hint
            ) from None


def _chosen(features: FloatArray) -> FloatArray:
    """Return the mean hidden state: the last one knows the category, the mean the style."""
    return np.asarray(features[:, : features.shape[1] // 2], np.float64)
