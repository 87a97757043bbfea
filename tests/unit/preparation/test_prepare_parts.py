"""Small parts of the preparation: cleaning, workers, texts on disk, selection, quarantine, opening a dataset."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.coding.labels import LabelSet
from nosology.dataset.folder import COLUMNS, open_dataset
from nosology.dataset.funnel import Funnel
from nosology.dataset.writing import write_manifest
from nosology.errors import DataError, RunError
from nosology.preparation import workers
from nosology.preparation.quarantine import Quarantine
from nosology.preparation.select import note_order, one_per_id, one_per_text
from nosology.preparation.texts import TextFile
from nosology.preparation.workers import CleaningPool
from nosology.sources.reading import Rejected
from nosology.text import cleaning
from nosology.text.cleaning import Cleaned, Cleaning, clean, clean_all

PLAIN = Cleaning(False, "token", "keep", False, False, 0, None, False)


def limits(low: int, high: int | None) -> Cleaning:
    return Cleaning(False, "token", "keep", False, False, low, high, False)


@pytest.mark.parametrize(
    ("n_words", "lost"),
    [(0, cleaning.EMPTY), (49, cleaning.TOO_SHORT), (50, None), (100, None), (101, cleaning.TOO_LONG)],
)
def test_word_limits_include_both_ends(n_words: int, lost: str | None) -> None:
    assert clean("word " * n_words, "p", limits(50, 100)).lost == lost


def test_no_upper_limit_is_no_limit() -> None:
    assert clean("word " * 5_000, "p", limits(50, None)).lost is None


def test_equal_texts_have_equal_fingerprints_and_no_repr_shows_text() -> None:
    one, other = (clean(text, "p", PLAIN) for text in ("a  canary", "a canary "))
    assert one == other
    assert len(one.digest) == 32
    assert "canary" not in repr(one)


def test_deidentification_comes_before_normalization() -> None:
    how = Cleaning(True, "token", "keep", True, True, 0, None, False)
    assert clean("Seen by [**First Name8 (NamePattern2) **].", "p", how).text == b"seen by name"


def test_small_jobs_stay_in_this_process_and_larger_ones_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = [(f"note number {i}", "p") for i in range(20)]
    with CleaningPool(PLAIN, 2) as pool:
        inline = pool.submit(notes).result()
        assert pool.n_processes == 0
    monkeypatch.setattr(workers, "INLINE_CHARACTERS", 0)
    with CleaningPool(PLAIN, 2) as pool:
        futures = [pool.submit(notes[i : i + 5]) for i in range(0, 20, 5)]
        assert [cleaned for future in futures for cleaned in future.result()] == inline == clean_all(notes, PLAIN)
    assert all(process.returncode == 0 for process in pool._pool.processes)


def test_a_large_source_gets_its_processes_at_once_and_the_same_texts() -> None:
    notes = [(f"note number {i}", "p") for i in range(20)]
    with CleaningPool(PLAIN, 2, workers.LARGE_SOURCE + 1) as pool:
        assert pool.n_processes == 2
        futures = [pool.submit(notes[i : i + 5]) for i in range(0, 20, 5)]
        assert [cleaned for future in futures for cleaned in future.result()] == clean_all(notes, PLAIN)
        assert pool.n_processes == 2
    assert all(process.returncode == 0 for process in pool._pool.processes)
    with CleaningPool(PLAIN, 1, workers.LARGE_SOURCE + 1) as alone:
        assert alone.n_processes == 0


@given(st.lists(st.text(max_size=20), max_size=10))
def test_texts_are_read_back_in_any_order_and_the_file_goes(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("texts") / "texts"
    with TextFile(path) as file:
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        offsets = [file.append(text) for text in encoded]
        for i in reversed(range(len(texts))):
            assert file.read(offsets[i], len(encoded[i])) == texts[i]
    assert not path.exists()


def test_note_ids_are_ordered_as_people_count() -> None:
    assert sorted(["10", "9", "A-10", "A-2", "100", "b"], key=note_order) == ["9", "10", "100", "A-2", "A-10", "b"]


def notes(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (note_id, note_order(note_id), patient, "1", i, text.encode())
            for i, (note_id, patient, text) in enumerate(rows)
        ],
        schema=["note_id", "order", "patient_id", "admission_id", "offset", "digest"],
        orient="row",
    )


def test_an_id_used_for_different_notes_names_none_of_them() -> None:
    funnel = Funnel(["note_id"])
    found = one_per_id(
        notes(("10", "a", "x"), ("2", "b", "y"), ("2", "b", "y"), ("3", "c", "z"), ("3", "d", "z")), funnel
    )
    assert found["note_id"].to_list() == ["2", "10"]
    assert funnel.steps()[0]["lost"] == {"note id used for different notes": 2, "the same row again": 1}


def test_of_equal_texts_the_smallest_id_stays() -> None:
    funnel = Funnel(["note_id", "duplicates"])
    found = one_per_text(one_per_id(notes(("10", "a", "x"), ("9", "b", "x"), ("11", "c", "y")), funnel), funnel)
    assert found["note_id"].to_list() == ["9", "11"]


def rejected(n: int, reason: str = "not UTF-8", file: str = "a.csv") -> list[Rejected]:
    return [Rejected(file, line, reason) for line in range(2, 2 + n)]


def test_the_share_of_failed_rows_is_counted_for_each_file() -> None:
    quarantine = Quarantine(0.1)
    quarantine.add(rejected(5, file="a.csv"), 100)
    quarantine.add(rejected(5, file="b.csv"), 20)
    quarantine.check("a.csv", 50)
    with pytest.raises(DataError, match="5 of 20 rows could not be read: 5 x not UTF-8") as caught:
        quarantine.check("b.csv", 20)
    assert caught.value.place == "b.csv, line 2"
    assert "iconv" in caught.value.hint
    assert "max_failed_share=0.25" in caught.value.hint


def test_a_hopeless_file_is_given_up_early() -> None:
    quarantine = Quarantine(0.01)
    quarantine.add(rejected(1_000), 1_500)
    with pytest.raises(DataError, match="2,000 of 2,500"):
        quarantine.add(rejected(1_000), 2_500)


def test_the_quarantine_is_written_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    quarantine = Quarantine(1)
    quarantine.add([Rejected("b", 1, "x"), Rejected("a", 10, "y"), Rejected("a", 9, "z")], 3)
    quarantine.write(tmp_path / "q.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text().splitlines()]
    assert rows == [
        {"file": "a", "line": 9, "reason": "z"},
        {"file": "a", "line": 10, "reason": "y"},
        {"file": "b", "line": 1, "reason": "x"},
    ]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    folder.mkdir()
    row = ("1", "p", "a", "text", "Urgent", None, None, None, [])
    rows = [(*row, "train"), (*row, "test")]
    pl.DataFrame(rows, schema=list(COLUMNS), orient="row").write_parquet(folder / "notes.parquet")
    (folder / "mine.tsv").write_text("category\nUrgent\nRoutine\n")
    LabelSet.load(folder / "mine.tsv").save(folder / "labels.tsv")
    (folder / "mine.tsv").unlink()
    (folder / "funnel.json").write_text("[]")
    write_manifest(folder, {"seed": 1})
    return folder


def test_a_dataset_opens_with_its_labels_splits_and_hash(dataset: Path) -> None:
    opened = open_dataset(dataset)
    assert opened.labels.names == ("Urgent", "Routine")
    assert [opened.split(name).height for name in ("train", "validation", "test")] == [1, 0, 1]
    assert (opened.notes().height, opened.funnel(), opened.manifest["seed"]) == (2, [], 1)
    assert len(opened.sha256) == 64
    with pytest.raises(RunError, match="no split 'dev'"):
        opened.split("dev")


@pytest.mark.parametrize("name", ["notes.parquet", "labels.tsv", "funnel.json"])
def test_a_dataset_whose_files_were_changed_or_lost_is_refused(dataset: Path, name: str) -> None:
    content = (dataset / name).read_bytes()
    (dataset / name).write_bytes(content[:-1] + b"?")
    with pytest.raises(RunError, match=f"{name} is not the file that was prepared"):
        open_dataset(dataset)
    (dataset / name).unlink()
    with pytest.raises(RunError, match=f"{name} is missing"):
        open_dataset(dataset)


def test_an_unfinished_folder_is_no_dataset(dataset: Path) -> None:
    (dataset / "manifest.json").unlink()
    with pytest.raises(RunError, match="unfinished"):
        open_dataset(dataset)


def test_a_lost_note_has_a_reason_and_no_text() -> None:
    assert Cleaned(lost=cleaning.EMPTY).text == b""
