"""The tuned model and a linear model over words, stacked: two views of a note whose mistakes differ.

A language model reads what a note means, a linear model counts what it says; each is right where the other is not often
enough that their blend beats both. The blend is a product of powers, ``p ~ tuned^a * linear^b``, with the two exponents
fitted on validation notes, which neither model learned from. An ensemble is stored in the run folder beside the
adapter, with a calibration of its own. Exponents need not sum to 1, because they also undo each member's over- or
under-confidence. What diseases look like can stand beside the linear model: the words' side is then a weighted mean of
both. Its weight is not fitted: on notes like those at hand it would vanish, and it is there for those that are not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import scipy  # which loads its optimizers on first use: a run that answers alone needs none
from scipy import special

from nosology.classifier.calibration import Calibration
from nosology.classifier.findings import CategoryFindings
from nosology.classifier.words import HashedModel
from nosology.coding.labels import LabelSet
from nosology.errors import RunError
from nosology.files import read_json, sha256_file, write_json
from nosology.records import FloatArray, IntArray
from nosology.runs.files import EnsembleFiles
from nosology.runs.plausible import all_within

FINDINGS_SHARE = 0.25
"""Of the words' side, beside a linear model that learned from notes; chosen on notes like and unlike these
(``docs/experiments.md``)."""
_SPREAD = 1.0  # how far exponents plausibly are from one half; worth about one note, as in calibration


@dataclass(frozen=True)
class Ensemble:
    """A linear model, and how its log-probabilities and the tuned model's are blended.

    Attributes:
        linear: The linear member.
        exponents: Of the tuned model's and of the linear model's probabilities.
        fitted_on: Whatever identifies the notes and the model; compared, never interpreted.
        calibration: Fitted on the blend's probabilities; None until then.
        findings: What diseases look like, beside the linear model; None for the linear model alone.
        findings_share: Weight of the findings in the words' side, from 0 to 1.
    """

    linear: HashedModel = field(repr=False)
    exponents: tuple[float, float]
    fitted_on: Mapping[str, str]
    calibration: Calibration | None = None
    findings: CategoryFindings | None = None
    findings_share: float = FINDINGS_SHARE

    def words(self, texts: Sequence[str]) -> FloatArray:
        """Return natural-log probabilities by the words of prepared notes alone. Shape ``(notes, categories)``."""
        linear = self.linear.log_probs(texts)
        if self.findings is None:
            return linear
        return mix(linear, self.findings.log_probs(texts), self.findings_share)

    def log_probs(self, texts: Sequence[str], tuned: FloatArray) -> FloatArray:
        """Return blended natural-log probabilities, not calibrated; rows are normalized.

        Args:
            texts: Prepared notes.
            tuned: The tuned model's log-probabilities of the same notes. Shape ``(notes, categories)``.

        Returns:
            Shape ``(notes, categories)``.
        """
        return blend(self.exponents, tuned, self.words(texts))

    def save(self, files: EnsembleFiles) -> None:
        """Write the ensemble where a run keeps it, its settings last."""
        files.folder.mkdir(exist_ok=True)
        self.linear.save(files.linear)
        if self.calibration is not None:
            self.calibration.save(files.calibration)
        settings: dict[str, Any] = {
            "kind": "ensemble",
            "format": 1,
            "exponents": list(self.exponents),
            "fitted_on": dict(self.fitted_on),
            "linear_sha256": sha256_file(files.linear),
        }
        if self.findings is not None:
            settings["findings_sha256"] = self.findings.sha256
            settings["findings_share"] = self.findings_share
        write_json(files.settings, settings)

    @classmethod
    def load(cls, files: EnsembleFiles) -> Self | None:
        """Return the ensemble that `save` wrote; None where there is none.

        Raises:
            RunError: A file of it is not the one that was written.
        """
        if not files.settings.exists():
            return None
        settings = read_json(files.settings)
        if not isinstance(settings, dict) or (settings.get("kind"), settings.get("format")) != ("ensemble", 1):
            raise RunError("not an ensemble of format 1", place=str(files.folder), hint="evaluate the run again")
        linear = files.linear
        if not linear.exists() or sha256_file(linear) != settings.get("linear_sha256"):
            raise RunError("this file changed since it was fitted", place=str(linear), hint="evaluate the run again")
        try:
            tuned, words = all_within("an exponent", settings["exponents"], 0, 1e3)
            share = settings["findings_share"] if "findings_sha256" in settings else FINDINGS_SHARE
            (share,) = all_within("a share", [share], 0, 1)
            fitted_on = dict(settings["fitted_on"])
        except (KeyError, TypeError, ValueError) as error:
            place = str(files.settings)
            raise RunError(f"impossible settings: {error}", place=place, hint="evaluate the run again") from None
        findings = CategoryFindings.of(LabelSet.load(files.labels)) if "findings_sha256" in settings else None
        if (findings.sha256 if findings else None) != settings.get("findings_sha256"):
            hint = "install the version of nosology that wrote it, or fit it again"
            raise RunError("other profiles of diseases than it was fitted with", place=str(files.settings), hint=hint)
        calibration = Calibration.load(files.calibration)
        return cls(HashedModel.load(linear), (tuned, words), fitted_on, calibration, findings, share)


def fit_exponents(tuned: FloatArray, linear: FloatArray, true: IntArray) -> tuple[float, float]:
    """Return the exponents with the least log loss on notes that neither model learned from; none below 0.

    Args:
        tuned: The tuned model's log-probabilities. Shape ``(notes, categories)``.
        linear: The linear model's. Shape ``(notes, categories)``.
        true: Indices of the true categories. Shape ``(notes,)``.
    """
    members, rows = np.stack([tuned, linear]), np.arange(len(true))
    chosen = members[:, rows, true]

    def loss_and_gradient(exponents: FloatArray) -> tuple[float, FloatArray]:
        scores = np.tensordot(exponents, members, axes=1)
        log_total = special.logsumexp(scores, axis=1)
        probabilities = np.exp(scores - log_total[:, None])
        by_exponent = (probabilities * members).sum(axis=2).mean(axis=1) - chosen.mean(axis=1)
        loss = float((log_total - exponents @ chosen).mean())
        pull = (exponents - 0.5) / (_SPREAD**2 * len(true))
        return loss + float(((exponents - 0.5) ** 2).sum()) / (2 * _SPREAD**2 * len(true)), by_exponent + pull

    start = np.full(2, 0.5)
    best = scipy.optimize.minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * 2)
    return float(best.x[0]), float(best.x[1])


def mix(linear: FloatArray, findings: FloatArray, share: float = FINDINGS_SHARE) -> FloatArray:
    """Return the words' side of an ensemble: the normalized log of a weighted geometric mean.

    Args:
        linear: The linear model's log-probabilities. Shape ``(notes, categories)``.
        findings: What the profiles of diseases say. Shape ``(notes, categories)``.
        share: Weight of the findings, from 0 to 1.

    Returns:
        Shape ``(notes, categories)``.
    """
    return np.asarray(special.log_softmax(linear + share * (findings - linear), axis=1), np.float64)


def blend(exponents: tuple[float, float], tuned: FloatArray, linear: FloatArray) -> FloatArray:
    """Return the normalized log of a product of powers. Shapes ``(notes, categories)``.

    Args:
        exponents: Of the tuned and of the linear model.
        tuned: The tuned model's log-probabilities. Shape ``(notes, categories)``.
        linear: The linear model's log-probabilities. Shape ``(notes, categories)``.
    """
    return np.asarray(special.log_softmax(exponents[0] * tuned + exponents[1] * linear, axis=1), np.float64)
