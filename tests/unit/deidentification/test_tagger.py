"""The tagger: which words it looks at, what it makes of its scores, and how the shipped one does on plain sentences."""

import numpy as np
import pytest
from hypothesis import given

from findings import found, note_like, pieces
from nosology.deidentification.detectors.tagger import (
    CLASSES,
    N_BUCKETS,
    Tagger,
    WordFeatures,
    featurize,
    tagged,
)
from nosology.deidentification.tokens import Tokens


def tagger_of(kind: str, *, but: dict[str, str] | None = None) -> Tagger:
    """Return a tagger that gives every candidate one class, except words with a class of their own."""
    bias = np.zeros(len(CLASSES), dtype=np.float32)
    bias[0], bias[CLASSES.index(kind)] = (1.0, 1.0) if kind == "" else (-1.0, 1.0)
    weights = np.zeros((N_BUCKETS, len(CLASSES)), dtype=np.float32)
    for word, other in (but or {}).items():
        bucket = WordFeatures().own(word)[0]
        weights[bucket, 0] = 10.0 if other == "" else -10.0
        if other:
            weights[bucket, CLASSES.index(other)] = 10.0
    return Tagger(weights, bias)


def looked_at(text: str) -> list[str]:
    """Return the words of a text that the tagger scores."""
    tokens = Tokens(text)
    return [tokens.words[i] for i in featurize(tokens, WordFeatures())[0]]


def test_in_text_with_letter_case_capitalized_words_are_looked_at() -> None:
    assert looked_at("The man met Okafor and McRae on 3 May, a Tuesday.") == [
        "The",
        "Okafor",
        "McRae",
        "May",
        "Tuesday",
    ]


def test_abbreviations_in_capitals_are_looked_at_only_if_they_can_be_names() -> None:
    assert looked_at("The CT and EKG of NGUYEN and LI were read again by him and by them.") == ["The", "NGUYEN", "LI"]


def test_in_text_without_letter_case_all_but_words_of_grammar_are_looked_at() -> None:
    assert looked_at("THE MAN WAS SEEN BY OKAFOR") == ["MAN", "SEEN", "OKAFOR"]
    assert looked_at("the man was seen by okafor") == ["man", "seen", "okafor"]


def test_every_candidate_has_as_many_features_and_all_point_into_the_table() -> None:
    candidates, buckets = featurize(Tokens("Seen by Okafor and Lindqvist in Dayton."), WordFeatures())
    assert len(buckets) == len(candidates)
    assert ((buckets >= 0) & (buckets < N_BUCKETS)).all()
    assert featurize(Tokens("Nobody"), WordFeatures())[1].shape == (1, buckets.shape[1])
    assert featurize(Tokens("12"), WordFeatures())[0] == []


def test_features_depend_on_the_neighbours() -> None:
    words = WordFeatures()
    alone = featurize(Tokens("He met Okafor."), words)[1][-1]
    other = featurize(Tokens("He saw Okafor."), words)[1][-1]
    n_own = len(words.own("Okafor"))
    assert (alone[:n_own] == other[:n_own]).all()
    assert (alone[n_own:] != other[n_own:]).any()


def test_caches_start_again_when_they_have_grown_large(monkeypatch: pytest.MonkeyPatch) -> None:
    words = WordFeatures()
    words.keys(["okafor"])
    words.forget()
    assert words._key
    monkeypatch.setattr("nosology.deidentification.detectors.tagger._CACHED_WORDS", 0)
    before = words.keys(["okafor"]).tolist(), words.own("Okafor")
    words.forget()
    assert not words._key
    assert (words.keys(["okafor"]).tolist(), words.own("Okafor")) == before


def test_words_of_one_kind_side_by_side_become_one_span() -> None:
    tagger = tagger_of("NAME", but={"Then": ""})
    assert pieces(tagger, "Then Ann Okafor-Lund met J. Quill") == ["Ann Okafor-Lund", "Quill"]


def test_a_place_before_a_word_for_a_hospital_is_a_hospital() -> None:
    assert found(tagger_of("LOCATION"), "Elmsford regional medical center") == [
        ("HOSPITAL", "Elmsford regional medical center")
    ]


def test_eponyms_and_regions_are_left_alone_whatever_the_scores() -> None:
    assert found(tagger_of("NAME"), "Foley catheter") == []
    assert found(tagger_of("LOCATION"), "Ohio") == []
    assert found(tagger_of("HOSPITAL"), "Pain") == []


def test_where_the_first_class_wins_nothing_is_found() -> None:
    assert found(tagger_of(""), "Ann Okafor of Dayton") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He was seen at Lakeview Hospital by Okafor.", [("HOSPITAL", "Lakeview Hospital"), ("NAME", "Okafor")]),
        ("Elmhurst general hospital", [("HOSPITAL", "Elmhurst general hospital")]),
        ("Lasix and Coumadin were held.", []),
        ("She is Spanish and from Ohio.", []),
        ("Parkinson disease was diagnosed.", []),
        ("BP 120/80", []),
        ("", []),
    ],
)
def test_the_shipped_tagger_on_plain_sentences(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(tagged, text) == expected


@given(note_like)
def test_the_shipped_tagger_takes_any_text(text: str) -> None:
    spans = list(tagged(text))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert {span.type for span in spans} <= set(CLASSES[1:])
