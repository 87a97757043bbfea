"""Print the source files that one note passes through while it is classified, evaluated and suggested for.

Real calls on a run that is trained on the spot, tiny and in a temporary folder:

    python scripts/trace_note.py                    # this checkout
    python scripts/trace_note.py --root ../old      # another checkout, with its own helpers under tests/

What counts. A call counts if an argument holds the note: its text as written, as prepared or with markup around it
(whatever still has the note's first and last word), its tokens, or a sequence, mapping, table or frozen record that
holds one of these, up to three levels down. An object's own state is no argument, and keys and values, hidden states
and numbers about the note are not the note. Each pair of caller and callee counts once, since a loop over detectors is
one place to read, not twenty. A call that comes through a library, or through functions that do not hold the note, is
attributed to the nearest function above it that does; the function that was asked first stands above all.

The path follows the calls: down into each, and back up to the caller before its next one. A *change* is a step of the
path to another file, and a *return* is a change back up, to a file in which a call is still open. De-identification is
counted file by file, and once more as one place, since a note's way through its detectors is their subject.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

FIRST, LAST = "zyxwvu", "uvwxyz"
"""The note's first and last word, which nothing else holds."""
NOTE = f"{FIRST} patient with chest pain with troponin rise.\nDenies melena. {LAST}"
DEPTH = 3
ONE_PLACE = "deidentification"
BACK = "up to "


@dataclass
class Trace:
    """What a note passes through; `sys.setprofile` calls it.

    Attributes:
        package: Folder of the package's source.
        marks: Token ids of the note's first word and of its last.
        calls: Files of caller (None for the function that was asked first) and callee of each counted call, in order.
    """

    package: Path
    marks: Sequence[tuple[int, ...]]
    calls: list[tuple[str | None, str]] = field(default_factory=list)
    _frames: dict[int, FrameType] = field(default_factory=dict)
    _seen: set[tuple[CodeType | None, CodeType]] = field(default_factory=set)
    _known: dict[int, tuple[Any, bool]] = field(default_factory=dict)

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Take note of a call."""
        code = frame.f_code
        if event != "call" or id(frame) in self._frames or code.co_name.startswith("<"):
            return
        if not code.co_filename.startswith(str(self.package)):
            return
        if self._frames and not any(map(self.holds, arguments(frame))):
            return
        self._frames[id(frame)] = frame  # kept, so that no other frame gets its id
        caller = frame.f_back
        while caller is not None and id(caller) not in self._frames:
            caller = caller.f_back
        if (pair := (caller and caller.f_code, code)) not in self._seen:
            self._seen.add(pair)
            self.calls.append((caller and self._file(caller), self._file(frame)))

    def holds(self, value: Any, depth: int = DEPTH) -> bool:
        """Return whether a value holds the note."""
        if isinstance(value, str):
            return FIRST in value.lower() and LAST in value.lower()
        if isinstance(value, bytes):
            return FIRST.encode() in value.lower() and LAST.encode() in value.lower()
        if value is None or isinstance(value, int | float | Path | type) or depth < 0:
            return False
        if id(value) not in self._known:
            self._known[id(value)] = (value, False)  # kept, so that no other value gets its id
            self._known[id(value)] = (value, self._within(value, depth))
        return self._known[id(value)][1]

    def _within(self, value: Any, depth: int) -> bool:
        library = type(value).__module__.partition(".")[0]
        if library == "torch":
            is_ids = hasattr(value, "dtype") and not value.dtype.is_floating_point and 0 < value.numel() < 100_000
            return is_ids and self._spells(value.flatten().tolist())
        if library == "polars":
            return hasattr(value, "rows") and any(self.holds(row, 1) for row in value.rows())
        if isinstance(value, tuple | list):
            if value and isinstance(value[0], int):
                return self._spells(value)
            return any(self.holds(item, depth - 1) for item in value)
        if isinstance(value, Mapping):
            return any(self.holds(item, depth - 1) for pair in value.items() for item in pair)
        if is_dataclass(value) and not isinstance(value, type) and vars(type(value))["__dataclass_params__"].frozen:
            return any(self.holds(getattr(value, each.name, None), depth - 1) for each in fields(value))
        return False

    def _spells(self, ids: Sequence[Any]) -> bool:
        return all(any(tuple(ids[at : at + len(mark)]) == mark for at in range(len(ids))) for mark in self.marks)

    def _file(self, frame: FrameType) -> str:
        return Path(frame.f_code.co_filename).relative_to(self.package).as_posix()


def arguments(frame: FrameType) -> Iterator[Any]:
    """Yield the values that a function was called with."""
    code, values = frame.f_code, frame.f_locals
    n = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)  # *args, **named
    for name in code.co_varnames[:n]:
        if name in values and name not in ("self", "cls"):
            yield values[name]


def path_of(calls: Sequence[tuple[str | None, str]]) -> list[str]:
    """Return the files of a note's path, in order; those that it goes back up to begin with `BACK`."""
    path: list[str] = []
    here = None
    for caller, callee in calls:
        if caller is not None and caller != here:
            path.append(BACK + caller)
            here = caller
        if callee != here:
            path.append(callee)
            here = callee
    return path


def summary(calls: Sequence[tuple[str | None, str]]) -> str:
    """Return the changes of file, the returns among them, and the number of files."""
    path = path_of(calls)
    n_back = sum(step.startswith(BACK) for step in path)
    return f"{len(path) - 1} changes of file, {n_back} of them returns, {len({callee for _, callee in calls})} files"


def as_one_place(calls: Sequence[tuple[str | None, str]]) -> list[tuple[str | None, str]]:
    """Return the calls with all of de-identification as one file."""

    def merged(name: str) -> str:
        return ONE_PLACE if name.startswith(ONE_PLACE + "/") else name

    return [(caller and merged(caller), merged(callee)) for caller, callee in calls]


def make_run(folder: Path) -> Path:
    """Train a tiny model on made-up notes, of which one among those to evaluate is the marked one; return the run."""
    import polars as pl

    from coded_world import PREPARATION, write_coded_dataset
    from nosology.config import Config
    from nosology.dataset.writing import write_manifest
    from nosology.training import train
    from tiny_models import save_tiny_model

    dataset = write_coded_dataset(folder / "dataset", {"train": 48, "validation": 40, "test": 4})
    notes = pl.read_parquet(dataset / "notes.parquet")
    text = pl.when(pl.col("note_id") == "test-1").then(pl.lit(NOTE)).otherwise("clean_text").alias("clean_text")
    notes.with_columns(text).write_parquet(dataset / "notes.parquet")
    (dataset / "manifest.json").unlink()
    write_manifest(dataset, {"config": PREPARATION})
    config = Config.model_validate(
        {
            "model": {"name": str(save_tiny_model(folder / "model")), "max_note_tokens": 96, "scoring": "constrained"},
            "train": {"batch_size": 8, "lora_r": 4, "learning_rate": 0.01, "report_to": (), "title_weight": 1.0},
            "evaluate": {"systems": ("majority", "tuned"), "bootstrap_samples": 100},
        }
    )
    train(dataset, folder / "run", config)
    return folder / "run"


def traced(package: Path, folder: Path) -> dict[str, Trace]:
    """Return what the note passes through, by call."""
    from transformers import AutoTokenizer

    from nosology.classifier.classifier import Classifier
    from nosology.evaluation import evaluate
    from nosology.evaluation.suggestions import evaluate_suggestions

    run = make_run(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    marks = [tuple(tokenizer(word, add_special_tokens=False)["input_ids"]) for word in (FIRST, f" {LAST}")]
    found: dict[str, Trace] = {}

    def trace(name: str, call: Callable[[], object]) -> None:
        found[name] = Trace(package, marks)
        sys.setprofile(found[name])
        try:
            call()
        finally:
            sys.setprofile(None)

    trace("evaluate", lambda: evaluate(run))
    evaluate_suggestions(run)
    classifier = Classifier.load(run)
    trace("classify", lambda: classifier.classify([NOTE]))
    trace("suggest", lambda: classifier.suggest([NOTE]))
    return found


def main() -> None:
    """Trace a note through the checkout that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="the checkout to trace")
    root = parser.parse_args().root.resolve()
    sys.path[:0] = [str(root / "src"), str(root / "tests")]
    import nosology

    package = Path(nosology.__file__).parent
    if package != root / "src" / "nosology":
        sys.exit(f"another nosology is imported than the one to trace: {package}")
    with tempfile.TemporaryDirectory() as folder:
        found = traced(package, Path(folder))
    for name, trace in found.items():
        print(f"\n{name}")
        for step in path_of(trace.calls):
            print(f"    {step}")
    print()
    for name, trace in found.items():
        print(f"{name:9} {summary(trace.calls)}")
        if any(callee.startswith(ONE_PLACE) for _, callee in trace.calls):
            print(f"{'':9} {summary(as_one_place(trace.calls))}, with {ONE_PLACE} as one place")


if __name__ == "__main__":
    main()
