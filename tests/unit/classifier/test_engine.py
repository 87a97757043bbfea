"""A model at work: what scores are corrected by, and what is refused where a model cannot do what is asked."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nosology.classifier import engine
from nosology.classifier.engine import Engine
from nosology.classifier.prior import CONTENT_FREE_NOTES, normalized
from nosology.coding.rubrics import RubricTable
from nosology.errors import ModelError, RunError
from nosology.modeling.encoding import EncodedNote
from nosology.records import Count, FloatArray


def note(text: str) -> EncodedNote:
    return EncodedNote(text, (len(text),), 0, 1)


class Scorer:
    """Scores two categories by a note's length; the first one's name has one token, the second's four."""

    n_scored_steps = (1, 4)

    def __init__(self) -> None:
        self.seen: list[str] = []

    def scores(self, notes: Sequence[EncodedNote], progress: Count | None = None) -> FloatArray:
        """Return minus the length, and minus four."""
        self.seen += [each.text for each in notes]
        if progress:
            progress(len(notes))
        return np.array([[-float(len(each.text)), -4.0] for each in notes]).reshape(-1, 2)

    def read(self, notes: Sequence[EncodedNote]) -> list[Any]:
        """Return what is said of each note, the last one first."""
        scores = self.scores(notes)
        places = range(len(notes) - 1, -1, -1)
        return [SimpleNamespace(place=n, scores=scores[n], features=np.full(3, float(n))) for n in places]


@pytest.fixture
def scorer(monkeypatch: pytest.MonkeyPatch) -> Scorer:
    """Return what every engine of this test scores by."""
    found = Scorer()
    monkeypatch.setattr(engine, "make_scorer", lambda *_, **__: found)
    return found


def made(**settings: Any) -> Engine:
    encoder: Any = SimpleNamespace(categories=("a", "b"), note=note)
    return Engine(None, encoder, **settings)


SCORES = np.array([[-1.0, -4.0], [-3.0, -4.0]])


@pytest.mark.usefixtures("scorer")
def test_without_a_correction_scores_are_only_normalized() -> None:
    found = made().corrected(SCORES, "none")
    assert np.exp(found).sum(axis=1) == pytest.approx(1)
    assert found[:, 0] - found[:, 1] == pytest.approx([3.0, 1.0])


@pytest.mark.usefixtures("scorer")
def test_the_length_correction_is_a_score_for_each_token() -> None:
    found = made().corrected(SCORES, "length")
    assert found[:, 0] - found[:, 1] == pytest.approx([-1.0 + 1.0, -3.0 + 1.0])


def test_the_prior_correction_takes_off_what_is_said_of_notes_that_say_nothing(scorer: Scorer) -> None:
    found = made().corrected(SCORES, "prior")
    assert scorer.seen == list(CONTENT_FREE_NOTES)
    shares = np.exp(normalized(np.array([[-float(len(text)), -4.0] for text in CONTENT_FREE_NOTES]))).mean(axis=0)
    expected = np.exp(normalized(SCORES)) / shares
    assert np.exp(found) == pytest.approx(expected / expected.sum(axis=1, keepdims=True))


def test_notes_that_are_encoded_already_stay_as_they_are() -> None:
    given = note("abc")
    found = made().encoded([given, "de"])
    assert found[0] is given
    assert found[1].text == "de"


def test_what_notes_look_like_comes_in_the_order_of_the_notes(scorer: Scorer) -> None:
    counted: list[int] = []
    scores, features = made().read([note("a"), note("bb"), note("ccc")], with_features=True, progress=counted.append)
    assert scores[:, 0].tolist() == [-1.0, -2.0, -3.0]
    assert features is not None
    assert features[:, 0].tolist() == [0.0, 1.0, 2.0]
    assert counted == [1, 1, 1]
    assert scorer.seen == ["a", "bb", "ccc"], "read once for both"


def test_features_that_nobody_wants_are_not_kept(scorer: Scorer) -> None:
    scores, features = made().read([note("a")], with_features=False, progress=lambda _: None)
    assert (scores.tolist(), features) == ([[-1.0, -4.0]], None)
    assert scorer.seen == ["a"]


def test_no_note_needs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "make_scorer", None)
    for with_features in (True, False):
        scores, features = made().read([], with_features=with_features, progress=lambda _: None)
        assert (scores.shape, features) == ((0, 2), None)


@pytest.mark.usefixtures("scorer")
def test_a_classification_head_writes_no_answers_but_scores_where_none_are_wanted() -> None:
    with pytest.raises(ModelError, match="writes no answers") as caught:
        made().scores_and_answers([note("a")], max_new_tokens=3, progress=None)
    assert caught.value.place == "train.head"
    scores, answers = made().scores_and_answers([note("a")], max_new_tokens=0, progress=None)
    assert (scores.tolist(), answers) == ([[-1.0, -4.0]], [""])


@pytest.mark.usefixtures("scorer")
def test_a_classification_head_suggests_nothing_and_says_why() -> None:
    with pytest.raises(RunError, match="knows categories and no words") as caught:
        _ = made().answers
    assert "train.head=answer" in caught.value.hint


@pytest.mark.parametrize("rubrics", [None, RubricTable(())])
def test_a_run_without_codes_suggests_nothing_and_says_why(rubrics: RubricTable | None) -> None:
    with pytest.raises(RunError, match="had no ICD codes") as caught:
        _ = made(rubrics=rubrics).titles
    assert "code column" in caught.value.hint


def test_another_programs_model_gives_scores_and_nothing_else() -> None:
    outside: Any = object()
    with pytest.raises(RunError, match="another program runs the model") as caught:
        _ = made(outside=outside).answers
    assert "--backend torch" in caught.value.hint


def test_the_scorer_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made_scorers: list[Scorer] = []

    def make(*_: object, **__: object) -> Scorer:
        made_scorers.append(Scorer())
        return made_scorers[-1]

    monkeypatch.setattr(engine, "make_scorer", make)
    one = made()
    assert one.scorer is one.scorer
    assert len(made_scorers) == 1
