"""The benchmarks of local calibration and of typicality, on made-up scores and features."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, Any]]:
    """Both scripts as modules."""
    sys.path.insert(0, str(BENCHMARKS))
    yield {name: importlib.import_module(name) for name in ("calibrate", "typicality")}
    sys.path.remove(str(BENCHMARKS))


def overconfident(n: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    honest = np.log(generator.dirichlet(np.full(4, 0.5), size=n))
    true = np.array([generator.choice(4, p=np.exp(row)) for row in honest])
    return 3 * honest - np.logaddexp.reduce(3 * honest, axis=1, keepdims=True), true


def test_calibration_lowers_the_error_and_keeps_coverage(scripts: dict[str, Any]) -> None:
    found = scripts["calibrate"].judge(*overconfident(900), None, 300, 3)
    assert found["after"]["ece_debiased"] < 0.04 < found["before"]["ece_debiased"]
    assert found["after"]["coverage"] == pytest.approx(0.9, abs=0.04)
    assert found["after"]["accuracy"] == pytest.approx(found["before"]["accuracy"], abs=0.02)
    assert found["before"]["set_size"] == 4


def test_splits_need_notes_to_judge_on(scripts: dict[str, Any]) -> None:
    with pytest.raises(SystemExit, match="leave none"):
        scripts["calibrate"].judge(*overconfident(100), None, 100, 1)


def test_every_pair_of_styles_is_judged(scripts: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts["typicality"], "N_SPLITS", 2)
    generator = np.random.default_rng(0)
    styles = {name: generator.normal(size=(60, 40)) + 4 * i for i, name in enumerate(("a", "b", "c"))}
    found = scripts["typicality"].judge(styles)
    assert {(pair["home"], pair["style"]) for pair in found["pairs"]} == {
        (home, style) for home in "abc" for style in "abc" if home != style
    }
    assert found["median"] > 0.9
    assert max(found["at_home"].values()) < 0.2
