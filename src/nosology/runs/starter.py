"""The starter: a finished run that comes inside the package and answers before anything was trained on your own notes.

Wherever a run is asked for, the word ``starter`` names it; a folder of that name in the working directory is meant only
as ``./starter``. It is part of the installation, so nothing is ever written into it.
"""

import os
from pathlib import Path

from nosology.errors import RunError
from nosology.files import MANIFEST
from nosology.runs.files import RunFiles

STARTER = "starter"
"""What names it wherever a run is asked for."""

FOLDER = Path(__file__).parents[1] / "data" / STARTER
"""Where it lies; `scripts/starter/pack.py` makes it."""

CARD = "CARD.md"
"""What it learned from, how good it is, and its limits, in its folder."""


def has_starter() -> bool:
    """Return whether this build of the package holds a starter."""
    return (FOLDER / MANIFEST).is_file()


def run_folder(name: str) -> Path:
    """Return the folder of a run as a user names it: the starter's for the word ``starter``, else the path itself.

    Raises:
        RunError: The starter is asked for, and this build has none.
    """
    if name != STARTER:
        return Path(name)
    if not has_starter():
        beside = f"; for the folder of that name write ./{STARTER}" if Path(STARTER).is_dir() else ""
        raise RunError(
            "this build has no starter",
            place=name,
            hint=f"install a released package, or make a run with `nosology course` and give its folder{beside}",
        )
    return FOLDER


def is_starter(folder: Path) -> bool:
    """Return whether a folder is the starter's own, which is never written to."""
    return folder.resolve() == FOLDER.resolve()


def state_folder(run: Path) -> Path:
    """Return where a service over a run keeps its audit log and decisions: in it, or among the user's own files."""
    if not is_starter(run):
        return RunFiles(run).service
    folder = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(folder) / "nosology" / STARTER
