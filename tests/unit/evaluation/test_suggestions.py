"""Judging suggestions: rankings, what nobody had seen, and how honest probabilities are, counted by hand."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from nosology.config import EvaluateConfig
from nosology.evaluation.coded_notes import Coded, fit_rows
from nosology.evaluation.judging_suggestions import SYSTEMS, _reliability, _unseen, judge
from nosology.evaluation.suggestions import (
    WITHOUT_MODEL,
    FitNotes,
    _with,
    _write,
    open_reader,
    rank_by_tfidf,
    wants_suggestions,
)
from nosology.files import read_json
from nosology.records import FloatArray
from nosology.suggesting.signals import NAMES
from suggestion_inputs import TABLE, Run, inputs, notes

TEXTS = ("chest pain and troponin", "chest pain at night", "cough and sputum", "cough and fever", "itching rash")


def coded(texts: tuple[str, ...], places: list[tuple[int, ...]], n_rubrics: int = 4, patients: Any = None) -> Coded:
    """Return notes of these texts and rubrics."""
    truth = np.zeros((len(texts), n_rubrics), np.bool_)
    for row, found in enumerate(places):
        truth[row, list(found)] = True
    ids = [f"n{number}" for number in range(len(texts))]
    frame = pl.DataFrame({"note_id": ids, "patient_id": patients or ids, "clean_text": list(texts)})
    return Coded(frame, places, truth)


# ---- baselines


def test_neighbours_vote_for_their_own_rubrics_and_frequency_breaks_ties() -> None:
    train = coded(TEXTS * 2, [(0,), (0,), (1,), (1,), (2,)] * 2)
    test = coded(("chest pain", "unheard words"), [(0,), (1,)])
    scores, seconds = rank_by_tfidf(train, test, np.array([0.2, 0.5, 0.2, 0.1]))["neighbours"]
    assert scores[0].argmax() == 0
    assert scores[1].argmax() == 1, "nothing is similar, so the most frequent comes first"
    assert scores[1] == pytest.approx([0.2e-4, 0.5e-4, 0.2e-4, 0.1e-4])
    assert seconds >= 0


def test_a_linear_model_learns_each_rubric_and_one_that_no_note_or_every_note_has_stays_last() -> None:
    train = coded(TEXTS * 2, [(0, 3), (0, 3), (1, 3), (1, 3), (3,)] * 2, n_rubrics=5)
    test = coded(("chest pain", "cough"), [(0,), (1,)], n_rubrics=5)
    scores, _ = rank_by_tfidf(train, test, np.zeros(5))["linear"]
    assert scores[0].argmax() == 0
    assert scores[1].argmax() == 1
    assert scores[:, [2, 3, 4]].tolist() == [[-3.0] * 3] * 2


def test_all_systems_that_are_ranked_have_a_title_and_a_sentence() -> None:
    assert next(iter(SYSTEMS)) == "prior"
    assert list(SYSTEMS)[-1] == "suggester"
    assert all(title and description.endswith(".") for title, description in SYSTEMS.values())


def test_signals_that_are_left_out_are_zero_and_the_others_stay() -> None:
    tables = np.arange(1.0, 1 + 2 * len(NAMES)).reshape(1, 2, len(NAMES))
    kept = _with(tables, WITHOUT_MODEL)
    for place, name in enumerate(NAMES):
        expected = 0.0 if name in ("category", "title") else tables[..., place]
        assert (kept[..., place] == expected).all(), name


# ---- what no training note had


def test_codes_that_no_training_note_had_are_counted_among_all_codes() -> None:
    truth = np.array([[True, True, False], [False, False, True]])
    order = np.array([[0, 1, 2], [2, 1, 0]])
    share, recall = _unseen(order, truth, np.array([True, False, True]))
    assert share == pytest.approx(1 / 3)
    assert recall == 1.0, "all three rubrics are listed"


def test_a_code_that_is_not_listed_is_not_found() -> None:
    order = np.arange(10)[None]
    for place, found in ((9, 1.0), (10, 0.0)):
        truth = np.zeros((1, 12), np.bool_)
        truth[0, place] = True
        assert _unseen(order, truth, np.zeros(12, np.bool_)) == (1.0, found)


def test_where_everything_was_seen_there_is_no_recall_of_the_unseen() -> None:
    assert _unseen(np.array([[0, 1]]), np.array([[True, False]]), np.ones(2, np.bool_)) == (0.0, None)


# ---- how honest


def test_probabilities_fall_into_bins_that_hold_their_upper_end() -> None:
    said = np.array([0.05, 0.051, 0.1, 1.0])
    came = np.array([False, True, False, True])
    bins = _reliability(said, came)
    assert [(part.lower, part.upper, part.n) for part in bins] == [(0.0, 0.05, 1), (0.05, 0.1, 2), (0.9, 1.0, 1)]
    assert bins[1].probability == pytest.approx((0.051 + 0.1) / 2)
    assert [part.share_right for part in bins] == [0.0, 0.5, 1.0]


class Mixture:
    """Says that none of a list is right with what is left of one."""

    def none_of(self, listed: FloatArray) -> float:
        """Return the product of all complements."""
        return float(np.prod(1 - listed))


def judged(odds: FloatArray, test: Coded, **more: FloatArray) -> Any:
    """Return how rankings of four rubrics are judged; the first two were seen."""
    suggester: Any = SimpleNamespace(
        known=SimpleNamespace(is_seen=np.array([True, True, False, False])),
        table=range(4),
        fitted=SimpleNamespace(mixture=Mixture()),
    )
    ranking = {"words": (odds, 1.5), "suggester": (odds, 2.5)} | {name: (scores, 0.5) for name, scores in more.items()}
    train = coded(TEXTS, [(0,)] * 5)
    left_out = np.array([0.1, 0.3])
    return judge(suggester, ranking, train, test, EvaluateConfig(bootstrap_samples=100), left_out, 33)


def test_every_figure_of_a_ranking_is_the_one_counted_by_hand() -> None:
    test = coded(("a", "b"), [(1, 0), (3,)])
    odds = np.array([[2.0, 1.0, 0.0, -1.0], [2.0, 1.0, 0.0, -1.0]])
    found = judged(odds, test)
    one = found.systems["suggester"]
    assert (one.hit_1.value, one.hit_5.value) == (0.5, 1.0)
    assert (one.recall_1.value, one.recall_5.value) == (0.25, 1.0)
    assert one.mrr.value == pytest.approx((1 + 1 / 4) / 2)
    assert one.mean_average_precision.value == pytest.approx((1 + 1 / 4) / 2)
    assert (one.main_1.value, one.main_10.value) == (0.0, 1.0), "the main rubrics are 1 and 3"
    assert one.seconds == 2.5


def test_the_frame_of_the_results_counts_notes_rubrics_and_codes() -> None:
    test = coded(("a", "b"), [(1, 0), (3,)])
    found = judged(np.zeros((2, 4)), test)
    assert (found.n, found.n_rubrics, found.n_seen, found.n_train_notes, found.n_validation_notes) == (2, 4, 2, 5, 33)
    assert found.rubrics_a_note == 1.5
    assert found.unseen_share == pytest.approx(1 / 3)
    assert found.mass_left_out == pytest.approx(0.2)


def test_that_none_was_right_is_said_beside_how_often_none_was() -> None:
    test = coded(("a", "b"), [(1,), (3,)])
    found = judged(np.zeros((2, 4)), test)  # a probability of a half each
    assert found.none_of_these.value == pytest.approx(0.5**4)
    assert found.none_was_right.value == 0.0


def test_systems_are_judged_on_the_same_notes_each_by_its_own_scores() -> None:
    test = coded(("a", "b"), [(1,), (3,)])
    found = judged(np.zeros((2, 4)), test, linear=np.array([[0, 1.0, 0, 0], [0, 0, 0, 1.0]]))
    assert list(found.systems) == ["words", "suggester", "linear"]
    assert found.systems["linear"].hit_1.value == 1.0
    assert found.systems["suggester"].hit_1.value == 0.0, "of equal scores the first of the table comes first"
    assert found.systems["linear"].title == SYSTEMS["linear"][0]


def test_notes_of_unknown_patients_are_drawn_one_by_one() -> None:
    """One patient's notes are drawn together; an empty id says nothing of whose they are."""
    odds = np.array([[0, 1.0, 0, 0]] * 2)
    alone, together = (
        judged(odds, coded(("a", "b"), [(1,), (3,)], patients=patients)).systems["suggester"].hit_1.interval
        for patients in (["", ""], ["p", "p"])
    )
    assert together == (0.5, 0.5)
    assert alone[0] < alone[1]


# ---- fitting


def test_weights_are_fitted_on_all_signals_or_on_those_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[Any] = []
    monkeypatch.setattr("nosology.evaluation.suggestions.mixture.fit", lambda *arguments: fitted.append(arguments))
    tables = np.ones((2, 3, len(NAMES)))
    pairs: Any = SimpleNamespace()
    fit_notes = FitNotes(tables, np.ones((2, 3), np.bool_), np.array([0, 1]), np.array([0, 0, 1]), pairs)
    fit_notes.fit()
    fit_notes.fit(WITHOUT_MODEL)
    assert [arguments[0].tolist() for arguments in fitted] == [tables.tolist(), _with(tables, WITHOUT_MODEL).tolist()]
    rest = (fit_notes.truth, fit_notes.main, fit_notes.category, 10, pairs)
    assert all(arguments[1:] == rest for arguments in fitted)


def test_signals_without_how_often_names_are_coded_learn_of_unseen_rubrics_from_seen_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fitted: list[Any] = []
    monkeypatch.setattr("nosology.evaluation.suggestions.mixture.fit", lambda *arguments: fitted.append(arguments))
    pairs: Any = SimpleNamespace()
    ones = np.ones((2, 3, len(NAMES)))
    FitNotes(ones, np.ones((2, 3), np.bool_), np.array([0, 1]), np.array([0, 0, 1]), pairs).fit(("term",))
    assert fitted[0][-1] is None


@pytest.mark.parametrize(("weight", "wants"), [(0.0, False), (0.3, True)])
def test_a_run_suggests_where_it_learned_titles(weight: float, wants: bool) -> None:
    config = SimpleNamespace(train=SimpleNamespace(title_weight=weight))
    run: Any = SimpleNamespace(manifest=SimpleNamespace(config=config))
    assert wants_suggestions(run) == wants


# ---- what is read


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return which files the tuned model was loaded without, once it was."""
    asked: list[Any] = []
    monkeypatch.setattr(
        "nosology.evaluation.suggestions.Classifier.load",
        lambda _run, *, system, but_for: asked.append((system, but_for)),
    )
    return asked


class Suggests(Run):
    """A run that keeps what was fitted in files of these names."""

    def __init__(self) -> None:
        suggester = SimpleNamespace(settings="settings", words="words", weights="weights", names="names")
        super().__init__(files=SimpleNamespace(calibration="calibration", suggester=suggester))


def test_titles_are_read_under_the_notes_that_are_fitted_and_judged_and_no_others(loaded: list[Any]) -> None:
    world = inputs(notes(*[["486"]] * 9, ["E950"]), notes(*[["410"]] * 8), Suggests())
    config = EvaluateConfig(suggestion_notes=3)
    reader = open_reader(world, config, fit_limit=2)
    validation = Coded.of(world.validation, TABLE)
    fitted_on = {validation.texts[row] for row in fit_rows(validation, 2)}
    judged_on = {text for text in reader.suggested.notes["clean_text"] if text != "text 9"}
    assert len(reader.suggested.notes) == 3
    assert reader.titled == fitted_on | judged_on, "a note without a known rubric is not judged"
    assert reader.inputs is world
    assert len(loaded) == 1


def test_a_limit_takes_the_place_of_the_configured_number_of_judged_notes(loaded: list[Any]) -> None:
    world = inputs(notes(*[["486"]] * 9), notes(*[["410"]] * 8), Suggests())
    assert len(open_reader(world, EvaluateConfig(suggestion_notes=3), limit=5).suggested.notes) == 5
    assert loaded


def test_what_is_about_to_be_fitted_need_not_be_whole(loaded: list[Any]) -> None:
    """A killed evaluation may have left it half-written, and the next one makes it anew."""
    open_reader(inputs(notes(["486"]), notes(["410"]), Suggests()), EvaluateConfig())
    assert loaded == [("tuned", ("calibration", "settings", "words", "weights", "names"))]


# ---- what is written


def test_results_and_the_note_that_is_shown_are_their_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nosology.evaluation.suggestions.record_again", lambda _: None)
    files = SimpleNamespace(
        folder=tmp_path / "test",
        suggestions=tmp_path / "test" / "suggestions.json",
        suggested_example=tmp_path / "test" / "example.json",
    )
    run = SimpleNamespace(files=SimpleNamespace(evaluation=lambda _: files))
    world: Any = SimpleNamespace(run=run, name="test")
    suggester: Any = SimpleNamespace(suggest=lambda *_: Mixed("486"), read_text=lambda _: None)
    results = judged(np.zeros((2, 4)), coded(("a", "b"), [(1,), (3,)]))
    _write(world, results, None)
    assert [path.name for path in files.folder.iterdir()] == ["suggestions.json"], "no text unless it was asked for"
    _write(world, results, (suggester, coded(("first", "second"), [(1,), (3,)])))
    assert {path.stat().st_mode & 0o777 for path in files.folder.iterdir()} == {0o600}
    shown = read_json(files.suggested_example)
    assert shown == {"note_id": "n0", "text": "first", "suggestions": {"code": "486"}}


@dataclass
class Mixed:
    """What was suggested."""

    code: str
