"""The words that say whose a diagnosis is: which are relatives, which report, and which only look like a relative."""

import pytest

from nosology.suggesting import kin


@pytest.mark.parametrize(
    "word",
    [
        "mother",
        "Fathers",
        "mum",
        "dad",
        "brother",
        "sisters",
        "siblings",
        "twin sister",
        "aunt",
        "auntie",
        "uncles",
        "grandmother",
        "grand-father",
        "grandpa",
        "nan",
        "cousins",
        "nephew",
        "niece",
        "sons",
        "daughter",
        "children",
        "first-degree relatives",
        "second degree relative",
        "maternal grandfather",
        "paternal side",
        "wife",
        "husband",
        "spouse",
        "partner",
        "fiancée",
        "half-brother",
        "step mother",
        "mother-in-law",
        "in-laws",
        "roommate",
        "household contacts",
        "co-worker",
        "neighbour",
        "neighbors",
    ],
)
def test_a_person_beside_the_patient_is_found_in_any_case(word: str) -> None:
    for written in (word, word.upper(), word.capitalize()):
        found = kin.RELATIVE_AHEAD.search(f"the {written} had asthma")
        assert found is not None
        assert found[0] == written


@pytest.mark.parametrize("word", ["smother", "motherboard", "person", "sonography", "sunday", "granular", "nanogram"])
def test_a_word_that_holds_a_relative_is_none(word: str) -> None:
    assert kin.RELATIVE_AHEAD.search(f"the {word} was seen") is None


@pytest.mark.parametrize("rest", [" had asthma", " has asthma", " with asthma", ", asthma", " died at 60", "'s "])
def test_words_of_having_follow_a_relative(rest: str) -> None:
    assert kin.RELATIVE_HAS.match(rest) is not None


@pytest.mark.parametrize(
    "rest", [" reports asthma", " brought him in", " thinks he wheezes", " phoned", "", "'s bakery, asthma"]
)
def test_words_of_reporting_are_none_of_having(rest: str) -> None:
    assert kin.RELATIVE_HAS.match(rest) is None


@pytest.mark.parametrize(
    "word", ["reports", "said", "noticed", "brought", "phoned", "witnessed", "denies", "confirmed"]
)
def test_who_reports_is_an_informant(word: str) -> None:
    assert kin.INFORMANT.search(f"mother {word} that he wheezes") is not None


@pytest.mark.parametrize(
    "header", ["Family history: gout", "FH: gout", "FHx gout", "fam hx: gout", "Family: gout", "No family history of"]
)
def test_a_header_on_relatives_is_told_by_its_first_words(header: str) -> None:
    assert kin.FAMILY_HEADER.match(header) is not None


@pytest.mark.parametrize("line", ["Social history: gout", "family meeting held", "history of gout", "FHR 140"])
def test_other_lines_are_no_header_on_relatives(line: str) -> None:
    assert kin.FAMILY_HEADER.match(line) is None


@pytest.mark.parametrize(
    "phrase", ["family history of gout", "gout runs in the family", "F/H gout", "a family member with gout"]
)
def test_a_phrase_on_relatives_is_found_anywhere(phrase: str) -> None:
    assert kin.FAMILY_PHRASE.search(f"she says {phrase}") is not None


@pytest.mark.parametrize(
    "behind", ["asthma (mother)", "asthma in two brothers", "asthma in his father", "asthma (sister, 40)"]
)
def test_a_relative_behind_a_diagnosis_is_whose_it_is(behind: str) -> None:
    assert kin.RELATIVE_BEHIND.match(behind) is not None


@pytest.mark.parametrize("behind", ["asthma (per mother)", "asthma in childhood", "asthma and gout", "asthma (mild)"])
def test_other_words_behind_a_diagnosis_leave_it_to_the_patient(behind: str) -> None:
    assert kin.RELATIVE_BEHIND.match(behind) is None


@pytest.mark.parametrize("before", ["discussed with his ", "by her ", "lives near the ", "according to ", "like her "])
def test_a_relative_behind_some_words_is_not_whom_the_clause_is_about(before: str) -> None:
    assert kin.NOT_SUBJECT.search(before) is not None


@pytest.mark.parametrize("before", ["exposed to ", "contact with ", "sick contacts: ", "caught it from his older "])
def test_what_a_relative_passed_on_is_the_patients(before: str) -> None:
    assert kin.EXPOSED.search(before) is not None


@pytest.mark.parametrize("own", ["Ex smoker with ", "Ex-smoker with ", "Ex drinker, has "])
def test_who_was_something_is_nobodys_relative(own: str) -> None:
    assert kin.RELATIVE_AHEAD.search(own) is None
