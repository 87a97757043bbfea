"""The whole job from Python: examples of the public names, the page and the notebook run, at a tiny size."""

import ast
import csv
import doctest
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

import nosology
from evaluation_world import CATEGORIES
from nosology.config import Config, load_config
from nosology.errors import ConfigError, DataError
from tiny_models import save_tiny_model

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "own-notes.ipynb"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
WORDS = ("pain", "cough", "fever", "rash", "nausea", "dyspnea", "melena", "stable", "seen", "home", "ward", "labs")


def write_notes(file: Path, n: int = 60) -> None:
    """Write a table of made-up notes, each of another patient."""
    generator = np.random.default_rng(0)
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["text", "category", "patient"])
        for number in range(n):
            rows.writerow([" ".join(generator.choice(WORDS, size=30)), CATEGORIES[number % 4], f"p{number}"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table, a label set, a tiny model and a configuration."""
    folder = tmp_path_factory.mktemp("python-job")
    write_notes(folder / "notes.csv")
    (folder / "labels.tsv").write_text("category\n" + "".join(f"{name}\n" for name in CATEGORIES), encoding="utf-8")
    save_tiny_model(folder / "tiny-model")
    config = {
        "prepare": {"label_set": "labels.tsv", "drop_near_duplicates": False},
        "model": {"name": str(folder / "tiny-model"), "max_note_tokens": 64, "scoring": "constrained"},
        "train": {"batch_size": 8, "lora_r": 2, "max_steps": 2, "report_to": []},
        "evaluate": {"systems": ["majority", "base", "tuned"], "bootstrap_samples": 100, "robustness_notes": 0},
    }
    (folder / "tiny.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


@pytest.fixture
def inside(world: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(world)
    return world


def failures_of(example: doctest.DocTest) -> str:
    """Return what a doctest said that is not as it should be."""
    assert example.examples
    said: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=FLAGS).run(example, out=said.append)
    return "".join(said)


@pytest.fixture(scope="module")
def run(world: Path) -> nosology.Run:
    """What the examples of `prepare_notes` and `train` make."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world)
        for entry in (nosology.prepare_notes, nosology.train):
            (example,) = doctest.DocTestFinder(recurse=False).find(entry, entry.__name__)
            assert failures_of(example) == ""
        return nosology.Run.open(world / "runs" / "ours")


@pytest.mark.usefixtures("run", "inside")
def test_the_example_of_evaluate_says_what_happens() -> None:
    (example,) = doctest.DocTestFinder(recurse=False).find(nosology.evaluate, "evaluate")
    assert failures_of(example) == ""


@pytest.mark.usefixtures("inside")
def test_the_page_on_python_runs_as_it_stands() -> None:
    page = ROOT / "docs" / "how-to" / "python.md"
    text = page.read_text(encoding="utf-8")
    assert text.count("```python") == 4
    assert failures_of(doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)) == ""


def test_the_first_page_runs_as_it_stands_but_for_the_run(run: nosology.Run) -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    first, _ = re.findall(r"```python\n(.*?)```", page, re.DOTALL)  # the other one runs in test_estimator
    names: dict[str, Any] = {}
    assert first.count('"starter"') == 1, "the starter itself answers in test_shipped_starter"
    exec(first.replace('"starter"', "folder"), names | {"folder": run.folder}, names)
    assert names["clean"].text == "Pt seen by Dr. <NAME> on <DATE>."
    assert names["answer"].label in names["classifier"].labels.names


def test_every_example_of_python_is_run_or_at_least_parses() -> None:
    run = {
        "README.md": 2,
        "docs/how-to/python.md": 4,
        "docs/how-to/export.md": 3,
    }  # here, in test_estimator, test_gate and test_word_models
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        name = str(page.relative_to(ROOT))
        blocks = re.findall(r"```(?:python|py|pycon)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        if page.name == "footguns.md":  # wrong and right ways of other programs
            assert [ast.parse(block) for block in blocks]
        else:
            assert len(blocks) == run.get(name, 0), f"{name}: run its examples in a test, then count them here"


def test_the_notebook_runs_cell_by_cell(
    inside: Path, run: nosology.Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] for cell in cells), "outputs are not committed"
    monkeypatch.chdir(tmp_path)
    config = yaml.safe_load((inside / "tiny.yaml").read_text()) | {"prepare": {"drop_near_duplicates": False}}
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(config))
    names: dict[str, Any] = {}
    shown = []
    for number, cell in enumerate(cells):
        shown.append(show("".join(cell["source"]), names))
        if number == 0:
            assert "parameters" in cell["metadata"]["tags"]
            names |= {"BEGIN_WITH": run.folder, "CONFIG": "tiny.yaml", "SETTINGS": [], "N_INVENTED": 120}
    assert names["clean"].text.startswith("Pt seen by Dr. <NAME> on <DATE>")
    assert sum(names["prepared"].notes.values()) > 60
    assert next(value for value in shown if value is not None) == 18
    tables = [value for value in shown if hasattr(value, "_repr_html_")]
    assert len(tables) >= 3
    assert all("<table>" in table._repr_html_() for table in tables)
    assert names["frame"].height == 1


def show(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; return what a notebook would show below it, the value of its last expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if isinstance(last, ast.Expr) else None


ROWS = [
    {"note": f"{' '.join(WORDS)} aspirin {number} mg {'stable ' * (number % 9)}", "icd": icd, "who": str(number)}
    for number, icd in enumerate(["I21", "J18", "K25", "L20"] * 10)
]


@pytest.mark.parametrize("kind", ["rows", "polars", "like pandas"])
def test_rows_and_frames_are_prepared_like_a_file(tmp_path: Path, kind: str) -> None:
    class LikePandas:
        """As much of a pandas data frame as is asked of one."""

        columns = tuple(ROWS[0])

        def to_dict(self) -> dict[str, Any]:
            raise AssertionError("column by column")

        def __getitem__(self, name: str) -> pl.Series:
            return _Listed([row[name] for row in ROWS])

    given = {"rows": ROWS, "polars": pl.DataFrame(ROWS), "like pandas": LikePandas()}[kind]
    summary = nosology.prepare_notes(
        given, tmp_path / "out", text="note", code="icd", icd_version=10, patient="who",
        settings=["prepare.min_words=1", "prepare.drop_near_duplicates=false"],
    )  # fmt: skip
    assert summary.n_notes == 40
    assert sum(summary.categories["Respiratory"].values()) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


class _Listed(list[Any]):
    def tolist(self) -> list[Any]:
        return list(self)


def test_a_configuration_is_whole_or_has_fields_on_top(tmp_path: Path) -> None:
    whole = Config.model_validate({"prepare": {"min_words": 1_000}})
    with pytest.raises(ConfigError, match="not with a Config"):
        nosology.prepare_notes(
            ROWS, tmp_path / "out", text="note", code="icd", icd_version=10, config=whole, settings=["a.b=1"]
        )
    with pytest.raises(DataError):
        nosology.prepare_notes(ROWS, tmp_path / "out", text="note", code="icd", icd_version=10, config=whole)
    assert load_config("paper").prepare.preset == "paper"
