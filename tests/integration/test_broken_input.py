"""Every kind of broken input is refused with place and remedy, quarantined, counted, or harmless."""

import json
from pathlib import Path

import pytest

from broken_input import CASES, N_SOUND, Case, sound_mimic3, sound_mimic4, sound_table
from nosology.config import PrepareConfig
from nosology.dataset.folder import open_dataset
from nosology.dataset.summary import DatasetSummary
from nosology.errors import DataError
from nosology.preparation.pipeline import prepare_mimic3, prepare_mimic4, prepare_table
from nosology.sources.table import TableColumns

CONFIG = PrepareConfig(deidentify=False)
COLUMNS = TableColumns(text="body", code="icd", icd_version=9, note_id="id", patient="mrn", split="part")


def prepare(case: Case, folder: Path, out: Path) -> DatasetSummary:
    if case.source == "mimic4":
        return prepare_mimic4(folder, out, CONFIG, n_workers=1)
    if case.source == "mimic3":
        return prepare_mimic3(folder, out, CONFIG, n_workers=1)
    file = next((path for path in folder.iterdir() if path.suffix == ".parquet"), folder / "notes.jsonl")
    return prepare_table(file, out, CONFIG, COLUMNS, n_workers=1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what.replace(" ", "-"))
def test_broken_input(case: Case, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    {"mimic3": sound_mimic3, "mimic4": sound_mimic4, "table": sound_table}[case.source](folder)
    case.damage(folder)
    if case.outcome == "refused":
        with pytest.raises(DataError) as caught:
            prepare(case, folder, out)
        assert case.says in caught.value.message
        assert str(case.place) in caught.value.place
        assert caught.value.place
        assert caught.value.hint
        assert list(tmp_path.iterdir()) == [folder], "nothing half-written may stay"
        return
    summary = prepare(case, folder, out)
    lost = {reason: n for step in summary.funnel for reason, n in step["lost"].items()}
    quarantine = [json.loads(line) for line in (out / "quarantine.jsonl").read_text().splitlines()]
    if case.outcome == "quarantined":
        assert [(item["line"], item["reason"]) for item in quarantine] == [(case.place, case.says)]
        assert summary.n_notes >= N_SOUND - 1
    elif case.outcome == "counted":
        assert not quarantine
        assert [reason for reason in lost if case.says in reason] == list(lost)
        assert summary.n_notes >= N_SOUND - 1
    else:
        assert (summary.n_notes, quarantine, lost) == (N_SOUND, [], {})
    assert open_dataset(out).notes().height == summary.n_notes


def test_there_are_thirty_kinds_and_more() -> None:
    assert len({case.what for case in CASES}) == len(CASES) > 30
