"""How profiles of diseases are made from texts that tell them."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[3] / "scripts" / "starter"))

from profiles import SMOOTHING, profiles, write  # type: ignore[import-not-found]

TOLD = [
    ("I21", "crushing chest pain", 1.0),
    ("I21", "chest pain, chest pain", 1.0),
    ("J18", "cough with chest pain", 0.25),
]


def test_a_stem_weighs_the_log_of_its_mentions_times_its_rarity() -> None:
    found = profiles(iter(TOLD))
    column = {word: number for number, word in enumerate(found.words)}
    mentions = {"crush": 1.0, "chest": 1 + (1 + np.log(2)), "pain": 1 + (1 + np.log(2))}
    idf = {"crush": np.log(3 / 1.5), "chest": np.log(3 / 2.5), "pain": np.log(3 / 2.5)}
    weights = {word: np.log1p(mentions[word]) * idf[word] for word in mentions}
    length = np.sqrt(sum(weight**2 for weight in weights.values()) + SMOOTHING**2)
    assert found.rubrics == ("I21", "J18")
    for word, weight in weights.items():
        assert found.weights[0, column[word]] == pytest.approx(weight / length)


def test_a_mention_in_others_text_counts_less() -> None:
    whole, part = (profiles(iter([("A00", "rice water", share), ("B01", "itching", 1.0)])) for share in (1.0, 0.25))
    assert 0 < part.weights[0].sum() < whole.weights[0].sum()


def test_what_is_written_is_read_back_and_written_alike(tmp_path: Path) -> None:
    found = profiles(iter(TOLD))
    write(found, tmp_path / "findings.npz")
    write(profiles(iter(TOLD)), tmp_path / "again.npz")
    with np.load(tmp_path / "findings.npz") as one, np.load(tmp_path / "again.npz") as other:
        assert {name: one[name].tobytes() for name in one.files} == {
            name: other[name].tobytes() for name in other.files
        }
        assert tuple(one["words"].tobytes().decode().split("\n")) == found.words
        assert one["weights"].astype(np.float64) == pytest.approx(found.weights.data, rel=1e-3)
