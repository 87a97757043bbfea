"""The confusion matrix: what is taken for what."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nosology.report.drawing import PALETTE, PERCENT, Drawn, finish, in_style, new_figure
from nosology.runs.results import SystemResult

_CELL = 0.235  # inches; holds three digits
_LABEL_SPACE = 1.75
_LEAST_HEIGHT = 3.4  # with few categories, so that the scales have room
_SCALE_SPACE = 1.5
_NUMBER = 8.25  # points: 11 pixels
_WEAKEST = 0.12  # of full colour: a single note of a common category must still be seen
_DARK = 0.55  # from here on a cell is nearer to the text's colour than to the paper's


@in_style
def confusion_matrix(result: SystemResult, labels: Sequence[str], name: str) -> Drawn:
    """Return a confusion matrix: notes counted, cells shaded by share of the true category.

    Answers that name no category get a column of their own where there are any.

    Args:
        result: The system's figures, of which the counts are drawn: true categories by rows.
        labels: Category names in label-set order, one for each row.
        name: The figure's name: its file's name and its id on the page.
    """
    columns = [*labels, "no category"] if result.invalid else list(labels)
    height = _CELL * len(labels) + _LABEL_SPACE
    height = max(_LEAST_HEIGHT, height)
    figure, axes = new_figure(height + _CELL * (len(columns) - len(labels)) + _SCALE_SPACE, height)
    for row, counts in enumerate(result.confusion_matrix):
        cells = [*counts, result.invalid_by_category[row]]
        support = sum(cells)
        for column, n in enumerate(cells):
            if n:
                _cell(axes, row, column, n, n / support)
    _frame(axes, labels, columns)
    _scale(figure, axes)
    alt = f"Confusion matrix, {result.title}: {result.accuracy:.1%} of the notes are on the diagonal."
    return finish(figure, f"confusion_{name}", alt)


def _cell(axes: Axes, row: int, column: int, n: int, share: float) -> None:
    strength = _WEAKEST + (1 - _WEAKEST) * share
    colour = PALETTE["tuned"] if row == column else PALETTE["wrong"]
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour, alpha=strength, linewidth=0))
    text_colour = PALETTE["paper"] if strength > _DARK else PALETTE["ink"]
    axes.text(column, row, f"{n}", ha="center", va="center", fontsize=_NUMBER, color=text_colour)


def _scale(figure: Figure, axes: Axes) -> None:
    """Draw both scales of colour beside the matrix: right above wrong."""
    shades = [_WEAKEST + (1 - _WEAKEST) * step / 63 for step in range(64)]
    for place, (colour, name) in enumerate((("tuned", "right"), ("wrong", "wrong"))):
        scale = ScalarMappable(Normalize(0, 1), ListedColormap([(PALETTE[colour], shade) for shade in shades]))
        bar = figure.colorbar(scale, cax=axes.inset_axes((1.05, 0.58 - 0.58 * place, 0.035, 0.34)))
        bar.outline.set_visible(False)
        bar.ax.set_title(name, fontsize=_NUMBER)
        bar.ax.yaxis.set_major_formatter(PERCENT)
        bar.ax.tick_params(labelsize=_NUMBER, length=0)


def _frame(axes: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=_NUMBER)
    axes.set_yticks(range(len(rows)), rows, fontsize=_NUMBER)
    axes.tick_params(length=0, pad=3)
    for edge in ("left", "bottom"):
        axes.spines[edge].set_visible(False)
    for line in range(len(rows) + 1):
        axes.axhline(line - 0.5, color=PALETTE["rule"], linewidth=0.4)
    for line in range(len(columns) + 1):
        axes.axvline(line - 0.5, color=PALETTE["rule"], linewidth=0.4)
    axes.set_ylabel("true category", color=PALETTE["muted"], fontsize=_NUMBER)
    axes.set_xlabel("predicted category", color=PALETTE["muted"], fontsize=_NUMBER)
