"""What a worker makes of one partition: rows with fingerprints, and bands that stand for buckets."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nosology.coding.labels import LabelSet
from nosology.config import PrepareConfig
from nosology.errors import DataError
from nosology.preparation.pipeline import STEPS, STEPS_WITH_ADDENDA
from nosology.scale import selecting
from nosology.scale.partitions import WORK, find_partitions, what_is_done
from nosology.scale.reading import BANDS, STAGE, PrepareJob, band_keys, draws_surrogates, read_partition
from nosology.scale.selecting import PROPOSED, propose
from nosology.scale.storage import Storage
from nosology.sources.table import TableColumns
from nosology.text.fingerprint import BAND_ROWS, N_BANDS, N_HASHES
from scale_world import CANARY, COLUMNS, notes, write_partitions

pytest.importorskip("pyarrow", reason="the extra `scale` is not installed")

KEEPS_ALL = PrepareConfig(min_words=0, deidentify=False, drop_near_duplicates=False, max_failed_share=0.1)


def job(
    folder: Path, table: pl.DataFrame, config: PrepareConfig, n: int = 2, columns: TableColumns = COLUMNS
) -> PrepareJob:
    """Return a job on a table in partitions, the last of them empty."""
    source = write_partitions(table, folder / "notes", n)
    labels = LabelSet.load(config.label_set)
    return PrepareJob(Storage(str(folder / "out")), find_partitions(str(source)), columns, config, labels)


def rows_of(made: PrepareJob, number: int) -> pl.DataFrame:
    return made.out.frame(f"{WORK}/{STAGE}/{number:05d}.parquet")


# ---- bands

few_values = arrays.arrays(np.uint32, st.tuples(st.integers(0, 5), st.just(N_HASHES)), elements=st.integers(0, 1))


@given(few_values)
def test_two_notes_share_a_bands_number_exactly_where_they_agree_in_all_its_places(
    signatures: npt.NDArray[np.uint32],
) -> None:
    keys = band_keys(signatures)
    assert keys.shape == (len(signatures), N_BANDS)
    for band in range(N_BANDS):
        places = signatures[:, band * BAND_ROWS : (band + 1) * BAND_ROWS]
        for one in range(len(signatures)):
            for other in range(one):
                is_alike = bool((places[one] == places[other]).all())
                assert (keys[one, band] == keys[other, band]) == is_alike


def test_places_that_are_exchanged_make_another_number() -> None:
    one, other = np.zeros((2, N_HASHES), np.uint32)
    one[:2], other[:2] = (1, 2), (2, 1)
    assert band_keys(one[None])[0, 0] != band_keys(other[None])[0, 0]


# ---- a partition


def test_a_partition_keeps_its_rows_in_their_order_and_says_what_was_lost(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "id": ["c", "a", "b"],
            "patient": ["p1", "p2", "p2"],
            "icd": ["41071", "", "486"],
            "body": ["chest pain", "no code here", "cough and fever"],
        }
    )
    made = job(tmp_path, table, KEEPS_ALL, 1)
    read_partition(made, 0)
    rows = rows_of(made, 0)
    assert rows.select("row", "note_id", "patient_id", "clean_text").rows() == [
        (0, "c", "p1", "chest pain"),
        (1, "b", "p2", "cough and fever"),
    ]
    about = what_is_done(made.out, STAGE, 0)
    assert about["rows_in"] == 3
    assert [reason for step in about["steps"] for reason, n in step["lost"].items() if n] == ["primary: blank code"]
    assert about["rejected"] == []


def test_a_partition_without_rows_is_done_like_any_other(tmp_path: Path) -> None:
    made = job(tmp_path, notes(4), PrepareConfig(), 1)
    read_partition(made, 0)
    read_partition(made, 1)
    whole, none = rows_of(made, 0), rows_of(made, 1)
    assert none.height == 0
    assert none.schema == whole.schema
    assert what_is_done(made.out, STAGE, 1)["rows_in"] == 0


@pytest.mark.parametrize("drops", [True, False])
def test_bands_are_written_only_where_near_duplicates_are_looked_for(drops: bool, tmp_path: Path) -> None:
    made = job(tmp_path, notes(4), KEEPS_ALL.model_copy(update={"drop_near_duplicates": drops}), 1)
    read_partition(made, 0)
    assert set(BANDS) & set(rows_of(made, 0).columns) == (set(BANDS) if drops else set())


@pytest.mark.parametrize(("addenda", "steps"), [("keep", STEPS), ("merge", STEPS_WITH_ADDENDA)])
def test_the_funnel_has_the_steps_of_the_preparation(addenda: str, steps: tuple[str, ...], tmp_path: Path) -> None:
    made = job(tmp_path, notes(2), PrepareConfig.model_validate({"addenda": addenda}), 1)
    assert [step["step"] for step in made.new_funnel().steps()][1:] == list(steps)


def test_a_partition_that_lacks_a_column_is_refused_by_its_file(tmp_path: Path) -> None:
    made = job(tmp_path, notes(4).drop("icd"), KEEPS_ALL, 1)
    with pytest.raises(DataError, match="icd") as refused:
        read_partition(made, 0)
    assert "part-00000.parquet" in refused.value.place
    assert CANARY not in str(refused.value)


def test_a_partition_that_is_damaged_is_refused_by_its_file_and_is_not_done(tmp_path: Path) -> None:
    made = job(tmp_path, notes(4), KEEPS_ALL, 1)
    file = made.partitions[0].path
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DataError) as refused:
        read_partition(made, 0)
    assert "part-00000.parquet" in refused.value.place
    assert not made.out.exists(f"{WORK}/{STAGE}/00000.json")


@pytest.mark.parametrize(
    ("settings", "draws"),
    [
        ({"deidentify_style": "surrogate"}, True),
        ({"deidentify_style": "token"}, False),
        ({"deidentify_style": "surrogate", "deidentify": False}, False),
    ],
)
def test_a_secret_matters_only_where_surrogates_are_drawn(settings: dict[str, object], draws: bool) -> None:
    assert draws_surrogates(PrepareConfig.model_validate(settings)) is draws


# ---- which notes share a bucket


def test_notes_that_share_a_bucket_are_proposed_from_whatever_partition_they_are(tmp_path: Path) -> None:
    text = "admitted with stable chest pain and dyspnea on exertion after a fall while walking to the clinic"
    texts = [text, text.replace("clinic", "ward"), " ".join(reversed(text.split())), "short", "short"]
    table = pl.DataFrame(
        {"id": list("abcde"), "patient": list("abcde"), "icd": ["486"] * 5, "body": [texts[i] for i in (0, 2, 3, 1, 4)]}
    )
    made = job(tmp_path, table, KEEPS_ALL.model_copy(update={"drop_near_duplicates": True}), 2)
    found = set()
    for number in range(len(made.partitions)):
        read_partition(made, number)
    for group in range(len(BANDS) // selecting._BANDS_AT_ONCE):
        propose(made, group)
        found |= set(made.out.frame(f"{WORK}/{PROPOSED}/{group:05d}.parquet").rows())
    by_place = {(number, row): text for number, row, text in places(made)}
    assert {by_place[place] for place in found} == {texts[0], texts[1], "short"}


def places(made: PrepareJob) -> list[tuple[int, int, str]]:
    """Return partition, row and text of every note that was read."""
    return [
        (number, row, text)
        for number in range(len(made.partitions))
        for row, text in rows_of(made, number).select("row", "clean_text").iter_rows()
    ]
