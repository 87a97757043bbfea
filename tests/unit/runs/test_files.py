"""Where everything lies in a run folder: names that outsiders rely on, and no two things in one place."""

from pathlib import Path

import pytest

from nosology.runs.files import (
    EnsembleFiles,
    EvaluationFiles,
    ReportFiles,
    RunFiles,
    SuggesterFiles,
)

FOLDER = Path("runs/first")
FILES = RunFiles(FOLDER)


def inside(place: Path) -> str:
    """Return a place as a path below the run folder."""
    return place.relative_to(FOLDER).as_posix()


def test_a_run_folder_is_what_the_quickstart_says() -> None:
    assert inside(FILES.manifest) == "manifest.json"
    assert inside(FILES.labels) == "labels.tsv"
    assert inside(FILES.prompt) == "prompt.jinja"
    assert inside(FILES.config) == "config.yaml"
    assert inside(FILES.service) == "service"


def test_an_evaluation_has_a_folder_of_its_own_by_its_name() -> None:
    assert inside(FILES.evaluation().results) == "eval/test/results.json"
    assert inside(FILES.evaluation("validation").results) == "eval/validation/results.json"
    assert inside(FILES.evaluation("other-test").suggestions) == "eval/other-test/suggestions.json"
    assert inside(FILES.evaluation().predictions("tuned")) == "eval/test/tuned/predictions.jsonl"


def test_the_report_of_the_test_split_is_the_reports_own_page() -> None:
    assert inside(FILES.report().page) == "report/index.html"
    assert inside(FILES.report("validation").page) == "report/validation/index.html"
    assert inside(FILES.report().cards) == "report/cards"
    assert inside(FILES.report().figures) == "report/figures"


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (EnsembleFiles(FOLDER), ("settings", "linear", "calibration")),
        (SuggesterFiles(FOLDER), ("settings", "words", "weights")),
        (EvaluationFiles(FOLDER), ("results", "suggestions", "suggested_example")),
        (ReportFiles(FOLDER), ("page", "figures", "cards", "classification_reports")),
    ],
)
def test_no_two_things_lie_in_one_place(files: object, names: tuple[str, ...]) -> None:
    places = [getattr(files, name) for name in names]
    assert len(set(places)) == len(places)
    assert all(place.parent == FOLDER for place in places)


def test_two_systems_predictions_lie_apart() -> None:
    evaluation = FILES.evaluation()
    assert evaluation.predictions("base") != evaluation.predictions("tuned")


def test_files_only_say_where_and_touch_nothing(tmp_path: Path) -> None:
    files = RunFiles(tmp_path / "nowhere")
    assert not files.manifest.exists()
    assert not files.evaluation().results.exists()
    assert list(tmp_path.iterdir()) == []
