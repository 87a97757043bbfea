"""Suggestions as JSON lines, and the JSON Schema that every line keeps to.

The schema is made from the models below (``nosology schema suggestions``), the lines are made through them, so one
cannot drift from the other. Input columns stay beside the fields named here.
"""

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from nosology.export import NOTICE
from nosology.records import Suggestion, Suggestions


class Part(BaseModel):
    """A part of a line; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EvidenceLine(Part):
    """A sentence of the note that moves the suggestion."""

    start: int = Field(ge=0, description="First character, in Unicode code points of the text as it was given.")
    end: int = Field(ge=0, description="Behind the last character.")
    effect: float = Field(description="How much the suggestion's log-odds fall without the sentence.")
    negated: bool = Field(description="The sentence mentions the diagnosis only to deny it.")
    family_history: bool = Field(description="The sentence mentions the diagnosis only of a relative.")
    history: bool = Field(description="The sentence mentions the diagnosis only as past.")
    uncertain: bool = Field(description="The sentence mentions the diagnosis only as suspected or to be excluded.")
    term: str = Field(description="The official name that the sentence met; empty if none did.")


class FullCodeLine(Part):
    """A full code below the rubric."""

    code: str
    share: float = Field(ge=0, le=1, description="Of the training notes that have the rubric.")
    n_notes: int = Field(ge=0, description="Training notes that have the full code.")
    term: str = Field(description="The code's name that the note holds in full; empty where training notes support it.")


class SuggestionLine(Part):
    """A diagnosis to consider."""

    code: str = Field(pattern=r"^[0-9A-Z]{3,4}$", description="The ICD rubric, undotted.")
    icd_version: int = Field(description="9 (ICD-9-CM) or 10 (ICD-10-CM).", json_schema_extra={"enum": [9, 10]})
    title: str = Field(min_length=1, description="The rubric's official title.")
    category: str
    probability: float = Field(
        ge=0, le=1, description="That the rubric is among the note's coded diagnoses; a note has several, so no sum."
    )
    main_probability: float = Field(
        ge=0, le=1, description="That it is the main one: P(category) times P(rubric | category); sums to at most 1."
    )
    is_seen: bool = Field(description="Whether a training note had it; if not, its title alone led here.")
    evidence: list[EvidenceLine] = Field(description="The strongest first.")
    full_code: FullCodeLine | None = Field(description="Where enough training notes agree on one.")


class DemandLine(Part):
    """A passage that tells the reader what to answer, in Unicode code points of the text as it was given."""

    start: int = Field(ge=0, description="First character.")
    end: int = Field(ge=0, description="Behind the last character.")


class SuggestedNote(BaseModel):
    """One line: one note's suggestions beside its own columns."""

    model_config = ConfigDict(extra="allow", frozen=True, title="nosology suggestions, one note")

    suggestions: list[SuggestionLine] = Field(description="The most probable first.")
    none_of_these: float = Field(ge=0, le=1, description="Probability that no listed diagnosis is coded.")
    mass_left_out: float = Field(ge=0, le=1, description="Probability of categories whose rubrics were not read.")
    n_rubrics: int = Field(ge=1, description="How many rubrics could have been suggested.")
    is_calibrated: bool = Field(description="Whether probabilities were calibrated on validation notes.")
    sentences_left_out: int = Field(
        0, ge=0, description="Sentences of a very long note that were not tried as evidence."
    )
    reason: str = Field("", description="Why there are no suggestions at all; empty where the run can suggest.")
    caution: str = Field("", description="What must be known beside every answer of this run; empty: nothing.")
    demands: list[DemandLine] = Field(
        [], description="Passages that tell the reader what to answer instead of telling of the patient."
    )
    notice: str = Field(NOTICE, description="What suggestions are and are not.")


def suggested_note(found: Suggestions) -> dict[str, Any]:
    """Return one note's suggestions as the fields of a line."""
    line = SuggestedNote(
        suggestions=[_line(item) for item in found],
        none_of_these=found.none_of_these,
        mass_left_out=found.mass_left_out,
        n_rubrics=found.n_rubrics,
        is_calibrated=found.is_calibrated,
        reason=found.reason,
        sentences_left_out=found.sentences_left_out,
        caution=found.caution,
        demands=[DemandLine(**asdict(demand)) for demand in found.demands],
        notice=NOTICE,
    )
    return line.model_dump(mode="json")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a line."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **SuggestedNote.model_json_schema()}


def _line(item: Suggestion) -> SuggestionLine:
    full = item.full_code
    return SuggestionLine(
        code=item.code,
        icd_version=item.icd_version,
        title=item.title,
        category=item.category,
        probability=item.probability,
        main_probability=item.main_probability,
        is_seen=item.is_seen,
        evidence=[EvidenceLine(**asdict(evidence)) for evidence in item.evidence],
        full_code=FullCodeLine(**asdict(full)) if full else None,
    )
