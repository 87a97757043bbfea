"""The benchmark of the vocabulary, on lines made up here in the judging sets' format."""

from pathlib import Path

import pytest

import terms
from nosology.classifier.classifier import Classifier

NOTES = [
    {"text": "He has gout.", "rubric": "M10", "named": True},
    {"text": "Urate crystals in a toe.", "rubric": "M10", "also_right": ["M1A"], "named": False},
    {"text": "Gout of both toes.", "rubric": "K50", "named": True},
]


class Suggested:
    """A suggestion of a code."""

    def __init__(self, code: str, icd_version: int) -> None:
        self.code, self.icd_version = code, icd_version


@pytest.mark.parametrize(("code", "version"), [("M10", 10), ("274", 9)])
def test_notes_are_right_where_the_rubric_or_its_equivalent_is_suggested(
    monkeypatch: pytest.MonkeyPatch, code: str, version: int
) -> None:
    class Always:
        def suggest(self, texts: list[str], *, k: int, with_evidence: bool) -> list[list[Suggested]]:
            assert (k, with_evidence) == (3, False)
            return [[Suggested(code, version)] for _ in texts]

    monkeypatch.setattr(Classifier, "load", lambda _run: Always())
    assert terms.score_notes(NOTES, Path("run"))["shares"] == {"named": [1, 2], "unnamed": [1, 1]}


def test_queries_are_right_where_one_of_their_rubrics_is_among_five() -> None:
    queries = [
        {"kind": "misspelt", "query": "hart attack", "rubrics": ["I21", "I22"]},
        {"kind": "lay", "query": "hart attack", "rubrics": ["K35"]},
    ]
    assert terms.score_queries(queries)["shares"] == {"all": [1, 2], "misspelt": [1, 1], "lay": [0, 1]}
