"""Whether probabilities can be trusted: the reliability diagram, and accuracy against notes answered."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from nosology.report.drawing import PALETTE, PERCENT, Drawn, colour_of, finish, in_style, new_square, short_name
from nosology.runs.results import Bin, CalibrationResult, Results, SystemResult

_DASHES = (0, (3, 3))


@in_style
def reliability(result: SystemResult, calibration: CalibrationResult | None) -> Drawn:
    """Return stated probability against accuracy, before and after calibration; areas show how many notes."""
    figure, axes = new_square()
    axes.plot([0, 1], [0, 1], color=PALETTE["muted"], linewidth=0.8, linestyle=_DASHES)
    if calibration:
        _points(axes, calibration.reliability_before, PALETTE["floor"], "none", "before calibration")
    for part in result.reliability:
        axes.plot([part.confidence] * 2, part.accuracy_interval, color=PALETTE["tuned"], linewidth=0.9, alpha=0.7)
    _points(axes, result.reliability, PALETTE["tuned"], PALETTE["tuned"], "after" if calibration else "uncalibrated")
    _shares(axes)
    axes.set_xlabel("stated probability")
    axes.set_ylabel("right")
    _legend_above(axes)
    alt = "Stated probability against the share of right answers; honest probabilities lie on the diagonal."
    return finish(figure, "reliability", alt)


@in_style
def risk_coverage(results: Results) -> Drawn:
    """Return accuracy on the surest notes against the share of notes answered."""
    figure, axes = new_square()
    for name in (results.summary.best_base, "tfidf", "encoder", "tuned", "ensemble"):
        system = results.systems.get(name) if name else None
        if name and system and system.risk_coverage:
            x, y = (
                [point.coverage for point in system.risk_coverage],
                [point.accuracy for point in system.risk_coverage],
            )
            axes.plot(x, y, color=colour_of(name), linewidth=1.6, label=short_name(name))
    calibration = results.calibration
    if calibration:
        axes.axhline(calibration.selective_accuracy, color=PALETTE["muted"], linewidth=0.8, linestyle=_DASHES)
        if calibration.answered_accuracy is not None:
            axes.plot(
                calibration.answered_share,
                calibration.answered_accuracy,
                "o",
                color=PALETTE["tuned"],
                markersize=7,
                markeredgecolor=PALETTE["paper"],
                markeredgewidth=1.4,
                zorder=5,
                clip_on=False,
            )
    _shares(axes)
    axes.set_xlabel("notes answered, surest first")
    axes.set_ylabel("right among those")
    _legend_above(axes)
    alt = "Accuracy against the share of notes answered, surest first, for base, TF-IDF and tuned model."
    return finish(figure, "risk_coverage", alt)


def _points(axes: Axes, bins: Sequence[Bin], colour: str, face: str, label: str) -> None:
    """Draw one dot a bin; its area grows with its share of the notes."""
    total = sum(part.n for part in bins)
    sizes = [10 + 150 * part.n / total for part in bins]
    x, y = [part.confidence for part in bins], [part.accuracy for part in bins]
    axes.scatter(x, y, s=sizes, facecolors=face, edgecolors=colour, linewidths=0.9, zorder=3, clip_on=False)
    axes.plot([], [], "o", color=colour, markerfacecolor=face, markersize=5, label=label)


def _shares(axes: Axes) -> None:
    """Give both axes the scale of shares."""
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
        axis.set_major_formatter(PERCENT)
    axes.grid()


def _legend_above(axes: Axes) -> None:
    """Put the legend where no curve can run through it."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.01),
        ncols=4,
        borderaxespad=0.2,
        handlelength=1.2,
        handletextpad=0.4,
        columnspacing=0.9,
    )
