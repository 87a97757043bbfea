"""The schema of ``results.json``: everything an evaluation found, typed, so that a report computes nothing.

Conventions: shares, probabilities and scores are between 0 and 1; every interval is ``[low, high]`` at 95 %; matrices
are row by row, true category by predicted category, in the order of `Results.labels`; seconds are wall-clock. A value
that a system cannot have (a probability, for a parsed answer) is null, never 0. No field holds note text.
"""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from nosology.records.answers import html_table
from nosology.runs.schema import Schema

if TYPE_CHECKING:
    from polars import DataFrame

Interval = tuple[float, float]
Verdict = Literal["agree", "unclear", "differ"]
"""Whether stated probabilities agree with what was counted."""


class CategoryScores(Schema):
    """Precision, recall and F1 of one category; a score with nothing to divide by is 0, as in scikit-learn."""

    precision: float
    recall: float
    f1: float
    support: int = Field(description="Notes whose true category this is.")


class CategoryDetection(Schema):
    """One category against all others; null is what these notes cannot say."""

    sensitivity: float | None = Field(description="Share of its notes that were answered with it: the recall.")
    sensitivity_interval: Interval | None = Field(description="Wilson.")
    specificity: float | None = Field(description="Share of the other notes that were not taken for it.")
    specificity_interval: Interval | None = Field(description="Wilson.")
    auroc: float | None = Field(description="Area under the ROC curve; null without probabilities.")
    auprc: float | None = Field(description="Average precision; chance gives the category's share of the notes.")


class Averages(Schema):
    """Means over categories. Macro: over those that occur in the split. Weighted: by support."""

    precision: float
    recall: float
    f1: float


class ConfusedPair(Schema):
    """Notes of one category that were taken for another."""

    true: str
    predicted: str
    n: int
    share: float = Field(description="Share of the true category's notes.")


class Bin(Schema):
    """One bar of a reliability diagram: notes whose top probability lies in ``(lower, upper]``."""

    lower: float
    upper: float
    n: int
    confidence: float = Field(description="Mean top probability.")
    accuracy: float
    accuracy_interval: Interval = Field(description="Wilson.")


class CoveragePoint(Schema):
    """What accuracy is reached when only the most certain notes are answered."""

    coverage: float = Field(description="Share of notes answered.")
    accuracy: float = Field(description="Accuracy on those.")
    threshold: float = Field(description="Smallest top probability among them.")


class ProbabilityScores(Schema):
    """How honest the probabilities are. All but log loss are about shares; lower is better."""

    ece: float = Field(description="Expected calibration error of the top category, 15 equal-width bins.")
    ece_debiased: float = Field(
        description="The same over 15 equal-mass bins, without the part that a finite sample adds by itself."
    )
    ece_debiased_interval: Interval = Field(description="Every error that the notes do not contradict, by simulation.")
    calibration_p_value: float = Field(
        description="Chance of an ECE this large if the probabilities were honest (consistency resampling)."
    )
    verdict: Verdict | None = Field(
        None,
        description="`agree`: neither the p-value (below .05) nor the interval (above 0) rejects the claim that the "
        "probabilities are honest; `differ`: both do; `unclear`: one does.",
    )
    brier: float = Field(description="Mean squared error summed over categories, 0 to 2.")
    log_loss: float = Field(description="Mean negative log-probability of the true category, in nats.")


class Subgroup(Schema):
    """One system's accuracy on a part of the notes."""

    column: str
    value: str
    n: int
    accuracy: float
    accuracy_interval: Interval = Field(description="Wilson.")
    macro_f1: float
    difference: float | None = Field(None, description="Accuracy less that of all other notes.")
    difference_interval: Interval | None = Field(None, description="Newcombe's hybrid score interval.")


class SystemResult(Schema):
    """One way of answering, on the evaluated notes."""

    title: str
    description: str
    trained_on: str
    settings: dict[str, Any] = Field(default_factory=dict, description="What was chosen while fitting it.")
    n: int
    accuracy: float
    accuracy_interval: Interval = Field(description="Wilson.")
    macro_f1: float
    macro_f1_interval: Interval = Field(description="Percentile bootstrap over patients.")
    macro_average: Averages
    weighted_average: Averages
    top3_accuracy: float | None = Field(description="Share of notes whose true category is among the best three.")
    ece: float | None
    brier: float | None
    log_loss: float | None
    probabilities: ProbabilityScores | None
    invalid: int = Field(description="Answers that name no category.")
    invalid_share: float
    invalid_by_category: list[int]
    report: dict[str, CategoryScores]
    detection: dict[str, CategoryDetection] = Field(default_factory=dict)
    confusion_matrix: list[list[int]] = Field(description="Unparseable answers are in `invalid_by_category` instead.")
    confused_pairs: list[ConfusedPair]
    reliability: list[Bin]
    risk_coverage: list[CoveragePoint]
    aurc: float | None = Field(description="Area under the risk-coverage curve; lower is better.")
    answered_at_target: float | None = Field(
        description="Largest share of notes that can be answered at the chosen selective accuracy, read off this split."
    )
    subgroups: list[Subgroup]
    seconds: float
    notes_per_second: float


class Comparison(Schema):
    """Two systems on the same notes; differences are first minus second."""

    first: str
    second: str
    accuracy_difference: float
    accuracy_difference_interval: Interval = Field(description="Paired bootstrap over patients.")
    macro_f1_difference: float
    macro_f1_difference_interval: Interval = Field(description="Paired bootstrap over patients.")
    bootstrap_p_value: float = Field(description="Two-sided, of the accuracy difference.")
    only_first_right: int
    only_second_right: int
    mcnemar_p_value: float = Field(description="Exact, two-sided.")
    mcnemar_p_value_holm: float = Field(description="Adjusted for the number of comparisons (Holm 1979).")


class ConformalResult(Schema):
    """Prediction sets on the evaluated notes."""

    kind: Literal["marginal", "per_category"]
    target: float = Field(description="Coverage aimed at.")
    coverage: float = Field(description="Share of notes whose set holds the true category.")
    coverage_interval: Interval = Field(description="Wilson.")
    mean_size: float = Field(description="Categories per set.")
    single_share: float = Field(description="Share of notes whose set is one category.")
    empty_share: float = Field(0.0, description="Share of notes whose set is empty: unlike all that the run has seen.")
    fallback_categories: list[str] = Field(
        description="Categories with too few calibration notes for a threshold of their own; they share one."
    )


class CalibrationResult(Schema):
    """A calibration: how it was fitted, and what it does on the evaluated notes."""

    method: str
    temperature: float
    n_notes: int = Field(description="Validation notes it was fitted on.")
    candidates: dict[str, float] = Field(description="Cross-validated log loss of every method tried, in nats.")
    before: ProbabilityScores
    after: ProbabilityScores
    reliability_before: list[Bin]
    fitted_on_this_split: bool = Field(description="True where the evaluated notes are the ones it was fitted on.")
    selective_accuracy: float = Field(description="Accuracy that the abstention threshold aims at.")
    threshold: float | None = Field(description="Null where no threshold reached that accuracy on validation notes.")
    answered: int
    answered_share: float
    answered_accuracy: float | None
    answered_accuracy_interval: Interval | None = Field(description="Wilson.")
    abstained_accuracy: float | None = Field(description="Accuracy it would have had on the notes it left to people.")
    conformal: list[ConformalResult]


class CategoryShare(Schema):
    """How common a category is among the training notes and among the evaluated ones."""

    category: str
    n_train: int
    n_evaluated: int
    train: float
    evaluated: float


class Lengths(Schema):
    """Words per note."""

    median: float
    p10: float
    p90: float
    maximum: int


class Distribution(Schema):
    """How the evaluated notes differ from those the model was trained on."""

    categories: list[CategoryShare]
    total_variation: float = Field(description="Half the summed difference of category shares: 0 same, 1 disjoint.")
    shares_p_value: float = Field(description="Chi-squared test that both were drawn from one mix of categories.")
    train_words: Lengths
    evaluated_words: Lengths
    new_words_share: float = Field(description="Share of running words that occur in no training note.")
    truncated_notes_share: float | None = Field(description="Share of notes the model could not read whole.")
    truncated_tokens: int | None = Field(description="Note tokens left out, summed over the notes.")
    truncated_tokens_share: float | None = Field(None, description="The same as a share of all note tokens.")
    shared_patients: int = Field(description="Patients with notes on both sides.")
    shared_texts: int = Field(description="Evaluated notes whose text is also a training note.")


class PositionResult(Schema):
    """The same notes under an instruction that lists the categories in another order."""

    accuracy: float
    changed: float = Field(description="Share of notes with another answer.")
    changed_to_earlier: float | None = Field(
        description="Of those, the share whose new answer is listed before the old one; .5 without bias."
    )


class InjectionResult(Schema):
    """The same notes with a demand for another category at their end."""

    kind: str
    accuracy: float
    changed: float = Field(description="Share of notes with another answer.")
    obeyed: float = Field(description="Share of notes whose answer became the demanded category.")


class Robustness(Schema):
    """How the tuned model's answers change with what should not matter."""

    n: int = Field(description="Notes read again, drawn at random.")
    accuracy: float = Field(description="On those notes, as they are.")
    position: PositionResult
    injections: list[InjectionResult]


MISTAKE = "surest, wrong"
"""Why an example was picked: the most confident mistakes."""


class ShownPrediction(Schema):
    """One prediction, by id and hash."""

    note_id: str
    prompt_sha256: str
    why: str = Field(description="Why this note was picked.")
    true_label: str
    predicted_label: str
    probability: float
    ranking: list[tuple[str, float]] = Field(description="The best five.")
    prediction_set: list[str]
    abstained: bool
    base_label: str | None = Field(description="What the base model said, scored its best way.")


class Summary(Schema):
    """What a clinician asks first, as numbers."""

    best_base: str | None = Field(description="The best of the base model's ways of answering, by accuracy.")
    best_baseline: str | None = Field(description="The best system without a language model, by accuracy.")
    weakest: list[str] = Field(description="Categories with the lowest F1 of the tuned model, worst first.")
    strongest: list[str]


class Provenance(Schema):
    """Enough to repeat it."""

    run: str
    split: str
    dataset: str
    dataset_manifest_sha256: str
    training_dataset: str
    training_dataset_manifest_sha256: str
    is_training_dataset: bool = Field(description="False where another dataset is evaluated.")
    labels_sha256: str
    note_ids_sha256: str = Field(description="SHA-256 over the evaluated note ids, one a line, in order.")
    train_note_ids_sha256: str
    n_train_notes: int
    n_train_split_notes: int | None = Field(
        None, description="Notes of the training split, of which `n_train_notes` were learned from."
    )
    n_split_notes: int = Field(description="Notes of the split, of which `n` were evaluated.")
    prompt_sha256: str
    model: dict[str, Any]
    seed: int
    bootstrap_samples: int
    n_patients: int = Field(description="Patients of the evaluated notes: what the bootstrap draws.")
    config: dict[str, Any]
    environment: dict[str, str]
    training_environment: dict[str, str]
    training_timings: dict[str, Any]
    evaluated_at: str = Field(description="UTC, ISO 8601.")
    seconds: float


class Results(Schema):
    """All that one evaluation found."""

    kind: Literal["results"] = "results"
    format: Literal[1] = 1
    n: int = Field(description="Notes evaluated.")
    labels: list[str]
    systems: dict[str, SystemResult]
    tests: list[Comparison]
    summary: Summary
    calibration: CalibrationResult | None
    calibration_note: str = Field("", description="Why there is no calibration, where there is none.")
    ensemble_calibration: CalibrationResult | None = Field(None, description="The same of the ensemble.")
    encoder_calibration: CalibrationResult | None = Field(
        None, description="The same of the encoder; null where there was none, or too few validation notes."
    )
    distribution: Distribution
    robustness: Robustness | None = Field(None, description="Null where it was not measured.")
    funnel: list[dict[str, Any]] = Field(description="How the evaluated dataset came about, step by step.")
    examples: list[ShownPrediction]
    provenance: Provenance

    def to_frame(self) -> "DataFrame":
        """Return the systems as a polars data frame, one row each, with the figures of the report's first table."""
        from polars import DataFrame

        rows = [
            {"system": name} | {field: getattr(found, field) for field in _SHOWN}
            for name, found in self.systems.items()
        ]
        return DataFrame(rows, infer_schema_length=None)

    def _repr_html_(self) -> str:
        rows = [
            (
                found.title,
                f"{found.accuracy:.1%} ({found.accuracy_interval[0]:.1%} to {found.accuracy_interval[1]:.1%})",
                f"{found.macro_f1:.3f}",
                "" if found.ece is None else f"{found.ece:.3f}",
            )
            for found in self.systems.values()
        ]
        return html_table(("system", "accuracy (95% interval)", "macro-F1", "ECE"), rows, f"{self.n:,} notes")


_SHOWN = ("accuracy", "accuracy_interval", "macro_f1", "macro_f1_interval", "ece", "invalid", "seconds")
