"""The parts of a suggester: words, titles, signals, and the weights that make probabilities of them."""

from pathlib import Path

import numpy as np
import pytest
from scipy import special

from nosology import metrics
from nosology.coding.rubrics import Rubric, RubricTable
from nosology.errors import RunError
from nosology.suggesting import mixture
from nosology.suggesting.mixture import Mixture
from nosology.suggesting.signals import NAMES, Frequencies, Signals
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
    words.save(tmp_path)
    np.testing.assert_allclose(WordModel.load(tmp_path, 5).scores(TEXTS), words.scores(TEXTS), atol=1e-6)
    with pytest.raises(RunError, match="does not fit"):
        WordModel.load(tmp_path, 3)
    (tmp_path / "words.json").unlink()
    with pytest.raises(RunError, match="missing"):
        WordModel.load(tmp_path, 5)


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


def table() -> RubricTable:
    rubrics = [("410", "Heart"), ("428", "Heart"), ("486", "Lung"), ("496", "Lung"), ("692", "Skin")]
    counted = RubricTable(tuple(Rubric(code, 9, f"title {code}", category) for code, category in rubrics))
    return counted.counted([[("4100", 9)], [("4100", 9), ("486", 9)], [("486", 9)]])


def test_a_category_that_was_not_read_counts_its_rubrics_alike() -> None:
    known = Frequencies.of(table(), ("Heart", "Lung", "Skin"), 3)
    titles = np.array([np.log(0.7), np.log(0.3), np.nan, np.nan, np.nan])
    categories = np.log([0.6, 0.3, 0.1])
    rows = Signals(categories, titles, np.zeros(5), np.array([0, 0, 0.5, 0, 0])).table(known)
    assert rows.shape == (5, len(NAMES))
    np.testing.assert_allclose(np.exp(rows[:, 1]), [0.7, 0.3, 0.5, 0.5, 1.0])
    np.testing.assert_allclose(np.exp(rows[:, 0]), [0.6, 0.6, 0.3, 0.3, 0.1])
    assert rows[:, NAMES.index("is seen")].tolist() == [1, 0, 1, 0, 0]
    assert known.at(np.array([2])).category.tolist() == [1]


def simulated(n_notes: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return signals, truth, main places and categories of notes whose odds are known: 2 words + title - 1."""
    generator = np.random.default_rng(seed)
    category = np.array([0, 0, 0, 1, 1, 1])
    tables = generator.normal(size=(n_notes, 6, len(NAMES)))
    odds = 2 * tables[:, :, 2] + tables[:, :, 1] - 1
    truth = generator.random(odds.shape) < special.expit(odds)
    return tables, truth, np.where(truth.any(axis=1), truth.argmax(axis=1), -1), category


def test_the_fit_finds_the_odds_and_is_calibrated_on_new_notes() -> None:
    fitted = mixture.fit(*simulated(1500, 0), 3)
    assert fitted.coded[2] == pytest.approx(2, abs=0.2)
    assert fitted.coded[1] == pytest.approx(1, abs=0.2)
    assert fitted.intercept == pytest.approx(-1, abs=0.2)
    tables, truth, _, category = simulated(3000, 1)
    probabilities = fitted.coded_probabilities(tables)
    for low in (0.1, 0.4, 0.7):
        inside = (probabilities > low) & (probabilities < low + 0.2)
        assert truth[inside].mean() == pytest.approx(probabilities[inside].mean(), abs=0.05)
    shares = fitted.within_category(tables[0], category)
    assert [shares[:3].sum(), shares[3:].sum()] == pytest.approx([1, 1])


def test_none_of_these_is_as_frequent_as_stated() -> None:
    tables, truth, main, category = simulated(1500, 2)
    fitted = mixture.fit(tables, truth, main, category, 3)
    probabilities = fitted.coded_probabilities(tables)
    order = np.argsort(-probabilities, axis=1)[:, :3]
    stated = np.mean([fitted.none_of(row) for row in np.take_along_axis(probabilities, order, axis=1)])
    assert stated == pytest.approx((~np.take_along_axis(truth, order, axis=1).any(axis=1)).mean(), abs=0.02)


def test_weights_survive_their_file_and_others_are_refused() -> None:
    fitted = mixture.fit(*simulated(60, 3), 3)
    assert Mixture.from_json(fitted.to_json()) == fitted
    with pytest.raises(ValueError, match="too few"):
        mixture.fit(*simulated(10, 3), 3)
    for broken in ({}, fitted.to_json() | {"format": 2}, fitted.to_json() | {"signals": ["other"]}, None):
        with pytest.raises(RunError):
            Mixture.from_json(broken)


def test_ranking_metrics_by_hand() -> None:
    truth = np.array([[True, False, True, False], [False, False, False, True], [False] * 4])
    scores = np.array([[0.1, 0.9, 0.8, 0.2], [0.4, 0.3, 0.2, 0.1], [1.0, 0.0, 0.0, 0.0]])
    right = metrics.ranked_truth(scores, truth)
    assert right.tolist() == [[False, True, False, True], [False, False, False, True], [False] * 4]
    assert metrics.hit_rate(right, 1).tolist() == [0, 0, 0]
    assert metrics.hit_rate(right, 2).tolist() == [1, 0, 0]
    assert metrics.recall(right, 2).tolist() == [0.5, 0, 0]
    assert metrics.reciprocal_rank(right).tolist() == [0.5, 0.25, 0]
    assert metrics.average_precision(right).tolist() == [(1 / 2 + 2 / 4) / 2, 0.25, 0]
