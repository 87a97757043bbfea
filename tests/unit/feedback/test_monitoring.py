"""Agreement and drift against independent oracles: scipy's interval, the score equation, counts made another way."""

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from nosology.feedback.monitoring import agreement_report, drift, stability_index
from nosology.feedback.store import Decision
from nosology.metrics.agreement import wilson_interval
from nosology.sources.feedback import latest_by_note

NAMES = ["A", "B", "C"]


def decision(note: str, predicted: str, category: str) -> Decision:
    verdict = "accepted" if predicted == category else "corrected"
    return Decision("id", "local", "", "", note, "m", predicted, 0.5, False, (), verdict, category)


def read(note: str, label: str, probability: float = 0.5, *, abstained: bool = False) -> dict:
    return {"note_sha256": note, "label": label, "probability": probability, "abstained": abstained}


names = st.sampled_from(NAMES)
some_decisions = st.lists(st.builds(decision, st.sampled_from("12345678"), names, names), max_size=30)
some_counts = st.fixed_dictionaries({name: st.integers(0, 1_000) for name in NAMES})


@st.composite
def some_shares(draw: Any) -> Any:
    weights = [draw(st.integers(0, 100)) for _ in NAMES]
    weights[draw(st.integers(0, 2))] += 1
    return {name: weight / sum(weights) for name, weight in zip(NAMES, weights, strict=True)}


# ---- the interval


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_the_one_of_scipy(counts: Any) -> None:
    n_right, n_all = counts
    expected = binomtest(n_right, n_all).proportion_ci(0.95, method="wilson")
    assert wilson_interval(n_right, n_all) == pytest.approx((expected.low, expected.high), abs=1e-6)


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_each_end_of_the_interval_is_just_not_rejected_by_a_score_test(counts: Any) -> None:
    n_right, n_all = counts
    for end in wilson_interval(n_right, n_all):
        # (share - end) / sqrt(end (1 - end) / n) is plus or minus z; squared, to have no division by nothing.
        assert (n_right / n_all - end) ** 2 == pytest.approx(1.959963984540054**2 * end * (1 - end) / n_all, abs=1e-9)


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_right_and_wrong_change_places_in_the_interval(counts: Any) -> None:
    n_right, n_all = counts
    low, high = wilson_interval(n_right, n_all)
    assert wilson_interval(n_all - n_right, n_all) == pytest.approx((1 - high, 1 - low), abs=1e-12)
    assert 0 <= low <= n_right / n_all + 1e-12
    assert n_right / n_all - 1e-12 <= high <= 1


@pytest.mark.parametrize(
    ("n_right", "n_all", "low", "high"),
    [
        # With share 0 the interval is 0 to z2 / (n + z2), where z2 = 3.8415.
        (0, 1, 0.0, 3.8415 / 4.8415),
        (0, 10, 0.0, 3.8415 / 13.8415),
        (1, 1, 1 / 4.8415, 1.0),
        (10, 10, 10 / 13.8415, 1.0),
        # With share 1/2 it is 1/2 plus or minus z / (2 sqrt(n + z2)).
        (2, 4, 0.5 - 1.959964 / (2 * math.sqrt(7.8415)), 0.5 + 1.959964 / (2 * math.sqrt(7.8415))),
        (50, 100, 0.5 - 1.959964 / (2 * math.sqrt(103.8415)), 0.5 + 1.959964 / (2 * math.sqrt(103.8415))),
    ],
)
def test_the_interval_at_its_corners_is_what_the_formula_shrinks_to(
    n_right: int, n_all: int, low: Any, high: Any
) -> None:
    assert wilson_interval(n_right, n_all) == pytest.approx((low, high), abs=1e-5)


def test_the_interval_narrows_as_decisions_come_in() -> None:
    widths = [high - low for low, high in (wilson_interval(n * 3 // 4, n) for n in (4, 40, 400, 4_000))]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0.5
    assert widths[-1] < 0.03


# ---- agreement


def test_the_order_is_of_the_first_decision_and_the_content_of_the_last() -> None:
    decisions = [decision("2", "A", "A"), decision("1", "A", "B"), decision("2", "A", "C")]
    assert [(found.note_sha256, found.category) for found in latest_by_note(decisions)] == [("2", "C"), ("1", "B")]


@given(some_decisions)
def test_the_latest_decision_on_a_note_is_the_first_from_behind(decisions: Any) -> None:
    found = latest_by_note(iter(decisions))
    assert [one.note_sha256 for one in found] == list(dict.fromkeys(one.note_sha256 for one in decisions))
    for one in found:
        assert one is next(other for other in reversed(decisions) if other.note_sha256 == one.note_sha256)
    assert latest_by_note(found) == found


def test_what_was_undone_does_not_count_and_blind_is_told_from_seen() -> None:
    undone = replace(decision("1", "A", "A"), verdict="undone")
    blind = replace(decision("2", "A", "B"), blind=True)
    found = agreement_report([decision("1", "A", "A"), undone, blind, decision("3", "A", "A")], [], NAMES, None)
    assert (found["n_decisions"], found["n_accepted"]) == (2, 1)
    assert (found["blind"]["n_decisions"], found["blind"]["n_accepted"]) == (1, 0)
    assert (found["seen"]["n_decisions"], found["seen"]["agreement"]) == (1, 1.0)


def test_a_note_counts_by_its_first_blind_decision_though_it_was_changed_or_undone_afterwards() -> None:
    blind = [replace(decision(note, "A", "B"), blind=True) for note in "123"]
    changed, undone = decision("1", "A", "A"), replace(blind[1], verdict="undone")
    found = agreement_report([*blind, changed, undone, decision("4", "A", "A")], [], NAMES, None)
    assert (found["blind"]["n_decisions"], found["blind"]["n_accepted"]) == (3, 0)
    assert (found["seen"]["n_decisions"], found["seen"]["n_accepted"]) == (1, 1), "note 1 was not seen first"
    assert (found["n_decisions"], found["n_accepted"]) == (3, 2), "the latest of each"


def test_who_decided_on_a_note_before_is_blind_to_it_no_more_in_another_list() -> None:
    again = replace(decision("1", "A", "A"), blind=True)
    found = agreement_report([decision("1", "A", "A"), again], [], NAMES, None)
    assert (found["blind"]["n_decisions"], found["seen"]["n_decisions"]) == (0, 1)
    somebody = replace(decision("1", "A", "B"), actor="ward 3", blind=True)
    found = agreement_report([decision("1", "A", "A"), again, somebody], [], NAMES, None)
    assert (found["blind"]["n_decisions"], found["blind"]["n_accepted"], found["seen"]["n_decisions"]) == (1, 0, 0)


@given(some_decisions)
def test_the_rows_add_up_to_the_whole(decisions: Any) -> None:
    found = agreement_report(iter(decisions), [], NAMES, None)
    rows = found["categories"]
    assert [row["category"] for row in rows] == NAMES
    assert sum(row["n_predicted"] for row in rows) == found["n_decisions"]
    assert sum(row["n_decided_for"] for row in rows) == found["n_decisions"]
    assert sum(row["n_accepted"] for row in rows) == found["n_accepted"]
    assert sum(row["n_corrected"] for row in rows) == found["n_corrected"]
    for row in rows:
        assert sum(row["corrected_to"].values()) == row["n_corrected"] == row["n_predicted"] - row["n_accepted"]
        assert row["category"] not in row["corrected_to"], "a correction is to something else"


@given(some_decisions)
def test_the_rows_are_the_cells_of_the_confusion_matrix(decisions: Any) -> None:
    last = {one.note_sha256: (one.predicted, one.category) for one in decisions}
    cells = Counter(last.values())
    for row in agreement_report(decisions, [], NAMES, None)["categories"]:
        name = row["category"]
        assert row["n_accepted"] == cells[name, name]
        assert row["corrected_to"] == {to: cells[name, to] for to in NAMES if to != name and cells[name, to]}
        assert row["n_decided_for"] == sum(cells[source, name] for source in NAMES)


def test_corrections_are_listed_with_the_most_frequent_first() -> None:
    decisions = [decision(str(i), "A", "BCCBCC"[i]) for i in range(6)]
    row = agreement_report(decisions, [], NAMES, None)["categories"][0]
    assert list(row["corrected_to"].items()) == [("C", 4), ("B", 2)]


def test_agreement_of_three_in_four_has_its_interval() -> None:
    found = agreement_report([decision(str(i), "A", "AAAB"[i]) for i in range(4)], [], NAMES, None)
    assert found["agreement"] == 0.75
    assert found["agreement_interval"] == wilson_interval(3, 4)


def test_a_category_that_nobody_predicted_has_a_row_of_nothing() -> None:
    rows = agreement_report([decision("1", "A", "B")], [], NAMES, None)["categories"]
    nothing = {"n_predicted": 0, "n_accepted": 0, "n_corrected": 0, "n_decided_for": 0, "corrected_to": {}}
    assert rows[2] == {"category": "C"} | nothing
    assert rows[1] == {"category": "B"} | nothing | {"n_decided_for": 1}


def test_the_report_holds_the_drift_of_the_same_entries() -> None:
    entries, training = [read("1", "A"), read("2", "B")], {"A": 0.2, "B": 0.3, "C": 0.5}
    found = agreement_report([], iter(entries), NAMES, training)
    assert found["drift"] == drift(entries, NAMES, training)


# ---- drift


def test_nothing_read_is_no_drift() -> None:
    assert drift([], NAMES, {"A": 1.0}) is None
    assert drift(iter(()), NAMES, None) is None


def test_without_training_shares_there_are_shares_but_no_distance() -> None:
    found = drift([read("1", "A", 0.9), read("2", "B", 0.6, abstained=True)], NAMES, None)
    assert (found["psi"], found["total_variation"]) == (None, None)
    assert [(row["now"], row["training"]) for row in found["categories"]] == [(0.5, None), (0.5, None), (0.0, None)]
    assert found["mean_probability"] == pytest.approx(0.75)
    assert found["not_sure_share"] == 0.5


def test_of_a_note_read_twice_everything_is_of_the_last_reading() -> None:
    entries = [read("1", "A", 0.2, abstained=True), read("2", "B", 0.8), read("1", "C", 0.6)]
    found = drift(entries, NAMES, None)
    assert [row["now"] for row in found["categories"]] == [0.0, 0.5, 0.5]
    assert found["mean_probability"] == pytest.approx(0.7)
    assert found["not_sure_share"] == 0.0


@given(st.lists(names, min_size=1, max_size=60), some_shares())
def test_the_total_variation_is_the_largest_difference_over_all_sets_of_categories(labels: Any, training: Any) -> None:
    found = drift([read(str(i), label) for i, label in enumerate(labels)], NAMES, training)
    now = {name: labels.count(name) / len(labels) for name in NAMES}
    subsets = [[name for i, name in enumerate(NAMES) if mask >> i & 1] for mask in range(8)]
    largest = max(sum(now[name] - training[name] for name in subset) for subset in subsets)
    assert found["total_variation"] == pytest.approx(largest, abs=1e-12)
    assert 0 <= found["total_variation"] <= 1 + 1e-12


@given(some_counts, some_shares())
def test_the_index_is_never_negative_nor_infinite(counts: Any, training: Any) -> None:
    assert 0 <= stability_index(counts, training, NAMES) < math.inf


@given(some_counts, some_shares(), st.permutations(NAMES))
def test_the_index_does_not_depend_on_the_order_of_the_categories(counts: Any, training: Any, order: Any) -> None:
    expected = stability_index(counts, training, NAMES)
    assert stability_index(counts, training, order) == pytest.approx(expected, abs=1e-12)


def test_the_index_of_a_small_table_is_what_a_person_computes() -> None:
    # Counts 1 and 2, each with 1/2 added: 1.5 and 2.5 of 4, that is 3/8 and 5/8, against halves.
    expected = (3 / 8 - 1 / 2) * math.log(3 / 4) + (5 / 8 - 1 / 2) * math.log(5 / 4)
    assert stability_index({"A": 1, "B": 2}, {"A": 0.5, "B": 0.5}, ["A", "B"]) == pytest.approx(expected)


def test_a_category_without_training_notes_counts_as_half_a_note_then() -> None:
    # 3 and 1, smoothed 3.5/5 and 1.5/5; B had no share, so it is taken to have had 0.5/5.
    expected = (0.7 - 1.0) * math.log(0.7) + (0.3 - 0.1) * math.log(3)
    assert stability_index({"A": 3, "B": 1}, {"A": 1.0}, ["A", "B"]) == pytest.approx(expected)


@pytest.mark.parametrize(("n_a", "floor", "ceiling"), [(500, 0, 0.001), (600, 0, 0.1), (650, 0, 0.1), (800, 0.25, 9)])
def test_the_thresholds_of_the_index_tell_a_small_shift_from_a_large_one(
    n_a: int, floor: int | float, ceiling: float | int
) -> None:
    found = stability_index({"A": n_a, "B": 1_000 - n_a}, {"A": 0.5, "B": 0.5}, ["A", "B"])
    assert floor <= found <= ceiling


# ---- agreement and drift


def test_the_latest_decision_on_a_note_counts() -> None:
    decisions = [decision("1", "A", "A"), decision("2", "A", "B"), decision("1", "A", "B"), decision("3", "B", "B")]
    found = agreement_report(decisions, [], ["A", "B"], None)
    assert (found["n_decisions"], found["n_accepted"], found["n_corrected"]) == (3, 1, 2)
    assert found["categories"][0] == {
        "category": "A",
        "n_predicted": 2,
        "n_accepted": 0,
        "n_corrected": 2,
        "n_decided_for": 0,
        "corrected_to": {"B": 2},
    }
    assert found["drift"] is None


def test_nothing_decided_is_no_agreement_at_all() -> None:
    found = agreement_report([], [], ["A"], None)
    assert (found["agreement"], found["agreement_interval"]) == (None, None)


def test_the_interval_is_wilsons() -> None:
    # 8 of 10 by Wilson's formula with z = 1.96: 0.490 to 0.943 (Newcombe 1998, the usual worked example).
    decided = [decision(str(n), "Respiratory" if n < 8 else "Digestive", "Respiratory") for n in range(10)]
    low, high = agreement_report(decided, [], ["Respiratory", "Digestive"], None)["agreement_interval"]
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert agreement_report([], [], ["Respiratory"], None)["agreement_interval"] is None


def test_drift_is_nothing_when_the_shares_are_the_training_shares() -> None:
    entries = [read(str(i), "A" if i % 4 else "B") for i in range(400)]
    found = drift(entries, ["A", "B"], {"A": 0.75, "B": 0.25})
    assert found["psi"] < 0.001
    assert found["total_variation"] == pytest.approx(0)


def test_drift_is_large_when_the_shares_change_places() -> None:
    entries = [read(str(i), "B" if i % 4 else "A", abstained=i < 40) for i in range(400)]
    found = drift(entries, ["A", "B"], {"A": 0.75, "B": 0.25})
    assert found["psi"] == pytest.approx(0.5 * math.log(3) * 2, rel=0.02)  # (.5)(ln 3) twice, by hand
    assert found["total_variation"] == pytest.approx(0.5)
    assert found["not_sure_share"] == 0.1


def test_a_note_read_twice_counts_once_and_an_unseen_category_is_finite() -> None:
    entries = [read("1", "A"), read("1", "B"), read("2", "B")]
    found = drift(entries, ["A", "B"], {"A": 0.0, "B": 1.0})
    assert found["n_notes"] == 2
    assert math.isfinite(stability_index({"A": 0, "B": 5}, {"A": 0.5, "B": 0.5}, ["A", "B"]))
    assert found["categories"][0] == {"category": "A", "now": 0.0, "training": 0.0}
