"""The schema of ``suggestions.json``: how good a run's suggestions are. It holds no note text."""

from typing import Literal

from pydantic import Field

from nosology.runs.schema import Schema

Interval = tuple[float, float]


class Estimate(Schema):
    """A mean over notes with its interval."""

    value: float
    interval: Interval = Field(description="95 %, percentile bootstrap over patients.")


class RankedSystem(Schema):
    """One way of ranking rubrics, on the evaluated notes; a suggestion is right if its rubric is any coded one."""

    title: str
    description: str
    hit_1: Estimate = Field(description="Share of notes whose first suggestion is right.")
    hit_5: Estimate
    hit_10: Estimate = Field(description="Share of notes with a right one among ten.")
    recall_1: Estimate = Field(description="Share of a note's coded rubrics that are found, mean over notes.")
    recall_5: Estimate
    recall_10: Estimate
    mrr: Estimate = Field(description="Mean reciprocal rank of the first right suggestion.")
    mean_average_precision: Estimate
    main_1: Estimate = Field(description="Share of notes whose first suggestion is the primary diagnosis.")
    main_10: Estimate
    seconds: float = Field(description="Wall-clock time for all notes, without fitting or loading.")


class ReliabilityBin(Schema):
    """Suggestions of similar probability."""

    lower: float
    upper: float
    n: int
    probability: float = Field(description="Mean probability.")
    share_right: float


class SuggestionResults(Schema):
    """All that one evaluation of suggestions found."""

    kind: Literal["suggestion results"] = "suggestion results"
    format: Literal[1] = 1
    n: int = Field(description="Notes evaluated: those with a code of a known rubric.")
    n_rubrics: int = Field(description="Rubrics that could be suggested.")
    n_seen: int = Field(description="Of these, rubrics that a training note had.")
    n_train_notes: int
    n_validation_notes: int = Field(description="Notes that the weights were fitted on.")
    rubrics_a_note: float
    unseen_share: float = Field(description="Share of the coded rubrics that no training note had.")
    unseen_recall_10: float | None = Field(description="Share of those that are among the ten suggestions.")
    systems: dict[str, RankedSystem]
    reliability: list[ReliabilityBin] = Field(description="Of the ten suggestions of every note.")
    debiased_ece: Estimate = Field(description="How far stated probabilities of those are off, noise taken out.")
    none_of_these: Estimate = Field(description="Mean stated probability that none of ten is right.")
    none_was_right: Estimate = Field(description="How often none was.")
    mass_left_out: float = Field(description="Mean probability of categories whose titles were not read.")
