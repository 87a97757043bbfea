"""Course texts among training notes."""

from pathlib import Path

import polars as pl
import pytest

from evaluation_world import write_dataset
from nosology.coding.labels import LabelSet
from nosology.config import CourseConfig, load_config
from nosology.dataset.folder import open_dataset
from nosology.errors import ConfigError, LabelError
from nosology.text.cleaning import Cleaning
from nosology.training.mixing import with_course

LABELS = LabelSet.load("icd-chapters-18")


def form(lowercase: bool) -> Cleaning:
    return Cleaning(
        deidentify=False,
        deidentify_style="token",
        leak="keep",
        lowercase=lowercase,
        strip_punctuation=lowercase,
        min_words=0,
        max_words=None,
        with_signature=False,
    )


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    folder = tmp_path_factory.mktemp("mixing")
    write_dataset(folder / "dataset", {"train": 12, "validation": 4, "test": 4})
    return open_dataset(folder / "dataset").split("train")


def test_no_course_leaves_the_notes_alone(notes: pl.DataFrame) -> None:
    assert with_course(notes, LABELS, CourseConfig(), form(False)).equals(notes)


def test_each_text_is_there_as_often_as_asked(notes: pl.DataFrame) -> None:
    mixed = with_course(notes, LABELS, CourseConfig(phrases=36, epochs=2), form(False))
    assert mixed.columns == notes.columns
    assert len(mixed) == len(notes) + 72
    assert mixed["note_id"].n_unique() == len(notes) + 36


def test_the_texts_take_the_form_of_the_notes(notes: pl.DataFrame) -> None:
    mixed = with_course(notes, LABELS, CourseConfig(phrases=90), form(True))
    for text in mixed["clean_text"][len(notes) :]:
        assert text == text.lower()
        assert not set(text) & set(".,;:()?#-")


def test_a_label_set_without_codes_is_refused(notes: pl.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("category\nA\nB\n", encoding="utf-8")
    with pytest.raises(LabelError, match="no code ranges"):
        with_course(notes, LabelSet.load(tmp_path / "own.tsv"), CourseConfig(phrases=10), form(False))


def test_a_field_of_the_course_can_be_set_on_the_command_line() -> None:
    assert load_config(None, ["train.course.phrases=7", "train.course.seed=3"]).train.course == CourseConfig(
        phrases=7, seed=3
    )
    with pytest.raises(ConfigError, match=r"train\.epochs' is not a section"):
        load_config(None, ["train.epochs=2", "train.epochs.more=1"])
