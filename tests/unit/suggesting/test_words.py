"""Words that speak for a rubric, and words of a title that a note mentions."""

from pathlib import Path

import numpy as np
import pytest

from nosology.errors import RunError
from nosology.runs.files import SuggesterFiles
from nosology.suggesting.words import RIDGE, TitleWords, WordModel, mentions, title_stems

TEXTS = ["chest pain troponin", "chest pain", "cough fever", "cough sputum fever", "rash", "rash chest pain"]


PLACES = [(0,), (0,), (2,), (2,), (3,), (3, 0)]


@pytest.fixture(scope="module")
def words() -> WordModel:
    return WordModel.fit(TEXTS, PLACES, 5)


def test_the_word_model_is_kernel_ridge_regression(words: WordModel) -> None:
    features = words._fitted.transform(TEXTS).toarray()
    truth = np.array([[place in note for place in (0, 2, 3)] for note in PLACES], float)
    exact = features.T @ np.linalg.solve(features @ features.T + RIDGE * np.eye(len(TEXTS)), truth)
    np.testing.assert_allclose(words.weights, exact, atol=1e-3)


def test_unseen_rubrics_and_unknown_words_score_nothing(words: WordModel) -> None:
    scores = words.scores(["chest pain", "unheard of"])
    assert scores.shape == (2, 5)
    assert scores[0].argmax() == 0
    assert (scores[:, [1, 4]] == 0).all()
    assert (scores[1] == 0).all()
    assert "troponin" not in words.vocabulary, "a word of a single note is not kept"


def test_a_saved_word_model_gives_the_same_scores(words: WordModel, tmp_path: Path) -> None:
    words.save(SuggesterFiles(tmp_path))
    loaded = WordModel.load(SuggesterFiles(tmp_path), 5)
    np.testing.assert_allclose(loaded.scores(TEXTS), words.scores(TEXTS), atol=1e-6)
    with pytest.raises(RunError, match="does not fit"):
        WordModel.load(SuggesterFiles(tmp_path), 3)
    (tmp_path / "words.json").unlink()
    with pytest.raises(RunError, match="missing"):
        WordModel.load(SuggesterFiles(tmp_path), 5)


def test_a_model_of_no_words_scores_nothing() -> None:
    empty = WordModel.fit(["a b", "c"], [(0,), (1,)], 2)
    assert (empty.scores(["a b c"]) == 0).all()
    assert empty.strongest_words("a", 0, 3) == []


def test_the_strongest_word_is_the_one_that_tells(words: WordModel) -> None:
    assert words.strongest_words("Fever, COUGH, chest", 2, 1) in (["cough"], ["fever"])
    assert words.strongest_words("rash", 1, 1) == []
    assert words.weight("rash rash") == pytest.approx(2 * words.weight("rash"))


def test_rare_title_words_count_more() -> None:
    titles = TitleWords(
        ["Malignant neoplasm of lip", "Malignant neoplasm of tongue", "Other and unspecified disorders"]
    )
    shares = titles.shares(["a tumor of the LIP", "malignant neoplasms of lips", ""])
    assert shares[0, 0] > 0.5
    assert shares[1, 0] == pytest.approx(1)
    assert 0 < shares[1, 1] < 0.5
    assert (shares[:, 2] == 0).all(), "a title of empty words is never mentioned"
    assert title_stems("Intestinal infections") == ["intestin", "infection"]


def test_mentions_are_words_of_the_title_or_else_words_given() -> None:
    assert mentions("No Infections today", title_stems("Infection"), ["today"]) == [(3, 13)]
    assert mentions("Warm leg", title_stems("Cellulitis"), ["warm"]) == [(0, 4)]
    assert mentions("Warm leg", title_stems("Cellulitis"), []) == []
