"""Linear models over words: folds by patient, margins by category, and probabilities that are as sure as right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from nosology.classifier.linear import fit_sharpness, fit_svm, folds_by_group, margins_to_log_probs, spread_margins
from nosology.records import FloatArray

# ---- folds


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40), st.integers(2, 5), st.integers(0, 9))
def test_notes_of_one_patient_share_a_fold(groups: list[str], n_folds: int, seed: int) -> None:
    folds = folds_by_group(groups, n_folds, np.random.default_rng(seed))
    assert folds.shape == (len(groups),)
    assert set(folds.tolist()) <= set(range(n_folds))
    for group in set(groups):
        assert len({int(fold) for fold, own in zip(folds, groups, strict=True) if own == group}) == 1


@given(st.integers(2, 5), st.integers(0, 9))
def test_folds_hold_as_many_patients_as_each_other_but_for_one(n_folds: int, seed: int) -> None:
    folds = folds_by_group([str(i) for i in range(23)], n_folds, np.random.default_rng(seed))
    sizes = np.bincount(folds, minlength=n_folds)
    assert sizes.max() - sizes.min() <= 1


def test_the_draw_is_the_generators() -> None:
    groups = [str(i) for i in range(30)]
    one, again, other = (folds_by_group(groups, 3, np.random.default_rng(seed)).tolist() for seed in (1, 1, 2))
    assert one == again != other


# ---- margins


def test_margins_stand_in_their_categorys_column_and_the_unseen_are_one_below_the_worst() -> None:
    margins = np.array([[0.5, -1.0], [-2.0, 3.0]])
    spread = spread_margins(margins, np.array([3, 1]), 4)
    assert spread.tolist() == [[-2.0, -1.0, -2.0, 0.5], [-3.0, 3.0, -3.0, -2.0]]


def test_of_two_categories_the_one_margin_is_the_seconds() -> None:
    spread = spread_margins(np.array([0.75, -0.25]), np.array([0, 2]), 3)
    assert spread[:, 2].tolist() == [0.75, -0.25]
    assert spread[:, 0].tolist() == [-0.75, 0.25]
    assert (spread[:, 1] < spread[:, [0, 2]].min(axis=1)).all()


some_margins = hnp.arrays(np.float64, (5, 3), elements=st.floats(-4, 4, width=32))


@settings(max_examples=40)
@given(some_margins, st.permutations(range(5)))
def test_a_category_that_was_not_trained_is_never_the_best(margins: FloatArray, order: list[int]) -> None:
    classes = np.array(order[:3])
    spread = spread_margins(margins, classes, 5)
    assert set(spread.argmax(axis=1).tolist()) <= set(classes.tolist())


# ---- probabilities


@settings(max_examples=40)
@given(some_margins, st.permutations(range(5)), st.floats(0.1, 5), st.integers(1, 500))
def test_rows_sum_to_one_and_unseen_categories_have_one_imagined_note_each(
    margins: FloatArray, order: list[int], sharpness: float, n_notes: int
) -> None:
    classes = np.array(order[:3])
    log_probs = margins_to_log_probs(spread_margins(margins, classes, 5), classes, sharpness, n_notes)
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1)
    unseen = order[3:]
    np.testing.assert_allclose(np.exp(log_probs[:, unseen]), 1 / (n_notes + 5))


def test_where_all_were_seen_it_is_a_plain_softmax() -> None:
    scores = np.array([[1.0, 0.0, -1.0]])
    expected = np.exp(2 * scores) / np.exp(2 * scores).sum()
    found = np.exp(margins_to_log_probs(scores, np.arange(3), 2.0, 10))
    np.testing.assert_allclose(found, expected)


def test_a_sharper_softmax_is_surer_and_changes_no_answer() -> None:
    scores = np.random.default_rng(0).normal(size=(50, 4))
    mild, sharp = (margins_to_log_probs(scores, np.arange(4), factor, 100) for factor in (0.5, 4.0))
    assert (mild.argmax(axis=1) == sharp.argmax(axis=1)).all()
    assert (sharp.max(axis=1) >= mild.max(axis=1)).all()


# ---- sharpness


@pytest.mark.parametrize("true_factor", [0.5, 1.0, 3.0])
def test_the_sharpness_that_made_the_truth_is_found(true_factor: float) -> None:
    generator = np.random.default_rng(5)
    scores = generator.normal(size=(6_000, 4))
    chances = special.softmax(scores * true_factor, axis=1)
    true = np.array([generator.choice(4, p=row) for row in chances])
    assert fit_sharpness(scores, true) == pytest.approx(true_factor, rel=0.1)


def test_scores_that_separate_perfectly_do_not_become_certainties() -> None:
    true = np.arange(40) % 4
    scores = np.where(np.eye(4)[true] == 1, 1.0, -1.0)
    sharpness = fit_sharpness(scores, true)
    surest = special.softmax(scores * sharpness, axis=1).max()
    # Of 42 notes, one imagined one is of any of the four categories: 1 - 1/42 + 1/42/4.
    assert surest == pytest.approx(1 - 3 / 4 / 42, abs=0.002)


def test_scores_that_say_nothing_are_hardly_used() -> None:
    generator = np.random.default_rng(1)
    sharpness = fit_sharpness(generator.normal(size=(4_000, 3)), generator.integers(3, size=4_000))
    assert sharpness < 0.1


def test_the_model_finds_words_that_tell_categories_apart() -> None:
    features = np.array([[1.0, 0.0, 0.2], [0.9, 0.1, 0.0], [0.0, 1.0, 0.1], [0.1, 0.8, 0.0]])
    true = np.array([2, 2, 5, 5])
    model = fit_svm(features, true, (1.0, None), seed=0)
    assert model.classes_.tolist() == [2, 5]
    assert model.predict(features).tolist() == true.tolist()


def test_balanced_weights_let_a_rare_category_be_answered_more_often() -> None:
    generator = np.random.default_rng(2)
    true = (generator.random(600) < 0.07).astype(np.int64)
    features = generator.normal(size=(600, 2)) + true[:, None] * 1.0
    plain, balanced = (
        fit_svm(features, true, (1.0, weight), seed=0).predict(features) for weight in (None, "balanced")
    )
    assert plain.sum() < true.sum() < balanced.sum()
