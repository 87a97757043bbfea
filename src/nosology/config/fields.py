"""The configuration of a whole job, one YAML file: preparation, model, training, evaluation.

Every field has a default and a sentence that says what it does, from which the reference page is generated; a
unit stands in the field's name. Unknown keys are errors, and all errors of a file are reported at once. Configuration
objects stay at the workflows' level: engines take plain arguments.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

EMBEDDED_MODEL = "embedded:smollm2-135m-instruct"


class ConfigSection(BaseModel):
    """A part of the configuration; unknown keys and numbers without an end are refused, and values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PrepareConfig(ConfigSection):
    """What is done to a note before a model sees it, and which notes stay."""

    preset: Literal["paper", "full"] = Field(
        "full",
        description="`paper`: lower case, no punctuation, 50-100 words, as in the original project. `full`: case and "
        "punctuation kept, no upper word limit. Fields given beside it win.",
    )
    label_set: str = Field("icd-chapters-18", description="A shipped label set's name, or a TSV file of your own.")
    label_rule: Literal["primary", "dominant"] = Field(
        "primary",
        description="Which code labels a note: the primary one (sequence number 1), or the category with most "
        "distinct rubrics.",
    )
    icd10_mapping: Literal["chapter", "equivalence"] = Field(
        "chapter", description="How ICD-10-CM codes find their category: by chapter, or through the tables to ICD-9-CM."
    )
    deidentify: bool = Field(True, description="Replace identifiers. Switch off only for text that never had any.")
    deidentify_style: Literal["token", "surrogate"] = Field(
        "token", description="`token`: `<NAME>`. `surrogate`: consistent invented values, dates shifted per patient."
    )
    leak: Literal["keep", "strip"] = Field(
        "keep", description="Whether sections that state the diagnosis stay (`keep`) or are dropped (`strip`)."
    )
    addenda: Literal["keep", "merge", "drop"] = Field(
        "keep",
        description="Several notes of one admission and category (a report and its addenda): `keep` each, `merge` them "
        "into one in the order of their ids, or `drop` all but the first. Lengths are judged after this.",
    )
    lowercase: bool = Field(False, description="Lower-case the text.")
    strip_punctuation: bool = Field(False, description="Replace everything but letters, digits and spaces by a space.")
    min_words: Annotated[int, Field(ge=0)] = Field(20, description="Notes with fewer words are dropped.")
    max_words: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Notes with more words are dropped; empty for no limit."
    )
    drop_duplicates: bool = Field(True, description="Drop notes whose prepared text is the same as an earlier one's.")
    drop_near_duplicates: bool = Field(True, description="Drop near copies (MinHash over word shingles).")
    split_shares: tuple[float, float, float] = Field(
        (0.8, 0.1, 0.1), description="Shares of patients in train, validation and test."
    )
    seed: int = Field(0, description="Seed of the split.")
    max_failed_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.01, description="Stop when more than this share of rows cannot be read."
    )

    @model_validator(mode="before")
    @classmethod
    def _apply_preset(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("preset") == "paper":
            paper = {
                "lowercase": True,
                "strip_punctuation": True,
                "min_words": 50,
                "max_words": 100,
                "drop_near_duplicates": False,
            }
            return paper | values
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        if any(share < 0 for share in self.split_shares) or abs(sum(self.split_shares) - 1) > 1e-9:
            raise ValueError("split_shares must be three shares of at least 0 that sum to 1")
        if self.max_words is not None and self.max_words < self.min_words:
            raise ValueError("max_words is below min_words")
        return self


class ModelConfig(ConfigSection):
    """Which model, and how a note is put before it."""

    name: str = Field(EMBEDDED_MODEL, description="`embedded:smollm2-135m-instruct`, a Hub name, or a folder.")
    revision: str | None = Field(None, description="Hub revision (a commit) to pin.")
    prompt: str = Field("physician-v1", description="A shipped prompt template's name, or a .jinja file of your own.")
    max_note_tokens: Annotated[int, Field(ge=16)] = Field(
        1024, description="A longer note is shortened to this many tokens; instruction and answer never are."
    )
    shortening: Literal["sections", "middle"] = Field(
        "sections",
        description="What a longer note loses. `sections`: the sections that tell least about the diagnosis (a note "
        "without headers loses its middle); `middle`: always the middle.",
    )
    dtype: Literal["auto", "native", "float32", "bfloat16"] = Field(
        "auto",
        description="Number format of the frozen weights. `auto`: bfloat16 on a GPU; on a CPU float32, but for "
        "training bfloat16 where the processor multiplies it natively. `native`: bfloat16 there for reading notes too, "
        "two to three times as fast, with probabilities that differ between processors by a point or so.",
    )
    load_in_4bit: bool = Field(False, description="4-bit base weights (QLoRA); needs CUDA and bitsandbytes.")
    engine: Literal["transformers", "unsloth"] = Field(
        "transformers",
        description="What loads and trains the model. `unsloth` (CUDA, installed apart) reads each note as a padded "
        "sequence with its own kernels; scoring is the same for both.",
    )
    scoring: Literal["joint", "constrained"] = Field(
        "joint",
        description="How an answer is scored: `joint`, the probability of its whole name; `constrained`, with every "
        "step choosing only among tokens that continue some answer (fewer tokens to read).",
    )


class CourseConfig(ConfigSection):
    """Phrases from official vocabularies and invented notes that are learned together with the notes."""

    phrases: Annotated[int, Field(ge=0)] = Field(
        0, description="Course texts shuffled among the training notes; 0 for none. The label set must have codes."
    )
    notes: Annotated[int, Field(ge=0)] = Field(
        0, description="Invented notes in many styles, shuffled among the training notes as well; 0 for none."
    )
    epochs: Annotated[int, Field(ge=1)] = Field(1, description="How often each is read in one pass over the notes.")
    seed: int = Field(0, description="Seed of the course.")


AUTO_BATCH = 8
"""Notes of a batch where its size is left to the memory at hand."""


class TrainConfig(ConfigSection):
    """LoRA and the training loop."""

    start: str = Field(
        "base",
        description="What training goes on from: `base`, a fresh adapter on the base model; `starter`, the run that "
        "comes with nosology; or the folder of a finished run, with whose adapter it begins (same base model, rank, "
        "targets and head).",
    )
    start_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0,
        description="How much of the adapter that training began with stays in the result, weight by weight; says "
        "nothing where `start` is `base`. A half keeps much of what it knew of notes unlike those of the training.",
    )
    course: CourseConfig = Field(
        default_factory=lambda: CourseConfig(),
        description="Phrases and invented notes to learn together with the notes, see `nosology course`.",
    )
    demands: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0,
        description="Share of the training texts, the course's too, into which a demand for a wrong category is "
        "written while the answer stays: the model learns not to obey a note.",
    )

    head: Literal["answer", "classification"] = Field(
        "answer",
        description="`answer`: a category is as likely as its name. `classification`: a linear layer of one row a "
        "category in the vocabulary's place, saved with the adapter; such a model can suggest no diagnoses.",
    )
    lora_r: Annotated[int, Field(ge=1)] = Field(16, description="LoRA rank.")
    lora_alpha: Annotated[float, Field(gt=0)] = Field(
        32, description="LoRA scale: updates are multiplied by alpha / r."
    )
    lora_dropout: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="Dropout before the LoRA matrices.")
    lora_targets: Literal["attention", "all-linear"] | tuple[str, ...] = Field(
        "all-linear", description="`attention` (q, k, v, o), `all-linear`, or a list of module names."
    )
    epochs: Annotated[float, Field(gt=0)] = Field(1.0, description="Passes over the training notes.")
    max_steps: Annotated[int, Field(ge=1)] | None = Field(None, description="Stop after this many optimizer steps.")
    batch_size: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        8,
        description="Notes per forward pass and process. `auto`: 8, and whenever memory runs out half as many with "
        "twice the accumulation, going on from the last step: a step's notes stay the same (one process only).",
    )
    accumulation_steps: Annotated[int, Field(ge=1)] = Field(1, description="Forward passes per optimizer step.")
    learning_rate: Annotated[float, Field(gt=0)] = Field(2e-4, description="Peak learning rate.")
    schedule: Literal["linear", "cosine", "constant_with_warmup"] = Field(
        "cosine", description="Learning rate after warm-up."
    )
    warmup_share: Annotated[float, Field(ge=0, lt=1)] = Field(0.05, description="Share of the steps spent warming up.")
    weight_decay: Annotated[float, Field(ge=0)] = Field(0.0, description="AdamW weight decay.")
    max_grad_norm: Annotated[float, Field(gt=0)] = Field(
        1.0, description="Gradient norm above which gradients are scaled."
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="Share of probability spread over all tokens."
    )
    lora_top_layers: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Adapt only this many of the topmost layers, which shortens the backward pass; empty: all."
    )
    choice_weight: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0,
        description="Share of a second loss, in which only tokens that go on to some category may be chosen: it learns "
        "to tell categories apart before it learns to spell them.",
    )
    title_weight: Annotated[float, Field(ge=0)] = Field(
        0.0,
        description="Weight of learning to name the rubrics of a note's codes behind its category, beside 1 for the "
        "category: what suggestions are made of. 0: not learned; notes without codes teach no rubric.",
    )
    adam_beta2: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.999, description="Memory of AdamW's second moment; short trainings need a shorter one."
    )
    class_balance: Literal["none", "weights", "sampling", "logit_adjustment"] = Field(
        "none",
        description="`weights`: a note's loss is divided by its category's frequency (1 on average). `sampling`: notes "
        "are drawn with replacement, all categories equally often. `logit_adjustment`: while training, the logarithm "
        "of each category's frequency is added to its score.",
    )
    group_by_length: bool = Field(
        False, description="Put notes of similar length into a batch; saves padding with `engine: unsloth` and on CUDA."
    )
    max_train_notes: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Train on a random subset of this size (drawn with `seed`, recorded in the run)."
    )
    max_validation_notes: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Validate on a subset of this size."
    )
    eval_every_steps: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Steps between validations, each followed by a checkpoint; empty: once an epoch."
    )
    early_stopping_patience: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Stop after this many validations without a better loss."
    )
    gradient_checkpointing: Literal["auto"] | bool = Field(
        "auto",
        description="Recompute activations instead of keeping them: less memory, half as much time again. `auto`: "
        "where keeping them would not fit into the memory that is free when training starts.",
    )
    compile_layers: bool = Field(
        True, description="On a GPU, compile the layers for the training step (a minute at the start)."
    )
    report_to: tuple[str, ...] = Field(
        ("auto",), description="Trackers of transformers' Trainer; auto: TensorBoard when installed."
    )
    seed: int = Field(0, description="Seed of the adapter, the order of notes and the subset.")

    @property
    def notes_per_batch(self) -> int:
        """Notes of one batch: `batch_size`, or what `auto` begins with and reads in parts where it must."""
        return AUTO_BATCH if self.batch_size == "auto" else self.batch_size

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.head == "classification" and self.title_weight:
            raise ValueError("title_weight needs the head `answer`: a classification head knows no words")
        return self


class EvaluateConfig(ConfigSection):
    """How base and tuned model are scored."""

    systems: tuple[str, ...] = Field(
        (
            "majority",
            "tfidf",
            "tfidf_all",
            "tfidf_parts",
            "base_strict",
            "base_lenient",
            "base",
            "base_length",
            "base_prior",
            "starter",
            "tuned",
            "ensemble",
        ),
        description="Which systems are scored, side by side; `starter` where training went on from another run. "
        "`tfidf_knowledge` is there too, for minutes more: TF-IDF that has also read the phrases of a course. "
        "`encoder` is scored wherever `encoder` says which one.",
    )
    encoder: str | None = Field(
        None,
        description="A folder or a Hub name of an encoder (BERT or its kin, as safetensors). It is fine-tuned on the "
        "model's own training notes at every evaluation and scored beside the other systems; empty for none.",
    )
    phrase_files: tuple[str, ...] = Field(
        (), description="Files of phrases that the linear models may learn from beside the shipped ones."
    )
    words_know_phrases: bool = Field(
        False, description="Whether the ensemble's linear model also learns from phrases; minutes more."
    )
    words_know_findings: bool = Field(
        True,
        description="Whether what diseases look like stands beside the ensemble's linear model, a quarter to three; "
        "needs no notes, only a label set with codes.",
    )
    answer_with: Literal["tuned", "ensemble"] = Field(
        "tuned",
        description="What `classify` and `serve` answer with: the tuned model, or its ensemble with a linear model "
        "over words, which `evaluate` fits.",
    )
    max_notes: Annotated[int, Field(ge=1)] | None = Field(None, description="Score a random subset of this size.")
    max_generated_tokens: Annotated[int, Field(ge=1)] = Field(
        12, description="Tokens the base model may generate as an answer."
    )
    batch_tokens: Annotated[int, Field(ge=256)] = Field(4096, description="Token budget of one scoring batch.")
    bootstrap_samples: Annotated[int, Field(ge=100)] = Field(2000, description="Resamples behind each interval.")
    selective_accuracy: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.9, description="Accuracy that the abstention threshold aims at, on the notes that are answered."
    )
    coverage: Annotated[float, Field(gt=0, lt=1)] = Field(0.9, description="Coverage that prediction sets aim at.")
    suggestion_notes: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Judge suggestions on a random subset of this size; each note costs a reading of all titles."
    )
    suggestion_fit_notes: Annotated[int, Field(ge=30)] | None = Field(
        None, description="Validation notes that suggestions are calibrated on; null: at most 200."
    )
    robustness_notes: Annotated[int, Field(ge=0)] = Field(
        40,
        description="Notes read three times more, to see whether the order of the categories or a demand written into "
        "a note changes answers; 0 for none.",
    )
    seed: int = Field(0, description="Seed of subsets and resamples.")


class Config(ConfigSection):
    """A whole job."""

    prepare: PrepareConfig = Field(default_factory=lambda: PrepareConfig())
    model: ModelConfig = Field(default_factory=lambda: ModelConfig())
    train: TrainConfig = Field(default_factory=lambda: TrainConfig())
    evaluate: EvaluateConfig = Field(default_factory=lambda: EvaluateConfig())
