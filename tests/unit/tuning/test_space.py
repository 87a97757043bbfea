"""What is searched: bounds with reasons, narrowed by a file, never widened and never without a word."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.config import Config, field_names
from nosology.errors import ConfigError
from nosology.tuning.space import SPACE, Setting, searched

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


# ---- one setting

RATE = Setting("rate", "train.learning_rate", "So.", bounds=(1e-4, 1e-2), is_log=True)
SHARE = Setting("share", "train.start_share", "So.", bounds=(0.0, 0.8), step=0.1)
RANK = Setting("rank", "train.lora_r", "So.", choices=(4, 8, None))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (RATE, "0.0001 to 0.01, on a logarithmic scale"),
        (SHARE, "0 to 0.8 in steps of 0.1"),
        (RANK, "4 or 8 or empty"),
        (SHARE.narrowed(0.25), "0.25"),
        (RATE.narrowed({"high": 1e-3}), "0.0001 to 0.001, on a logarithmic scale"),
    ],
)
def test_a_setting_is_told_in_words(setting: Setting, words: str) -> None:
    assert setting.words == words


@pytest.mark.parametrize("value", [1e-4, 1e-2, 0.005])
def test_a_bound_is_within(value: float) -> None:
    assert RATE.allows(value)


@pytest.mark.parametrize("value", [9.9e-5, 0.0101, float("nan"), float("inf"), "0.001", True, None, [0.001]])
def test_what_is_beyond_a_bound_or_no_number_is_not_within(value: Any) -> None:
    assert not RATE.allows(value)


@pytest.mark.parametrize(("value", "is_allowed"), [(4, True), (None, True), (4.0, False), ("4", False), (0, False)])
def test_a_choice_is_one_of_the_same_kind(value: Any, is_allowed: bool) -> None:
    assert RANK.allows(value) is is_allowed
    assert not Setting("b", "f", "So.", choices=(0, 1)).allows(True)


@given(st.floats(1e-4, 1e-2), st.floats(1e-4, 1e-2), st.floats(0, 0.1))
def test_a_narrowed_range_allows_only_what_lies_in_both(one: float, other: float, value: float) -> None:
    low, high = sorted((one, other))
    narrowed = RATE.narrowed({"low": low, "high": high})
    assert narrowed.allows(value) == (low <= value <= high)
    assert (narrowed.is_log, narrowed.name, narrowed.field) == (True, "rate", RATE.field)


@pytest.mark.parametrize(
    ("wish", "bounds"),
    [({"low": 0.2}, (0.2, 0.8)), ({"high": 0.2}, (0.0, 0.2)), ({"low": 0.3, "high": 0.3}, (0.3, 0.3))],
)
def test_an_end_that_is_not_named_stays_and_so_do_the_steps(
    wish: dict[str, float], bounds: tuple[float, float]
) -> None:
    narrowed = SHARE.narrowed(wish)
    assert (narrowed.bounds, narrowed.step) == (bounds, 0.1)


@pytest.mark.parametrize(
    "wish", [{}, {"low": None}, {"low": 0.1, "high": 0.9}, {"low": "0.1"}, [], [0.1, 0.9], None, -0.1]
)
def test_a_wish_that_says_nothing_or_goes_beyond_is_refused(wish: Any) -> None:
    with pytest.raises(ValueError, match=r"give a value|is not within|is not among"):
        SHARE.narrowed(wish)


def test_a_list_of_values_is_chosen_from_and_no_longer_a_range() -> None:
    narrowed = SHARE.narrowed([0.0, 0.4])
    assert (narrowed.choices, narrowed.bounds, narrowed.step) == ((0.0, 0.4), None, None)
    assert RANK.narrowed([None, 8]).choices == (None, 8)


def test_each_setting_has_a_name_and_a_field_of_its_own() -> None:
    assert len(EVERY) == len({setting.field for setting in SPACE}) == len(SPACE)


# ---- a file


@pytest.mark.parametrize("text", ["", "# nothing but words\n", "---\n", "{}"])
def test_a_file_that_says_nothing_narrows_nothing(text: str, tmp_path: Path) -> None:
    assert searched(written(tmp_path, text), BASE, (), has_codes=True) == searched(None, BASE, (), has_codes=True)


@pytest.mark.parametrize("text", ["[]", "0", "false", "''", "lora_r"])
def test_a_file_of_anything_but_settings_is_refused_and_not_taken_for_an_empty_one(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must map settings to values"):
        searched(written(tmp_path, text), BASE, (), has_codes=True)


def test_a_file_that_is_no_text_is_refused_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_bytes(b"lora_r: \xff")
    with pytest.raises(ConfigError, match="not readable as YAML") as refused:
        searched(tmp_path / "space.yaml", BASE, (), has_codes=True)
    assert refused.value.place == str(tmp_path / "space.yaml")


def test_what_the_command_line_sets_is_not_searched_even_where_a_file_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        searched(written(tmp_path, "epochs: 2"), BASE, {"train.epochs"}, has_codes=True)
    assert "epochs: --set gives train.epochs, so it is not searched" in refused.value.message
    assert all(name in refused.value.hint for name in EVERY)


def test_a_resumed_search_sees_that_a_bound_was_moved(tmp_path: Path) -> None:
    whole = searched(None, BASE, (), has_codes=True).as_json()
    moved = searched(written(tmp_path, "learning_rate: {high: 3.0e-3}"), BASE, (), has_codes=True).as_json()
    assert whole.keys() == moved.keys()
    assert {name for name in whole if whole[name] != moved[name]} == {"learning_rate"}
