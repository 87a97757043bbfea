"""``nosology deid`` as a person uses it: what comes out in every format, what is said where, and what is refused."""

import csv
import io
import json
import stat
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nosology.cli import main
from nosology.deidentification import SECRET_VARIABLE, deidentify
from nosology.sources.tablefile import read_table, write_table

NOTES = (
    "👩🏽‍⚕️ Dr. Okafor saw him on 03/14/2019.",
    'BP 120/80,\nno "complaints"; Foley catheter out',
    "",
    "MRN: 4471902. Dr. Okafor called on 04/13/2019.",
)
CLEAN = (
    "👩🏽‍⚕️ Dr. <NAME> saw him on <DATE>.",
    'BP 120/80,\nno "complaints"; Foley catheter out',
    "",
    "MRN: <ID>. Dr. <NAME> called on <DATE>.",
)
SPANS = (
    [{"start": 10, "end": 16, "type": "NAME"}, {"start": 28, "end": 38, "type": "DATE"}],
    [],
    [],
    [
        {"start": 5, "end": 12, "type": "ID"},
        {"start": 18, "end": 24, "type": "NAME"},
        {"start": 35, "end": 45, "type": "DATE"},
    ],
)
FORMATS = (".csv", ".tsv", ".parquet", ".jsonl")


@pytest.fixture
def deid(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs the command and gives its exit status, stdout and stderr."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nosology", "deid", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        shown = capsys.readouterr()
        return int(stop.value.code or 0), shown.out, shown.err

    return run


def table(folder: Path, suffix: str = ".csv", **columns: list) -> Path:
    """Write a table with the notes and further columns; return its path."""
    path = folder / f"in{suffix}"
    write_table(pl.DataFrame({"id": ["0389", "b", "c", "0001"], "Body": list(NOTES)} | columns), path)
    return path


def spans_of(found: pl.DataFrame) -> list:
    """Return the spans of a written table, from JSON where the format has no lists."""
    return [json.loads(value) if isinstance(value, str) else value for value in found["spans"].to_list()]


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_columns_rows_and_order_stay_and_two_columns_are_added(deid: Any, tmp_path: Path, suffix: str, to: str) -> None:
    out = tmp_path / f"out{to}"
    status, printed, _ = deid(table(tmp_path, suffix), "--text", "Body", "--out", out)
    assert (status, printed) == (0, "")
    found = read_table(out)
    assert found.columns == ["id", "Body", "clean_text", "spans"]
    assert found["id"].to_list() == ["0389", "b", "c", "0001"]
    assert found["Body"].fill_null("").to_list() == list(NOTES)
    assert found["clean_text"].fill_null("").to_list() == list(CLEAN)
    assert spans_of(found) == list(SPANS)


def test_the_spans_of_a_csv_file_are_json_that_any_program_reads(deid: Any, tmp_path: Path) -> None:
    deid(table(tmp_path), "--text", "Body", "--out", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, text in zip(rows, NOTES, strict=True):
        pieces = [text[span["start"] : span["end"]] for span in json.loads(row["spans"])]
        assert set(pieces) <= {"Okafor", "03/14/2019", "04/13/2019", "4471902"}


def test_what_was_done_is_said_in_counts_and_never_in_text(deid: Any, tmp_path: Path) -> None:
    _, _, said = deid(table(tmp_path), "--text", "Body", "--out", tmp_path / "out.csv")
    assert f"replaced 5 identifiers in 4 notes, recall balanced: {tmp_path / 'out.csv'}" in said
    assert not any(word in said for word in ("Okafor", "4471902", "Foley"))


def test_surrogates_of_one_patient_agree_across_rows_and_those_of_another_do_not(
    deid: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "of our own")
    notes = ["Dr. Okafor, seen 2019-03-14", "Dr. Okafor, seen 2019-03-15", "Dr. Okafor, seen 2019-03-14"]
    write_table(pl.DataFrame({"who": ["7", "7", "8"], "text": notes}), tmp_path / "in.jsonl")
    words = ("--text", "text", "--style", "surrogate", "--patient", "who", "--out", tmp_path / "out.jsonl")
    _, _, said = deid(tmp_path / "in.jsonl", *words)
    first, second, third = read_table(tmp_path / "out.jsonl")["clean_text"].to_list()
    assert first.split(",")[0] == second.split(",")[0] != "Dr. Okafor"
    assert (pl.Series([second[-10:]]).str.to_date() - pl.Series([first[-10:]]).str.to_date())[0].days == 1
    assert third != first
    assert SECRET_VARIABLE not in said


def test_without_a_secret_surrogates_come_with_a_warning(
    deid: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    words = ("--text", "Body", "--style", "surrogate", "--out", tmp_path / "out.csv")
    status, _, said = deid(table(tmp_path), *words)
    assert status == 0
    assert f"{SECRET_VARIABLE} is not set" in said
    assert "Okafor" not in "".join(read_table(tmp_path / "out.csv")["clean_text"])


def test_several_processes_give_what_one_gives(deid: Any, tmp_path: Path) -> None:
    file = table(tmp_path)
    for processes in (1, 2):
        deid(file, "--text", "Body", "--out", tmp_path / f"{processes}.csv", "--processes", processes)
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_notes_with_windows_line_ends_keep_them(deid: Any, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b'id,text\r\n1,"ROE, JANE\r\nwas seen.\r\n"\r\n')
    deid(tmp_path / "in.csv", "--text", "text", "--out", tmp_path / "out.jsonl")
    found = read_table(tmp_path / "out.jsonl")
    assert found["text"].to_list() == ["ROE, JANE\r\nwas seen.\r\n"]
    assert found["clean_text"].to_list() == ["<NAME>\r\nwas seen.\r\n"]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_a_column_of_numbers_and_gaps_is_read_as_text(deid: Any, tmp_path: Path, suffix: str) -> None:
    write_table(pl.DataFrame({"text": [4471902, None]}), tmp_path / f"in{suffix}")
    status, _, _ = deid(tmp_path / f"in{suffix}", "--text", "text", "--out", tmp_path / "out.jsonl")
    assert status == 0
    assert read_table(tmp_path / "out.jsonl")["clean_text"].to_list() == ["<ID>", ""]


def test_a_table_without_rows_gives_one_without_rows(deid: Any, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text\n", encoding="utf-8")
    assert deid(tmp_path / "in.csv", "--text", "text", "--out", tmp_path / "out.csv")[0] == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "id,text,clean_text,spans\n"


@pytest.mark.parametrize("taken", ["clean_text", "spans"])
def test_a_column_that_would_be_overwritten_stops_the_command(deid: Any, tmp_path: Path, taken: str) -> None:
    file = table(tmp_path, **{taken: ["a", "b", "c", "d"]})
    status, _, said = deid(file, "--text", "Body", "--out", tmp_path / "out.csv")
    assert status == 2
    assert f"has a column {taken!r} already" in said
    assert "hint: rename it" in said
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("{file}", "--text", "note", "--out", "{out}.csv"), "no column 'note'"),
        (("{file}", "--text", "Body", "--patient", "who", "--out", "{out}.csv"), "no column 'who'"),
        (("{file}.gone.csv", "--text", "Body", "--out", "{out}.csv"), "no such file"),
        (("{file}", "--text", "Body", "--out", "{out}.xlsx"), "cannot tell the format from 'out.xlsx'"),
        (("{file}", "--text", "Body", "--out", "{out}.csv", "--detector", "magic"), "no detector is called 'magic'"),
        (("{file}", "--text", "Body", "--out", "{out}.csv", "--detector", "transformer:"), "no detector is called"),
        (("{file}", "--text", "Body", "--out", "{out}.csv", "--processes", "0"), "Invalid value"),
        (("{file}", "--text", "Body", "--out", "{out}.csv", "--style", "loud"), "Invalid value"),
        (("{file}", "--text", "Body", "--out", "{out}.csv", "--review", "{out}.csv"), "would overwrite the table"),
        (("{file}", "--text", "Body", "--out", "{out}.csv", "--review", "{out}.csv", "--force"), "is also --out"),
        (("{file}", "--out", "{out}.csv"), "no column 'text'"),
        (("{file}", "--text", "Body", "--stdin", "csv"), "a file's name says its format"),
    ],
)
def test_what_the_user_can_fix_ends_with_status_2_and_leaves_nothing(
    deid: Any, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    file = table(tmp_path)
    status, printed, said = deid(*(word.format(file=file, out=tmp_path / "out") for word in words))
    assert (status, printed) == (2, "")
    assert message in said
    assert "Okafor" not in said
    assert list(tmp_path.iterdir()) == [file]


def test_a_broken_file_is_refused_without_a_word_of_its_text(deid: Any, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "Dr. Okafor"}\n{"text": "Siobhan\n', encoding="utf-8")
    status, _, said = deid(tmp_path / "in.jsonl", "--text", "text", "--out", tmp_path / "out.csv")
    assert status == 2
    assert "1 of 2 rows could not be read (lines 2): 1 x not valid JSON" in said
    assert "Okafor" not in said
    assert "Siobhan" not in said


def test_an_error_while_working_says_nothing_of_the_note(
    deid: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choke(text: str) -> list:
        raise ValueError(f"cannot read {text}")

    monkeypatch.setattr("nosology.deidentification.people", choke)
    status, printed, said = deid(table(tmp_path), "--text", "Body", "--out", tmp_path / "out.csv")
    assert status == 1
    assert "Okafor" not in printed + said
    assert "this is a bug" in said
    assert not (tmp_path / "out.csv").exists()


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=5), st.sampled_from([".parquet", ".jsonl"]))
def test_any_rows_come_back_in_their_order_with_what_deidentify_says(
    deid: Any, tmp_path: Path, rows: list[tuple[str, str]], suffix: str
) -> None:
    file = tmp_path / f"any{suffix}"
    write_table(pl.DataFrame(rows, schema=["id", "text"], orient="row"), file)
    assert deid(file, "--text", "text", "--out", tmp_path / "any-out.parquet", "--force")[0] == 0
    found = read_table(tmp_path / "any-out.parquet")
    assert found.select("id", "text").rows() == rows
    assert found["clean_text"].to_list() == [deidentify(text).text for _, text in rows]


def test_high_recall_finds_a_name_without_a_cue_and_the_review_page_shows_it(deid: Any, tmp_path: Path) -> None:
    notes = ["Stable & <b>eating</b>.", "Home with mercy."]
    write_table(pl.DataFrame({"text": notes}), tmp_path / "in.csv")
    clean = {}
    for recall in ("balanced", "high"):
        words = ("--text", "text", "--out", tmp_path / f"{recall}.csv", "--review", tmp_path / f"{recall}.html")
        status, _, said = deid(tmp_path / "in.csv", *words, "--recall", recall)
        assert status == 0
        assert "mercy" not in said
        clean[recall] = read_table(tmp_path / f"{recall}.csv")["clean_text"].to_list()
    assert clean["balanced"] == notes
    assert clean["high"] == [notes[0], "Home with <NAME>."]
    page = tmp_path / "high.html"
    shown = page.read_text(encoding="utf-8")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "Stable &amp; &lt;b&gt;eating&lt;/b&gt;." in shown
    assert ">mercy<small>NAME " in shown
    assert shown.index("Row 2") < shown.index("Row 1")
    assert "recall “high”" in shown


def test_the_page_is_not_written_over_the_table_by_another_name(deid: Any, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "out.csv")
    words = ("--text", "Body", "--out", tmp_path / "out.csv", "--review", tmp_path / "link.csv", "--force")
    status, _, said = deid(table(tmp_path), *words)
    assert status == 2
    assert "would overwrite the table" in said
    assert not (tmp_path / "out.csv").exists()


def test_the_help_ends_with_an_example(deid: Any) -> None:
    assert "Example: nosology deid notes.csv --text TEXT --out clean.csv" in " ".join(deid("--help")[1].split())


def through(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """Put bytes behind standard input, as a pipe does."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode()), encoding="utf-8"))


def test_one_note_through_a_pipe_comes_back_as_text(deid: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    through(monkeypatch, NOTES[0] + "\n")
    assert deid("-")[:2] == (0, CLEAN[0] + "\n")


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_a_table_through_a_pipe_becomes_json_lines_without_the_notes_as_they_were(
    deid: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    through(monkeypatch, table(tmp_path, f".{kind}").read_text(encoding="utf-8"))
    status, printed, said = deid("-", "--stdin", kind, "--text", "Body")
    assert status == 0, said
    rows = [json.loads(line) for line in printed.splitlines()]
    assert [list(row) for row in rows] == [["id", "clean_text", "spans"]] * 4
    assert [(row["id"], row["clean_text"]) for row in rows] == list(zip(["0389", "b", "c", "0001"], CLEAN, strict=True))
    assert [row["spans"] for row in rows] == list(SPANS)


def test_a_broken_table_through_a_pipe_is_the_users_to_fix(deid: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    through(monkeypatch, '{"text": "Dr. Okafor"\n')
    status, printed, said = deid("-", "--stdin", "jsonl")
    assert (status, printed) == (2, "")
    assert "stdin.jsonl" in said
    assert "Okafor" not in said
