"""How often names of diagnoses are coded: what counts as named, the counts, and the signal made of them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.coding.rubrics import Rubric, RubricTable
from nosology.coding.terms import Term
from nosology.errors import RunError
from nosology.suggesting.lexicon import Lexicon
from nosology.suggesting.named import Name, Named, NamedCounts

TABLE = RubricTable(
    (Rubric("H65", 10, "Nonsuppurative otitis media", "Ear"), Rubric("K42", 10, "Umbilical hernia", "Digestive"))
)
TERMS = [
    Term("Umbilical hernia", "K42", 10, "K42", "Digestive", "title"),
    Term("Umbilical hernia with gangrene", "K421", 10, "K42", "Digestive", "child title"),
    Term("Acute serous nonsuppurative otitis media", "H65", 10, "H65", "Ear", "title"),
]
HERNIA: Name = ("K42", 10, True, "Umbilical hernia")


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(TERMS, TABLE)


def named(lexicon: Lexicon, note: str) -> Named:
    return Named.of(lexicon.read(note), lexicon.terms)


def test_a_note_names_a_rubric_by_its_best_term_and_says_whether_all_of_it_stands_there(lexicon: Lexicon) -> None:
    found = named(lexicon, "Repair of an umbilical hernia.")
    assert (found.places.tolist(), found.names) == ([1], (HERNIA,))
    found = named(lexicon, "An umbilical hernia. Later gangrene in the umbilical hernia.")
    assert found.names == (("K42", 10, True, "Umbilical hernia with gangrene"),)
    found = named(lexicon, "Acute serous otitis media.")
    assert found.names == (("H65", 10, False, "Acute serous nonsuppurative otitis media"),)


@pytest.mark.parametrize("note", ["", "Went home well.", "No umbilical hernia.", "Mother has an umbilical hernia."])
def test_what_is_not_there_or_denied_or_anothers_is_not_named(lexicon: Lexicon, note: str) -> None:
    assert named(lexicon, note).names == ()


def test_some_rubrics_and_some_sentences_can_be_asked_alone(lexicon: Lexicon) -> None:
    reading = lexicon.read("Otitis media, nonsuppurative. Umbilical hernia.")
    alone = Named.of(reading, lexicon.terms, np.array([1]))
    assert (alone.places.tolist(), alone.names, alone.n_rubrics) == ([0], (HERNIA,), 1)
    assert Named.of(reading, lexicon.terms, np.array([1]), without=[1]).names == ()
    assert Named.of(reading, lexicon.terms, without=[0, 1]).n_rubrics == 2


def counted(n: int, n_coded: int) -> NamedCounts:
    """Return the counts of notes that hold one name, the first of them coded so."""
    note = Named(np.array([1]), (HERNIA,), 2)
    return NamedCounts.of([note] * n, [np.array([False, row < n_coded]) for row in range(n)])


def test_the_signal_is_the_log_odds_of_notes_that_held_the_name_with_half_a_coded_and_one_uncoded_added() -> None:
    note = Named(np.array([1]), (HERNIA,), 2)
    counts = counted(7, 3)
    assert counts.counts == {HERNIA: (7, 3)}
    np.testing.assert_allclose(counts.column(note), np.log([0.5, 3.5 / 5]))
    other = Named(np.array([1]), (("K42", 10, False, "Umbilical hernia"),), 2)
    np.testing.assert_allclose(counts.column(other), np.log([0.5, 0.5]), err_msg="another name was never held")


def test_the_more_notes_held_a_name_and_were_not_coded_so_the_less_it_says() -> None:
    note = Named(np.array([1]), (HERNIA,), 2)
    signals = [counted(n, 0).column(note)[1] for n in range(5)]
    assert signals == sorted(signals, reverse=True)
    assert len(set(signals)) == 5


NOTES = st.lists(
    st.tuples(st.lists(st.sampled_from([0, 1, 2]), unique=True), st.integers(0, 7)), min_size=1, max_size=9
)
"""Of each note: by which of three names it names the rubrics of the same numbers, and its codes, a bit each."""


def noted(notes: list[tuple[list[int], int]]) -> tuple[list[Named], list[np.ndarray]]:
    """Return such notes with what they are coded with."""
    names = [HERNIA, ("K42", 10, False, "Umbilical hernia"), ("H65", 10, True, "Otitis media")]
    found = [Named(np.array(held, np.int64), tuple(names[place] for place in held), 3) for held, _ in notes]
    return found, [np.array([bool(bits >> place & 1) for place in range(3)]) for _, bits in notes]


@given(NOTES, st.data())
def test_a_counted_note_is_told_what_the_others_say(notes: list[tuple[list[int], int]], data: st.DataObject) -> None:
    found, truth = noted(notes)
    one = data.draw(st.integers(0, len(notes) - 1))
    others = NamedCounts.of(found[:one] + found[one + 1 :], truth[:one] + truth[one + 1 :])
    told = NamedCounts.of(found, truth).column(found[one], truth[one])
    np.testing.assert_allclose(told, others.column(found[one]))


@given(NOTES)
def test_notes_are_counted_alike_in_any_order_and_no_name_is_coded_oftener_than_held(
    notes: list[tuple[list[int], int]],
) -> None:
    found, truth = noted(notes)
    counts = NamedCounts.of(found, truth)
    assert counts == NamedCounts.of(found[::-1], truth[::-1])
    assert all(0 <= n_coded <= n for n, n_coded in counts.counts.values())
    assert sum(n for n, _ in counts.counts.values()) == sum(len(note.names) for note in found)


@given(notes=NOTES)
def test_counts_survive_their_file(
    tmp_path_factory: pytest.TempPathFactory, notes: list[tuple[list[int], int]]
) -> None:
    path = tmp_path_factory.mktemp("counts") / "names.tsv"
    for counts in (NamedCounts(), NamedCounts.of(*noted(notes))):
        counts.save(path)
        assert NamedCounts.load(path) == counts


@pytest.mark.parametrize(
    "content",
    [
        "",
        "other\theader\n",
        "{header}K42\t10\t1\t3\t4\tmore coded than held\n",
        "{header}K42\t10\t1\t0\t0\tnever held\n",
        "{header}K42\t10\t2\t3\t1\tneither in full nor not\n",
        "{header}K42\tten\t1\t3\t1\tno version\n",
        "{header}K42\t10\t1\t3\n",
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_the_remedy(tmp_path: Path, content: str) -> None:
    path = tmp_path / "names.tsv"
    header = "rubric\ticd_version\tin_full\tn_notes\tn_coded\tterm\n"
    path.write_text(content.replace("{header}", header), encoding="utf-8")
    with pytest.raises(RunError, match="not a table of names") as caught:
        NamedCounts.load(path)
    assert caught.value.hint == "evaluate the run again"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"names\.tsv is missing"):
        NamedCounts.load(tmp_path / "names.tsv")
