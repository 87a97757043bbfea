"""A served run: what it reads, what it says of itself, and evidence at the offsets of the note as it was sent."""

import json
from pathlib import Path
from typing import Any

import pytest

from nosology.files import read_json, write_json
from nosology.machine.patience import NobodyWaits, patience
from nosology.records import Evidence, FullCode, Prediction, Suggestion, Suggestions
from nosology.runs.integrity import record_again
from nosology.runs.run import Run
from nosology.serve.masking import MaskedNote
from nosology.serve.model import LIMITS, CannotSuggest, ServedModel, model_card, suggestions_json
from service_world import NOTE, KeywordReader, write_served_run

NAMED = "Dr. Kowalski saw her. Acute infarction of the anterior wall."


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that can suggest."""
    return write_served_run(tmp_path_factory.mktemp("served"))


def served(run: Path, *, masks: bool = False) -> tuple[ServedModel, KeywordReader]:
    """Return a run with a reader of words in place of its model."""
    opened = Run.open(run)
    reader = KeywordReader(opened.labels)
    return ServedModel(reader, opened, replaces_identifiers=masks), reader


def without_rubrics(run: Path, folder: Path) -> Path:
    """Return a copy of a run that cannot suggest."""
    import shutil

    copy = Path(shutil.copytree(run, folder / "copy"))
    (copy / "rubrics.tsv").unlink()
    return copy


def suggestion(*evidence: Evidence, full_code: FullCode | None = None) -> Suggestion:
    """Return a diagnosis to consider."""
    return Suggestion("I21", 10, "Infarction", "Cardiovascular", 0.8, 0.7, True, evidence, full_code)


# ---- reading


def test_categories_alone_are_read_without_suggestions(run: Path) -> None:
    model, _ = served(run)
    (reading,) = model.read([NOTE], None)
    assert (reading.prediction.label, reading.suggestions) == ("Cardiovascular", None)


def test_notes_are_read_together_and_answered_in_their_order(run: Path) -> None:
    model, reader = served(run)
    found = model.read(["An ulcer.", NOTE, "Eczema."], None)
    assert [reading.prediction.label for reading in found] == ["Digestive", "Cardiovascular", "Skin Disorders"]
    assert reader.batches == [3]


def test_as_many_diagnoses_are_suggested_as_were_asked_for(run: Path) -> None:
    model, _ = served(run)
    (reading,) = model.read([NOTE], 2)
    assert [item["code"] for item in reading.suggestions["items"]] == ["I21", "J18"]
    json.dumps(reading.suggestions)  # plain values throughout


def test_a_run_without_rubrics_suggests_nothing_and_reads_categories(run: Path, tmp_path: Path) -> None:
    model, reader = served(without_rubrics(run, tmp_path))
    assert not model.can_suggest
    with pytest.raises(CannotSuggest, match="rubrics"):
        model.read([NOTE], 3)
    assert reader.batches == [], "the model was not asked"
    assert model.read([NOTE], None)[0].prediction.label == "Cardiovascular"


def test_identifiers_are_replaced_before_the_model_sees_a_note(run: Path) -> None:
    model, reader = served(run, masks=True)
    seen: list[str] = []
    classify = reader.classify
    reader.classify = lambda texts: (seen.extend(texts), classify(texts))[1]  # type: ignore[method-assign]
    model.read([NAMED], None)
    assert "Kowalski" not in seen[0]
    assert "infarction" in seen[0]


def test_a_run_that_leaves_identifiers_sees_the_note_as_it_is(run: Path) -> None:
    model, reader = served(run)
    seen: list[str] = []
    classify = reader.classify
    reader.classify = lambda texts: (seen.extend(texts), classify(texts))[1]  # type: ignore[method-assign]
    model.read([NAMED], None)
    assert seen == [NAMED]


def test_reading_ends_before_the_first_note_where_nobody_waits(run: Path) -> None:
    model, reader = served(run)
    with patience(10, lambda: False), pytest.raises(NobodyWaits):
        model.read([NOTE, NOTE], None)
    assert reader.batches == []


# ---- suggestions


def test_evidence_lies_in_the_note_as_it_was_sent() -> None:
    mask = MaskedNote.of(NAMED)
    start = mask.text.index("Acute")
    found = Suggestions((suggestion(Evidence(start, len(mask.text), 1.5)),), 0.1, 0.0, 900, True)
    (item,) = suggestions_json(found, mask)["items"]
    (piece,) = item["evidence"]
    assert NAMED[piece["start"] : piece["end"]] == "Acute infarction of the anterior wall."
    assert mask.text != NAMED, "something was replaced, so offsets moved"


def test_evidence_of_a_note_that_nothing_was_replaced_in_stays_where_it_is() -> None:
    found = Suggestions((suggestion(Evidence(3, 9, 1.0, negated=True)),), 0.1, 0.0, 900, True)
    (item,) = suggestions_json(found, MaskedNote("x" * 20))["items"]
    assert (item["evidence"][0]["start"], item["evidence"][0]["end"]) == (3, 9)
    assert item["evidence"][0]["negated"]


def test_a_full_code_is_given_where_there_is_one_and_nothing_where_not() -> None:
    full = FullCode("I21.4", 0.9, 12)
    found = Suggestions((suggestion(full_code=full), suggestion()), 0.1, 0.0, 900, True)
    first, second = suggestions_json(found, MaskedNote(""))["items"]
    assert first["full_code"]["code"] == "I21.4"
    assert second["full_code"] is None


def test_what_was_left_out_and_why_there_is_nothing_are_said() -> None:
    nothing = suggestions_json(Suggestions.absent(900, "not fitted"), MaskedNote(""))
    assert (nothing["items"], nothing["reason"], nothing["sentences_left_out"]) == ([], "not fitted", 0)
    some = suggestions_json(Suggestions((), 0.25, 0.125, 900, True, 7), MaskedNote(""))
    assert (some["none_of_these"], some["mass_left_out"], some["sentences_left_out"]) == (0.25, 0.125, 7)


# ---- the card


def card_with(run: Path, folder: Path, change: Any) -> dict[str, Any]:
    """Return the card of a copy of a run of which something was changed and recorded."""
    import shutil

    copy = Path(shutil.copytree(run, folder / "changed"))
    change(copy)
    record_again(Run.open(copy).files)
    return model_card(Run.open(copy))


def test_the_card_names_every_category_in_the_label_sets_order(run: Path) -> None:
    card = model_card(Run.open(run))
    assert [label["name"] for label in card["labels"]] == list(Run.open(run).labels.names)
    assert card["limits"] == list(LIMITS)
    assert all(len(value) == 64 for value in card["sha256"].values())
    json.dumps(card)


def test_the_card_says_whether_identifiers_are_replaced_before_scoring(run: Path) -> None:
    assert served(run)[0].card["deidentifies_before_scoring"] is False
    assert served(run, masks=True)[0].card["deidentifies_before_scoring"] is True


def test_a_run_without_a_calibration_has_none_on_its_card(run: Path, tmp_path: Path) -> None:
    assert model_card(Run.open(run))["calibration"]["n_notes"] == 200
    assert card_with(run, tmp_path, lambda copy: (copy / "calibration.json").unlink())["calibration"] is None


def test_a_run_that_was_not_evaluated_has_no_figures_on_its_card(run: Path, tmp_path: Path) -> None:
    assert model_card(Run.open(run))["evaluation"]["accuracy"] == 0.8
    results = Path("eval") / "test" / "results.json"
    assert card_with(run, tmp_path, lambda copy: (copy / results).unlink())["evaluation"] is None


def test_the_card_gives_the_tuned_models_figures_and_no_other_systems(run: Path, tmp_path: Path) -> None:
    def forget(copy: Path) -> None:
        path = copy / "eval" / "test" / "results.json"
        values = read_json(path)
        del values["systems"]["tuned"]
        write_json(path, values)

    assert card_with(run, tmp_path, forget)["evaluation"] is None


def test_a_prediction_holds_no_text_of_its_note(run: Path) -> None:
    model, _ = served(run)
    (reading,) = model.read([NOTE], 3)
    assert isinstance(reading.prediction, Prediction)
    assert "chest pain" not in json.dumps(reading.suggestions).lower()
