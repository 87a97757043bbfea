"""Names of people, given away by the words beside them: titles, kin, labels, degrees, greetings, lines of their own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings import found, pieces
from nosology.deidentification.detectors.people import people


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("seen with Dr. Okafor today", "Okafor"),
        ("Dr.Okafor called", "Okafor"),
        ("Mr. A. Brandt came", "A. Brandt"),
        ("Dr. J. P. Okafor, MD", "J. P. Okafor"),
        ("Mrs. Anna-Lena van der Berg", "Anna-Lena van der Berg"),
        ("Mr. de la Cruz", "de la Cruz"),
        ("Mr. O'Brien", "O'Brien"),
        ("Ms. O’Shea-Lund", "O’Shea-Lund"),
        ("Mr. D'Angelo's chart", "D'Angelo"),
        ("Ms. Smith-Jones was", "Smith-Jones"),
        ("Mr. Ng", "Ng"),
        ("Prof. McGonagall", "McGonagall"),
        ("Miss Havisham", "Havisham"),
        ("Sgt. Pepper", "Pepper"),
        ("Dr. Müller and", "Müller"),
        ("Mr. Смирнов", "Смирнов"),
        ("MR. BRANDT WAS SEEN", "BRANDT"),
        ("Mr. and Mrs. Brandt", "Brandt"),
        ("Mr. Harlan Brandt Jr. said", "Harlan Brandt Jr"),
        ("Nurse Ratched", "Ratched"),
    ],
)
def test_what_follows_a_title_is_a_name(text: str, name: str) -> None:
    assert found(people, text) == [("NAME", name)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("her daughter Siobhan", "Siobhan"),
        ("his wife, Mary Ann, says", "Mary Ann"),
        ("wife Grace is here", "Grace"),
        ("his brother (Tomasz) called", "Tomasz"),
        ("Anna (daughter)", "Anna"),
        ("Jane, his wife", "Jane"),
        ("attending physician Helen Marsh", "Helen Marsh"),
        ("PCP: Ng", "Ng"),
        ("Dictated by: Bo Lindqvist", "Bo Lindqvist"),
        ("Attending:   Helen Marsh", "Helen Marsh"),
        ("spoke with Lindqvist about", "Lindqvist"),
        ("a letter to Helen Marsh", "Helen Marsh"),
        ("under the care of Helen Marsh", "Helen Marsh"),
        ("please call Lindqvist", "Lindqvist"),
        ("her name is Siobhan", "Siobhan"),
        ("a dog named Lucky", "Lucky"),
        ("also known as Skip Blagojevic", "Skip Blagojevic"),
        ("Dear Helen,", "Helen"),
        ("Sincerely,\nHelen Marsh", "Helen Marsh"),
        ("I, Helen Marsh, certify", "Helen Marsh"),
        ("Maria Delgado, RN", "Maria Delgado"),
        ("R. Okonkwo M.D.", "R. Okonkwo"),
        ("MARIA DELGADO MD", "MARIA DELGADO"),
    ],
)
def test_kin_roles_labels_greetings_and_credentials_give_names_away(text: str, name: str) -> None:
    assert found(people, text) == [("NAME", name)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Drs. Alva, Brandt and Chen", ["Alva", "Brandt", "Chen"]),
        ("seen by Dr. Alva and Dr. Nkemelu", ["Alva", "Nkemelu"]),
        ("sons Tomasz and Piotr", ["Tomasz", "Piotr"]),
        ("Dr. Foley placed the Foley catheter", ["Foley"]),
    ],
)
def test_names_in_a_row_are_all_found(text: str, names: list[str]) -> None:
    assert pieces(people, text) == names


@pytest.mark.parametrize("name", ["ROE, JANE", "Jane Roe", "Jane M. Lindqvist", "LINDQVIST, ANDERS"])
def test_a_line_that_is_only_a_name_is_found(name: str) -> None:
    assert pieces(people, f"{name}\nThe patient was admitted\n") == [name]
    assert pieces(people, f"The patient was discharged.\n  {name}  \n") == [name]


@pytest.mark.parametrize(
    "line", ["Chest Pain", "Discharge Medications", "Foley Catheter", "BLOOD CULTURE", "Lasix Daily"]
)
def test_a_line_of_medical_words_is_no_name(line: str) -> None:
    assert found(people, f"{line}\nThe patient was admitted\n") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Seen by dr. okafor. She left. The note was sent.", "okafor"),
        ("She saw mr. lindqvist. She left.", "lindqvist"),
        ("The pt erin chandler left. She was well. It was late.", "erin chandler"),
        ("Her daughter denise came. She was well. It was late.", "denise"),
    ],
)
def test_a_name_written_small_is_found_after_a_title_or_kin(text: str, name: str) -> None:
    assert pieces(people, text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "did miss the appointment",
        "the doctor said so",
        "Her mother has diabetes",
        "brother with cancer",
        "husband is an engineer",
        "informant: mother",
        "PCP: none",
        "Attending: Surgery",
        "seen by cardiology",
        "discussed with Neurology",
        "Parkinson's disease, Foley catheter and Crohn's disease",
        "Babinski sign negative, Hodgkin lymphoma in remission",
        "cc: Chest pain",
        "call if fever",
        "signed out AMA",
        "The PA and lateral films",
        "Dr. X",
        "She is a patient with Graves disease",
        "father had Alzheimer's disease",
        "evaluated by Physical Therapy",
    ],
)
def test_words_beside_a_cue_that_are_no_names_stay(text: str) -> None:
    assert found(people, text) == []


@given(
    st.sampled_from(["Dr.", "Mr.", "Mrs.", "Ms."]),
    st.from_regex(r"[A-Z][bcdfgklmnprst][aeiou][bdklmnrst]{1,2}[aeio]", fullmatch=True),
)
def test_a_made_up_word_after_a_title_is_a_name_though_no_list_holds_it(title: str, name: str) -> None:
    assert pieces(people, f"The case was discussed with {title} {name} at noon.") == [name]
