"""Puts the first set's machinery, in the folder beside this one, on the path."""

from __future__ import annotations

import sys
from pathlib import Path

_FIRST = str(Path(__file__).resolve().parent.parent / "deid")
if _FIRST not in sys.path:
    sys.path.append(_FIRST)
