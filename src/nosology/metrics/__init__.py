"""How good labels and probabilities are, with intervals: pure functions over arrays.

`agreement` compares predicted with true categories, `detection` tells one category from all others, `ranking` judges
ranked lists, `honesty` judges probabilities, and `resampling` draws patients for intervals and compares two systems.
True categories are indices into the label set; a predicted index of `INVALID` means that an answer named no category.
Nothing here reads files, and nothing here knows which system it judges.
"""

from nosology.metrics.agreement import (
    INVALID,
    Scores,
    category_scores,
    confused_pairs,
    confusion_counts,
    macro_average,
    weighted_average,
    wilson_interval,
)
from nosology.metrics.detecting import Detection, detection, difference_interval
from nosology.metrics.honesty import (
    answered_at,
    area_under_risk_coverage,
    brier_score,
    calibration_p_value,
    debiased_ece,
    expected_calibration_error,
    log_loss,
    reliability_bins,
    risk_coverage,
)
from nosology.metrics.ranking import average_precision, hit_rate, ranked_truth, recall, reciprocal_rank
from nosology.metrics.resampling import (
    Resamples,
    bootstrap_p_value,
    draw_resamples,
    holm,
    mcnemar_p_value,
    percentile_interval,
)

__all__ = [
    "INVALID",
    "Detection",
    "Resamples",
    "Scores",
    "answered_at",
    "area_under_risk_coverage",
    "average_precision",
    "bootstrap_p_value",
    "brier_score",
    "calibration_p_value",
    "category_scores",
    "confused_pairs",
    "confusion_counts",
    "debiased_ece",
    "detection",
    "difference_interval",
    "draw_resamples",
    "expected_calibration_error",
    "hit_rate",
    "holm",
    "log_loss",
    "macro_average",
    "mcnemar_p_value",
    "percentile_interval",
    "ranked_truth",
    "recall",
    "reciprocal_rank",
    "reliability_bins",
    "risk_coverage",
    "weighted_average",
    "wilson_interval",
]
