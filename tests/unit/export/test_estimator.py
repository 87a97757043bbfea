"""The classifier behind scikit-learn's conventions: its checks, clones, pipelines, cross-validation, and no pickle."""

import doctest
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

import nosology
from nosology import NosologyClassifier
from nosology.classifier.classifier import Classifier
from nosology.errors import RunError
from tiny_models import save_tiny_model

TEXTS = [f"{word} for {n} days" for n in range(20) for word in ("cough and fever", "rash and itching")]
TRUTH = ["lung", "skin"] * 20


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return settings with which fitting takes a second."""
    model = save_tiny_model(tmp_path_factory.mktemp("estimator") / "model")
    return {"model": str(model), "max_steps": 2, "deidentify": False, "batch_size": 4, "max_note_tokens": 32}


@pytest.fixture(scope="module")
def fitted(settings: dict[str, Any]) -> NosologyClassifier:
    """Return a classifier that was fitted, its classes held out in part."""
    return NosologyClassifier(**settings, validation_share=0.75).fit(TEXTS, TRUTH)


CHECKS = (
    "cloneable", "tags_renamed", "repr", "get_params_invariance", "set_params", "mixin_order", "valid_tag_types",
    "parameters_default_constructible", "no_attributes_set_in_init", "do_not_raise_errors_in_init_or_set_params",
)  # fmt: skip
"""scikit-learn's checks of an estimator's interface.

The others fit on matrices of random numbers, which this classifier refuses: it reads texts, and its tags say so. What
they look for is tested below with texts.
"""


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_of_scikit_learn(name: str) -> None:
    found = [getattr(estimator_checks, f"check_{start}{name}", None) for start in ("estimator_", "")]
    (check,) = (item for item in found if item)
    check("NosologyClassifier", NosologyClassifier())


def test_scikit_learn_itself_leaves_out_nothing_else_for_texts() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        for estimator, check in estimator_checks.estimator_checks_generator(NosologyClassifier()):
            check(estimator)


def test_matrices_of_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="X must be texts"):
        NosologyClassifier().fit(np.zeros((4, 2)), [0, 1, 0, 1])


def test_probabilities_are_a_row_a_text_and_a_column_a_class(fitted: NosologyClassifier) -> None:
    found = fitted.predict_proba(["cough", "", "rash"])
    assert found.shape == (3, 2)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found[1].tolist() == [0.5, 0.5], "there is nothing to read"
    assert fitted.predict(["cough"])[0] in ("lung", "skin")
    assert fitted.classes_.tolist() == ["lung", "skin"]
    assert fitted.is_calibrated_, "30 texts were held out"


def test_fitting_loads_the_run_once(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []
    load = Classifier.load
    monkeypatch.setattr(Classifier, "load", lambda run: (loaded.append(run), load(run))[1])
    one = NosologyClassifier(**settings, validation_share=0.75).fit(TEXTS, TRUTH)
    assert len(loaded) == 1
    again = load(one.run_).classify(["cough"])
    assert again[0].ranking == one._classifier.classify(["cough"])[0].ranking, "stored as it answers"


def test_classes_keep_their_kind(settings: dict[str, Any]) -> None:
    numbers = NosologyClassifier(**settings).fit(np.array(TEXTS), np.array([3, 7] * 20))
    assert numbers.predict(["cough"]).dtype.kind == "i"
    assert not numbers.is_calibrated_, "8 texts are too few"


def test_the_example_on_the_first_page_runs(settings: dict[str, Any]) -> None:
    page = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    (example,) = (
        block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "NosologyClassifier" in block
    )
    names = {"texts": TEXTS, "categories": TRUTH, "new_texts": ["cough"], "settings": settings}
    exec(example.replace("epochs=2", "epochs=2, **settings"), names)
    assert names["ward"].classes_.tolist() == ["lung", "skin"]


def test_the_example_in_the_documentation_runs(settings: dict[str, Any], tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "export.md"
    names = {"model": settings["model"], "folder": tmp_path}
    found = doctest.testfile(str(page), module_relative=False, globs=names, encoding="utf-8")
    assert (found.failed, found.attempted) == (0, 7)


def test_a_clone_has_the_settings_and_nothing_that_was_learned(fitted: NosologyClassifier) -> None:
    other = clone(fitted)
    assert other.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        other.predict(["cough"])


def test_it_is_the_end_of_a_pipeline_that_cross_validation_fits(settings: dict[str, Any]) -> None:
    steps = [("lower", FunctionTransformer(lambda texts: [text.lower() for text in texts]))]
    pipeline = Pipeline([*steps, ("classify", NosologyClassifier(**settings))])
    scores = cross_val_score(pipeline, TEXTS, TRUTH, cv=2)
    assert scores.shape == (2,)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_it_is_saved_without_pickle_and_says_the_same(fitted: NosologyClassifier, tmp_path: Path) -> None:
    fitted.save(tmp_path / "saved")
    other = nosology.NosologyClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(other.predict_proba(TEXTS[:4]), fitted.predict_proba(TEXTS[:4]))
    assert other.get_params() == fitted.get_params()
    assert not [path for path in (tmp_path / "saved").rglob("*") if path.suffix in (".pkl", ".bin", ".pt", ".joblib")]


def test_a_fitted_one_is_not_pickled_and_one_that_is_not_is(fitted: NosologyClassifier) -> None:
    with pytest.raises(TypeError, match=r"save\(folder\)"):
        pickle.dumps(fitted)
    assert pickle.loads(pickle.dumps(NosologyClassifier(epochs=2))).epochs == 2


@pytest.mark.parametrize(
    ("texts", "truth", "message"),
    [
        (["a b", "c d"], ["x", "x"], "one class"),
        (["a b", "c d"], ["x"], "y has the shape"),
        ([["a b"], ["c d"]], ["x", "y"], "X must be texts"),
        ([1, 2], ["x", "y"], "X must be texts"),
    ],
)
def test_what_is_no_text_with_a_class_is_refused(texts: Any, truth: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NosologyClassifier().fit(texts, truth)


def test_a_folder_that_is_none_of_its_own_is_refused(tmp_path: Path) -> None:
    (tmp_path / "estimator.json").write_text("[]", encoding="utf-8")
    with pytest.raises(RunError, match="not a classifier of format 1"):
        NosologyClassifier.load(tmp_path)
