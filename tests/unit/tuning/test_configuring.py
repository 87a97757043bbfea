"""A trial's configuration, and the file that tells the best one."""

from pathlib import Path

import pytest
from hypothesis import example
from hypothesis import given as for_any
from hypothesis import strategies as st

from evaluation_world import write_dataset, write_run
from nosology.config import Config, load_config
from nosology.errors import ConfigError, RunError
from nosology.tuning.configuring import Given, best_yaml, configured, fields_of, with_start
from nosology.tuning.space import Searched, Value, searched
from nosology.tuning.trials import Trial


def given(config: Config, max_notes: int | None = None) -> Given:
    return Given(config, "table.yaml", frozenset({"train.batch_size"}), n_notes=300, max_notes=max_notes)


@pytest.mark.parametrize(("share", "passes", "phrases"), [(0.0, 1, 0), (0.25, 1, 100), (0.5, 1, 300), (0.5, 2, 150)])
def test_a_share_of_phrases_is_one_of_all_texts(share: float, passes: int, phrases: int) -> None:
    config = Config.model_validate({"train": {"course": {"epochs": passes, "notes": 7}}})
    course = configured(config, {"course_share": share}, 300).train.course
    assert (course.phrases, course.epochs, course.notes) == (phrases, passes, 7)


def test_the_scale_keeps_its_ratio_to_the_rank() -> None:
    config = Config.model_validate({"train": {"lora_r": 8, "lora_alpha": 16}})
    train = configured(config, {"lora_r": 32, "lora_top_layers": None}, 300).train
    assert (train.lora_r, train.lora_alpha, train.lora_top_layers) == (32, 64, None)


def test_a_trial_reads_no_more_notes_than_were_asked_for_and_no_more_phrases_beside_them() -> None:
    config = Config.model_validate({"train": {"max_validation_notes": 20}})
    train = given(config, 100).for_trial({"course_share": 0.5}).train
    assert (train.max_train_notes, train.max_validation_notes, train.course.phrases) == (100, 20, 100)
    train = given(config).for_trial({"course_share": 0.5}).train
    assert (train.max_train_notes, train.max_validation_notes, train.course.phrases) == (None, 20, 300)


def test_the_best_is_told_line_by_line_and_read_back_the_same(tmp_path: Path) -> None:
    config = Config.model_validate(
        {"prepare": {"preset": "paper"}, "train": {"batch_size": 4, "course": {"notes": 5}, "report_to": ["none"]}}
    )
    chosen = {"learning_rate": 1.2345678e-05, "course_share": 0.5, "lora_top_layers": None, "max_note_tokens": 512}
    trial = Trial(7, "finished", chosen, (), 1.0, validation_loss=1.25, accuracy=0.5)
    space = searched(
        None, config, {"train.batch_size", "train.lora_r", "train.lora_targets", "train.epochs"}, has_codes=True
    )
    text = best_yaml(trial, 20, given(config, 100), space)
    (tmp_path / "best.yaml").write_text(text, encoding="utf-8")
    assert load_config(tmp_path / "best.yaml") == configured(config, chosen, 300)
    assert text.startswith(
        "# The best of 20 trials of `nosology tune` on at most 100 notes: number 7, validation loss 1.2500"
    )
    assert "  learning_rate: 1.2345678e-05  # searched: 0.0001 to 0.004, on a logarithmic scale\n" in text
    assert "  lora_top_layers: null  # searched: empty or 16 or 8\n" in text
    assert "  batch_size: 4  # from --set\n" in text
    assert "  preset: paper  # from table.yaml\n" in text
    assert (
        "    phrases: 300  # searched: 0 to 0.5 in steps of 0.1; a share of 0.5 of the texts, beside 300 notes\n"
        in text
    )


# ---- what is given


@pytest.mark.parametrize(("own", "most", "expected"), [(None, 50, 50), (20, 50, 20), (80, 50, 50), (80, None, 80)])
def test_a_trial_reads_the_fewer_of_what_the_configuration_and_the_search_allow(
    own: int | None, most: int | None, expected: int
) -> None:
    config = Config.model_validate({"train": {"max_train_notes": own, "max_validation_notes": own}})
    train = given(config, most).for_trial({}).train
    assert (train.max_train_notes, train.max_validation_notes) == (expected, expected)


def test_no_more_phrases_are_drawn_than_go_with_the_notes_there_are() -> None:
    assert given(Config(), 10_000).for_trial({"course_share": 0.5}).train.course.phrases == 300


def test_where_nothing_is_proposed_the_configuration_is_as_it_was_given() -> None:
    config = Config.model_validate({"train": {"lora_r": 6, "lora_alpha": 9, "course": {"phrases": 4}}})
    assert configured(config, {}, 300) == config
    assert configured(config, {"learning_rate": 1e-3}, 300).train.lora_alpha == 9


def test_each_value_lands_in_its_field_and_changes_no_other() -> None:
    config = Config.model_validate({"train": {"epochs": 3, "batch_size": 2}, "model": {"name": "models/own"}})
    values: dict[str, Value] = {"learning_rate": 1e-3, "lora_targets": "all-linear", "epochs": 2}
    found = configured(config, values | {"max_note_tokens": 256}, 300)
    assert (found.train.learning_rate, found.train.lora_targets, found.train.epochs) == (1e-3, "all-linear", 2)
    assert (found.model.max_note_tokens, found.model.name, found.train.batch_size) == (256, "models/own", 2)


@pytest.mark.parametrize(
    ("overrides", "fields"),
    [
        ((), set()),
        (("train.epochs=2", " model.name = a=b "), {"train.epochs", "model.name"}),
        (("train.epochs=1", "train.epochs=2"), {"train.epochs"}),
    ],
)
def test_the_fields_that_were_set_are_told_without_their_values(overrides: tuple[str, ...], fields: set[str]) -> None:
    assert fields_of(overrides) == fields


# ---- a starting run


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a rank of its own."""
    folder = tmp_path_factory.mktemp("start")
    adapter = {"lora_r": 6, "lora_alpha": 24.0, "lora_targets": "all-linear", "lora_top_layers": 3, "epochs": 7}
    dataset = write_dataset(folder / "dataset", {"train": 4})
    return write_run(folder / "run", dataset, n_train=4, config={"train": adapter})


def test_without_a_starting_run_nothing_is_decided() -> None:
    config = Config()
    assert with_start(config, frozenset()) is config


def test_a_starting_run_decides_what_its_adapter_is_and_nothing_else(start: Path) -> None:
    config = Config.model_validate({"train": {"start": str(start), "epochs": 2}})
    train = with_start(config, frozenset()).train
    assert (train.lora_r, train.lora_alpha, train.lora_targets, train.lora_top_layers) == (6, 24.0, "all-linear", 3)
    assert train.epochs == 2


@pytest.mark.parametrize(("name", "value"), [("lora_r", 8), ("lora_alpha", 25.0), ("lora_top_layers", None)])
def test_what_the_command_line_sets_otherwise_is_refused_by_its_field(start: Path, name: str, value: object) -> None:
    config = Config.model_validate({"train": {"start": str(start), name: value}})
    with pytest.raises(ConfigError, match="another value") as refused:
        with_start(config, frozenset({f"train.{name}", "train.epochs"}))
    assert refused.value.place == f"--set train.{name}"
    assert with_start(config, frozenset({"train.epochs"})).train.lora_r == 6, "from a file it only makes way"


def test_what_the_command_line_sets_alike_is_fine(start: Path) -> None:
    config = Config.model_validate({"train": {"start": str(start), "lora_r": 6}})
    assert with_start(config, frozenset({"train.lora_r"})).train.lora_r == 6


def test_a_starting_run_that_is_not_there_is_refused_by_its_place(tmp_path: Path) -> None:
    config = Config.model_validate({"train": {"start": str(tmp_path / "none")}})
    with pytest.raises(RunError, match="no run folder here") as refused:
        with_start(config, frozenset())
    assert refused.value.place == str(tmp_path / "none")


# ---- the best as a file

FINISHED = Trial(3, "finished", {"lora_r": 16, "lora_top_layers": 8}, (), 1.0, validation_loss=0.5, accuracy=0.75)
NOTHING_SEARCHED = Searched((), {})


@for_any(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
@example("\xa0models/own\xa0")
@example("two\nlines")
@example("12  # no comment: {}")
@example("\x85\u2028\U0001f600")
def test_whatever_a_value_holds_the_file_says_the_same(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    config = Config.model_validate({"model": {"name": name}, "train": {"report_to": ["none"]}})
    file = tmp_path_factory.getbasetemp() / "best.yaml"
    file.write_text(best_yaml(FINISHED, 4, given(config), NOTHING_SEARCHED), encoding="utf-8", newline="")
    assert load_config(file) == configured(config, FINISHED.values, 300)


def test_a_search_on_all_notes_says_nothing_of_a_number() -> None:
    first, *_ = best_yaml(FINISHED, 4, given(Config()), NOTHING_SEARCHED).splitlines()
    assert first == (
        "# The best of 4 trials of `nosology tune`: number 3, validation loss 0.5000 nats a note, accuracy 0.750."
    )


def test_values_of_no_file_come_from_the_configuration() -> None:
    config = Config.model_validate({"train": {"epochs": 3}})
    unnamed = Given(config, "", frozenset(), n_notes=300, max_notes=None)
    assert "  epochs: 3.0  # from the configuration\n" in best_yaml(FINISHED, 4, unnamed, NOTHING_SEARCHED)


def test_what_a_starting_run_decided_is_told_and_what_was_searched_beside_it(start: Path) -> None:
    config = with_start(Config.model_validate({"train": {"start": str(start)}}), frozenset())
    space = searched(None, config, set(), has_codes=False)
    trial = Trial(0, "finished", {"start_share": 0.4, "epochs": 2}, (), 1.0, validation_loss=0.5, accuracy=0.75)
    text = best_yaml(trial, 1, given(config), space)
    assert "  lora_r: 6  # the starting run's\n" in text
    assert "  lora_alpha: 24.0  # the starting run's\n" in text
    assert "  start_share: 0.4  # searched: 0 to 0.8 in steps of 0.1\n" in text
