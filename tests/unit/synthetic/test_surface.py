"""Marks, line breaks, abbreviations and slips: identifiers stay exactly where the spans say."""

import re
from random import Random

import pytest
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


def test_words_with_several_short_forms_get_each_of_them() -> None:
    forms = {shorten("the patient left", Random(seed), 1.0) for seed in range(60)}
    assert forms == {f"the {patient} {left}" for patient in ("pt", "Pt") for left in ("L", "lt")}


def test_the_longest_phrase_is_shortened_as_a_whole() -> None:
    assert shorten("three times daily", Random(0), 1.0) == "TID"
    assert {shorten("followed up", Random(seed), 1.0) for seed in range(9)} == {"f/u'd"}


def test_only_whole_words_are_shortened_and_none_before_a_stroke() -> None:
    assert shorten("outpatients leftover and/or", Random(0), 1.0) == "outpatients leftover and/or"


def test_about_the_asked_share_of_words_is_shortened() -> None:
    text = "with " * 2000
    assert shorten(text, Random(2), 0.3).count("w/") / 2000 == pytest.approx(0.3, abs=0.04)


def test_telegram_style_drops_a_share() -> None:
    text = "the x " * 2000
    assert 1 - clip_style(text, Random(2), 0.3).count("the") / 2000 == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize(
    ("text", "width", "broken"),
    [
        ("aa bb cc", 5, "aa\nbb cc"),
        ("aaaaaaaaaa bb", 5, "aaaaaaaaaa\nbb"),
        ("aaaaaaaaaa", 5, "aaaaaaaaaa"),
        ("aaaa bbbb [**c d**] ee", 16, "aaaa bbbb\n[**c d**] ee"),
        ("aaaa ([**c d**] ee ff", 12, "aaaa ([**c d**]\nee ff"),
        ("aa bb\ncc dd ee", 5, "aa bb\ncc\ndd ee"),
        ("", 5, ""),
    ],
)
def test_a_line_is_broken_at_its_last_blank_or_behind_what_has_none(text: str, width: int, broken: str) -> None:
    assert break_lines(text, width) == broken


@given(st.integers(0, 10_000), st.integers(0, 4))
def test_as_many_words_slip_as_asked_for_at_most(seed: int, n_slips: int) -> None:
    slipped = slip(PROSE, Random(seed), n_slips, [])
    changed = sum(old != new for old, new in zip(PROSE.split(), slipped.split(), strict=True))
    assert changed <= n_slips
    assert all(len(old) >= 5 for old, new in zip(PROSE.split(), slipped.split(), strict=True) if old != new)


def test_a_slip_swaps_two_neighbours_and_leaves_the_first_letter() -> None:
    words = {slip("shortness", Random(seed), 1, []) for seed in range(200)} - {"shortness"}
    assert len(words) >= 5
    for word in words:
        places = [place for place, letter in enumerate(word) if letter != "shortness"[place]]
        assert places[0] > 0
        assert places == [places[0], places[0] + 1]


def test_a_text_of_short_words_cannot_slip() -> None:
    assert slip("a to be or no", Random(0), 5, []) == "a to be or no"


@pytest.mark.parametrize(("start", "end"), [(0, 3), (6, 9)])
def test_a_slip_does_not_reach_into_a_neighbouring_identifier(start: int, end: int) -> None:
    """An identifier can be part of a longer word: the second letter that moves may be its first one."""
    for seed in range(200):
        slipped = slip("abcdefghi", Random(seed), 1, [(start, end, "city")])
        assert slipped[start:end] == "abcdefghi"[start:end]


def test_words_of_identifiers_count_once_in_every_style() -> None:
    assert count_words("Seen by [**First Name8 (NamePattern2) **] [**Last Name (un) **]") == 4
    assert count_words("___ and ___") == 3
    assert count_words("") == 0
