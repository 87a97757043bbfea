"""The words around the clinical content: sentence frames, section headers, filler, carriers of identifiers.

Read from ``data/synthetic/wording.toml``, where each key is a group of interchangeable templates; templates ask for
rubric fields, identifiers and other groups by slot.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from nosology.synthetic.phrases import Phrase, compile_phrase

_FILES = ("wording.toml", "carriers.toml", "summary.toml", "ward.toml")


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """Groups of templates.

    Attributes:
        groups: Name of a group to its templates.
    """

    groups: dict[str, tuple[Phrase, ...]]


@cache
def load_wording() -> Wording:
    """Return the shipped wording, compiled; read once per process."""
    folder = resources.files("nosology") / "data/synthetic"
    groups: dict[str, tuple[Phrase, ...]] = {}
    for name in _FILES:
        table = tomllib.loads((folder / name).read_text(encoding="utf-8"))
        groups |= {group: tuple(compile_phrase(text) for text in texts) for group, texts in table.items()}
    return Wording(groups)
