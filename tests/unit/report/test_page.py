"""The report: self-contained, complete, faithful to its results, and silent about note text."""

import json
import re
import shutil
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from evaluation_world import CATEGORIES, Loader, write_dataset, write_run
from nosology.config import EvaluateConfig
from nosology.errors import RunError
from nosology.evaluation import evaluate
from nosology.files import read_json, write_json
from nosology.report import write_report
from nosology.report.drawing import PALETTE
from nosology.report.figures import CURVES, curve
from nosology.report.page import _points
from nosology.report.summary import print_summary, summary_rows
from nosology.runs.results import Results
from nosology.runs.run import Run

VOID = {"meta", "br", "path", "use", "rect", "link", "img", "hr"}
NAMES = (*CATEGORIES[:3], "Skin & <Hair> $Disorders$")


class Page(HTMLParser):
    """Reads a page: its text, its ids, what it refers to, and whether its tags are balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.ids, self.tags, self.references, self._open = "", [], [], [], []
        self.html = html
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.references += [value for name, value in attrs if name in ("src", "href", "xlink:href")]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was evaluated with every system and reported, on a label set with hostile names."""
    folder = tmp_path_factory.mktemp("report")
    dataset = write_dataset(folder / "dataset", {"train": 80, "validation": 60, "test": 70}, names=NAMES)
    run = write_run(folder / "run", dataset, n_train=60)
    evaluate(run, config=EvaluateConfig(bootstrap_samples=100), load=Loader(NAMES))
    write_report(run)
    return run


@pytest.fixture(scope="module")
def page(run: Path) -> Page:
    return Page((run / "report" / "index.html").read_text(encoding="utf-8"))


@pytest.fixture
def results(run: Path) -> Results:
    return Run.open(run).results()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small run with two systems; returns a function that evaluates it."""
    dataset = write_dataset(tmp_path / "dataset", {"train": 30, "validation": 30, "test": 16})
    run = write_run(tmp_path / "run", dataset, n_train=30)

    def evaluated(*systems: Any, **options: Any) -> Any:
        evaluate(run, config=EvaluateConfig(bootstrap_samples=100, systems=systems), load=Loader(), **options)
        return run

    return evaluated


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Draw one small figure in place of all, where a test is about words."""
    names = ("category_shares", "comparison", "f1_by_category", "reliability", "risk_coverage")
    names += tuple(f"confusion_{system}" for system in ("base", "base_lenient", "tuned"))
    drawn = curve("train/loss", [(1, 1.0)])
    monkeypatch.setattr("nosology.report.page.draw_all", lambda *_: dict.fromkeys(names, drawn))


def test_the_page_loads_nothing_from_anywhere(page: Page, run: Path) -> None:
    html = (run / "report" / "index.html").read_text(encoding="utf-8")
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert all(reference.startswith("#") for reference in page.references)
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_every_id_is_unique_and_every_reference_finds_one(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    assert {reference.removeprefix("#") for reference in page.references} <= set(page.ids)


def test_the_page_says_what_the_results_say(page: Page, results: Results) -> None:
    tuned = results.systems["tuned"]
    for value in (tuned.accuracy, tuned.macro_f1, results.systems["tfidf"].accuracy):
        assert f"{100 * value:.1f}%" in page.text
    for system in results.systems.values():
        assert system.title in page.text
    for hash_ in (results.provenance.dataset_manifest_sha256, results.provenance.note_ids_sha256):
        assert hash_ in page.text
    for example in results.examples:
        assert example.note_id in page.text
        assert example.prompt_sha256[:12] in page.text


@pytest.mark.usefixtures("no_figures")
def test_categories_that_share_a_threshold_are_named_unless_all_do(
    run: Path, page: Page, results: Results, tmp_path: Path
) -> None:
    sets = [row for row in results.calibration.conformal if row.kind == "per_category"]
    assert all(row.fallback_categories == results.labels for row in sets)
    assert page.text.count("all (too few validation notes)") == len(sets)

    def change(values: Any) -> None:
        for row in values["calibration"]["conformal"]:
            row["fallback_categories"] = row["fallback_categories"][1:]

    text = changed(run, tmp_path / "run", change)
    assert text.count(f"{', '.join(results.labels[1:])} (too few validation notes)") == len(sets)


@pytest.mark.parametrize(
    "question",
    ["How often is it right?", "When does it know that it isn’t?", "Where does it fail?", "Not a medical device"],
)
def test_the_page_answers_a_clinicians_questions_first(page: Page, question: str) -> None:
    assert page.text.index(question) < page.text.index("What was trained on what?")


SEED = (
    "Accuracy comparison",
    "Precision",
    "Recall",
    "F1",
    "Classification report, base",
    "Classification report, tuned",
    "Confusion matrix",
    "Training and evaluation curves",
    "Single-note predictions",
    "Prompt",
    "True label",
    "Predicted label, base",
    "Predicted label, tuned",
)
"""What the original project printed, under the names that the field has for it."""


@pytest.mark.parametrize("name", [*SEED, "Flow diagram", "Calibration", "Reproducibility", "sensitivity", "AUROC"])
def test_what_a_reader_looks_for_is_found_by_its_standard_name(page: Page, name: str) -> None:
    assert name.lower() in page.text.lower()


def test_the_contents_name_every_section(page: Page) -> None:
    contents = page.text[: page.text.index("What should I know first?")]
    sections = re.findall(r"<h2>(.*?) <span", page.html)
    assert len(sections) == 10
    assert all(section in contents for section in sections)


def test_both_confusion_matrices_hold_every_count(page: Page, results: Results) -> None:
    tables = re.findall(r'<table class="matrix">.*?</table>', page.html, flags=re.DOTALL)
    assert len(tables) == 2
    for table, system in zip(tables, (results.summary.best_base, "tuned"), strict=True):
        found = results.systems[system]
        shown = [int(n) for n in re.findall(r"<td[^>]*>(\d+)</td>", table)]
        assert sorted(shown) == sorted(
            n for row in (*found.confusion_matrix, found.invalid_by_category) for n in row if n
        )
        assert sum(shown) == results.n


def test_each_category_is_told_from_the_others(page: Page, results: Results) -> None:
    told = results.systems["tuned"].detection[results.labels[0]]
    assert f"{told.auroc:.3f}" in page.text
    assert f"{told.auprc:.3f}" in page.text
    assert f"{100 * told.specificity_interval[0]:.0f}–{100 * told.specificity_interval[1]:.0f}" in page.text


def changed(run: Path, copy: Path, change: Any) -> str:
    """Return the text of the report after a change of its results."""
    shutil.copytree(run, copy)
    path = copy / "eval" / "test" / "results.json"
    path.chmod(0o600)
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")
    text: str = Page(write_report(copy).read_text(encoding="utf-8")).text
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("agree", "Nothing in these notes contradicts the probabilities it states: ECE 5.0 points"),
        ("differ", "by more than chance explains: ECE 5.0 points (p = .020), of which 3.0 (95% interval 1.0 to 4.0)"),
        ("unclear", "is not clear from these notes, one of two tests doubts it: ECE 5.0 points"),
    ],
)
def test_what_is_said_of_probabilities_agrees_with_the_tests(
    run: Path, tmp_path: Path, verdict: str, words: str
) -> None:
    def change(values: Any) -> None:
        scores = {"ece": 0.05, "ece_debiased": 0.03, "ece_debiased_interval": [0.01, 0.04]}
        values["calibration"]["after"] |= scores | {"calibration_p_value": 0.02, "verdict": verdict}

    assert words in changed(run, tmp_path / "run", change)


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize(("obeyed", "is_said"), [(0.1, False), (0.15, True)])
def test_obeyed_instructions_are_a_failure_from_one_in_ten_on(
    run: Path, tmp_path: Path, obeyed: float, is_said: bool
) -> None:
    def change(values: Any) -> None:
        values["robustness"]["injections"][0]["obeyed"] = obeyed
        values["robustness"]["injections"][1]["obeyed"] = 0

    assert ("It obeys instructions inside notes" in changed(run, tmp_path / "run", change)) == is_said


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize(("interval", "is_said"), [((-0.2, -0.05), True), ((-0.2, 0.01), False)])
def test_a_group_is_remarked_on_where_its_interval_excludes_no_difference(
    run: Path, tmp_path: Path, interval: tuple[float, float], is_said: bool
) -> None:
    def change(values: Any) -> None:
        for group in values["systems"]["tuned"]["subgroups"]:
            group["difference_interval"] = [-0.1, 0.1]
        values["systems"]["tuned"]["subgroups"][0] |= {"difference": -0.1, "difference_interval": interval}

    text = changed(run, tmp_path / "run", change)
    assert ("It is right less often on notes of the group" in text) == is_said
    assert text.count("right less often") == (2 if is_said else 0)


@pytest.mark.parametrize(
    ("difference", "said"), [(0.0504, "+5.0"), (-0.0504, "−5.0"), (0.0004, "0.0"), (-0.0004, "0.0")]
)
def test_a_difference_has_a_sign_where_it_is_not_rounded_away(difference: float, said: str) -> None:
    assert _points(difference) == said


def test_the_page_shows_the_funnel_with_its_reasons(page: Page) -> None:
    assert "too short 5" in page.text
    assert re.search(r"\d+ of \d+ training notes learned from", page.text), "a run on part of the split says so"
    assert "characters left out of notes, by section: discharge diagnosis 1,234" in page.text


def test_names_with_markup_are_shown_as_they_are(page: Page) -> None:
    assert "Skin & <Hair> $Disorders$" in page.text
    assert "hair" not in page.tags


def test_the_page_holds_every_curve_of_the_training_log(run: Path, page: Page) -> None:
    for name in CURVES:
        assert name in page.text
        assert (run / "report" / "figures" / f"{name.replace('/', '_')}.svg").exists()


def test_figures_lie_beside_the_page_as_svg_and_png(run: Path) -> None:
    names = {path.stem for path in (run / "report" / "figures").iterdir()}
    assert {
        "comparison",
        "f1_by_category",
        "confusion_tuned",
        "reliability",
        "risk_coverage",
        "category_shares",
    } <= names
    for name in names:
        svg = (run / "report" / "figures" / f"{name}.svg").read_text(encoding="utf-8")
        assert svg.startswith("<?xml")
        assert "<dc:date>" not in svg
        assert (run / "report" / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_inlined_figures_take_every_colour_from_the_page(run: Path) -> None:
    html = (run / "report" / "index.html").read_text(encoding="utf-8")
    figures = re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL)
    assert len(figures) == 3 * 2 + 2 + 9  # three of them drawn for telephones too; matrices are tables
    for figure in figures:
        assert not re.search(r"#[0-9a-f]{6}", figure, flags=re.IGNORECASE)
        assert 'role="img" aria-label="' in figure


def test_the_stylesheet_knows_every_colour_of_the_figures_in_light_and_dark(run: Path) -> None:
    html = (run / "report" / "index.html").read_text(encoding="utf-8")
    style = html[html.index("<style>") : html.index("</style>")]
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for role, colour in PALETTE.items():
        assert f"--{role}: {colour};" in light
        assert f"--{role}: " in dark.split("}")[0]


def test_the_same_results_draw_the_same_bytes() -> None:
    points = [(step, 1 / step) for step in range(1, 40)]
    first, again = curve("train/loss", points), curve("train/loss", points)
    assert (first.svg, first.png, first.inline) == (again.svg, again.png, again.inline)


def test_a_report_written_again_replaces_the_first_and_its_figures(small: Path) -> None:
    run = small("majority")
    stale = run / "report" / "figures" / "stale.svg"
    stale.parent.mkdir(parents=True)
    stale.write_text("old", encoding="utf-8")
    write_report(run)
    assert not stale.exists()
    assert sorted(path.name for path in (run / "report").iterdir()) == [
        "cards",
        "classification_reports.txt",
        "figures",
        "index.html",
    ]


def test_the_page_holds_no_note_text_unless_asked(run: Path) -> None:
    for path in (run / "report").rglob("*.*"):
        if path.suffix != ".png":
            assert "true0x" not in path.read_text(encoding="utf-8")


@pytest.mark.usefixtures("no_figures")
def test_prompts_are_shown_escaped_on_request_and_the_page_is_then_the_owners_alone(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "<script>alert(1)</script> & co"
    monkeypatch.setattr("nosology.modeling.encoding.EncodedNote.prompt", hostile)
    run = small("tuned", include_text=True)
    path = write_report(run, include_text=True)
    page = Page(path.read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert hostile in page.text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "keep it as you keep the notes" in page.text
    assert "Notes are invented" not in page.text


@pytest.mark.usefixtures("no_figures")
def test_a_page_with_notes_warns_of_them_though_one_of_their_sources_is_invented(small: Any) -> None:
    run = small("tuned", include_text=True)
    manifest = read_json(run / "manifest.json")
    manifest["dataset"]["is_invented"] = True
    write_json(run / "manifest.json", manifest)
    page = Page(write_report(run, include_text=True).read_text(encoding="utf-8"))
    assert "keep it as you keep the notes" in page.text
    assert "Notes are invented where" in page.text


def test_prompts_that_were_not_written_cannot_be_shown(run: Path) -> None:
    with pytest.raises(RunError, match="hold no prompts") as caught:
        write_report(run, include_text=True)
    assert "--include-text" in caught.value.hint


@pytest.mark.usefixtures("no_figures")
def test_a_report_without_a_tuned_model_says_so(small: Path) -> None:
    page = Page(write_report(small("majority", "base")).read_text(encoding="utf-8"))
    assert "The tuned model was not evaluated" in page.text


@pytest.mark.usefixtures("no_figures")
def test_a_report_without_a_base_model_stands(small: Path) -> None:
    assert "before training" not in Page(write_report(small("tuned")).read_text(encoding="utf-8")).text


@pytest.mark.usefixtures("no_figures")
def test_a_report_without_calibration_says_why(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 30, "validation": 5, "test": 16})
    run = write_run(tmp_path / "run", dataset, n_train=30)
    evaluate(run, config=EvaluateConfig(bootstrap_samples=100, systems=("tuned",)), load=Loader())
    text = Page(write_report(run).read_text(encoding="utf-8")).text
    assert "the validation split holds 5 notes" in text
    assert "raw scores" in text


@pytest.mark.usefixtures("no_figures")
def test_a_report_of_another_dataset_says_how_it_differs(small: Path, tmp_path: Path) -> None:
    other = write_dataset(tmp_path / "elsewhere", {"test": 20}, seed=5, prefix="e")
    run = small("tuned", dataset=other)
    path = write_report(run, evaluation="elsewhere-test")
    assert path == run / "report" / "elsewhere-test" / "index.html"
    assert "another dataset than the one trained on" in Page(path.read_text(encoding="utf-8")).text


def test_a_run_that_was_not_evaluated_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 4})
    run = write_run(tmp_path / "run", dataset, n_train=4)
    with pytest.raises(RunError, match="no evaluation 'test'") as caught:
        write_report(run)
    assert "nosology evaluate" in caught.value.hint


def test_an_unknown_evaluation_is_refused_with_those_there_are(run: Path) -> None:
    with pytest.raises(RunError) as caught:
        write_report(run, evaluation="validation")
    assert caught.value.hint == "there are test"


def test_results_of_another_version_are_refused(small: Path) -> None:
    run = small("majority")
    path = run / "eval" / "test" / "results.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"n":', '"size":', 1), encoding="utf-8")
    with pytest.raises(RunError, match="not results that this version reads") as caught:
        write_report(run)
    assert "evaluate the run again" in caught.value.hint


def test_the_terminal_summary_shows_majority_tfidf_the_best_base_and_tuned(
    results: Results, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = summary_rows(results)
    assert [row.system for row in rows] == ["majority", "tfidf", results.summary.best_base, "tuned", "ensemble"]
    print_summary(results)
    printed = capsys.readouterr().out
    for row in rows:
        assert f"{row.accuracy:.3f} [{row.accuracy_interval[0]:.3f}, {row.accuracy_interval[1]:.3f}]" in printed
        assert f"{row.macro_f1:.3f} [{row.macro_f1_interval[0]:.3f}" in printed


def test_systems_that_were_not_evaluated_are_left_out_of_the_summary(small: Path) -> None:
    assert [row.system for row in summary_rows(Run.open(small("tuned")).results())] == ["tuned"]


def test_results_with_an_unknown_field_are_refused() -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        Results.model_validate({"surprise": 1})


@pytest.mark.usefixtures("no_figures")
def test_a_report_tells_the_starter_from_the_base_model(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 30, "validation": 30, "test": 16})
    run = write_run(tmp_path / "run", dataset, n_train=30)
    start = {"run": "first", "adapter_sha256": "0" * 64, "manifest_sha256": "1" * 64, "n_train_notes": 20}
    write_json(run / "manifest.json", read_json(run / "manifest.json") | {"start": start})
    systems = ("base", "starter", "tuned")
    config = EvaluateConfig(bootstrap_samples=100, robustness_notes=0, systems=systems)
    found = Results.model_validate(evaluate(run, config=config, load=Loader()))
    text = Page(write_report(run).read_text(encoding="utf-8")).text
    assert "starter, before these notes" in text
    assert "base model" in text
    assert "the run it began from, which is what these notes added" in text
    assert [row.system for row in summary_rows(found)] == ["base", "starter", "tuned"]


@pytest.mark.usefixtures("no_figures")
def test_a_report_of_a_run_that_others_calibrated_says_so(small: Path) -> None:
    run = small("tuned")
    assert "Not calibrated on your notes" not in Page(write_report(run).read_text(encoding="utf-8")).text
    packed = {"sources": [], "calibrated_on": "published cases", "calibration_sha256": None}
    (run / "calibration.json").unlink(missing_ok=True)
    write_json(run / "manifest.json", read_json(run / "manifest.json") | {"packed": packed})
    text = Page(write_report(run).read_text(encoding="utf-8")).text
    assert "Not calibrated on your notes: how sure this run is was fitted on published cases." in text
