"""How evaluated notes differ from training notes, on notes small enough to count by hand."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from nosology.evaluation import distribution

NAMES = ("Cardiovascular", "Respiratory", "Digestive")


def notes(*rows: Any, **columns: Any) -> Any:
    """Return notes from (text, category) pairs; the patient is the number of the note unless given."""
    values = {
        "note_id": [f"n{i}" for i in range(len(rows))],
        "patient_id": [f"p{i}" for i in range(len(rows))],
        "clean_text": [text for text, _ in rows],
        "category": [category for _, category in rows],
        "icd_version": [9] * len(rows),
    }
    return pl.DataFrame(values | columns)


def described(train: Any, evaluated: Any, truncated: Any = None) -> Any:
    """Return the distribution of two sets of notes, with distinct patients unless they were given."""
    inputs = SimpleNamespace(
        labels=SimpleNamespace(names=NAMES), train=train, notes=evaluated, run=Path("run"), split="test"
    )
    return distribution.describe(inputs, truncated)


def subgroups(evaluated: Any) -> Any:
    n_words = [len(text.split()) for text in evaluated["clean_text"]]
    return distribution.subgroups(evaluated.drop("clean_text"), np.array(n_words))


TRAIN = notes(("chest pain", "Cardiovascular"), ("Cough at night", "Respiratory"), ("chest pain now", "Cardiovascular"))


def test_category_shares_are_counted_on_both_sides() -> None:
    found = described(TRAIN, notes(("cough", "Respiratory"), ("reflux", "Digestive")))
    assert [(share.n_train, share.n_evaluated) for share in found.categories] == [(2, 0), (1, 1), (0, 1)]
    assert [share.train for share in found.categories] == pytest.approx([2 / 3, 1 / 3, 0])
    # half of 2/3 + |1/3 - 1/2| + 1/2
    assert found.total_variation == pytest.approx((2 / 3 + 1 / 6 + 1 / 2) / 2)


def test_equal_mixes_do_not_differ_and_disjoint_ones_do_entirely() -> None:
    assert described(TRAIN, TRAIN).total_variation == 0
    assert described(TRAIN, TRAIN).shares_p_value == pytest.approx(1)
    disjoint = described(notes(*[("a", "Respiratory")] * 30), notes(*[("a", "Digestive")] * 30))
    assert disjoint.total_variation == 1
    assert disjoint.shares_p_value < 1e-6


def test_one_category_on_both_sides_is_no_difference() -> None:
    assert described(notes(("a", "Digestive")), notes(("b", "Digestive"))).shares_p_value == 1


def test_lengths_are_in_words() -> None:
    evaluated = notes(*[(" ".join(["word"] * n), "Digestive") for n in (1, 3, 5, 7, 9)])
    words = described(TRAIN, evaluated).evaluated_words
    assert (words.median, words.maximum) == (5, 9)
    assert (words.p10, words.p90) == pytest.approx((1.8, 8.2))


def test_new_words_are_counted_as_they_are_read_whatever_their_case() -> None:
    # Of six running words, "dizzy" twice is in no training note; "CHEST", "pain", "at" and "Night" are.
    evaluated = notes(("CHEST pain dizzy", "Cardiovascular"), ("dizzy at Night.", "Respiratory"))
    assert described(TRAIN, evaluated).new_words_share == pytest.approx(2 / 6)


def test_notes_without_words_have_no_new_ones() -> None:
    assert described(TRAIN, notes((" . ", "Digestive"))).new_words_share == 0


def test_truncation_is_counted_in_notes_and_tokens_where_a_model_was_run() -> None:
    found = described(TRAIN, TRAIN, [0, 12, 3])
    assert (found.truncated_notes_share, found.truncated_tokens) == (pytest.approx(2 / 3), 15)
    assert described(TRAIN, TRAIN).truncated_notes_share is None


def test_patients_and_texts_on_both_sides_are_found() -> None:
    evaluated = notes(
        ("chest pain", "Cardiovascular"), ("other", "Digestive"), ("third", "Digestive"), patient_id=["p1", "q", ""]
    )
    found = described(TRAIN, evaluated)
    assert (found.shared_patients, found.shared_texts) == (1, 1)


def test_unknown_patients_are_not_the_same_patient() -> None:
    nobody = notes(("a b", "Digestive"), ("c d", "Digestive"), patient_id=["", ""])
    assert described(nobody, nobody).shared_patients == 0


def test_notes_fall_into_thirds_by_length_named_by_their_words() -> None:
    evaluated = notes(*[(" ".join(["word"] * n), "Digestive") for n in range(1, 10)])
    bands = subgroups(evaluated)["length"]
    assert bands == ["1–3 words"] * 3 + ["4–6 words"] * 3 + ["7–9 words"] * 3


def test_notes_of_one_length_are_no_groups() -> None:
    assert subgroups(notes(*[("two words", "Digestive")] * 6)) == {}


def test_columns_with_two_to_twelve_values_are_groups_and_missing_values_are_said() -> None:
    rows = [(" ".join(["word"] * (5 + i)), "Digestive") for i in range(14)]
    evaluated = notes(
        *rows,
        sex=["F", "M", None, ""] + ["F"] * 10,
        constant=["x"] * 14,
        identifier=[str(i) for i in range(14)],
        icd_version=[9] * 7 + [10] * 7,
    )
    found = subgroups(evaluated)
    assert set(found) == {"length", "sex", "icd_version"}
    assert found["sex"][:4] == ["F", "M", "not recorded", "not recorded"]
    assert set(found["icd_version"]) == {"ICD-9", "ICD-10"}


def test_a_column_that_is_never_recorded_is_no_group() -> None:
    evaluated = notes(("one", "Digestive"), ("one two", "Digestive"), ("one two three", "Digestive"), sex=[None] * 3)
    assert set(subgroups(evaluated)) == {"length"}
