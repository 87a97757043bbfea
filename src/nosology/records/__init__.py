"""What crosses a boundary between packages: frozen records, the names of arrays, and how progress is told.

Clinical text never shows in a `repr`: fields that hold text are declared with `repr=False`, so that a log line or a
traceback that prints a record cannot leak a note.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nosology.records.answers import (
    PREDICTION_COLUMNS,
    Demand,
    Evidence,
    FullCode,
    Prediction,
    Predictions,
    Suggestion,
    Suggestions,
    prediction_types,
)

__all__ = [
    "PREDICTION_COLUMNS",
    "Advance",
    "BoolArray",
    "Code",
    "Count",
    "Demand",
    "Evidence",
    "FloatArray",
    "FullCode",
    "IntArray",
    "Note",
    "Prediction",
    "Predictions",
    "Progress",
    "Span",
    "Suggestion",
    "Suggestions",
    "no_progress",
    "prediction_types",
]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

Count = Callable[[int], None]
"""Called by an engine with the number of notes it has just finished."""


class Advance(Protocol):
    """What a `Progress` yields: call it when something is done. It serves as a `Count`."""

    def __call__(self, n: int = 1, detail: str = "", total: int | None = None) -> None:
        """Count ``n`` more as done.

        Args:
            n: How many.
            detail: Shown beside the count: numbers, never text of a note.
            total: How many there are in all, as soon as somebody knows.
        """


class Progress(Protocol):
    """Shows how far a task has come: `nosology.cli.console.progress`, or anything like it."""

    def __call__(self, task: str, total: int | None = None, unit: str = "notes") -> AbstractContextManager[Advance]:
        """Return a context that yields what counts.

        Args:
            task: What is going on, e.g. ``"prepare"``.
            total: How many there are in all; None where nobody knows yet.
            unit: What is counted, in the plural.
        """


def no_progress(*_: object, **__: object) -> AbstractContextManager[Advance]:
    """Return a `Progress` context that shows nothing."""
    return nullcontext(_count_nothing)


def _count_nothing(*_: object, **__: object) -> None:
    return


@dataclass(frozen=True, slots=True)
class Code:
    """One ICD code of an admission.

    Attributes:
        value: The code, undotted and upper case, e.g. ``"41071"``.
        version: 9 or 10.
        sequence: Rank within the admission, 1 for the primary diagnosis; None where the source does not say.
    """

    value: str
    version: int
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """One note as a source gives it, before any preparation.

    Attributes:
        note_id: Unique in its source.
        patient_id: Whose note it is; splits are drawn over patients.
        admission_id: The stay it belongs to; empty where the source has none.
        text: The note, untouched.
        codes: The admission's diagnosis codes, in sequence order.
        category: The category where the source gives one directly instead of codes.
        attributes: What else the source knows (sex, age band, admission type), for subgroup tables. Never text.
    """

    note_id: str
    patient_id: str
    admission_id: str
    text: str = field(repr=False)
    codes: tuple[Code, ...] = ()
    category: str | None = None
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, in Unicode code points: ``text[start:end]``.

    Attributes:
        type: One of NAME DATE CONTACT ID LOCATION HOSPITAL ORG AGE90 OTHER.
    """

    start: int
    end: int
    type: str
