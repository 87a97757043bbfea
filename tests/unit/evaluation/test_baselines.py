"""The baselines: what they answer, that they were tuned inside their notes, and that their probabilities are some."""

from typing import Any

import numpy as np
import pytest

from nosology.evaluation import baselines
from nosology.evaluation.baselines import Majority, TfidfModel

VOCABULARY = (["fever", "sepsis", "culture"], ["tumor", "mass", "biopsy"], ["fracture", "fall", "cast"])


def made_up_notes(n: Any, seed: Any, *, noise: float = 0.0, categories: tuple[Any, ...] = (0, 1, 2)) -> Any:
    """Return texts whose words give their category away, except for a share of them."""
    generator = np.random.default_rng(seed)
    true = generator.choice(categories, size=n)
    texts = []
    for category in true:
        spoken = int(generator.choice(categories)) if generator.random() < noise else category
        words = [
            *generator.choice(VOCABULARY[spoken], size=4),
            *generator.choice(["the", "patient", "was", "seen"], size=6),
        ]
        texts.append(" ".join(generator.permutation(words)))
    return texts, true


def patients(n: Any) -> Any:
    return [f"p{i}" for i in range(n)]


def test_the_majority_baseline_answers_the_most_common_category_with_smoothed_shares() -> None:
    model = baselines.fit_majority(np.array([1, 1, 1, 0]), 3)
    assert model.shares.tolist() == pytest.approx([2 / 7, 4 / 7, 1 / 7])
    log_probs = model.log_probs(["a", "b"])
    assert log_probs.shape == (2, 3)
    assert log_probs.argmax(axis=1).tolist() == [1, 1]


def test_tfidf_learns_what_words_give_away() -> None:
    texts, true = made_up_notes(150, 0)
    model = baselines.fit_tfidf(texts, true, 3, groups=patients(150))
    new_texts, new_true = made_up_notes(60, 1)
    assert (model.log_probs(new_texts).argmax(axis=1) == new_true).all()


def test_tfidf_probabilities_sum_to_one_and_are_as_sure_as_it_is_right() -> None:
    texts, true = made_up_notes(400, 2, noise=0.4)
    model = baselines.fit_tfidf(texts, true, 3, groups=patients(400))
    new_texts, new_true = made_up_notes(600, 3, noise=0.4)
    probabilities = np.exp(model.log_probs(new_texts))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    accuracy = (probabilities.argmax(axis=1) == new_true).mean()
    assert probabilities.max(axis=1).mean() == pytest.approx(accuracy, abs=0.06)


def test_perfectly_separable_notes_do_not_make_tfidf_certain() -> None:
    texts, true = made_up_notes(120, 4)
    probabilities = np.exp(baselines.fit_tfidf(texts, true, 3, groups=patients(120)).log_probs(texts))
    assert probabilities.max() < 1 - 1e-6


def test_the_recorded_accuracy_is_that_of_notes_not_fitted_on() -> None:
    texts, true = made_up_notes(200, 5, noise=1.0)  # words say nothing
    model = baselines.fit_tfidf(texts, true, 3, groups=patients(200))
    assert model.settings["cross_validated_accuracy"] < 0.5
    assert model.settings["C"] in baselines.STRENGTHS
    assert model.settings["tuning_notes"] == 200


def test_copies_of_a_patients_note_do_not_help_its_own_fold() -> None:
    generator = np.random.default_rng(6)
    # Each patient has four copies of one note of words that nobody else has; only folds by patient see through that.
    true = np.repeat(generator.integers(3, size=50), 4)
    texts = [f"word{i // 4} term{i // 4} sign{i // 4}" for i in range(200)]
    by_patient = baselines.fit_tfidf(texts, true, 3, groups=[f"p{i // 4}" for i in range(200)])
    by_note = baselines.fit_tfidf(texts, true, 3, groups=patients(200))
    assert by_note.settings["cross_validated_accuracy"] > 0.9
    assert by_patient.settings["cross_validated_accuracy"] < 0.6


def test_a_category_without_training_notes_stays_possible_and_rows_still_sum_to_one() -> None:
    texts, true = made_up_notes(98, 7, categories=(0, 2))
    probabilities = np.exp(baselines.fit_tfidf(texts, true, 3, groups=patients(98)).log_probs(texts))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(probabilities[:, 1], 1 / 101)


def test_two_categories_are_told_apart() -> None:
    texts, true = made_up_notes(80, 8, categories=(0, 1))
    model = baselines.fit_tfidf(texts, true, 2, groups=patients(80))
    assert (model.log_probs(texts).argmax(axis=1) == true).all()


def test_notes_of_one_category_give_the_majority_baseline() -> None:
    assert isinstance(baselines.fit_tfidf(["a b", "c d"], np.array([1, 1]), 3, groups=["p", "q"]), Majority)


def test_a_handful_of_notes_of_one_patient_is_enough() -> None:
    model = baselines.fit_tfidf(["fever now", "mass seen", "fever again"], np.array([0, 1, 0]), 2, groups=["p"] * 3)
    assert isinstance(model, TfidfModel)
    assert model.log_probs(["fever"]).argmax() == 0


def test_equal_notes_and_seed_give_the_same_model() -> None:
    texts, true = made_up_notes(60, 9, noise=0.3)
    first, again = (baselines.fit_tfidf(texts, true, 3, groups=patients(60), seed=2).log_probs(texts) for _ in range(2))
    assert (first == again).all()


def test_large_sets_are_tuned_on_a_part_and_fitted_on_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "MOST_TUNING_NOTES", 50)
    texts, true = made_up_notes(120, 10)
    model = baselines.fit_tfidf(texts, true, 3, groups=patients(120))
    assert model.settings["tuning_notes"] == 50
    assert model._n_notes == 120


def test_no_text_shows_in_a_repr() -> None:
    model = baselines.fit_tfidf(["fever now", "mass seen"] * 6, np.array([0, 1] * 6), 2, groups=patients(12))
    assert "fever" not in repr(model)
