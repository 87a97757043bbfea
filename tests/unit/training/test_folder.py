"""The run folder before training: whose it is, and what an unfinished run may be continued with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from evaluation_world import write_dataset
from nosology.coding.rubrics import RubricTable
from nosology.config import Config
from nosology.dataset.folder import Dataset, open_dataset
from nosology.errors import RunError
from nosology.files import read_json, sha256_file
from nosology.modeling.prompts import PromptTemplate
from nosology.training.folder import claim, expect_same_inputs, is_first_process, write_inputs


def configured(**train: Any) -> Config:
    return Config.model_validate({"train": train})


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(write_dataset(tmp_path_factory.mktemp("folder") / "dataset", {"train": 6, "test": 2}))


@pytest.fixture(scope="module")
def template() -> PromptTemplate:
    return PromptTemplate.load("physician-v1")


@pytest.fixture
def started(tmp_path: Path, dataset: Dataset, template: PromptTemplate) -> Path:
    """A run folder as it is after the inputs were written."""
    out = tmp_path / "run"
    claim(out, configured(), resume=False)
    write_inputs(out, dataset, template, configured(), dataset.split("train"), RubricTable(()))
    return out


@pytest.mark.parametrize(("rank", "expected"), [(None, True), ("0", True), ("1", False), ("7", False)])
def test_the_first_process_alone_writes(monkeypatch: pytest.MonkeyPatch, rank: str | None, expected: bool) -> None:
    monkeypatch.delenv("RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("RANK", rank)
    assert is_first_process() is expected


@pytest.mark.parametrize("prepare", [Path.absolute, Path.mkdir])
def test_a_new_or_empty_folder_is_ours(tmp_path: Path, prepare: Callable[[Path], object]) -> None:
    out = tmp_path / "run"
    prepare(out)
    claim(out, configured(), resume=False)
    assert out.is_dir()
    assert list(out.iterdir()) == []


def test_parents_of_a_run_folder_are_made(tmp_path: Path) -> None:
    claim(tmp_path / "runs" / "2024" / "first", configured(), resume=False)
    assert (tmp_path / "runs" / "2024" / "first").is_dir()


@pytest.mark.parametrize("resume", [False, True])
def test_a_finished_run_is_never_written_over(tmp_path: Path, resume: bool) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(RunError, match="finished already") as caught:
        claim(tmp_path, configured(), resume=resume)
    assert "--out" in caught.value.hint
    assert (tmp_path / "manifest.json").read_text() == "{}"


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="already holds something") as caught:
        claim(tmp_path, configured(), resume=False)
    assert "--resume" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("exists", [False, True])
def test_there_is_nothing_to_resume_where_nothing_was_started(tmp_path: Path, exists: bool) -> None:
    out = tmp_path / "run"
    if exists:
        out.mkdir()
    with pytest.raises(RunError, match="no unfinished run to resume"):
        claim(out, configured(), resume=True)
    assert out.exists() is exists


def test_a_started_run_is_resumed_with_the_configuration_it_was_started_with(started: Path) -> None:
    claim(started, configured(), resume=True)
    with pytest.raises(RunError, match="another configuration") as caught:
        claim(started, configured(lora_r=3), resume=True)
    assert caught.value.place == str(started / "config.yaml")


def test_settings_of_what_comes_after_training_may_differ(started: Path) -> None:
    claim(started, Config.model_validate({"evaluate": {"bootstrap_samples": 100}}), resume=True)


def test_what_a_run_is_made_of_is_written_before_training(
    started: Path, dataset: Dataset, template: PromptTemplate
) -> None:
    written = {path.name for path in started.iterdir()}
    assert written == {"labels.tsv", "prompt.jinja", "config.yaml", "train_notes.json"}
    assert (started / "prompt.jinja").read_text(encoding="utf-8") == template.source
    assert read_json(started / "train_notes.json") == {"note_ids": dataset.split("train")["note_id"].to_list()}
    assert Config.model_validate(yaml.safe_load((started / "config.yaml").read_text())) == configured()
    assert PromptTemplate.load(str(started / "prompt.jinja")).sha256 == template.sha256


def test_the_same_inputs_are_written_as_the_same_bytes(
    started: Path, tmp_path: Path, dataset: Dataset, template: PromptTemplate
) -> None:
    again = tmp_path / "again"
    again.mkdir()
    write_inputs(again, dataset, template, configured(), dataset.split("train"), RubricTable(()))
    assert {path.name: sha256_file(path) for path in again.iterdir()} == {
        path.name: sha256_file(path) for path in started.iterdir()
    }


def test_the_same_inputs_may_go_on(started: Path, dataset: Dataset, template: PromptTemplate) -> None:
    expect_same_inputs(started, dataset, template, dataset.split("train"))


@pytest.mark.parametrize("change", [pl.DataFrame.reverse, lambda rows: rows.head(5), lambda rows: rows.clear()])
def test_other_training_notes_or_another_order_of_them_are_refused(
    started: Path, dataset: Dataset, template: PromptTemplate, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> None:
    with pytest.raises(RunError, match="started with another training notes"):
        expect_same_inputs(started, dataset, template, change(dataset.split("train")))


def test_everything_that_differs_is_named_at_once(tmp_path: Path, started: Path, dataset: Dataset) -> None:
    words = tmp_path / "mine.jinja"
    shipped = PromptTemplate.load("physician-v1").source
    words.write_text(shipped.replace("board-certified", "careful"), encoding="utf-8")
    names = ("One", "Two", "Three")
    other = open_dataset(write_dataset(tmp_path / "other", {"train": 6, "test": 2}, names=names))
    with pytest.raises(RunError, match="another label set and another prompt\n"):
        expect_same_inputs(started, other, PromptTemplate.load(str(words)), dataset.split("train"))


def test_a_run_that_was_killed_before_its_first_step_has_nothing_to_compare(
    tmp_path: Path, dataset: Dataset, template: PromptTemplate
) -> None:
    expect_same_inputs(tmp_path, dataset, template, dataset.split("train"))
