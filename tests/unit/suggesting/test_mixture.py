"""The weights of the signals, fitted and read back."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from nosology.errors import RunError
from nosology.suggesting import mixture
from nosology.suggesting.mixture import Mixture, Pairs
from nosology.suggesting.signals import NAMES

WORDS, TITLE, IS_SEEN, TERM, NAMED = (
    NAMES.index(name) for name in ("words", "title", "is seen", "term", "coded when named")
)


def simulated(n_notes: int, seed: int, *, title: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return signals, truth, main places and categories of notes whose odds are known.

    They are 2 words + title + term - 1 of four rubrics that were seen, and term - 3 of two that were not.
    """
    generator = np.random.default_rng(seed)
    category = np.array([0, 0, 0, 1, 1, 1])
    tables = generator.normal(size=(n_notes, 6, len(NAMES)))
    tables[:, :, IS_SEEN] = [1, 1, 0, 1, 1, 0]
    odds = 2 * tables[:, :, WORDS] + title * tables[:, :, TITLE] + tables[:, :, TERM] - 1
    odds = np.where(tables[:, :, IS_SEEN] > 0, odds, tables[:, :, TERM] - 3)
    truth = generator.random(odds.shape) < special.expit(odds)
    return tables, truth, np.where(truth.any(axis=1), truth.argmax(axis=1), -1), category


def test_the_fit_finds_the_odds_and_is_calibrated_on_new_notes() -> None:
    fitted = mixture.fit(*simulated(1500, 0), 3)
    assert fitted.coded[2] == pytest.approx(2, abs=0.2)
    assert fitted.coded[1] == pytest.approx(1, abs=0.2)
    assert fitted.coded[TERM] == pytest.approx(1, abs=0.2)
    assert fitted.intercept == pytest.approx(-1, abs=0.2)
    assert fitted.unseen[TERM] == pytest.approx(0.7, abs=0.3), "as it speaks without words, of all rubrics"
    assert fitted.unseen[WORDS] == fitted.unseen[TITLE] == 0
    tables, truth, _, category = simulated(3000, 1)
    probabilities = fitted.coded_probabilities(tables)
    for low in (0.1, 0.4, 0.7):
        inside = (probabilities > low) & (probabilities < low + 0.2)
        assert truth[inside].mean() == pytest.approx(probabilities[inside].mean(), abs=0.05)
    shares = fitted.within_category(tables[0], category)
    assert [shares[:3].sum(), shares[3:].sum()] == pytest.approx([1, 1])


def test_rubrics_that_no_note_had_are_as_often_coded_as_stated() -> None:
    fitted = mixture.fit(*simulated(1500, 5), 3)
    tables, truth, _, _ = simulated(3000, 6)
    is_unseen = tables[..., IS_SEEN] == 0
    assert fitted.coded_probabilities(tables)[is_unseen].mean() == pytest.approx(truth[is_unseen].mean(), abs=0.01)


def test_where_every_rubric_was_seen_an_unseen_one_is_judged_as_if_left_out() -> None:
    tables, truth, main, category = simulated(60, 4)
    tables[:, :, IS_SEEN] = 1
    fitted = mixture.fit(tables, truth, main, category, 3)
    tables[:, :, IS_SEEN] = 0
    assert fitted.coded_probabilities(tables).mean() == pytest.approx(truth.mean(), abs=0.1)


def pairs(n: int, n_coded: int) -> Pairs:
    """Return pairs of unseen rubrics whose log-odds are their term and twice how often they are coded, less 2."""
    generator = np.random.default_rng(8)
    rows = generator.normal(size=(n, len(NAMES)))
    wanted = generator.random(n) < special.expit(rows[:, TERM] + 2 * rows[:, NAMED] - 2)
    wanted &= np.cumsum(wanted) <= n_coded
    return Pairs(rows, wanted, np.ones(n))


def test_unseen_rubrics_are_judged_by_training_notes_that_alone_have_one() -> None:
    fitted = mixture.fit(*simulated(60, 9), 3, pairs(4000, 4000))
    assert fitted.unseen[TERM] == pytest.approx(1, abs=0.2)
    assert fitted.unseen[NAMED] == pytest.approx(2, abs=0.3)
    assert fitted.unseen_intercept == pytest.approx(-2, abs=0.3)
    assert fitted.unseen[WORDS] == fitted.unseen[TITLE] == 0


def test_of_few_such_training_notes_nothing_is_learned() -> None:
    data = simulated(60, 9)
    assert mixture.fit(*data, 3, pairs(4000, 29)) == mixture.fit(*data, 3)


def test_a_pair_counts_as_often_as_it_has_copies() -> None:
    data, few = simulated(60, 9), pairs(500, 500)
    twice = Pairs(*(np.concatenate([part, part]) for part in (few.rows, few.wanted, few.copies)))
    counted = mixture.fit(*data, 3, replace(few, copies=2 * few.copies))
    np.testing.assert_allclose(counted.unseen, mixture.fit(*data, 3, twice).unseen, atol=1e-3)


def test_a_list_prefers_what_no_note_had_at_three_times_its_odds_but_states_and_orders_it_as_it_is() -> None:
    probabilities = np.array([0.9, 0.3, 0.2, 0.1, 0.05])
    is_seen = np.array([True, True, True, False, False])
    assert mixture.listed(probabilities, is_seen, 3).tolist() == [0, 1, 3], "odds of 1 to 9, tripled, are above 1 to 4"
    assert mixture.listed(probabilities, is_seen, 5).tolist() == [0, 1, 2, 3, 4]
    assert mixture.listed(probabilities, np.ones(5, np.bool_), 3).tolist() == [0, 1, 2]
    assert mixture.listed(np.array([0.9, 0.3, 0.26, 0.1, 0.05]), is_seen, 3).tolist() == [0, 1, 2]
    assert mixture.listed(np.stack([probabilities, probabilities[::-1]]), is_seen, 1).tolist() == [[0], [4]]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30), st.integers(1, 12))
def test_a_list_is_in_the_order_of_its_probabilities_and_holds_the_best_of_either_kind(
    rubrics: list[tuple[float, bool]], k: int
) -> None:
    probabilities, is_seen = np.array([p for p, _ in rubrics]), np.array([seen for _, seen in rubrics])
    found = mixture.listed(probabilities, is_seen, k)
    assert len(set(found.tolist())) == len(found) == min(k, len(rubrics))
    assert (np.diff(probabilities[found]) <= 0).all()
    for kind in (True, False):
        inside = probabilities[found][is_seen[found] == kind]
        outside = np.delete(probabilities, found)[np.delete(is_seen, found) == kind]
        assert not len(inside) or not len(outside) or inside.min() >= outside.max()


def test_sums_that_are_too_sure_are_bent_until_they_are_right() -> None:
    tables, _, main, category = simulated(3000, 10)
    tables[:, :, IS_SEEN] = 1
    sure = 3 * tables[:, :, WORDS] - 1
    truth = np.random.default_rng(3).random(sure.shape) < special.expit(sure - np.logaddexp(0, sure) * 2 / 3)
    fitted = mixture.fit(tables, truth, main, category, 3)
    assert fitted.slopes[3] < 0.7 * fitted.slopes[0]
    probabilities = fitted.coded_probabilities(tables)
    for low in (0.1, 0.3, 0.5, 0.7):
        inside = (probabilities > low) & (probabilities < low + 0.2)
        assert truth[inside].mean() == pytest.approx(probabilities[inside].mean(), abs=0.04)


@pytest.mark.parametrize(("title", "stays"), [(1.0, True), (0.0, False)])
def test_the_model_is_weighed_only_where_left_out_notes_show_that_it_helps(title: float, stays: bool) -> None:
    fitted = mixture.fit(*simulated(400, 7, title=title), 3)
    assert (fitted.coded[TITLE] != 0) == stays


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
    for broken in ({}, fitted.to_json() | {"format": 3}, fitted.to_json() | {"signals": ["other"]}, None):
        with pytest.raises(RunError):
            Mixture.from_json(broken)


def by_hand(**weights: float) -> Mixture:
    """Return a mixture whose weights are those named, and 0 for all other signals."""
    coded = tuple(weights.get(name, 0.0) for name in NAMES)
    intercept = weights.get("intercept", 0.0)
    return Mixture(coded, intercept, coded, intercept, coded[1:], weights.get("sharpness", 1.0), 40, 0.1)


def test_log_odds_are_the_weighted_sum_and_the_intercept() -> None:
    table = np.zeros((2, len(NAMES)))
    table[0, NAMES.index("title")], table[1, NAMES.index("words")] = 2.0, -1.0
    mixed = by_hand(title=0.5, words=3.0, intercept=-1.0)
    np.testing.assert_allclose(mixed.log_odds(table), [0.0, -4.0], atol=1e-12)
    np.testing.assert_allclose(mixed.coded_probabilities(table), [0.5, 1 / (1 + np.exp(4))])


def test_shares_of_a_category_are_a_softmax_over_its_rubrics_alone() -> None:
    table = np.zeros((3, len(NAMES)))
    table[:, NAMES.index("title")] = np.log([3.0, 1.0, 7.0])
    shares = by_hand(title=1.0).within_category(table, np.array([0, 0, 1]))
    np.testing.assert_allclose(shares, [0.75, 0.25, 1.0])


@pytest.mark.parametrize(
    ("probabilities", "sharpness", "expected"),
    [([], 1.0, 1.0), ([0.5], 1.0, 0.5), ([0.5, 0.5], 1.0, 0.25), ([0.5, 0.5], 0.5, 0.5), ([1.0, 0.2], 2.0, 0.0)],
)
def test_none_of_these_is_a_power_of_the_product_of_what_is_left(
    probabilities: list[float], sharpness: float, expected: float
) -> None:
    assert by_hand(sharpness=sharpness).none_of(probabilities) == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), max_size=10), st.floats(0, 1), st.floats(0.05, 20))
def test_one_more_suggestion_never_makes_none_of_these_more_probable(
    probabilities: list[float], another: float, sharpness: float
) -> None:
    mixed = by_hand(sharpness=sharpness)
    assert 0 <= mixed.none_of([*probabilities, another]) <= mixed.none_of(probabilities) <= 1


def test_an_untrained_mixture_says_what_the_model_says() -> None:
    table = np.zeros((2, len(NAMES)))
    table[:, NAMES.index("category")] = np.log(0.5)
    table[:, NAMES.index("title")] = np.log([0.8, 0.2])
    bare = mixture.untrained()
    np.testing.assert_allclose(bare.log_odds(table), np.log([0.4, 0.1]))
    np.testing.assert_allclose(bare.within_category(table, np.array([0, 0])), [0.8, 0.2])
    assert bare.n_notes == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"intercept": float("nan")},
        {"intercept": 1e7},
        {"sharpness": -1.0},
        {"sharpness": float("inf")},
        {"sharpness": "much"},
        {"coded": ["a"]},
        {"coded": [float("nan")] * len(NAMES)},
        {"main": None},
        {"slopes": [1.0, -1.0, 1.0, 1.0]},
        {"slopes": [1.0, 1.0, 1.0]},
        {"unseen_slopes": [1.0, -1.0, 1.0, 1.0]},
        {"unseen_slopes": [1.0] * 5},
        {"offset": float("nan")},
        {"n_notes": "many"},
        {"kind": "calibration"},
    ],
)
def test_impossible_weights_are_refused_with_the_remedy(changes: dict[str, Any]) -> None:
    with pytest.raises(RunError) as caught:
        Mixture.from_json(by_hand(title=1.0).to_json() | changes)
    assert caught.value.hint == "evaluate the run again"


@pytest.mark.parametrize(
    "name",
    [
        "coded",
        "intercept",
        "unseen",
        "main",
        "sharpness",
        "n_notes",
        "log_loss",
        "slopes",
        "offset",
        "unseen_slopes",
        "unseen_offset",
        "signals",
    ],
)
def test_a_mixture_without_one_of_its_parts_is_refused(name: str) -> None:
    values = by_hand(title=1.0).to_json()
    del values[name]
    with pytest.raises(RunError, match="incomplete or impossible"):
        Mixture.from_json(values)
