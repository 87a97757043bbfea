"""Notes with their suggestions as a page: evidence marked where it stands, nothing lost, nothing shown to others."""

import dataclasses
import math
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.export import NOTICE
from nosology.records import Demand, Evidence, Suggestion, Suggestions
from nosology.report.suggested import FULL_COLOUR, LEAST_FALL, fall_without, pieces, shown, write_suggestions_page

TEXT = "Fever and cough. No melena. Mother had gout."


def suggestion(probability: float, *evidence: Evidence, code: str = "486", title: str = "Pneumonia") -> Suggestion:
    """Return a suggestion with some evidence."""
    return Suggestion(code, 9, title, "Respiratory", probability, probability / 2, True, evidence)


def suggestions(*items: Suggestion, calibrated: bool = True) -> Suggestions:
    """Return what was found for a note."""
    return Suggestions(items, 0.25, 0.02, 1_036, calibrated)


# ---- how much a probability falls


@pytest.mark.parametrize(
    ("probability", "effect", "fall"),
    [
        (0.5, 0.0, 0.0),
        (0.5, math.log(3), 0.25),  # odds 1 become 1/3, a probability of .25
        (0.75, math.log(3), 0.25),  # odds 3 become 1
        (0.5, -math.log(3), -0.25),  # the sentence spoke against it
        (0.0, 5.0, 0.0),
        (1.0, 5.0, 0.0),
    ],
)
def test_a_fall_in_log_odds_is_a_fall_in_probability(probability: float, effect: float, fall: float) -> None:
    assert fall_without(probability, effect) == pytest.approx(fall)


@given(st.floats(0, 1), st.floats(0, 30))
def test_no_probability_falls_below_nothing(probability: float, effect: float) -> None:
    assert -1e-9 <= fall_without(probability, effect) <= probability


@given(st.floats(0.01, 0.99), st.floats(-5, 5), st.floats(-5, 5))
def test_a_stronger_effect_is_a_deeper_fall(probability: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert fall_without(probability, low) <= fall_without(probability, high) + 1e-12


# ---- pieces


def test_a_note_without_evidence_is_one_piece() -> None:
    (piece,) = pieces(TEXT, suggestions(suggestion(0.5)))
    assert (piece.text, piece.numbers, piece.strength, piece.marks) == (TEXT, (), 0.0, ())


def test_a_sentence_is_cut_out_and_numbered_by_its_suggestion() -> None:
    before, marked, after = pieces(TEXT, suggestions(suggestion(0.1), suggestion(0.5, Evidence(17, 27, math.log(3)))))
    assert (before.text, marked.text, after.text) == ("Fever and cough. ", "No melena.", " Mother had gout.")
    assert marked.numbers == (2,)
    assert marked.strength == pytest.approx(0.25 / FULL_COLOUR)
    assert (before.numbers, after.numbers) == ((), ())


def test_one_sentence_can_speak_for_several() -> None:
    here = Evidence(0, 16, math.log(3))
    first, _ = pieces(TEXT, suggestions(suggestion(0.5, here), suggestion(0.75, here)))
    assert first.numbers == (1, 2)


def test_overlapping_evidence_is_cut_at_every_edge() -> None:
    found = suggestions(suggestion(0.5, Evidence(0, 27, 2.0)), suggestion(0.5, Evidence(17, 44, 2.0)))
    assert [(piece.text, piece.numbers) for piece in pieces(TEXT, found)] == [
        ("Fever and cough. ", (1,)),
        ("No melena.", (1, 2)),
        (" Mother had gout.", (2,)),
    ]


def test_a_sentence_that_hardly_matters_is_not_marked() -> None:
    # At probability .5 a fall of .03 is an effect of log(.5 / .47 * .53 / .5).
    edge = math.log(0.53 / 0.47)
    assert len(pieces(TEXT, suggestions(suggestion(0.5, Evidence(0, 16, edge * 0.99))))) == 1
    assert len(pieces(TEXT, suggestions(suggestion(0.5, Evidence(0, 16, edge * 1.01))))) == 2
    assert fall_without(0.5, edge) == pytest.approx(LEAST_FALL)


def test_a_sentence_that_speaks_against_a_diagnosis_is_not_marked_for_it() -> None:
    assert len(pieces(TEXT, suggestions(suggestion(0.5, Evidence(0, 16, -3.0))))) == 1


def test_full_colour_is_the_most_there_is() -> None:
    first, _ = pieces(TEXT, suggestions(suggestion(0.9, Evidence(0, 16, 20.0))))
    assert first.strength == 1.0


@pytest.mark.parametrize(
    ("one", "other", "marks"),
    [
        ((True, False), (True, False), ("denied",)),
        ((False, True), (False, True), ("relative",)),
        ((True, True), (True, True), ("denied", "relative")),
        ((True, False), (False, False), ()),
        ((True, False), (False, True), ()),
    ],
)
def test_a_mark_is_shown_where_it_holds_for_all(
    one: tuple[bool, bool], other: tuple[bool, bool], marks: tuple[str, ...]
) -> None:
    found = suggestions(*(suggestion(0.5, Evidence(0, 16, 2.0, *flags)) for flags in (one, other)))
    assert pieces(TEXT, found)[0].marks == marks


places = st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT))).map(sorted).filter(lambda p: p[0] < p[1])
some_evidence = st.builds(
    lambda place, effect, negated: Evidence(place[0], place[1], effect, negated),
    places,
    st.floats(-3, 6),
    st.booleans(),
)
some_items = st.lists(st.builds(lambda p, e: suggestion(p, *e), st.floats(0, 1), st.lists(some_evidence, max_size=4)))


@given(some_items)
def test_the_pieces_are_the_note_whatever_was_found(items: list[Suggestion]) -> None:
    cut = pieces(TEXT, suggestions(*items))
    assert "".join(piece.text for piece in cut) == TEXT
    assert all(piece.text for piece in cut)
    position = 0
    for piece in cut:
        middle = position
        for number in piece.numbers:
            assert any(e.start <= middle < e.end for e in items[number - 1].evidence)
        assert bool(piece.numbers) == (piece.strength > 0)
        assert piece.strength <= 1
        position += len(piece.text)


def test_a_pieces_text_shows_in_no_repr() -> None:
    assert "Fever" not in repr(pieces(TEXT, suggestions(suggestion(0.5))))


# ---- the page


def test_the_page_shows_every_note_with_its_suggestions(tmp_path: Path) -> None:
    found = suggestions(
        suggestion(0.5, Evidence(0, 16, 2.0)),
        suggestion(0.25, code="274", title="Gout <b>& co</b>"),
    )
    path = tmp_path / "new" / "suggested.html"
    write_suggestions_page(path, [("n-1", TEXT, found), ("n-2", "Other <script>alert(1)</script> note", suggestions())])
    html = path.read_text(encoding="utf-8")
    assert "Note n-1" in html
    assert "Note n-2" in html
    assert "Pneumonia" in html
    assert "Gout &lt;b&gt;&amp; co&lt;/b&gt;" in html
    assert "<script>" not in html, "a note's markup stays text"
    assert "1,036 rubrics could have been suggested" in html
    assert "2.0% of the probability were not read" in html
    assert NOTICE.split(".")[0].split("&")[0] in html.replace("&#39;", "'")


def test_the_page_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "suggested.html"
    write_suggestions_page(path, [("n-1", TEXT, suggestions(suggestion(0.5)))])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_page_loads_nothing_from_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "suggested.html"
    write_suggestions_page(path, [("n-1", TEXT, suggestions(suggestion(0.5)))])
    html = path.read_text(encoding="utf-8")
    assert "src=" not in html
    assert "<link" not in html
    assert "@import" not in html
    assert "url(http" not in html


def test_a_note_without_suggestions_says_why(tmp_path: Path) -> None:
    path = tmp_path / "suggested.html"
    none = dataclasses.replace(suggestions(calibrated=False), reason="this run's suggestions were not fitted")
    write_suggestions_page(path, [("n-1", TEXT, none)])
    assert "No suggestions: this run&#39;s suggestions were not fitted." in path.read_text(encoding="utf-8")


def test_the_template_gets_id_pieces_and_suggestions() -> None:
    found = suggestions(suggestion(0.5))
    assert shown("n-1", TEXT, found) == {"id": "n-1", "text": TEXT, "pieces": pieces(TEXT, found), "found": found}


def test_the_page_quotes_what_tells_its_reader_what_to_answer(tmp_path: Path) -> None:
    found = dataclasses.replace(suggestions(), demands=(Demand(17, 27),))
    write_suggestions_page(tmp_path / "page.html", [("1", TEXT, found)])
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "This note tells its reader what to answer</strong> “No melena.”: read it yourself." in html
