"""Systems and categories on a common scale: one row each, a dot for each value."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nosology.report.drawing import (
    NARROW,
    PALETTE,
    PERCENT,
    Drawn,
    colour_of,
    finish,
    in_style,
    in_two_widths,
    new_figure,
    short_name,
)
from nosology.runs.results import Results, SystemResult

_SHARE_TICKS = (0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class _Marker:
    """How one system's dots look: filled, open, or a tick."""

    shape: str
    colour: str
    face: str
    edge: float


@in_style
def comparison(results: Results) -> Drawn:
    """Return accuracy (filled) and macro-F1 (open) of every system with their intervals."""
    return in_two_widths(partial(_comparison, results))


@in_style
def category_f1(results: Results) -> Drawn:
    """Return F1 by category: base, TF-IDF and tuned on one line each, most frequent category first.

    Where none of them was evaluated, the systems that were are shown.
    """
    return in_two_widths(partial(_category_f1, results))


@in_style
def category_shares(results: Results) -> Drawn:
    """Return how common each category is among training and evaluated notes."""
    return in_two_widths(partial(_category_shares, results))


def _comparison(results: Results, width: float) -> Drawn:
    systems = list(results.systems.items())
    is_narrow = width == NARROW
    figure, axes = new_figure(width, (0.52 if is_narrow else 0.36) * len(systems) + 0.6)
    for row, (name, system) in enumerate(systems):
        _draw_system(axes, row, name, system)
    _rows(axes, [system.title for _, system in systems])
    for row, (label, (name, system)) in enumerate(zip(axes.get_yticklabels(), systems, strict=True)):
        weight = "bold" if name == "tuned" else "normal"
        label.set_fontweight(weight)
        if is_narrow:  # titles have no room beside the rows, so they stand above them
            label.set_visible(False)
            axes.text(0, row - 0.42, system.title, fontweight=weight, va="center")
        _at_right(axes, row, f"{system.accuracy:.1%}", fontweight=weight, x=1.2 if is_narrow else 1.09)
    axes.set_ylim(len(systems) - 0.4, -0.75 if is_narrow else -0.7)
    axes.set_xlim(-0.02, 1.0)  # room for the dot of a system that is never right, beside its title
    axes.set_xticks(_SHARE_TICKS)
    axes.xaxis.set_major_formatter(PERCENT)
    ink, paper = PALETTE["ink"], PALETTE["paper"]
    axes.plot([], [], "o-", color=ink, markersize=5, linewidth=1.6, label="accuracy")
    axes.plot([], [], "o-", color=ink, markerfacecolor=paper, markersize=3.6, linewidth=0.9, label="macro-F1")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2, handlelength=1.6)
    said = ", ".join(f"{system.title} {system.accuracy:.1%}" for _, system in systems)
    return finish(figure, _name("comparison", width), f"Accuracy with 95 % intervals: {said}.")


def _category_f1(results: Results, width: float) -> Drawn:
    wanted = [name for name in (results.summary.best_base, "tfidf", "tuned") if name in results.systems]
    shown = {name: _marker(name) for name in wanted or results.systems}
    support = {name: scores.support for name, scores in next(iter(results.systems.values())).report.items()}
    categories = sorted(results.labels, key=lambda name: -support[name])
    figure, axes = new_figure(width, 0.245 * len(categories) + 0.55)
    for row, category in enumerate(categories):
        values = {name: results.systems[name].report[category].f1 for name in shown}
        axes.plot([min(values.values()), max(values.values())], [row, row], color=PALETTE["rule"], linewidth=2.2)
        for name, value in values.items():
            _dot(axes, value, row, shown[name])
        _at_right(axes, row, f"{support[category]:,}", color=PALETTE["muted"], x=_edge(width))
    _at_right(axes, -1, "notes", color=PALETTE["muted"], x=_edge(width))
    _rows(axes, categories)
    axes.set_xlim(-0.02, 1.0)
    axes.set_xticks(_SHARE_TICKS[::2] if width == NARROW else _SHARE_TICKS)
    axes.set_xlabel("F1")
    for name, marker in shown.items():
        _dot(axes, None, None, marker, label=short_name(name))
    _legend(figure, axes, width)
    alt = "F1 by category of base, TF-IDF and tuned model; the classification reports give the numbers."
    return finish(figure, _name("f1_by_category", width), alt)


def _category_shares(results: Results, width: float) -> Drawn:
    shares = sorted(results.distribution.categories, key=lambda share: -share.train)
    figure, axes = new_figure(width, 0.225 * len(shares) + 0.55)
    trained = _Marker("o", PALETTE["muted"], PALETTE["paper"], 1.0)
    evaluated = _Marker("o", PALETTE["tuned"], PALETTE["tuned"], 1.0)
    for row, share in enumerate(shares):
        axes.plot([share.train, share.evaluated], [row, row], color=PALETTE["rule"], linewidth=2.0)
        _dot(axes, share.train, row, trained)
        _dot(axes, share.evaluated, row, evaluated)
    _rows(axes, [share.category for share in shares])
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(4 if width == NARROW else 8, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(PERCENT)
    _dot(axes, None, None, trained, label="training notes")
    _dot(axes, None, None, evaluated, label="evaluated notes")
    _legend(figure, axes, width)
    return finish(figure, _name("category_shares", width), "Share of each category among training and evaluated notes.")


def _name(name: str, width: float) -> str:
    """Return a figure's name; the narrow drawing has one of its own, since ids on a page are unique."""
    return f"{name}_narrow" if width == NARROW else name


def _edge(width: float) -> float:
    """Return where numbers beside the rows end, as a share of the axes' width."""
    return 1.17 if width == NARROW else 1.06


def _legend(figure: Figure, axes: Axes, width: float) -> None:
    """Put the legend above the plot; on a telephone it begins at the figure's edge, for want of room."""
    handles, labels = axes.get_legend_handles_labels()
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0)}
    if width == NARROW:
        figure.legend(handles, labels, loc="outside upper left", ncols=3, handletextpad=0.2, columnspacing=1.0)
    else:
        axes.legend(handles, labels, ncols=3, borderaxespad=0.2, handletextpad=0.2, **place)


def _draw_system(axes: Axes, row: int, name: str, system: SystemResult) -> None:
    colour = colour_of(name)
    axes.plot(system.accuracy_interval, [row - 0.13] * 2, color=colour, linewidth=1.6)
    axes.plot(system.accuracy, row - 0.13, "o", color=colour, markersize=5, clip_on=False)
    axes.plot(system.macro_f1_interval, [row + 0.2] * 2, color=colour, linewidth=0.9)
    axes.plot(
        system.macro_f1,
        row + 0.2,
        "o",
        color=colour,
        markerfacecolor=PALETTE["paper"],
        markersize=3.6,
        clip_on=False,
        zorder=3,
    )


def _marker(system: str) -> _Marker:
    colour = colour_of(system)
    if system == "tfidf":
        return _Marker("|", colour, colour, 1.6)
    return _Marker("o", colour, colour if system == "tuned" else PALETTE["paper"], 1.0)


def _dot(axes: Axes, x: float | None, row: int | None, marker: _Marker, label: str | None = None) -> None:
    """Draw one value of a row, or only an entry of the legend."""
    axes.plot(
        [] if x is None else [x],
        [] if row is None else [row],
        marker.shape,
        color=marker.colour,
        markerfacecolor=marker.face,
        markeredgewidth=marker.edge,
        markersize=5.2,
        clip_on=x
        is None,  # an empty line that is not clipped counts as one at the figure's corner, and takes room there
        label=label,
    )


def _rows(axes: Axes, names: list[str]) -> None:
    """Put one name at each row, the first at the top, with vertical lines only."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.7)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def _at_right(axes: Axes, row: int, text: str, *, x: float, **looks: Any) -> None:
    """Write right-aligned text beside a row."""
    axes.text(x, row, text, transform=axes.get_yaxis_transform(), va="center", ha="right", **looks)
