"""Writing an evaluation: predictions a system, ``results.json`` last, and the whole folder swapped in at once.

An evaluation is built in a hidden sibling of its folder and takes its place only when it is complete, so an
interrupted one leaves the earlier one as it was. Files that hold prompts are readable by their owner alone.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from nosology.evaluation.systems import Output
from nosology.metrics import INVALID

RESULTS = "results.json"
PREDICTIONS = "predictions.jsonl"


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """Yield a hidden folder to fill; if the block ends well it takes the place of ``path``, else it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden, old = (path.with_name(f".{path.name}.{os.getpid()}.{state}") for state in ("partial", "old.partial"))
    shutil.rmtree(hidden, ignore_errors=True)
    hidden.mkdir()
    try:
        yield hidden
        if path.exists():
            os.replace(path, old)
        os.replace(hidden, path)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def prediction_rows(
    notes: pl.DataFrame,
    output: Output,
    names: Sequence[str],
    prompt_sha256: Sequence[str],
    prompts: Sequence[str] | None,
) -> Iterator[dict[str, Any]]:
    """Yield one row a note, as documented for ``predictions.jsonl``.

    Args:
        notes: The evaluated notes.
        output: What one system said of them.
        names: The label set's categories.
        prompt_sha256: Of the whole prompt of each note.
        prompts: In full, only where the user asked for text.
    """
    for i, (note_id, true_label) in enumerate(notes.select("note_id", "category").iter_rows()):
        row: dict[str, Any] = {"note_id": note_id, "prompt_sha256": prompt_sha256[i], "true_label": true_label}
        predicted = int(output.predicted[i])
        row["predicted_label"] = None if predicted == INVALID else names[predicted]
        row["probability"], row["ranking"] = None, []
        if output.predictions is not None:
            prediction = output.predictions[i]
            row["probability"], row["ranking"] = prediction.probability, [list(pair) for pair in prediction.ranking]
            row["prediction_set"], row["abstained"] = list(prediction.prediction_set), prediction.abstained
            row["truncated_tokens"] = prediction.truncated_tokens
        elif output.probabilities is not None:
            order = np.argsort(-output.probabilities[i], kind="stable")
            row["probability"] = float(output.probabilities[i, predicted])
            row["ranking"] = [[names[category], float(output.probabilities[i, category])] for category in order]
        if output.raw_answers is not None:
            row["raw_answer"] = output.raw_answers[i]
        if prompts is not None:
            row["prompt"] = prompts[i]
        yield row


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]], *, private: bool) -> None:
    """Write one JSON object a line; a private file is readable by its owner alone from the moment it exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        for row in rows:
            # Half of a surrogate pair, which a broken source can hold, is escaped rather than refused.
            file.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace").decode("utf-8") + "\n")
