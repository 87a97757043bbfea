"""What an evaluation reads: the run, the dataset it was trained on, and the notes to evaluate.

The training dataset must still be the one that the run recorded, byte for byte in its manifest, because the baselines
are trained on exactly the notes that the model was trained on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from nosology.classifier.knowledge import Texts
from nosology.coding.labels import LabelSet
from nosology.config import EvaluateConfig
from nosology.course.phrases import collect
from nosology.dataset.folder import Dataset, open_dataset
from nosology.errors import DataError, RunError
from nosology.files import MANIFEST, sha256_file
from nosology.records import IntArray
from nosology.runs.manifest import TrainingDataset
from nosology.runs.run import Run
from nosology.text.cleaning import Cleaning
from nosology.text.normalize import normalize

N_WORDS = pl.col("clean_text").str.count_matches(r"\S+")
"""The number of a note's words, which are what stands between blanks."""


@dataclass(frozen=True)
class Inputs:
    """Everything read, nothing computed. Frames hold note text and stay out of the repr.

    Attributes:
        run: The run.
        split: Name of the evaluated split.
        dataset: The evaluated dataset.
        training_dataset: The one that the model was trained on; often the same.
        notes: The evaluated notes, in the dataset's order.
        n_split_notes: Notes of the split before any limit.
        train: Exactly the notes that the model was trained on.
        train_all: The whole training split.
        validation: The training dataset's validation split, for calibration.
        name: What the run calls this evaluation.
    """

    run: Run
    split: str
    dataset: Dataset
    training_dataset: Dataset
    notes: pl.DataFrame = field(repr=False)
    n_split_notes: int
    train: pl.DataFrame = field(repr=False)
    train_all: pl.DataFrame = field(repr=False)
    validation: pl.DataFrame = field(repr=False)
    name: str

    @property
    def labels(self) -> LabelSet:
        """The run's label set."""
        return self.run.labels

    @property
    def is_training_dataset(self) -> bool:
        """Whether the evaluated dataset is the one that the model was trained on."""
        return self.dataset is self.training_dataset

    def category_indices(self, categories: pl.Series) -> IntArray:
        """Return the label-set index of each note's category. Shape ``(notes,)``."""
        place = {name: number for number, name in enumerate(self.labels.names)}
        return np.array([place[category] for category in categories], np.int64)

    @property
    def n_words(self) -> IntArray:
        """Blank-separated words of each evaluated note. Shape ``(notes,)``."""
        return self.notes.select(N_WORDS).to_series().to_numpy().astype(np.int64)

    def phrases(self, files: Sequence[str]) -> Texts:
        """Return the shipped phrases and those of files, in the form of the run's notes.

        Raises:
            LabelError: The label set has no codes.
            DataError: A file cannot be read, or its licence does not allow it.
        """
        return phrases_for(self.run, [Path(file) for file in files])

    def validation_texts(self) -> Texts:
        """Return the validation notes with their categories."""
        return Texts(self.validation["clean_text"].to_list(), self.category_indices(self.validation["category"]))


def phrases_for(run: Run, files: Sequence[Path]) -> Texts:
    """Return the shipped phrases and those of files with their categories, in the form of a run's notes.

    Args:
        run: Whose notes and label set.
        files: TSV files of phrases, as `nosology course --file` takes them.

    Raises:
        LabelError: The label set has no codes.
        DataError: A file cannot be read, or its licence does not allow it.
    """
    form, found = (
        Cleaning.like(run.manifest.dataset.preparation),
        Texts.of_phrases(collect(run.labels, files), run.labels),
    )
    texts = [
        normalize(text, lowercase=form.lowercase, strip_punctuation=form.strip_punctuation) for text in found.texts
    ]
    return Texts(texts, found.true)


def read_inputs(
    run: Run, *, split: str, dataset: Path | None, config: EvaluateConfig, limit: int | None = None
) -> Inputs:
    """Return what an evaluation of a run needs.

    Args:
        run: The run.
        split: Which split to evaluate.
        dataset: Another dataset to evaluate; None for the one that the run was trained on.
        config: Its `max_notes` and `seed` draw a subset.
        limit: Overrides `max_notes`.

    Raises:
        RunError: The run or a dataset is missing, unfinished or changed since training, or the label sets differ.
        DataError: There is no note to evaluate.
    """
    training_dataset = _training_dataset(run.manifest.dataset, dataset)
    evaluated = training_dataset if dataset is None or _same(dataset, training_dataset) else open_dataset(dataset)
    check_labels(run.labels, evaluated)
    train_all = training_dataset.split("train")
    notes = evaluated.split(split)
    if notes.is_empty():
        raise DataError(f"the {split} split holds no note", place=str(evaluated.folder), hint="choose another --split")
    name = split if evaluated is training_dataset else f"{evaluated.folder.name}-{split}"
    return Inputs(
        run=run,
        split=split,
        dataset=evaluated,
        training_dataset=training_dataset,
        notes=notes[random_places(len(notes), limit or config.max_notes, config.seed)],
        n_split_notes=len(notes),
        train=_trained_on(run, train_all),
        train_all=train_all,
        validation=training_dataset.split("validation"),
        name=name,
    )


def _training_dataset(recorded: TrainingDataset, given: Path | None) -> Dataset:
    """Return the dataset that the run was trained on, from where it was or from the one given if it moved there."""
    candidates = [Path(recorded.path), *([given] if given else [])]
    for folder in candidates:
        manifest_file = folder / MANIFEST
        if manifest_file.exists() and sha256_file(manifest_file) == recorded.manifest_sha256:
            return open_dataset(folder)
    state = "has changed since" if (candidates[0] / MANIFEST).exists() else "is no longer there"
    raise RunError(
        f"the dataset that the run was trained on {state}",
        place=recorded.path,
        hint="the baselines train on its notes; put it back, or pass its new place as --dataset",
    )


def _same(folder: Path, dataset: Dataset) -> bool:
    manifest_file = folder / MANIFEST
    return manifest_file.exists() and sha256_file(manifest_file) == dataset.manifest_sha256


def check_labels(labels: LabelSet, dataset: Dataset) -> None:
    """Make sure that a dataset's categories are the run's, in its order.

    Raises:
        RunError: They are not; names those that one alone has.
    """
    if dataset.labels.names != labels.names:
        missing = sorted(set(dataset.labels.names) ^ set(labels.names))
        raise RunError(
            f"the dataset's label set differs from the run's: {', '.join(missing) or 'another order'}",
            place=str(dataset.folder),
            hint="prepare it with the run's labels.tsv (--set prepare.label_set=RUN/labels.tsv)",
        )


def _trained_on(run: Run, train_all: pl.DataFrame) -> pl.DataFrame:
    """Return exactly the notes that the model was trained on, in the dataset's order."""
    note_ids = run.train_note_ids()
    train = train_all.filter(pl.col("note_id").is_in(note_ids))
    if len(train) != len(note_ids):
        raise RunError(
            f"{len(note_ids) - len(train)} of the {len(note_ids)} training notes are not in the dataset",
            place=str(run.folder),
            hint="put back the dataset that the run was trained on",
        )
    return train


def random_places(n_notes: int, size: int | None, seed: int) -> list[int]:
    """Return the places of a random part of some notes, in their order.

    Args:
        n_notes: How many there are.
        size: Notes to draw; None for all.
        seed: Seed of the draw.
    """
    if size is None or size >= n_notes:
        return list(range(n_notes))
    return sorted(np.random.default_rng(seed).choice(n_notes, size=size, replace=False).tolist())
