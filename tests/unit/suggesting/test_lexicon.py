"""Sentences against names of diseases: what meets, what is denied or past, and what each sentence adds."""

import numpy as np
import pytest

from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.suggesting.lexicon import MOST_ROWS, Lexicon
from nosology.suggesting.term_reading import COLUMNS, Reading

TABLE = RubricTable.shipped(LabelSet.load("icd-chapters-18"), [10])
PLACES = TABLE.places()


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.shipped(TABLE)


def column(reading: Reading, rubric: str, name: str) -> float:
    return float(reading.columns()[PLACES[rubric, 10], COLUMNS.index(name)])


def best(reading: Reading) -> str:
    return TABLE.rubrics[int(reading.columns()[:, 0].argmax())].code


@pytest.mark.parametrize(
    ("note", "rubric"),
    [
        ("Heart attack on Monday.", "I21"),
        pytest.param(
            "He had a heart attack on Monday.",
            "I21",
            marks=pytest.mark.xfail(strict=True, reason="what he had is taken for past, however few days ago"),
        ),
        ("Anterior STEMI, stent to the LAD.", "I21"),
        ("Carcinoma of the pancreas with weight gain.", "C25"),
        ("Known Crohn's disease.", "K50"),
        ("Septic arthritis, MSSA grown.", "M00"),
        ("Admitted with bacterial meningitis.", "G00"),
        ("Bleeding oesophageal varices.", "I85"),
    ],
)
def test_a_note_that_names_a_disease_finds_its_rubric_first(lexicon: Lexicon, note: str, rubric: str) -> None:
    assert best(lexicon.read(note)) == rubric


TEXTBOOK = (
    "58-year-old man with crushing chest pain radiating to the left arm. ECG showed ST elevations in V2-V4. He got "
    "a drug-eluting stent to the LAD. Cardiac rehabilitation was arranged. Creatinine was normal."
)


@pytest.mark.parametrize(("version", "infarction"), [(9, "410"), (10, "I21")])
def test_a_textbook_infarction_that_is_not_named_is_an_infarction_first(version: int, infarction: str) -> None:
    table = RubricTable.shipped(LabelSet.load("icd-chapters-18"), [version])
    lexicon = Lexicon.shipped(table)
    reading = lexicon.read(TEXTBOOK)
    assert table.rubrics[int(reading.columns()[:, 0].argmax())].code == infarction
    named = reading.named(table.places()[infarction, version])
    assert named is not None
    assert lexicon.terms[named].term == "crushing chest pain"


@pytest.mark.parametrize(("note", "rubric"), [("Stent to the LAD.", "I25"), ("ST elevation in all leads.", "I21")])
def test_a_short_word_in_capitals_is_looked_up(lexicon: Lexicon, note: str, rubric: str) -> None:
    assert best(lexicon.read(note)) == rubric


def test_a_letter_in_capitals_tells_one_kind_from_another(lexicon: Lexicon) -> None:
    reading = lexicon.read("Vitamin D deficiency.")
    assert best(reading) == "E55"
    assert column(reading, "E55", "term") > column(reading, "E56", "term")


def test_what_is_denied_or_a_relatives_stands_against_a_rubric(lexicon: Lexicon) -> None:
    for note in ("No evidence of pneumonia.", "Pneumonia was ruled out.", "Mother had pneumonia."):
        reading = lexicon.read(note)
        assert column(reading, "J18", "term") == 0
        assert column(reading, "J18", "denied") > 1, note
    said = lexicon.read("No pneumonia on Monday. On Friday pneumonia in the right lower lobe.")
    assert column(said, "J18", "denied") == 0, "it is said of now elsewhere"


def test_a_family_history_section_tells_of_relatives(lexicon: Lexicon) -> None:
    reading = lexicon.read("Brief Hospital Course:\nShe did well.\n\nFamily History:\nGlaucoma.\n")
    assert column(reading, "H40", "term") == 0


def test_what_is_past_is_counted_apart(lexicon: Lexicon) -> None:
    reading = lexicon.read("History of appendicitis in 1990.")
    assert column(reading, "K37", "past") > column(reading, "K37", "term") == 0


def test_an_abbreviation_of_two_readings_needs_a_word_that_decides(lexicon: Lexicon) -> None:
    assert column(lexicon.read("MS with new demyelinating lesions."), "G35", "whole term") > 0
    assert column(lexicon.read("Given MS for comfort."), "G35", "whole term") == 0
    assert column(lexicon.read("MS with a diastolic murmur."), "I05", "whole term") > 0


def test_an_abbreviation_in_small_letters_counts_only_in_a_note_of_small_letters(lexicon: Lexicon) -> None:
    assert column(lexicon.read("known copd on inhalers"), "J44", "whole term") > 0
    assert column(lexicon.read("Known copd on inhalers"), "J44", "whole term") == 0
    assert column(lexicon.read("Known COPD on inhalers"), "J44", "whole term") > 0


def test_a_reading_without_a_sentence_is_that_of_the_note_without_it(lexicon: Lexicon) -> None:
    parts = ["He has gout.", "No fever was seen.", "Asthma since childhood.", "Gout of the left toe."]
    whole = lexicon.read(" ".join(parts))
    for number in range(len(parts)):
        shorter = lexicon.read(" ".join(parts[:number] + parts[number + 1 :]))
        np.testing.assert_allclose(whole.columns(without=[number]), shorter.columns())


def test_a_note_of_very_many_sentences_is_read_in_bounded_memory(lexicon: Lexicon) -> None:
    text = "He has gout. She denies pain. " * (2 * MOST_ROWS)
    reading = lexicon.read(text)
    assert len(reading.spans) == MOST_ROWS
    assert (reading.spans[0][0], reading.spans[-1][1]) == (0, len(text) - 1)
    short = lexicon.read("He has gout. She denies pain.")
    for name in ("term", "whole term", "denied"):
        assert column(reading, "M10", name) == column(short, "M10", name)


def test_a_text_without_words_meets_nothing(lexicon: Lexicon) -> None:
    for text in ("", "...", "the of and"):
        assert not lexicon.read(text).columns().any()


def test_the_term_that_met_is_known_and_where_it_stands(lexicon: Lexicon) -> None:
    sentence = "A carcinoma of the sigmoid colon was found."
    reading, place = lexicon.read(sentence), PLACES["C18", 10]
    number = reading.met((0, len(sentence)), place)[0]
    assert lexicon.terms[number].code == "C187"
    assert [sentence[start:end] for start, end in lexicon.places_of(number, sentence)] == [
        "carcinoma",
        "sigmoid",
        "colon",
    ]
    assert reading.named(place) == number
    assert "C187" in lexicon.leaves
    assert "C18" not in lexicon.leaves


@pytest.mark.parametrize(
    "sentence",
    ["Acute myocardial infarction with heart failure and atrial fibrillation.", "COPD, DM and CKD.", "None."],
)
def test_a_meeting_has_each_rubric_once_with_the_term_that_a_walk_over_all_terms_finds(
    lexicon: Lexicon, sentence: str
) -> None:
    found = [column for _, column in lexicon._words(sentence, is_small=False)]
    meeting = lexicon._meet([], found)
    columns = sorted({column for column in found if column >= 0})
    weights = np.asarray(lexicon._postings[columns].sum(axis=0)).ravel()
    covers = weights / lexicon._total
    best: dict[int, float] = {}
    for number in np.flatnonzero(covers >= 0.34):
        place = int(lexicon._place[number])
        best[place] = max(best.get(place, 0.0), float(covers[number] ** 2 * np.sqrt(weights[number])))
    for short in (-1 - column for column in found if column < 0):
        best[int(lexicon._place[short])] = max(best.get(int(lexicon._place[short]), 0.0), float(np.sqrt(8.0)))
    if meeting is None:
        assert not found
        return
    assert sorted(meeting.places) == sorted(best)
    for place, strength, term in zip(meeting.places, meeting.strength, meeting.term, strict=True):
        assert lexicon._place[term] == place
        assert strength == pytest.approx(best[int(place)], rel=1e-5)


def test_the_index_is_small(lexicon: Lexicon) -> None:
    assert lexicon.n_bytes < 10_000_000
