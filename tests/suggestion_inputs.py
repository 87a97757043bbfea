"""Inputs of an evaluation whose suggestions are fitted and judged, made by hand: notes, their codes, three rubrics."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import polars as pl

from nosology.coding.rubrics import Rubric, RubricTable
from nosology.evaluation.inputs import Inputs

TABLE = RubricTable(
    tuple(
        Rubric(code, 9, f"title of {code}", category) for code, category in (("410", "A"), ("428", "A"), ("486", "B"))
    )
)


def notes(*codes: list[str]) -> pl.DataFrame:
    """Return notes that are coded with these, in ICD-9-CM."""
    listed = [[{"code": code, "icd_version": 9} for code in each] for each in codes]
    return pl.DataFrame(
        {
            "note_id": [f"n{number}" for number in range(len(codes))],
            "clean_text": [f"text {number}" for number in range(len(codes))],
            "codes": pl.Series(listed, dtype=pl.List(pl.Struct({"code": pl.String, "icd_version": pl.Int64}))),
        }
    )


@dataclass(frozen=True)
class World:
    """As much of an evaluation's inputs as is read here."""

    run: Any
    notes: pl.DataFrame
    validation: pl.DataFrame
    split: str = "test"


def inputs(evaluated: pl.DataFrame, validation: pl.DataFrame | None = None, run: Any = None) -> Inputs:
    """Return inputs of these notes, and of a run that suggests unless another is given."""
    world = World(run or Run(), evaluated, notes() if validation is None else validation)
    return cast(Inputs, world)


@dataclass
class Run:
    """A run whose suggester would lie in a folder."""

    folder: Path = Path("nowhere")
    rubrics: RubricTable = TABLE
    files: Any = None
    is_checked: bool = False

    def check_suggests(self) -> None:
        """Remember that it was asked."""
        self.is_checked = True
