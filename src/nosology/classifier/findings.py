"""Categories by what their diseases look like: the profiles of `nosology.suggesting.findings`, summed by category.

A note that names no disease still tells complaints, findings, tests and treatments. Each rubric with a profile gets a
share of the note, as the suggestions reckon it, and a category the sum of its rubrics' shares. Nothing was trained on
notes, so it speaks for any label set that has codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from scipy import special

from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.records import FloatArray, IntArray
from nosology.suggesting.findings import VERSION, Findings, Profiles

SHARPNESS = 60.0
"""Of the shares: a cosine that is greater by a sixtieth counts e times as much. Of 20 to 90 on CodiEsp's training cases
and opened vignettes (``docs/experiments.md``)."""
_LEAST = 1e-6  # of a category that no profile is in, so that it is never ruled out


@dataclass(frozen=True)
class CategoryFindings:
    """The profiles of rubrics and the category of each.

    Attributes:
        findings: Profiles beside rubrics, all of which have one.
        category: Each rubric's category, as its place in the label set. Shape ``(rubrics,)``.
        n_categories: Size of the label set.
        sha256: Of the file of profiles.
    """

    findings: Findings = field(repr=False)
    category: IntArray = field(repr=False)
    n_categories: int
    sha256: str = ""

    @classmethod
    def of(cls, labels: LabelSet) -> Self | None:
        """Return the shipped profiles whose rubric has a category in a label set; None where none has one.

        Rubrics are those of ICD-10-CM, or of ICD-9-CM where the label set knows no others.
        """
        profiles = Profiles.shipped()
        shipped = RubricTable.shipped(labels, [VERSION])
        shipped = shipped if len(shipped) else RubricTable.shipped(labels, [9])
        table = RubricTable(tuple(shipped.rubrics[place] for place in Findings(profiles, shipped).known))
        category = np.array([labels.index(rubric.category) for rubric in table.rubrics], np.int64)
        return cls(Findings(profiles, table), category, len(labels.names), profiles.sha256) if len(table) else None

    def log_probs(self, texts: Sequence[str]) -> FloatArray:
        """Return each category's share of each text, as natural logarithms. Shape ``(texts, categories)``.

        Args:
            texts: Prepared notes. One without a word that tells anything gets the same share of every rubric.
        """
        shares = special.softmax(SHARPNESS * self.findings.cosines(texts), axis=1)
        sums = shares @ np.eye(self.n_categories)[self.category]
        return np.asarray(np.log((sums + _LEAST) / (1 + self.n_categories * _LEAST)))
