"""Marks, line breaks, abbreviations and slips: identifiers stay exactly where the spans say."""

import re
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from nosology.synthetic.surface import break_lines, capitalize, clip_style, count_words, mark, shorten, slip, unmark

WORDS = st.text(alphabet="abcdef AB.,\n'é-", max_size=12)
PROSE = (
    "The patient was admitted with shortness of breath and was seen by [**Known lastname 12**] before discharge. " * 6
)


def test_marks_come_out_with_their_places() -> None:
    text, spans = unmark(f"Seen by Dr. {mark('clinician name', 'Ito')} on {mark('date', '3/4')}.")
    assert text == "Seen by Dr. Ito on 3/4."
    assert spans == [(12, 15, "clinician name"), (19, 22, "date")]


@given(st.lists(st.tuples(WORDS, WORDS), max_size=6), WORDS)
def test_every_span_covers_exactly_what_was_marked(parts: list[tuple[str, str]], tail: str) -> None:
    text, spans = unmark("".join(before + mark("city", name) for before, name in parts) + tail)
    assert text == "".join(before + name for before, name in parts) + tail
    assert [text[start:end] for start, end, _ in spans] == [name for _, name in parts]


@given(st.text(alphabet="abc [*]\n", max_size=300), st.integers(5, 40))
def test_breaking_lines_changes_blanks_into_newlines_and_nothing_else(text: str, width: int) -> None:
    broken = break_lines(text, width)
    assert len(broken) == len(text)
    assert all(new == old or (old == " " and new == "\n") for old, new in zip(text, broken, strict=True))


def test_lines_are_short_and_placeholders_stay_on_one_line() -> None:
    broken = break_lines(PROSE.replace("\n", " "), 40)
    assert max(map(len, broken.split("\n"))) <= 50
    assert broken.count("[**Known lastname 12**]") == 6


def test_words_are_counted_as_the_paper_preset_counts_them() -> None:
    assert count_words("Seen on [**2101-10-20**] by Dr. ___ - T 98.6, o2 sat 97%") == 12
    assert count_words(f"Call {mark('phone number', '(413) 555-0134')} now") == 3


def test_abbreviations_never_touch_identifiers() -> None:
    text = f"history of pain, patient {mark('city', 'left with discharge')} [**discharge and left**]"
    short = shorten(text, Random(0), 1.0)
    assert mark("city", "left with discharge") in short
    assert "[**discharge and left**]" in short
    assert short.startswith(("h/o", "hx of"))


def test_nothing_is_abbreviated_at_share_zero() -> None:
    assert shorten(PROSE, Random(0), 0.0) == PROSE
    assert clip_style(PROSE, Random(0), 0.0) == PROSE


def test_telegram_style_drops_articles_but_keeps_placeholders() -> None:
    clipped = clip_style("The patient was seen by [**The was **] after an echo.", Random(0), 1.0)
    assert clipped == "patient seen by [**The was **] after echo."


@given(st.integers(0, 10_000))
def test_a_slip_keeps_length_letters_and_protected_stretches(seed: int) -> None:
    name_at = PROSE.index("shortness")
    protected = [(name_at, name_at + 9, "patient name")]
    slipped = slip(PROSE, Random(seed), 5, protected)
    assert len(slipped) == len(PROSE)
    assert sorted(slipped) == sorted(PROSE)
    assert slipped[name_at : name_at + 9] == "shortness"
    assert re.findall(r"\[\*\*.*?\*\*\]", slipped) == ["[**Known lastname 12**]"] * 6


def test_slips_do_happen() -> None:
    assert slip(PROSE, Random(1), 5, []) != PROSE


def test_the_first_letter_becomes_a_capital_unless_an_identifier_starts_the_text() -> None:
    assert capitalize("x of y") == "X of y"
    assert capitalize("") == ""
    assert capitalize(mark("patient name", "van Dijk")) == mark("patient name", "van Dijk")
