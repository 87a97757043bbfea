"""Turning scores into probabilities that can be trusted, and into decisions: when to abstain, which set to offer.

A calibration is fitted on validation notes, never on training or test notes, and stored with the run. It has three
parts, one module for each method: a map from log-probabilities to probabilities (nothing, `temperature`, `platt`,
`bias_corrected`), a threshold below which the classifier abstains (`selective`), and thresholds of prediction sets
(`conformal`). Threshold and prediction sets are derived from *cross-fitted* probabilities, so that they do not inherit
the optimism of the fit. Pure numpy and scipy.
"""

from nosology.classifier.calibration.calibration import Calibration
from nosology.classifier.calibration.conformal import ConformalThresholds, SetKind
from nosology.classifier.calibration.fitting import COVERAGES, MIN_NOTES, fit

__all__ = ["COVERAGES", "MIN_NOTES", "Calibration", "ConformalThresholds", "SetKind", "fit"]
