"""Courses: balanced, repeatable, and with distractors whose category is never the answer."""

import re
from collections import Counter
from importlib import resources

import pytest

from nosology.coding.labels import LabelSet
from nosology.course.compose import KIND_SHARES, carriers, compose
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
