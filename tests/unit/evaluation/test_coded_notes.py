"""Notes with their codes: which are kept, which are fitted and judged on, and what is said where there are none."""

from dataclasses import replace
from pathlib import Path

import pytest

from nosology.config import EvaluateConfig
from nosology.evaluation import coded_notes
from nosology.evaluation.coded_notes import Coded, fit_rows, judged_inputs, unfitted, unjudged, why_not_fitted
from nosology.suggesting.mixture import FEWEST_NOTES
from suggestion_inputs import TABLE, Run, inputs, notes


def test_a_note_has_the_rubrics_of_its_codes_the_main_one_first_and_each_once() -> None:
    coded = Coded.of(notes(["4280", "41071", "41091"]), TABLE)
    assert coded.places == [(1, 0)]
    assert coded.truth.tolist() == [[True, True, False]]


def test_notes_without_a_known_rubric_are_left_out_and_the_rest_stay_side_by_side() -> None:
    coded = Coded.of(notes(["486"], [], ["E950"], ["99999", "428"]), TABLE)
    assert coded.notes["note_id"].to_list() == ["n0", "n3"]
    assert coded.texts == ["text 0", "text 3"]
    assert coded.places == [(2,), (1,)]
    assert coded.truth.tolist() == [[False, False, True], [False, True, False]]


def test_no_note_at_all_has_a_truth_of_no_rows() -> None:
    coded = Coded.of(notes(["E950"]), TABLE)
    assert (len(coded.notes), coded.places, coded.truth.shape) == (0, [], (0, 3))


def test_weights_are_fitted_on_a_random_part_that_is_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded_notes, "MOST_FIT_NOTES", 6)
    validation = Coded.of(notes(*[["486"]] * 40), TABLE)
    rows = fit_rows(validation)
    assert rows == sorted(set(rows)) == fit_rows(validation)
    assert len(rows) == 6
    assert rows != list(range(6)), "a random part"


@pytest.mark.parametrize(("limit", "n"), [(None, 40), (3, 3), (1000, 40)])
def test_a_limit_takes_the_place_of_the_usual_number(limit: int | None, n: int) -> None:
    assert len(fit_rows(Coded.of(notes(*[["486"]] * 40), TABLE), limit)) == n


def test_a_smaller_part_is_a_part_of_the_larger_one() -> None:
    validation = Coded.of(notes(*[["486"]] * 40), TABLE)
    assert set(fit_rows(validation, 5)) <= set(fit_rows(validation, 20))


@pytest.mark.parametrize("n_notes", [0, FEWEST_NOTES - 1])
def test_too_few_notes_say_how_many_there_are_and_how_many_it_takes(n_notes: int) -> None:
    assert f"{n_notes} validation notes" in why_not_fitted(n_notes)
    assert str(FEWEST_NOTES) in why_not_fitted(n_notes)


def test_just_enough_notes_need_no_reason() -> None:
    assert why_not_fitted(FEWEST_NOTES) == ""


def test_suggestions_are_judged_on_the_configured_part_and_a_limit_wins() -> None:
    world = inputs(notes(*[["486"]] * 30))
    part = judged_inputs(world, EvaluateConfig(suggestion_notes=7))
    assert len(part.notes) == 7
    assert part.notes["note_id"].to_list() == sorted(part.notes["note_id"], key=lambda name: int(name[1:]))
    assert len(judged_inputs(world, EvaluateConfig(suggestion_notes=7), 4).notes) == 4
    assert judged_inputs(world, EvaluateConfig()).notes.equals(world.notes)
    assert judged_inputs(world, EvaluateConfig(suggestion_notes=7, seed=1)).notes["note_id"].to_list() != (
        part.notes["note_id"].to_list()
    )


def test_notes_of_unknown_codes_alone_cannot_be_judged_and_the_split_is_named() -> None:
    assert unjudged(inputs(notes(["486"], ["E950"]))) == ""
    assert unjudged(inputs(notes(["E950"], []))) == "no note of the test split has a code of a known rubric"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a run that holds weights of an earlier fit."""
    recorded: list[Path] = []
    settings = tmp_path / "suggester.json"
    settings.write_text("{}", encoding="utf-8")
    suggester = type("Files", (), {"settings": settings})()
    monkeypatch.setattr(coded_notes, "record_again", recorded.append)
    return Run(tmp_path, files=type("Files", (), {"suggester": suggester, "recorded": recorded})())


def test_weights_of_an_earlier_fit_go_where_there_are_too_few_notes_and_the_run_records_it(run: Run) -> None:
    """Else the run would go on suggesting with weights that no evaluation stands behind."""
    world = inputs(notes(["486"]), notes(["486"], ["E950"]), run)
    assert unfitted(world) == why_not_fitted(1)
    assert not run.files.suggester.settings.exists()
    assert run.files.recorded == [run.files]
    assert run.is_checked


def test_where_nothing_is_stored_too_few_notes_are_no_trouble(run: Run) -> None:
    run.files.suggester.settings.unlink()
    assert unfitted(inputs(notes(["486"]), notes(["486"]), run))


def test_weights_stay_where_there_are_notes_enough(run: Run) -> None:
    world = inputs(notes(["486"]), notes(*[["486"]] * FEWEST_NOTES), run)
    assert unfitted(world) == ""
    assert run.files.suggester.settings.exists()
    assert run.files.recorded == []


def test_inputs_keep_everything_but_the_notes_that_are_judged() -> None:
    world = inputs(notes(["486"], ["428"]), notes(["410"]))
    part = judged_inputs(world, EvaluateConfig(suggestion_notes=1))
    assert part == replace(world, notes=part.notes)
