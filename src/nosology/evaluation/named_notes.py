"""What training notes teach about names of diagnoses: how often each is coded, and what unseen rubrics look like."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from nosology.evaluation.coded_notes import Coded
from nosology.records import BoolArray, Count, FloatArray, IntArray
from nosology.suggesting.mixture import Pairs
from nosology.suggesting.named import COLUMN, Named, NamedCounts
from nosology.suggesting.signals import NAMES
from nosology.suggesting.suggester import Suggester

MOST_NAMED_NOTES = 1_000
"""Training notes whose names are read, one a patient: a minute or two of discharge notes."""
_WORTH = 0.8  # of a term: rubrics that are met so well are all kept, of the others a few
_KEPT = 0.02
_COLUMN = NAMES.index(COLUMN)
_TERM = NAMES.index("term")


@dataclass(frozen=True)
class _Note:
    """A training note's names, and the rubrics that no other patient's note has, as far as they are kept."""

    named: Named
    is_coded: BoolArray = field(repr=False)
    places: IntArray = field(repr=False)
    rows: FloatArray = field(repr=False)


def read_named(suggester: Suggester, train: Coded, advance: Count) -> tuple[NamedCounts, Pairs]:
    """Return how often names are coded, and pairs of a note and a rubric that no other patient's note has.

    Each note is taken as if it were new: its rubrics are unseen where no other patient has them, and its own names and
    codes are left out of the counts behind its signals.

    Args:
        suggester: Knows titles and terms.
        train: The training notes.
        advance: Called with the number of notes finished.
    """
    notes = list(_read(suggester, train, advance))
    counts = NamedCounts.of([note.named for note in notes], [note.is_coded for note in notes])
    if not notes:
        return counts, Pairs(np.zeros((0, len(NAMES))), np.zeros(0, np.bool_), np.zeros(0))
    rows = np.concatenate([note.rows for note in notes])
    rows[:, _COLUMN] = np.concatenate([counts.column(note.named, note.is_coded)[note.places] for note in notes])
    wanted = np.concatenate([note.is_coded[note.places] for note in notes])
    return counts, Pairs(rows, wanted, np.where(wanted | (rows[:, _TERM] > _WORTH), 1.0, 1 / _KEPT))


def chosen_rows(train: Coded) -> list[int]:
    """Return the training notes whose names are read: a random one of each patient, always the same, in their order."""
    generator = np.random.default_rng(0)
    patients = _patients(train)
    one = {patients[row]: int(row) for row in generator.permutation(len(patients))}
    return sorted(list(one.values())[:MOST_NAMED_NOTES])


def _patients(train: Coded) -> list[str]:
    """Return whose each note is."""
    return [patient or note for patient, note in train.notes.select("patient_id", "note_id").iter_rows()]


def _read(suggester: Suggester, train: Coded, advance: Count) -> Iterator[_Note]:
    """Yield the chosen notes, read."""
    patients = _patients(train)
    whose: dict[str, set[int]] = {}
    for patient, coded in zip(patients, train.places, strict=True):
        whose.setdefault(patient, set()).update(coded)
    n_patients = np.zeros(len(suggester.table), np.int64)
    for rubrics in whose.values():
        n_patients[list(rubrics)] += 1
    generator = np.random.default_rng(0)
    texts = train.texts
    for row in chosen_rows(train):
        signals, reading = suggester.name_signals(texts[row])
        table = signals.table(suggester.known)
        is_coded = train.truth[row]
        n_others = n_patients.copy()
        n_others[list(whose[patients[row]])] -= 1
        is_kept = is_coded | (table[:, _TERM] > _WORTH) | (generator.random(len(table)) < _KEPT)
        places = np.flatnonzero((n_others == 0) & is_kept)
        yield _Note(Named.of(reading, suggester.lexicon.terms), is_coded, places, table[places])
        advance(1)
