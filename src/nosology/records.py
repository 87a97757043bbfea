"""The records that cross a boundary between modules. All are frozen.

Clinical text never shows in a `repr`: fields that hold text are declared with `repr=False`, so that a log line or a
traceback that prints a record cannot leak a note.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


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
class Prediction:
    """What the classifier says of one note.

    Attributes:
        label: The most probable category.
        probability: Its probability, calibrated where the run holds a calibration.
        ranking: Every category with its probability, best first; sums to 1.
        prediction_set: Categories of the conformal set; empty tuple where the run holds none.
        abstained: True where the probability is below the run's abstention threshold.
        truncated_tokens: Note tokens that did not fit and were left out.
    """

    label: str
    probability: float
    ranking: tuple[tuple[str, float], ...]
    prediction_set: tuple[str, ...] = ()
    abstained: bool = False
    truncated_tokens: int = 0
