"""What a training begins from: a fresh adapter, or the finished adapter of another run.

Going on from a run is allowed only where nothing but the notes differs, since an adapter is a difference from one base
model in one shape; what does not fit is named. The run that was gone on from is recorded by its hashes.
"""

from typing import Any

from nosology.config import Config
from nosology.errors import ConfigError
from nosology.modeling.adapters import fill_adapter
from nosology.modeling.loading import LoadedModel
from nosology.runs.manifest import StartingRun
from nosology.runs.run import Run

BASE = "base"


def begin_from(start: str, model: Any, loaded: LoadedModel, config: Config) -> Any:
    """Return the model with the values of another run's adapter in its own.

    Args:
        start: ``"base"`` to leave the adapter fresh, ``"starter"``, or a finished run's folder.
        model: The base model with a fresh adapter, a peft model.
        loaded: The base model.
        config: The configuration of the training that begins.

    Raises:
        ConfigError: The run was trained on another base model, or with another rank, scale, targets or head.
        RunError: There is no finished run.
        ModelError: The adapter's tensors are not those of this model.
    """
    if start == BASE:
        return model
    run = Run.open(start)
    other, own = (settings.model_dump(mode="json") for settings in (run.manifest.config.train, config.train))
    wrong = [
        f"{name} is {own[name]!r} here, {other[name]!r} there"
        for name in ("lora_r", "lora_alpha", "lora_targets", "lora_top_layers", "head")
        if own[name] != other[name]
    ]
    if run.manifest.model.weights_sha256 != loaded.weights_sha256:
        wrong.insert(0, f"the base model is {loaded.name} here, {run.manifest.model.name} there")
    if wrong:
        raise ConfigError(
            f"this training cannot go on from that run: {'; '.join(wrong)}",
            place="train.start",
            hint="take over the run's settings, or set train.start to base",
        )
    fill_adapter(model, run.files.adapter_weights)
    return model


def keep_of_start(start: str, model: Any, share: float) -> None:
    """Move a trained adapter back towards the one it began with, weight by weight.

    The mean of both keeps what the first knew of other styles of notes, and often does better on the notes that were
    learned, too: WiSE-FT (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). The training log and its
    curves are of the adapter before.

    Args:
        start: What training began from; nothing happens for ``"base"``, whose fresh adapter knows nothing.
        model: The trained peft model.
        share: How much of the first adapter's values stays, from 0 to 1.
    """
    if start != BASE and share:
        fill_adapter(model, Run.open(start).files.adapter_weights, share)


def origin(start: str) -> StartingRun | None:
    """Return what a manifest says of the run that a training went on from; None for the base model."""
    if start == BASE:
        return None
    run = Run.open(start)
    return StartingRun(
        run=run.name,
        adapter_sha256=run.manifest.adapter_sha256,
        manifest_sha256=run.sha256,
        n_train_notes=run.manifest.n_train_notes,
    )
