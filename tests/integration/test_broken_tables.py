"""Tables as people have them: read, read with a warning, or refused with place and remedy."""

from pathlib import Path

import pytest

from broken_tables import N_NOTES, TABLES, Table
from nosology.config import PrepareConfig
from nosology.dataset.folder import open_dataset
from nosology.errors import DataError
from nosology.preparation.pipeline import prepare_table
from nosology.sources.table import TableColumns

CONFIG = PrepareConfig(deidentify=False)


@pytest.mark.parametrize("case", TABLES, ids=lambda case: case.what.replace(" ", "-"))
def test_a_table_as_people_have_them(case: Table, tmp_path: Path) -> None:
    file = tmp_path / case.name
    file.write_bytes(case.content())
    label = {"category": "cat"} if case.version is None else {"code": "icd", "icd_version": case.version}
    columns = TableColumns(text="text", note_id="id", patient="mrn", **label)
    if case.outcome == "refused":
        with pytest.raises(DataError) as caught:
            prepare_table(file, tmp_path / "out", CONFIG, columns, n_workers=1)
        assert case.says in f"{caught.value.message} {caught.value.hint}"
        assert caught.value.place
        assert not (tmp_path / "out").exists()
        return
    summary = prepare_table(file, tmp_path / "out", CONFIG, columns, n_workers=1)
    if case.outcome == "warned":
        assert any(case.says in warning for warning in summary.warnings), summary.warnings
        return
    assert summary.n_notes == N_NOTES
    found = open_dataset(tmp_path / "out").notes()["category"].value_counts()
    assert sorted(found.rows()) == [("Cardiovascular", N_NOTES // 2), ("Respiratory", N_NOTES // 2)]


def test_there_are_five_of_each_kind_and_more() -> None:
    kinds = [case.kind for case in TABLES]
    assert all(kinds.count(kind) >= 5 for kind in kinds)
    assert len({case.what for case in TABLES}) == len(TABLES)
