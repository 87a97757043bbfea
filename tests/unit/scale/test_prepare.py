"""A dataset from partitions holds what one machine makes of the same rows, however they are cut."""

import json
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from nosology.config import PrepareConfig
from nosology.dataset.folder import open_dataset
from nosology.deidentification.surrogates import SECRET_VARIABLE
from nosology.errors import ConfigError, DataError, LabelError, RunError
from nosology.files import read_json, sha256_file
from nosology.preparation.pipeline import prepare_table
from nosology.records import no_progress
from nosology.scale import prepare
from nosology.scale.cluster import InProcess
from nosology.scale.prepare import prepare_partitions
from nosology.scale.storage import Storage
from nosology.sources.invented import write_mark
from nosology.sources.table import EACH_NOTE_A_PATIENT, TableColumns
from scale_world import CANARY, COLUMNS, Stopping, notes, write_partitions

pytest.importorskip("pyarrow", reason="the extra `scale` is not installed")

CONFIGS: dict[str, dict[str, Any]] = {
    "as usual": {"min_words": 18, "deidentify": False, "drop_near_duplicates": True},
    "lengths after ids": {"min_words": 20, "addenda": "merge", "deidentify": False, "drop_near_duplicates": True},
    "normalized": {"preset": "paper", "deidentify": True, "min_words": 20, "max_words": 50},
    "copies stay": {
        "min_words": 18,
        "drop_near_duplicates": False,
        "drop_duplicates": False,
        "deidentify": False,
    },
}


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return notes(450)


def prepared(where: object, out: object, config: PrepareConfig, engine: Any = None) -> Any:
    return prepare_partitions(str(where), str(out), config, COLUMNS, engine=engine or InProcess(), progress=no_progress)


@pytest.mark.parametrize("name", CONFIGS)
def test_partitions_give_the_rows_and_the_funnel_of_one_file(name: str, table: pl.DataFrame, tmp_path: Path) -> None:
    config = PrepareConfig.model_validate(CONFIGS[name] | {"max_failed_share": 0.1})
    table.write_parquet(tmp_path / "whole.parquet")
    one = prepare_table(tmp_path / "whole.parquet", tmp_path / "one", config, COLUMNS, n_workers=1)
    many = prepared(write_partitions(table, tmp_path / "notes", 4), tmp_path / "many", config)
    expected = open_dataset(tmp_path / "one")
    found = open_dataset(tmp_path / "many")
    assert found.notes().sort("note_id").equals(expected.notes().sort("note_id"))
    assert found.funnel() == expected.funnel()
    assert (many.notes, many.patients, many.categories) == (one.notes, one.patients, one.categories)
    assert many.warnings == one.warnings
    lost = {reason for step in found.funnel() for reason in step["lost"]}
    if config.drop_near_duplicates:
        assert "nearly the same text as a note with a smaller id" in lost


def test_notes_may_come_from_and_go_to_any_address(table: pl.DataFrame, tmp_path: Path) -> None:
    config = PrepareConfig(min_words=18, max_failed_share=0.1)
    name = f"memory://{uuid.uuid4().hex}"
    source = write_partitions(table[:200], tmp_path / "notes", 2)
    for file in source.glob("*.parquet"):
        Storage(name).write(f"in/{file.name}", file.read_bytes())
    found = prepared(f"{name}/in/*.parquet", f"{name}/out", config)
    expected = prepared(source, tmp_path / "out", config)
    assert (found.notes, found.funnel) == (expected.notes, expected.funnel)
    assert (found.folder, expected.folder) == (f"{name}/out", tmp_path / "out")
    assert json.loads(Storage(f"{name}/out").read("manifest.json"))["kind"] == "dataset"


def test_a_stopped_job_goes_on_without_repeating_a_finished_partition(table: pl.DataFrame, tmp_path: Path) -> None:
    config = PrepareConfig(min_words=18, max_failed_share=0.1)
    source = write_partitions(table[:300], tmp_path / "notes", 4)
    expected = prepared(source, tmp_path / "whole", config)
    engines = [Stopping(3), Stopping(7), Stopping(3), Stopping(1000)]
    for engine in engines[:-1]:
        with pytest.raises(KeyboardInterrupt):
            prepared(source, tmp_path / "out", config, engine)
        with pytest.raises(RunError, match="unfinished"):
            open_dataset(tmp_path / "out")
    assert prepared(source, tmp_path / "out", config, engines[-1]).notes == expected.notes
    assert open_dataset(tmp_path / "out").sha256 == open_dataset(tmp_path / "whole").sha256
    done = [item for engine in engines for item in engine.done]
    assert len(done) == len(set(done)) == 5 + 8 + 5, "five files read, eight groups of bands, five files written"


def test_another_job_does_not_go_on_in_the_folder_of_a_stopped_one(table: pl.DataFrame, tmp_path: Path) -> None:
    source = write_partitions(table[:100], tmp_path / "notes", 2)
    with pytest.raises(KeyboardInterrupt):
        prepared(source, tmp_path / "out", PrepareConfig(max_failed_share=0.1), Stopping(1))
    with pytest.raises(RunError, match="unfinished work of another job"):
        prepared(source, tmp_path / "out", PrepareConfig(max_failed_share=0.1, seed=7))


def test_nothing_but_the_dataset_stays_and_it_is_its_owners_alone(table: pl.DataFrame, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepared(write_partitions(table[:100], tmp_path / "notes", 2), out, PrepareConfig(max_failed_share=0.1))
    files = {str(path.relative_to(out)): stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*") if path.is_file()}
    parts = [f"notes.parquet/part-{number:05d}.parquet" for number in range(3)]
    assert set(files) == {"manifest.json", "funnel.json", "labels.tsv", "quarantine.jsonl", *parts}
    assert set(files.values()) == {0o600}
    assert CANARY not in str(open_dataset(out).notes().rows())


def test_damage_is_judged_over_all_partitions(table: pl.DataFrame, tmp_path: Path) -> None:
    damaged = table[:100].with_columns(body=pl.when(pl.int_range(100) < 8).then(None).otherwise("body"))
    source = write_partitions(damaged, tmp_path / "notes", 10)
    prepared(source, tmp_path / "out", PrepareConfig(max_failed_share=0.08))
    with pytest.raises(DataError, match="8 of 100 rows could not be read"):
        prepared(source, tmp_path / "other", PrepareConfig(max_failed_share=0.07))


def test_codes_that_were_numbers_are_told_over_all_partitions(table: pl.DataFrame, tmp_path: Path) -> None:
    floats = table[:40].with_columns(
        icd=pl.when(pl.int_range(40) < 20).then(pl.lit("250.0")).otherwise(pl.lit("427.0"))
    )
    with pytest.raises(DataError, match="holds numbers, not codes"):
        prepared(write_partitions(floats, tmp_path / "notes", 2), tmp_path / "out", PrepareConfig(max_failed_share=0.1))


def test_partitions_without_ids_or_rows_are_refused(table: pl.DataFrame, tmp_path: Path) -> None:
    source = write_partitions(table.clear(), tmp_path / "notes", 2)
    with pytest.raises(DataError, match="the table has no rows"):
        prepared(source, tmp_path / "out", PrepareConfig())
    columns = TableColumns("body", code="icd", icd_version=9)
    with pytest.raises(DataError, match="need note ids"):
        prepare_partitions(
            str(source), str(tmp_path / "b"), PrepareConfig(), columns, engine=InProcess(), progress=no_progress
        )


class Elsewhere:
    """An engine whose workers have an environment of their own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, secret: str | None) -> None:
        self._monkeypatch, self._secret = monkeypatch, secret

    def each(self, make: Any, numbers: Any, needs: Any) -> Any:
        with self._monkeypatch.context() as environment:
            environment.delenv(SECRET_VARIABLE)
            if self._secret:
                environment.setenv(SECRET_VARIABLE, self._secret)
            yield from InProcess().each(make, numbers, needs)


def test_a_worker_with_another_secret_draws_no_surrogates(
    table: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "of the job")
    source = write_partitions(table[:40], tmp_path / "notes", 1)
    config = PrepareConfig(max_failed_share=0.1, deidentify_style="surrogate")
    for secret in (None, "another"):
        with pytest.raises(ConfigError, match="another secret") as refused:
            prepared(source, tmp_path / "out", config, Elsewhere(monkeypatch, secret))
        assert refused.value.place == SECRET_VARIABLE
    assert "of the job" not in (tmp_path / "out" / "_work" / "job.json").read_text()
    prepared(source, tmp_path / "out", config, Elsewhere(monkeypatch, "of the job"))
    tokens = PrepareConfig(max_failed_share=0.1)
    assert prepared(source, tmp_path / "tokens", tokens, Elsewhere(monkeypatch, None)).n_notes


def test_a_job_does_not_go_on_with_another_secret(
    table: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_partitions(table[:40], tmp_path / "notes", 1)
    config = PrepareConfig(max_failed_share=0.1, deidentify_style="surrogate")
    monkeypatch.setenv(SECRET_VARIABLE, "one")
    with pytest.raises(KeyboardInterrupt):
        prepared(source, tmp_path / "out", config, Stopping(1))
    monkeypatch.setenv(SECRET_VARIABLE, "another")
    with pytest.raises(RunError, match="unfinished work of another job"):
        prepared(source, tmp_path / "out", config)


# ---- what is written down


def small_table() -> pl.DataFrame:
    """Return six short notes of three patients."""
    rows = [
        (f"n{i}", f"p{i % 3}", ("486", "41071")[i % 2], f"note number {i} tells of a {i * 7} day cough")
        for i in range(6)
    ]
    return pl.DataFrame(rows, schema=["id", "patient", "icd", "body"], orient="row")


SMALL = PrepareConfig(min_words=0, deidentify=False, drop_near_duplicates=False)


def test_the_manifest_holds_the_hash_and_the_size_of_every_file_and_no_path(tmp_path: Path) -> None:
    source = write_partitions(small_table(), tmp_path / "notes", 2)
    prepared(source, tmp_path / "out", SMALL)
    manifest = read_json(tmp_path / "out" / "manifest.json")
    files = {str(path.relative_to(tmp_path / "out")): path for path in (tmp_path / "out").rglob("*") if path.is_file()}
    found = {name: {"sha256": sha256_file(path), "bytes": path.stat().st_size} for name, path in files.items()}
    assert manifest["files"] == {name: about for name, about in found.items() if name != "manifest.json"}
    assert manifest["source"] == {"kind": "table", "files": [f"part-0000{number}.parquet" for number in range(3)]}
    assert str(tmp_path) not in json.dumps(manifest)


def test_one_invented_partition_makes_the_whole_dataset_one_of_invented_notes(tmp_path: Path) -> None:
    source = write_partitions(small_table(), tmp_path / "notes" / "real", 1)
    invented = write_partitions(small_table().with_columns(pl.col("id") + "x"), tmp_path / "notes" / "made-up", 1)
    prepared(source, tmp_path / "real", SMALL)
    write_mark(invented)
    prepared(tmp_path / "notes", tmp_path / "both", SMALL)
    told = [read_json(tmp_path / name / "manifest.json")["source"].get("is_invented") for name in ("real", "both")]
    assert told == [None, True]


def test_a_note_lies_in_the_part_of_its_partition_in_the_order_of_ids(tmp_path: Path) -> None:
    source = write_partitions(small_table().reverse(), tmp_path / "notes", 2)
    prepared(source, tmp_path / "out", SMALL)
    parts = [pl.read_parquet(path) for path in sorted((tmp_path / "out" / "notes.parquet").iterdir())]
    assert [part["note_id"].to_list() for part in parts] == [["n3", "n4", "n5"], ["n0", "n1", "n2"], []]
    of_patient = pl.concat(parts).group_by("patient_id").agg(pl.col("split").n_unique())
    assert of_patient["split"].to_list() == [1, 1, 1], "over partitions too"


def test_an_id_that_two_partitions_give_to_different_notes_tells_neither_and_a_row_twice_is_one(tmp_path: Path) -> None:
    row, other = small_table()[1:2], small_table()[:1].with_columns(body=pl.lit("another text of the first note"))
    source = write_partitions(pl.concat([small_table(), row, other]), tmp_path / "notes", 8)
    found = prepared(source, tmp_path / "out", SMALL)
    assert sorted(open_dataset(tmp_path / "out").notes()["note_id"]) == ["n1", "n2", "n3", "n4", "n5"]
    assert sum(n for step in found.funnel for n in step["lost"].values()) == 3


# ---- what is refused


def test_an_unknown_label_set_is_refused_before_the_output_folder_is_made(tmp_path: Path) -> None:
    source = write_partitions(small_table(), tmp_path / "notes", 1)
    with pytest.raises(LabelError, match="no label set 'none'"):
        prepared(source, tmp_path / "out", SMALL.model_copy(update={"label_set": "none"}))
    assert not (tmp_path / "out").exists()


def test_notes_that_are_all_lost_are_told_by_their_losses_and_no_dataset_is_left(tmp_path: Path) -> None:
    source = write_partitions(small_table(), tmp_path / "notes", 2)
    with pytest.raises(DataError, match="no note is left") as refused:
        prepared(source, tmp_path / "out", PrepareConfig(min_words=500, deidentify=False))
    assert "6" in str(refused.value)
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_notes_of_one_category_are_no_dataset(tmp_path: Path) -> None:
    alike = small_table().with_columns(icd=pl.lit("486"))
    with pytest.raises(DataError, match="one category"):
        prepared(write_partitions(alike, tmp_path / "notes", 2), tmp_path / "out", SMALL)


# ---- what is said


def test_that_nobody_says_whose_notes_they_are_is_said_once(tmp_path: Path) -> None:
    columns = TableColumns(text="body", code="icd", icd_version=9, note_id="id")
    source = write_partitions(small_table().drop("patient"), tmp_path / "notes", 3)
    found = prepare_partitions(
        str(source), str(tmp_path / "out"), SMALL, columns, engine=InProcess(), progress=no_progress
    )
    assert [warning for warning in found.warnings if warning == EACH_NOTE_A_PATIENT] == [EACH_NOTE_A_PATIENT]


@pytest.mark.parametrize(
    ("said", "n_partitions", "told"),
    [
        ([], 3, []),
        (["3 rows have a byte order mark"], 3, ["3 rows have a byte order mark"]),
        (["3 rows are long", "1,204 rows are long"], 3, ["3 rows are long (the first of 2 such files)"]),
        (["3 rows are long", "4 rows are long"], 1, ["3 rows are long"]),
        (["3 rows are long", "3 rows are short"], 2, ["3 rows are long", "3 rows are short"]),
        ([EACH_NOTE_A_PATIENT] * 2, 2, []),
    ],
)
def test_notices_that_differ_in_their_numbers_alone_are_one(
    said: list[str], n_partitions: int, told: list[str]
) -> None:
    assert prepare._together(said, n_partitions) == told


def test_progress_counts_partitions_and_says_which_were_done_before(tmp_path: Path) -> None:
    told: list[tuple[str, int | None, str, list[tuple[int, str]]]] = []

    @contextmanager
    def shown(task: str, total: int | None = None, unit: str = "notes") -> Iterator[Any]:
        counts: list[tuple[int, str]] = []
        told.append((task, total, unit, counts))
        yield lambda n=1, detail="", total=None: counts.append((n, detail))  # noqa: ARG005 (as `Advance` has it)

    source = write_partitions(small_table(), tmp_path / "notes", 2)
    for engine in (Stopping(2), InProcess()):
        arguments: dict[str, Any] = {"engine": engine, "progress": shown}
        try:
            prepare_partitions(str(source), str(tmp_path / "out"), SMALL, COLUMNS, **arguments)
        except KeyboardInterrupt:
            continue
    assert told == [
        ("prepare", 3, "partitions", [(1, "")] * 2),
        ("prepare", 3, "partitions", [(2, "from before"), (1, "")]),
        ("write", 3, "partitions", [(1, "")] * 3),
    ]
