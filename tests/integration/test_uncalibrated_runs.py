"""What every interface says for a run that cannot say how sure it is: real runs, the real model, each way out.

Three runs: one whose suggester was never fitted although its categories are calibrated, one that was not evaluated at
all, and one of 20 validation notes. None of them may suggest a diagnosis, and each says why; the last two leave every
note to people as well.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

import cds_hooks_schema
from coded_world import NOTE, UNCALIBRATED, train_uncalibrated_runs
from nosology.classifier.classifier import NOT_FITTED, Classifier
from nosology.cli import app, register_commands
from nosology.export.fhir import MEDIA_TYPE
from nosology.runs.files import RunFiles
from service_world import client_of, hook_call, notes, open_service

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")


def command(*words: object, note: str = "") -> Result:
    """Return what a command line of `nosology` came to."""
    register_commands()
    return CliRunner().invoke(app, [str(word) for word in words], input=note, catch_exceptions=False)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of each kind."""
    return train_uncalibrated_runs(tmp_path_factory.mktemp("unsure"))


@pytest.fixture(scope="module")
def evaluated_few(runs: dict[str, Path]) -> Result:
    """What `nosology evaluate` said of the run of 20 validation notes."""
    run = runs["20 validation notes"]
    settings = RunFiles(run).suggester.settings
    settings.parent.mkdir()
    settings.write_text("{}", encoding="utf-8")  # as if fitted earlier, on more notes
    return command("evaluate", run)


@pytest.fixture(params=UNCALIBRATED)
def kind(request: pytest.FixtureRequest) -> str:
    """Name each kind of run in turn, the one of few notes evaluated."""
    request.getfixturevalue("evaluated_few")
    return str(request.param)


@pytest.fixture
def client(runs: dict[str, Path], kind: str, tmp_path: Path) -> Any:
    """A client of a service in which the run's own model reads."""
    with client_of(open_service(runs[kind], tmp_path, with_model=True)[0]) as made:
        yield made


def test_evaluating_on_20_validation_notes_judges_categories_and_says_why_it_fits_no_suggestions(
    runs: dict[str, Path], evaluated_few: Result
) -> None:
    files = RunFiles(runs["20 validation notes"])
    assert evaluated_few.exit_code == 0
    assert "suggestions are not fitted, so the run shows none: 20 validation notes" in evaluated_few.stderr
    assert files.evaluation("test").results.exists()
    assert not files.evaluation("test").suggestions.exists()
    assert not files.suggester.settings.exists(), "weights of an earlier fit are gone"


def test_python_says_so(runs: dict[str, Path], kind: str) -> None:
    ((prediction, suggestions),) = Classifier.load(runs[kind]).classify_and_suggest([NOTE])
    assert (len(suggestions), suggestions.is_calibrated, suggestions.reason) == (0, False, NOT_FITTED)
    assert prediction.is_calibrated == UNCALIBRATED[kind]
    if not prediction.is_calibrated:
        assert prediction.abstained
        assert len(prediction.prediction_set) == 4, "nothing is ruled out"


def test_the_command_line_says_so(runs: dict[str, Path], kind: str) -> None:
    suggested = command("suggest", runs[kind], "-", note=NOTE)
    line = json.loads(suggested.stdout)
    assert (line["suggestions"], line["is_calibrated"], line["reason"]) == ([], False, NOT_FITTED)
    assert f"no suggestions for 1 of 1 notes: {NOT_FITTED}" in suggested.stderr
    classified = command("classify", runs[kind], "-", note=NOTE)
    found = json.loads(classified.stdout)
    assert found["is_calibrated"] == UNCALIBRATED[kind]
    assert ("not calibrated" in classified.stderr) != UNCALIBRATED[kind]
    assert found["abstained"] or UNCALIBRATED[kind]


def test_fhir_from_the_command_line_says_so(runs: dict[str, Path], kind: str) -> None:
    written = json.loads(command("suggest", runs[kind], "-", "--format", "fhir", note=NOTE).stdout)
    Bundle.model_validate(written)
    _, risk = [entry["resource"] for entry in written["entry"]]
    assert risk["note"][0]["text"] == f"No suggestions: {NOT_FITTED}."
    assert risk["prediction"] == []


def test_the_api_says_so(client: TestClient, kind: str) -> None:
    (found,) = client.post("/v1/suggest", json=notes(NOTE)).json()["predictions"]
    assert (found["suggestions"], found["suggestions_reason"]) == ([], NOT_FITTED)
    assert found["is_calibrated"] == UNCALIBRATED[kind]
    assert found["abstained"] or UNCALIBRATED[kind]


def test_fhir_from_the_service_says_so(client: TestClient, kind: str) -> None:
    written = client.post("/v1/suggest", json=notes(NOTE), headers={"Accept": MEDIA_TYPE}).json()
    Bundle.model_validate(written)
    assert [entry["resource"]["resourceType"] for entry in written["entry"]] == ["Patient", "RiskAssessment"]
    said = [note["text"] for note in written["entry"][1]["resource"]["note"]]
    assert f"No suggestions: {NOT_FITTED}." in said
    assert any(text.startswith("Not calibrated: ") for text in said) != UNCALIBRATED[kind]
    assert not any("calibrated on validation notes" in text for text in said)


def test_a_card_says_so(client: TestClient, kind: str) -> None:
    answer = client.post("/cds-services/nosology-note", json=hook_call(NOTE)).json()
    Draft202012Validator(cds_hooks_schema.RESPONSE).validate(answer)
    (card,) = answer["cards"]
    assert "suggestions" not in card
    assert f"No diagnoses to consider: {NOT_FITTED}." in card["detail"]
    assert card["summary"].startswith("Not calibrated: perhaps ") != UNCALIBRATED[kind]
