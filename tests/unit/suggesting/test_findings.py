"""What diseases look like: profiles of words beside notes, counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import Rubric, RubricTable
from nosology.suggesting.findings import COLUMNS, SHARPNESS, Findings, Profiles, stems, weighed

PROFILES = Profiles(
    ("I21", "J18", "K35"),
    ("chest", "crush", "cough", "sputum"),
    sparse.csr_matrix(np.array([[0.6, 0.8, 0, 0], [0.1, 0, 0.7, 0.7], [0, 0, 0, 0]], np.float32)),
)
TABLE = RubricTable(
    tuple(
        Rubric(code, version, f"title {code}", "A")
        for code, version in (("410", 9), ("E11", 10), ("I21", 10), ("J18", 10))
    )
)


def small() -> Findings:
    """Return three profiles beside a table of four rubrics."""
    return Findings(PROFILES, TABLE)


def test_a_note_is_as_like_a_rubric_as_the_cosine_of_their_words() -> None:
    idf = np.log(4 / (np.array([2, 1, 1, 1]) + 0.5))
    note = np.array([idf[0], idf[1], 0, 0])
    expected = (PROFILES.weights @ (note / np.linalg.norm(note)))[:2]
    found = small().cosines(["Crushing pain in the chest."])[0]
    assert found[2:] == pytest.approx(expected, rel=1e-5)


def test_a_rubric_of_the_older_version_is_as_like_as_the_best_of_its_equivalents() -> None:
    found = small().cosines(["crushing chest"])[0]
    assert found[0] == found[2] > 0


def test_a_rubric_of_which_nothing_is_known_is_like_no_note() -> None:
    assert small().cosines(["crushing chest and a cough"])[0, 1] == 0


def test_a_word_said_again_counts_less_each_time() -> None:
    columns, weights = weighed([0, 1, 0, 0], np.ones(2))
    assert columns.tolist() == [0, 1]
    assert weights[0] / weights[1] == pytest.approx(1 + np.log(3))
    assert np.linalg.norm(weights) == pytest.approx(1)


def test_a_note_without_a_known_word_says_the_same_of_every_rubric() -> None:
    for text in ("", "xyzzy plugh", "12 34"):
        found = small().columns([text])[0]
        assert found[:, 0].tolist() == [0] * 4
        assert found[:, 1] == pytest.approx([1 / 4] * 4)


def test_shares_are_those_of_the_cosines_and_sum_to_one() -> None:
    texts = ["crushing chest", "cough with sputum"]
    found = small().columns(texts)
    powers = np.exp(SHARPNESS * small().cosines(texts))
    assert found.shape == (2, 4, len(COLUMNS))
    assert found[..., 1] == pytest.approx(powers / powers.sum(axis=1, keepdims=True))


def test_no_text_gives_no_row() -> None:
    assert small().columns([]).shape == (0, 4, len(COLUMNS))


def test_the_words_that_speak_most_for_a_rubric_come_first_as_they_are_written() -> None:
    said = small().strongest_words("Chest pain, crushing; cough.", 2, 5)
    assert said == ["crushing", "chest"]
    assert small().strongest_words("Chest pain, crushing; cough.", 2, 1) == ["crushing"]
    assert small().strongest_words("Chest pain", 1, 5) == [], "nothing is known of it"


@given(st.text(max_size=60))
def test_cosines_lie_between_zero_and_one_whatever_the_text(text: str) -> None:
    found = small().cosines([text])
    assert (found >= 0).all()
    assert (found <= 1 + 1e-6).all()


# ---- what ships


def shipped() -> tuple[Findings, RubricTable]:
    """Return the shipped profiles beside all rubrics of both versions."""
    table = RubricTable.shipped(LabelSet.load("icd-chapters-18"), [9, 10])
    return Findings.shipped(table), table


@pytest.mark.parametrize(
    ("text", "rubrics"),
    [
        (
            "Crushing retrosternal pain into the left arm, ST elevation in the anterior leads, troponin 14.",
            {"I21", "410"},
        ),
        ("Polyuria and thirst, glucose 31, ketones 6, bicarbonate 9, insulin infusion begun.", {"E10", "E13", "250"}),
        ("Vesicles in a band on one side of the chest, burning for two days before.", {"B02", "053"}),
    ],
)
def test_findings_tell_a_disease_that_is_not_named(text: str, rubrics: set[str]) -> None:
    findings, table = shipped()
    best = np.argsort(-findings.cosines([text])[0])[:10]
    assert rubrics & {table.rubrics[place].code for place in best}


def test_shipped_profiles_are_of_known_rubrics_and_no_longer_than_one() -> None:
    profiles = Profiles.shipped()
    _, table = shipped()
    known = {rubric.code for rubric in table.rubrics if rubric.version == 10}
    assert set(profiles.rubrics) - known == {"P21", "U07"}, "titles of two rubrics are missing, which harms nobody"
    assert len(profiles.rubrics) > 1_000
    lengths = np.sqrt(np.asarray(profiles.weights.multiply(profiles.weights).sum(axis=1))).ravel()
    assert lengths.max() <= 1
    assert lengths.min() > 0
    assert len(set(profiles.words)) == len(profiles.words)


def test_the_words_of_profiles_are_stems() -> None:
    assert all(stems(word) for word in Profiles.shipped().words if len(word) > 12)
    assert not any(character.isspace() for word in Profiles.shipped().words for character in word)
    assert stems("Crushing chest pains") == ["crush", "chest", "pain"]
