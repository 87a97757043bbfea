"""A course as a dataset folder: what training reads."""

from pathlib import Path

import pytest

from nosology.coding.labels import LabelSet
from nosology.config import PrepareConfig
from nosology.course.folder import SCHEMA, _validating, course_rows, write_course
from nosology.course.notes import compose_notes
from nosology.course.phrases import Phrase
from nosology.dataset.folder import codes_of, open_dataset
from nosology.errors import DataError, RunError
from nosology.files import read_json
from nosology.text.cleaning import Cleaning

LABELS = LabelSet.load("icd-chapters-18")
PHRASES = [Phrase(f"Heart trouble {n}", f"I{n}", 10, "Cardiovascular", "name", "ICD") for n in range(10, 99)] + [
    Phrase(f"Rash {n}", f"L{n}", 10, "Skin Disorders", "name", "Example") for n in range(10, 99)
]


def test_a_written_course_is_a_dataset_that_says_where_its_phrases_are_from(tmp_path: Path) -> None:
    preparation = PrepareConfig().model_dump(mode="json")
    write_course(tmp_path / "course", LABELS, PHRASES, 400, 5, preparation)
    dataset = open_dataset(tmp_path / "course")
    assert dataset.manifest["source"] == {
        "kind": "course",
        "phrases": {"Example": 89, "ICD": 89},
        "texts": 400,
        "notes": 0,
        "seed": 5,
    }
    assert sum(dataset.manifest["notes"].values()) == 400
    assert Cleaning.like(dataset.preparation).deidentify


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_course(tmp_path / name, LABELS, PHRASES, 100, 5, PrepareConfig().model_dump(mode="json"))
    assert open_dataset(tmp_path / "one").sha256 == open_dataset(tmp_path / "two").sha256


def test_a_rubric_either_teaches_or_validates() -> None:
    rows = course_rows(PHRASES, 4000, 5)
    rubrics = {split: set(rows.filter(rows["split"] == split)["rubric"]) for split in ("train", "validation")}
    assert rubrics["validation"]
    assert not rubrics["train"] & rubrics["validation"]


def test_every_text_carries_its_code() -> None:
    rows = course_rows(PHRASES, 50, 5)
    assert [codes[0][0] for codes in codes_of(rows)] == rows["code"].to_list()
    assert rows["note_id"].n_unique() == 50


def test_a_course_of_few_rubrics_validates_on_one_of_them() -> None:
    few = [PHRASES[0], PHRASES[1], PHRASES[-1], PHRASES[-2]]
    for seed in range(20):
        rows = course_rows(few, 40, seed)
        assert set(rows["split"]) == {"train", "validation"}


def test_notes_follow_the_phrases_and_are_counted(tmp_path: Path) -> None:
    notes = compose_notes(LABELS, 54, 2)
    write_course(tmp_path / "course", LABELS, PHRASES, 36, 5, PrepareConfig().model_dump(mode="json"), notes)
    dataset = open_dataset(tmp_path / "course")
    assert (dataset.manifest["source"]["texts"], dataset.manifest["source"]["notes"]) == (36, 54)
    rows = dataset.notes()
    invented = rows.filter(rows["note_id"].str.starts_with("note-"))
    assert sorted(invented["note_id"])[:: len(invented) - 1] == ["note-000000", "note-000053"]
    assert set(invented["category"]) == set(LABELS.names)
    assert len(rows) == 90


def test_notes_leave_the_phrases_as_they_were() -> None:
    alone = course_rows(PHRASES, 200, 5)
    mixed = course_rows(PHRASES, 200, 5, compose_notes(LABELS, 90, 5))
    assert mixed["clean_text"][:200].equals(alone["clean_text"])
    assert mixed["note_id"][:200].equals(alone["note_id"])


def test_a_rubric_of_notes_either_teaches_or_validates() -> None:
    rows = course_rows(PHRASES, 0, 5, compose_notes(LABELS, 1200, 5))
    rubrics = {split: set(rows.filter(rows["split"] == split)["rubric"]) for split in ("train", "validation")}
    assert rubrics["validation"]
    assert not rubrics["train"] & rubrics["validation"]


def test_rows_hold_the_columns_of_a_dataset_and_a_patient_each() -> None:
    rows = course_rows(PHRASES, 6, 5, compose_notes(LABELS, 3, 1))
    assert rows.columns == list(SCHEMA)
    assert rows["note_id"].to_list() == [*(f"phrase-{n:06d}" for n in range(6)), *(f"note-{n:06d}" for n in range(3))]
    assert rows["patient_id"].equals(rows["note_id"].alias("patient_id"))
    assert rows["admission_id"].equals(rows["note_id"].alias("admission_id"))


def test_a_row_says_its_phrases_code_rubric_version_and_category() -> None:
    old = Phrase("Old words", "41071", 9, "Cardiovascular", "name", "ICD")
    rows = course_rows([old, PHRASES[-1]], 20, 5)
    row = rows.filter(rows["icd_version"] == 9).row(0, named=True)
    assert (row["code"], row["rubric"], row["category"]) == ("41071", "410", "Cardiovascular")
    assert row["codes"] == [{"code": "41071", "icd_version": 9}]
    assert row["clean_text"]


def test_the_same_rubric_of_two_versions_is_two() -> None:
    """ICD-9-CM's E950 and ICD-10-CM's E95 have nothing in common, so one may validate while the other teaches."""
    both = [Phrase(f"{version}", "V10", version, name, "name", "ICD") for version, name in ((9, "A"), (10, "B"))]
    splits = {tuple(sorted(set(course_rows(both, 10, seed)["split"]))) for seed in range(12)}
    assert splits == {("train", "validation")}


def test_about_one_rubric_of_fifty_validates_and_another_seed_takes_others() -> None:
    rubrics = {f"10:{letter}{number:02d}" for letter in "ABCDEFGHIJ" for number in range(100)}
    chosen = [_validating(rubrics, seed) for seed in range(3)]
    assert all(8 <= len(found) <= 34 for found in chosen), "two of a hundred, give or take what chance does to 1,000"
    assert len(set(chosen)) == 3


def test_whether_a_rubric_validates_does_not_depend_on_the_others() -> None:
    rubrics = {f"10:A{number:02d}" for number in range(100)} | {f"10:B{number:02d}" for number in range(100)}
    chosen = _validating(rubrics, 1)
    assert chosen
    assert _validating(rubrics - {"10:A00", "10:B50"}, 1) == chosen - {"10:A00", "10:B50"}


def test_a_course_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="teaches nothing") as caught:
        course_rows(PHRASES, 0, 5)
    assert caught.value.hint


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "mine").touch()
    with pytest.raises(RunError, match="already holds something"):
        write_course(tmp_path / "course", LABELS, PHRASES, 20, 5, {})
    assert [path.name for path in (tmp_path / "course").iterdir()] == ["mine"]


def test_a_course_that_is_refused_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 category"):
        write_course(tmp_path / "course", LABELS, PHRASES[:5], 20, 5, {})
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_counts_what_was_written_and_names_the_label_set(tmp_path: Path) -> None:
    write_course(tmp_path / "course", LABELS, PHRASES, 300, 5, {"lowercase": True})
    manifest = open_dataset(tmp_path / "course").manifest
    splits = open_dataset(tmp_path / "course").notes()["split"].to_list()
    assert manifest["notes"] == {"train": splits.count("train"), "validation": splits.count("validation")}
    assert manifest["labels"] == {"name": LABELS.name, "sha256": LABELS.sha256}
    assert manifest["config"] == {"lowercase": True}
    funnel = read_json(tmp_path / "course" / "funnel.json")
    assert [(step["rows_in"], step["rows_out"], step["lost"]) for step in funnel] == [(300, 300, {})]


def test_most_texts_teach_and_those_of_the_chosen_rubrics_validate() -> None:
    rows = course_rows(PHRASES, 2000, 5)
    chosen = _validating({f"10:{rubric}" for rubric in rows["rubric"]}, 5)
    validating = {f"10:{rubric}" for rubric in rows.filter(rows["split"] == "validation")["rubric"]}
    assert validating == chosen
    assert len(rows.filter(rows["split"] == "validation")) < 0.1 * len(rows)


def test_where_no_rubric_falls_into_the_share_the_seed_says_which_one_validates() -> None:
    few = {"10:A00", "10:B00", "10:C00", "10:D00"}
    chosen = [_validating(few, seed) for seed in range(40)]
    assert {len(found) for found in chosen} <= {1, 2}
    assert len({next(iter(found)) for found in chosen}) == 4, "not always the first of the alphabet"
