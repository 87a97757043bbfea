"""Words that mean the same meet, and words that do not stay apart."""

import pytest

from nosology.coding.stems import stems_of, term_stems


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("infarct", "infarction"),
        ("oedema", "edema"),
        ("haemorrhage", "bleeding"),
        ("renal", "kidney"),
        ("diabetes", "diabetic"),
        ("fractured", "Fractures"),
        ("anaemia", "anemic"),
        ("tumours", "neoplasm"),
        ("oesophageal", "esophageal"),
    ],
)
def test_two_spellings_of_one_thing_have_one_stem(one: str, other: str) -> None:
    assert stems_of(one) == stems_of(other) != ()


@pytest.mark.parametrize(("one", "other"), [("hypertension", "hypotension"), ("hepatitis", "hepatic"), ("1", "2")])
def test_two_things_have_two_stems(one: str, other: str) -> None:
    assert stems_of(one) != stems_of(other)


def test_words_that_say_nothing_have_no_stem() -> None:
    assert term_stems("Other and unspecified disorders of the") == []


def test_a_carcinoma_is_a_malignant_neoplasm() -> None:
    assert set(term_stems("Malignant neoplasm of lung")) == set(term_stems("carcinoma of the lungs"))


def test_a_short_word_is_a_name_in_capitals_and_none_in_small_letters() -> None:
    assert stems_of("ST") == ("ST",)
    assert stems_of("st") == stems_of("OF") == stems_of("A") == ()
    assert stems_of("B") == ("B",)
    assert set(term_stems("ST elevations")) == set(term_stems("elevation of the ST segment")) - set(stems_of("segment"))
