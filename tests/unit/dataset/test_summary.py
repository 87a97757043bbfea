"""What a preparation says of itself: counts by split and category that add up to the notes."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.coding.labels import LabelSet
from nosology.dataset.folder import SPLITS
from nosology.dataset.funnel import Funnel
from nosology.dataset.summary import DatasetSummary, summarize

NAMES = ("Urgent", "Routine", "Elective")
FOLDER = Path("dataset")


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> LabelSet:
    """A label set of three categories."""
    file = tmp_path_factory.mktemp("labels") / "mine.tsv"
    file.write_text("category\n" + "\n".join(NAMES) + "\n")
    return LabelSet.load(file)


def summary_of(
    rows: list[tuple[str, str, str]], labels: LabelSet, *warnings: str, funnel: Funnel | None = None
) -> DatasetSummary:
    """Return the summary of notes given as patient, category and split."""
    notes = pl.DataFrame(rows, schema=dict.fromkeys(("patient_id", "category", "split"), pl.String), orient="row")
    return summarize(FOLDER, notes, labels, funnel or Funnel(["read"]), 4, warnings)


def test_notes_and_patients_are_counted_by_split(labels: LabelSet) -> None:
    found = summary_of(
        [("1", "Urgent", "train"), ("1", "Routine", "train"), ("2", "Urgent", "test"), ("3", "Urgent", "validation")],
        labels,
    )
    assert found.n_notes == 4
    assert found.notes == {"train": 2, "validation": 1, "test": 1}
    assert found.patients == {"train": 1, "validation": 1, "test": 1}
    assert found.warnings == ()


def test_categories_come_in_the_label_sets_order_with_those_that_nobody_has(labels: LabelSet) -> None:
    found = summary_of([("1", "Routine", "train"), ("2", "Routine", "test"), ("3", "Urgent", "train")], labels)
    assert list(found.categories) == list(NAMES)
    assert found.categories["Routine"] == {"train": 1, "validation": 0, "test": 1}
    assert found.categories["Elective"] == {"train": 0, "validation": 0, "test": 0}


@pytest.mark.parametrize("present", [("train",), ("train", "test"), ("validation",), ()])
def test_an_empty_split_is_warned_about_after_the_sources_warnings(present: tuple[str, ...], labels: LabelSet) -> None:
    found = summary_of([(split, "Urgent", split) for split in present], labels, "the source is odd")
    missing = [split for split in SPLITS if split not in present]
    assert found.warnings[0] == "the source is odd"
    assert list(found.warnings[1:]) == [f"the split {split} is empty: there are too few patients" for split in missing]


def test_no_notes_at_all_are_counted_too(labels: LabelSet) -> None:
    found = summary_of([], labels)
    assert found.n_notes == 0
    assert set(found.notes.values()) == set(found.patients.values()) == {0}


def test_the_funnels_steps_are_those_of_the_file(labels: LabelSet) -> None:
    funnel = Funnel(["read", "words"])
    funnel.rows_in = 10
    funnel.lose("words", "too short", 3)
    found = summary_of([("1", "Urgent", "train")], labels, funnel=funnel)
    assert list(found.funnel) == [
        {"step": "read", "rows_in": 10, "rows_out": 10, "lost": {}},
        {"step": "words", "rows_in": 10, "rows_out": 7, "lost": {"too short": 3}},
    ]


def test_the_manifest_gets_plain_values(labels: LabelSet) -> None:
    contents = summary_of([("1", "Urgent", "train")], labels, "odd").contents()
    assert contents["n_quarantined"] == 4
    assert contents["notes"] == {"train": 1, "validation": 0, "test": 0}
    assert contents["warnings"][0] == "odd"
    assert {type(value) for value in contents.values()} == {dict, int, list}
    assert "folder" not in contents, "where it lies is no content"


rows_of_notes = st.lists(
    st.tuples(st.sampled_from(["p1", "p2", "p3", "p4"]), st.sampled_from(NAMES), st.sampled_from(SPLITS)), max_size=30
)


@given(rows_of_notes)
def test_all_counts_add_up(labels: LabelSet, rows: list[tuple[str, str, str]]) -> None:
    found = summary_of(rows, labels)
    assert sum(found.notes.values()) == found.n_notes == len(rows)
    for split in SPLITS:
        assert sum(counts[split] for counts in found.categories.values()) == found.notes[split]
        assert found.patients[split] == len({patient for patient, _, where in rows if where == split})
        assert found.patients[split] <= found.notes[split]
    by_category = Counter(category for _, category, _ in rows)
    assert {name: sum(counts.values()) for name, counts in found.categories.items()} == {
        name: by_category[name] for name in NAMES
    }
