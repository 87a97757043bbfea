"""Invented notes say so in whatever is made of them, from the dataset to the answers of a service; others do not."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nosology.cli import app, register_commands
from nosology.config import Config, EvaluateConfig
from nosology.dataset.folder import open_dataset
from nosology.evaluation import evaluate
from nosology.export.fhir import MEDIA_TYPE
from nosology.files import write_json
from nosology.preparation.pipeline import prepare_mimic3
from nosology.report import write_report
from nosology.report.cards import CARDS
from nosology.runs.run import INVENTED, Run
from nosology.sources.invented import MARK
from nosology.synthetic import write_mimic
from nosology.training import train
from service_world import NOTE, client_of, hook_call, notes, open_service, until
from tiny_models import save_tiny_model

SAID = f"{INVENTED[0].upper()}{INVENTED[1:]}."


@pytest.fixture(scope="module", params=[True, False], ids=["invented", "not marked"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[bool, Path]:
    """Whether its notes are marked, and a run that was trained, evaluated and reported."""
    folder = tmp_path_factory.mktemp("invented")
    write_mimic(folder / "mimic3", admissions=120, seed=3, other_notes_per_admission=0, processes=1)
    if not request.param:
        (folder / "mimic3" / MARK).unlink()
    config = Config.model_validate(
        {
            "model": {"name": str(save_tiny_model(folder / "model")), "max_note_tokens": 32},
            "train": {"batch_size": 8, "lora_r": 2, "max_steps": 1, "report_to": (), "max_train_notes": 16},
        }
    )
    prepare_mimic3(folder / "mimic3", folder / "dataset", config.prepare, n_workers=1)
    train(folder / "dataset", folder / "run", config)
    systems = EvaluateConfig(systems=("tuned",), bootstrap_samples=100, robustness_notes=0, max_notes=8)
    evaluate(folder / "run", config=systems)
    write_report(folder / "run")
    return request.param, folder / "run"


def test_the_dataset_and_the_run_carry_the_mark(world: tuple[bool, Path]) -> None:
    is_invented, run = world
    assert open_dataset(run.parent / "dataset").is_invented is is_invented
    assert Run.open(run).manifest.dataset.is_invented is is_invented


def test_report_and_cards_say_so(world: tuple[bool, Path]) -> None:
    is_invented, run = world
    pages = ["index.html", *(f"cards/{name}" for name in CARDS)]
    told = {name: SAID in (run / "report" / name).read_text(encoding="utf-8") for name in pages}
    assert told == dict.fromkeys(pages, is_invented)


def test_tables_and_pages_of_the_command_line_say_so(world: tuple[bool, Path], tmp_path: Path) -> None:
    is_invented, run = world
    register_commands()
    (tmp_path / "notes.jsonl").write_text(json.dumps({"text": NOTE}) + "\n")
    command = ["classify", str(run), str(tmp_path / "notes.jsonl"), "--out", str(tmp_path / "out.jsonl")]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 0, found.output
    assert (f"caution: {INVENTED}" in found.stderr) is is_invented
    assert json.loads((tmp_path / "out.jsonl").read_text())["caution"] == (INVENTED if is_invented else "")


def table_of(client: Any) -> str:
    """Return what comes back of an uploaded table."""
    place = client.post("/v1/batch", content=f'text\n"{NOTE}"\n', headers={"Content-Type": "text/csv"}).headers[
        "location"
    ]
    until(lambda: client.get(place).json()["state"] == "done")
    return str(client.get(f"{place}/result").text)


def test_every_answer_of_the_service_says_so(world: tuple[bool, Path], tmp_path: Path) -> None:
    is_invented, run = world
    service, _ = open_service(run, tmp_path / "state", with_model=True)
    with client_of(service) as client:
        answers: dict[str, Any] = {
            "card": client.get("/v1/model").text,
            "API": client.post("/v1/classify", json=notes(NOTE)).text,
            "FHIR": client.post("/v1/classify", json=notes(NOTE), headers={"Accept": MEDIA_TYPE}).text,
            "table": table_of(client),
            "CDS": client.post("/cds-services/nosology-note", json=hook_call(NOTE)).text,
        }
    told = {name: INVENTED in answer for name, answer in answers.items()}
    assert told == dict.fromkeys(answers, is_invented)


def test_a_run_that_is_invented_and_not_calibrated_here_says_both(world: tuple[bool, Path], tmp_path: Path) -> None:
    is_invented, run = world
    copied = Path(shutil.copytree(run, tmp_path / "run"))
    manifest = json.loads((copied / "manifest.json").read_text())
    manifest["packed"] = {"sources": [], "calibrated_on": "published cases", "calibration_sha256": None}
    write_json(copied / "manifest.json", manifest)
    (copied / "calibration.json").unlink(missing_ok=True)
    assert Run.open(copied).caution.startswith("trained on invented" if is_invented else "not calibrated")
    assert Run.open(copied).caution.endswith("published cases")
