"""What exports of a run are worth: the gate's figures of each target, and llama.cpp beside torch where it is installed.

Each export is loaded by its target's own loader in a fresh process and asked about twelve invented notes. Then other
invented notes are classified by torch and by llama.cpp over the export to GGUF in 8 bits, each in a process of its own:
how often the category is the same, notes a second, and the most memory that the process held. The ratios are the speed
of llama.cpp over that of torch, and the memory of torch over that of llama.cpp.

Run as ``python benchmarks/exports.py [--run starter] [--notes 300] [--json FILE]`` on idle cores.
"""

import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import harness
from nosology.classifier.classifier import Classifier
from nosology.export.models.layout import Target
from nosology.export.models.standing_in import llama_cpp, stand_in
from nosology.export.models.workflow import NumberFormat, export_run
from nosology.runs.run import Run
from nosology.synthetic import iter_admissions

EXPORTS: tuple[tuple[Target, NumberFormat], ...] = (
    ("adapter", "auto"), ("merged", "float32"), ("merged", "bfloat16"), ("gguf", "f16"), ("gguf", "q8_0"),
)  # fmt: skip
SEED = 77  # another one than that of the gate's notes


def main() -> None:
    """Export, compare, and print two tables."""
    parser = harness.parser(__doc__)
    parser.add_argument("--run", default="starter", help="a finished run")
    parser.add_argument("--notes", type=int, default=300, help="notes that both backends classify; 0 for none")
    parser.add_argument("--backend", choices=("torch", "llama.cpp"), help="only this one, printed as JSON")
    parser.add_argument("--export", type=Path, help="for --backend llama.cpp: the export to GGUF")
    options = parser.parse_args()
    if options.backend:
        print(json.dumps(classified(options.run, options.backend, options.notes, options.export)))
        return
    with tempfile.TemporaryDirectory(prefix="nosology-exports-") as scratch:
        has_head = Run.open(options.run).has_category_head
        wanted = [(to, kind) for to, kind in EXPORTS if not (has_head and to == "gguf")]
        figures = [exported(options.run, to, kind, Path(scratch)) for to, kind in wanted]
        columns = {"target": "", "number_format": "", "largest": ".1e", "mean": ".1e", "changed": "d",
                   "tolerated": "g", "megabytes": ".0f", "seconds": ".0f"}  # fmt: skip
        harness.print_table(figures, columns)
        is_read = options.notes and not has_head
        speeds = beside(options.run, options.notes, Path(scratch) / "gguf-q8_0") if is_read else []
    ratios = {}
    if speeds:
        harness.print_table(
            speeds, {"backend": "", "notes": "d", "notes_per_second": ".2f", "megabytes": ".0f", "same_category": ".3f"}
        )
        torch, llama = speeds
        ratios = {
            "llama_cpp_vs_torch_speed": llama["notes_per_second"] / torch["notes_per_second"],
            "torch_vs_llama_cpp_memory": torch["megabytes"] / llama["megabytes"],
        }
    harness.write_report(
        options.json,
        {"settings": {"run": options.run, "notes": options.notes}, "measurements": figures + speeds, "ratios": ratios},
    )


def exported(run: str, to: Target, number_format: NumberFormat, scratch: Path) -> dict[str, Any]:
    """Export a run through the gate; return the figures.

    Args:
        run: The run.
        to: The target.
        number_format: Of the weights.
        scratch: Where to put the export; it stays there.
    """
    started, out = time.perf_counter(), scratch / f"{to}-{number_format}"
    done = export_run(Run.open(run), to, out, number_format=number_format, allow_restricted=True)
    found = done.comparison
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    stored = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["number_format"]
    return {
        "target": to, "number_format": stored, "largest": found.largest, "mean": found.mean,
        "changed": found.n_changed, "tolerated": found.tolerance, "megabytes": size / 1e6,
        "seconds": time.perf_counter() - started,
    }  # fmt: skip


def beside(run: str, n_notes: int, export: Path) -> list[dict[str, Any]]:
    """Return how torch and llama.cpp classify the same notes; nothing where llama.cpp is not installed.

    Args:
        run: The run.
        n_notes: How many notes.
        export: Its export to GGUF.
    """
    if importlib.util.find_spec("llama_cpp") is None:
        print("llama-cpp-python is not installed, so nothing is set beside torch")
        return []
    found = []
    for backend in ("torch", "llama.cpp"):
        command = [sys.executable, __file__, "--run", run, "--backend", backend, "--notes", str(n_notes)]
        said = subprocess.run([*command, "--export", str(export)], capture_output=True, text=True, check=True)
        found.append(json.loads(said.stdout.splitlines()[-1]))
    first = found[0]["labels"]
    for one in found:
        labels = one.pop("labels")
        one["same_category"] = sum(a == b for a, b in zip(labels, first, strict=True)) / len(first)
    return found


def classified(run: str, backend: str, n_notes: int, export: Path | None) -> dict[str, Any]:
    """Return what one backend makes of invented notes, how fast, and with how much memory.

    Args:
        run: The run.
        backend: ``torch`` or ``llama.cpp``.
        n_notes: How many notes.
        export: The export to GGUF.
    """
    if backend == "torch":
        classifier = Classifier.load(run)
    else:
        assert export is not None
        classifier = stand_in(run, export, llama_cpp).classifier
    texts = [written.text for _, written in iter_admissions(n_notes, SEED)]
    classifier.classify(texts[:1])
    started = time.perf_counter()
    labels = [found.label for found in classifier.classify(texts)]
    seconds = time.perf_counter() - started
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {
        "backend": backend, "notes": n_notes, "notes_per_second": n_notes / seconds, "megabytes": megabytes,
        "labels": labels,
    }  # fmt: skip


if __name__ == "__main__":
    main()
