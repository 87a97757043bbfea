"""Which of several rows is the note."""

import polars as pl

from nosology.dataset.funnel import Funnel
from nosology.preparation.select import note_order, one_per_id, one_per_text


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
