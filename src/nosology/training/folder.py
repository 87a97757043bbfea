"""The run folder before training: claimed, compared with what an unfinished run was started with, written."""

import os
from pathlib import Path

import polars as pl
import yaml

from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.config import Config
from nosology.dataset.folder import Dataset
from nosology.errors import RunError
from nosology.files import read_json, write_json
from nosology.modeling.prompts import PromptTemplate
from nosology.runs.files import RunFiles


def is_first_process() -> bool:
    """Return whether this process writes the run folder: the only one, or rank 0 under torchrun or accelerate."""
    return os.environ.get("RANK", "0") == "0"


def claim(out: Path, config: Config, *, resume: bool) -> None:
    """Make `out` ours, or refuse.

    Args:
        out: The run folder; made where it does not exist.
        config: What this training is started with.
        resume: Whether an unfinished run is continued; else the folder must be empty or missing.
    """
    files = RunFiles(out)
    if files.manifest.exists():
        raise RunError("this run is finished already", place=str(out), hint="give another --out")
    if resume:
        if not files.config.exists():
            raise RunError(
                "there is no unfinished run to resume here", place=str(out), hint="start it without --resume"
            )
        recorded = Config.model_validate(yaml.safe_load(files.config.read_text(encoding="utf-8")))
        if (recorded.model, recorded.train) != (config.model, config.train):
            raise RunError(
                "the unfinished run was started with another configuration",
                place=str(files.config),
                hint="resume with that file, or start anew in another folder",
            )
    elif out.exists() and any(out.iterdir()):
        raise RunError(
            "this output folder already holds something",
            place=str(out),
            hint="give another --out, or continue with --resume",
        )
    out.mkdir(parents=True, exist_ok=True)


def expect_same_inputs(out: Path, dataset: Dataset, template: PromptTemplate, rows: pl.DataFrame) -> None:
    """Refuse to continue from checkpoints of another label set, another prompt or other notes.

    Args:
        out: The run folder of an unfinished training.
        dataset: The dataset that it would now go on with.
        template: The prompt that it would now go on with.
        rows: The training notes in their order, of which ``note_id`` is compared.
    """
    written = RunFiles(out).train_notes
    if not written.exists():  # killed before the first step: there is no checkpoint to continue from
        return
    found = {
        "label set": LabelSet.load(RunFiles(out).labels).sha256 == dataset.labels.sha256,
        "prompt": PromptTemplate.load(str(RunFiles(out).prompt)).sha256 == template.sha256,
        "training notes": read_json(written)["note_ids"] == rows["note_id"].to_list(),
    }
    other = [name for name, is_same in found.items() if not is_same]
    if other:
        raise RunError(
            f"the unfinished run was started with another {' and another '.join(other)}",
            place=str(out),
            hint="resume with the dataset and the prompt it was started with, or start anew in another folder",
        )


def write_inputs(
    out: Path, dataset: Dataset, template: PromptTemplate, config: Config, rows: pl.DataFrame, rubrics: RubricTable
) -> None:
    """Write what the run was made of, before training starts.

    Args:
        out: The run folder, claimed before.
        dataset: The prepared dataset; its label set is copied.
        template: The prompt, whose source is copied.
        config: The whole job's configuration, written as YAML.
        rows: The training notes in their order, of which ``note_id`` is kept.
        rubrics: What can be suggested; written only where the training notes had codes.
    """
    files = RunFiles(out)
    dataset.labels.save(files.labels)
    files.prompt.write_text(template.source, encoding="utf-8")
    settings = config.model_dump(mode="json")
    files.config.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    write_json(files.train_notes, {"note_ids": rows["note_id"].to_list()}, is_private=True)
    if len(rubrics):
        rubrics.save(files.rubrics)
