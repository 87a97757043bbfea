"""What the service takes and gives, with an example each; the OpenAPI page is made from these."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from nosology.feedback.store import Decision
from nosology.text.normalize import is_blank

EXAMPLE_NOTE = (
    "72-year-old man with sudden crushing chest pain radiating to the left arm, diaphoresis and nausea. ECG shows ST "
    "elevation in the anterior leads; troponin is raised. Taken to the catheterization laboratory, stent to the left "
    "anterior descending artery. Discharged on aspirin, clopidogrel, metoprolol and atorvastatin."
)
UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
Identifier = Annotated[str, StringConstraints(max_length=200, pattern=_PRINTABLE)]


_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_RECEIPT = "eyJsYWJlbCI6..."
_PREDICTION: dict[str, Any] = {
    "id": "a",
    "label": "Cardiovascular",
    "probability": 0.91,
    "ranking": [{"label": "Cardiovascular", "probability": 0.91}, {"label": "Respiratory", "probability": 0.09}],
    "prediction_set": ["Cardiovascular"],
    "abstained": False,
    "is_calibrated": True,
    "truncated_tokens": 0,
    "note_sha256": _HASH,
    "receipt": _RECEIPT,
}
_SUGGESTED: dict[str, Any] = {
    "suggestions": [
        {
            "code": "I21",
            "icd_version": 10,
            "title": "Acute myocardial infarction",
            "category": "Cardiovascular",
            "probability": 0.62,
            "is_seen": True,
            "evidence": [{"start": 0, "end": 97, "effect": 2.1, "negated": False, "family_history": False}],
        }
    ],
    "none_of_these": 0.07,
    "mass_left_out": 0.01,
}

MOST_NOTES = 1_000  # looked at in one request, whatever a service's own limit is
_MOST_FIELDS = 20  # of one object; each unknown one is an error of its own


class Bounded(BaseModel):
    """Refuses an object of very many fields before it looks at them, and never prints its values."""

    model_config = ConfigDict(hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _has_few_fields(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(value) > _MOST_FIELDS:
            raise PydanticCustomError("too_many_fields", "too many fields")
        return value


class Strict(Bounded):
    """Refuses fields that it does not know, too."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NoteIn(Strict):
    """One note."""

    id: Identifier = Field(default="", description="Comes back with the prediction.", examples=["a"])
    text: str = Field(repr=False, min_length=1, description="The note as it was written.", examples=[EXAMPLE_NOTE])
    patient_id: Identifier = Field(default="", description="Whose note it is, for FHIR; empty where nobody says.")

    @field_validator("text")
    @classmethod
    def _has_words(cls, text: str) -> str:
        if is_blank(text):
            raise ValueError("blank")
        return text


class ClassifyIn(Strict):
    """Notes to read."""

    notes: list[NoteIn] = Field(min_length=1, max_length=MOST_NOTES, description="One or more notes.")
    model_config = ConfigDict(json_schema_extra={"example": {"notes": [{"id": "a", "text": EXAMPLE_NOTE}]}})


class SuggestIn(ClassifyIn):
    """Notes to suggest diagnoses for."""

    k: int = Field(default=10, ge=1, le=50, description="How many diagnoses for each note.")


class Ranked(BaseModel):
    """A category with its probability."""

    label: str = Field(description="The category.", examples=["Cardiovascular"])
    probability: float = Field(ge=0, le=1, description="Its probability.", examples=[0.91])


class DemandOut(BaseModel):
    """A passage that was not read, or tells the reader what to answer; in code points of the note as it was sent."""

    start: int = Field(ge=0, description="First character.")
    end: int = Field(ge=0, description="Behind the last character.")


class PredictionOut(BaseModel):
    """What the run says of one note."""

    id: str = Field(description="As the request gave it.", examples=["a"])
    label: str = Field(description="The most probable category.", examples=["Cardiovascular"])
    probability: float = Field(
        ge=0, le=1, description="Of the category; calibrated where the run holds a calibration.", examples=[0.91]
    )
    ranking: list[Ranked] = Field(description="Every category, best first; the probabilities sum to 1.")
    prediction_set: list[str] = Field(
        description="Categories that cannot be ruled out; all where nothing was calibrated."
    )
    abstained: bool = Field(description="True: not sure; a person should read this note.")
    is_calibrated: bool = Field(
        description="False: never evaluated, or on too few notes; then every note is left to people."
    )
    truncated_tokens: int = Field(ge=0, description="Tokens of the note that did not fit and were left out.")
    unread: list[DemandOut] = Field(default=[], description="Where they stood in the note.")
    note_sha256: str = Field(description="Stands for the note in the audit log.")
    receipt: str = Field(description="Hand it back with a decision; signed by this service.")
    reason: str = Field(
        default="", description="Why there is no category, as of an empty row of a table; empty where there is one."
    )
    caution: str = Field(
        default="",
        description="What must be known beside every answer: that the run was calibrated on other people's notes.",
    )
    demands: list[DemandOut] = Field(
        default=[], description="Passages that tell the reader what to answer instead of telling of the patient."
    )
    typicality: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Share of the notes that the run was calibrated on that look at least as strange; below .05 no "
        "category is given. Null where the run was not calibrated on local notes.",
    )


class EvidenceOut(BaseModel):
    """A sentence that moves a suggestion, in Unicode code points of the note as it was sent."""

    start: int = Field(ge=0, description="First character.")
    end: int = Field(ge=0, description="Behind the last character.")
    effect: float = Field(description="How much the suggestion's log-odds fall without the sentence.")
    negated: bool = Field(description="It mentions the diagnosis only to deny it.")
    family_history: bool = Field(description="It mentions the diagnosis only of a relative.")
    history: bool = Field(default=False, description="It mentions the diagnosis only as past.")
    uncertain: bool = Field(default=False, description="It mentions the diagnosis only as suspected or to be excluded.")
    term: str = Field(default="", description="The official name that the sentence met; empty if none did.")


class FullCodeOut(BaseModel):
    """A full code below a rubric."""

    code: str = Field(description="The ICD code, undotted and upper case.", examples=["I214"])
    share: float = Field(ge=0, le=1, description="Its share of the training notes that have the rubric.")
    n_notes: int = Field(ge=0, description="Training notes that have it.")
    term: str = Field(description="The code's name that the note holds in full; empty where training notes support it.")


class SuggestionOut(BaseModel):
    """A diagnosis to consider; never a diagnosis."""

    code: str = Field(description="The ICD rubric, undotted.", examples=["I21"])
    icd_version: Literal[9, 10] = Field(description="9 (ICD-9-CM) or 10 (ICD-10-CM).")
    title: str = Field(description="The rubric's official title.", examples=["Acute myocardial infarction"])
    category: str = Field(description="The category that it belongs to.", examples=["Cardiovascular"])
    probability: float = Field(ge=0, le=1, description="That it is among the note's coded diagnoses.", examples=[0.62])
    is_seen: bool = Field(description="Whether any training note had it.")
    evidence: list[EvidenceOut] = Field(description="The sentences that move it, the strongest first.")
    full_code: FullCodeOut | None = Field(
        default=None, description="Where a name or enough training notes support one."
    )


class SuggestedOut(PredictionOut):
    """A prediction with diagnoses to consider."""

    suggestions: list[SuggestionOut] = Field(description="The most probable first.")
    none_of_these: float = Field(ge=0, le=1, description="Probability that no listed diagnosis is coded.")
    mass_left_out: float = Field(ge=0, le=1, description="Probability of categories that were not looked into.")
    suggestions_reason: str = Field(default="", description="Why there are no suggestions at all.")
    sentences_left_out: int = Field(
        default=0, ge=0, description="Sentences of a very long note that were not tried as evidence."
    )


class ClassifyOut(BaseModel):
    """Predictions in the order of the notes."""

    predictions: list[PredictionOut] = Field(description="One for each note.")
    model_config = ConfigDict(json_schema_extra={"example": {"predictions": [_PREDICTION]}})


class SuggestOut(BaseModel):
    """Suggestions in the order of the notes."""

    predictions: list[SuggestedOut] = Field(description="One for each note.")
    model_config = ConfigDict(json_schema_extra={"example": {"predictions": [_PREDICTION | _SUGGESTED]}})


class CodeIn(Strict):
    """An ICD code that a person decided for."""

    value: str = Field(
        min_length=1,
        max_length=12,
        pattern=r"^[A-Za-z0-9.]+$",
        description="With or without its dot.",
        examples=["I21"],
    )
    version: Literal[9, 10] = Field(description="9 (ICD-9-CM) or 10 (ICD-10-CM).")


class DecisionIn(Strict):
    """What a person made of a prediction."""

    id: str | None = Field(
        default=None,
        pattern=UUID,
        description="A UUID of the caller's; sent twice, it counts once.",
        examples=["7c9e6679-7425-40de-944b-e07fc1f90ae7"],
    )
    receipt: str = Field(max_length=8192, description="Of the prediction.", examples=[_RECEIPT])
    verdict: Literal["accepted", "corrected", "undone"] = Field(
        description="undone: what was decided on the note before does not count any more."
    )
    category: Identifier | None = Field(default=None, description="The right category; needed for a correction.")
    code: CodeIn | None = Field(default=None, description="The right diagnosis, where one was chosen.")
    note_id: Identifier = Field(default="", description="How the caller knows the note.", examples=["a"])
    patient_id: Identifier = Field(default="", description="Whose note it is; splits are drawn over patients.")
    text: str | None = Field(
        default=None, repr=False, description="The note; kept, de-identified, only by a service told to keep texts."
    )


class DecisionOut(BaseModel):
    """A stored decision. Never holds text."""

    id: str = Field(description="The decision's UUID.", examples=["7c9e6679-7425-40de-944b-e07fc1f90ae7"])
    decided_at: str = Field(description="When, in UTC (ISO 8601).", examples=["2026-11-28T10:00:00+00:00"])
    actor: str = Field(description="Whose key it came with.", examples=["ward-3"])
    note_id: str = Field(description="As the caller gave it.", examples=["a"])
    note_sha256: str = Field(description="Stands for the note in the audit log.", examples=[_HASH])
    predicted: str = Field(description="The category that was predicted.", examples=["Cardiovascular"])
    probability: float = Field(description="Its probability then.", examples=[0.91])
    abstained: bool = Field(description="Whether the run was not sure.")
    verdict: Literal["accepted", "corrected", "undone"] = Field(
        description="undone: what was decided on the note before does not count any more."
    )
    category: str = Field(description="The category that the person decided for.", examples=["Cardiovascular"])
    code: str | None = Field(description="The chosen diagnosis, undotted; null where none was.", examples=["I21"])
    icd_version: int | None = Field(description="Of the code; null where none was chosen.", examples=[10])
    has_text: bool = Field(description="Whether the de-identified note was kept.")
    blind: bool = Field(description="Whether the person decided before the prediction was shown.")


def decision_out(decision: Decision) -> DecisionOut:
    """Return a decision as it is shown: without text."""
    return DecisionOut(
        id=decision.decision_id,
        decided_at=decision.decided_at,
        actor=decision.actor,
        note_id=decision.note_id,
        note_sha256=decision.note_sha256,
        predicted=decision.predicted,
        probability=decision.probability,
        abstained=decision.abstained,
        verdict=decision.verdict,
        category=decision.category,
        code=decision.code,
        icd_version=decision.icd_version,
        has_text=decision.text is not None,
        blind=decision.blind,
    )


class DecisionsOut(BaseModel):
    """The newest decisions, newest first."""

    decisions: list[DecisionOut] = Field(description="Without texts.")


class StatusOut(BaseModel):
    """Whether the service is well, part by part."""

    status: Literal["ok", "degraded", "unavailable", "stopping"] = Field(description="The worst of its parts.")
    parts: dict[str, str] = Field(description="What each part says of itself.")


class SessionIn(Strict):
    """An API key, exchanged for a cookie that the page's links can use."""

    key: str = Field(
        repr=False, max_length=200, description="As `nosology keys create` printed it.", examples=["k-..."]
    )


class SessionOut(BaseModel):
    """Who is using the page."""

    needs_key: bool = Field(description="Whether this service asks for keys.")
    actor: str | None = Field(description="Whose key it is; null where nobody has shown one.")


class Agreed(BaseModel):
    """How many decisions accept the prediction."""

    n_decisions: int = Field(description="Notes that somebody decided on.")
    n_accepted: int = Field(description="Of those, how many predictions were right.")
    n_corrected: int = Field(description="Of those, how many were not.")
    agreement: float | None = Field(description="Share accepted; null before the first decision.")
    agreement_interval: list[float] | None = Field(min_length=2, max_length=2, description="95 %, Wilson's.")


class AgreementOut(Agreed):
    """How often people agreed with the run, and whether today's notes look like the training notes."""

    blind: Agreed = Field(description="Of decisions that were made before the prediction was shown.")
    seen: Agreed = Field(description="Of decisions by people who saw the prediction first, and agree more easily.")
    categories: list[dict[str, Any]] = Field(description="The same by predicted category, and what was right instead.")
    drift: dict[str, Any] | None = Field(description="Today's mix of categories beside the training notes'.")


class FieldProblem(BaseModel):
    """One field that was not accepted."""

    field: str = Field(description="Where, by names of the schema and positions.", examples=["body.notes.0.text"])
    problem: str = Field(description="What is wrong, in words of the service.", examples=["is missing"])


class Problem(BaseModel):
    """An error (RFC 9457). Never quotes the request."""

    type: str = Field(default="about:blank", description="Always about:blank: title and status say the kind.")
    title: str = Field(description="The status in words.", examples=["Unprocessable Content"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(description="What is wrong, and what to do.", examples=["The request is not valid."])
    request_id: str = Field(description="Names the request in the service's log.", examples=["3f2a9c"])
    fields: list[FieldProblem] = Field(default=[], description="The first of them.")
    more_problems: int = Field(default=0, ge=0, description="How many more fields were not accepted.")
