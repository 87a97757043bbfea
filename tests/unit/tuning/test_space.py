"""What is searched: bounds with reasons, narrowed by a file, never widened and never without a word."""

from pathlib import Path

import pytest

from nosology.config import Config, field_names
from nosology.errors import ConfigError
from nosology.tuning.space import SPACE, searched

EVERY = {setting.name for setting in SPACE}
BASE = Config()


def written(folder: Path, text: str) -> Path:
    (folder / "space.yaml").write_text(text, encoding="utf-8")
    return folder / "space.yaml"


def test_each_setting_has_a_field_a_reason_and_values_that_the_configuration_takes() -> None:
    fields = {name for name, _ in field_names(Config)}
    for setting in SPACE:
        assert setting.field in fields
        assert setting.reason.endswith(".")
        assert bool(setting.choices) != bool(setting.bounds)
        if setting.name != "course_share":
            section, name = setting.field.split(".")
            for value in setting.choices or setting.bounds or ():
                Config.model_validate({section: {name: value}})


def test_a_fresh_adapter_is_searched_without_what_a_starting_run_would_add() -> None:
    found = searched(None, BASE, (), has_codes=True)
    assert {setting.name for setting in found.settings} == EVERY - {"start_share"}
    assert set(found.left_out) == {"start_share"}


def test_what_is_decided_elsewhere_is_not_searched() -> None:
    config = Config.model_validate({"train": {"start": "starter"}})
    found = searched(None, config, {"train.epochs", "model.name"}, has_codes=False)
    assert {setting.name for setting in found.settings} == {"learning_rate", "start_share", "max_note_tokens"}
    assert found.left_out["lora_r"] == "the starting run decides"
    assert found.left_out["epochs"] == "--set gives train.epochs"


def test_a_file_narrows_and_fixes(tmp_path: Path) -> None:
    file = written(
        tmp_path, "learning_rate: {high: 1.0e-3}\nlora_r: [8, 16]\nlora_top_layers: null\ncourse_share: 0.1\n"
    )
    found = {item.name: item for item in searched(file, BASE, (), has_codes=True).settings}
    assert found["learning_rate"].bounds == (1e-4, 1e-3)
    assert found["learning_rate"].is_log
    assert found["lora_r"].choices == (8, 16)
    assert found["lora_top_layers"].choices == (None,)
    assert (found["course_share"].choices, found["course_share"].bounds) == ((0.1,), None)
    assert found["epochs"] in SPACE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lora_r: 64", "lora_r: 64 is not among 4 or 8 or 16 or 32; to fix another value, --set train.lora_r=VALUE"),
        ("lora_r: true", "True is not among"),
        ("lora_r: {low: 4}", "give a value, a list of values;"),
        ("epochs: []", "an empty list is not among"),
        ("learning_rate: {low: 1.0e-5}", "1e-05 to 0.004 is not within 0.0001 to 0.004"),
        ("learning_rate: {low: 2.0e-3, high: 1.0e-3}", "is not within"),
        ("learning_rate: {lowest: 2.0e-3}", "or low and high"),
        ("learning_rate: 2e-3", "'2e-3' is not among"),
        ("lora_rank: 8", "lora_rank: there is no such setting"),
        ("start_share: 0.5", "training starts from the base model, so it is not searched"),
        ("- lora_r", "must map settings to values"),
        ("a: [", "not readable as YAML"),
    ],
)
def test_what_cannot_be_searched_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        searched(written(tmp_path, text), BASE, (), has_codes=True)
    assert said in str(refusal.value)
    assert str(tmp_path / "space.yaml") in str(refusal.value)


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        searched(written(tmp_path, "lora_r: 64\nepochs: 9\nrank: 1"), BASE, (), has_codes=True)
    assert all(name in str(refusal.value) for name in ("lora_r: 64", "epochs: 9", "rank: "))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        searched(tmp_path / "none.yaml", BASE, (), has_codes=True)
