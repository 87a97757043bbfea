"""What a run says of a note: predictions, and diagnoses to consider; as plain values, data frames and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from polars import DataFrame, DataType
    from polars.datatypes import DataTypeClass


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
    "label",
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
"""What is added to a table of notes, in this order, by the command line and by the service.

``predicted_label`` says again what ``label`` says, under its old name; it goes with the next version.
"""


def prediction_types() -> "dict[str, DataType | DataTypeClass]":
    """Return the polars type of each of `PREDICTION_COLUMNS`: stated, so that no table's types depend on its notes."""
    from polars import Boolean, Float64, Int64, List, String, Struct

    texts = dict.fromkeys(("label", "predicted_label", "reason", "caution"), String)
    truths = dict.fromkeys(("abstained", "is_calibrated"), Boolean)
    types: dict[str, DataType | DataTypeClass] = {
        **texts,
        **truths,
        "probability": Float64,
        "ranking": List(Struct({"label": String, "probability": Float64})),
        "prediction_set": List(String),
        "demands": List(Struct({"start": Int64, "end": Int64})),
        "typicality": Float64,
    }
    return {name: types[name] for name in PREDICTION_COLUMNS}


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

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values that JSON knows, in the words of ``nosology classify``.

        Where there is no category, ``label`` and ``probability`` are None and ``reason`` says why.
        """
        return {
            "label": self.label or None,
            "probability": None if self.reason else self.probability,
            "ranking": [{"label": label, "probability": probability} for label, probability in self.ranking],
            "prediction_set": list(self.prediction_set),
            "abstained": self.abstained,
            "is_calibrated": self.is_calibrated,
            "reason": self.reason,
            "caution": self.caution,
            "demands": [asdict(demand) for demand in self.demands],
            "typicality": self.typicality,
            "truncated_tokens": self.truncated_tokens,
        }

    def columns(self) -> dict[str, Any]:
        """Return what is added to a table of notes: `PREDICTION_COLUMNS` with their values."""
        found = self.to_dict()
        found["predicted_label"] = found["label"]
        return {name: found[name] for name in PREDICTION_COLUMNS}

    def _repr_html_(self) -> str:
        return Predictions([self])._repr_html_()


def _remark(item: Prediction) -> str:
    if item.demands:
        return "the note tells its reader what to answer: read it yourself"
    return item.reason or ("not sure: for people" if item.abstained else "")


class Predictions(list[Prediction]):
    """Predictions in the order of their notes: a list that a notebook shows as a table."""

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return each prediction's `Prediction.to_dict`."""
        return [prediction.to_dict() for prediction in self]

    def to_frame(self) -> "DataFrame":
        """Return a polars data frame, one row a note; ``.to_pandas()`` makes it one of pandas, where that is there."""
        from polars import DataFrame

        rows = self.to_dicts() or [Prediction("", 0.0, ()).to_dict()]
        types = {name: kind for name, kind in prediction_types().items() if name in rows[0]}
        return DataFrame(rows, infer_schema_length=None, schema_overrides=types).head(len(self))

    def _repr_html_(self) -> str:
        rows = [
            (
                str(number),
                item.label or "none",
                "" if item.reason else f"{item.probability:.0%}",
                ", ".join(item.prediction_set),
                _remark(item),
            )
            for number, item in enumerate(self, start=1)
        ]
        heads = ("note", "label", "probability", "cannot be ruled out", "remark")
        return html_table(heads, rows, "; ".join(sorted({item.caution for item in self} - {""})))


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
        demands: As `Prediction` has it.
    """

    items: tuple[Suggestion, ...]
    none_of_these: float
    mass_left_out: float
    n_rubrics: int
    is_calibrated: bool
    sentences_left_out: int = 0
    reason: str = ""
    caution: str = ""
    demands: tuple[Demand, ...] = ()

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
        demands = tuple(Demand(**demand) for demand in values.get("demands", ()))
        return cls(**{**values, "items": tuple(items), "demands": demands})

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values that JSON knows; the suggestions are ``items``."""
        return asdict(self)

    def to_frame(self) -> "DataFrame":
        """Return a polars data frame, one row a suggestion, the most probable first; empty where there are none."""
        from polars import DataFrame

        rows = [asdict(item) for item in self.items]
        return DataFrame(rows, infer_schema_length=None) if rows else DataFrame(schema=_SUGGESTION_COLUMNS)

    def _repr_html_(self) -> str:
        rows = [
            (f"{item.code}, ICD-{item.icd_version}", item.title, item.category, f"{item.probability:.0%}")
            for item in self.items
        ]
        heads = ("code", "to consider, never a diagnosis", "category", "probability")
        remark = self.reason or f"none of these: {self.none_of_these:.0%}"
        return html_table(heads, rows, "; ".join(filter(None, (remark, self.caution))))

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Suggestion: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Suggestion, ...]: ...
    def __getitem__(self, index: int | slice) -> Suggestion | tuple[Suggestion, ...]:
        return self.items[index]


_SUGGESTION_COLUMNS = tuple(item.name for item in fields(Suggestion))


def html_table(heads: Sequence[str], rows: Sequence[Sequence[str]], below: str) -> str:
    """Return a plain table for notebooks.

    Args:
        heads: The columns' heads.
        rows: Their cells, as text.
        below: A line below the table; empty for none.
    """
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    line = f"<p>{escape(below)}</p>" if below else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{line}"
