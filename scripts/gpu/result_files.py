"""The result files: read where a stage goes on, written whole after every measurement."""

import json
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driving import Stage

FORMAT = 1
PACKAGES = ("torch", "triton", "transformers", "peft", "accelerate", "bitsandbytes", "trl")


class MachineDiffersError(Exception):
    """A result file is of another card, other versions or another size, with which figures cannot be mixed."""


def read_stage(out: Path, stage: "Stage", size: str, earlier: Path | None) -> dict[str, Any]:
    """Return a stage's results so far: those in ``out``, or else an earlier call's where it was the same machine.

    Raises:
        MachineDiffersError: ``out`` holds another machine's or another size's results.
    """
    new = {
        "format": FORMAT,
        "stage": stage.name,
        "size": size,
        "machine": machine(),
        "measurements": {},
        "left_out": {},
    }
    name = f"{stage.name}.json"
    if (out / name).exists():
        found = json.loads((out / name).read_text(encoding="utf-8"))
        if not _goes_with(found, new):
            raise MachineDiffersError(f"{out / name} holds another machine's or another size's results")
        return found | {"left_out": {}}
    if earlier is not None and (earlier / name).exists():
        found = json.loads((earlier / name).read_text(encoding="utf-8"))
        if _goes_with(found, new):
            return found | {"left_out": {}}
        print(f"  {earlier / name} is of another machine or size and is left alone", flush=True)
    return new


def write_stage(out: Path, stage: "Stage", state: dict[str, Any]) -> None:
    """Write a stage's results whole or not at all."""
    path = out / f"{stage.name}.json"
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def machine() -> dict[str, Any]:
    """Return what figures depend on, asked of the driver's tools so that CUDA stays untouched in this process."""
    return {
        "gpu": _of_nvidia("name"),
        "driver": _of_nvidia("driver_version"),
        "memory": _of_nvidia("memory.total"),
        "platform": platform.platform(),
        "cores": os.cpu_count() or 0,
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := installed(name))},
        "date": datetime.now(UTC).date().isoformat(),
    }


def installed(name: str) -> str | None:
    """Return a distribution's version, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def tail(log: Path, length: int = 1500) -> str:
    """Return the end of a log."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return text[-length:].strip() or "(nothing)"


def _goes_with(found: dict[str, Any], new: dict[str, Any]) -> bool:
    """Return whether results may stand in one file: same format, size, card and versions."""
    machines = (found.get("machine", {}), new["machine"])
    same = ("gpu", "driver", "packages")
    return (found.get("format"), found.get("size")) == (FORMAT, new["size"]) and all(
        machines[0].get(key) == machines[1][key] for key in same
    )


def _of_nvidia(field: str) -> str | None:
    """Return a fact about the first GPU by nvidia-smi; None where there is none."""
    if shutil.which("nvidia-smi") is None:
        return None
    command = ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader", "--id=0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return done.stdout.strip() or None if done.returncode == 0 else None
