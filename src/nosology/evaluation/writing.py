"""What an evaluation writes: one line for each note and system, without the note's text.

`nosology.evaluation.workflow` builds an evaluation in a hidden sibling of its folder and lets it take its place when it
is complete, so an interrupted one leaves the earlier one as it was. Files with ids or prompts are their owner's alone.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from nosology.evaluation.parsing import answer_class
from nosology.evaluation.systems import Output
from nosology.files import sha256_text
from nosology.metrics import INVALID


def prediction_rows(
    notes: pl.DataFrame,
    output: Output,
    names: Sequence[str],
    prompt_sha256: Sequence[str],
    prompts: Sequence[str] | None,
) -> Iterator[dict[str, Any]]:
    """Yield one row per note, as documented for ``predictions.jsonl``.

    Args:
        notes: Ids and categories of the evaluated notes.
        output: What one system said of them.
        names: The label set's categories.
        prompt_sha256: Of the whole prompt of each note.
        prompts: In full, only where the user asked for text; then rows hold generated answers in full too.
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
            answer = output.raw_answers[i]
            row["answer_class"], row["answer_sha256"] = answer_class(answer, names), sha256_text(answer)
            if prompts is not None:  # a generated answer can quote its note
                row["raw_answer"] = answer
        if prompts is not None:
            row["prompt"] = prompts[i]
        yield row


def json_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield each row as one line of JSON."""
    return (json.dumps(row, ensure_ascii=False) for row in rows)
