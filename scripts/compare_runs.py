"""Whether two demo folders hold the same: dataset bytes, adapter bytes, and every figure of ``results.json``.

Run as ``python scripts/compare_runs.py OLD NEW``. Paths, times and versions may differ; everything else that does is
printed, and the exit status is 1.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILES = (
    "dataset/notes.parquet",
    "dataset/labels.tsv",
    "dataset/funnel.json",
    "run/adapter/adapter_model.safetensors",
    "run/labels.tsv",
    "run/prompt.jinja",
    "run/train_notes.json",
)
RESULTS = "run/eval/test/results.json"
MAY_DIFFER = (
    "environment",
    "training_environment",
    "timings",
    "training_timings",
    "seconds",
    "notes_per_second",
    "evaluated_at",
    "path",
)
"""Keys anywhere in the results; hashes of manifests hold times and versions too."""
HASHES_OF_MANIFESTS = ("dataset_manifest_sha256", "training_dataset_manifest_sha256")


def main() -> int:
    """Compare; return 1 if anything differs that should not."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    options = parser.parse_args()
    found = list(differences(options.old, options.new))
    print("\n".join(found) or f"the same: {len(FILES)} files byte for byte, and every figure of {RESULTS}")
    return 1 if found else 0


def differences(old: Path, new: Path) -> Iterator[str]:
    """Yield a line for everything that differs."""
    for name in FILES:
        one, other = (_sha256(folder / name) for folder in (old, new))
        if one != other:
            yield f"{name}: {one[:12]} -> {other[:12]}"
    figures = [
        json.loads((folder / RESULTS).read_text(encoding="utf-8")) if (folder / RESULTS).exists() else None
        for folder in (old, new)
    ]
    yield from _changed(RESULTS.rpartition("/")[2], *figures)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "missing"


def _changed(place: str, one: Any, other: Any) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if key not in MAY_DIFFER + HASHES_OF_MANIFESTS:
                yield from _changed(f"{place}.{key}", one.get(key, "absent"), other.get(key, "absent"))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from _changed(f"{place}[{index}]", *pair)
    elif one != other:
        yield f"{place}: {_short(one)} -> {_short(other)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


if __name__ == "__main__":
    raise SystemExit(main())
