"""A linear classifier over words, word pairs and parts of words, that can be stored without storing a single word.

Medical words are built from parts (``cardi-``, ``-itis``, ``-oma``), so pieces of three to five letters tell categories
apart that whole words, each too rare, do not: on 2,500 cases and abstracts, cross-validated, .70 accuracy where words
and pairs alone reach .68. Features are hashed: a saved model holds column numbers and weights, no vocabulary, and so no
name that de-identification missed. Only features that occur in two training notes or more are kept, so a word of one
single note can neither help nor be recovered.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file
from scipy import sparse

from nosology.classifier.hashing import hashed_counts, part_counts, unit_rows, word_counts
from nosology.classifier.knowledge import PHRASES_ALONE, Texts, fit_taught
from nosology.classifier.linear import (
    CLASS_WEIGHTS,
    Settings,
    fit_sharpness,
    fit_svm,
    folds_by_group,
    margins_to_log_probs,
    spread_margins,
)
from nosology.errors import RunError
from nosology.records import FloatArray, IntArray
from nosology.runs.plausible import finite, within
from nosology.suggesting.sharing import patients_of_columns

if TYPE_CHECKING:  # scikit-learn takes a second to import, which a run that answers alone does not need to wait for
    from sklearn.svm import LinearSVC

STRENGTHS = (0.3, 1.0, 3.0)  # LinearSVC's C
N_FOLDS = 3
MOST_TUNING_NOTES = 3_000  # settings are chosen on a random part of larger sets
MOST_NOTES = 20_000  # of larger sets a random part is learned from: 2 GB of whole summaries' features
MOST_CHARACTERS = 50_000  # of a note; longer ones are cut, so that no single note fills the memory
_N_HASHES = 2**20
_MIN_NOTES_OF_FEATURE = 2
_BLOCKS = (word_counts, part_counts)
_FORMAT = "nosology-hashed-1"


@dataclass(frozen=True)
class _FeatureKind:
    """One kind of feature: how texts are cut, which hash columns are kept, and how much each says."""

    kind: int
    columns: NDArray[np.int32] = field(repr=False)
    idf: NDArray[np.float32] = field(repr=False)

    def features(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Return TF-IDF rows of unit length, with logarithmic counts."""
        kept = counts[:, self.columns].tocsr().copy()
        kept.data = 1 + np.log(kept.data)
        return unit_rows(kept.multiply(self.idf).tocsr())


@dataclass(frozen=True)
class HashedModel:
    """TF-IDF over hashed words, word pairs and parts of words, and a linear SVM per category.

    Attributes:
        settings: What cross-validation chose, with its accuracy; plain values.
        is_half: Whether its numbers are kept in half precision: half the place in a file, and no probability moves by
            more than .001 or so.
    """

    settings: dict[str, Any]
    _blocks: tuple[_FeatureKind, ...] = field(repr=False)
    _weights: NDArray[np.float32] = field(repr=False)
    _intercepts: NDArray[np.float32] = field(repr=False)
    _classes: IntArray
    _sharpness: float
    _n_categories: int
    _n_notes: int
    is_half: bool = False

    @property
    def knows_phrases_alone(self) -> bool:
        """Whether it learned from phrases and from no note."""
        return self.settings.get("phrases") == self._n_notes

    def log_probs(self, texts: Sequence[str]) -> FloatArray:
        """Return natural-log probabilities; rows are normalized. Shape ``(notes, categories)``."""
        margins = _joined(self._blocks, _counts(texts)) @ self._weights.T + self._intercepts
        scores = spread_margins(np.asarray(margins, np.float64), self._classes, self._n_categories)
        return margins_to_log_probs(scores, self._classes, self._sharpness, self._n_notes)

    def pruned(self, n_features: int) -> "HashedModel":
        """Return the model with the features that say most, as many as asked for, in half precision.

        Args:
            n_features: Features to keep. One takes ``6 + 2 * categories`` bytes of a file.
        """
        says = np.linalg.norm(self._weights, axis=0) * np.concatenate([block.idf for block in self._blocks])
        kept = np.zeros(len(says), bool)
        kept[np.argsort(-says, kind="stable")[:n_features]] = True
        return self._only(kept)._halved()

    def shared(self, texts: Sequence[str], patients: Sequence[str], least: int) -> "HashedModel":
        """Return the model with the features alone that so many patients share.

        Args:
            texts: The training notes, prepared.
            patients: Whose each is.
            least: Patients that a feature takes.
        """
        masks = []
        for place, block in enumerate(self._blocks):
            found = patients_of_columns(lambda some, i=place: _counts(some)[i], texts, patients, _N_HASHES)  # type: ignore[misc]
            masks.append(found[block.columns] >= least)
        return self._only(np.concatenate(masks))

    @property
    def n_features(self) -> int:
        """Features that say anything."""
        return int((self._weights != 0).any(axis=0).sum())

    def _only(self, kept: NDArray[np.bool_]) -> "HashedModel":
        """Return the model with some of its features. ``kept``: shape ``(features,)``."""
        blocks, weights, start = [], [], 0
        for block in self._blocks:
            own = kept[start : start + len(block.columns)]
            part = self._weights[:, start : start + len(block.columns)][:, own]
            start += len(block.columns)
            if own.any():
                blocks.append(_FeatureKind(block.kind, block.columns[own], block.idf[own]))
                weights.append(part)
            else:  # a kind of feature never vanishes: a column that says nothing
                blocks.append(_FeatureKind(block.kind, np.zeros(1, np.int32), np.ones(1, np.float32)))
                weights.append(np.zeros((len(self._weights), 1), np.float32))
        joined = np.ascontiguousarray(np.hstack(weights))
        settings = {**self.settings, "features": joined.shape[1]}
        return replace(self, settings=settings, _blocks=tuple(blocks), _weights=joined)

    def _halved(self) -> "HashedModel":
        """Return the model with its numbers in half precision."""
        blocks = tuple(replace(block, idf=_rounded(block.idf)) for block in self._blocks)
        weights, intercepts = _rounded(self._weights), _rounded(self._intercepts)
        return replace(self, _blocks=blocks, _weights=weights, _intercepts=intercepts, is_half=True)

    def save(self, path: Path) -> None:
        """Write the model as safetensors: numbers only, no text of any note."""
        tensors: dict[str, NDArray[Any]] = {
            "weights": self._weights,
            "intercepts": self._intercepts,
            "classes": self._classes,
        }
        for block in self._blocks:
            tensors |= {f"columns.{block.kind}": block.columns, f"idf.{block.kind}": block.idf}
        if self.is_half:
            short = {name: tensor.astype(np.float16) for name, tensor in tensors.items() if tensor.dtype == np.float32}
            tensors |= short
        about = {
            "format": _FORMAT,
            "settings": self.settings,
            "sharpness": self._sharpness,
            "n_categories": self._n_categories,
            "n_notes": self._n_notes,
        }
        save_file(tensors, path, metadata={"about": json.dumps(about)})  # one key: several come in any order

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the model that `save` wrote.

        Raises:
            RunError: The file is missing, damaged, or something else.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
            about = json.loads(metadata.get("about", "{}"))
            if (metadata.get("format") or about.get("format")) != _FORMAT:
                raise RunError("not a linear model of this version", place=str(path), hint="evaluate the run again")
            is_half = tensors["weights"].dtype == np.float16
            tensors = {
                name: tensor.astype(np.float32) if tensor.dtype == np.float16 else tensor
                for name, tensor in tensors.items()
            }
            for name, tensor in tensors.items():
                finite(name, tensor)
            blocks = tuple(_FeatureKind(i, tensors[f"columns.{i}"], tensors[f"idf.{i}"]) for i in range(len(_BLOCKS)))
            return cls(
                about["settings"],
                blocks,
                tensors["weights"],
                tensors["intercepts"],
                tensors["classes"],
                within("sharpness", about["sharpness"], 0, 1e6),
                about["n_categories"],
                about["n_notes"],
                is_half,
            )
        except RunError:
            raise
        except ValueError as error:
            raise RunError(f"not a linear model: {error}", place=str(path), hint="evaluate the run again") from None
        except Exception as error:  # safetensors raises its own error without a public base class
            raise RunError(
                f"cannot read this linear model: {type(error).__name__}",
                place=str(path),
                hint="evaluate the run again",
            ) from None


def fit_hashed(
    texts: Sequence[str],
    true: IntArray,
    n_categories: int,
    *,
    groups: Sequence[str],
    seed: int = 0,
    phrases: Texts | None = None,
    held_out: Texts | None = None,
) -> HashedModel | None:
    """Return the model, its settings chosen by cross-validation over patients inside the notes given.

    Args:
        texts: Training notes; with phrases there need be none.
        true: Indices of their categories. Shape ``(notes,)``.
        n_categories: Size of the label set.
        groups: The patient of each note; a patient's notes share a fold.
        seed: Of folds, parts and solver.
        phrases: What names and describes each category, each counting a fraction of a note; None for notes alone.
        held_out: Validation notes that the phrases' weight and then the sharpness are fitted on; used with phrases.

    Returns:
        None where notes and phrases are all of one category, which leaves nothing to separate.
    """
    generator = np.random.default_rng(seed)
    part = np.sort(generator.permutation(len(texts))[:MOST_NOTES])
    true = np.asarray(true, np.int64)[part]
    notes = Texts([texts[i] for i in part], true)
    tuned = _tuned(notes, n_categories, [groups[i] for i in part], generator, seed)
    if phrases is not None and len(np.unique(phrases.true)) > 1:
        return _fit_taught(notes, phrases, held_out or Texts.none(), n_categories, tuned, seed)
    if tuned is None:
        return None
    blocks = _fit_blocks(tuned.counts)
    svm = fit_svm(_joined(blocks, tuned.counts), true, tuned.chosen, seed)
    return _model_of(svm, blocks, tuned.settings, fit_sharpness(tuned.scores, tuned.true), n_categories, len(part))


@dataclass(frozen=True)
class _Tuned:
    """What cross-validation inside the training notes found."""

    counts: list[sparse.csr_matrix]
    chosen: Settings
    scores: FloatArray
    true: IntArray

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "C": self.chosen[0],
            "class_weight": self.chosen[1] or "none",
            "folds": N_FOLDS,
            "tuning_notes": len(self.true),
            "cross_validated_accuracy": float((self.scores.argmax(axis=1) == self.true).mean()),
        }


def _tuned(
    notes: Texts, n_categories: int, groups: Sequence[str], generator: np.random.Generator, seed: int
) -> _Tuned | None:
    """Return the best settings; None where the notes are all of one category."""
    if len(np.unique(notes.true)) < 2:
        return None
    counts = _counts(notes.texts)
    tuned_on = np.sort(generator.permutation(len(notes.texts))[:MOST_TUNING_NOTES])
    folds = folds_by_group([groups[i] for i in tuned_on], N_FOLDS, generator)
    chosen, scores = _tune([block[tuned_on] for block in counts], notes.true[tuned_on], n_categories, folds, seed)
    return _Tuned(counts, chosen, scores, notes.true[tuned_on])


def _fit_taught(
    notes: Texts, phrases: Texts, held_out: Texts, n_categories: int, tuned: _Tuned | None, seed: int
) -> HashedModel:
    """Return the model of notes and phrases together."""
    of_phrases = _counts(phrases.texts)
    of_notes = tuned.counts if tuned else _counts(notes.texts) if len(notes.texts) else None
    blocks = _fit_blocks(
        [sparse.vstack(pair).tocsr() for pair in zip(of_notes, of_phrases, strict=True)] if of_notes else of_phrases
    )
    taught = fit_taught(
        (_joined(blocks, of_notes) if of_notes else None, notes.true),
        (_joined(blocks, of_phrases), phrases.true),
        (_joined(blocks, _counts(held_out.texts)) if len(held_out.texts) else None, held_out.true),
        n_categories,
        tuned.chosen if tuned else PHRASES_ALONE,
        seed,
    )
    settings = (tuned.settings if tuned else {}) | {"phrases": len(phrases.texts), "phrase_weight": taught.weight}
    n_texts = len(notes.texts) + len(phrases.texts)
    return _model_of(taught.linear, blocks, settings, taught.sharpness, n_categories, n_texts)


def _model_of(
    svm: "LinearSVC",
    blocks: tuple[_FeatureKind, ...],
    settings: dict[str, Any],
    sharpness: float,
    n_categories: int,
    n_texts: int,
) -> HashedModel:
    """Return a fitted classifier as what is stored of it."""
    weights, intercepts = svm.coef_, svm.intercept_
    if len(svm.classes_) == 2:  # scikit-learn keeps one hyperplane for two classes
        weights, intercepts = np.vstack([-weights, weights]), np.concatenate([-intercepts, intercepts])
    return HashedModel(
        settings | {"features": int(weights.shape[1])},
        blocks,
        np.ascontiguousarray(weights, np.float32),  # safetensors writes memory as it lies
        intercepts.astype(np.float32),
        svm.classes_.astype(np.int64),
        sharpness,
        n_categories,
        n_texts,
    )


def _rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return numbers as half precision keeps them."""
    return values.astype(np.float16).astype(np.float32)


def _counts(texts: Sequence[str]) -> list[sparse.csr_matrix]:
    """Return hashed counts, one matrix a kind of feature. Shapes ``(notes, hashes)``."""
    # Half of a surrogate pair, which a broken source can hold, has no bytes to hash.
    cut = [text[:MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8") for text in texts]
    return [hashed_counts(cut, count, _N_HASHES) for count in _BLOCKS]


def _fit_blocks(counts: Sequence[sparse.csr_matrix]) -> tuple[_FeatureKind, ...]:
    """Return the columns to keep and their inverse document frequencies, smoothed as scikit-learn does."""
    blocks = []
    for kind, matrix in enumerate(counts):
        n_notes = np.bincount(matrix.indices, minlength=_N_HASHES)
        columns = np.flatnonzero(n_notes >= _MIN_NOTES_OF_FEATURE)
        columns = columns if len(columns) else np.zeros(1, np.int64)  # a column that says nothing, for a solver's sake
        idf = np.log((1 + matrix.shape[0]) / (1 + n_notes[columns])) + 1
        blocks.append(_FeatureKind(kind, columns.astype(np.int32), idf.astype(np.float32)))
    return tuple(blocks)


def _joined(blocks: Sequence[_FeatureKind], counts: Sequence[sparse.csr_matrix]) -> sparse.csr_matrix:
    """Return the features of all kinds side by side."""
    return sparse.hstack([block.features(counts[block.kind]) for block in blocks], format="csr")


def _tune(
    counts: Sequence[sparse.csr_matrix], true: IntArray, n_categories: int, folds: IntArray, seed: int
) -> tuple[Settings, FloatArray]:
    """Return the best settings and their out-of-fold scores. Shape of the scores: ``(notes, categories)``."""
    grid = [(strength, weight) for weight in CLASS_WEIGHTS for strength in STRENGTHS]
    scores = {settings: np.zeros((len(true), n_categories)) for settings in grid}
    for fold in range(N_FOLDS):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if not len(inside) or len(np.unique(true[outside])) < 2:
            continue  # too few patients for this fold; its notes keep scores of 0 under every setting alike
        blocks = _fit_blocks([block[outside] for block in counts])
        features = _joined(blocks, [block[outside] for block in counts])
        held_out = _joined(blocks, [block[inside] for block in counts])
        for settings in grid:
            model = fit_svm(features, true[outside], settings, seed)
            margins = model.decision_function(held_out)
            scores[settings][inside] = spread_margins(margins, model.classes_, n_categories)
    best = max(grid, key=lambda settings: float((scores[settings].argmax(axis=1) == true).mean()))
    return best, scores[best]
