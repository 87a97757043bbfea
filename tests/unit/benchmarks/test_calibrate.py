"""The benchmarks of local calibration and of typicality, on made-up scores and features."""

from typing import Any

import numpy as np
import pytest

import calibrate
import typicality


def overconfident(n: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    honest = np.log(generator.dirichlet(np.full(4, 0.5), size=n))
    true = np.array([generator.choice(4, p=np.exp(row)) for row in honest])
    return 3 * honest - np.logaddexp.reduce(3 * honest, axis=1, keepdims=True), true


def test_calibration_lowers_the_error_and_keeps_coverage() -> None:
    scores, true = overconfident(900)
    found = calibrate.judge([scores], true, None, (0.5, 0.5), 300, 3)
    assert found["after"]["ece_debiased"] < 0.04 < found["before"]["ece_debiased"]
    assert found["after"]["coverage"] == pytest.approx(0.9, abs=0.04)
    assert found["after"]["accuracy"] == pytest.approx(found["before"]["accuracy"], abs=0.02)
    assert found["before"]["set_size"] == 4


def test_splits_need_notes_to_judge_on() -> None:
    scores, true = overconfident(100)
    with pytest.raises(SystemExit, match="leave none"):
        calibrate.judge([scores], true, None, (0.5, 0.5), 100, 1)


def test_two_systems_are_blended_by_the_notes_of_each_split() -> None:
    scores, true = overconfident(900)
    useless = np.full_like(scores, np.log(1 / 4))
    found = calibrate.judge([useless, scores], true, None, (1.0, 0.0), 300, 3)
    assert found["after"]["accuracy"] > found["before"]["accuracy"] + 0.1
    assert found["after"]["log_loss"] < found["before"]["log_loss"] - 0.1


def test_every_pair_of_styles_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typicality, "N_SPLITS", 2)
    generator = np.random.default_rng(0)
    styles = {name: generator.normal(size=(60, 40)) + 4 * i for i, name in enumerate(("a", "b", "c"))}
    found = typicality.judge(styles)
    assert {(pair["home"], pair["style"]) for pair in found["pairs"]} == {
        (home, style) for home in "abc" for style in "abc" if home != style
    }
    assert found["median"] > 0.9
    assert max(found["at_home"].values()) < 0.2
