"""Canaries: unique names, record numbers and dates planted in notes are nowhere in what `nosology prepare` leaves."""

import os
import subprocess
import sys
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import polars as pl
import pytest

from handmade_mimic import NOTE_COLUMNS, Row, as_csv, prose, save, write_mimic3

_STARTS = "Bra Cho Dre Fla Gri Hol Jar Kel Lom Mur Nev Orv Pra Quil Ros Sked Tam Urb Vel Wex Yor Zan".split()  # noqa: SIM905
_MIDDLES = "a ba co de fi go lu mi no pe ra so ti u va we xi ya zo ke ga bi".split()  # noqa: SIM905
_ENDS = "brand czyk dahl dottir ford hurst kowski lund mann nez ova poulos quist rian sen ström tano vic wold zada zin ulu".split()  # noqa: E501, SIM905
_FORMATS = ("%m/%d/%Y", "%B %d, %Y", "%Y-%m-%d", "%d %b %Y", "%m-%d-%y", "%m.%d.%Y")
_CARRIERS = (
    "Name: {name}   Unit No: {number}\nAdmission Date: {date}\n{prose}",
    "{prose}\nMr. {name} was seen on {date} and did well.\nMRN: {number}",
    "{prose}\nDr. {name} was paged on {date}; medical record number {number} was confirmed.",
    "His wife, {name}, called on {date}. Account number {number} was billed.\n{prose}",
    "{prose}\n\n{name}, M.D.\nDictated on {date}. Job number {number}.",
)


def canary(i: int) -> tuple[str, str, str]:
    """Return a name, a record number and a date that no other note has."""
    name = "".join(names[i % len(names)])
    day = date(1950, 1, 1) + timedelta(days=i)
    return name, f"{73_000_000 + 37 * i}", day.strftime(_FORMATS[i % len(_FORMATS)])


names = [*product(_STARTS, _MIDDLES, _ENDS)]


def planted(n: int) -> tuple[list[Row], list[tuple[object, object, object, str]], list[str]]:
    """Return ``n`` notes with a canary of each kind, their codes, and the canaries."""
    rows, codes, canaries = [], [], []
    for i in range(n):
        name, number, day = canary(i)
        text = _CARRIERS[i % len(_CARRIERS)].format(name=name, number=number, date=day, prose=prose(i))
        rows.append(Row(i + 1, 1_000 + i, 200_000 + i, text))
        codes.append((1_000 + i, 200_000 + i, 1, ("41071", "486")[i % 2]))
        canaries += [name, number, day]
    return rows, codes, canaries


def prepare(folder: Path, out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nosology", "prepare", "mimic3", str(folder), "--out", str(out), *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"NOSOLOGY_DEBUG": "1"}
    )


def everything_written(folder: Path) -> str:
    """Return all that a dataset folder holds as one text."""
    texts = [path.read_text(encoding="utf-8") for path in folder.iterdir() if path.suffix != ".parquet"]
    notes = pl.read_parquet(folder / "notes.parquet")
    return "\n".join([*texts, *(str(value) for column in notes for value in column.to_list())])


def check_no_canary_is_left(n: int, tmp_path: Path) -> None:
    rows, codes, canaries = planted(n)
    assert len(set(canaries)) == len(canaries)
    write_mimic3(tmp_path / "in", rows, codes)
    done = prepare(tmp_path / "in", tmp_path / "out", "--csv")
    assert done.returncode == 0, done.stderr
    written = everything_written(tmp_path / "out")
    assert written.count("Discharge") == 0  # the note's own text, not the file's other columns
    assert pl.read_parquet(tmp_path / "out" / "notes.parquet").height == n
    left = [canary for canary in canaries if canary in written or canary in done.stdout or canary in done.stderr]
    assert not left, f"{len(left)} of {len(canaries)} are left, such as {left[:9]}"


def test_no_canary_is_left_in_dataset_funnel_or_output(tmp_path: Path) -> None:
    check_no_canary_is_left(300, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_canary_of_ten_thousand_notes_is_left(tmp_path: Path) -> None:
    check_no_canary_is_left(10_000, tmp_path)


def test_broken_rows_and_errors_tell_no_canary(tmp_path: Path) -> None:
    rows, codes, canaries = planted(60)
    sound = as_csv(NOTE_COLUMNS, [row.cells() for row in rows])
    line = rows[7].text.replace("\n", " ")
    broken = f'900,1001,200001,2151-08-04,,,"Discharge summary","Report",,,"{line} 6" tall\nstill "going\n'
    header, _, content = sound.partition("\n")
    write_mimic3(tmp_path / "in", rows, codes)
    save(tmp_path / "in" / "NOTEEVENTS.csv.gz", f"{header}\n{broken}{content}")
    refused = prepare(tmp_path / "in", tmp_path / "refused", "--set", "prepare.max_failed_share=0.001")
    assert refused.returncode == 2, refused.stderr
    done = prepare(tmp_path / "in", tmp_path / "out", "--set", "prepare.max_failed_share=0.5")
    assert done.returncode == 0, done.stderr
    quarantine = (tmp_path / "out" / "quarantine.jsonl").read_text(encoding="utf-8")
    assert quarantine.count("\n") >= 1
    told = [refused.stdout, refused.stderr, done.stdout, done.stderr, everything_written(tmp_path / "out")]
    assert [canary for canary in canaries if any(canary in text for text in told)] == []
