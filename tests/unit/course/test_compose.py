"""Courses: balanced, repeatable, and with distractors whose category is never the answer."""

import re
from collections import Counter
from importlib import resources
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.coding.labels import LabelSet
from nosology.course.compose import (
    CASINGS,
    KIND_SHARES,
    NAME_FORMS,
    TEXT_FORMS,
    CourseText,
    _inside,
    carriers,
    compose,
    weighted,
)
from nosology.course.phrases import Phrase, collect
from nosology.errors import DataError


def phrase(text: str, code: str, category: str, kind: str = "name") -> Phrase:
    return Phrase(text, code, 10, category, kind, "test")  # type: ignore[arg-type]


HEART = [phrase(f"Heart trouble {n}", f"I{n}", "Heart") for n in range(10, 40)]
SKIN = [phrase("Rash", "L20", "Skin"), phrase("It itches and is red.", "L20", "Skin", "finding")]


def test_categories_take_turns_whatever_their_number_of_phrases() -> None:
    counts = Counter(text.phrase.category for text in compose([*HEART, *SKIN], 200, 1))
    assert counts == {"Heart": 100, "Skin": 100}


def test_the_kinds_of_a_category_have_their_shares() -> None:
    counts = Counter(text.phrase.kind for text in compose([*HEART, *SKIN], 2000, 1) if text.phrase.category == "Skin")
    share = KIND_SHARES["name"] / (KIND_SHARES["name"] + KIND_SHARES["finding"])
    assert abs(counts["name"] / 1000 - share) < 0.05


def test_rubrics_of_a_kind_come_equally_often() -> None:
    many = [phrase(f"Fracture {n}", "S52", "Bone") for n in range(99)] + [phrase("Sprain", "S53", "Bone")]
    counts = Counter(text.phrase.code for text in compose([*many, *SKIN], 200, 5) if text.phrase.category == "Bone")
    assert counts == {"S52": 50, "S53": 50}


def test_a_phrase_comes_again_only_after_all_of_its_rubric() -> None:
    several = [phrase(f"Fracture {n}", "S52", "Bone") for n in range(10)]
    texts = [text.phrase.text for text in compose([*several, *SKIN], 40, 5) if text.phrase.category == "Bone"]
    assert sorted(Counter(texts).values()) == [2] * 10


def test_one_seed_gives_one_course_and_another_seed_another() -> None:
    assert compose([*HEART, *SKIN], 50, 7) == compose([*HEART, *SKIN], 50, 7)
    assert compose([*HEART, *SKIN], 50, 7) != compose([*HEART, *SKIN], 50, 8)


def test_a_distractor_names_a_disease_of_another_category() -> None:
    texts = [text for text in compose([*HEART, *SKIN], 400, 3) if text.form == "distractor"]
    assert len(texts) > 20
    for text in texts:
        named = {"Heart": "heart trouble", "Skin": "rash"}
        assert all(name in text.text.lower() for name in named.values()), text.text


def test_every_phrase_stands_in_its_text_and_no_slot_is_left_open() -> None:
    for text in compose([*HEART, *SKIN], 400, 3):
        assert text.phrase.text.lower().rstrip(".") in text.text.lower()
        assert not re.search(r"[{}]", text.text)


def test_only_women_of_a_fitting_age_are_pregnant_and_newborns_have_no_years() -> None:
    births = [phrase("Long labour", "O63", "Birth"), phrase("Neonatal jaundice", "P59", "Newborn")]
    texts = compose(births, 600, 2)
    ages = [int(age) for text in texts if text.phrase.code == "O63" for age in re.findall(r"\b\d+\b", text.text)]
    assert ages
    assert all(age <= 44 for age in ages)
    assert "sentence" not in {text.form for text in texts if text.phrase.code == "P59"}


def test_one_category_alone_is_refused() -> None:
    with pytest.raises(DataError, match="1 category"):
        compose(HEART, 10, 0)


def words_in_a_row(text: str, n: int) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z]+", re.sub(r"\{[^}]*\}", " 0 ", text.lower()))
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def test_no_carrier_and_no_finding_is_one_of_the_invented_notes() -> None:
    """The demo's notes judge what the course taught, so five words in a row may not be common to both."""
    findings = (resources.files("nosology") / "data/course/findings.tsv").read_text(encoding="utf-8").splitlines()
    texts = [line for lines in carriers().values() for line in lines] + [row.split("\t")[0] for row in findings]
    own = set().union(*(words_in_a_row(text, 5) for text in texts))
    folder = resources.files("nosology") / "data/synthetic"
    files = [folder / f"{name}.toml" for name in ("carriers", "summary", "ward", "wording")]
    for file in [*files, *(folder / "rubrics").iterdir()]:
        content = file.read_text(encoding="utf-8")
        assert not own & words_in_a_row(content, 5), file.name


def test_the_shipped_findings_cover_every_category_and_name_a_code_each() -> None:
    findings = [phrase for phrase in collect(LabelSet.load("icd-chapters-18")) if phrase.kind == "finding"]
    counts = Counter(phrase.category for phrase in findings)
    assert min(counts.values()) >= 17
    assert len(counts) == 18


# ---- the words around a phrase


def composed(phrases: list[Phrase], n: int = 600, seed: int = 4) -> list[CourseText]:
    """Return the texts of some phrases, with a rash now and then to be told apart from."""
    rash = Phrase("Rash", "L20", 10, "Skin", "name", "test")
    return [text for text in compose([*phrases, rash], n, seed) if text.phrase.category != "Skin"]


def test_a_name_is_put_into_words_as_often_as_each_form_says() -> None:
    counts = Counter(text.form for text in composed(HEART, 4000))
    assert set(counts) == set(NAME_FORMS)
    for form, share in NAME_FORMS.items():
        assert counts[form] / 2000 == pytest.approx(share, abs=0.035), form


def test_a_sentence_is_carried_by_distractors_alone() -> None:
    several = [phrase(f"Number {n} hurts.", "I21", "Heart", "definition") for n in range(9)]
    counts = Counter(text.form for text in composed(several, 2000))
    assert set(counts) == set(TEXT_FORMS)
    assert counts["text_distractor"] / 1000 == pytest.approx(TEXT_FORMS["text_distractor"], abs=0.04)


def test_where_no_other_category_has_a_name_nothing_is_denied() -> None:
    finding = Phrase("It itches.", "L20", 10, "Skin", "finding", "test")
    texts = compose([*HEART, finding], 400, 3)
    assert {text.form for text in texts if text.phrase.category == "Heart"} == {"bare", "telegraphic", "sentence"}
    assert {text.form for text in texts if text.phrase.category == "Skin"} == {"bare", "text_distractor"}


@pytest.mark.parametrize(("version", "birth", "newborn"), [(10, "O63", "P59"), (9, "65123", "7746")])
def test_births_and_newborns_are_known_by_the_codes_of_either_version(version: int, birth: str, newborn: str) -> None:
    labour = Phrase("Long labour", birth, version, "Birth", "name", "test")
    jaundice = Phrase("Neonatal jaundice", newborn, version, "Newborn", "name", "test")
    texts = compose([labour, jaundice], 600, 2)
    told = " ".join(text.text.lower() for text in texts if text.phrase is labour and text.form == "sentence")
    assert re.search(r"\bwoman\b", told)
    assert not re.search(r"\b(man|gentleman|boy|girl|lady)\b", told)
    assert "sentence" not in {text.form for text in texts if text.phrase is jaundice}


def test_some_patients_are_children_and_their_ages_are_a_childs() -> None:
    told = [text.text.lower() for text in composed(HEART, 3000) if text.form == "sentence"]
    children = [text for text in told if re.search(r"\b(boy|girl)\b", text)]
    assert 0.03 < len(children) / len(told) < 0.17
    ages = [int(age) for text in children for age in re.findall(r"\b\d+\b", text.replace("heart trouble ", "x"))]
    assert all(3 <= age <= 39 for age in ages), "3 to 16, and the numbers of the phrases"
    assert any(age <= 16 for age in ages)


def test_casings_come_as_often_as_they_should_and_capitals_are_for_names_alone() -> None:
    names = Counter(
        text.text for text in composed([phrase("Heart trouble", "I21", "Heart")], 4000) if text.form == "bare"
    )
    shares = {text: n / names.total() for text, n in names.items()}
    assert shares == {
        "Heart trouble": pytest.approx(0.5, abs=0.06),
        "heart trouble": pytest.approx(0.3, abs=0.06),
        "HEART TROUBLE": pytest.approx(0.1, abs=0.04),
        "Heart Trouble": pytest.approx(0.1, abs=0.04),
    }
    said = {
        text.text for text in composed([phrase("It hurts so.", "I21", "Heart", "finding")], 400) if text.form == "bare"
    }
    assert said == {"It hurts so.", "it hurts so."}


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("Heart attack", "heart attack"),
        ("AIDS", "AIDS"),
        ("HIV infection", "HIV infection"),
        ("pH imbalance", "pH imbalance"),
        ("A fall", "a fall"),
        ("Gout", "gout"),
        ("3-day fever", "3-day fever"),
    ],
)
def test_a_name_inside_a_sentence_has_a_small_letter_unless_its_first_word_is_no_plain_one(
    name: str, inside: str
) -> None:
    assert _inside(name) == inside


@given(st.text(alphabet="AbC d-1é", min_size=1, max_size=12))
def test_a_name_inside_a_sentence_loses_no_letter(name: str) -> None:
    assert _inside(name).lower().split() == name.lower().split()


@pytest.mark.parametrize("shares", [NAME_FORMS, TEXT_FORMS, KIND_SHARES, CASINGS])
def test_all_shares_sum_to_one(shares: dict[str, float]) -> None:
    assert sum(shares.values()) == pytest.approx(1)


def test_something_of_no_share_is_never_drawn() -> None:
    draw = Random(0)
    assert Counter(weighted({"a": 3, "b": 0, "c": 1}, draw) for _ in range(400)).keys() == {"a", "c"}


def test_a_course_is_as_long_as_asked_for_and_may_be_empty() -> None:
    assert len(compose([*HEART, *SKIN], 7, 1)) == 7
    assert compose([*HEART, *SKIN], 0, 1) == []


def test_no_phrase_at_all_is_refused_with_what_it_takes() -> None:
    with pytest.raises(DataError, match="phrases of 0 categories") as caught:
        compose([], 10, 0)
    assert "two at least" in caught.value.hint


def test_texts_stay_out_of_the_repr() -> None:
    assert "rouble" not in repr(compose([*HEART, *SKIN], 20, 1))


def test_a_sentence_keeps_its_capital_inside_a_distractor() -> None:
    texts = composed([phrase("Zest hurts.", "I21", "Heart", "finding")], 600)
    carried = [text.text for text in texts if text.form == "text_distractor"]
    assert any("Zest hurts" in text for text in carried)
    assert all("zest hurts" not in text or text == text.lower() for text in carried)
