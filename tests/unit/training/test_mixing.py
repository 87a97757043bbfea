"""Course texts among training notes, and demands written into some of both."""

from pathlib import Path

import polars as pl
import pytest

from evaluation_world import write_dataset
from nosology.coding.labels import LabelSet
from nosology.config import CourseConfig, load_config
from nosology.dataset.folder import open_dataset
from nosology.errors import ConfigError, LabelError
from nosology.text.cleaning import Cleaning
from nosology.training.mixing import with_course, with_demands

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


def test_invented_notes_come_with_or_without_phrases(notes: pl.DataFrame) -> None:
    both = with_course(notes, LABELS, CourseConfig(phrases=36, notes=18), form(False))
    alone = with_course(notes, LABELS, CourseConfig(notes=18), form(False))
    assert (len(both), len(alone)) == (len(notes) + 54, len(notes) + 18)
    assert both["clean_text"][-18:].equals(alone["clean_text"][-18:])
    assert set(alone["category"][len(notes) :]) == set(LABELS.names)


def test_the_texts_take_the_form_of_the_notes(notes: pl.DataFrame) -> None:
    mixed = with_course(notes, LABELS, CourseConfig(phrases=90, notes=36), form(True))
    for text in mixed["clean_text"][len(notes) :]:
        assert text == text.lower()
        assert not set(text) & set(".,;:()?#-")


def test_a_label_set_without_codes_is_refused(notes: pl.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("category\nA\nB\n", encoding="utf-8")
    with pytest.raises(LabelError, match="no code ranges"):
        with_course(notes, LabelSet.load(tmp_path / "own.tsv"), CourseConfig(phrases=10), form(False))


def test_without_a_share_nothing_is_written_into_the_notes(notes: pl.DataFrame) -> None:
    assert with_demands(notes, LABELS, 0.0, 0, form(False)).equals(notes)


def test_as_many_notes_hold_a_demand_as_asked_and_only_their_text_changes(notes: pl.DataFrame) -> None:
    many = pl.concat([notes] * 100)
    changed = with_demands(many, LABELS, 0.25, 0, form(False))
    assert 0.2 < (changed["clean_text"] != many["clean_text"]).mean() < 0.3  # type: ignore[operator]
    assert changed.drop("clean_text").equals(many.drop("clean_text"))
    assert changed.schema == many.schema


def test_one_seed_writes_the_same_demands_and_another_others(notes: pl.DataFrame) -> None:
    first = with_demands(notes, LABELS, 1.0, 3, form(False))
    assert first.equals(with_demands(notes, LABELS, 1.0, 3, form(False)))
    assert not first.equals(with_demands(notes, LABELS, 1.0, 4, form(False)))


def test_most_demands_take_the_form_of_the_notes(notes: pl.DataFrame) -> None:
    plain = pl.concat([notes] * 30).with_columns(clean_text=pl.lit("cough and fever"))
    texts = with_demands(plain, LABELS, 1.0, 0, form(True))["clean_text"].to_list()
    n_formed = sum(text == text.lower() and not set(text) & set('.:;{}<>"\n') for text in texts)
    assert 0.75 < n_formed / len(texts) < 0.97
    assert any("<|" in text for text in texts), "chat markup must be met as it is, too"


def test_phrases_of_a_course_hold_demands_too(notes: pl.DataFrame) -> None:
    mixed = with_course(notes, LABELS, CourseConfig(phrases=36), form(False))
    changed = with_demands(mixed, LABELS, 1.0, 0, form(False))
    assert (changed["clean_text"][len(notes) :] != mixed["clean_text"][len(notes) :]).mean() > 0.8  # type: ignore[operator]


def test_a_field_of_the_course_can_be_set_on_the_command_line() -> None:
    assert load_config(None, ["train.course.phrases=7", "train.course.seed=3"]).train.course == CourseConfig(
        phrases=7, seed=3
    )
    with pytest.raises(ConfigError, match=r"train\.epochs' is not a section"):
        load_config(None, ["train.epochs=2", "train.epochs.more=1"])
