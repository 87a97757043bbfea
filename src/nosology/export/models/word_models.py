"""The word models of a run as they may leave: without any word that few patients share, and what that costs.

A run keeps two models over words: the linear member of its ensemble, over hashed pieces of words, and the word model
that suggestions begin with, whose vocabulary is plain words. Both learned from words that two notes share, which is
enough for a nickname or a rare place to be among them. What leaves holds a word, a pair or a piece only where at least
ten patients' notes have it, and a rubric only where ten patients had it. The cost is measured on validation notes.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from nosology.classifier.ensemble import Ensemble
from nosology.classifier.words import HashedModel
from nosology.dataset.folder import Dataset, open_dataset
from nosology.errors import NosologyError
from nosology.evaluation.coded_notes import Coded
from nosology.files import write_json
from nosology.metrics.ranking import ranked_truth, recall
from nosology.metrics.resampling import draw_resamples, percentile_interval
from nosology.records import FloatArray
from nosology.runs.files import SuggesterFiles
from nosology.runs.run import Run
from nosology.sources.table import WITHOUT_PATIENT
from nosology.suggesting.fitted import FittedSuggester
from nosology.suggesting.words import WordModel

MOST_NOTES = 2_000  # validation notes that the cost is measured on
K = 10
"""Suggestions a note whose recall is told."""
_N_SAMPLES, _SEED = 1_000, 0


@dataclass(frozen=True, slots=True)
class Cost:
    """What leaving words out costs.

    Attributes:
        of: What is measured.
        n_notes: Validation notes.
        before: With all words, a share from 0 to 1.
        after: With those that leave.
        interval: Of the difference, after minus before; 95 % over patients.
        n_before: Words, pairs and pieces of the model.
        n_after: How many of them leave.
    """

    of: str
    n_notes: int
    before: float
    after: float
    interval: tuple[float, float]
    n_before: int
    n_after: int

    @property
    def told(self) -> str:
        """The cost in a sentence."""
        if not self.n_notes:
            return f"{self.n_after:,} of {self.n_before:,} features leave; no validation note tells what that costs"
        low, high = self.interval
        return (
            f"{self.n_after:,} of {self.n_before:,} features leave; {self.of} on {self.n_notes:,} validation notes "
            f"goes from {self.before:.3f} to {self.after:.3f} (difference {low:+.3f} to {high:+.3f}, 95 %)"
        )


@dataclass(frozen=True, slots=True)
class WordModels:
    """What leaves of a run's word models.

    Attributes:
        linear: The ensemble's member; None where there is none.
        suggesting: The word model of suggestions; None where there is none.
        costs: One for each that learned from notes.
        why_not: Why none that learned from notes leaves though the run has some; empty otherwise.
    """

    linear: HashedModel | None = None
    suggesting: WordModel | None = None
    costs: tuple[Cost, ...] = ()
    why_not: str = ""

    @property
    def has_phrases_alone(self) -> bool:
        """Whether the linear model is among them and learned from no note."""
        return self.linear is not None and self.linear.knows_phrases_alone

    def save(self, folder: Path, least: int) -> None:
        """Write the models with what they are, where there is any.

        Args:
            folder: Where to; made.
            least: Patients that share each word.
        """
        if self.linear is None and self.suggesting is None:
            return
        folder.mkdir()
        files = SuggesterFiles(folder)
        if self.linear is not None:
            self.linear.save(folder / "linear.safetensors")
        if self.suggesting is not None:
            self.suggesting.save(files)
        about = {"kind": "word-models", "format": 1, "least_patients": least, "costs": list(map(asdict, self.costs))}
        write_json(folder / "about.json", about)


def shared_words(run: Run, least: int) -> WordModels:
    """Return a run's word models without words that fewer patients share.

    Args:
        run: A finished run.
        least: Patients that have to share a word; 0 for no word at all.
    """
    ensemble = Ensemble.load(run.files.ensemble)
    fitted = FittedSuggester.load(run.files.suggester, len(run.rubrics)) if run.rubrics else None
    words = fitted.words if fitted and fitted.words.vocabulary else None
    if not least or (ensemble is None and words is None):
        return WordModels()
    linear = ensemble.linear if ensemble and ensemble.linear.knows_phrases_alone else None
    if linear is not None and words is None:
        return WordModels(linear)  # published phrases are nobody's
    dataset = _dataset(run)
    if dataset is None:
        return WordModels(linear, why_not="the notes lie no longer where they were, so nobody can count who shares one")
    train = _with_patients(dataset.split("train"), run.train_note_ids())
    if train.is_empty():
        return WordModels(linear, why_not="nobody said whose each note is, so all that share one can be one patient's")
    costs, suggesting = [], None
    if ensemble is not None and linear is None:
        linear = ensemble.linear.shared(train["clean_text"].to_list(), train["patient_id"].to_list(), least)
        costs.append(_cost_of_linear(run, dataset, ensemble.linear, linear))
    if words is not None:
        assert run.rubrics is not None
        coded = Coded.of(train, run.rubrics)
        suggesting = words.shared(coded.texts, coded.places, coded.notes["patient_id"].to_list(), least)
        costs.append(_cost_of_suggesting(run, dataset, words, suggesting))
    return WordModels(linear, suggesting, tuple(costs))


def _with_patients(notes: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """Return the notes trained on of which somebody said whose they are: others can all be one patient's."""
    note, patient = pl.col("note_id"), pl.col("patient_id")
    is_nobodys = (patient == note) | (patient == pl.concat_str(pl.lit(WITHOUT_PATIENT), note))
    return notes.filter(note.is_in(list(ids)) & ~is_nobodys)


def _dataset(run: Run) -> Dataset | None:
    """Return the dataset that a run was trained on; None where it lies there no longer."""
    try:
        found = open_dataset(run.manifest.dataset.path)
    except NosologyError:
        return None
    return found if found.manifest_sha256 == run.manifest.dataset.manifest_sha256 else None


def _cost_of_linear(run: Run, dataset: Dataset, before: HashedModel, after: HashedModel) -> Cost:
    notes = dataset.split("validation").head(MOST_NOTES)
    texts = notes["clean_text"].to_list()
    true = np.array([run.labels.index(category) for category in notes["category"]], np.int64)
    right = [model.log_probs(texts).argmax(axis=1) == true if texts else true > 0 for model in (before, after)]
    sizes = before.n_features, after.n_features
    return _cost("accuracy of the linear model alone", right, notes["patient_id"].to_list(), sizes)


def _cost_of_suggesting(run: Run, dataset: Dataset, before: WordModel, after: WordModel) -> Cost:
    assert run.rubrics is not None
    coded = Coded.of(dataset.split("validation").head(MOST_NOTES), run.rubrics)
    values = [
        recall(ranked_truth(model.scores(coded.texts), coded.truth), K) if coded.texts else np.zeros(0)
        for model in (before, after)
    ]
    sizes = len(before.vocabulary), len(after.vocabulary)
    return _cost(f"recall among {K} of the words alone", values, coded.notes["patient_id"].to_list(), sizes)


def _cost(of: str, values: Sequence[Any], patients: Sequence[str], sizes: tuple[int, int]) -> Cost:
    """Return what the second of two models is worth beside the first. ``values``: what each is worth a note."""
    before, after = (np.asarray(side, np.float64) for side in values)
    if not len(patients):
        return Cost(of, 0, 0.0, 0.0, (0.0, 0.0), *sizes)
    return Cost(
        of, len(patients), float(before.mean()), float(after.mean()), _interval(after - before, patients), *sizes
    )


def _interval(difference: FloatArray, patients: Sequence[str]) -> tuple[float, float]:
    draws = draw_resamples(patients, _N_SAMPLES, _SEED)
    return percentile_interval(draws.totals(difference) / draws.totals(np.ones(len(difference))))
