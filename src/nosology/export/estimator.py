"""A run behind scikit-learn's conventions: texts and categories in, probabilities out, in pipelines and searches.

`NosologyClassifier.fit` does what ``nosology prepare`` and ``nosology train`` do, in a folder of its own, holds notes
out to choose the best epoch and to calibrate on, and answers through `nosology.classifier.classifier.Classifier`. What
would surprise: a fitted one is not pickled, since pickles run code when they are read; `NosologyClassifier.save` copies
the run folder, and `NosologyClassifier.load` reads it back.
"""

import json
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from nosology.classifier.calibration import MIN_NOTES, Calibration
from nosology.classifier.calibration import fit as fit_calibration
from nosology.classifier.classifier import Classifier
from nosology.classifier.predictions import probabilities
from nosology.config import EMBEDDED_MODEL, Config, load_config
from nosology.dataset.folder import open_dataset
from nosology.errors import RunError
from nosology.files import new_folder, read_json, write_json
from nosology.preparation.pipeline import prepare_table
from nosology.runs.files import RunFiles
from nosology.runs.integrity import record_again
from nosology.sources.table import TableColumns
from nosology.training import train

_ESTIMATOR_FILE = "estimator.json"
_FEWEST = 2  # notes: one to train on, one to validate on


class NosologyClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A language model fine-tuned on texts and their categories.

    Attributes:
        classes_: The categories, sorted, of the kind that `fit` was given. Shape ``(categories,)``.
        run_: The folder of the run.
        is_calibrated_: Whether probabilities were calibrated on notes that were held out.

    Example:
        >>> classifier = NosologyClassifier(max_steps=20).fit(texts, categories)
        >>> classifier.predict_proba(["Crushing chest pain and raised troponin."]).shape
        (1, 4)
    """

    def __init__(
        self,
        *,
        model: str = EMBEDDED_MODEL,
        head: Literal["answer", "classification"] = "answer",
        epochs: float = 1.0,
        max_steps: int | None = None,
        learning_rate: float = 2e-4,
        batch_size: int = 8,
        max_note_tokens: int = 1024,
        deidentify: bool = True,
        validation_share: float = 0.2,
        settings: Sequence[str] = (),
        random_state: int = 0,
    ) -> None:
        """Keep the settings; nothing is loaded yet.

        Args:
            model: As ``model.name`` of a configuration.
            head: As ``train.head``.
            epochs: Passes over the texts.
            max_steps: Optimizer steps at most; None for all of the epochs.
            learning_rate: Peak learning rate.
            batch_size: Texts of a step.
            max_note_tokens: Longer texts are shortened to this many tokens.
            deidentify: Whether identifiers are replaced, here and in every text that is predicted.
            validation_share: Share of the texts that is held out, for calibration.
            settings: Anything else of a configuration, as ``section.key=value``.
            random_state: Seed of everything that is drawn.
        """
        self.model = model
        self.head = head
        self.epochs = epochs
        self.max_steps = max_steps
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_note_tokens = max_note_tokens
        self.deidentify = deidentify
        self.validation_share = validation_share
        self.settings = settings
        self.random_state = random_state

    def fit(self, X: Sequence[str], y: Sequence[Any], groups: Sequence[Any] | None = None) -> Self:
        """Train on texts; return the classifier.

        Args:
            X: Texts.
            y: The category of each.
            groups: Whose text each is; texts of one are held out together. None: each its own.

        Raises:
            ValueError: There are fewer than two categories, or X and y do not go together.
        """
        texts, categories = _texts(X), np.asarray(y)
        if len(texts) != len(categories) or categories.ndim != 1:
            raise ValueError(f"X holds {len(texts)} texts, y has the shape {categories.shape}")
        self.classes_ = np.unique(categories)
        if len(self.classes_) < 2:
            raise ValueError("y holds one class; a classifier tells two apart at least")
        self._names = [str(name) for name in self.classes_]
        folder = Path(tempfile.mkdtemp(prefix="nosology-classifier-"))  # its owner's alone
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        config = self._config(folder)
        self._prepare(folder, config, texts, categories, groups)
        train(folder / "dataset", folder / "run", config)
        self.run_ = str(folder / "run")
        classifier = Classifier.load(self.run_)
        calibration = _calibrate(classifier, folder, config)
        self.is_calibrated_ = calibration is not None
        self._classifier = classifier.with_calibration(calibration)
        return self

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Return the probability of each class for each text; a text with nothing to read gets equal shares.

        Args:
            X: Texts.

        Returns:
            Rows sum to 1. Shape ``(texts, classes)``.
        """
        check_is_fitted(self)
        return probabilities(self._classifier.classify(_texts(X)), self._names)

    def predict(self, X: Sequence[str]) -> NDArray[Any]:
        """Return the most likely class of each text. Shape ``(texts,)``."""
        found = self.predict_proba(X)
        best: NDArray[Any] = self.classes_[found.argmax(axis=1)]
        return best

    def save(self, folder: Path | str) -> None:
        """Write the run and what scikit-learn's side of it needs, without pickle.

        Raises:
            RunError: The folder holds something already.
        """
        check_is_fitted(self)
        with new_folder(Path(folder)) as hidden:
            shutil.copytree(self.run_, hidden, dirs_exist_ok=True)
            values = {"kind": "estimator", "format": 1, "parameters": self.get_params()}
            values |= {"classes": self.classes_.tolist(), "is_calibrated": self.is_calibrated_}
            write_json(hidden / _ESTIMATOR_FILE, values)
            record_again(RunFiles(hidden))

    @classmethod
    def load(cls, folder: Path | str) -> "NosologyClassifier":
        """Return the classifier that `save` wrote.

        Raises:
            RunError: There is none, or a file of its run changed.
        """
        values = read_json(Path(folder) / _ESTIMATOR_FILE)
        if not isinstance(values, dict) or (values.get("kind"), values.get("format")) != ("estimator", 1):
            raise RunError("not a classifier of format 1", place=str(folder), hint="save it again")
        found = cls(**values["parameters"] | {"settings": tuple(values["parameters"]["settings"])})
        found.classes_ = np.array(values["classes"])
        found._names = [str(name) for name in found.classes_]
        found.run_, found.is_calibrated_ = str(folder), values["is_calibrated"]
        found._classifier = Classifier.load(found.run_)
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Return the settings.

        Raises:
            TypeError: It is fitted: reading a pickle runs whatever code is in it.
        """
        if hasattr(self, "run_"):
            raise TypeError("a fitted NosologyClassifier is not pickled: use save(folder) and load(folder)")
        state: dict[str, Any] = super().__getstate__()
        return state

    def __sklearn_tags__(self) -> Any:
        """Say that texts are read, one a row, and nothing else."""
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags

    def _config(self, folder: Path) -> Config:
        labels = folder / "labels.tsv"
        labels.write_text("category\n" + "".join(f"{name}\n" for name in self._names), encoding="utf-8")
        given = {
            "prepare.label_set": str(labels),
            "prepare.deidentify": self.deidentify,
            "prepare.min_words": 0,
            "prepare.drop_duplicates": False,
            "prepare.drop_near_duplicates": False,
            "prepare.seed": self.random_state,
            "model.name": self.model,
            "model.max_note_tokens": self.max_note_tokens,
            "train.head": self.head,
            "train.epochs": self.epochs,
            "train.max_steps": self.max_steps,
            "train.learning_rate": self.learning_rate,
            "train.batch_size": self.batch_size,
            "train.seed": self.random_state,
            "train.report_to": [],
        }
        return load_config(None, [f"{key}={json.dumps(value)}" for key, value in given.items()] + list(self.settings))

    def _prepare(
        self, folder: Path, config: Config, texts: list[str], categories: NDArray[Any], groups: Sequence[Any] | None
    ) -> None:
        """Write the texts as a prepared dataset, some of them held out."""
        patients = [str(group) for group in groups] if groups is not None else [str(i) for i in range(len(texts))]
        is_held_out = _held_out(patients, self.validation_share, self.random_state)
        table = pl.DataFrame(
            {
                "text": texts,
                "category": [str(category) for category in categories],
                "patient": patients,
                "split": ["validation" if patient in is_held_out else "train" for patient in patients],
            }
        )
        table.write_parquet(folder / "texts.parquet")
        columns = TableColumns("text", category="category", patient="patient", split="split")
        prepare_table(folder / "texts.parquet", folder / "dataset", config.prepare, columns, n_workers=1)


def _texts(X: Any) -> list[str]:
    """Return texts as a list.

    Raises:
        ValueError: They are no texts, or not one a row.
    """
    values = np.asarray(X, dtype=object)
    if values.ndim != 1 or not all(isinstance(text, str) for text in values):
        raise ValueError(f"X must be texts, one for each note; it has the shape {values.shape}")
    return list(values)


def _held_out(patients: list[str], share: float, seed: int) -> set[str]:
    """Return the patients whose texts are held out: one at least, and not all.

    Raises:
        ValueError: There is one patient only.
    """
    every = sorted(set(patients))
    if len(every) < _FEWEST:
        raise ValueError("texts of one patient only: some have to be held out")
    n = min(max(round(share * len(every)), 1), len(every) - 1)
    return set(np.random.default_rng(seed).permutation(np.array(every, dtype=object))[:n])


def _calibrate(classifier: Classifier, folder: Path, config: Config) -> Calibration | None:
    """Fit a run's calibration on the texts that were held out, and store it; return None where they are too few.

    Args:
        classifier: The run's, not calibrated.
        folder: Where the run lies, and the dataset that it was trained on.
        config: What is aimed at.
    """
    dataset, files = open_dataset(folder / "dataset"), RunFiles(folder / "run")
    rows = dataset.split("validation")
    if len(rows) < MIN_NOTES:
        return None
    true = np.array([dataset.labels.index(category) for category in rows["category"]], np.int64)
    log_probs = classifier.log_probs(rows["clean_text"].to_list())
    goal = config.evaluate.selective_accuracy
    found = fit_calibration(log_probs, true, selective_accuracy=goal, coverage=config.evaluate.coverage)
    found.save(files.calibration)
    record_again(files)
    return found
