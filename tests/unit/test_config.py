"""The configuration: defaults that stand in the reference, presets, overrides, and errors that all come at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from nosology.config import (
    AUTO_BATCH,
    EMBEDDED_MODEL,
    Config,
    EvaluateConfig,
    ModelConfig,
    PrepareConfig,
    TrainConfig,
    config_file,
    field_names,
    load_config,
    shipped_config,
    shipped_configs,
)
from nosology.errors import ConfigError

SECTIONS: dict[str, type[BaseModel]] = {
    "prepare": PrepareConfig,
    "model": ModelConfig,
    "train": TrainConfig,
    "evaluate": EvaluateConfig,
}
SHIPPED = ("demo", "paper", "mimic3")


def written(folder: Path, text: str) -> Path:
    """Write a configuration file and return its path."""
    file = folder / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def fields() -> Iterator[tuple[str, str]]:
    """Yield every field by section and name."""
    for section, kind in SECTIONS.items():
        for name in kind.model_fields:
            yield section, name


def refused(file: Path | None = None, overrides: list[str] | None = None) -> ConfigError:
    """Return the error that loading raises."""
    with pytest.raises(ConfigError) as caught:
        load_config(file, overrides)
    return caught.value


# ---- defaults


def test_without_a_file_there_are_the_defaults() -> None:
    config = load_config()
    assert config == Config()
    assert config.model.name == EMBEDDED_MODEL
    assert config.prepare.preset == "full"
    assert (config.prepare.lowercase, config.prepare.min_words, config.prepare.max_words) == (False, 20, None)
    assert (config.train.lora_r, config.train.lora_alpha) == (16, 32)
    assert config.evaluate.answer_with == "tuned"


@pytest.mark.parametrize(("section", "name"), list(fields()))
def test_every_field_has_a_default_and_a_sentence(section: str, name: str) -> None:
    field = SECTIONS[section].model_fields[name]
    assert not field.is_required()
    assert field.description, "the reference page would have a hole"
    assert field.description.rstrip().endswith(".")


def test_the_sections_are_those_of_the_file() -> None:
    assert list(Config.model_fields) == list(SECTIONS)


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, "")) == Config()
    assert load_config(written(tmp_path, "# only a comment\n")) == Config()


def test_a_configuration_never_changes() -> None:
    config = Config()
    with pytest.raises(ValidationError):
        config.train.epochs = 3  # type: ignore[misc]
    with pytest.raises(ValidationError):
        config.train = TrainConfig()  # type: ignore[misc]


def test_what_is_written_into_a_run_gives_the_same_configuration_again() -> None:
    config = load_config(overrides=["train.epochs=2", "prepare.preset=paper", "train.lora_targets=attention"])
    plain = yaml.safe_load(yaml.safe_dump(config.model_dump(mode="json")))
    assert Config.model_validate(plain) == config


# ---- presets


def test_the_paper_preset_is_the_original_projects_preparation() -> None:
    paper = PrepareConfig(preset="paper")
    assert (paper.lowercase, paper.strip_punctuation) == (True, True)
    assert (paper.min_words, paper.max_words) == (50, 100)
    assert paper.drop_duplicates
    assert not paper.drop_near_duplicates


@pytest.mark.parametrize(
    ("given_field", "value"),
    [("lowercase", False), ("max_words", None), ("min_words", 10), ("strip_punctuation", False)],
)
def test_a_field_given_beside_a_preset_wins(given_field: str, value: Any) -> None:
    paper = PrepareConfig.model_validate({"preset": "paper", given_field: value})
    assert getattr(paper, given_field) == value
    others = {"lowercase", "max_words", "min_words", "strip_punctuation"} - {given_field}
    assert all(getattr(paper, name) == getattr(PrepareConfig(preset="paper"), name) for name in others)


def test_the_full_preset_changes_nothing() -> None:
    assert PrepareConfig(preset="full") == PrepareConfig()


# ---- overrides


@pytest.mark.parametrize(
    ("override", "section", "name", "value"),
    [
        ("train.epochs=2", "train", "epochs", 2.0),
        ("train.learning_rate=1e-4", "train", "learning_rate", 1e-4),
        ("train.max_steps=", "train", "max_steps", None),
        ("train.max_steps=7", "train", "max_steps", 7),
        ("prepare.lowercase=true", "prepare", "lowercase", True),
        ("prepare.split_shares=[0.5, 0.25, 0.25]", "prepare", "split_shares", (0.5, 0.25, 0.25)),
        ("model.name=/models/a=b", "model", "name", "/models/a=b"),
        (" model.name =x", "model", "name", "x"),
        ("evaluate.systems=[majority, tuned]", "evaluate", "systems", ("majority", "tuned")),
    ],
)
def test_an_override_is_read_as_yaml(override: str, section: str, name: str, value: Any) -> None:
    assert getattr(getattr(load_config(overrides=[override]), section), name) == value


def test_an_override_wins_over_the_file_and_a_later_one_over_an_earlier(tmp_path: Path) -> None:
    file = written(tmp_path, "train:\n  epochs: 3\n  seed: 5\n")
    config = load_config(file, ["train.epochs=2", "train.epochs=1"])
    assert (config.train.epochs, config.train.seed) == (1.0, 5)


@pytest.mark.parametrize("override", ["", "train", "train.epochs", "epochs=2", "train.=2", ".epochs=2", "=2"])
def test_what_is_no_override_is_refused_with_an_example(override: str) -> None:
    error = refused(overrides=[override])
    assert error.place == "--set"
    assert "section.key=value" in error.hint
    assert repr(override) in error.message


def test_a_section_that_the_file_gives_as_a_value_cannot_be_overridden(tmp_path: Path) -> None:
    error = refused(written(tmp_path, "train: 3\n"), ["train.epochs=2"])
    assert error.message == "'train' is not a section"


# ---- what is refused


def test_all_errors_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, "train:\n  epochs: -1\n  epoch: 2\nmodel:\n  dtype: float16\nother: {}\n")
    error = refused(file)
    assert error.place == str(file)
    assert error.message.startswith("4 fields are wrong:")
    for place in ("train.epochs", "train.epoch:", "model.dtype", "other"):
        assert place in error.message
    assert error.hint


def test_one_error_is_one_field() -> None:
    error = refused(overrides=["train.learning_rate=0"])
    assert error.message.startswith("1 field is wrong:")
    assert "train.learning_rate" in error.message


@pytest.mark.parametrize("section", SECTIONS)
def test_an_unknown_key_is_an_error_in_every_section(section: str) -> None:
    assert f"{section}.no_such_field" in refused(overrides=[f"{section}.no_such_field=1"]).message


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("train.epoch=1", "train.epochs"),
        ("train.course.phrase=1", "train.course.phrases"),
        ("model.prmpt=x", "model.prompt"),
        ("model.learning_rate=1", "train.learning_rate"),
        ("trian.epochs=1", "train"),
        ("evaluate.seeds=1", "evaluate.seed"),
    ],
)
def test_an_unknown_key_comes_with_the_one_that_may_be_meant(override: str, meant: str) -> None:
    assert refused(overrides=[override]).message.endswith(f": there is no such field; did you mean {meant}?")


def test_an_unknown_key_that_is_like_no_other_is_not_guessed_at() -> None:
    assert refused(overrides=["train.zzz=1"]).message.endswith("train.zzz: there is no such field")


def test_a_key_without_its_section_is_told_its_section() -> None:
    assert refused(overrides=["learning_rate=3"]).hint == "write section.key=value, e.g. train.learning_rate=3"


def test_a_shipped_configuration_is_known_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "paper").write_text("train: {epochs: 7}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_config(Path("paper")) == load_config("paper") == load_config(shipped_config("paper"))
    assert load_config("./paper").train.epochs == load_config(tmp_path / "paper").train.epochs == 7


def test_an_unknown_section_is_an_error() -> None:
    assert "training" in refused(overrides=["training.epochs=1"]).message


def test_a_missing_file_says_where_the_shipped_ones_are(tmp_path: Path) -> None:
    error = refused(tmp_path / "none.yaml")
    assert error.message == "no such configuration file"
    assert error.place.endswith("none.yaml")
    assert error.hint == "give a file, or the name of a shipped one: course, demo, mimic3, paper, table"


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words", "3"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    assert "mapping" in refused(written(tmp_path, text)).message


def test_broken_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    error = refused(written(tmp_path, "train:\n  epochs: [1, 2\nmodel: x\n"))
    assert "not readable as YAML" in error.message
    assert "line" in error.message


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"train:\n  epochs: \xff\xfe\n")
    assert "not readable as YAML" in refused(file).message


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("prepare.split_shares=[0.5, 0.5, 0.5]", "sum to 1"),
        ("prepare.split_shares=[1.2, -0.1, -0.1]", "at least 0"),
        ("prepare.max_words=5", "max_words is below min_words"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(override: str, words: str) -> None:
    assert words in refused(overrides=[override]).message


def test_a_classification_head_cannot_learn_titles() -> None:
    error = refused(overrides=["train.head=classification", "train.title_weight=1"])
    assert "title_weight needs the head `answer`" in error.message
    load_config(overrides=["train.head=classification"])
    load_config(overrides=["train.title_weight=1"])


@pytest.mark.parametrize(
    "override",
    [
        "train.epochs=0", "train.lora_r=0", "train.lora_alpha=0", "train.lora_dropout=1", "train.warmup_share=1",
        "train.learning_rate=0", "train.weight_decay=-0.1", "train.max_grad_norm=0", "train.choice_weight=1.1",
        "train.label_smoothing=1", "train.adam_beta2=1", "train.lora_top_layers=0", "train.title_weight=-1",
        "train.early_stopping_patience=0", "model.max_note_tokens=15", "evaluate.bootstrap_samples=99",
        "evaluate.coverage=1", "evaluate.selective_accuracy=0", "evaluate.robustness_notes=-1",
        "evaluate.batch_tokens=255", "prepare.max_failed_share=1.01", "prepare.min_words=-1", "prepare.max_words=0",
    ],
)  # fmt: skip
def test_a_number_just_outside_its_range_is_refused(override: str) -> None:
    assert override.partition("=")[0] in refused(overrides=[override]).message


@pytest.mark.parametrize(
    "override",
    [
        "train.lora_r=1", "train.lora_dropout=0", "train.warmup_share=0", "train.choice_weight=1",
        "train.label_smoothing=0", "model.max_note_tokens=16", "evaluate.bootstrap_samples=100",
        "evaluate.robustness_notes=0", "evaluate.batch_tokens=256", "prepare.max_failed_share=1",
        "prepare.max_words=20", "prepare.split_shares=[1, 0, 0]",
    ],
)  # fmt: skip
def test_the_ends_of_a_range_are_allowed(override: str) -> None:
    assert load_config(overrides=[override]) != Config() or override.endswith(("=0", "=1"))


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda shares: sum(shares) > 0.01))
def test_any_three_shares_that_sum_to_one_are_taken(shares: list[float]) -> None:
    whole = sum(shares)
    first, second = shares[0] / whole, shares[1] / whole
    config = PrepareConfig(split_shares=(first, second, max(0.0, 1 - first - second)))
    assert sum(config.split_shares) == pytest.approx(1)


@given(st.integers(0, 300), st.none() | st.integers(1, 300))
def test_word_limits_are_taken_exactly_when_some_length_fits_both(low: int, high: int | None) -> None:
    fits = high is None or low <= high
    try:
        PrepareConfig(min_words=low, max_words=high)
    except ValidationError:
        assert not fits
    else:
        assert fits


# ---- shipped files


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_configuration_loads(name: str) -> None:
    file = shipped_config(name)
    assert file.name == f"{name}.yaml"
    assert load_config(file) != Config(), "a file that changes nothing need not be shipped"


def test_a_configuration_that_is_not_shipped_names_those_that_are() -> None:
    with pytest.raises(ConfigError) as caught:
        shipped_config("mimic5")
    assert caught.value.message == "no shipped configuration 'mimic5'"
    assert all(name in caught.value.hint for name in SHIPPED)


def test_every_choice_of_a_field_is_a_word_that_its_description_or_docs_can_name() -> None:
    for kind in SECTIONS.values():
        for field in kind.model_fields.values():
            choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
            assert all(choice == choice.lower() and " " not in choice for choice in choices)


def test_the_demo_begins_from_the_starter_in_its_shape_and_other_models_from_their_base() -> None:
    found = {name: load_config(shipped_config(name)).train for name in ("demo", "paper", "mimic3", "course")}
    assert {name: train.start for name, train in found.items()} == {
        "demo": "starter",
        "paper": "base",
        "mimic3": "base",
        "course": "base",
    }
    assert found["paper"].course.phrases == 0, "paper.yaml is there to be compared with the original"
    shape = ("lora_r", "lora_alpha", "lora_targets", "lora_top_layers", "head")
    assert [getattr(found["demo"], name) for name in shape] == [getattr(found["course"], name) for name in shape]


# ---- what a file or an override could say silently


@pytest.mark.parametrize("override", ["train.epochs=[1", "model.name=@mine", "model.name=a: b: c", "model.prompt=*x"])
def test_a_value_that_is_no_yaml_is_refused_with_what_to_write(override: str) -> None:
    error = refused(overrides=[override])
    assert error.message.startswith(f"cannot read the value of {override!r}: ")
    assert error.place == "--set"
    assert f"{override.partition('=')[0]}='" in error.hint


@pytest.mark.parametrize(
    "text",
    ["train:\n  epochs: 3\nmodel:\n  dtype: auto\ntrain:\n  seed: 1\n", "train:\n  seed: 1\n  epochs: 3\n  seed: 2\n"],
)
def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    """YAML's reader would keep the last one and say nothing of the fields that are lost."""
    error = refused(written(tmp_path, text))
    assert "stands here twice" in error.message
    assert f"line {1 + text[: text.rindex(error.message.split(chr(39))[1])].count(chr(10))}" in error.message


def test_the_same_key_in_two_sections_is_no_key_twice(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, "train:\n  seed: 1\nevaluate:\n  seed: 2\n"))
    assert (config.train.seed, config.evaluate.seed) == (1, 2)


@pytest.mark.parametrize(
    "override",
    [
        "train.epochs=.inf",
        "train.lora_alpha=.inf",
        "prepare.split_shares=[.nan, .nan, .nan]",
        "train.title_weight=.nan",
    ],
)
def test_a_number_without_an_end_is_refused(override: str) -> None:
    error = refused(overrides=[override])
    assert override.partition("=")[0] in error.message
    assert "finite" in error.message


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    error = refused(tmp_path)
    assert (error.message, error.place) == ("this is a folder", str(tmp_path))


def test_a_section_without_fields_is_refused_and_not_taken_for_the_defaults(tmp_path: Path) -> None:
    error = refused(written(tmp_path, "train:\n  # epochs: 3\n"))
    assert error.message.startswith("1 field is wrong:\n  train: ")


def test_errors_of_a_file_and_of_overrides_are_told_together_under_the_files_name(tmp_path: Path) -> None:
    file = written(tmp_path, "train:\n  epoch: 2\n")
    error = refused(file, ["model.dtype=float16"])
    assert error.message.startswith("2 fields are wrong:")
    assert error.place == str(file)


def test_an_override_reaches_a_section_within_a_section_and_leaves_its_other_fields(tmp_path: Path) -> None:
    file = written(tmp_path, "train:\n  course:\n    phrases: 40\n    seed: 3\n")
    course = load_config(file, ["train.course.phrases=7"]).train.course
    assert (course.phrases, course.seed, course.notes) == (7, 3, 0)


def test_an_override_below_a_field_that_is_no_section_is_refused_and_names_it(tmp_path: Path) -> None:
    error = refused(written(tmp_path, "train:\n  epochs: 3\n"), ["train.epochs.more=1"])
    assert (error.message, error.place) == ("'train.epochs' is not a section", "--set")


def test_a_key_of_two_sections_is_told_both(tmp_path: Path) -> None:
    message = refused(written(tmp_path, "model:\n  seed: 1\n")).message
    fields = message.partition("did you mean ")[2].rstrip("?").split(" or ")
    assert {"prepare.seed", "train.seed", "evaluate.seed", "train.course.seed"} == set(fields)
    assert fields[-1] == "train.course.seed", "the nearest to the top come first"


def test_a_field_beside_the_wrong_one_is_meant_rather_than_one_of_another_section() -> None:
    assert refused(overrides=["evaluate.batch_token=300"]).message.endswith("did you mean evaluate.batch_tokens?")


def test_every_field_is_named_once_with_its_sections() -> None:
    names = [name for name, _ in field_names(Config)]
    assert len(set(names)) == len(names)
    assert {"train", "train.course", "train.course.phrases", "train.lora_r"} <= set(names)
    assert {name for name, _ in field_names(ModelConfig, "x.")} == {f"x.{name}" for name in ModelConfig.model_fields}


@pytest.mark.parametrize(("size", "notes"), [("auto", AUTO_BATCH), (1, 1), (AUTO_BATCH + 3, AUTO_BATCH + 3)])
def test_a_batch_has_the_notes_that_were_asked_for_or_what_auto_begins_with(size: Any, notes: int) -> None:
    assert TrainConfig(batch_size=size).notes_per_batch == notes


@pytest.mark.parametrize("name", sorted(shipped_configs()))
def test_every_line_of_a_shipped_configuration_has_its_reason(name: str) -> None:
    lines = shipped_config(name).read_text(encoding="utf-8").splitlines()
    fields = [line for line in lines if ":" in line.partition("#")[0] and line.startswith(" ")]
    assert fields
    assert not [line for line in fields if not line.partition(" # ")[2].strip()]


def test_a_name_that_is_not_shipped_is_a_path(tmp_path: Path) -> None:
    assert config_file(tmp_path / "own.yaml") == tmp_path / "own.yaml"
    assert config_file("own.yaml") == Path("own.yaml")
    assert config_file("mimic3") == shipped_config("mimic3")
