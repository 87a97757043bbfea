"""The report's figures. Each function draws what the results say and computes nothing."""

from collections.abc import Mapping, Sequence

from nosology.report.drawing import Drawn
from nosology.report.figures.comparison import category_f1, category_shares, comparison
from nosology.report.figures.curves import curve
from nosology.report.figures.matrix import confusion_matrix
from nosology.report.figures.trust import reliability, risk_coverage
from nosology.runs.results import Results

CURVES = (
    "train/loss",
    "train/epoch",
    "train/learning_rate",
    "train/tokens_per_second",
    "eval/loss",
    "eval/accuracy",
    "eval/runtime",
    "eval/samples_per_second",
    "eval/steps_per_second",
)
"""Names of the training log, in the page's order."""


def draw_all(results: Results, log: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, Drawn]:
    """Return every figure of a report by name, in the page's order.

    Args:
        results: One evaluation.
        log: Curves of the training log by name; those it lacks are left out.
    """
    drawn = [category_shares(results), comparison(results), category_f1(results)]
    shown = [name for name in (results.summary.best_base, "tuned") if name and name in results.systems]
    drawn += [confusion_matrix(results.systems[name], results.labels, name) for name in shown]
    if "tuned" in results.systems:
        drawn += [reliability(results.systems["tuned"], results.calibration), risk_coverage(results)]
    drawn += [curve(name, log[name]) for name in CURVES if log.get(name)]
    return {figure.name: figure for figure in drawn}
