"""Who trains and who tests."""

from collections import Counter

import pytest

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
    counts: Counter[str] = Counter(split_of(f"p{i}", 7, shares) for i in range(n))
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
