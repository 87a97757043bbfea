"""``nosology doctor`` as a user types it, and the shipped configurations it is pointed at."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from nosology import cli
from nosology.config import Config, load_config

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that runs the command with some arguments: exit status, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nosology", "doctor", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return run


def test_the_doctor_says_what_the_papers_configuration_needs(doctor: Any) -> None:
    status, said, _ = doctor("--config", str(CONFIGS / "paper.yaml"))
    assert "unsloth/Llama-3.2-3B-Instruct: 3.21 B parameters" in said
    assert "weights" in said
    assert status == (0 if "It can run here." in said else 2)


def test_the_doctors_json_holds_machine_and_diagnosis(doctor: Any) -> None:
    status, said, _ = doctor("--config", str(CONFIGS / "demo.yaml"), "--json")
    report = json.loads(said)
    assert report["machine"]["n_cores"] >= 1
    assert report["diagnosis"]["model"]["name"] == "embedded:smollm2-135m-instruct"
    assert report["diagnosis"]["can_run"] is (status == 0)


def test_what_cannot_run_exits_2(doctor: Any) -> None:
    status, said, _ = doctor("--set", "model.name=no/such-model")
    assert status == 2
    assert "It cannot run here as it is." in said


def test_all_mistakes_of_a_configuration_are_named_at_once(doctor: Any, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("prepare:\n  min_word: 5\ntrain:\n  epochs: -1\n")
    status, said, talk = doctor("--config", str(file))
    assert (status, said) == (2, "")
    assert "prepare.min_word" in talk
    assert "train.epochs" in talk


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_configuration_is_valid(file: Any) -> None:
    assert isinstance(load_config(file), Config)


def test_the_three_configurations_are_shipped() -> None:
    assert {file.stem for file in CONFIGS.glob("*.yaml")} >= {"demo", "paper", "mimic3"}


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_choice_of_a_shipped_configuration_says_why(file: Any) -> None:
    choices = [line for line in file.read_text().splitlines() if line.startswith("  ")]
    assert choices
    assert [line for line in choices if "  # " not in line] == []


def test_the_papers_configuration_is_the_original_projects() -> None:
    config = load_config(CONFIGS / "paper.yaml")
    assert (config.prepare.min_words, config.prepare.max_words) == (50, 100)
    assert (config.prepare.lowercase, config.prepare.strip_punctuation) == (True, True)
    assert (config.train.lora_r, config.train.lora_alpha, config.train.lora_dropout) == (16, 16, 0)
    assert config.train.lora_targets == "attention"
    assert (config.train.batch_size, config.train.accumulation_steps) == (2, 4)
    assert (config.train.epochs, config.train.learning_rate) == (1, 2e-4)
