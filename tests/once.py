"""Worlds that many test modules need: made once in a process, and copied for each module that asks.

What a copied run says of its dataset and its base model are the paths of the first ones, which stay until the process
ends; a test that changes those has to make a world of its own.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

Make = Callable[[Path], Path]
"""Makes a world in a folder and returns the part of it that matters, mostly the run."""


def copied(make: Make, folder: Path) -> Path:
    """Return what a function makes, copied from its first call into another folder.

    Args:
        make: Called once in this process; the same function gives the same world, so it must be one that `cache` knows
            again: a function of a module, or what a cached function returns.
        folder: Gets the copy.
    """
    first, part = _made(make)
    shutil.copytree(first, folder, dirs_exist_ok=True)
    return folder / part


@cache
def _made(make: Make) -> tuple[Path, Path]:
    folder = Path(tempfile.mkdtemp(prefix="nosology-world-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder, make(folder).relative_to(folder)
