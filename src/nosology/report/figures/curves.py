"""One small figure for each curve of the training log, all of one size, so that a page can put them in a grid."""

from collections.abc import Sequence

from matplotlib.ticker import FuncFormatter, MaxNLocator

from nosology.report.drawing import PALETTE, Drawn, finish, in_style, new_small


@in_style
def curve(name: str, points: Sequence[tuple[float, float]]) -> Drawn:
    """Return one curve.

    Args:
        name: The log's own name, such as ``train/loss``; with an underscore it names the file.
        points: Optimizer step and value. Training curves are dense; of evaluation curves each point is shown.
    """
    figure, axes = new_small()
    is_training = name.startswith("train/")
    steps, values = zip(*points, strict=True)
    axes.plot(
        steps,
        values,
        marker="" if is_training and len(points) > 1 else "o",
        color=PALETTE["tuned"] if is_training else PALETTE["linear"],
        linewidth=1.2,
        markersize=3.4,
    )
    axes.set_title(name)
    axes.grid(axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(_compact))
    axes.tick_params(labelsize=8.3)
    axes.margins(x=0.04, y=0.14)
    alt = f"{name} by optimizer step: {len(points)} points, the last {values[-1]:.4g}."
    return finish(figure, name.replace("/", "_"), alt)


def _compact(value: float, _position: int | None = None) -> str:
    """Return a tick label of at most six characters: 0, 2.4, 1,250, 1.8e-4; the rates of an axis look alike."""
    if value and (abs(value) < 0.01 or abs(value) >= 100_000):
        return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e").replace(".0e", "e")
    return f"{value:,.4g}"
