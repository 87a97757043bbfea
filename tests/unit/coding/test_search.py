"""Codes by names: typing errors, other words, and what is not found."""

import pytest

from nosology.coding.labels import LabelSet
from nosology.coding.search import TermSearch
from nosology.coding.terms import Term, TermTable


@pytest.fixture(scope="module")
def search() -> TermSearch:
    return TermSearch(TermTable.shipped(LabelSet.load("icd-chapters-18"), [10]).terms)


@pytest.mark.parametrize(
    ("query", "rubric"),
    [
        ("hart attack", "I21"),
        ("heart attack", "I21"),
        ("newmonia", "J18"),
        ("high blood presure", "I10"),
        ("Apendicitis", "K35"),
        ("chron's disease", "K50"),
        ("of the breast cancer", "C50"),
        ("COPD", "J44"),
        ("kidney stone", "N20"),
        ("renal calculi", "N20"),
    ],
)
def test_a_disease_is_found_by_its_name_with_typing_errors(search: TermSearch, query: str, rubric: str) -> None:
    assert search.search(query)[0].term.rubric == rubric


def test_each_rubric_is_found_once_best_first(search: TermSearch) -> None:
    found = search.search("diabetes", 10)
    assert len({item.term.rubric for item in found}) == len(found) == 10
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
    assert all(0 < item.score <= 1 for item in found)


@pytest.mark.parametrize("query", ["", "of the", "???", "xqzwv"])
def test_what_is_like_no_name_finds_nothing(search: TermSearch, query: str) -> None:
    assert search.search(query) == []


def test_ones_own_terms_are_found_like_any_other() -> None:
    own = Term("Steinert", "G7111", 10, "G71", "own", "Nervous System")
    assert [item.term for item in TermSearch([own]).search("stienert")] == [own]
