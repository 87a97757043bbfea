"""What training notes teach about names of diagnoses."""

from typing import cast

import numpy as np
import polars as pl
import pytest

from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.evaluation.coded_notes import Coded
from nosology.evaluation.named_notes import MOST_NAMED_NOTES, chosen_rows, read_named
from nosology.modeling.titles import TitleScorer
from nosology.suggesting.fitted import FittedSuggester
from nosology.suggesting.mixture import Pairs
from nosology.suggesting.named import NamedCounts
from nosology.suggesting.signals import NAMES
from nosology.suggesting.suggester import Suggester

LABELS = LabelSet.load("icd-chapters-18")
NAMED = NAMES.index("coded when named")

NOTES = [
    ("a", "ann", "Umbilical hernia.", ["K429"]),
    ("b", "ben", "Umbilical hernia. Bacterial meningitis.", ["G009"]),
    ("c", "cleo", "Umbilical hernia. Known schizophrenia.", ["G009", "F209"]),
    ("d", "cleo", "Schizophrenia again.", ["F209"]),
]


def coded(notes: list[tuple[str, str, str, list[str]]]) -> tuple[Suggester, Coded]:
    rows = [
        (note_id, patient, text, [{"code": code, "icd_version": 10} for code in codes])
        for note_id, patient, text, codes in notes
    ]
    frame = pl.DataFrame(rows, schema=["note_id", "patient_id", "clean_text", "codes"], orient="row")
    table = RubricTable.shipped(LABELS, [10]).counted([[(code, 10) for code in codes] for *_, codes in notes])
    fitted = FittedSuggester.of_model_alone(len(table))
    scorer = cast(TitleScorer, None)  # names are read without the model
    suggester = Suggester(
        scorer, table, LABELS.names, fitted, n_train_notes=len(notes), calibrated=lambda scores: scores
    )
    return suggester, Coded.of(frame, table)


@pytest.fixture(scope="module")
def world() -> tuple[Suggester, NamedCounts, Pairs]:
    suggester, train = coded(NOTES)
    told: list[int] = []
    counts, pairs = read_named(suggester, train, told.append)
    assert sum(told) == 3, "one note a patient"
    return suggester, counts, pairs


def test_names_are_counted_over_one_note_a_patient(world: tuple[Suggester, NamedCounts, Pairs]) -> None:
    _, counts, _ = world
    assert counts.counts["K42", 10, True, "Umbilical hernia"] in {(3, 1), (2, 1)}, "of cleo one note or the other"
    (schizophrenia,) = (numbers for name, numbers in counts.counts.items() if name[:1] == ("F20",) and name[2])
    assert schizophrenia == (1, 1)


def test_pairs_are_of_rubrics_that_no_other_patient_has_and_do_not_know_their_own_code(
    world: tuple[Suggester, NamedCounts, Pairs],
) -> None:
    """Two notes are coded with meningitis, so it is no pair; the hernia is ann's alone, schizophrenia cleo's."""
    _, counts, pairs = world
    assert pairs.wanted.sum() == 2, "the hernia and schizophrenia, though two notes of cleo have it"
    n_others = counts.counts["K42", 10, True, "Umbilical hernia"][0] - 1
    expected = sorted([np.log(0.5 / (n_others + 1)), np.log(0.5)])
    np.testing.assert_allclose(sorted(pairs.rows[pairs.wanted, NAMED]), expected)
    assert (pairs.copies[pairs.wanted] == 1).all()
    assert set(pairs.copies[~pairs.wanted]) <= {1.0, 50.0}
    words = NAMES.index("words")
    assert (pairs.rows[:, words] == 0).all(), "words have seen these notes"


def test_a_note_is_chosen_for_each_patient_and_of_many_patients_some() -> None:
    _, train = coded(NOTES)
    rows = chosen_rows(train)
    assert rows == chosen_rows(train) == sorted(rows)
    assert rows[:2] == [0, 1]
    assert rows[2:] in ([2], [3])
    many = [(str(n), f"p-{n}", "Well.", ["K429"]) for n in range(MOST_NAMED_NOTES + 5)]
    assert len(chosen_rows(coded(many)[1])) == MOST_NAMED_NOTES
