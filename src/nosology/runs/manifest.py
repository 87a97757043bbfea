"""The schema of a run's ``manifest.json``: what was trained, on what, how, and the hash of every part."""

from typing import Any, Literal

from pydantic import model_validator

from nosology.config import Config, PrepareConfig
from nosology.runs.schema import Schema


class TrainingDataset(Schema):
    """The dataset that a run was trained on.

    Attributes:
        path: Where it was.
        manifest_sha256: Of its manifest, which holds the hash of every file in it.
        preparation: What was done to its notes, and is done to every note that the run reads.
        n_train: Notes of its training split.
        is_invented: Whether its notes were marked as invented.
    """

    path: str
    manifest_sha256: str
    preparation: PrepareConfig
    n_train: int
    is_invented: bool = False


class TrainedModel(Schema):
    """The model below the adapter.

    Attributes:
        name: As it was asked for.
        revision: Of the Hub; None where there is none.
        weights_sha256: Of its weights.
        n_parameters: Of the base model.
        n_trainable: Of the adapter and of a head.
    """

    name: str
    revision: str | None
    weights_sha256: str
    n_parameters: int
    n_trainable: int


class StartingRun(Schema):
    """The run whose adapter a training went on from.

    Attributes:
        run: Its folder's name.
        adapter_sha256: Of its adapter's weights.
        manifest_sha256: Of its manifest.
        n_train_notes: Notes that it was trained on.
    """

    run: str
    adapter_sha256: str
    manifest_sha256: str
    n_train_notes: int


class Source(Schema):
    """Something that a packed run learned from, or was calibrated on.

    Attributes:
        name: As its publisher calls it.
        use: What it was used for.
        licence: Under which it may be: one of `nosology.course.phrases.LICENCES`.
        url: Where it is published; empty for what was made for this project.
    """

    name: str
    use: Literal["course", "notes", "calibration"]
    licence: str
    url: str


class Packed(Schema):
    """What is known of a run that was packed to be given away, and is used by people who did not train it.

    Attributes:
        sources: Everything it learned from or was calibrated on.
        calibrated_on: What it was calibrated on, in words.
        calibration_sha256: Of the calibration that it was packed with; None where there was none.
    """

    sources: tuple[Source, ...]
    calibrated_on: str
    calibration_sha256: str | None


class Timings(Schema):
    """How long training took, in seconds of wall-clock time."""

    train_seconds: float


class RunManifest(Schema):
    """What a finished run is.

    Attributes:
        dataset: What it was trained on.
        labels_sha256: Of the label set.
        prompt_sha256: Of the prompt template.
        model: What was trained.
        adapter_sha256: Of the adapter's weights.
        start: The run that training went on from; None for the base model.
        n_train_notes: Notes that were trained on.
        train_note_ids_sha256: Of their ids, one a line, in order.
        n_steps: Optimizer steps.
        best_step: The step whose adapter was kept; None where it is the last.
        notes_at_once: Notes of one forward pass at the end, fewer than configured where memory ran out; None where
            nobody counted.
        config: The whole job's.
        environment: Versions that decide a result.
        timings: How long it took.
        packed: What is known of a run that was packed to be given away; None for one that was trained here.
    """

    kind: Literal["run"] = "run"
    format: Literal[1] = 1
    dataset: TrainingDataset
    labels_sha256: str
    prompt_sha256: str
    model: TrainedModel
    adapter_sha256: str
    start: StartingRun | None = None
    n_train_notes: int
    train_note_ids_sha256: str
    n_steps: int
    best_step: int | None
    notes_at_once: int | None = None
    config: Config
    environment: dict[str, str]
    timings: Timings
    packed: Packed | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_earlier_ways(cls, values: Any) -> Any:
        """Read a run of before there was a choice of shortening as what it did: its notes lost their middle."""
        config = values.get("config") if isinstance(values, dict) else None
        model = config.get("model") if isinstance(config, dict) else None
        if isinstance(config, dict) and isinstance(model, dict) and "shortening" not in model:
            return values | {"config": config | {"model": model | {"shortening": "middle"}}}
        return values
