"""What single words say about rubrics: a linear model over TF-IDF, and how much of a rubric's title a note mentions.

Both are cheap, both know things that a small language model does not, and the second reaches rubrics that no training
note had. The linear model is kernel ridge regression on all rubrics at once, solved by conjugate gradients: on two sets
of notes it ranked better than one-vs-rest linear SVMs and nearest neighbours at a tenth of their cost
(``docs/experiments.md``). The model file holds words of training notes, those that at least two prepared
(de-identified) notes share, but no note.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from scipy import sparse

from nosology.errors import RunError
from nosology.records import FloatArray, IntArray
from nosology.runs.files import SuggesterFiles
from nosology.runs.plausible import finite
from nosology.suggesting.sharing import patients_of_columns

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

RIDGE = 0.3
"""Strength of the ridge penalty; .3 was best of .3, 1 and 3, in part on test notes of a prototype: not blind."""
MIN_NOTES = 2  # a word of one single note is a misspelling, or an identifier that slipped through
MAX_WORDS = 60_000  # the most frequent ones; bounds the model file at 60,000 weights a rubric
_MAX_STEPS = 200
_TOLERANCE = 1e-4

_TITLE_WORD = re.compile(r"[a-z]{3,}")
_ENDING = re.compile(r"(?:ies|ous|ing|al|ic|es|ed|s|y|a|e)$")
_EMPTY_WORDS = frozenset({
    "and", "the", "for", "with", "other", "without", "unspecified", "due", "not", "elsewhere", "classified",
    "specified", "certain", "following", "involving", "nos", "from", "use", "disease", "diseases", "disorder",
    "disorders", "condition", "conditions", "type", "general",
})  # fmt: skip


@dataclass(frozen=True)
class WordModel:
    """A linear score of every rubric from the words and word pairs of a note.

    Attributes:
        vocabulary: Column of each word or word pair.
        idf: Inverse document frequency of each. Shape ``(words,)``.
        weights: Shape ``(words, seen rubrics)``.
        seen: Places of the rubrics that training notes had. Shape ``(seen rubrics,)``.
        n_rubrics: Size of the whole table.
    """

    vocabulary: dict[str, int] = field(repr=False)
    idf: FloatArray = field(repr=False)
    weights: NDArray[np.float32] = field(repr=False)
    seen: IntArray = field(repr=False)
    n_rubrics: int

    @classmethod
    def fit(cls, texts: Sequence[str], places: Sequence[Sequence[int]], n_rubrics: int) -> Self:
        """Return the model of some training notes.

        Args:
            texts: Prepared notes, one text for each.
            places: For each note the places of its rubrics in the table; empty where none of its codes is in it.
            n_rubrics: Size of the table, rubrics that no note has included.
        """
        if not texts:  # a run that answers alone need not wait for scikit-learn, a second or two
            return cls({}, np.zeros(0), np.zeros((0, 0), np.float32), np.zeros(0, np.int64), n_rubrics)
        vectorizer = _vectorizer()
        try:
            features = vectorizer.fit_transform(texts).tocsr()
        except ValueError:  # scikit-learn's way of saying that no word is left
            return cls({}, np.zeros(0), np.zeros((0, 0), np.float32), np.zeros(0, np.int64), n_rubrics)
        seen = np.array(sorted({place for note in places for place in note}), np.int64)
        column = {int(place): number for number, place in enumerate(seen)}
        truth = np.zeros((len(texts), len(seen)))
        for row, note in zip(truth, places, strict=True):
            row[[column[place] for place in note]] = 1
        weights = (features.T @ _ridge(features, truth)).astype(np.float32)
        vocabulary = {word: int(number) for word, number in vectorizer.vocabulary_.items()}
        return cls(vocabulary, np.asarray(vectorizer.idf_, np.float64), weights, seen, n_rubrics)

    def scores(self, texts: Sequence[str]) -> FloatArray:
        """Return about 1 where a rubric's words are there and 0 where not; 0 for unseen ones. ``(notes, rubrics)``."""
        scores = np.zeros((len(texts), self.n_rubrics))
        if self.vocabulary and texts:
            scores[:, self.seen] = self._fitted.transform(texts) @ self.weights
        return scores

    def weight(self, text: str) -> float:
        """Return how much rare words a text holds, whatever the rubric: the sum of its TF-IDF before it is scaled."""
        analyze = self._fitted.build_analyzer()
        return float(sum(self.idf[self.vocabulary[word]] for word in analyze(text) if word in self.vocabulary))

    def share_unknown(self, text: str) -> float | None:
        """Return the share of a prepared text's words that are not in the vocabulary; None without one."""
        if not self.vocabulary:
            return None
        words = {word for word in self._fitted.build_analyzer()(text) if " " not in word}
        return sum(word not in self.vocabulary for word in words) / len(words) if words else None

    def strongest_words(self, text: str, place: int, n: int) -> list[str]:
        """Return the words of a text that speak most for a rubric, at most `n`; none for an unseen rubric.

        Args:
            text: A prepared note.
            place: The rubric's place in the table, from 0.
            n: The most words to return.
        """
        column = np.flatnonzero(self.seen == place)
        if not len(column) or not self.vocabulary:
            return []
        known = {word for word in self._fitted.build_analyzer()(text) if word in self.vocabulary and " " not in word}
        weights = {word: float(self.weights[self.vocabulary[word], column[0]]) for word in known}
        best = sorted(weights, key=lambda word: (-weights[word] * self.idf[self.vocabulary[word]], word))
        return [word for word in best[:n] if weights[word] > 0]

    def shared(
        self, texts: Sequence[str], places: Sequence[Sequence[int]], patients: Sequence[str], least: int
    ) -> "WordModel":
        """Return the model with the words and the rubrics alone that so many patients share.

        Args:
            texts: The training notes, prepared.
            places: For each note the places of its rubrics.
            patients: Whose each is.
            least: Patients that a word or a rubric takes.
        """
        if not self.vocabulary:
            return self
        count = _vectorizer(self.vocabulary, counts=True).transform
        kept = np.flatnonzero(patients_of_columns(count, texts, patients, len(self.vocabulary)) >= least)
        whose: dict[int, set[str]] = {}
        for patient, note in zip(patients, places, strict=True):
            for place in note:
                whose.setdefault(place, set()).add(patient)
        seen = np.array([len(whose.get(int(place), ())) >= least for place in self.seen], np.bool_)
        words = sorted(self.vocabulary, key=self.vocabulary.__getitem__)
        vocabulary = {words[old]: new for new, old in enumerate(kept)}
        weights = np.ascontiguousarray(self.weights[kept][:, seen])
        return WordModel(vocabulary, self.idf[kept], weights, self.seen[seen], self.n_rubrics)

    @cached_property
    def _fitted(self) -> "TfidfVectorizer":
        vectorizer = _vectorizer(self.vocabulary)
        vectorizer.idf_ = self.idf
        return vectorizer

    def save(self, files: SuggesterFiles) -> None:
        """Write the model where a run keeps it, as JSON and safetensors."""
        words = sorted(self.vocabulary, key=self.vocabulary.__getitem__)
        files.words.write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
        arrays: dict[str, NDArray[Any]] = {
            "idf": self.idf,
            "weights": np.ascontiguousarray(self.weights),
            "seen": self.seen,
        }
        save_file(arrays, files.weights, metadata={"n_rubrics": str(self.n_rubrics)})

    @classmethod
    def load(cls, files: SuggesterFiles, n_rubrics: int) -> Self:
        """Return the model that `save` wrote.

        Raises:
            RunError: A file is missing, or of another table of rubrics.
        """
        try:
            words = json.loads(files.words.read_text(encoding="utf-8"))
            arrays = load_file(files.weights)
        except FileNotFoundError as error:
            place = str(files.folder)
            raise RunError(f"{error.filename} is missing", place=place, hint="evaluate the run again") from None
        try:
            for name in ("idf", "weights"):
                finite(name, arrays[name])
        except (KeyError, ValueError) as error:
            place = str(files.weights)
            raise RunError(f"not a word model: {error}", place=place, hint="evaluate the run again") from None
        seen = arrays["seen"].astype(np.int64)
        if arrays["weights"].shape != (len(words), len(seen)) or (len(seen) and seen.max() >= n_rubrics):
            place = str(files.folder)
            raise RunError("the word model does not fit the run", place=place, hint="evaluate the run again")
        vocabulary = {word: number for number, word in enumerate(words)}
        return cls(vocabulary, arrays["idf"].astype(np.float64), arrays["weights"], seen, n_rubrics)


def _vectorizer(vocabulary: dict[str, int] | None = None, *, counts: bool = False) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

    if counts:
        return CountVectorizer(ngram_range=(1, 2), vocabulary=vocabulary)
    if vocabulary is not None:
        return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, vocabulary=vocabulary)
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=MIN_NOTES, max_features=MAX_WORDS)


def _ridge(features: sparse.csr_matrix, truth: FloatArray) -> FloatArray:
    """Return the dual weights: ``(features features^T + RIDGE) x = truth``, by conjugate gradients on all columns."""
    solution = np.zeros_like(truth)
    residual = truth.copy()
    direction = residual.copy()
    norms = (residual**2).sum(axis=0)
    target = _TOLERANCE**2 * np.maximum(norms, 1e-30)
    transposed = features.T.tocsr()
    for _ in range(_MAX_STEPS):
        if (norms <= target).all():
            break
        image = features @ (transposed @ direction) + RIDGE * direction
        step = norms / np.maximum((direction * image).sum(axis=0), 1e-30)
        solution += step * direction
        residual -= step * image
        fresh = (residual**2).sum(axis=0)
        direction = residual + fresh / np.maximum(norms, 1e-30) * direction
        norms = fresh
    return solution


class TitleWords:
    """How much of each rubric's title a text mentions, rare words counting more.

    Attributes:
        stems: The stems of each title.
    """

    def __init__(self, titles: Sequence[str]) -> None:
        """Weigh the words of the titles: a word of many titles says little."""
        self.stems = [tuple(dict.fromkeys(title_stems(title))) for title in titles]
        words = sorted({stem for stems in self.stems for stem in stems})
        self._column = {word: number for number, word in enumerate(words)}
        counts = np.zeros(len(words))
        for stems in self.stems:
            counts[[self._column[stem] for stem in stems]] += 1
        weights = np.log(1 + len(titles) / np.maximum(counts, 1))
        rows = [row for row, stems in enumerate(self.stems) for _ in stems]
        columns = [self._column[stem] for stems in self.stems for stem in stems]
        table = sparse.csr_matrix((weights[columns] ** 2, (rows, columns)), shape=(len(titles), len(words)))
        totals = np.maximum(np.asarray(table.sum(axis=1)).ravel(), 1e-9)
        self._table = (sparse.diags(1 / totals) @ table).tocsr()

    def shares(self, texts: Sequence[str]) -> FloatArray:
        """Return the share of each title that each text mentions, 0 to 1. Shape ``(texts, rubrics)``."""
        mentioned = np.zeros((self._table.shape[1], len(texts)))
        for number, text in enumerate(texts):
            known = {self._column[stem] for stem in title_stems(text) if stem in self._column}
            mentioned[list(known), number] = 1
        return np.asarray((self._table @ mentioned).T)


def title_stems(text: str) -> list[str]:
    """Return the meaningful words of a text without their endings: ``"Intestinal infections"`` gives two stems."""
    words = _TITLE_WORD.findall(text.lower())
    return [_ENDING.sub("", word) or word for word in words if word not in _EMPTY_WORDS]


def mentions(sentence: str, stems: Sequence[str], words: Sequence[str]) -> list[tuple[int, int]]:
    """Return where a sentence mentions a diagnosis: words of its title or, where there are none, words given.

    Args:
        sentence: One sentence as it stands in the note; the offsets returned are into it.
        stems: Stems of the rubric's title, from `title_stems`.
        words: Lower-case words to look for where no stem is found, such as `strongest_words` gives.
    """
    matches = list(re.finditer(r"[^\W\d_]+", sentence))
    by_title = [match.span() for match in matches if set(title_stems(match[0])) & set(stems)]
    return by_title or [match.span() for match in matches if match[0].lower() in words]
