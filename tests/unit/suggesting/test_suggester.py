"""Suggestions end to end with a tiny model: real codes, exact offsets, fitted weights, and what commands write."""

import csv
import gzip
import json
import math
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
from fhir.resources.R4B.bundle import Bundle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from coded_world import NOTE, train_coded_run
from nosology.classifier.classifier import Classifier
from nosology.cli import app, register_commands
from nosology.coding.rubrics import shipped_titles
from nosology.errors import DataError, RunError
from nosology.evaluation.suggestions import evaluate_suggestions, wants_suggestions
from nosology.export.fhir import bundle, note_resources
from nosology.export.lines import schema, suggested_note
from nosology.records import Suggestions
from nosology.report.suggested import fall_without, pieces
from nosology.report.suggestion_table import ranking_table
from nosology.runs.files import RunFiles
from nosology.runs.integrity import record_again
from nosology.runs.run import Run
from nosology.runs.suggestion_results import SuggestionResults
from nosology.suggesting.evidence import MOST_SENTENCES_READ
from nosology.suggesting.sentences import sentences
from nosology.synthetic import write_mimic
from nosology.text.alignment import align
from nosology.text.normalize import EMPTY_NOTE, why_unread

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")

HARD_TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(
            [NOTE, "Dr. Jane Roe", " 3/14/2019 ", "e\u0301", "İ", "ﬁ", "\ud800", "日本", "No pneumonia. ", "\r\n", "🫀"]
        ),
        max_size=8,
    ).map("".join),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SuggestionResults]:
    """A run whose suggester was fitted, and how it was judged."""
    run = train_coded_run(tmp_path_factory.mktemp("suggestions"))
    return run, evaluate_suggestions(run)


@pytest.fixture(scope="module")
def run(world: tuple[Path, SuggestionResults]) -> Path:
    return world[0]


@pytest.fixture(scope="module")
def tuned(run: Path) -> Classifier:
    return Classifier.load(run)


def check_suggestions(found: Suggestions, text: str) -> None:
    titles = shipped_titles(9)
    assert len(found) == 5
    assert [item.probability for item in found] == sorted((item.probability for item in found), reverse=True)
    assert sum(item.main_probability for item in found) <= 1 + 1e-9
    assert 0 <= found.none_of_these <= 1
    assert 0 <= found.mass_left_out <= 0.01 + 1e-9
    spans = set(sentences(text))
    for item in found:
        assert titles[item.code] == item.title
        assert 0 <= item.probability <= 1
        assert all((e.start, e.end) in spans and e.effect > 0 for e in item.evidence)
        assert [e.effect for e in item.evidence] == sorted((e.effect for e in item.evidence), reverse=True)


@given(text=HARD_TEXTS.map(lambda text: f"{text} ."))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_suggestion_is_a_real_code_with_exact_offsets_for_any_text(tuned: Classifier, text: str) -> None:
    check_suggestions(tuned.suggest([text], k=5)[0], text)


@given(text=HARD_TEXTS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_text_that_is_suggested_for_is_the_one_that_is_classified(tuned: Classifier, text: str) -> None:
    aligned = tuned.aligned(text)
    assert aligned.text.encode("utf-8", "replace") == align(text, tuned._cleaning).text.encode("utf-8", "replace")
    prepared = tuned._prepared(text)
    assert bool(why_unread(text, aligned.text)) == bool(why_unread(text, prepared))
    if why_unread(text, prepared):
        return  # neither is read
    suggested, classified = tuned.encode([aligned.text, prepared])
    assert suggested.tokens == classified.tokens


def test_a_note_finds_the_sentence_that_says_it(tuned: Classifier) -> None:
    found = tuned.suggest([NOTE], k=10)[0]
    infarction = next(item for item in found if item.code == "410")
    assert next(NOTE[e.start : e.end] for e in infarction.evidence) == (
        "Mr. José Müller came with CHEST PAIN with troponin rise."
    )
    assert infarction.is_seen
    assert infarction.full_code is not None
    assert infarction.full_code.code == "41071"


def test_a_note_that_shows_nothing_gets_no_suggestions_and_no_category_and_says_why(tuned: Classifier) -> None:
    told: list[int] = []
    both = tuned.classify_and_suggest(["", NOTE, "\u200b \n"], k=3, progress=told.append)
    assert [(found.label, len(items)) for found, items in both if found.reason] == [("", 0), ("", 0)]
    assert {items.reason for found, items in both if found.reason} == {EMPTY_NOTE}
    assert (both[1][0].reason, both[1][1].reason, len(both[1][1]), sum(told)) == ("", "", 3, 3)
    assert suggested_note(both[0][1])["reason"] == EMPTY_NOTE


def test_denials_and_relatives_are_marked(tuned: Classifier) -> None:
    text = "Patient denies melena. Mother had palpitations. Patient with cough with a consolidation."
    by_code = {item.code: item for item in tuned.suggest([text], k=12)[0]}
    said = {code: [(text[e.start : e.end], e) for e in item.evidence] for code, item in by_code.items()}
    assert next(e for words, e in said["578"] if "melena" in words).negated
    assert next(e for words, e in said["427"] if "palpitations" in words).family_history
    pneumonia = next(e for words, e in said["486"] if "consolidation" in words)
    assert not pneumonia.negated
    assert not pneumonia.family_history


@pytest.mark.parametrize("method", ["words", "hide", "leave out"])
def test_effects_are_falls_of_the_log_odds_when_the_sentence_is_gone(tuned: Classifier, method: str) -> None:
    suggester, aligned = tuned.suggester, align(NOTE, None)
    spans = sentences(NOTE)
    read = suggester.read(suggester.read_text(aligned.text), mass=1)
    places = np.array([3, 100])
    found = suggester.effects(aligned, spans, places, read, method)  # type: ignore[arg-type]
    assert found.shape == (len(spans), 2)
    if method != "leave out":
        return
    whole = suggester.fitted.mixture.log_odds(read.signals.table(suggester.known))[places]
    for row, (start, end) in enumerate(spans):
        shorter = suggester.read(suggester.read_text(NOTE[:start] + NOTE[end:]), mass=1)
        without = suggester.fitted.mixture.log_odds(shorter.signals.table(suggester.known))[places]
        # Tokens are left out, not characters, so a blank may stand between words where the shorter text has another.
        np.testing.assert_allclose(found[row], whole - without, atol=0.2)


def test_a_run_whose_suggester_was_not_fitted_shows_none_and_says_why(run: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(run, bare, ignore=shutil.ignore_patterns("suggester"))
    record_again(RunFiles(bare))
    found = Classifier.load(bare).suggest([NOTE])[0]
    assert (len(found), found.is_calibrated) == (0, False)
    assert "nosology evaluate" in found.reason
    line = suggested_note(found)
    assert (line["suggestions"], line["reason"]) == ([], found.reason)
    written = json.dumps(bundle(list(note_resources(line, note_id="a", note_sha256="0" * 64, run="bare"))))
    assert "No suggestions: this run" in written
    assert "None of the diagnoses" not in written


def test_of_very_many_sentences_some_are_tried_as_evidence_and_the_rest_counted(tuned: Classifier) -> None:
    said = "Patient with melena. "
    (found,) = tuned.suggest([said + "Cough again. " * (MOST_SENTENCES_READ + 9)], k=5)
    assert found.sentences_left_out == 10
    assert any((piece.start, piece.end) == (0, len(said) - 1) for item in found for piece in item.evidence), "kept"
    assert suggested_note(found)["sentences_left_out"] == 10
    (short,) = tuned.suggest([said + "Stable overnight."], k=5)
    assert short.sentences_left_out == 0


def test_unseen_rubrics_can_be_suggested_and_are_marked(tuned: Classifier) -> None:
    found = tuned.suggest(["Patient with psoriasis, pemphigus, pemphigus and corns and callosities."], k=30)[0]
    assert any(not item.is_seen for item in found)
    offered = [item.full_code for item in found if not item.is_seen and item.full_code]
    assert all(full.term and full.n_notes == 0 for full in offered), "only a term of the note can lead to one"


def test_results_are_complete_and_hold_no_text(world: tuple[Path, SuggestionResults]) -> None:
    run, results = world
    written = (run / "eval" / "test" / "suggestions.json").read_text(encoding="utf-8")
    assert SuggestionResults.model_validate_json(written) == results
    assert set(results.systems) == {"prior", "neighbours", "linear", "model", "words", "terms", "suggester"}
    assert (results.n, results.n_validation_notes, results.n_train_notes) == (24, 40, 48)
    assert "Patient with" not in written
    shipped, prior = results.systems["suggester"], results.systems["prior"]
    assert shipped.recall_5.value > prior.recall_5.value
    assert shipped.hit_1.interval[0] <= shipped.hit_1.value <= shipped.hit_1.interval[1]
    assert ranking_table(results).row_count == 7
    assert {path.name for path in (run / "suggester").iterdir()} == {
        "names.tsv",
        "suggester.json",
        "words.json",
        "words.safetensors",
    }


def test_a_run_without_a_suggester_says_that_it_is_not_calibrated(run: Path, tmp_path: Path) -> None:
    bare = Path(shutil.copytree(run, tmp_path / "run"))
    shutil.rmtree(bare / "suggester")
    record_again(RunFiles(bare))
    found = Classifier.load(bare).suggest([NOTE], k=3)[0]
    assert not found.is_calibrated
    assert [item.probability for item in found] == [item.main_probability for item in found]
    assert found.none_of_these == pytest.approx(1 - sum(item.probability for item in found))


def test_a_run_without_codes_refuses(run: Path, tmp_path: Path) -> None:
    bare = Path(shutil.copytree(run, tmp_path / "run"))
    (bare / "rubrics.tsv").unlink()
    record_again(RunFiles(bare))
    with pytest.raises(RunError, match="no ICD codes"):
        Classifier.load(bare).suggest([NOTE])


def test_too_few_validation_notes_are_refused(run: Path) -> None:
    with pytest.raises(DataError, match="too few to calibrate"):
        evaluate_suggestions(run, fit_limit=5)
    assert wants_suggestions(Run.open(run))


def test_lines_keep_to_the_published_schema(tuned: Classifier) -> None:
    Draft202012Validator.check_schema(schema())
    line = {"id": 7, **suggested_note(tuned.suggest([NOTE], k=5)[0])}
    Draft202012Validator(schema()).validate(json.loads(json.dumps(line)))
    broken = line | {"suggestions": [line["suggestions"][0] | {"probability": 1.5}]}
    assert not Draft202012Validator(schema()).is_valid(broken)
    assert "decision support" in line["notice"].lower()


def test_pieces_of_a_page_are_the_note(tuned: Classifier) -> None:
    found = tuned.suggest([NOTE], k=8)[0]
    cut = pieces(NOTE, found)
    assert "".join(piece.text for piece in cut) == NOTE
    marked = {number for piece in cut for number in piece.numbers}
    assert 1 in marked
    assert marked <= {number for number, item in enumerate(found, start=1) if item.evidence}
    assert fall_without(0.5, 0.0) == 0
    assert fall_without(0.5, math.log(3)) == pytest.approx(0.25)  # odds of 1 become a third


def test_the_command_writes_lines_bundles_and_a_private_page(run: Path, tmp_path: Path) -> None:
    register_commands()
    table = tmp_path / "notes.jsonl"
    table.write_text(json.dumps({"n": "0389", "body": NOTE}) + "\n" + json.dumps({"n": "2", "body": "melena"}) + "\n")

    def suggest(*options: str) -> str:
        result = CliRunner().invoke(app, ["suggest", str(run), str(table), "--text", "body", "-k", "4", *options])
        assert result.exit_code == 0, result.output
        return result.stdout

    suggest("--out", str(tmp_path / "s.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["n"], line["body"], len(line["suggestions"])) for line in lines] == [
        ("0389", NOTE, 4),
        ("2", "melena", 4),
    ]
    printed = suggest("--no-evidence")
    assert "CHEST PAIN" not in printed
    assert len(printed.splitlines()) == 2
    suggest("--format", "fhir", "--id", "n", "--patient", "n", "--out", str(tmp_path / "s.ndjson"))
    bundles = [json.loads(line) for line in (tmp_path / "s.ndjson").read_text(encoding="utf-8").splitlines()]
    for bundle_ in bundles:
        kinds = [entry.resource.get_resource_type() for entry in Bundle.model_validate(bundle_).entry]
        assert kinds == ["Patient", "RiskAssessment", *["Condition"] * 4]
    patient, assessment, *_ = (entry["resource"] for entry in bundles[0]["entry"])
    assert (patient["identifier"][0]["value"], assessment["basis"][0]["identifier"]["value"]) == ("0389", "0389")
    written = json.dumps(bundles)  # names of the vocabulary may stand there, the note's own words may not
    assert not [words for words in ("CHEST PAIN", "sent home", "José", "Denies") if words in written]
    suggest("--format", "html", "--out", str(tmp_path / "s.html"))
    page = tmp_path / "s.html"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    html = page.read_text(encoding="utf-8")
    assert "never a diagnosis" in html
    assert "CHEST PAIN with troponin rise.</mark>" in html


def test_the_schema_command_prints_the_schema() -> None:
    register_commands()
    result = CliRunner().invoke(app, ["schema", "suggestions"])
    assert json.loads(result.stdout) == schema()


@pytest.mark.slow
def test_lines_and_bundles_of_200_synthetic_notes_are_valid(tuned: Classifier, tmp_path: Path) -> None:
    write_mimic(tmp_path / "mimic", admissions=220, seed=5, phi="realistic", other_notes_per_admission=0, processes=1)
    with gzip.open(tmp_path / "mimic" / "NOTEEVENTS.csv.gz", "rt", encoding="utf-8") as file:
        texts = [row["TEXT"] for row in csv.DictReader(file)][:200]
    assert len(texts) == 200
    validator = Draft202012Validator(schema())
    for number, (text, found) in enumerate(zip(texts, tuned.suggest(texts, k=5), strict=True)):
        check_suggestions(found, text)
        validator.validate(json.loads(json.dumps({"text": text} | suggested_note(found))))
        resources = note_resources(suggested_note(found), note_id=str(number), note_sha256="0" * 64, run="coded")
        Bundle.model_validate(json.loads(json.dumps(bundle([*resources]))))
