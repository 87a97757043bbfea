"""How far a name goes and which words can be one, by the strength of the words around it."""

import pytest

from nosology.deidentification.name_words import Strength, can_be_name, is_listed_name, name_evidence, read_name


def read(text: str, strength: Strength = Strength.LABEL, *, caseless: bool = False) -> str | None:
    """Return the name at the start of a text."""
    end = read_name(text, 0, strength, caseless=caseless)
    return None if end is None else text[:end]


@pytest.mark.parametrize(
    ("word", "evidence"),
    [
        ("nguyen", 2),
        ("okafor", 1),
        ("lindqvist", 1),
        ("smith", 0),
        ("grace", 0),
        ("young", 0),
        ("parkinson", 0),
        ("pain", -1),
        ("the", -1),
        ("hypertension", -1),
        ("lasix", -1),
        ("bcd", -1),
    ],
)
def test_the_lists_weigh_names_against_ordinary_and_medical_words(word: str, evidence: int) -> None:
    assert name_evidence(word) == evidence


def test_a_compound_word_counts_as_its_most_name_like_part() -> None:
    assert name_evidence("pain-nguyen") == name_evidence("nguyen") == 2
    assert name_evidence("o'brien") == name_evidence("brien")


def test_only_the_more_frequent_names_count_as_listed() -> None:
    assert is_listed_name("smith")
    assert is_listed_name("mary")
    assert not is_listed_name("xyzzq")


@pytest.mark.parametrize(
    ("word", "weakest"),
    [
        ("Okafor", Strength.WEAK),
        ("Smith", Strength.LABEL),
        ("Walking", Strength.KIN),
        ("Prednisone", Strength.TITLE),
        ("OKAFOR", Strength.WEAK),
    ],
)
def test_the_less_a_word_looks_like_a_name_the_stronger_its_context_must_be(word: str, weakest: Strength) -> None:
    able = [strength for strength in Strength if can_be_name(word, strength, first=True, caseless=False)]
    assert able[:1] == [weakest]
    assert able[-1:] == [Strength.TITLE]


@pytest.mark.parametrize("word", ["the", "The", "Patient", "JR", "M", "Hospital", "signed", "okafor"])
def test_words_of_grammar_suffixes_single_letters_and_small_words_begin_no_name(word: str) -> None:
    assert not any(can_be_name(word, strength, first=True, caseless=False) for strength in Strength)


def test_without_letter_case_a_small_word_can_be_a_name() -> None:
    assert can_be_name("okafor", Strength.LABEL, first=True, caseless=True)
    assert not can_be_name("walking", Strength.LABEL, first=True, caseless=True)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Okafor was seen", "Okafor"),
        ("J. P. Okafor, MD", "J. P. Okafor"),
        ("Jane Q. Roe", "Jane Q. Roe"),
        ("van der Berg said", "van der Berg"),
        ("de la Cruz-Lopez", "de la Cruz-Lopez"),
        ("Anna Maria Lund Jr. and", "Anna Maria Lund Jr"),
        ("Brandt III", "Brandt III"),
        ('John "Jack" Brandt', 'John "Jack" Brandt'),
        ("Okafor's chart", "Okafor"),
        ("Okafor’s chart", "Okafor"),
        ("O'Brien", "O'Brien"),
        ("O’Shea-Lund", "O’Shea-Lund"),
        ("Skip Blagojevic", "Skip Blagojevic"),
        ("Lund the baker", "Lund"),
        ("Okafor\nLindqvist", "Okafor"),
        ("Okafor, Lindqvist", "Okafor"),
    ],
)
def test_a_name_is_read_whole_with_its_initials_particles_and_suffixes(text: str, name: str) -> None:
    assert read(text) == name


@pytest.mark.parametrize("text", ["will be", "X ray", "J. was", "Y Gasset", "M.D.", "12", "", "van the", "Pain Clinic"])
def test_what_starts_no_name_gives_none(text: str) -> None:
    assert read(text) is None


def test_initials_alone_are_no_name() -> None:
    assert read("J. P. was seen", Strength.TITLE) is None


def test_no_more_words_are_read_than_a_name_has() -> None:
    assert read("Ann " * 20) == "Ann Ann Ann Ann Ann Ann"


def test_after_a_title_a_name_is_read_in_capitals_and_in_small_letters() -> None:
    assert read("OKAFOR WAS SEEN", Strength.TITLE, caseless=True) == "OKAFOR"
    assert read("okafor was seen", Strength.TITLE, caseless=True) == "okafor"
