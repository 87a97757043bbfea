"""The encoder baseline: it learns, stops, repeats itself, sees no test note, and stands among the systems."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
import torch
from transformers import Trainer

from evaluation_world import CATEGORIES, Loader, write_dataset, write_run
from nosology.classifier.knowledge import Texts
from nosology.config import EvaluateConfig
from nosology.errors import ConfigError, DataError, ModelError
from nosology.evaluation import encoder as encoders
from nosology.evaluation import evaluate
from nosology.evaluation.encoder import FittedEncoder, Recipe, fit_encoder
from nosology.files import read_json, write_json
from nosology.modeling.encoder import find_encoder
from nosology.report import write_report
from nosology.report.summary import summary_rows
from nosology.runs.results import Results
from tiny_encoders import save_tiny_encoder

WORDS = ("chest pain infarction", "cough dyspnea sputum", "nausea melena reflux", "rash pruritus eczema")
FILLER = ("patient", "day", "labs", "stable")
QUICK = Recipe(learning_rate=1e-2, max_epochs=4)


def notes(n: int, *, seed: int, n_categories: int = 4) -> Texts:
    """Return notes whose last words tell their category."""
    generator = np.random.default_rng(seed)
    true = generator.integers(n_categories, size=n)
    texts = [f"{' '.join(generator.choice(FILLER, size=4))} {WORDS[category]}" for category in true]
    return Texts(texts, true)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a tiny encoder."""
    texts = [*WORDS, "patient day history stable labs", "true x n train validation test 0123456789"]
    return str(save_tiny_encoder(tmp_path_factory.mktemp("tiny") / "encoder", texts))


@pytest.fixture
def fit(tiny: str, tmp_path: Path) -> Any:
    """What fits it on notes, by default those of this page."""

    def fitted(
        learned: Texts | None = None, held_out: Texts | None = None, recipe: Recipe = QUICK, **options: Any
    ) -> FittedEncoder:
        learned, held_out = learned or notes(96, seed=0), held_out or notes(32, seed=1)
        return fit_encoder(find_encoder(tiny), learned, held_out, 4, scratch=tmp_path, recipe=recipe, **options)

    return fitted


# ---- fitting


def test_it_learns_to_tell_categories_apart_better_than_the_majority(fit: Any) -> None:
    unseen = notes(80, seed=2)
    log_probs, cut = fit().read(unseen.texts)
    assert (log_probs.argmax(axis=1) == unseen.true).mean() > 0.9  # the most common one has about a quarter
    assert np.exp(log_probs).sum(axis=1) == pytest.approx(1)
    assert cut == [0] * 80


def test_the_same_seed_gives_the_same_probabilities_and_another_one_others(fit: Any) -> None:
    unseen = notes(20, seed=2).texts
    recipe = Recipe(learning_rate=3e-3, max_epochs=1)
    first, again, other = (fit(recipe=recipe, seed=seed).read(unseen)[0] for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


def test_validation_notes_stop_it_and_the_best_epoch_stands(fit: Any) -> None:
    learned, held_out = notes(48, seed=0), notes(32, seed=1)
    against = Texts(held_out.texts, (held_out.true + 1) % 4)  # the better it learns, the worse these come out
    counted: list[int] = []
    fitted = fit(learned, against, Recipe(learning_rate=1e-2, max_epochs=30, patience=2), progress=counted.append)
    epochs, best = fitted.settings["epochs"], fitted.settings["best_epoch"]
    assert epochs == best + 2 < 30
    chosen = fitted.read(against.texts)[0][np.arange(32), against.true]
    assert -chosen.mean() == pytest.approx(fitted.settings["validation_loss"], abs=0.02)  # bfloat16 while training
    assert sum(counted) == 30 * 48  # the bar ends full


def test_notes_are_read_in_any_order_alike_and_long_ones_lose_their_end(fit: Any) -> None:
    fitted = fit(recipe=Recipe(max_epochs=1))
    texts = [*notes(40, seed=2).texts, "stable " * 90 + "rash"]
    log_probs, cut = fitted.read(texts)
    backwards, _ = fitted.read(texts[::-1])
    assert log_probs == pytest.approx(backwards[::-1], abs=1e-5)
    assert cut == [0] * 40 + [91 + 2 - 64]
    assert log_probs[-1] == pytest.approx(fitted.read(["stable " * 62])[0][0], abs=1e-5)


def test_a_lack_of_memory_says_what_to_do(fit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **_options: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Trainer, "training_step", fail)
    with pytest.raises(ModelError, match="out of memory with the encoder") as caught:
        fit()
    assert caught.value.place == "evaluate.encoder"
    assert "a smaller encoder" in caught.value.hint


def test_a_loss_that_is_no_number_is_told(fit: Any) -> None:
    fitted = fit(recipe=Recipe(max_epochs=1))
    with torch.no_grad():
        fitted._model.classifier.bias.fill_(float("nan"))
    with pytest.raises(ModelError, match="not finite"):
        fitted.read(["rash"])


# ---- as a system


class World(NamedTuple):
    """A run that was evaluated beside an encoder."""

    folder: Path
    results: Results


def evaluated(folder: Path, tiny: str, *, n_categories: int, systems: Any = ("majority", "tfidf", "tuned")) -> World:
    """Return a run, evaluated beside the tiny encoder."""
    names = CATEGORIES[:n_categories]
    dataset = write_dataset(folder / "dataset", {"train": 60, "validation": 40, "test": 30}, names=names)
    run = write_run(folder / "run", dataset, n_train=40)
    config = EvaluateConfig(bootstrap_samples=100, systems=systems, encoder=tiny, robustness_notes=0)
    found = evaluate(run, config=config, load=Loader(names))
    return World(run, Results.model_validate(found))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, tiny: str) -> World:
    return evaluated(tmp_path_factory.mktemp("world"), tiny, n_categories=4)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, tiny: str) -> World:
    return evaluated(tmp_path_factory.mktemp("two"), tiny, n_categories=2)


@pytest.mark.parametrize("name", ["world", "two"])
def test_it_is_judged_calibrated_and_compared_like_the_others(name: str, request: pytest.FixtureRequest) -> None:
    results = request.getfixturevalue(name).results
    assert list(results.systems) == ["majority", "tfidf", "encoder", "tuned"]
    found = results.systems["encoder"]
    assert (found.n, found.trained_on) == (30, "40 notes, the model's own")
    assert found.probabilities is not None
    assert found.settings["epochs"] >= 1
    assert found.settings["training_seconds"] > 0
    pairs = {(test.first, test.second) for test in results.tests}
    assert {("majority", "encoder"), ("tfidf", "encoder"), ("encoder", "tuned")} <= pairs
    calibration = results.encoder_calibration
    assert calibration is not None
    assert calibration.n_notes == 40
    assert calibration.after.log_loss == found.log_loss
    assert results.summary.best_baseline in ("majority", "tfidf")  # it has a language model


def test_the_report_and_the_terminal_show_it(world: World) -> None:
    assert [row.system for row in summary_rows(world.results)] == ["majority", "tfidf", "encoder", "tuned"]
    page = write_report(world.folder).read_text(encoding="utf-8")
    assert "encoder on the same notes" in page
    assert "an encoder that was fine-tuned on" in page.lower()
    assert "The encoder has a calibration of its own" in page
    assert 'style="background:var(--encoder)"' in page


def test_nothing_of_the_encoder_stays_but_what_it_said(world: World) -> None:
    left = {path.relative_to(world.folder).as_posix() for path in world.folder.rglob("*encoder*")}
    left |= {path.relative_to(world.folder).as_posix() for path in world.folder.rglob("*encoder*/*")}
    assert left == {
        "eval/test/encoder",
        "eval/test/encoder/predictions.jsonl",
    }
    assert not [path for path in world.folder.iterdir() if path.name.startswith(".")]


def test_results_without_an_encoder_are_as_before(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 40, "validation": 40, "test": 30})
    run = write_run(tmp_path / "run", dataset, n_train=40)
    config = EvaluateConfig(bootstrap_samples=100, systems=("majority", "tuned"), robustness_notes=0)
    found = evaluate(run, config=config, load=Loader())
    assert list(found["systems"]) == ["majority", "tuned"]
    assert len(found["tests"]) == 1
    assert found["encoder_calibration"] is None


def test_it_learns_from_the_models_notes_and_never_from_others(
    tmp_path: Path, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 60, "validation": 40, "test": 30})
    run = write_run(tmp_path / "run", dataset, n_train=40)
    seen: dict[str, set[str]] = {}

    def spied(found: Any, learned: Texts, held_out: Texts, *arguments: Any, **options: Any) -> FittedEncoder:
        seen.update(learned=set(learned.texts), held_out=set(held_out.texts))
        return fit_encoder(found, learned, held_out, *arguments, **options)

    monkeypatch.setattr(encoders, "fit_encoder", spied)
    monkeypatch.setattr(encoders, "Recipe", lambda: Recipe(max_epochs=1))
    config = EvaluateConfig(bootstrap_samples=100, systems=("majority",), encoder=tiny)
    evaluate(run, config=config, load=Loader())
    of = {
        split: frame["clean_text"].to_list()
        for (split,), frame in pl.read_parquet(dataset / "notes.parquet").group_by("split")
    }
    assert seen == {"learned": set(of["train"][:40]), "held_out": set(of["validation"])}
    assert not (seen["learned"] | seen["held_out"]) & set(of["test"])


def test_with_few_validation_notes_it_is_scored_without_a_calibration(
    tmp_path: Path, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "Recipe", lambda: Recipe(max_epochs=1))
    dataset = write_dataset(tmp_path / "dataset", {"train": 40, "validation": 10, "test": 20})
    run = write_run(tmp_path / "run", dataset, n_train=40)
    config = EvaluateConfig(bootstrap_samples=100, systems=("tuned",), encoder=tiny, robustness_notes=0)
    found = evaluate(run, config=config, load=Loader())
    assert found["encoder_calibration"] is None
    assert list(found["systems"]) == ["encoder", "tuned"]


# ---- what cannot be done is said before anything takes time


@pytest.mark.parametrize(
    ("splits", "said", "remedy"),
    [
        ({"train": 1, "validation": 40, "test": 9}, "all 1 training notes are of one category", "two categories"),
        ({"train": 40, "test": 9}, "no note validates", "prepare.split_shares"),
    ],
)
def test_notes_that_teach_nothing_are_refused(
    tmp_path: Path, tiny: str, splits: dict[str, int], said: str, remedy: str
) -> None:
    dataset = write_dataset(tmp_path / "dataset", splits)
    run = write_run(tmp_path / "run", dataset, n_train=40)
    loader = Loader()
    with pytest.raises(DataError, match=said) as caught:
        evaluate(run, config=EvaluateConfig(encoder=tiny), load=loader)
    assert remedy in caught.value.hint
    assert caught.value.place == "evaluate.encoder"
    assert not loader.loaded


def test_the_system_needs_to_be_told_which_encoder(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 40, "validation": 40, "test": 9})
    run = write_run(tmp_path / "run", dataset, n_train=40)
    with pytest.raises(ConfigError, match="no encoder") as caught:
        evaluate(run, config=EvaluateConfig(systems=("encoder", "tuned")), load=Loader())
    assert "--encoder" in caught.value.hint


def test_a_runs_own_configuration_can_name_it(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 40, "validation": 40, "test": 9})
    run = write_run(tmp_path / "run", dataset, n_train=40)
    manifest = read_json(run / "manifest.json")
    manifest["config"]["evaluate"]["encoder"] = str(tmp_path / "nowhere")
    write_json(run / "manifest.json", manifest)
    with pytest.raises(ModelError, match="no such folder"):
        evaluate(run, load=Loader())
