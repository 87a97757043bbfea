"""``nosology synth``: files where they were asked for, and what they hold, said to a person."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from nosology.synthetic.tables import HEADERS

Command = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("layout", ["mimic3", "mimic4"])
def test_every_table_is_written_and_counted(nosology: Command, tmp_path: Path, layout: str) -> None:
    out = tmp_path / "made"
    status, data, talk = nosology(
        "synth", out, "--admissions", 6, "--seed", 3, "--layout", layout, "--other-notes", 0, "--processes", 1
    )
    assert (status, data) == (0, "")
    for table in HEADERS[layout]:  # type: ignore[index]
        content = gzip.decompress((out / f"{table}.csv.gz").read_bytes())
        assert content.count(b"\n") > 1
        assert f"{table}.csv.gz: " in talk
    assert f"written: {out}" in talk
    assert "6 admissions" in talk


def test_the_same_seed_writes_the_same_bytes(nosology: Command, tmp_path: Path) -> None:
    for name in ("one", "other"):
        nosology("synth", tmp_path / name, "--admissions", 5, "--seed", 9, "--other-notes", 1)
    one, other = ({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("one", "other"))
    assert one == other


def test_realistic_identifiers_come_with_their_spans(nosology: Command, tmp_path: Path) -> None:
    nosology("synth", tmp_path / "made", "--admissions", 3, "--phi", "realistic", "--other-notes", 0)
    assert len((tmp_path / "made" / "phi.jsonl").read_text().splitlines()) >= 3


def test_a_folder_with_something_in_it_is_refused(nosology: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    status, _, talk = nosology("synth", tmp_path, "--admissions", 3)
    assert status == 2
    assert talk.splitlines()[-2].startswith("error:") or "error:" in talk
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "words",
    [
        ("--admissions", 0), ("--other-notes", -1), ("--processes", 0), ("--layout", "mimic5"), ("--phi", "real"),
        ("--length", "long"),
    ],
)  # fmt: skip
def test_an_impossible_option_is_refused_before_anything_is_written(
    nosology: Command, tmp_path: Path, words: tuple[str, object]
) -> None:
    status, _, talk = nosology("synth", tmp_path / "made", *words)
    assert status == 2
    assert words[0] in talk
    assert not (tmp_path / "made").exists()
