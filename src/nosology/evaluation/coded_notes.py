"""Notes with the rubrics they are coded with; which of them suggestions are fitted and judged on, where any are."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from nosology.coding.rubrics import RubricTable
from nosology.config import EvaluateConfig
from nosology.dataset.folder import codes_of
from nosology.evaluation.inputs import Inputs, random_places
from nosology.records import BoolArray
from nosology.runs.integrity import record_again
from nosology.suggesting.mixture import FEWEST_NOTES

MOST_FIT_NOTES = 200
"""Validation notes that weights are fitted on: eight weights need no more, and each costs a reading of all titles."""


@dataclass(frozen=True)
class Coded:
    """Notes with the rubrics they are coded with.

    Attributes:
        notes: The dataset's rows; those without a known rubric are left out.
        places: For each note the places of its rubrics, the first the main one.
        truth: Shape ``(notes, rubrics)``.
    """

    notes: pl.DataFrame
    places: list[tuple[int, ...]]
    truth: BoolArray

    @classmethod
    def of(cls, notes: pl.DataFrame, table: RubricTable) -> "Coded":
        """Return the notes that have a rubric of the table."""
        places = [table.places_of(codes) for codes in codes_of(notes)]
        kept = [row for row, found in enumerate(places) if found]
        truth = np.zeros((len(kept), len(table)), np.bool_)
        for row, number in enumerate(kept):
            truth[row, list(places[number])] = True
        return cls(notes[kept], [places[row] for row in kept], truth)

    @property
    def texts(self) -> list[str]:
        """The prepared notes."""
        return self.notes["clean_text"].to_list()


def fit_rows(validation: Coded, limit: int | None = None) -> list[int]:
    """Return which validation notes the weights are fitted on: a random part, always the same, in their order.

    Args:
        validation: The run's validation notes that have codes.
        limit: Notes at most; None for `MOST_FIT_NOTES`.
    """
    size = min(limit or MOST_FIT_NOTES, len(validation.notes))
    return sorted(np.random.default_rng(0).permutation(len(validation.notes))[:size].tolist())


def why_not_fitted(n_notes: int) -> str:
    """Return why suggestions cannot be fitted on so many validation notes with codes; empty where they can."""
    if n_notes >= FEWEST_NOTES:
        return ""
    return f"{n_notes} validation notes with codes are too few to calibrate suggestions on, fewer than {FEWEST_NOTES}"


def judged_inputs(inputs: Inputs, config: EvaluateConfig, limit: int | None = None) -> Inputs:
    """Return the run with the random part of the evaluated notes that suggestions are judged on.

    Args:
        inputs: The run and the notes that are evaluated.
        config: How many of them, and with which seed.
        limit: In place of that number.
    """
    places = random_places(len(inputs.notes), limit or config.suggestion_notes, config.seed)
    return replace(inputs, notes=inputs.notes[places])


def unfitted(inputs: Inputs) -> str:
    """Return why a run's suggester cannot be fitted; empty where it can. Weights of an earlier fit are then removed.

    Args:
        inputs: The run and its notes.
    """
    run = inputs.run
    run.check_suggests()
    assert run.rubrics is not None
    why = why_not_fitted(len(Coded.of(inputs.validation, run.rubrics).notes))
    if why:
        run.files.suggester.settings.unlink(missing_ok=True)
        record_again(run.files)
    return why


def unjudged(judged: Inputs) -> str:
    """Return why a run's suggestions cannot be judged on some notes; empty where they can.

    Args:
        judged: The run and those notes; `judged_inputs` draws them.
    """
    assert judged.run.rubrics is not None
    if len(Coded.of(judged.notes, judged.run.rubrics).notes):
        return ""
    return f"no note of the {judged.split} split has a code of a known rubric"
