"""Decisions as a dataset: what stays, what is lost and why, and that it trains."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from nosology.cli import app, register_commands
from nosology.dataset.folder import open_dataset
from nosology.deidentification import deidentify
from nosology.errors import DataError, RunError
from nosology.feedback.store import Decision
from nosology.files import sha256_text
from nosology.preparation.pipeline import prepare_feedback
from service_world import NAMES, client_of, notes, open_service, write_served_run

FILLER = "patient seen on the ward and discharged home in good condition"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run and the dataset that it was trained on."""
    folder = tmp_path_factory.mktemp("world")
    write_served_run(folder)
    return folder


def decision(text: str, category: str, *, kept: bool = True, number: int = 0, **changes: Any) -> Decision:
    values = {
        "decision_id": f"{number}",
        "actor": "local",
        "note_id": "",
        "patient_id": "",
        "note_sha256": sha256_text(text),
        "model_sha256": "m",
        "predicted": NAMES[0],
        "probability": 0.5,
        "abstained": False,
        "prediction_set": (),
        "verdict": "corrected",
        "category": category,
        "text": text if kept else None,
    }
    return Decision(**values | changes)


SEEN = (
    "asthma",
    "gout",
    "melena",
    "cough",
    "fever",
    "angina",
    "eczema",
    "vertigo",
    "anemia",
    "sepsis",
    "croup",
    "colitis",
)


def several(n: int = 24) -> list[Decision]:
    """Return decisions on texts that differ in words that no de-identification takes."""
    pairs = [(first, second) for first in SEEN for second in SEEN if first != second][:n]
    return [
        decision(f"{first} and {second}: {FILLER}, {second} better than {first}", NAMES[i % 3])
        for i, (first, second) in enumerate(pairs)
    ]


def losses(folder: Path) -> dict[str, int]:
    return {reason: n for step in open_dataset(folder).funnel() for reason, n in step["lost"].items()}


def test_the_dataset_holds_prepared_texts_and_what_was_decided(world: Path, tmp_path: Path) -> None:
    decisions = [
        *several(),
        decision("Seen by Dr. Jane Roe: melena for a week", "Digestive", code="K254", icd_version=10),
    ]
    summary = prepare_feedback(decisions, world / "run", tmp_path / "out")
    assert summary.n_notes == 25
    found = open_dataset(tmp_path / "out").notes()
    row = found.filter(pl.col("code") == "K254").to_dicts()[0]
    assert row["clean_text"] == "Seen by Dr. <NAME>: melena for a week"
    assert (row["category"], row["icd_version"], row["rubric"]) == ("Digestive", 10, "K25")
    assert set(found["split"]) == {"train", "validation", "test"}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}


def test_the_latest_decision_wins_and_every_loss_has_a_reason(world: Path, tmp_path: Path) -> None:
    text = f"the note was decided on two times: {FILLER}"
    decisions = [
        decision(text, NAMES[0]),
        *several(),
        decision(text, NAMES[1]),
        decision("Text that nobody kept", NAMES[1], kept=False),
        decision("  \n ", NAMES[1]),
        decision("Of another label set", "Astrology"),
    ]
    prepare_feedback(decisions, world / "run", tmp_path / "out")
    found = open_dataset(tmp_path / "out").notes()
    assert found.filter(pl.col("clean_text") == text)["category"].to_list() == [NAMES[1]]
    assert losses(tmp_path / "out") == {
        "an earlier decision on the same note": 1,
        "category not in the label set": 1,
        "no text: none was kept, and the notes given do not hold it": 1,
        "no text left": 1,
    }
    steps = open_dataset(tmp_path / "out").funnel()
    assert [step["rows_in"] for step in steps[1:]] == [step["rows_out"] for step in steps[:-1]]
    assert steps[-1]["rows_out"] == found.height


def test_texts_that_were_not_kept_are_found_in_the_users_own_notes(world: Path, tmp_path: Path) -> None:
    decisions = [decision(item.text, item.category, kept=False) for item in several()]
    texts = [item.text for item in several()] + ["a note that nobody decided on"]
    assert prepare_feedback(decisions, world / "run", tmp_path / "out", texts=texts).n_notes == 24


def test_decisions_join_a_dataset_without_touching_its_held_out_splits(world: Path, tmp_path: Path) -> None:
    base = open_dataset(world / "dataset")
    held_out = base.split("test")
    unchanged = next(text for text in held_out["clean_text"] if deidentify(text).text == text)
    decisions = [
        *several(),
        decision("Of a patient of the test split", NAMES[0], patient_id=held_out["patient_id"][0]),
        decision(unchanged, NAMES[0]),
    ]
    prepare_feedback(decisions, world / "run", tmp_path / "out", with_dataset=world / "dataset")
    joined = open_dataset(tmp_path / "out")
    for split in ("validation", "test"):
        assert joined.split(split)["clean_text"].to_list() == base.split(split)["clean_text"].to_list()
    assert joined.split("train").height == base.split("train").height + 24
    assert losses(tmp_path / "out") == {
        "the same text as a note of the other dataset": 1,
        "the patient is in the validation or test split of the other dataset": 1,
    }


def test_notes_of_one_patient_stay_in_one_split(world: Path, tmp_path: Path) -> None:
    decisions = [decision(f"Number {i}: {FILLER} {i}", NAMES[i % 2], patient_id=f"p{i % 5}") for i in range(40)]
    prepare_feedback(decisions, world / "run", tmp_path / "out")
    found = open_dataset(tmp_path / "out").notes()
    assert found.group_by("patient_id").agg(pl.col("split").n_unique())["split"].max() == 1


def test_nothing_to_export_is_said_with_the_reasons(world: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no decision is left"):
        prepare_feedback([], world / "run", tmp_path / "out")
    with pytest.raises(DataError, match="none was kept"):
        prepare_feedback([decision("x", NAMES[0], kept=False)], world / "run", tmp_path / "out")
    with pytest.raises(DataError, match="one category"):
        prepare_feedback([decision("some words here", NAMES[0])], world / "run", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_dataset_of_another_label_set_is_refused(world: Path, tmp_path: Path) -> None:
    from evaluation_world import write_dataset

    other = write_dataset(tmp_path / "other", {"train": 4}, names=("A", "B"))
    with pytest.raises(RunError, match="label set"):
        prepare_feedback(several(), world / "run", tmp_path / "out", with_dataset=other)


@pytest.fixture
def command() -> Any:
    """Return a function that runs a command."""
    register_commands()
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def test_from_the_service_to_a_trained_run(world: Path, tmp_path: Path, command: Any) -> None:
    """What was decided over HTTP, exported by the command, is a dataset that training takes."""
    from nosology.config import Config
    from nosology.training import train
    from tiny_models import save_tiny_model

    service, _ = open_service(world / "run", tmp_path / "state", keep_text=True)
    words = ("infarction", "pneumonia", "ulcer", "eczema")
    with client_of(service) as client:
        for i in range(24):
            text = f"Case {i}: {words[i % 4]} in a {FILLER}"
            receipt = client.post("/v1/classify", json=notes(text)).json()["predictions"][0]["receipt"]
            body = {"receipt": receipt, "verdict": "corrected", "category": NAMES[(i + 1) % 4], "text": text}
            assert client.post("/v1/feedback", json=body).status_code == 201
    out = tmp_path / "dataset"
    done = command("feedback", "export", world / "run", "--state", tmp_path / "state", "--out", out)
    assert done.exit_code == 0, done.stderr
    assert "24 decisions, 24 notes in the dataset" in done.stderr
    model = save_tiny_model(tmp_path / "model")
    settings = {"batch_size": 4, "lora_r": 2, "max_steps": 2, "report_to": ()}
    config = Config.model_validate({"model": {"name": str(model), "max_note_tokens": 48}, "train": settings})
    train(out, tmp_path / "trained", config)
    assert (tmp_path / "trained" / "manifest.json").is_file()


def test_the_report_prints_agreement_and_drift(world: Path, tmp_path: Path, command: Any) -> None:
    service, _ = open_service(world / "run", tmp_path / "state")
    with client_of(service) as client:
        for text, verdict in (("infarction", "accepted"), ("pneumonia", "accepted"), ("ulcer", "corrected")):
            receipt = client.post("/v1/classify", json=notes(text)).json()["predictions"][0]["receipt"]
            body = {"receipt": receipt, "verdict": verdict, "category": NAMES[3] if verdict == "corrected" else None}
            assert client.post("/v1/feedback", json=body).status_code == 201
    done = command("feedback", "report", world / "run", "--state", tmp_path / "state")
    assert "2 of 3 notes accepted: 66.7%" in done.stdout
    assert "Digestive" in done.stdout
    assert "3 notes read" in done.stdout
    assert "stability index" in done.stdout
    as_json = command("feedback", "report", world / "run", "--state", tmp_path / "state", "--json")
    assert '"n_accepted": 2' in as_json.stdout


def test_a_store_that_is_not_there_is_said_with_a_hint(world: Path, tmp_path: Path, command: Any) -> None:
    from nosology.errors import NosologyError

    with pytest.raises(NosologyError, match="cannot be read"):
        command("feedback", "report", world / "run", "--state", tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_the_audit_command_checks_the_chain(world: Path, tmp_path: Path, command: Any) -> None:
    service, _ = open_service(world / "run", tmp_path / "state")
    with client_of(service) as client:
        client.post("/v1/classify", json=notes("infarction", "ulcer"))
    log = tmp_path / "state" / "audit.jsonl"
    assert "2 entries, the chain is whole" in command("audit", log).stderr
    log.write_bytes(log.read_bytes().replace(b"Digestive", b"Dig3stive"))
    with pytest.raises(DataError, match="line 2 breaks the chain"):
        command("audit", log)


def test_the_keys_command_makes_lists_and_revokes(tmp_path: Path, command: Any) -> None:
    from nosology.serve.http.keys import KeyFile

    file = tmp_path / "keys.json"
    key = command("keys", "create", "ward 3", "--keys", file).stdout.strip()
    assert KeyFile(file).entry_of(key).name == "ward 3"
    assert command("keys", "list", "--keys", file).stdout.startswith("ward 3\t")
    assert '"name": "ward 3"' in command("keys", "list", "--json", "--keys", file).stdout
    command("keys", "revoke", "ward 3", "--keys", file)
    assert KeyFile(file).entry_of(key) is None


@pytest.mark.parametrize("words", [("serve",), ("feedback", "report", "r"), ("feedback", "export", "r", "--out", "o")])
def test_a_missing_extra_is_named_with_its_remedy(
    nosology: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("nosology.machine.extras.find_spec", lambda name: None if name == "sqlalchemy" else object())
    status, printed, said = nosology(*words)
    assert (status, printed) == (2, "")
    assert "needs sqlalchemy, which is not installed\n  hint: pip install 'nosology[serve]'" in said
