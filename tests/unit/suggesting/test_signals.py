"""What speaks for each rubric, as a table."""

import numpy as np

from nosology.coding.rubrics import Rubric, RubricTable
from nosology.records import FloatArray
from nosology.suggesting.findings import COLUMNS as FINDING_COLUMNS
from nosology.suggesting.signals import NAMES, Frequencies, Signals
from nosology.suggesting.term_reading import COLUMNS


def table() -> RubricTable:
    rubrics = [("410", "Heart"), ("428", "Heart"), ("486", "Lung"), ("496", "Lung"), ("692", "Skin")]
    counted = RubricTable(tuple(Rubric(code, 9, f"title {code}", category) for code, category in rubrics))
    return counted.counted([[("4100", 9)], [("4100", 9), ("486", 9)], [("486", 9)]])


def terms() -> FloatArray:
    return np.arange(5 * len(COLUMNS), dtype=np.float64).reshape(5, len(COLUMNS))


def findings() -> FloatArray:
    return -1 - np.arange(5 * len(FINDING_COLUMNS), dtype=np.float64).reshape(5, len(FINDING_COLUMNS))


def test_what_lexicon_and_findings_say_stands_in_columns_of_their_own() -> None:
    known = Frequencies.of(table(), ("Heart", "Lung", "Skin"), 3)
    rows = Signals(np.zeros(3), np.zeros(5), np.zeros(5), np.zeros(5), terms(), np.zeros(5), findings()).table(known)
    first, second = NAMES.index("term"), NAMES.index("findings")
    assert rows[:, first:second].tolist() == terms().tolist()
    assert rows[:, second:].tolist() == findings().tolist()


def test_a_category_that_was_not_read_counts_its_rubrics_alike() -> None:
    known = Frequencies.of(table(), ("Heart", "Lung", "Skin"), 3)
    titles = np.array([np.log(0.7), np.log(0.3), np.nan, np.nan, np.nan])
    categories, named = np.log([0.6, 0.3, 0.1]), np.array([-1.0, 0, 0, 2, 0])
    rows = Signals(categories, titles, np.zeros(5), np.array([0, 0, 0.5, 0, 0]), terms(), named, findings()).table(
        known
    )
    assert rows.shape == (5, len(NAMES))
    np.testing.assert_allclose(np.exp(rows[:, 1]), [0.7, 0.3, 0.5, 0.5, 1.0])
    np.testing.assert_allclose(np.exp(rows[:, 0]), [0.6, 0.6, 0.3, 0.3, 0.1])
    assert rows[:, NAMES.index("is seen")].tolist() == [1, 0, 1, 0, 0]
    assert rows[:, NAMES.index("coded when named")].tolist() == named.tolist()
    assert known.at(np.array([2])).category.tolist() == [1]
