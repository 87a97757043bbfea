"""Eponyms survive beside their noun, and the same word is a name where a person is meant."""

import pytest

from nosology.deidentification import deidentify
from nosology.deidentification.eponyms import is_medical_use


def is_eponym(text: str, name: str) -> bool:
    return is_medical_use(text, text.index(name), text.index(name) + len(name))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a Foley catheter", "Foley"),
        ("FOLEY CATHETER", "FOLEY"),
        ("Crohn's disease", "Crohn"),
        ("Crohn's disease", "Crohn's"),
        ("an Okafor catheter", "Okafor"),
        ("Salter-Harris II fracture", "Salter"),
        ("Salter-Harris type II fracture", "Salter-Harris"),
        ("Guillain-Barré syndrome", "Guillain"),
        ("Osler-Weber-Rendu disease", "Osler"),
        ("Gleason score 7", "Gleason"),
        ("Apgar scores", "Apgar"),
        ("Brandt-Daroff exercises", "Brandt"),
        ("Kaposi sarcoma", "Kaposi"),
        ("the Foley\ncatheter was removed", "Foley"),
    ],
)
def test_a_name_before_its_medical_noun_is_a_word_of_medicine(text: str, name: str) -> None:
    assert is_eponym(text, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Dr. Foley placed it", "Foley"),
        ("Foley, catheter in place", "Foley"),
        ("Okafor test was sent by him", "Okafor"),
        ("seen by Foley.\nCatheter removed", "Foley"),
        ("Signed by Brandt\nDrains: none", "Brandt"),
        ("Foley", "Foley"),
    ],
)
def test_a_name_that_stands_for_a_person_is_none(text: str, name: str) -> None:
    assert not is_eponym(text, name)


@pytest.mark.parametrize(
    "text",
    [
        "He has Parkinson's disease and a Foley catheter.",
        "Crohn's disease, well controlled; Babinski sign absent.",
        "Hodgkin lymphoma was treated with Lasix and Coumadin.",
        "After a Whipple procedure the Jackson-Pratt drain stayed.",
        "Bell's palsy was followed by Graves disease.",
        "PARKINSON'S DISEASE. FOLEY CATHETER IN PLACE. CROHN'S DISEASE.",
        "patient with parkinson's disease, foley catheter and crohn's disease",
    ],
)
def test_eponyms_survive_in_a_whole_text(text: str) -> None:
    assert deidentify(text).text == text


def test_a_surgeon_called_foley_goes_and_the_catheter_stays() -> None:
    text = "Dr. Foley placed a Foley catheter. Foley catheter care was taught by Dr. Foley."
    assert deidentify(text).text == "Dr. <NAME> placed a Foley catheter. Foley catheter care was taught by Dr. <NAME>."
