"""The ensemble: the blend is the product it is said to be, its exponents are the best ones, and a run keeps it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from nosology.classifier.calibration import fit
from nosology.classifier.ensemble import Ensemble, blend, fit_exponents
from nosology.classifier.words import fit_hashed
from nosology.errors import RunError
from nosology.runs.files import EnsembleFiles


def made_up_scores(n: int = 400, seed: int = 0, *, tuned_skill: float = 2.0, linear_skill: float = 2.0) -> Any:
    """Return two members' log-probabilities with independent mistakes, and the truth."""
    generator = np.random.default_rng(seed)
    true = generator.integers(5, size=n)
    members = []
    for skill in (tuned_skill, linear_skill):
        scores = generator.normal(size=(n, 5))
        scores[np.arange(n), true] += skill
        members.append(special.log_softmax(scores, axis=1))
    return *members, true


def mean_loss(exponents: Any, tuned: Any, linear: Any, true: Any) -> Any:
    return -blend(exponents, tuned, linear)[np.arange(len(true)), true].mean()


def fitted_linear() -> Any:
    model = fit_hashed(["fever", "rash", "cough"] * 8, np.arange(24) % 3, 3, groups=[str(i) for i in range(24)])
    assert model is not None
    return model


def test_a_blend_is_the_normalized_product_of_powers() -> None:
    tuned, linear = np.log([[0.5, 0.3, 0.2]]), np.log([[0.2, 0.2, 0.6]])
    expected = np.array([0.5**2 * 0.2**0.5, 0.3**2 * 0.2**0.5, 0.2**2 * 0.6**0.5])
    assert np.exp(blend((2.0, 0.5), tuned, linear))[0] == pytest.approx(expected / expected.sum())


def test_no_other_exponents_have_a_lower_loss_on_the_notes_they_were_fitted_on() -> None:
    tuned, linear, true = made_up_scores()
    best = fit_exponents(tuned, linear, true)
    least = mean_loss(best, tuned, linear, true)
    for first in np.linspace(0, 2, 9):
        for second in np.linspace(0, 2, 9):
            assert least <= mean_loss((first, second), tuned, linear, true) + 2e-3  # the pull towards one half


def test_a_member_that_knows_nothing_is_left_out() -> None:
    tuned, linear, true = made_up_scores(tuned_skill=3.0, linear_skill=0.0)
    assert fit_exponents(tuned, linear, true)[1] < 0.1


def test_a_member_that_is_wrong_never_counts_against_itself() -> None:
    tuned, linear, true = made_up_scores(linear_skill=-3.0)
    assert fit_exponents(tuned, linear, true)[1] == 0.0


def test_two_independent_members_are_right_more_often_together() -> None:
    tuned, linear, true = made_up_scores(2000)
    new_tuned, new_linear, new_true = made_up_scores(2000, seed=1)
    together = blend(fit_exponents(tuned, linear, true), new_tuned, new_linear)
    alone = max((scores.argmax(axis=1) == new_true).mean() for scores in (new_tuned, new_linear))
    assert (together.argmax(axis=1) == new_true).mean() > alone + 0.05


def test_exponents_undo_a_members_overconfidence() -> None:
    tuned, linear, true = made_up_scores()
    plain, sharper = (
        fit_exponents(tuned, linear, true),
        fit_exponents(special.log_softmax(tuned * 4, axis=1), linear, true),
    )
    assert sharper[0] == pytest.approx(plain[0] / 4, rel=0.05)  # the pull towards one half


def test_a_run_keeps_its_ensemble(tmp_path: Path) -> None:
    log_probs = np.log(np.random.default_rng(0).dirichlet(np.ones(3) * 0.3, size=60))
    ensemble = Ensemble(fitted_linear(), (0.8, 0.3), {"notes": "abc"}, fit(log_probs, log_probs.argmax(axis=1)))
    ensemble.save(EnsembleFiles(tmp_path / "ensemble"))
    loaded = Ensemble.load(EnsembleFiles(tmp_path / "ensemble"))
    assert (loaded.exponents, loaded.fitted_on) == (ensemble.exponents, ensemble.fitted_on)
    assert loaded.calibration == ensemble.calibration
    tuned = np.log([[0.2, 0.3, 0.5]])
    assert (loaded.log_probs(["fever"], tuned) == ensemble.log_probs(["fever"], tuned)).all()


def test_a_run_may_have_none(tmp_path: Path) -> None:
    assert Ensemble.load(EnsembleFiles(tmp_path / "ensemble")) is None


def test_a_linear_model_that_changed_is_refused(tmp_path: Path) -> None:
    Ensemble(fitted_linear(), (0.8, 0.3), {}).save(EnsembleFiles(tmp_path / "ensemble"))
    (tmp_path / "ensemble" / "linear.safetensors").write_bytes(b"another")
    with pytest.raises(RunError, match="changed since it was fitted"):
        Ensemble.load(EnsembleFiles(tmp_path / "ensemble"))
