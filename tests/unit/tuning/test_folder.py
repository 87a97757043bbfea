"""A search's folder: whose it is, whether it may be gone on with, and what a killed process leaves of a journal."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.errors import RunError
from nosology.files import read_json
from nosology.tuning.folder import SearchFiles, claim, mend_journal

SETTINGS: dict[str, Any] = {"dataset": "ab" * 32, "space": {"epochs": "1 or 2"}, "starting run": None, "seed": 3}


@pytest.fixture
def files(tmp_path: Path) -> SearchFiles:
    return SearchFiles(tmp_path / "search")


def test_everything_of_a_search_has_a_place_of_its_own_in_it(files: SearchFiles) -> None:
    places = [files.settings, files.journal, files.table, files.best, files.trial(0), files.trial(1), files.trial(10)]
    assert len(set(places)) == len(places)
    assert all(place.is_relative_to(files.folder) for place in places)
    assert [files.trial(number).name for number in (0, 7, 12_345)] == ["0000", "0007", "12345"]


def test_a_search_is_begun_in_a_new_folder_with_what_is_searched(files: SearchFiles) -> None:
    claim(files, SETTINGS, resume=False)
    assert read_json(files.settings) == SETTINGS


def test_a_search_is_not_begun_where_something_lies_already(files: SearchFiles) -> None:
    files.folder.mkdir()
    (files.folder / "notes.txt").touch()
    with pytest.raises(RunError, match="already holds something"):
        claim(files, SETTINGS, resume=False)
    assert not files.settings.exists()


def test_nothing_is_resumed_where_no_search_was_begun(files: SearchFiles) -> None:
    with pytest.raises(RunError, match="no search to resume") as refused:
        claim(files, SETTINGS, resume=True)
    assert (refused.value.place, refused.value.hint) == (str(files.folder), "start without --resume")
    assert not files.folder.exists()


def test_a_search_is_resumed_with_what_it_was_begun_with_and_its_record_stays(files: SearchFiles) -> None:
    claim(files, SETTINGS, resume=False)
    before = files.settings.read_bytes()
    claim(files, dict(reversed(SETTINGS.items())), resume=True)
    assert files.settings.read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 4}, "another seed"),
        ({"starting run": "cd" * 32}, "another starting run"),
        ({"space": {"epochs": "1"}, "seed": 0}, "another space and another seed"),
        ({"number of notes": 30}, "another number of notes"),
    ],
)
def test_whatever_a_search_was_begun_otherwise_with_is_named(
    changes: dict[str, Any], said: str, files: SearchFiles
) -> None:
    claim(files, SETTINGS, resume=False)
    with pytest.raises(RunError) as refused:
        claim(files, SETTINGS | changes, resume=True)
    assert refused.value.message == f"the search was started with {said}"
    assert refused.value.place == str(files.settings)


@pytest.mark.parametrize("content", [b"", b'{"seed": 3', b"\xff"])
def test_a_damaged_record_is_refused_by_its_place(content: bytes, files: SearchFiles) -> None:
    claim(files, SETTINGS, resume=False)
    files.settings.write_bytes(content)
    with pytest.raises(RunError, match="not valid JSON") as refused:
        claim(files, SETTINGS, resume=True)
    assert refused.value.place == str(files.settings)


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=4), st.binary(max_size=30))
def test_of_a_journal_all_whole_lines_stay_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cut: bytes
) -> None:
    journal = tmp_path_factory.getbasetemp() / "journal.log"
    whole = b"".join(line + b"\n" for line in lines)
    journal.write_bytes(whole + cut.replace(b"\n", b""))
    for _ in range(2):
        mend_journal(journal)
        assert journal.read_bytes() == whole


def test_where_there_is_no_journal_none_is_made(tmp_path: Path) -> None:
    mend_journal(tmp_path / "journal.log")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_goes_even_where_it_points_to_nothing_and_locks_of_others_stay(tmp_path: Path) -> None:
    journal = tmp_path / "journal.log"
    (tmp_path / "journal.log.lock").symlink_to(journal)
    (tmp_path / "other.log.lock").touch()
    mend_journal(journal)
    assert [path.name for path in tmp_path.iterdir()] == ["other.log.lock"]
