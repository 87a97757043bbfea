"""The lists behind the rules, and the questions that are answered from them alone."""

import re

import pytest

from nosology.deidentification import cue_words
from nosology.deidentification.generic_words import is_generic, is_region, names_an_institution
from nosology.deidentification.lexicon import STATE_CODES, US_STATES, any_of, ranked, words

LISTS = (
    "first_names", "surnames", "english_words", "medical_words", "cities", "states", "countries", "peoples", "eponyms",
    "products",
)  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_lists_entries_are_lower_case_clean_and_ranked_from_zero(name: str) -> None:
    entries = ranked(name)
    assert min(entries.values()) == 0
    assert [entry for entry in entries if entry != entry.strip().lower() or entry.startswith("#")] == []


def test_lists_of_names_and_words_start_with_the_most_frequent() -> None:
    assert ranked("surnames")["smith"] < ranked("surnames")["okafor"]
    assert ranked("english_words")["the"] < ranked("english_words")["kidney"]
    assert ranked("first_names")["mary"] < ranked("first_names")["siobhan"]


def test_there_are_fifty_states_and_few_more() -> None:
    assert {"ohio", "new york", "west virginia", "hawaii"} <= US_STATES
    assert 50 <= len(US_STATES) <= 55
    assert {"OH", "NY", "DC", "PR"} <= STATE_CODES
    assert all(re.fullmatch("[A-Z]{2}", code) for code in STATE_CODES)


@pytest.mark.parametrize("eponym", ["parkinson", "foley", "crohn", "babinski", "hodgkin", "graves", "bell"])
def test_names_of_diseases_and_devices_are_known(eponym: str) -> None:
    assert eponym in ranked("eponyms")


def test_a_word_set_is_asked_for_by_module_and_name() -> None:
    assert {"md", "rn", "phd"} <= words("cue_words.credentials")
    for key in ("cue_words.no_such_set", "no_such_module.kin"):
        with pytest.raises(KeyError):
            words(key)


def test_cue_words_are_lower_case_since_they_are_looked_up_in_lower_case() -> None:
    sets = [value for value in vars(cue_words).values() if isinstance(value, frozenset)]
    assert len(sets) > 10
    assert [word for found in sets for word in found if word != word.lower()] == []


def test_a_pattern_of_strings_prefers_the_longest_and_takes_them_literally() -> None:
    pattern = re.compile(any_of({"st", "street", "p.o."}))
    assert pattern.findall("street st p.o. pXo") == ["street", "st", "p.o."]


@pytest.mark.parametrize("phrase", ["Ohio", "new york", "FRANCE", "United States", "Puerto Rico", "Spanish"])
def test_states_countries_and_peoples_are_regions(phrase: str) -> None:
    assert is_region(phrase)


@pytest.mark.parametrize("phrase", ["Boston", "Dayton", "Ohio Valley", "", "Okafor"])
def test_cities_and_names_are_none(phrase: str) -> None:
    assert not is_region(phrase)


@pytest.mark.parametrize(
    ("word", "generic"),
    [
        ("Clinic", True),
        ("cardiology", True),
        ("Women's", True),
        ("urogynecology", True),
        ("X", True),
        ("Spanish", True),
        ("Mercy", False),
        ("Ridgeline", False),
        ("Smith's", False),
        ("Springfield", False),
    ],
)
def test_a_generic_word_says_what_an_institution_does_not_which_it_is(word: str, generic: bool) -> None:
    assert is_generic(word) is generic


def test_one_word_that_is_not_generic_names_an_institution() -> None:
    assert names_an_institution("Mercy General Hospital")
    assert not names_an_institution("Sleep and Wellness Center")
    assert not names_an_institution("")
