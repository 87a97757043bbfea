"""How figures look and how they are kept: one palette, one style, SVG for the page, SVG and PNG files beside it.

The page works in light and dark, so an inlined figure must not carry fixed colours: each colour of the palette is
replaced by a CSS variable of the page. `matplotlib.pyplot` is never used; a `Figure` of its own needs no display and
leaves no global state behind. The same results give the same bytes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from nosology.runs.systems import SYSTEMS

P = ParamSpec("P")

PALETTE = {
    "paper": "#fdfcfa",
    "ink": "#1d242b",
    "muted": "#69737d",
    "rule": "#dcdfe2",
    "tuned": "#0c6b6d",
    "base": "#b4632a",
    "start": "#766a1f",
    "linear": "#5a68a6",
    "encoder": "#447a22",
    "floor": "#8b949d",
    "wrong": "#b23a48",
    "blend": "#8a4f9e",
}
"""Light colours by role; ``report.css`` holds the same roles for light and dark."""

_STYLE: Any = {  # rc names are a literal type of 400 words in matplotlib's own annotations
    "svg.fonttype": "none",  # text stays text: sharp, selectable, in the page's own font
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so measuring is the same everywhere
    "font.size": 8.6,  # 11.5 px where a figure is shown in its own size
    "axes.edgecolor": PALETTE["muted"],
    "axes.labelcolor": PALETTE["ink"],
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.facecolor": "none",
    "figure.facecolor": PALETTE["paper"],
    "text.parse_math": False,  # a category may hold a dollar sign
    "text.color": PALETTE["ink"],
    "xtick.color": PALETTE["muted"],
    "ytick.color": PALETTE["muted"],
    "xtick.labelcolor": PALETTE["ink"],
    "ytick.labelcolor": PALETTE["ink"],
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "grid.color": PALETTE["rule"],
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8.6,
    "lines.solid_capstyle": "round",
}
PERCENT = PercentFormatter(1.0, decimals=0)
"""Tick labels of shares."""

_PAGE_FONT = "'DejaVu Sans'"
_PNG_DPI = 200


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished figure.

    Attributes:
        name: File name without suffix, and prefix of its ids.
        alt: What it shows, for those who cannot see it.
        svg: A file of its own, in light colours.
        png: The same in pixels.
        inline: For the page: colours are CSS variables, ids are unique, no fixed size.
        narrow: The same for a telephone, drawn narrower; empty where one drawing suits every width.
    """

    name: str
    alt: str
    svg: str
    png: bytes
    inline: str
    narrow: str = ""

    def save(self, folder: Path) -> None:
        """Write ``NAME.svg`` and ``NAME.png``."""
        (folder / f"{self.name}.svg").write_text(self.svg, encoding="utf-8")
        (folder / f"{self.name}.png").write_bytes(self.png)


def colour_role(system: str) -> str:
    """Return the palette role of a system; the base model's ways of answering share one."""
    return SYSTEMS[system].role


def colour_of(system: str) -> str:
    """Return the light colour of a system."""
    return PALETTE[colour_role(system)]


def short_name(system: str) -> str:
    """Return a word for the legend of a figure that has no room for titles; the base model's ways share one."""
    return SYSTEMS[system].short_name


def in_style(draw: Callable[P, Drawn]) -> Callable[P, Drawn]:
    """Return a drawing function that draws in the report's style, whatever the program's own settings."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Drawn:
        with mpl.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return drawn


NARROW = 3.6
"""Width of a telephone's figure in inches: 346 pixels, about what a page of 390 leaves."""
WIDE = 8.4
"""Width of a figure for other screens and for files."""


def in_two_widths(draw: Callable[[float], Drawn]) -> Drawn:
    """Return a figure that is drawn once for screens and files and once for telephones.

    Args:
        draw: Draws it in a width in inches, `WIDE` or `NARROW`.
    """
    wide, narrow = draw(WIDE), draw(NARROW)
    return replace(wide, narrow=narrow.inline)


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty figure with one pair of axes, which make room for their labels. Sizes in inches."""
    figure = Figure(figsize=(width, height), layout="compressed")
    return figure, figure.add_subplot()


def new_square() -> tuple[Figure, Axes]:
    """Return an empty square plot with room for labels of shares and a legend above; two of them stand side by side."""
    figure = Figure(figsize=(3.75, 3.75))
    return figure, figure.add_axes((0.64 / 3.75, 0.53 / 3.75, 2.8 / 3.75, 2.8 / 3.75))


def new_small() -> tuple[Figure, Axes]:
    """Return an empty small plot with room for a title and tick labels; all of them have equal size."""
    figure = Figure(figsize=(3.0, 1.75))
    return figure, figure.add_axes((0.55 / 3.0, 0.27 / 1.75, 2.35 / 3.0, 1.22 / 1.75))


def finish(figure: Figure, name: str, alt: str) -> Drawn:
    """Return a figure in all its forms.

    Args:
        figure: Drawn in the report's style.
        name: File name without suffix.
        alt: What it shows, as a sentence.
    """
    with mpl.rc_context({"svg.hashsalt": name}):
        text, pixels = StringIO(), BytesIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(pixels, format="png", dpi=_PNG_DPI, metadata={"Software": None})
    svg = text.getvalue().replace(_PAGE_FONT, "'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif")
    return Drawn(name, alt, svg, pixels.getvalue(), _inline(text.getvalue(), name, alt))


def _inline(svg: str, name: str, alt: str) -> str:
    """Return an SVG for the body of a page."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r'\sid="([^"]+)"', rf' id="{name}-\1"', body)
    body = re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\g<1>{name}-", body)
    body = body.replace(_PAGE_FONT, "var(--sans)")
    for role, colour in PALETTE.items():
        body = re.sub(re.escape(colour), f"var(--{role})", body, flags=re.IGNORECASE)
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', body)
    if size is None:
        raise AssertionError("matplotlib writes the size of an SVG in points")
    label = alt.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return body.replace(size[0], f'role="img" aria-label="{label}"', 1)
