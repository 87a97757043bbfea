"""Figures: that they draw what the results say, in the page's colours and in any program's settings."""

import re
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from evaluation_world import CATEGORIES, Loader, write_dataset, write_run
from nosology.config import EvaluateConfig
from nosology.evaluation import evaluate
from nosology.report.drawing import PALETTE, Drawn, colour_of, colour_role, finish, in_style, new_figure
from nosology.report.figures import (
    CURVES,
    category_f1,
    category_shares,
    comparison,
    confusion_matrix,
    curve,
    draw_all,
    reliability,
    risk_coverage,
)
from nosology.report.figures.curves import _compact
from nosology.runs.results import Results

LOG = {"train/loss": [(1, 2.5), (2, 1.5)], "eval/loss": [(2, 1.0)], "eval/unknown": [(2, 1.0)]}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A small evaluation with parsed answers among its systems."""
    folder = tmp_path_factory.mktemp("figures")
    dataset = write_dataset(folder / "dataset", {"train": 40, "validation": 40, "test": 50})
    run = write_run(folder / "run", dataset, n_train=40)
    systems = ("majority", "tfidf", "base_strict", "base", "tuned")
    return Results.model_validate(
        evaluate(run, config=EvaluateConfig(bootstrap_samples=100, systems=systems), load=Loader())
    )


def words(drawn: Drawn) -> list[str]:
    """Return the texts of an inlined figure, in drawing order."""
    root = ElementTree.fromstring(drawn.inline.replace("xlink:href", "href"))
    return ["".join(element.itertext()).strip() for element in root.iter() if element.tag.endswith("text")]


def test_the_comparison_names_every_system_with_its_accuracy(results: Results) -> None:
    shown = words(comparison(results))
    for system in results.systems.values():
        assert system.title in shown
        assert f"{system.accuracy:.1%}" in shown


def test_the_comparison_can_be_read_aloud(results: Results) -> None:
    alt = comparison(results).alt
    assert all(f"{system.title} {system.accuracy:.1%}" in alt for system in results.systems.values())


def test_a_confusion_matrix_shows_every_count_and_leaves_empty_cells_blank(results: Results) -> None:
    tuned = results.systems["tuned"]
    counts = [str(n) for row in tuned.confusion_matrix for n in row if n]
    shown = [word for word in words(confusion_matrix(tuned, results.labels, "tuned")) if word.isdigit()]
    assert sorted(shown) == sorted(counts)


def test_a_matrix_has_a_column_for_unparseable_answers_only_where_there_are_any(results: Results) -> None:
    strict, tuned = results.systems["base_strict"], results.systems["tuned"]
    assert "no category" in words(confusion_matrix(strict, results.labels, "base_strict"))
    assert "no category" not in words(confusion_matrix(tuned, results.labels, "tuned"))
    shown = [int(word) for word in words(confusion_matrix(strict, results.labels, "base_strict")) if word.isdigit()]
    assert sum(shown) == results.n


def test_right_answers_are_of_one_colour_and_wrong_ones_of_another(results: Results) -> None:
    tuned = results.systems["tuned"]
    svg = confusion_matrix(tuned, results.labels, "tuned").svg.lower()
    diagonal = sum(row[i] > 0 for i, row in enumerate(tuned.confusion_matrix))
    others = sum(n > 0 for i, row in enumerate(tuned.confusion_matrix) for j, n in enumerate(row) if i != j)
    assert len(re.findall(f"<path [^>]*fill: {PALETTE['tuned']}", svg)) == diagonal
    assert len(re.findall(f"<path [^>]*fill: {PALETTE['wrong']}", svg)) == others


def test_categories_come_by_their_number_of_notes(results: Results) -> None:
    shown = [word for word in words(category_f1(results)) if word in CATEGORIES]
    support = results.systems["tuned"].report
    assert shown == sorted(results.labels, key=lambda name: -support[name].support)


def test_categories_are_drawn_for_whatever_was_evaluated(results: Results) -> None:
    alone = results.model_copy(update={"systems": {"majority": results.systems["majority"]}})
    assert "most common" in words(category_f1(alone))


def test_category_shares_come_by_their_share_of_training_notes(results: Results) -> None:
    shown = [word for word in words(category_shares(results)) if word in CATEGORIES]
    train = {share.category: share.train for share in results.distribution.categories}
    assert shown == sorted(results.labels, key=lambda name: -train[name])


def test_reliability_is_shown_before_and_after_a_calibration(results: Results) -> None:
    assert {"before calibration", "after"} <= set(words(reliability(results.systems["tuned"], results.calibration)))
    without = words(reliability(results.systems["tuned"], None))
    assert "uncalibrated" in without
    assert "before calibration" not in without


def test_the_risk_coverage_curve_leaves_out_systems_without_probabilities(results: Results) -> None:
    strict = results.summary.model_copy(update={"best_base": "base_strict"})
    shown = words(risk_coverage(results.model_copy(update={"summary": strict})))
    assert {"TF-IDF", "tuned"} <= set(shown)
    assert "base" not in shown


def test_the_threshold_is_marked_only_where_notes_are_answered(results: Results) -> None:
    silent = results.calibration.model_copy(update={"answered_accuracy": None})
    with_dot, without_dot = (
        risk_coverage(results.model_copy(update={"calibration": calibration})).svg
        for calibration in (results.calibration.model_copy(update={"answered_accuracy": 0.9}), silent)
    )
    assert with_dot.count("<use") == without_dot.count("<use") + 1


def test_a_curve_says_what_it_shows() -> None:
    drawn = curve("train/loss", LOG["train/loss"])
    assert drawn.name == "train_loss"
    assert drawn.alt == "train/loss by optimizer step: 2 points, the last 1.5."
    assert "train/loss" in words(drawn)


def test_a_curve_of_one_point_is_a_dot() -> None:
    assert curve("train/loss", [(1, 2.0)]).svg.count("<use") > curve("train/loss", [(1, 2.0), (2, 1.0)]).svg.count(
        "<use"
    )


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (0, "0"),
        (2.4, "2.4"),
        (1250, "1,250"),
        (0.05, "0.05"),
        (0.0016, "1.6e-3"),
        (0.00018, "1.8e-4"),
        (2e-4, "2e-4"),
        (250_000, "2.5e5"),
    ],
)
def test_tick_labels_are_short(value: float, label: str) -> None:
    assert _compact(value) == label


def test_all_figures_come_in_the_pages_order(results: Results) -> None:
    drawn = draw_all(results, LOG)
    assert list(drawn) == [
        "category_shares",
        "comparison",
        "f1_by_category",
        "confusion_base",
        "confusion_tuned",
        "reliability",
        "risk_coverage",
        "train_loss",
        "eval_loss",
    ]
    assert all(name == figure.name for name, figure in drawn.items())


def test_a_run_without_a_tuned_model_has_no_figures_of_trust(results: Results) -> None:
    systems = {name: results.systems[name] for name in ("majority", "base")}
    assert set(draw_all(results.model_copy(update={"systems": systems}), {})) == {
        "category_shares",
        "comparison",
        "f1_by_category",
        "confusion_base",
    }


def test_the_names_of_curves_are_the_contracts() -> None:
    wanted = ["loss", "runtime", "samples_per_second", "steps_per_second"]
    assert {"train/loss", "train/epoch", *(f"eval/{name}" for name in wanted)} <= set(CURVES)


def test_a_programs_own_settings_neither_change_a_figure_nor_are_changed() -> None:
    plain = curve("train/loss", LOG["train/loss"])
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert curve("train/loss", LOG["train/loss"]).svg == plain.svg
        assert mpl.rcParams["font.size"] == 30


def test_ids_are_unlike_those_of_other_figures() -> None:
    first, other = curve("train/loss", LOG["train/loss"]), curve("eval/loss", LOG["train/loss"])
    ids = [set(re.findall(r'\sid="([^"]+)"', drawn.inline)) for drawn in (first, other)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_what_a_figure_shows_is_escaped() -> None:
    @in_style
    def drawn() -> Drawn:
        figure, axes = new_figure(1, 1)
        axes.set_title('<b> & "c"')
        return finish(figure, "hostile", '<b> & "c"')

    svg = drawn().inline
    assert 'aria-label="&lt;b> &amp; &quot;c&quot;"' in svg
    assert '<b> & "c"' in words(drawn())


@pytest.mark.parametrize(
    ("system", "role"),
    [("majority", "floor"), ("tfidf", "linear"), ("tfidf_all", "linear"), ("base_prior", "base"), ("tuned", "tuned")],
)
def test_each_kind_of_system_has_its_colour(system: str, role: str) -> None:
    assert colour_role(system) == role
    assert colour_of(system) == PALETTE[role]


def test_text_stays_text_in_the_pages_font() -> None:
    drawn = curve("train/loss", LOG["train/loss"])
    assert "var(--sans)" in drawn.inline
    assert "DejaVu" not in drawn.inline
    assert "Helvetica" in drawn.svg


def test_long_names_and_many_categories_fit(results: Results) -> None:
    names = [f"A category with quite a long name, number {i}" for i in range(40)]
    zeros = [[0] * 40 for _ in names]
    for i in range(40):
        zeros[i][i] = i + 1
    wide = results.systems["tuned"].model_copy(update={"confusion_matrix": zeros, "invalid_by_category": [0] * 40})
    drawn = confusion_matrix(wide, names, "wide")
    assert set(names) <= set(words(drawn))
    assert "40" in words(drawn)
