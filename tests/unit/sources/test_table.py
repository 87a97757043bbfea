"""Notes from tables: every format gives the same notes, and every column means what it says."""

import gzip
import json
from pathlib import Path
from typing import Any

import datasets
import polars as pl
import pytest

from nosology.errors import DataError
from nosology.records import Code, Note
from nosology.sources import formats
from nosology.sources.reading import Rejected
from nosology.sources.table import TableColumns, TableSource

ROWS = [
    {
        "id": "a-1",
        "mrn": "p1",
        "body": 'He said "no",\nthen left.',
        "icd": "410.71; 428.0",
        "version": "9",
        "part": "Train",
    },
    {"id": "a-2", "mrn": "p2", "body": "Naïve – second", "icd": "i21.4", "version": "ICD-10-CM", "part": "val"},
    {"id": "a-3", "mrn": "p2", "body": "", "icd": "", "version": "10", "part": "dev"},
]
COLUMNS = TableColumns("body", code="icd", icd_version="version", note_id="id", patient="mrn", split="part")
EXPECTED = [
    Note("a-1", "p1", "", ROWS[0]["body"], (Code("41071", 9, 1), Code("4280", 9, 2)), attributes={"split": "train"}),
    Note("a-2", "p2", "", ROWS[1]["body"], (Code("I214", 10, 1),), attributes={"split": "validation"}),
    Note("a-3", "p2", "", "", (Code("", 10, 1),), attributes={"split": "validation"}),
]


def read(path: Path, columns: TableColumns = COLUMNS) -> tuple[list[Note], list[Rejected]]:
    source = TableSource(path, columns)
    notes, rejected = [], []
    for batch in source.batches():
        notes += batch.notes
        rejected += batch.rejected
    assert source.bytes_done == source.bytes_total
    return notes, rejected


def save(folder: Path, name: str) -> Path:
    frame, path = pl.DataFrame(ROWS), folder / name
    match name.removesuffix(".gz").rpartition(".")[2]:
        case "csv":
            content = frame.write_csv().encode()
        case "tsv":
            content = frame.write_csv(separator="\t").encode()
        case "jsonl":
            content = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
        case "parquet":
            frame.write_parquet(path)
            return path
        case _:
            datasets.Dataset.from_list(ROWS).save_to_disk(path)
            return path
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.filterwarnings("ignore")  # of the datasets library
@pytest.mark.parametrize(
    "name", ["notes.csv", "notes.csv.gz", "notes.tsv", "notes.jsonl", "notes.jsonl.gz", "notes.parquet", "saved"]
)
def test_every_format_gives_the_same_notes(tmp_path: Path, name: str) -> None:
    assert read(save(tmp_path, name)) == (EXPECTED, [])


@pytest.mark.parametrize("name", ["notes.csv", "notes.jsonl", "notes.parquet"])
def test_rows_of_many_chunks_arrive_in_order(tmp_path: Path, name: str) -> None:
    rows = [{"t": f"note {n}", "c": "x"} for n in range(2 * formats.CHUNK_ROWS + 1)]
    frame, path = pl.DataFrame(rows), tmp_path / name
    match path.suffix:
        case ".csv":
            frame.write_csv(path)
        case ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        case _:
            frame.write_parquet(path)
    assert [note.text for note in read(path, TableColumns("t", category="c"))[0]] == [row["t"] for row in rows]


@pytest.mark.filterwarnings("ignore")
def test_a_saved_dataset_of_several_splits_keeps_them(tmp_path: Path) -> None:
    parts = {"train": ROWS[:1], "test": ROWS[1:]}
    datasets.DatasetDict({k: datasets.Dataset.from_list(v) for k, v in parts.items()}).save_to_disk(tmp_path / "saved")
    columns = TableColumns("body", code="icd", icd_version="version", note_id="id")
    assert [note.attributes["split"] for note in read(tmp_path / "saved", columns)[0]] == ["train", "test", "test"]


def test_without_ids_the_place_in_the_file_is_the_id_and_every_note_a_patient(tmp_path: Path) -> None:
    columns = TableColumns("BODY", category="part")
    csv_notes, _ = read(save(tmp_path, "notes.csv"), columns)
    assert [(note.note_id, note.patient_id) for note in csv_notes] == [("2", "2"), ("4", "4"), ("5", "5")], "its lines"
    parquet_notes, _ = read(save(tmp_path, "notes.parquet"), columns)
    assert [note.note_id for note in parquet_notes] == ["1", "2", "3"], "its rows"
    assert [note.category for note in csv_notes] == ["Train", "val", "dev"]
    assert "patient of its own" in TableSource(tmp_path / "notes.csv", columns).warnings[0]


def test_a_column_in_its_own_spelling_goes_before_one_in_another_case(tmp_path: Path) -> None:
    (tmp_path / "n.jsonl").write_text(json.dumps({"Text": "upper", "text": "lower", "c": "x"}) + "\n")
    assert read(tmp_path / "n.jsonl", TableColumns("text", category="c"))[0][0].text == "lower"
    assert read(tmp_path / "n.jsonl", TableColumns("Text", category="c"))[0][0].text == "upper"


def test_numbers_as_ids_are_read_as_a_table_program_wrote_them(tmp_path: Path) -> None:
    rows = [{"n": 7, "p": 12.0, "t": "a", "c": "x"}, {"n": "8", "p": "13.0", "t": "b", "c": "x"}]
    (tmp_path / "n.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    notes, _ = read(tmp_path / "n.jsonl", TableColumns("t", category="c", note_id="n", patient="p"))
    assert [(note.note_id, note.patient_id) for note in notes] == [("7", "12"), ("8", "13")]


def test_a_list_of_codes_is_taken_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "n.jsonl").write_text(json.dumps({"t": "a", "c": ["486", "410.71"]}) + "\n")
    notes, _ = read(tmp_path / "n.jsonl", TableColumns("t", code="c", icd_version=9))
    assert notes[0].codes == (Code("486", 9, 1), Code("41071", 9, 2))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"t": None}, "no text"),
        ({"t": 5}, "a text that is no string"),
        ({"t": "x" * 2_000_001}, "a note of more than 2,000,000 characters"),
        ({"n": " "}, "no note id"),
        ({"s": "half"}, "a split that is neither train, validation nor test"),
        ({"v": "11"}, "an ICD version that is neither 9 nor 10"),
    ],
)
def test_a_row_that_cannot_be_used_is_rejected_with_its_line(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    sound = {"n": "1", "p": "2", "t": "canary", "c": "486", "v": 9, "s": "test"}
    (tmp_path / "n.jsonl").write_text(json.dumps(sound) + "\n\n" + json.dumps(sound | row) + "\n")
    columns = TableColumns("t", code="c", icd_version="v", note_id="n", patient="p", split="s")
    notes, rejected = read(tmp_path / "n.jsonl", columns)
    assert len(notes) == 1
    assert rejected == [Rejected("n.jsonl", 3, reason)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("[1]\n", "no JSON object, where a JSON object was expected"),
        ("not json\n", "not valid JSON"),
        ('{"other": 1}\n', "no columns 't', 'c'"),
        ('{"t": "a"}\n', "no column 'c'"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "n.jsonl").write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path / "n.jsonl", TableColumns("t", category="c"))
    assert caught.value.place.startswith(str(tmp_path / "n.jsonl"))
    assert caught.value.hint


def test_a_csv_without_rows_and_an_unknown_format_are_refused(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("t,c\n")
    with pytest.raises(DataError, match="no rows"):
        read(tmp_path / "n.csv", TableColumns("t", category="c"))
    for name in ("n.doc", "n"):
        with pytest.raises(DataError, match="cannot tell the format"):
            TableSource(tmp_path / name, TableColumns("t", category="c"))
    with pytest.raises(DataError, match="no such file"):
        TableSource(tmp_path / "none.parquet", TableColumns("t", category="c"))
    with pytest.raises(DataError, match=r"no \.arrow files"):
        TableSource(tmp_path, TableColumns("t", category="c"))


def test_columns_must_make_sense_together() -> None:
    for wrong in ({}, {"category": "c", "code": "d", "icd_version": 9}, {"code": "d"}):
        with pytest.raises(DataError):
            TableColumns("t", **wrong)  # type: ignore[arg-type]


def test_note_text_never_shows_in_a_repr() -> None:
    assert "canary" not in repr(Note("1", "2", "3", "canary"))


def table(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "n.jsonl"
    path.write_text("".join(json.dumps({"t": "fever", "c": "486"} | row) + "\n" for row in rows))
    return path


def warned(path: Path, columns: TableColumns) -> list[str]:
    source = TableSource(path, columns)
    list(source.batches())
    return source.warnings


@pytest.mark.parametrize(
    "word", [None, "", "  ", "nan", "NaN", "None", "NULL", "<NA>", "N/A", "#N/A", "-", float("nan")]
)
def test_words_for_nothing_are_no_patient(tmp_path: Path, word: Any) -> None:
    path = table(tmp_path, {"p": word}, {"p": word}, {"p": "7"})
    notes, rejected = read(path, TableColumns("t", code="c", icd_version=9, patient="p"))
    assert (len({note.patient_id for note in notes}), rejected) == (3, [])
    assert any(
        "2 notes have no patient id" in said for said in warned(path, TableColumns("t", category="c", patient="p"))
    )


@pytest.mark.parametrize("value", ["8.8E+09", "8,8E+09", "1E+15", 8.8e20, 9007199254740992.0, "1.2e10"])
def test_ids_that_became_numbers_without_their_digits_are_refused(tmp_path: Path, value: Any) -> None:
    for columns in (TableColumns("t", category="c", patient="p"), TableColumns("t", category="c", note_id="p")):
        with pytest.raises(DataError, match="the ids in column p are") as caught:
            read(table(tmp_path, {"p": "1"}, {"p": value}), columns)
        assert "as text" in caught.value.hint


@pytest.mark.parametrize("value", ["12E5", "E+09", "1e", "A1.5E+3", "3.7"])
def test_ids_that_look_a_little_like_numbers_are_ids(tmp_path: Path, value: str) -> None:
    assert read(table(tmp_path, {"p": value}), TableColumns("t", category="c", patient="p"))[0][0].patient_id == value


def test_ids_with_a_zero_behind_the_dot_are_mended_and_what_falls_together_is_counted(tmp_path: Path) -> None:
    path = table(tmp_path, {"p": "12.0"}, {"p": 12}, {"p": 13.0}, {"p": "x"})
    assert warned(path, TableColumns("t", category="c", patient="p")) == [
        "column p: 2 different ids ended in .0 and were read without it; "
        "1 of them fall together with one written without"
    ]


@pytest.mark.parametrize("cell", [389, 389.0, [389], ["4280", 389], "41071.0", "[389, 4280]", "[389.0]", 41401.0])
def test_codes_that_are_numbers_are_refused_wherever_they_stand(tmp_path: Path, cell: Any) -> None:
    with pytest.raises(DataError, match="column c holds numbers, not codes"):
        read(table(tmp_path, {"c": cell}), TableColumns("t", code="c", icd_version=9))


def test_a_column_in_which_every_code_ends_in_zero_was_one_of_numbers(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds numbers"):
        read(table(tmp_path, {"c": "389.0"}, {"c": "428.0"}), TableColumns("t", code="c", icd_version=9))
    codes = read(table(tmp_path, {"c": "389.0"}, {"c": "410.71"}), TableColumns("t", code="c", icd_version=9))[0]
    assert codes[0].codes == (Code("3890", 9, 1),)


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (["88", "389", "4280"], "no ICD-9 code in column c begins with 0, and 1 have less than three digits"),
        ([f"{41000 + n}" for n in range(100)], "no ICD-9 code in column c begins with 0"),
        (["38.93", "96.04", "99.04", "428.0"], "as procedures do"),
        ([f"{3900 + n}" for n in range(120)], "are they procedures?"),
    ],
)
def test_codes_that_lost_their_zeros_and_procedures_are_suspected(tmp_path: Path, codes: list[str], said: str) -> None:
    path = table(tmp_path, *({"c": code} for code in codes))
    assert any(said in warning for warning in warned(path, TableColumns("t", code="c", icd_version=9)))


def test_sound_codes_are_not_suspected(tmp_path: Path) -> None:
    path = table(tmp_path, *({"c": code} for code in ["0389", "41071", "V5861", *(f"{41000 + n}" for n in range(100))]))
    assert warned(path, TableColumns("t", code="c", icd_version=9, patient="t")) == []
