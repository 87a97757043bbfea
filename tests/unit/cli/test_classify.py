"""``nosology classify`` as a person uses it: what goes where, in which form, and what is refused before a model loads.

The classifier itself has tests of its own; here one of known answers stands in its place.
"""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from nosology.cli import main
from nosology.errors import RunError
from nosology.records import Demand, Prediction
from nosology.sources.tablefile import read_table, write_table

HEART = Prediction("Cardiovascular", 0.75, (("Cardiovascular", 0.75), ("Digestive", 0.25)), ("Cardiovascular",))
UNSURE = Prediction(
    "Digestive", 0.5, (("Digestive", 0.5), ("Cardiovascular", 0.5)), ("Digestive", "Cardiovascular"), True
)
ADDED = [
    "label",
    "predicted_label",
    "probability",
    "ranking",
    "prediction_set",
    "abstained",
    "is_calibrated",
    "reason",
    "caution",
    "demands",
    "typicality",
]
RANKING = [{"label": "Cardiovascular", "probability": 0.75}, {"label": "Digestive", "probability": 0.25}]


class KnownAnswers:
    """A classifier that is sure of every note with a heart in it, and of nothing else."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.runs: list[Path] = []
        self.demands: tuple[Demand, ...] = ()
        self.is_prepared = False

    def load(self, run: Path, *, system: str | None) -> "KnownAnswers":
        assert system is None, "nothing was asked for"
        self.runs.append(run)
        return self

    def classify(self, notes: list[str], *, is_prepared: bool, progress: Any) -> list[Prediction]:
        self.notes += notes
        self.is_prepared = is_prepared
        progress(len(notes))
        known = [HEART if "heart" in note else UNSURE for note in notes]
        return [replace(item, demands=self.demands) for item in known]


@pytest.fixture
def classifier(monkeypatch: pytest.MonkeyPatch) -> KnownAnswers:
    known = KnownAnswers()
    stand_in(known, monkeypatch)
    return known


def stand_in(classifier: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a classifier in the place of the real one, whose module takes seconds to import."""
    module = ModuleType("nosology.classifier.classifier")
    module.Classifier = classifier
    monkeypatch.setitem(sys.modules, "nosology.classifier.classifier", module)


@pytest.fixture
def classify(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs the command and gives its exit status, stdout and stderr."""

    def run(*words: object, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nosology", "classify", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as stop:
            main()
        shown = capsys.readouterr()
        return int(stop.value.code or 0), shown.out, shown.err

    return run


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text('id,Body,ward\n0389,"weak heart, ""cold"" hands",Ä\n7,,B\n0001,upset stomach,C\n', encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_text_formats_get_lists_as_json_behind_their_own_columns(
    classify: Any, classifier: KnownAnswers, notes: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"out{suffix}"
    status, printed, said = classify("runs/first", notes, "--text", "Body", "--out", out)
    assert (status, printed) == (0, "")
    assert f"classified 3 notes, not sure about 2: {out}" in said
    found = read_table(out)
    assert found.columns == ["id", "Body", "ward", *ADDED]
    assert found["id"].to_list() == ["0389", "7", "0001"]
    first, second, _ = found.rows(named=True)
    assert (first["predicted_label"], first["probability"], first["abstained"]) == ("Cardiovascular", "0.75", "false")
    assert json.loads(first["ranking"]) == RANKING
    assert json.loads(second["prediction_set"]) == ["Digestive", "Cardiovascular"]
    assert classifier.runs == [Path("runs/first")]
    assert classifier.notes == ['weak heart, "cold" hands', "", "upset stomach"]


@pytest.mark.parametrize("option", [(), ("--prepared",)])
def test_prepared_texts_are_read_so_on_request_and_their_name_brings_it_to_mind(
    classify: Any, classifier: KnownAnswers, tmp_path: Path, option: tuple[str, ...]
) -> None:
    notes = tmp_path / "notes.csv"
    notes.write_text("clean_text\nweak heart\n", encoding="utf-8")
    status, _, said = classify("run", notes, "--text", "clean_text", *option)
    assert status == 0
    assert classifier.is_prepared is bool(option)
    assert ("add --prepared" in said) is not bool(option)


@pytest.mark.usefixtures("classifier")
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_formats_with_lists_get_lists(classify: Any, notes: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    assert classify("run", notes, "--text", "Body", "--out", out)[0] == 0
    first, second, _ = read_table(out).rows(named=True)
    assert first == {
        "id": "0389", "Body": 'weak heart, "cold" hands', "ward": "Ä", "label": "Cardiovascular",
        "predicted_label": "Cardiovascular",
        "probability": 0.75, "ranking": RANKING, "prediction_set": ["Cardiovascular"], "abstained": False,
        "is_calibrated": True, "reason": "", "caution": "", "demands": [], "typicality": None,
    }  # fmt: skip
    assert second["abstained"] is True


@pytest.mark.usefixtures("classifier")
def test_without_out_json_lines_go_to_stdout_without_the_text(classify: Any, notes: Path) -> None:
    status, printed, said = classify("run", notes, "--text", "Body")
    assert status == 0
    rows = [json.loads(line) for line in printed.splitlines()]
    assert [row["id"] for row in rows] == ["0389", "7", "0001"]
    assert list(rows[0]) == ["id", "ward", *ADDED]
    assert rows[0]["ward"] == "Ä"
    assert "heart" not in printed.replace("Cardio", "")
    assert "stomach" not in printed + said


def test_one_note_comes_from_stdin(classify: Any, classifier: KnownAnswers) -> None:
    status, printed, _ = classify("run", "-", stdin="weak heart\nand more\n")
    assert status == 0
    assert json.loads(printed) == {
        "label": "Cardiovascular", "predicted_label": "Cardiovascular", "probability": 0.75, "ranking": RANKING,
        "prediction_set": ["Cardiovascular"], "abstained": False,
        "is_calibrated": True, "reason": "", "caution": "", "demands": [], "typicality": None,
    }  # fmt: skip
    assert classifier.notes == ["weak heart\nand more\n"]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".csv"])
def test_places_of_demands_stand_beside_each_note_and_their_number_is_said(
    classify: Any, classifier: KnownAnswers, notes: Path, tmp_path: Path, suffix: str
) -> None:
    classifier.demands = (Demand(3, 9), Demand(20, 31))
    out = tmp_path / f"out{suffix}"
    _, _, said = classify("run", notes, "--text", "Body", "--out", out)
    assert "3 that tell the reader what to answer (see the column demands)" in said
    found = read_table(out)["demands"].to_list()[0]
    places = json.loads(found) if suffix == ".csv" else found
    assert places == [{"start": 3, "end": 9}, {"start": 20, "end": 31}]


@pytest.mark.usefixtures("classifier")
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".csv"])
def test_one_note_from_stdin_goes_into_the_file_that_was_asked_for(classify: Any, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    status, printed, said = classify("run", "-", "--out", out, stdin="weak heart")
    assert (status, printed) == (0, "")
    assert f"classified 1 notes, not sure about 0: {out}" in said
    found = read_table(out)
    assert found.columns == list(ADDED)
    assert found["predicted_label"].to_list() == ["Cardiovascular"]
    assert "weak" not in out.read_bytes().decode("latin-1")


@pytest.mark.usefixtures("classifier")
def test_values_that_json_does_not_know_are_printed_as_text(classify: Any, tmp_path: Path) -> None:
    from datetime import date

    write_table(pl.DataFrame({"seen": [date(2019, 3, 14)], "text": ["heart"]}), tmp_path / "in.parquet")
    assert json.loads(classify("run", tmp_path / "in.parquet")[1])["seen"] == "2019-03-14"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-",), "there is no note on stdin"),
        (("{file}", "--text", "note"), "no column 'note'"),
        (("{file}",), "no column 'text'"),
        (("{file}.gone.csv",), "no such file"),
        (("{file}", "--text", "Body", "--out", "{file}.xlsx"), "cannot tell the format"),
    ],
)
def test_what_the_user_can_fix_is_refused_before_a_model_loads(
    classify: Any, classifier: KnownAnswers, notes: Path, words: tuple[str, ...], message: str
) -> None:
    status, printed, said = classify("run", *(word.format(file=notes) for word in words), stdin=" \n")
    assert (status, printed) == (2, "")
    assert message in said
    assert "hint:" in said or "no such file" in said
    assert classifier.runs == []


@pytest.mark.parametrize("taken", ADDED)
def test_a_column_that_would_be_overwritten_stops_the_command(
    classify: Any, classifier: KnownAnswers, tmp_path: Path, taken: str
) -> None:
    (tmp_path / "in.csv").write_text(f"text,{taken}\nheart,mine\n", encoding="utf-8")
    for words in ((), ("--out", tmp_path / "out.csv")):
        status, printed, said = classify("run", tmp_path / "in.csv", *words)
        assert (status, printed) == (2, "")
        assert f"has a column {taken!r} already" in said
    assert classifier.runs == []


def test_a_run_that_cannot_be_loaded_is_an_error_of_the_user(
    classify: Any, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        @staticmethod
        def load(run: Path, *, system: str | None) -> None:  # noqa: ARG004 (as the classifier)
            raise RunError("the run is unfinished", place=str(run), hint="train on")

    stand_in(Broken, monkeypatch)
    status, _, said = classify("run", notes, "--text", "Body", "--out", tmp_path / "out.csv")
    assert (status, said) == (2, "error: run: the run is unfinished\n  hint: train on\n")
    assert not (tmp_path / "out.csv").exists()


def test_the_help_ends_with_an_example(classify: Any) -> None:
    text = " ".join(classify("--help")[1].split())
    assert "Example: nosology classify runs/first notes.csv --text TEXT --out predictions.csv" in text


def test_a_run_that_is_not_calibrated_says_so_in_every_line_and_to_the_person(
    classify: Any, classifier: KnownAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = replace(HEART, abstained=True, is_calibrated=False)
    monkeypatch.setattr(classifier, "classify", lambda notes, **_: [unknown for _ in notes])
    status, printed, said = classify("run", "-", stdin="weak heart")
    line = json.loads(printed)
    assert (status, line["abstained"], line["is_calibrated"]) == (0, True, False)
    assert "nosology evaluate" in said


def test_a_run_that_others_calibrated_says_so_in_every_line_and_once_to_the_person(
    classify: Any, classifier: KnownAnswers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    foreign = replace(HEART, caution="not calibrated on your notes: on others")
    monkeypatch.setattr(classifier, "classify", lambda notes, **_: [foreign for _ in notes])
    (tmp_path / "notes.csv").write_text("text\na heart\nanother heart\n")
    status, printed, said = classify("run", tmp_path / "notes.csv")
    assert (status, [json.loads(line)["caution"] for line in printed.splitlines()]) == (0, [foreign.caution] * 2)
    assert said.count("caution: not calibrated on your notes: on others") == 1


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("csv", "id,text\n0389,weak heart\n7,upset stomach\n"),
        ("jsonl", '{"id": "0389", "text": "weak heart"}\n{"id": "7", "text": "upset stomach"}\n'),
    ],
)
def test_a_table_comes_through_a_pipe(
    classify: Any, classifier: KnownAnswers, monkeypatch: pytest.MonkeyPatch, kind: str, content: str
) -> None:
    monkeypatch.setattr(io, "StringIO", lambda _: io.TextIOWrapper(io.BytesIO(content.encode())))
    status, printed, _ = classify("run", "-", "--stdin", kind)
    assert status == 0
    rows = [json.loads(line) for line in printed.splitlines()]
    assert [(row["id"], row["label"]) for row in rows] == [("0389", "Cardiovascular"), ("7", "Digestive")]
    assert classifier.notes == ["weak heart", "upset stomach"]
