"""The account of every lost row."""

from hypothesis import given
from hypothesis import strategies as st

from nosology.dataset.funnel import Funnel

steps = st.lists(st.tuples(st.sampled_from(["read", "label", "words"]), st.sampled_from("abc"), st.integers(0, 5)))


@given(steps, st.integers(0, 50))
def test_the_funnel_adds_up_whatever_is_lost(lost: list[tuple[str, str, int]], spare: int) -> None:
    funnel = Funnel(["read", "label", "words"])
    funnel.rows_in = sum(n for _, _, n in lost) + spare
    for name, reason, n in lost:
        funnel.lose(name, reason, n)
    rows = funnel.rows_in
    for step in funnel.steps():
        assert step["rows_in"] == rows
        assert all(step["lost"].values()), "a reason that took nothing is no reason"
        rows -= sum(step["lost"].values())
        assert step["rows_out"] == rows
    assert rows == funnel.rows_out == spare


def test_the_funnel_reads_like_an_account() -> None:
    funnel = Funnel(["read", "words"])
    funnel.rows_in = 12_345
    funnel.lose("words", "too short", 45)
    funnel.lose("words", "too long", 300)
    assert funnel.describe().splitlines() == [
        "        12,345  rows",
        "          -300  too long (words)",
        "           -45  too short (words)",
        "        12,000  notes stay",
    ]


def test_characters_left_out_are_counted_by_kind_and_only_where_there_are_some() -> None:
    funnel = Funnel(["clean", "words"])
    for kind, n in [("final dx", 5), ("discharge diagnosis", 40), ("final dx", 7)]:
        funnel.leave_out("clean", kind, n)
    clean, words = funnel.steps()
    assert list(clean["left_out"].items()) == [("discharge diagnosis", 40), ("final dx", 12)]
    assert "left_out" not in words
