"""Spans of several detectors become one list: nothing that any of them found is left out."""

import itertools
import re
from collections.abc import Iterable
from datetime import datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.deidentification import deidentify
from nosology.deidentification.spans import SPAN_TYPES, join_neighbours, leave_out, merge_spans
from nosology.records import Span

LENGTH = 30
any_spans = st.lists(
    st.builds(Span, st.integers(-5, LENGTH + 5), st.integers(-5, LENGTH + 5), st.sampled_from(SPAN_TYPES)), max_size=12
)


def covered(spans: Iterable[Span]) -> set[int]:
    """Return the offsets inside the text that the spans cover."""
    return {place for span in spans for place in range(max(span.start, 0), min(span.end, LENGTH))}


def test_the_types_are_those_that_callers_rely_on() -> None:
    assert SPAN_TYPES == ("NAME", "DATE", "CONTACT", "ID", "LOCATION", "HOSPITAL", "ORG", "AGE90", "OTHER")


def test_spans_that_overlap_become_one_of_the_longest_ones_type() -> None:
    spans = [Span(10, 14, "NAME"), Span(2, 6, "DATE"), Span(4, 12, "ID")]
    assert merge_spans(spans, LENGTH) == (Span(2, 14, "ID"),)


def test_spans_that_only_touch_stay_apart() -> None:
    assert merge_spans([Span(5, 9, "DATE"), Span(0, 5, "NAME")], LENGTH) == (Span(0, 5, "NAME"), Span(5, 9, "DATE"))


def test_of_two_spans_as_long_as_each_other_the_one_given_first_decides() -> None:
    assert merge_spans([Span(0, 4, "NAME"), Span(0, 4, "ORG")], LENGTH) == (Span(0, 4, "NAME"),)
    assert merge_spans([Span(2, 6, "NAME"), Span(0, 4, "ORG")], LENGTH) == (Span(0, 6, "NAME"),)
    assert merge_spans([Span(0, 4, "ORG"), Span(2, 6, "NAME")], LENGTH) == (Span(0, 6, "ORG"),)


def test_a_chain_of_overlaps_takes_the_type_of_its_longest_link_not_of_what_grew_together() -> None:
    chain = [Span(0, 3, "NAME"), Span(2, 5, "DATE"), Span(4, 8, "ID")]
    assert merge_spans(chain, LENGTH) == (Span(0, 8, "ID"),)


def test_empty_spans_and_what_lies_outside_the_text_count_for_nothing() -> None:
    spans = [Span(3, 3, "NAME"), Span(-4, 2, "DATE"), Span(28, 40, "ID"), Span(30, 35, "ORG"), Span(9, 7, "NAME")]
    assert merge_spans(spans, LENGTH) == (Span(0, 2, "DATE"), Span(28, 30, "ID"))


@given(any_spans)
def test_merged_spans_are_sorted_apart_and_cover_exactly_what_came_in(spans: list[Span]) -> None:
    merged = merge_spans(spans, LENGTH)
    assert all(0 <= span.start < span.end <= LENGTH for span in merged)
    assert all(left.end <= right.start for left, right in itertools.pairwise(merged))
    assert covered(merged) == covered(spans)
    assert {span.type for span in merged} <= {span.type for span in spans}


@given(any_spans)
def test_merging_twice_changes_nothing(spans: list[Span]) -> None:
    merged = merge_spans(spans, LENGTH)
    assert merge_spans(merged, LENGTH) == merged


@given(any_spans, st.randoms())
def test_what_is_covered_does_not_depend_on_the_order_of_detectors(spans: list[Span], random: Random) -> None:
    shuffled = random.sample(spans, len(spans))
    assert covered(merge_spans(shuffled, LENGTH)) == covered(merge_spans(spans, LENGTH))


def joined(text: str, *parts: tuple[str, str]) -> list[tuple[str, str]]:
    """Return what is left of the given pieces of a text, with their types, after joining."""
    spans = [Span(text.index(piece), text.index(piece) + len(piece), kind) for piece, kind in parts]
    return [(text[span.start : span.end], span.type) for span in join_neighbours(spans, text)]


def test_parts_of_one_name_or_address_are_joined() -> None:
    assert joined("Ann Quill", ("Ann", "NAME"), ("Quill", "NAME")) == [("Ann Quill", "NAME")]
    assert joined("Quill, Ann", ("Quill", "NAME"), ("Ann", "NAME")) == [("Quill, Ann", "NAME")]
    assert joined("Ann-Quill", ("Ann", "NAME"), ("Quill", "NAME")) == [("Ann-Quill", "NAME")]
    address = joined("4 Elm St\nDayton", ("4 Elm St", "LOCATION"), ("Dayton", "LOCATION"))
    assert address == [("4 Elm St\nDayton", "LOCATION")]


def test_neighbours_of_two_types_two_lines_or_two_sentences_stay_apart() -> None:
    for between, first, second in (
        (" ", "NAME", "DATE"),
        ("\n", "NAME", "NAME"),
        (". ", "NAME", "NAME"),
        (" and ", "NAME", "NAME"),
        ("   ", "NAME", "NAME"),
        ("\n\n\n", "LOCATION", "LOCATION"),
    ):
        assert len(joined(f"Ann{between}Quill", ("Ann", first), ("Quill", second))) == 2, (between, first, second)


def test_neighbours_that_detectors_disagreed_about_are_one_name_of_the_longer_ones_type() -> None:
    assert joined("Erin Chandler", ("Erin", "NAME"), ("Chandler", "HOSPITAL")) == [("Erin Chandler", "HOSPITAL")]
    assert joined("Chandler Erin", ("Chandler", "NAME"), ("Erin", "LOCATION")) == [("Chandler Erin", "NAME")]
    assert len(joined("Chandler, Erin", ("Chandler", "NAME"), ("Erin", "LOCATION"))) == 2


def test_three_parts_become_one() -> None:
    parts = [Span(0, 3, "NAME"), Span(4, 7, "NAME"), Span(8, 11, "NAME")]
    assert join_neighbours(parts, "Ann Lee Roe") == (Span(0, 11, "NAME"),)


def test_a_span_around_something_taken_falls_into_its_two_sides() -> None:
    assert leave_out([Span(0, 20, "NAME")], [(5, 11)]) == (Span(0, 5, "NAME"), Span(11, 20, "NAME"))


def test_a_span_loses_only_the_part_that_is_taken() -> None:
    spans = [Span(0, 6, "NAME"), Span(8, 10, "DATE"), Span(12, 20, "ID"), Span(22, 25, "ORG")]
    assert leave_out(spans, [(4, 9), (11, 14), (22, 25)]) == (
        Span(0, 4, "NAME"),
        Span(9, 10, "DATE"),
        Span(14, 20, "ID"),
    )


def test_what_only_touches_something_taken_stays_whole() -> None:
    assert leave_out([Span(3, 6, "NAME")], [(0, 3), (6, 9)]) == (Span(3, 6, "NAME"),)


@given(any_spans, st.lists(st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH)).map(sorted), max_size=4))
def test_leaving_out_takes_away_exactly_what_is_taken(spans: list[Span], taken: list[list[int]]) -> None:
    merged = merge_spans(spans, LENGTH)
    gone = {place for start, end in taken for place in range(start, end)}
    assert covered(leave_out(merged, [(start, end) for start, end in taken])) == covered(merged) - gone


@pytest.mark.parametrize(
    "between", ["Away {} to {} with family.", "Away {} until {} with family.", "Away {}\nthrough {} with family."]
)
def test_a_period_is_one_date_and_both_ends_move_in_surrogates(between: str) -> None:
    text = between.format("12/04/2021", "12/09/2021")
    assert deidentify(text).text == "Away <DATE> with family."
    moved = deidentify(text, style="surrogate", patient_key="p3").text
    first, last = (datetime.strptime(day, "%m/%d/%Y") for day in re.findall(r"\d\d/\d\d/\d{4}", moved))
    assert (last - first).days == 5
    assert "12/04/2021" not in moved


def test_a_number_takes_the_letters_of_its_plate() -> None:
    text = "plate HT07 KVB seen, Brandt 55821 rang"
    found = [Span(6, 10, "ID"), Span(11, 14, "NAME"), Span(21, 27, "NAME"), Span(28, 33, "CONTACT")]
    assert join_neighbours(found, text) == (Span(6, 14, "ID"), *found[2:])
