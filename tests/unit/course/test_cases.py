"""Diseases in fragments: enough of each category, valid codes, and no fragment that names its disease."""

import re
from collections import Counter
from pathlib import Path

import pytest

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.course.cases import FRAGMENTS, VERSION, Case, _case, _sex, shipped_cases

LABELS = LabelSet.load("icd-chapters-18")
CASES = shipped_cases(LABELS)

GENERAL = frozenset(
    re.findall(
        r"\w+",
        """
        acute chronic disease disorder with without pain fever home care check visit social block open large
        back bleeding ankle bladder breast breath cerebral chest groin hand head heart kidney knee liver
        lung lens wrist skin spine scar section hair wound pressure urine mother newborn sugar angle sodium
        protein plasma factor fasting device generator battery replacement colic enlarged throat
        """,
    )
)
"""Words of places in the body, and general ones, that a name has in common with what is seen."""


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", text.lower())) - GENERAL


def everything_said(case: Case) -> str:
    return " / ".join(text for slot in FRAGMENTS for text in case.fragments[slot])


def test_every_category_has_a_dozen_diseases_at_least() -> None:
    counts = Counter(case.category for case in CASES)
    assert len(CASES) >= 250
    assert set(counts) == set(LABELS.names)
    assert min(counts.values()) >= 12


def test_no_fragment_holds_a_name_of_its_disease_or_a_telling_word_of_it() -> None:
    for case in CASES:
        said = everything_said(case)
        for name in case.names:
            assert not re.search(rf"(?<![a-z0-9]){re.escape(name.lower())}(?![a-z0-9])", said.lower()), name
        assert not words(" ".join(case.names)) & words(said), case.names[0]


def test_no_fragment_holds_a_word_that_the_title_of_the_rubric_shares_with_a_name() -> None:
    titles = {rubric.code: rubric.title for rubric in RubricTable.shipped(LABELS, {VERSION}).rubrics}
    for case in CASES:
        title = titles.get(icd.rubric_of(case.code, VERSION) or "", "")
        assert not words(title) & words(" ".join(case.names)) & words(everything_said(case)), case.names[0]


def test_every_fragment_can_stand_in_a_note() -> None:
    for case in CASES:
        for slot in FRAGMENTS:
            assert case.fragments[slot], case.names[0]
            for text in case.fragments[slot]:
                assert text == text.strip(), text
                assert not re.search(r"[{}\t~]|\.$|  ", text), text


def test_no_two_diseases_share_a_fragment_of_five_words() -> None:
    counts = Counter(
        text for case in CASES for slot in FRAGMENTS for text in case.fragments[slot] if len(text.split()) >= 5
    )
    assert not [text for text, n in counts.items() if n > 1]


def test_a_relative_speaks_of_one_who_cannot_and_gives_the_sex_away() -> None:
    by_name = {case.names[0]: case for case in CASES}
    croup, gout = by_name["croup"], by_name["gout"]
    assert (croup.group, croup.sex, croup.is_quoted_by_patient) == ("child", "M", False)
    assert (gout.group, gout.sex, gout.is_quoted_by_patient) == ("adult", "M", True)
    assert by_name["delirium"].sex == "M"
    assert not by_name["prematurity"].is_quoted_by_patient


@pytest.mark.parametrize("group", ["adult", "child", "infant", "newborn"])
def test_there_are_diseases_of_every_age(group: str) -> None:
    assert sum(case.group == group for case in CASES) >= 10


def test_ages_are_in_order() -> None:
    assert all(0 <= case.youngest <= case.oldest <= 99 for case in CASES)


def test_a_label_set_with_fewer_categories_takes_only_what_it_knows() -> None:
    by_chapter = {case.category for case in CASES if case.code.startswith("I2")}
    assert by_chapter == {"Cardiovascular"}


# ---- a row of the file, read

ROW = {
    "code": "I21.9",
    "patient": "A40-80",
    "settings": "ro",
    "names": "heart attack | myocardial infarction",
    "complaint": "chest pain | tightness of the chest",
    "words": "I thought I would die",
    "history": "smokes",
    "examination": "pale",
    "tests": "ST elevation",
    "treatment": "stent",
    "course": "home on day 4",
}


def read(**changed: str) -> Case:
    case = _case({**ROW, **changed}, LABELS)
    assert case is not None
    return case


def test_a_row_becomes_a_case_with_its_parts_split_at_bars() -> None:
    case = read()
    assert (case.code, case.category, case.settings) == ("I219", "Cardiovascular", "ro")
    assert (case.youngest, case.oldest) == (40, 80)
    assert case.names == ("heart attack", "myocardial infarction")
    assert case.fragments["complaint"] == ("chest pain", "tightness of the chest")
    assert set(case.fragments) == set(FRAGMENTS)


@pytest.mark.parametrize(
    ("patient", "group", "sex"),
    [
        ("A40-80", "adult", ""),
        ("F40-80", "adult", "F"),
        ("M40-80", "adult", "M"),
        ("C3-9", "child", ""),
        ("C3-9f", "child", "F"),
        ("I2-9m", "infant", "M"),
        ("N0-3", "newborn", ""),
    ],
)
def test_the_patients_letter_says_group_and_sex(patient: str, group: str, sex: str) -> None:
    case = read(patient=patient)
    assert (case.group, case.sex) == (group, sex)


@pytest.mark.parametrize(
    ("patient", "words", "sex", "is_own"),
    [
        ("A40-80", "I cannot breathe", "", True),
        ("A40-80", "it burns when passing water", "", True),
        ("A40-80", "he does not know where he is", "M", False),
        ("A40-80", "Her speech was slurred, I called at once", "F", False),
        ("A40-80", "Mother says I look yellow", "", False),
        ("C3-9", "my ear hurts", "", True),
        ("C3-9", "he barks like a seal", "M", False),
        ("C3-9", "it came at night", "", False),
        ("I2-9", "I noticed his lips were blue", "M", False),
        ("I2-9", "she will not drink", "F", False),
    ],
)
def test_whose_words_they_are_decides_sex_and_who_is_quoted(patient: str, words: str, sex: str, is_own: bool) -> None:
    """Words of the patient's own name no sex; what a relative says gives it away, and a baby is never quoted."""
    case = read(patient=patient, words=words)
    assert (case.sex, case.is_quoted_by_patient) == (sex, is_own)


def test_the_letter_wins_over_what_a_relative_says() -> None:
    assert read(patient="F40-80", words="he found me on the floor").sex == "F"


def test_a_disease_that_the_label_set_has_no_place_for_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("category\ticd10\nHeart\tI20-I25\nSkin\tL00-L99\n", encoding="utf-8")
    own = LabelSet.load(tmp_path / "own.tsv")
    assert _case({**ROW, "code": "A02.0"}, own) is None
    assert {case.category for case in shipped_cases(own)} == {"Heart", "Skin"}


@pytest.mark.parametrize("wrong", [{"code": "HELLO"}, {"patient": "X3-9"}, {"patient": "A40"}, {"patient": "C3-9x"}])
def test_a_row_that_cannot_be_read_is_a_fault_of_the_file_and_named(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"cases\.tsv: .* has no valid code or patient"):
        read(**wrong)


def test_fragments_stay_out_of_the_repr() -> None:
    assert "chest pain" not in repr(read())


@pytest.mark.parametrize(("words", "sex"), [("the cushion", ""), ("HIS leg", "M"), ("that is hers", "F"), ("", "")])
def test_a_sex_is_read_from_whole_words_alone(words: str, sex: str) -> None:
    assert _sex(words) == sex
