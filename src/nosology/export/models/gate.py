"""The gate: an export is loaded by its target's own loader in a fresh process, asked, and set beside its run."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nosology.errors import ModelError
from nosology.export.models import outside
from nosology.export.models.comparing import Comparison, compare
from nosology.export.models.layout import ExportFiles
from nosology.files import read_json

MOST_SECONDS = 3600
Observe = Callable[[Path, Path | None], Mapping[str, Any]]


def check(folder: Path, base: Path | None, *, observe: Observe | None = None) -> Comparison:
    """Return an export beside its run.

    Args:
        folder: The export.
        base: Folder of its base model, for an adapter.
        observe: Loads and asks it; by default in a fresh process.

    Raises:
        ModelError: The target's own loader does not load it.
    """
    expected = read_json(ExportFiles(folder).expected)
    return compare(expected, (observe or in_a_fresh_process)(folder, base))


def in_a_fresh_process(folder: Path, base: Path | None, *, most_seconds: float = MOST_SECONDS) -> Mapping[str, Any]:
    """Return what `nosology.export.models.outside` says of an export; that process has never imported nosology.

    Args:
        folder: The export.
        base: Folder of its base model, for an adapter.
        most_seconds: After how long that process is stopped.

    Raises:
        ModelError: It ended badly, and what the loader said, or it took too long.
    """
    with tempfile.TemporaryDirectory(prefix="nosology-gate-") as scratch:
        out = Path(scratch) / "observed.json"
        command = [sys.executable, "-I", outside.__file__, str(folder), "--out", str(out)]
        command += ["--base", str(base)] if base else []
        offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
        try:
            done = subprocess.run(
                command, env=os.environ | offline, capture_output=True, text=True, timeout=most_seconds
            )
        except subprocess.TimeoutExpired:
            raise ModelError(
                f"the target's own loader was not done after {most_seconds:g} seconds, and was stopped",
                place=str(folder),
                hint="free memory or processors, and try again",
            ) from None
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            raise ModelError(f"the target's own loader does not load this export: {said}", place=str(folder))
        observed: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    assert observed["is_alone"], "the comparison would prove nothing"
    return observed
