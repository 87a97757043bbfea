"""No word of a file that fails: not of its cells, its header or its name, in what the commands say, print or log.

The name of the file is said where the user gave it, as the place of the error, and nowhere else.
"""

# ruff: noqa: E501 - the cases are a table, one row each

import gzip
import io
import json
import logging
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

from nosology.cli import main

CANARY = "Zebrafink"
NOTE = f"{CANARY} Quill was admitted with fever, and left against advice."
LABELS = "category\nalpha\nbeta\n"


def parquet(**columns: list[object]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(columns, strict=False).write_parquet(out)
    return out.getvalue()


def zipped(name: str, content: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


BROKEN: dict[str, tuple[str, bytes]] = {
    "no header": ("n.csv", f'1,"{NOTE}",I214\n2,"{NOTE}",I10\n'.encode()),
    "no header, no quotes": ("n.csv", f"{CANARY} Quill\tseen\n{CANARY} Quill\tagain\n".encode()),
    "no header, lines end in returns": ("n.csv", f'"{NOTE}",a\r"{NOTE}",b\r'.encode()),
    "no header, mixed line ends": ("n.csv", f'1,"{NOTE}",a\r2,"{NOTE}",b\n3,"{NOTE}",c\n'.encode()),
    "no header, names twice": ("n.csv", f"{CANARY},{CANARY}\n".encode()),
    "no header, semicolons": ("n.csv", f"1;{NOTE};a\n2;{NOTE};b\n".encode()),
    "no header, UTF-16": ("n.csv", f"1\t{NOTE}\ta\n".encode("utf-16")),
    "no header, cp1252": ("n.csv", f'1,"{NOTE} caf\xe9",a\n'.encode("cp1252")),
    "a header of numbers": ("n.csv", f"4711,{CANARY}4712,cat\n1,{NOTE},a\n".encode()),
    "quotes beyond repair": ("n.csv", f'id,text,cat\n1,"{NOTE}" {CANARY}" x,a\n'.encode()),
    "never closed": ("n.csv", f'id,text,cat\n1,"{NOTE},a\n'.encode()),
    "cut gzip": ("n.csv.gz", b"\x1f\x8b\x08\x00" + NOTE.encode()),
    "too many fields": ("n.csv", f"id,text,cat\n1,{NOTE},a,b,c\n".encode()),
    "not UTF-8": ("n.csv", f"id,text,cat\n1,{CANARY} \xe9,a\n".encode("latin-1")),
    "NUL bytes": ("n.csv", f"id,text,cat\n1,{CANARY} \0,a\n".encode()),
    "unknown categories": ("n.csv", f'id,text,cat\n1,"{NOTE}","{NOTE}"\n2,a,{CANARY}.\n'.encode()),
    "broken JSON": ("n.jsonl", f'{{"id": 1, "text": "{NOTE}", "cat": "a"}}\n{{"text": "{NOTE}\n'.encode()),
    "other keys": ("n.jsonl", json.dumps({NOTE: 1, f"{CANARY}1": 2}).encode()),
    "a text": ("n.jsonl", json.dumps(NOTE).encode()),
    "a cut array": ("n.json", f'[{{"text": "{NOTE}", "cat": "a"}}, {{"text": "{CANARY}'.encode()),
    "lists of text": ("n.jsonl", json.dumps({"text": [NOTE], "cat": "a"}).encode()),
    "too deep": ("n.jsonl", f'{{"text": "{NOTE}", "x": {"[" * 700}{"]" * 700}}}'.encode()),
    "broken Parquet": ("n.parquet", parquet(text=[NOTE], cat=["a"])[:-30]),
    "Parquet with notes as names": ("n.parquet", parquet(**{NOTE: ["a"], f"{CANARY} 2": ["b"]})),
    "text under the name of Parquet": ("n.parquet", NOTE.encode()),
    "text under the name of Excel": ("n.xlsx", NOTE.encode()),
    "an unknown format": ("n.doc", NOTE.encode()),
    "no header, bars": ("n.csv", f"1|{NOTE}|a\n2|{NOTE}|b\n".encode()),
    "no header, a mark first": ("n.csv", f'\ufeff1,"{NOTE}",a\n2,"{NOTE}",b\n'.encode()),
    "no header, UTF-16 without a mark": ("n.csv", f"1,{NOTE},a\n".encode("utf-16-le")),
    "no header, one column": ("n.csv", f'"{NOTE}"\n"{NOTE}"\n'.encode()),
    "no header, a separator line": ("n.csv", f'sep=;\n1;"{NOTE}";a\n'.encode()),
    "no header, gzipped": ("n.csv.gz", gzip.compress(f'1,"{NOTE}",a\n'.encode())),
    "no header, tabs": ("n.tsv", f"1\t{NOTE}\ta\n2\t{NOTE}\tb\n".encode()),
    "a header of questions": ("n.csv", f"Was {CANARY} ill?,Why did {CANARY} leave?\nyes,no\n".encode()),
    "a header in brackets": ("n.csv", f"[{CANARY}],({CANARY} Quill)\na,b\n".encode()),
    "a header of one word": ("n.csv", f"{CANARY}8812\n{NOTE}\n".encode()),
    "a header with line ends": ("n.csv", f'"{CANARY}\nQuill","{NOTE}"\n1,2\n'.encode()),
    "a header of ten thousand characters": ("n.csv", (f"{CANARY} " * 1_500 + ",b\n1,2\n").encode()),
    "nothing but a header": ("n.csv", f"id,{CANARY}9917,cat\n".encode()),
    "quotes after text": ("n.csv", f'id,text,cat\n1,{CANARY} "Quill" x" y,a\n2,"{NOTE}"" z,a\n'.encode()),
    "too few fields": ("n.csv", f"id,text,cat\n{NOTE.replace(',', ';')}\n".encode()),
    "every row too long": ("n.csv", ("id,text,cat\n" + f"1,{CANARY},Quill,b,c,d\n" * 20).encode()),
    "half of it in another encoding": ("n.csv", b"id,text,cat\n" + f"1,{CANARY} \xe4\xf6,a\n".encode("cp1252") * 9),
    "random bytes": ("n.csv", b"id,text,cat\n" + CANARY.encode() + bytes(range(128, 255))),
    "a gzip file with rubbish behind it": ("n.csv.gz", gzip.compress(f"id,{CANARY}1\n1,a\n".encode())[:-9] + NOTE.encode()),
    "a zip archive": ("n.csv", b"PK\x03\x04" + NOTE.encode()),
    "bzip2": ("n.csv", b"BZh9" + NOTE.encode()),
    "JSON that is no object": ("n.jsonl", f"[{json.dumps(NOTE)}]\n".encode()),
    "JSON without the column": ("n.jsonl", (json.dumps({f"{CANARY} said": NOTE}) + "\n").encode() * 3),
    "JSON keys that are notes": ("n.json", json.dumps([{NOTE: 1}, {NOTE + "2": 2}]).encode()),
    "JSON in single quotes": ("n.jsonl", f"{{'text': '{NOTE}', 'cat': 'a'}}\n".encode()),
    "JSON with a broken escape": ("n.jsonl", f'{{"text": "{NOTE} \\x", "cat": "a"}}\n'.encode()),
    "a JSON number too large": ("n.jsonl", f'{{"text": {"9" * 5_000}, "{CANARY}": 1}}\n'.encode()),
    "a Parquet header alone": ("n.parquet", b"PAR1" + NOTE.encode() + b"PAR1"),
    "Parquet of lists of text": ("n.parquet", parquet(text=[[NOTE]], cat=["a"])),
    "Parquet with other names": ("n.parquet", parquet(**{f"{CANARY}5": [NOTE]})),
    "a zip under the name of Excel": ("n.xlsx", zipped(f"{CANARY}.xml", NOTE)),
    "an old Excel file": ("n.xls", b"\xd0\xcf\x11\xe0" + NOTE.encode()),
    "no format at all": ("n", NOTE.encode()),
}  # fmt: skip
COMMANDS = {
    "prepare": [
        "prepare",
        "table",
        "{file}",
        "--out",
        "{out}",
        "--text",
        "text",
        "--category",
        "cat",
        "--labels",
        "{labels}",
    ],
    "deid": ["deid", "{file}", "--text", "text", "--out", "{out}.csv"],
    "classify": ["classify", "{run}", "{file}", "--out", "{out}.csv"],
    "suggest": ["suggest", "{run}", "{file}", "--out", "{out}.jsonl"],
    "feedback export": ["feedback", "export", "{run}", "--notes", "{file}", "--out", "{out}"],
}
OF_WORDS = {
    "course": ["course", "--out", "{out}", "--file", "{file}"],
    "labels check": ["labels", "check", "{file}"],
    "labels search": ["labels", "search", "gout", "--terms", "{file}"],
}
OF_FOLDERS = {
    "calibrate": ["calibrate", "{dataset}", "--dataset", "{dataset}"],
    "export": ["export", "{dataset}", "--to", "adapter", "--out", "{out}"],
    "export a bundle": ["export", "{dataset}", "--to", "bundle", "--out", "{out}"],
}
"""Commands that read whole folders: every file of a dataset and of a run is put there as the broken input."""
FOLDER_FILES = ("notes.parquet", "manifest.json", "hashes.json", "config.yaml", "labels.tsv", "train_notes.json")


NO_TABLES = [
    "no header, tabs",
    "a header of one word",
    "nothing but a header",
    "cut gzip",
    "random bytes",
    "no format at all",
]
CASES = [(what, command) for what in BROKEN for command in COMMANDS]
CASES += [(what, command) for what in NO_TABLES for command in OF_WORDS]


def test_there_are_sixty_inputs() -> None:
    assert len(BROKEN) == 60


@pytest.mark.parametrize(("what", "command"), CASES)
def test_a_failing_file_is_never_quoted(
    tmp_path: Path,
    what: str,
    command: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, content = BROKEN[what]
    if what in ("unknown categories",) and command != "prepare":
        pytest.skip("only a preparation reads categories")
    file = tmp_path / f"{CANARY}-{name}"
    file.write_bytes(content)
    (tmp_path / "labels.tsv").write_text(LABELS, encoding="utf-8")
    places = {"file": file, "out": tmp_path / "out", "labels": tmp_path / "labels.tsv", "run": tmp_path / "no-run"}
    monkeypatch.setattr(sys, "argv", ["nosology", *(word.format(**places) for word in (COMMANDS | OF_WORDS)[command])])
    with caplog.at_level(logging.DEBUG), pytest.raises(SystemExit) as stop:
        main()
    shown = capsys.readouterr()
    assert stop.value.code == 2, shown.err
    said = (shown.out + shown.err + caplog.text).replace(str(file), "").replace(f"{file.name}", "")
    assert CANARY not in said
    assert "Quill" not in said
    assert "against advice" not in said
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("what", [*BROKEN][::6])  # each costs a fifth of a second, and most end at the first file
@pytest.mark.parametrize("command", OF_FOLDERS)
def test_a_folder_of_failing_files_is_never_quoted(
    tmp_path: Path,
    what: str,
    command: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in FOLDER_FILES:
        (folder / name).write_bytes(BROKEN[what][1])
    places = {"dataset": folder, "out": tmp_path / "out"}
    monkeypatch.setattr(sys, "argv", ["nosology", *(word.format(**places) for word in OF_FOLDERS[command])])
    with caplog.at_level(logging.DEBUG), pytest.raises(SystemExit) as stop:
        main()
    shown = capsys.readouterr()
    assert stop.value.code == 2, shown.err
    said = shown.out + shown.err + caplog.text
    assert not any(word in said for word in (CANARY, "Quill", "against advice"))
    assert not (tmp_path / "out").exists()


def test_a_file_without_a_header_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "n.csv").write_bytes(BROKEN["no header"][1])
    monkeypatch.setattr(sys, "argv", ["nosology", "deid", str(tmp_path / "n.csv"), "--text", "text", "--out", "o.csv"])
    with pytest.raises(SystemExit):
        main()
    assert "there seems to be no header line" in capsys.readouterr().err
