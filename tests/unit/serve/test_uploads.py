"""Uploaded tables: what is taken for one, which column holds the notes, and refusals that never quote the table."""

import gzip
import io
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.records import PREDICTION_COLUMNS
from nosology.serve.http.problems import Refused
from nosology.serve.uploads import FORMATS, Format, id_column_of, note_column, parse_table, patient_column_of

CANARY = "canary"
TABLE = pl.DataFrame({"id": ["0389", "2"], "text": ["fever, cough", 'she said "no"']})


def as_bytes(table: pl.DataFrame, kind: Format) -> bytes:
    """Return a table in a format."""
    buffer = io.BytesIO()
    if kind == "csv":
        table.write_csv(buffer)
    elif kind == "jsonl":
        table.write_ndjson(buffer)
    else:
        table.write_parquet(buffer)
    return buffer.getvalue()


def refused(data: bytes, kind: Format = "csv", max_rows: int = 100) -> Refused:
    """Return the refusal of a table."""
    with pytest.raises(Refused) as caught:
        parse_table(data, kind, max_rows)
    assert CANARY not in str(caught.value.detail)
    return caught.value


# ---- reading


@pytest.mark.parametrize("kind", sorted(set(FORMATS.values())))
def test_every_format_gives_the_same_notes(kind: Format) -> None:
    frame = parse_table(as_bytes(TABLE, kind), kind, 100).frame
    assert note_column(frame, None) == TABLE["text"].to_list()
    assert id_column_of(frame, None) == ["0389", "2"], "an id is no number"


def test_each_format_has_a_type_of_its_own() -> None:
    assert FORMATS["text/csv"] == "csv"
    assert FORMATS["application/vnd.apache.parquet"] == "parquet"
    assert {FORMATS[name] for name in ("application/x-ndjson", "application/jsonl")} == {"jsonl"}


@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_as_many_rows_as_allowed_are_taken_and_not_one_more(n_rows: int) -> None:
    data = as_bytes(TABLE, "csv")
    if n_rows < TABLE.height:
        error = refused(data, max_rows=n_rows)
        assert error.status_code == 413
        assert "more than 1 rows" in str(error.detail)
    else:
        assert parse_table(data, "csv", n_rows).frame.height == 2


@pytest.mark.parametrize("data", [b"", b" \n\t ", b"\n"])
def test_nothing_is_no_table(data: bytes) -> None:
    error = refused(data)
    assert (error.status_code, error.detail) == (422, "The table is empty.")


def test_a_header_alone_is_no_table() -> None:
    assert refused(b"id,text\n").status_code == 422


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(b"id,text\n1,canary\n", mtime=0),
        b"PK\x03\x04canary",
        b"BZh9canary",
        b"\xfd7zXZcanary",
        b"\x28\xb5\x2f\xfdc",
    ],
)
def test_a_packed_table_is_to_be_unpacked_first(data: bytes) -> None:
    assert refused(data).status_code == 415


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("parquet", b"canary in the mine"),
        ("parquet", b"PAR1canaryPAR1"),
        ("jsonl", b"canary\n"),
        ("jsonl", b'["canary"]\n'),
        ("csv", b"id,text\n1,2,3,canary\n"),
        ("csv", b'id,text\n1,"canary\n'),
        ("csv", b"id,text\n1,canary \xff\xfe\n"),
        ("csv", b"canary \x00\x01\x02"),
    ],
)
def test_what_cannot_be_read_is_refused_without_a_word_of_it(kind: Format, data: bytes) -> None:
    assert refused(data, kind).status_code in (413, 422)


@pytest.mark.parametrize("name", PREDICTION_COLUMNS)
def test_a_column_that_would_be_overwritten_is_refused(name: str) -> None:
    error = refused(as_bytes(TABLE.with_columns(pl.lit(CANARY).alias(name)), "csv"))
    assert error.status_code == 422
    assert name in str(error.detail)
    assert "rename" in str(error.detail)


# ---- columns


@pytest.mark.parametrize("name", ["text", "note", "clean_text", "note_text", "TEXT", "Note", " text "])
def test_a_column_of_a_usual_name_holds_the_notes(name: str) -> None:
    assert note_column(pl.DataFrame({"other": ["x"], name: ["fever"]}), None) == ["fever"]


def test_of_several_usual_names_the_first_of_the_list_is_taken() -> None:
    table = pl.DataFrame({"note_text": ["d"], "note": ["b"], "clean_text": ["c"]})
    assert note_column(table, None) == ["b"]


def test_the_column_that_was_named_goes_before_all_others() -> None:
    table = pl.DataFrame({"text": ["a"], "remarks": ["b"]})
    assert note_column(table, "remarks") == ["b"]
    assert note_column(table, "Remarks") == ["b"], "in any case"
    assert note_column(pl.DataFrame({"X": ["a"], "x": ["b"]}), "x") == ["b"], "its own spelling first"


def test_an_empty_cell_is_an_empty_note() -> None:
    assert note_column(pl.DataFrame({"text": ["a", None]}), None) == ["a", ""]


@pytest.mark.parametrize("wanted", [None, "missing"])
def test_a_table_without_notes_is_refused_without_its_column_names(wanted: str | None) -> None:
    table = pl.DataFrame({f"a {CANARY} of a note": ["x"], "2": ["y"]})
    with pytest.raises(Refused) as caught:
        note_column(table, wanted)
    assert caught.value.status_code == 422
    assert CANARY not in str(caught.value.detail)
    assert "?text=COLUMN" in str(caught.value.detail)
    assert "2 columns" in str(caught.value.detail)


@pytest.mark.parametrize("values", [[1, 2], [True, False], [["a"], ["b"]], [1.5, 2.5]])
def test_notes_must_be_text(values: list[object]) -> None:
    with pytest.raises(Refused) as caught:
        note_column(pl.DataFrame({"text": values}), None)
    assert caught.value.detail == "The column of notes does not hold text."


def test_rows_without_ids_are_called_by_their_number() -> None:
    assert id_column_of(pl.DataFrame({"text": ["a", "b", "c"]}), None) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("values", "ids"),
    [(["a", None], ["a", ""]), ([7, 8], ["7", "8"]), (["x" * 300, "y"], ["x" * 200, "y"])],
)
def test_ids_are_short_texts(values: list[object], ids: list[str]) -> None:
    assert id_column_of(pl.DataFrame({"row_id": values}), None) == ids


def test_an_id_column_that_was_named_must_be_there() -> None:
    table = pl.DataFrame({"text": ["a"], "id": ["1"]})
    assert id_column_of(table, "text") == ["a"]
    with pytest.raises(Refused) as caught:
        id_column_of(table, CANARY)
    assert CANARY not in str(caught.value.detail)


def test_patients_are_found_by_a_usual_name_and_else_by_the_one_that_was_given() -> None:
    table = pl.DataFrame({"SUBJECT_ID": ["p1", None], "ward": ["3", "4"]})
    assert patient_column_of(table, None) == ["p1", ""]
    assert patient_column_of(table, "ward") == ["3", "4"]
    assert patient_column_of(table.drop("SUBJECT_ID"), None) == ["", ""], "nobody says"
    with pytest.raises(Refused) as caught:
        patient_column_of(table, CANARY)
    assert CANARY not in str(caught.value.detail)


def test_ids_that_are_lists_are_refused() -> None:
    with pytest.raises(Refused) as caught:
        id_column_of(pl.DataFrame({"id": [["a"], ["b"]]}), None)
    assert caught.value.status_code == 422


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\ufeff"), max_size=20), min_size=1, max_size=6
    )
)
def test_json_lines_bring_any_note_as_it_is(texts: list[str]) -> None:
    frame = pl.DataFrame({"text": texts})
    assert note_column(frame, None) == texts
    assert json.loads(as_bytes(frame, "jsonl").splitlines()[0])["text"] == texts[0]
