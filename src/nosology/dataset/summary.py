"""What came out of a preparation, for the command line, for programs and for the manifest."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from nosology.coding.labels import LabelSet
from nosology.dataset.folder import SPLITS
from nosology.dataset.funnel import Funnel


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """What came out of a preparation.

    Attributes:
        folder: The dataset; as text where it is an address.
        n_notes: Notes in all splits.
        notes: Notes by split.
        patients: Patients by split.
        categories: Notes by category, in the label set's order, and split.
        funnel: The steps as ``funnel.json`` holds them.
        n_quarantined: Rows that could not be read, in all files.
        warnings: What to know before trusting the dataset.
    """

    folder: Path | str
    n_notes: int
    notes: Mapping[str, int]
    patients: Mapping[str, int]
    categories: Mapping[str, Mapping[str, int]]
    funnel: tuple[dict[str, Any], ...]
    n_quarantined: int
    warnings: tuple[str, ...]

    def contents(self) -> dict[str, Any]:
        """Return the counts as the manifest holds them."""
        return {
            "notes": dict(self.notes),
            "patients": dict(self.patients),
            "categories": {name: dict(counts) for name, counts in self.categories.items()},
            "n_quarantined": self.n_quarantined,
            "warnings": list(self.warnings),
        }


def summarize(
    folder: Path | str,
    notes: pl.DataFrame,
    labels: LabelSet,
    funnel: Funnel,
    n_quarantined: int,
    warnings: Iterable[str],
) -> DatasetSummary:
    """Return the counts of a dataset.

    Args:
        folder: The dataset; as text where it is an address.
        notes: Columns ``patient_id``, ``category`` and ``split``, among others.
        labels: Its label set.
        funnel: All losses.
        n_quarantined: Rows that could not be read.
        warnings: The source's; those about the splits are added.
    """
    by_split = Counter(notes["split"].to_list())
    patients = Counter(notes.select("split", "patient_id").unique()["split"].to_list())
    by_category = Counter(notes.select("category", "split").iter_rows())
    empty = [f"the split {split} is empty: there are too few patients" for split in SPLITS if not by_split[split]]
    return DatasetSummary(
        folder=folder,
        n_notes=notes.height,
        notes={split: by_split[split] for split in SPLITS},
        patients={split: patients[split] for split in SPLITS},
        categories={name: {split: by_category[name, split] for split in SPLITS} for name in labels.names},
        funnel=tuple(funnel.steps()),
        n_quarantined=n_quarantined,
        warnings=(*warnings, *empty),
    )
