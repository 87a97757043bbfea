"""The same notes through every writer: whatever the format, the same rows come back."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nosology.config import PrepareConfig
from nosology.dataset.folder import open_dataset
from nosology.preparation.pipeline import prepare_table
from nosology.sources.formats import ReadingOptions
from nosology.sources.table import TableColumns
from nosology.sources.tablefile import read_whole

Rows = list[dict[str, str]]
COLUMNS = ("id", "text", "cat")


def as_csv(rows: Rows, separator: str = ",", line_end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, delimiter=separator, lineterminator=line_end, quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_parquet(rows: Rows) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)).write_parquet(out)
    return out.getvalue()


def as_excel(rows: Rows) -> bytes:
    """Return the smallest file that Excel opens: one sheet of texts."""
    cells = [list(COLUMNS), *([row[name] for name in COLUMNS] for row in rows)]
    lines = "".join(
        "<row>"
        + "".join(f'<c t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>' for cell in row)
        + "</row>"
        for row in cells
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{sheet}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{kinds}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{kinds}"><sheets><sheet name="Notes" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{kinds}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + content)
    return out.getvalue()


WRITERS: dict[str, tuple[str, Callable[[Rows], bytes], ReadingOptions]] = {
    "commas": ("n.csv", lambda rows: as_csv(rows).encode(), ReadingOptions()),
    "everything quoted, Windows line ends": (
        "n.csv", lambda rows: as_csv(rows, line_end="\r\n", quoting=csv.QUOTE_ALL).encode(), ReadingOptions(),
    ),
    "semicolons and a mark": ("n.csv", lambda rows: as_csv(rows, ";").encode("utf-8-sig"), ReadingOptions()),
    "a line that names it": ("n.csv", lambda rows: b"sep=|\r\n" + as_csv(rows, "|").encode(), ReadingOptions()),
    "tabs": ("n.tsv", lambda rows: as_csv(rows, "\t").encode(), ReadingOptions()),
    "UTF-16": ("n.csv", lambda rows: as_csv(rows, "\t").encode("utf-16"), ReadingOptions()),
    "UTF-16 without a mark": ("n.txt", lambda rows: as_csv(rows).encode("utf-16-le"), ReadingOptions()),
    "cp1252": ("n.csv", lambda rows: as_csv(rows).encode("cp1252"), ReadingOptions(encoding="cp1252")),
    "gzip": ("n.csv.gz", lambda rows: gzip.compress(as_csv(rows).encode()), ReadingOptions()),
    "JSON lines": ("n.jsonl", as_lines, ReadingOptions()),
    "a JSON array": ("n.json", lambda rows: json.dumps(rows, indent=1).encode(), ReadingOptions()),
    "Parquet": ("n.parquet", as_parquet, ReadingOptions()),
    "Excel": ("n.xlsx", as_excel, ReadingOptions()),
}  # fmt: skip
WORDS = st.sampled_from(
    [
        'said "no"',
        "a, b",
        "1; 2",
        "x|y",
        "tab\there",
        "Ménière",
        "line\nbreak",
        "0389",
        "ward",
        "5 €",
        "''",
        "é",
        "-",
        '"',
    ]
)
TEXT = st.lists(WORDS, min_size=1, max_size=6).map(lambda words: "fever " + " ".join(words) + " end")
ROWS = st.lists(TEXT, min_size=200, max_size=200).map(
    lambda texts: [{"id": f"{n:04}", "text": text, "cat": "ab"[n % 2]} for n, text in enumerate(texts)]
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(ROWS)
def test_the_same_notes_come_back_from_every_writer(rows: Rows) -> None:
    for what, (name, write, how) in WRITERS.items():
        table = read_whole(write(rows), "text", name=name, how=how)
        assert table.frame.columns == list(COLUMNS), what
        assert table.frame.rows(named=True) == rows, what


def test_every_writer_gives_the_same_dataset(tmp_path: Path) -> None:
    """Whole preparations: the rows of ``notes.parquet`` are the same thirteen times."""
    labels = tmp_path / "labels.tsv"
    labels.write_text("category\na\nb\n", encoding="utf-8")
    rows = [
        {"id": f"{n:04}", "text": f'fever {n}, said "no";\nMénière | {n * n}', "cat": "ab"[n % 2]} for n in range(200)
    ]
    found = []
    for what, (name, write, how) in WRITERS.items():
        file = tmp_path / what.replace(" ", "-") / name
        file.parent.mkdir()
        file.write_bytes(write(rows))
        config = PrepareConfig(deidentify=False, label_set=str(labels), drop_near_duplicates=False, min_words=1)
        prepare_table(
            file, tmp_path / "out" / file.parent.name, config, TableColumns("text", category="cat", note_id="id"),
            how=how, n_workers=1,
        )  # fmt: skip
        found.append(open_dataset(tmp_path / "out" / file.parent.name).notes())
    assert found[0].height == 200
    assert all(notes.equals(found[0]) for notes in found)


@pytest.mark.parametrize("name", ["o.csv", "o.tsv", "o.csv.gz", "o.jsonl", "o.jsonl.gz", "o.json", "o.parquet"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    from nosology.sources.tablefile import read_table, write_table

    frame = pl.DataFrame({"id": ["0389", "1"], "text": ['a "b",\r\nc\rd', " x "], "n": [["I21"], []]})
    write_table(frame, tmp_path / name)
    found = read_table(tmp_path / name)
    assert found.select("id", "text").rows() == frame.select("id", "text").rows()
    assert (tmp_path / name).read_bytes().startswith(b"\x1f\x8b") == name.endswith(".gz")


def test_json_values_stay_what_they_are(tmp_path: Path) -> None:
    from nosology.sources.tablefile import read_table, write_table

    rows = [
        {"text": "a", "x": 1, "y": ["1", 2]},
        {"text": "b", "x": "1", "z": {"k": None}},
        {"text": "c", "x": 1.5, "y": True},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    write_table(read_table(tmp_path / "in.jsonl"), tmp_path / "out.jsonl")
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert found == [{"text": None, "x": None, "y": None, "z": None} | row for row in rows]
    assert [type(row["x"]) for row in found] == [int, str, float]


def test_keys_may_come_late_and_half_a_surrogate_is_replaced_and_counted(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": 1}\n{"id": 2, "text": "a\\ud800b \\ud83d\\ude00"}\n', encoding="utf-8")
    table = read_whole(tmp_path / "in.jsonl", "text")
    assert table.texts("text") == ["", "a\ufffdb \U0001f600"]
    assert table.notices == ("in.jsonl: 1 halves of surrogate pairs were replaced by U+FFFD",)


def test_empty_rows_and_columns_at_the_edges_are_none(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text,,\n1,fever,,\n2,,,\n3,cough,,,,\n,,,\n,,,\n", encoding="utf-8")
    table = read_whole(tmp_path / "in.csv", "text")
    assert table.frame.rows() == [("1", "fever"), ("2", ""), ("3", "cough")]
    assert table.frame.columns == ["id", "text"]


def test_a_column_without_a_name_that_holds_something_is_kept(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(",text\n0,fever\n1,cough\n", encoding="utf-8")
    assert read_whole(tmp_path / "in.csv", "TEXT ").frame.to_dict(as_series=False) == {
        "unnamed_1": ["0", "1"], "text": ["fever", "cough"],
    }  # fmt: skip
