"""One measurement: what it is, and how it tells what it found while it is still running."""

import importlib
import json
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Report:
    """What a measurement found so far: a file that is whole at any moment."""

    def __init__(self, path: Path) -> None:
        """Start with nothing found."""
        self.path = path
        self._found: dict[str, Any] = {"figures": {}, "checks": []}

    def figure(self, name: str, value: float | int | str | bool | list[float]) -> None:
        """Add a measured figure; its unit is in its name."""
        self._found["figures"][name] = value
        self._write()

    def check(self, name: str, value: float, *, at_most: float | None = None, at_least: float | None = None) -> None:
        """Add a figure with the bound that it must keep; one that is not a number never does."""
        kept = (at_most is None or value <= at_most) and (at_least is None or value >= at_least)
        is_number = value == value and abs(value) != float("inf")
        bounds = {"at_most": at_most, "at_least": at_least}
        self._found["checks"].append(
            {"name": name, "value": value if is_number else str(value), "passed": kept and is_number}
            | {bound: limit for bound, limit in bounds.items() if limit is not None}
        )
        self._write()

    def fail(self, error: str) -> None:
        """Say why the measurement ended early."""
        self._found["error"] = error
        self._write()

    def read(self) -> dict[str, Any]:
        """Return what the file holds; nothing found where there is none."""
        if not self.path.exists():
            return {"figures": {}, "checks": []}
        found: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return found

    def _write(self) -> None:
        temporary = self.path.with_name(self.path.name + ".new")
        temporary.write_text(json.dumps(self._found), encoding="utf-8")
        os.replace(temporary, self.path)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement of a stage.

    Attributes:
        name: Its key in the result file.
        run: Measures at a size (``full``, ``tiny`` or ``stuck``) and reports.
        limit_seconds: After which it is killed.
        least_seconds: With less time left it is not even begun.
        needs: What it needs beside torch, transformers, peft and accelerate, by `needs.KNOWN`'s names.
    """

    name: str
    run: Callable[[Report, str], None]
    limit_seconds: float
    least_seconds: float = 3.0
    needs: tuple[str, ...] = field(default=())


def measure_here(module: str, name: str, size: str, partial: Path) -> int:
    """Run one measurement of a module in this process; return 0, or 1 with the reason in its file."""
    report = Report(partial)
    try:
        stage = importlib.import_module(module).STAGE
        measurement = next(m for m in stage.measurements if m.name == name)
        measurement.run(report, size)
    except Exception:
        # A measurement may fail in any way; the failure is its result, and the next one runs.
        report.fail(traceback.format_exc()[-4000:])
        return 1
    return 0
