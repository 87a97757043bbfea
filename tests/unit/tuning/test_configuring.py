"""A trial's configuration, and the file that tells the best one."""

from pathlib import Path

import pytest

from nosology.config import Config, load_config
from nosology.tuning.configuring import Given, best_yaml, configured
from nosology.tuning.space import searched
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
