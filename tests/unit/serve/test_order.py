"""Which note first: counted by hand, and for any list each row once."""

from hypothesis import given
from hypothesis import strategies as st

from nosology.serve.order import Place, drawn_blind, ordered

SURE, UNSURE, NEW = Place(0, "B", 0.9, 0.1), Place(1, "C", 0.3, 0.2), Place(2, "A", 0.95, 0.7)
WAITING = Place(3)


def test_doubt_and_novelty_take_turns() -> None:
    assert ordered([SURE, UNSURE, NEW, WAITING], (), "mixed") == [1, 2, 0, 3]


def test_without_a_measure_of_novelty_doubt_alone_decides() -> None:
    places = [Place(row, "A", probability) for row, probability in enumerate((0.9, 0.2, 0.5))]
    assert ordered(places, (), "mixed") == ordered(places, (), "uncertainty") == [1, 2, 0]


def test_other_orders_are_by_probability_by_name_and_as_in_the_file() -> None:
    places = [SURE, UNSURE, NEW, WAITING]
    assert ordered(places, (), "uncertainty") == [1, 0, 2, 3]
    assert ordered(places, (), "category") == [2, 0, 1, 3]
    assert ordered(places, (2,), "file") == [0, 1, 2, 3]


def test_blind_rows_come_evenly_among_the_others_in_the_order_of_the_draw() -> None:
    places = [Place(row, "A", 0.5) for row in range(20)]
    found = ordered(places, (7, 3), "mixed")
    assert [found.index(7), found.index(3)] == [5, 15]


def test_where_a_blind_row_stands_says_nothing_of_its_prediction() -> None:
    for how in ("mixed", "uncertainty", "category"):
        at = {
            ordered([SURE, Place(1, label, probability), NEW], (1,), how).index(1)
            for label, probability in (("A", 0.1), ("Z", 0.99))
        }
        assert len(at) == 1, how


@given(st.integers(1, 200), st.floats(0, 1), st.integers(0, 9))
def test_so_many_are_drawn_as_were_asked_for(n_rows: int, share: float, seed: int) -> None:
    found = drawn_blind([str(row) for row in range(n_rows)], share, seed)
    assert len(set(found)) == len(found) == round(share * n_rows)
    assert set(found) <= set(range(n_rows))


@given(st.lists(st.sampled_from("abcde"), min_size=1), st.floats(0, 1), st.integers(0, 9))
def test_rows_of_one_text_are_drawn_together(texts: list[str], share: float, seed: int) -> None:
    found = drawn_blind(texts, share, seed)
    drawn = {texts[row] for row in found}
    assert len(drawn) == round(share * len(set(texts)))
    assert sorted(found) == [row for row, text in enumerate(texts) if text in drawn]


probability = st.none() | st.floats(0, 1)


@given(st.lists(st.tuples(probability, probability), max_size=30), st.floats(0, 1), st.integers(0, 9))
def test_each_row_comes_once_in_any_order(values: list, share: float, seed: int) -> None:
    places = [Place(row, "A", known, unseen) for row, (known, unseen) in enumerate(values)]
    blind = drawn_blind([str(place.row) for place in places], share, seed)
    for how in ("mixed", "uncertainty", "category", "file"):
        assert sorted(ordered(places, blind, how)) == list(range(len(values)))
