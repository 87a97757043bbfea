"""Who trains and who tests, and the account of every lost row."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.dataset.funnel import Funnel
from nosology.dataset.split import check_disjoint, split_of
from nosology.errors import DataError

SHARES = (0.8, 0.1, 0.1)


def test_the_splits_of_some_patients_are_what_they_have_always_been() -> None:
    """Frozen, and drawn by hand from ``printf 0:1 | sha256sum``: another rule would move patients between splits."""
    drawn = {patient: split_of(str(patient), 0, SHARES) for patient in range(16)}
    assert {patient for patient, split in drawn.items() if split == "test"} == {1}
    assert {patient for patient, split in drawn.items() if split == "validation"} == {11, 13}


@pytest.mark.parametrize("shares", [SHARES, (0.5, 0.25, 0.25), (1.0, 0.0, 0.0), (0.9, 0.1, 0.0)])
def test_shares_are_kept_within_chance(shares: tuple[float, float, float]) -> None:
    n = 4_000
    counts = Counter(split_of(f"p{i}", 7, shares) for i in range(n))
    for split, share in zip(("train", "validation", "test"), shares, strict=True):
        margin = 4 * (share * (1 - share) / n) ** 0.5
        assert abs(counts[split] / n - share) <= margin


def test_seeds_draw_independently() -> None:
    same = sum(split_of(str(i), 0, SHARES) == split_of(str(i), 1, SHARES) for i in range(2_000)) / 2_000
    assert same == pytest.approx(0.8**2 + 0.1**2 + 0.1**2, abs=0.05)


def test_a_patient_in_two_splits_is_a_hard_error() -> None:
    check_disjoint([("1", "train"), ("1", "train"), ("2", "test")])
    with pytest.raises(DataError, match="2 patients are in two splits, first '1'"):
        check_disjoint([("3", "train"), ("3", "test"), ("1", "train"), ("2", "test"), ("1", "test")])


steps = st.lists(st.tuples(st.sampled_from(["read", "label", "words"]), st.sampled_from("abc"), st.integers(0, 5)))


@given(steps, st.integers(0, 50))
def test_the_funnel_adds_up_whatever_is_lost(lost: list[tuple[str, str, int]], spare: int) -> None:
    funnel = Funnel(["read", "label", "words"])
    funnel.rows_in = sum(n for _, _, n in lost) + spare
    for step, reason, n in lost:
        funnel.lose(step, reason, n)
    rows = funnel.rows_in
    for step in funnel.steps():
        assert step["rows_in"] == rows
        assert all(step["lost"].values()), "a reason that took nothing is no reason"
        rows -= sum(step["lost"].values())
        assert step["rows_out"] == rows
    assert rows == funnel.rows_out == spare


def test_the_funnel_reads_like_an_account() -> None:
    funnel = Funnel(["read", "words"])
    funnel.rows_in = 12_345
    funnel.lose("words", "too short", 45)
    funnel.lose("words", "too long", 300)
    assert funnel.describe().splitlines() == [
        "        12,345  rows",
        "          -300  too long (words)",
        "           -45  too short (words)",
        "        12,000  notes stay",
    ]
