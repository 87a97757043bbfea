"""One reading for all that an evaluation asks: what is read once, what is left to the classifier, and what it took."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from nosology.evaluation.reading import SharedReader
from nosology.modeling.encoding import EncodedNote


@dataclass
class Read:
    """What a classifier hands back of one note."""

    note: EncodedNote
    scores: Any


@dataclass
class Classifier:
    """Scores a note by its length, answers the longest first, and remembers what it was asked."""

    calibration: Any = None
    encoded: list[str] = field(default_factory=list)
    read_texts: list[str] = field(default_factory=list)
    titled: list[str] = field(default_factory=list)
    kept: list[bool] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> list[EncodedNote]:
        """Return notes of one token."""
        self.encoded += texts
        return [EncodedNote(text, (len(text),), 0, 1) for text in texts]

    def read(self, notes: Sequence[EncodedNote], *, keep: bool) -> Iterator[Read]:
        """Yield what is said of each note, in an order of its own, as batches by length do."""
        self.kept.append(keep)
        for note in sorted(notes, key=lambda note: -len(note.text)):
            self.read_texts.append(note.text)
            yield Read(note, np.array([len(note.text), 0.0]))

    @property
    def suggester(self) -> "Classifier":
        """What reads titles."""
        return self

    def titles(self, read: Read) -> str:
        """Return something that tells whose titles it was."""
        self.titled.append(read.note.text)
        return f"titles of {read.note.text}"

    def with_calibration(self, calibration: Any) -> "Classifier":
        """Return the same with another calibration, as the real one does."""
        return Classifier(calibration, self.encoded, self.read_texts, self.titled, self.kept)


def reader(titled: Sequence[str] = ()) -> tuple[SharedReader, Classifier]:
    classifier: Any = Classifier()
    inputs: Any = None
    return SharedReader(inputs, inputs, classifier, titled), classifier


def test_a_text_is_encoded_once_however_often_it_is_asked_for() -> None:
    shared, classifier = reader()
    first = shared.encode(["a", "bb", "a"])
    assert [note.text for note in first] == ["a", "bb", "a"]
    assert first[0] is first[2] is shared.encode(["a"])[0]
    assert classifier.encoded == ["a", "bb"]


def test_a_text_is_read_once_and_rows_come_in_the_order_asked_for() -> None:
    shared, classifier = reader()
    rows = shared.log_probs(["a", "dddd", "bb", "a"])
    again = shared.log_probs(["bb", "a"])
    assert sorted(classifier.read_texts) == ["a", "bb", "dddd"]
    assert rows.argsort(axis=0)[:, 0].tolist() == [0, 3, 2, 1]
    assert again.tolist() == [rows[2].tolist(), rows[0].tolist()]


def test_rows_are_normalized() -> None:
    rows = reader()[0].log_probs(["a", "bb"])
    assert np.exp(rows).sum(axis=1) == pytest.approx(1)
    # a note of two letters is scored 2 and 0
    assert rows[1, 0] == pytest.approx(2 - np.log(np.e**2 + 1))


def test_notes_that_are_encoded_already_are_known_by_their_text() -> None:
    shared, classifier = reader()
    shared.log_probs(shared.encode(["a", "bb"]))
    shared.log_probs(["a"])
    assert classifier.encoded == classifier.read_texts[::-1] == ["a", "bb"]


def test_titles_are_read_below_the_same_reading_and_only_where_they_are_wanted() -> None:
    shared, classifier = reader(titled=["bb"])
    shared.log_probs(["a", "bb"])
    found: list[Any] = list(shared.titles(["bb", "bb"]))
    assert found == ["titles of bb", "titles of bb"]
    assert classifier.titled == ["bb"]
    assert sorted(classifier.read_texts) == ["a", "bb"]


def test_titles_nobody_announced_are_a_bug_that_shows() -> None:
    with pytest.raises(AssertionError):
        reader(titled=["bb"])[0].titles(["a"])


def test_what_a_reading_holds_is_kept_only_where_titles_hang_below_it() -> None:
    for titled in ([], ["a"]):
        shared, classifier = reader(titled)
        shared.log_probs(["a"])
        assert classifier.kept == [bool(titled)]


def test_progress_counts_every_note_once_those_known_already_at_once() -> None:
    shared, _ = reader()
    shared.log_probs(["a"])
    counted: list[int] = []
    shared.log_probs(["a", "bb", "bb", "ccc"], progress=counted.append)
    assert counted == [2, 1, 1], "one that was read before and one that stands twice; then the two that are new"


def test_seconds_are_told_apart_and_a_text_that_stands_twice_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 1.0, 11.0, 13.0, 33.0])  # begun; two notes, each read and then titled
    monkeypatch.setattr("nosology.evaluation.reading.time.perf_counter", lambda: next(ticks))
    shared, _ = reader(titled=["a", "bb"])
    shared.log_probs(["a", "bb", "a"])
    assert shared.note_seconds(["bb"]) == 1.0
    assert shared.note_seconds(["a", "a"]) == 2.0
    assert shared.note_seconds(["a", "bb"]) == 3.0
    assert shared.title_seconds(["bb", "a", "bb"]) == 30.0


def test_another_calibration_knows_what_was_read_before_it() -> None:
    shared, classifier = reader()
    before = shared.log_probs(["a"])
    calibration: Any = object()
    calibrated = shared.with_calibration(calibration)
    assert calibrated.classifier.calibration is calibration
    assert calibrated.log_probs(["a"]).tolist() == before.tolist()
    assert classifier.read_texts == ["a"]


def test_no_text_stands_in_its_repr() -> None:
    shared, _ = reader(titled=["a secret note"])
    shared.log_probs(["a secret note", "another secret"])
    assert "secret" not in repr(shared).replace(repr(shared.classifier), "")


def test_what_it_does_not_read_itself_is_asked_of_the_classifier_with_all_that_was_said() -> None:
    asked: list[tuple[str, Any]] = []
    classifier: Any = Recording(asked)
    inputs: Any = None
    shared = SharedReader(inputs, inputs, classifier, ())
    calibration: Any = object()
    progress: Any = object()
    rows = np.zeros((1, 2))
    shared.predictions_from(rows, [7], calibration=calibration)
    shared.log_probs_and_answers(["a"], max_new_tokens=3, progress=progress)
    shared.in_order([1, 0])
    assert asked == [
        ("predictions_from", ((rows, [7]), {"calibration": calibration})),
        ("log_probs_and_answers", ((["a"],), {"max_new_tokens": 3, "progress": progress})),
        ("in_order", (([1, 0],), {})),
    ]


class Recording:
    """Remembers every call by its name and arguments."""

    def __init__(self, asked: list[tuple[str, Any]]) -> None:
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **named: self._asked.append((name, (args, named)))
