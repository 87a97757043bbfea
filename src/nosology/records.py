"""What crosses a boundary between packages: frozen records, the names of arrays, and how progress is told.

Clinical text never shows in a `repr`: fields that hold text are declared with `repr=False`, so that a log line or a
traceback that prints a record cannot leak a note.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True)
class Demand:
    """A passage of a note that tells its reader what to answer, in Unicode code points of the *original* note.

    Attributes:
        start: Where it begins: the passage is ``text[start:end]``.
        end: Where it ends.
    """

    start: int
    end: int


PREDICTION_COLUMNS = (
    "predicted_label",
    "probability",
    "ranking",
    "prediction_set",
    "abstained",
    "is_calibrated",
    "reason",
    "caution",
    "demands",
    "typicality",
)
"""What is added to a table of notes, in this order, by the command line and by the service."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the classifier says of one note.

    Attributes:
        label: The most probable category.
        probability: Its probability, calibrated where the run holds a calibration.
        ranking: Every category with its probability, best first; sums to 1.
        prediction_set: Categories that cannot be ruled out, the most probable among them; all where nothing was
            calibrated.
        abstained: True where the probability is below the run's abstention threshold, and for every note where nothing
            was calibrated.
        truncated_tokens: Note tokens that did not fit and were left out.
        is_calibrated: Whether the run was evaluated on enough validation notes to say how sure it is.
        reason: Why there is no category at all; empty where there is one.
        caution: What must be known beside the answer, such as that the run was calibrated on other people's notes.
        typicality: Share of the notes that the run was calibrated on that look at least as strange; None where the run
            was not calibrated on local notes.
        demands: Passages that tell the reader what to answer instead of telling of the patient.
    """

    label: str
    probability: float
    ranking: tuple[tuple[str, float], ...]
    prediction_set: tuple[str, ...] = ()
    abstained: bool = False
    truncated_tokens: int = 0
    is_calibrated: bool = True
    reason: str = ""
    caution: str = ""
    typicality: float | None = None
    demands: tuple[Demand, ...] = ()

    @classmethod
    def absent(cls, reason: str, *, is_calibrated: bool, caution: str = "") -> "Prediction":
        """Return what is said of a note that no category can be given: why.

        Args:
            reason: Why there is none.
            is_calibrated: Whether the run could have said how sure it is.
            caution: What must be known beside every answer.
        """
        return cls("", 0.0, (), (), True, 0, is_calibrated, reason, caution)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a note that moves a suggestion, in Unicode code points of the *original* note.

    Attributes:
        start: Where it begins: the sentence is ``text[start:end]``.
        end: Where it ends.
        effect: How much the suggestion's log-odds fall when the sentence is left out.
        negated: True where the sentence mentions the diagnosis only to deny it ("no pneumonia").
        family_history: True where it mentions the diagnosis only of a relative.
        history: True where it mentions the diagnosis only as past.
        uncertain: True where it mentions the diagnosis only as suspected or still to be excluded.
        term: The name of the diagnosis that the sentence met, as the official list writes it; empty where none did.
    """

    start: int
    end: int
    effect: float = 0.0
    negated: bool = False
    family_history: bool = False
    history: bool = False
    uncertain: bool = False
    term: str = ""


@dataclass(frozen=True, slots=True)
class FullCode:
    """A full ICD code below a suggested rubric, offered where a term of the note or the training notes support one.

    Attributes:
        code: Undotted and upper case.
        share: Its share of the training notes that have the rubric.
        n_notes: How many training notes have it; 0 where a term alone led here.
        term: The name of the code that the note holds in full; empty where the training notes alone support it.
    """

    code: str
    share: float
    n_notes: int
    term: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A diagnosis to consider; never a diagnosis.

    Attributes:
        code: The rubric: a 3-character ICD code (4 for ICD-9-CM E codes), undotted.
        icd_version: 9 or 10.
        title: The rubric's official title.
        category: The category that it belongs to.
        probability: That it is among the note's coded diagnoses; calibrated where the run holds a suggester.
        main_probability: That it is the main one: P(category) times P(rubric | category).
        is_seen: Whether any training note had it; an unseen one was reached through its title alone.
        evidence: Sentences that move the probability, the strongest first.
        full_code: A full code below it; None where the training notes support none.
    """

    code: str
    icd_version: int
    title: str
    category: str
    probability: float
    main_probability: float
    is_seen: bool
    evidence: tuple[Evidence, ...] = ()
    full_code: FullCode | None = None


@dataclass(frozen=True, slots=True)
class Suggestions(Sequence[Suggestion]):
    """The ranked suggestions for one note; a sequence, the most probable first.

    Attributes:
        items: The suggestions.
        none_of_these: Probability that no listed diagnosis is among the note's coded ones.
        mass_left_out: Probability of the categories whose rubrics were not read one by one.
        n_rubrics: How many rubrics could have been suggested.
        is_calibrated: Whether the probabilities were calibrated on validation notes; without that there are no items.
        sentences_left_out: Sentences of a very long note that were not tried as evidence.
        reason: Why there are no suggestions at all; empty where the run can suggest.
        caution: As `Prediction` has it.
    """

    items: tuple[Suggestion, ...]
    none_of_these: float
    mass_left_out: float
    n_rubrics: int
    is_calibrated: bool
    sentences_left_out: int = 0
    reason: str = ""
    caution: str = ""

    @classmethod
    def absent(cls, n_rubrics: int, reason: str, *, caution: str = "") -> "Suggestions":
        """Return what a run says that cannot suggest: nothing, and why.

        Args:
            n_rubrics: How many could have been suggested.
            reason: Why there are none.
            caution: What must be known beside every answer.
        """
        return cls((), 1.0, 1.0, n_rubrics, False, reason=reason, caution=caution)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Suggestions":
        """Return the record that `dataclasses.asdict` made plain."""
        items = []
        for item in values["items"]:
            full = FullCode(**item["full_code"]) if item["full_code"] else None
            evidence = tuple(Evidence(**sentence) for sentence in item["evidence"])
            items.append(Suggestion(**{**item, "evidence": evidence, "full_code": full}))
        return cls(**{**values, "items": tuple(items)})

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Suggestion: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Suggestion, ...]: ...
    def __getitem__(self, index: int | slice) -> Suggestion | tuple[Suggestion, ...]:
        return self.items[index]
