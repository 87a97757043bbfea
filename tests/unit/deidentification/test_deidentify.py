"""De-identification as a whole: what comes out of a text, what its spans promise, and that it takes any text."""

import logging
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from findings import note_like
from nosology.deidentification import SPAN_TYPES, Deidentified, deidentify, deidentify_many
from nosology.deidentification.detectors.dates import dates
from nosology.records import Span

NOTE = """\
ROE, JANE

Admission Date: 03/14/2019    Discharge Date: 03/21/2019
MRN: 4471902

Ms. Roe is a 93-year-old woman from Dayton, Ohio with Parkinson's disease who was transferred from Lakeview
Hospital. A Foley catheter was placed by Dr. Okafor. Her daughter Siobhan (617-555-0142) agrees; BP was 120/80 and
strength 4/5. Jane was seen again on March 20. Crohn's disease is in remission.

Dictated by: Bo Lindqvist, MD
"""

CLEAN = """\
<NAME>

Admission Date: <DATE>    Discharge Date: <DATE>
MRN: <ID>

Ms. <NAME> is a <AGE90> woman from <LOCATION>, Ohio with Parkinson's disease who was transferred from <HOSPITAL>. \
A Foley catheter was placed by Dr. <NAME>. Her daughter <NAME> (<CONTACT>) agrees; BP was 120/80 and
strength 4/5. <NAME> was seen again on <DATE>. Crohn's disease is in remission.

Dictated by: <NAME>, MD
"""


def kept(text: str, spans: tuple[Span, ...]) -> list[str]:
    """Return what stands before, between and after the spans."""
    edges = [0, *(edge for span in spans for edge in (span.start, span.end)), len(text)]
    return [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


def test_a_note_loses_its_identifiers_and_keeps_its_medicine() -> None:
    assert deidentify(NOTE).text == CLEAN


def test_windows_line_ends_change_nothing_but_the_line_ends() -> None:
    windows = deidentify(NOTE.replace("\n", "\r\n"))
    assert windows.text.replace("\r\n", "\n") == CLEAN


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (
            "MR. BRANDT, AN 89-YEAR-OLD MAN, WAS SEEN BY DR. OKAFOR.",
            "MR. <NAME>, AN 89-YEAR-OLD MAN, WAS SEEN BY DR. <NAME>.",
        ),
        (
            "MS. O'SHEA-LUND IS 90 YEARS OLD. FOLEY CATHETER OUT.",
            "MS. <NAME> IS <AGE90> YEARS OLD. FOLEY CATHETER OUT.",
        ),
        ("seen by dr. okafor on 3/14/19 for crohn's disease.", "seen by dr. <NAME> on <DATE> for crohn's disease."),
        ("Dr. D'Angelo and Ms. O'Shea-Brandt agree.", "Dr. <NAME> and Ms. <NAME> agree."),
        ("He met Dr. J. P. Okafor and Dr. al-Sayed.", "He met Dr. <NAME> and Dr. <NAME>."),
        ("👩🏽‍⚕️ Dr. Okafor 👍", "👩🏽‍⚕️ Dr. <NAME> 👍"),
        ("She moved from Ohio to Texas, then Peru.", "She moved from Ohio to Texas, then Peru."),
        ("Pt of [**Known lastname 12**], seen [**2151-7-16**].", "Pt of <NAME>, seen <DATE>."),
        ("Dr. ___ saw ___ on ___.", "Dr. <NAME> saw <OTHER> on <DATE>."),
        ("She lives at 12 Birch Lane, Dayton, OH 45402.", "She lives at <LOCATION>."),
        ("She may come in May with grace.", "She may come in <DATE> with grace."),
        ("", ""),
    ],
)
def test_identifiers_become_tokens(text: str, clean: str) -> None:
    assert deidentify(text).text == clean


@pytest.mark.parametrize("kind", SPAN_TYPES)
def test_tokens_that_stand_in_a_text_already_stay_whole_and_count_as_nothing(kind: str) -> None:
    text = f"Dr. <{kind}> saw <{kind}> at <{kind}>."
    assert deidentify(text) == Deidentified(text, ())


def test_a_span_found_around_a_token_leaves_the_token_out() -> None:
    result = deidentify("ab <NAME> cd", detectors=[lambda text: [Span(0, len(text), "ORG")]])
    assert result.text == "<ORG><NAME><ORG>"
    assert result.spans == (Span(0, 3, "ORG"), Span(9, 12, "ORG"))


def test_only_the_detectors_that_are_given_run_and_names_are_still_found_again() -> None:
    text = "Dr. Okafor came on March 14. Okafor left."
    assert deidentify(text, detectors=[dates]).text == "Dr. Okafor came on <DATE>. Okafor left."
    assert (
        deidentify(text, detectors=[lambda _: [Span(4, 10, "NAME")]]).text
        == "Dr. <NAME> came on March 14. <NAME> left."
    )
    assert deidentify(text, detectors=[]).text == text


def test_offsets_count_code_points_with_emoji_and_accents_before_them() -> None:
    text = "👩🏽‍⚕️🏥 e\u0301e\u0301 Dr. Okafor"
    (span,) = deidentify(text).spans
    assert (span.start, span.end, span.type) == (16, 22, "NAME")
    assert text[16:22] == "Okafor"


@given(note_like)
@example("\ud800 Dr. \ud800")
@example("[**[**___**]**]")
def test_spans_are_sorted_apart_inside_the_text_and_say_what_was_replaced(text: str) -> None:
    result = deidentify(text)
    assert all(0 <= span.start < span.end <= len(text) for span in result.spans)
    assert all(left.end <= right.start for left, right in zip(result.spans, result.spans[1:], strict=False))
    assert {span.type for span in result.spans} <= set(SPAN_TYPES)
    rebuilt, position = "", 0
    for span in result.spans:
        rebuilt += text[position : span.start] + f"<{span.type}>"
        position = span.end
    assert result.text == rebuilt + text[position:]


@given(note_like)
def test_surrogate_style_replaces_the_same_spans(text: str) -> None:
    tokens, invented = deidentify(text), deidentify(text, style="surrogate", patient_key="p")
    assert invented.spans == tokens.spans
    assert re.fullmatch(".*?".join(map(re.escape, kept(text, tokens.spans))), invented.text, re.DOTALL)


@given(
    st.lists(st.sampled_from(["Dr. ", *(f"<{kind}>" for kind in SPAN_TYPES), " on ", " and ", ", ", "\n"]), max_size=12)
)
def test_a_text_whose_identifiers_are_tokens_already_comes_back_as_it_is(parts: list[str]) -> None:
    text = "".join(parts)
    assert deidentify(text).text == text


def test_what_was_cleaned_stays_as_it_is_when_cleaned_again() -> None:
    assert deidentify(CLEAN) == Deidentified(CLEAN, ())


@given(st.text(st.characters(), max_size=80))
def test_any_text_is_taken(text: str) -> None:
    assert unicodedata.normalize("NFC", deidentify(text).text) is not None


@pytest.mark.parametrize(
    "unit", ["a", "1", "1-", "A ", "(", "[**", "_", "O'", "St. ", "\n", "@a.", "www.", "e\u0301", "\r\n"]
)
def test_a_long_run_of_one_pattern_is_taken_like_any_text(unit: str) -> None:
    text = unit * (4_000 // len(unit)) + " Dr. Okafor"
    result = deidentify(text)
    assert result.text.endswith("<NAME>")
    assert result.spans[-1].end == len(text)


def test_a_results_repr_and_the_log_hold_no_text(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        shown = repr(deidentify(NOTE))
    assert "NAME" in shown
    for word in ("Okafor", "Siobhan", "Foley", "4471902"):
        assert word not in shown + caplog.text


def test_an_error_of_a_detector_of_ones_own_comes_through() -> None:
    def broken(text: str) -> list[Span]:
        raise LookupError(len(text))

    with pytest.raises(LookupError):
        deidentify("Dr. Okafor", detectors=[broken])


@pytest.mark.parametrize("processes", [1, 2])
def test_many_texts_come_back_in_their_order(processes: int) -> None:
    texts = [f"Dr. Okafor saw him on 3/{1 + i % 28}/19, visit {i}." for i in range(40)]
    results = list(deidentify_many(texts, detectors=[dates], processes=processes))
    assert [result.text for result in results] == [f"Dr. Okafor saw him on <DATE>, visit {i}." for i in range(40)]


def test_many_texts_are_read_only_as_they_are_asked_for() -> None:
    def endless() -> Any:
        while True:
            yield "seen 3/14/19"

    results = deidentify_many(endless(), detectors=[dates])
    assert next(results).text == next(results).text == "seen <DATE>"


def test_each_text_has_its_patients_surrogates() -> None:
    texts = ["seen 3/14/19"] * 3
    first, second, third = deidentify_many(texts, style="surrogate", detectors=[dates], patient_keys=["a", "b", "a"])
    assert first == third
    assert first.text != second.text


def test_as_many_keys_as_texts_are_needed() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(deidentify_many(["a", "b"], detectors=[], patient_keys=["p"]))


@pytest.mark.parametrize("text", [None, float("nan"), 7, b"note", ["note"]])
def test_what_is_no_text_is_a_clear_type_error(text: object) -> None:
    with pytest.raises(TypeError, match="a note is text, not"):
        deidentify(text)  # type: ignore[arg-type]
