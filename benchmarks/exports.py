"""What exports of runs are worth: the gate's figures of each target, and llama.cpp beside torch where it is installed.

Each export is loaded by its target's own loader in a fresh process and asked about invented notes. With
``--tiny`` four tiny Llama 3 with the real tokenizer are exported too: attention alone and all linear layers, answer and
classification head. Then other invented notes are classified by torch and by llama.cpp over the first run's export to
GGUF in 8 bits, each in a process of its own: how often the category is the same, how far probabilities are apart, notes
a second of wall and of processor time, and the most memory that the process held. They are those of a prepared dataset
(``--dataset``, its test split first), or are written for it. The ratios are the speed of llama.cpp over that of torch,
and the memory of torch over that of llama.cpp.

Run as ``python benchmarks/exports.py [--run starter demo/run] [--notes 300] [--json FILE]`` on idle cores.
"""

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

import harness
from nosology.classifier.classifier import Classifier
from nosology.dataset.folder import open_dataset
from nosology.export.models.layout import Target
from nosology.export.models.standing_in import llama_cpp, stand_in
from nosology.export.models.workflow import NotProvedError, NumberFormat, export_run
from nosology.files import read_json
from nosology.modeling.embedded import cache_folder
from nosology.runs.run import Run
from nosology.synthetic import iter_admissions

EXPORTS: tuple[tuple[Target, NumberFormat], ...] = (
    ("adapter", "auto"), ("merged", "float32"), ("merged", "bfloat16"), ("gguf", "f16"), ("gguf", "q8_0"),
)  # fmt: skip
SEED = 77  # another one than that of the gate's notes
SPLITS = ("test", "validation", "train")  # the order in which notes of a dataset are taken


def main() -> None:
    """Export, compare, and print two tables."""
    options = parse_options()
    if options.backend:
        said = classified(options.run[0], options.backend, options.export, taken(options), bool(options.dataset))
        print(json.dumps(said))
        return
    with tempfile.TemporaryDirectory(prefix="nosology-exports-") as name:
        scratch = Path(name)
        runs = {run: run for run in options.run} | (tiny_runs(scratch) if options.tiny else {})
        figures = []
        for number, (run, folder) in enumerate(runs.items()):
            wanted = [(to, kind) for to, kind in EXPORTS if to != "gguf" or not Run.open(folder).has_category_head]
            into = scratch / str(number)
            for to, kind in wanted:
                figures.append({"run": run} | exported(folder, to, kind, into))
                print(figures[-1], file=sys.stderr)
        columns = {"run": "", "target": "", "number_format": "", "notes": "d", "largest": ".1e", "mean": ".1e",
                   "changed": "d", "tolerated": "g", "proved": "", "megabytes": ".0f", "seconds": ".0f"}  # fmt: skip
        harness.print_table(figures, columns)
        speeds = beside(options, scratch / "0" / "gguf-q8_0") if options.notes else []
    ratios = {}
    if speeds:
        harness.print_table(
            speeds,
            {"backend": "", "notes": "d", "notes_per_second": ".2f", "notes_per_cpu_second": ".2f", "megabytes": ".0f",
             "same_category": ".3f", "largest": ".1e", "mean": ".1e"},
        )  # fmt: skip
        torch, llama = speeds
        ratios = {
            "llama_cpp_vs_torch_cpu": llama["notes_per_cpu_second"] / torch["notes_per_cpu_second"],
            "llama_cpp_vs_torch_speed": llama["notes_per_second"] / torch["notes_per_second"],
            "torch_vs_llama_cpp_memory": torch["megabytes"] / llama["megabytes"],
        }
    settings = {"run": options.run, "tiny": options.tiny, "notes": options.notes, "dataset": options.dataset}
    harness.write_report(options.json, {"settings": settings, "measurements": figures + speeds, "ratios": ratios})


def parse_options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = harness.parser(__doc__)
    parser.add_argument("--run", default=["starter"], nargs="+", help="finished runs; the first is set beside torch")
    parser.add_argument("--tiny", action="store_true", help="also tiny Llama 3 of each kind; needs the `dev` extra")
    parser.add_argument("--notes", type=int, default=300, help="notes that both backends classify; 0 for none")
    parser.add_argument("--dataset", help="a prepared dataset to take them from; else invented ones are written")
    parser.add_argument("--backend", choices=("torch", "llama.cpp"), help="only this one, printed as JSON")
    parser.add_argument("--export", type=Path, help="for --backend llama.cpp: the export to GGUF")
    return parser.parse_args()


def tiny_runs(scratch: Path) -> dict[str, str]:
    """Write a run of each kind on a tiny Llama 3 with the real tokenizer; return their folders by what they are."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from export_world import write_adapted_run
    from llama3 import real_llama3_tokenizer
    from tiny_models import save_tiny_model

    cache_folder().mkdir(parents=True, exist_ok=True)
    os.environ["NOSOLOGY_CACHE"] = str(cache_folder())  # where the tokenizer is kept, which takes long to convert
    model = save_tiny_model(scratch / "model", tokenizer=real_llama3_tokenizer())
    kinds = [(head, targets) for head in ("answer", "classification") for targets in ("attention", "all-linear")]
    return {
        f"tiny Llama 3, {targets}, {head}": str(
            write_adapted_run(
                scratch / f"{head}-{targets}", model, config={"train": {"head": head, "lora_targets": targets}}
            )
        )
        for head, targets in kinds
    }


def exported(run: str, to: Target, number_format: NumberFormat, scratch: Path) -> dict[str, Any]:
    """Export a run through the gate; return the figures, also where the gate refuses it.

    Args:
        run: The run.
        to: The target.
        number_format: Of the weights.
        scratch: Where to put the export; it stays there.
    """
    started, out = time.perf_counter(), scratch / f"{to}-{number_format}"
    try:
        found = export_run(Run.open(run), to, out, number_format=number_format, allow_restricted=True).comparison
    except NotProvedError as refused:
        found = refused.comparison
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    stored = read_json(out / "manifest.json")["number_format"] if found.is_same else number_format
    return {
        "target": to, "number_format": stored, "notes": found.n, "largest": found.largest, "mean": found.mean,
        "changed": found.n_changed, "tolerated": found.tolerance, "proved": "yes" if found.is_same else "no",
        "megabytes": size / 1e6, "seconds": time.perf_counter() - started,
    }  # fmt: skip


def beside(options: argparse.Namespace, export: Path) -> list[dict[str, Any]]:
    """Return how torch and llama.cpp classify the same notes; nothing where llama.cpp is not installed.

    Args:
        options: Which run and notes.
        export: The run's export to GGUF.
    """
    if importlib.util.find_spec("llama_cpp") is None or not export.exists():
        print("without llama-cpp-python and an export to GGUF nothing is set beside torch")
        return []
    found = []
    notes = ["--notes", str(options.notes), *(["--dataset", options.dataset] if options.dataset else [])]
    for backend in ("torch", "llama.cpp"):
        command = [sys.executable, __file__, "--run", options.run[0], "--backend", backend, *notes]
        said = subprocess.run([*command, "--export", str(export)], stdout=subprocess.PIPE, text=True, check=True)
        found.append(json.loads(said.stdout.splitlines()[-1]))
    first = found[0]["probabilities"]
    for one in found:
        own = one.pop("probabilities")
        pairs = list(zip(own, first, strict=True))
        one["same_category"] = sum(max(a, key=a.get) == max(b, key=b.get) for a, b in pairs) / len(pairs)
        far = [abs(a[label] - b[label]) for a, b in pairs for label in b]
        one |= {"largest": max(far), "mean": sum(far) / len(far)}
    return found


def taken(options: argparse.Namespace) -> list[str]:
    """Return the notes that both backends classify.

    Raises:
        SystemExit: The dataset has fewer.
    """
    if not options.dataset:
        return [written.text for _, written in iter_admissions(options.notes, SEED)]
    dataset = open_dataset(Path(options.dataset))
    texts = pl.concat([dataset.split(split) for split in SPLITS])["clean_text"].to_list()[: options.notes]
    if len(texts) < options.notes:
        raise SystemExit(f"{options.dataset} has {len(texts)} notes")
    return texts


def classified(run: str, backend: str, export: Path | None, texts: list[str], is_prepared: bool) -> dict[str, Any]:
    """Return what one backend makes of notes, the tuned model alone, how fast, and with how much memory.

    Args:
        run: The run.
        backend: ``torch`` or ``llama.cpp``.
        export: The export to GGUF.
        texts: The notes.
        is_prepared: They are a dataset's.
    """
    if backend == "torch":
        classifier = Classifier.load(run, system="tuned")
    else:
        assert export is not None
        classifier = stand_in(run, export, llama_cpp, system="tuned").classifier
    classifier.classify(texts[:1])
    started, cpu = time.perf_counter(), time.process_time()
    found = classifier.classify(texts, is_prepared=is_prepared)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {
        "backend": backend, "notes": len(texts), "notes_per_second": len(texts) / seconds,
        "notes_per_cpu_second": len(texts) / cpu_seconds, "megabytes": megabytes,
        "probabilities": [dict(one.ranking) for one in found],
    }  # fmt: skip


if __name__ == "__main__":
    main()
