"""`nosology prepare` and `nosology labels` as a person uses them: exit statuses, messages, JSON."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from handmade_mimic import as_csv, prose, save, two_categories, write_mimic3
from nosology.cli import main
from nosology.dataset.folder import open_dataset


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> tuple[int, str, str]:
    """Run a command; return its exit status, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["nosology", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    shown = capsys.readouterr()
    return int(stop.value.code or 0), shown.out, shown.err


@pytest.fixture
def nosology(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda *words: run(capsys, monkeypatch, *words)


@pytest.fixture
def mimic(tmp_path: Path) -> Path:
    return write_mimic3(tmp_path / "mimic", *two_categories(30))


def test_prepare_mimic3_says_what_came_out(nosology: Any, mimic: Path, tmp_path: Path) -> None:
    status, out, err = nosology("prepare", "mimic3", mimic, "--out", tmp_path / "ds", "--preset", "paper", "--csv")
    assert (status, out) == (0, "")
    assert "share patients" in err
    assert f"30 notes in {tmp_path / 'ds'}" in err
    assert (tmp_path / "ds" / "df_classification.csv").exists()
    assert open_dataset(tmp_path / "ds").manifest["config"]["max_words"] == 100


def test_json_goes_to_stdout_alone(nosology: Any, mimic: Path, tmp_path: Path) -> None:
    status, out, _ = nosology("prepare", "mimic3", mimic, "--out", tmp_path / "ds", "--json")
    summary = json.loads(out)
    assert status == 0
    assert summary["n_notes"] == sum(summary["notes"].values()) == 30
    assert summary["funnel"][-1]["rows_out"] == 30


def test_options_win_over_the_file_and_set_over_the_preset(nosology: Any, mimic: Path, tmp_path: Path) -> None:
    file = save(tmp_path / "config.yaml", "prepare:\n  preset: full\n  seed: 3\n")
    words = ("--config", file, "--preset", "paper", "--set", "prepare.max_words=90")
    assert nosology("prepare", "mimic3", mimic, "--out", tmp_path / "ds", *words)[0] == 0
    config = open_dataset(tmp_path / "ds").manifest["config"]
    assert (config["preset"], config["seed"], config["max_words"], config["lowercase"]) == ("paper", 3, 90, True)


def test_prepare_table_with_categories_of_ones_own(nosology: Any, tmp_path: Path) -> None:
    rows = [(prose(i), ("Urgent", "Routine")[i % 2]) for i in range(20)]
    file = save(tmp_path / "notes.csv", as_csv(("Body", "Triage"), rows))
    labels = save(tmp_path / "triage.tsv", "category\nRoutine\nUrgent\n")
    words = ("--text", "body", "--category", "triage", "--labels", labels)
    status, _, err = nosology("prepare", "table", file, "--out", tmp_path / "ds", *words)
    assert status == 0
    assert "every note counts as a patient of its own" in err
    dataset = open_dataset(tmp_path / "ds")
    assert dataset.labels.names == ("Routine", "Urgent")
    assert dataset.notes()["category"].to_list() == [category for _, category in rows]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("prepare", "mimic3", "{mimic}", "--out", "{mimic}"), "already holds something"),
        (("prepare", "mimic3", "{mimic}/none", "--out", "{out}"), "no such folder"),
        (("prepare", "mimic4", "{mimic}", "--out", "{out}"), "use `nosology prepare mimic3`"),
        (("prepare", "mimic3", "{mimic}", "--out", "{out}", "--set", "prepare.min_words=5000"), "no note is left"),
        (("prepare", "mimic3", "{mimic}", "--out", "{out}", "--set", "prepare.colour=red"), "prepare.colour"),
        (("prepare", "mimic3", "{mimic}", "--out", "{out}", "--set", "prepare.label_set=icd-99"), "no label set"),
        (("prepare", "table", "{mimic}/x.xlsx", "--out", "{out}", "--text", "a", "--category", "b"), "no such file"),
        (("prepare", "table", "{mimic}/PATIENTS.csv", "--out", "{out}", "--text", "a"), "either a category column"),
        (
            ("prepare", "table", "{mimic}/PATIENTS.csv", "--out", "{out}", "--text", "a", "--code", "b"),
            "E870 is a code",
        ),
        (("labels", "map", "XYZ", "--icd-version", "9"), "has no category: not an ICD-9-CM diagnosis code"),
        (("labels", "map", "41071", "--icd-version", "8"), "8 is no ICD version"),
        (("labels", "check", "{mimic}/PATIENTS.csv"), "found the columns"),
    ],
)
def test_what_the_user_can_fix_ends_with_status_2_and_says_how(
    nosology: Any, mimic: Path, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    status, out, err = nosology(*(word.format(mimic=mimic, out=tmp_path / "ds") for word in words))
    assert (status, out) == (2, "")
    assert err.startswith("error: ") or "\nerror: " in err
    assert message in err
    assert "hint:" in err
    assert not (tmp_path / "ds").exists()


def test_all_wrong_config_fields_are_named_at_once(nosology: Any, mimic: Path, tmp_path: Path) -> None:
    words = ("--set", "prepare.colour=red", "--set", "prepare.seed=many")
    _, _, err = nosology("prepare", "mimic3", mimic, "--out", tmp_path / "ds", *words)
    assert "prepare.colour" in err
    assert "prepare.seed" in err


def test_labels_show_check_and_map(nosology: Any, tmp_path: Path) -> None:
    status, out, err = nosology("labels", "show")
    assert (status, len(out.splitlines())) == (0, 19)
    assert "Cardiovascular           390-459            I00-I99" in out
    assert "18 categories" in err
    assert json.loads(nosology("labels", "show", "--json")[1])[6]["icd9"] == "390-459"
    labels = save(tmp_path / "mine.tsv", "category\ticd9\nHeart\t390-459\nRest\n")
    assert "2 categories, 1 with code ranges" in nosology("labels", "check", labels)[2]
    assert nosology("labels", "map", "k64.0", "--icd-version", "10")[1] == "Digestive\n"
    words = ("labels", "map", "K64.0", "--icd-version", "10", "--icd10-mapping", "equivalence", "--json")
    assert json.loads(nosology(*words)[1]) == {
        "code": "K64.0",
        "icd_version": 10,
        "category": "Cardiovascular",
        "reason": None,
    }
    assert nosology("labels", "map", "428.0", "--icd-version", "9", "--labels", labels)[1] == "Heart\n"
