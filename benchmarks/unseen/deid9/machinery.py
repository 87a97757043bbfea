"""Puts the machinery that judging sets share, in the folders beside this one, on the path."""

from __future__ import annotations

import sys
from pathlib import Path

for _name in ("deid3", "deid2", "deid"):
    _folder = str(Path(__file__).resolve().parent.parent / _name)
    if _folder not in sys.path:
        sys.path.append(_folder)
