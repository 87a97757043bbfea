"""A run is what it was recorded to be, file by file, or it is refused by the file's name."""

from pathlib import Path

import pytest

from nosology.errors import RunError
from nosology.files import sha256_file, write_text
from nosology.runs import integrity
from nosology.runs.files import RunFiles

NEEDED = (
    "manifest.json",
    "labels.tsv",
    "prompt.jinja",
    "rubrics.tsv",
    "adapter/adapter_config.json",
    "adapter/adapter_model.safetensors",
    "calibration.json",
    "ensemble/ensemble.json",
    "ensemble/linear.safetensors",
    "ensemble/calibration.json",
    "suggester/suggester.json",
    "suggester/words.json",
    "suggester/words.safetensors",
    "suggester/names.tsv",
)
OTHERS = ("training_log.jsonl", "eval/test/results.json", "report/index.html")
BASE = {"config.json": "a" * 64, "tokenizer.json": "b" * 64}


@pytest.fixture
def files(tmp_path: Path) -> RunFiles:
    """Every file of a run, with other content each, recorded."""
    for name in (*NEEDED, *OTHERS):
        write_text(tmp_path / name, f"the content of {name}")
    found = RunFiles(tmp_path)
    integrity.record(found, BASE)
    return found


def test_a_run_as_it_was_recorded_is_whole(files: RunFiles) -> None:
    recorded = integrity.check(files)
    assert set(recorded.files) == set(NEEDED)
    assert set(recorded.others) == set(OTHERS)
    assert recorded.files["labels.tsv"] == sha256_file(files.labels)


@pytest.mark.parametrize("name", [*NEEDED, "hashes.json"])
def test_every_byte_of_what_a_prediction_depends_on_counts(files: RunFiles, name: str) -> None:
    """Each byte in turn: also one of the record itself, and blanks in it."""
    path = files.folder / name
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(RunError) as caught:
            integrity.check(files)
        assert caught.value.place == str(path)
    path.unlink()
    with pytest.raises(RunError) as caught:
        integrity.check(files)
    assert caught.value.place == str(path)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["calibration.json", "adapter/added.safetensors"])
def test_a_file_that_predictions_would_depend_on_is_refused_where_it_was_not_recorded(
    files: RunFiles, name: str
) -> None:
    files.calibration.unlink()
    integrity.record(files, BASE)
    write_text(files.folder / name, "{}")
    with pytest.raises(RunError, match="no part of the run as it was recorded") as caught:
        integrity.check(files)
    assert caught.value.place == str(files.folder / name)


def test_what_is_fitted_names_the_command_that_fits_it_as_the_remedy(files: RunFiles) -> None:
    """As after a kill between writing a calibration and recording it."""
    write_text(files.calibration, "another")
    with pytest.raises(RunError) as caught:
        integrity.check(files)
    assert "nosology evaluate" in caught.value.hint
    integrity.check(files, but_for=integrity.fitted_files(files))
    integrity.record_again(files)
    assert integrity.check(files).base_model == BASE


def test_the_hash_of_a_run_is_of_exactly_what_predictions_depend_on(files: RunFiles) -> None:
    before = integrity.check(files).sha256
    write_text(files.folder / "report/index.html", "another report")
    assert integrity.record_again(files).sha256 == before
    write_text(files.calibration, "another calibration")
    changed = integrity.record_again(files).sha256
    assert changed != before
    assert integrity.record(files, BASE | {"config.json": "c" * 64}).sha256 not in (before, changed)


def test_other_files_that_changed_are_found_but_do_not_matter(files: RunFiles) -> None:
    write_text(files.training_log, "another log")
    (files.folder / "report/index.html").unlink()
    write_text(files.folder / "notes.txt", "new")
    write_text(files.service / "audit.jsonl", "a line")
    recorded = integrity.check(files)
    found = [(item.name, item.what, item.matters) for item in integrity.differences(files, recorded)]
    assert found == [
        ("notes.txt", "not recorded", False),
        ("report/index.html", "missing", False),
        ("training_log.jsonl", "changed", False),
    ]


@pytest.mark.parametrize(
    ("found", "what"),
    [
        ({"config.json": "0" * 64, "tokenizer.json": "b" * 64}, "config.json of the base model changed"),
        ({"config.json": "a" * 64}, "tokenizer.json of the base model is missing"),
        (BASE | {"vocab.txt": "0" * 64}, "vocab.txt of the base model is new"),
    ],
)
def test_a_base_model_of_other_files_is_refused_by_the_files_name(
    files: RunFiles, found: dict[str, str], what: str
) -> None:
    with pytest.raises(RunError, match=what):
        integrity.check_base_model(found, integrity.check(files), "models/tiny")


def test_a_run_that_recorded_nothing_is_refused_with_the_command_that_records_it(files: RunFiles) -> None:
    files.hashes.unlink()
    with pytest.raises(RunError, match="recorded no hashes") as caught:
        integrity.check(files)
    assert f"nosology verify {files.folder} --record" in caught.value.hint
