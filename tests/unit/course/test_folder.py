"""A course as a dataset folder: what training reads."""

from pathlib import Path

from nosology.coding.labels import LabelSet
from nosology.config import PrepareConfig
from nosology.course.folder import course_rows, write_course
from nosology.course.notes import compose_notes
from nosology.course.phrases import Phrase
from nosology.dataset.folder import codes_of, open_dataset
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
