"""Which of several rows is the note: decided on ids and fingerprints, whatever the order of the rows."""

import hashlib
from collections import Counter
from random import Random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.dataset.funnel import Funnel
from nosology.preparation.select import (
    AMBIGUOUS_ID,
    SAME_ROW,
    SAME_TEXT,
    note_order,
    one_per_id,
    one_per_text,
    without_near_duplicates,
)
from nosology.text.fingerprint import shingle_hashes, signature

WORDS = "fever cough pain chest infarction aspirin stable home leg rash warm red silver plaques ulcer melena".split()  # noqa: SIM905


def notes(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Return rows of note id, patient and text."""
    return pl.DataFrame(
        [
            (note_id, note_order(note_id), patient, "1", i, hashlib.sha256(text.encode()).digest())
            for i, (note_id, patient, text) in enumerate(rows)
        ],
        schema={
            "note_id": pl.String,
            "order": pl.String,
            "patient_id": pl.String,
            "admission_id": pl.String,
            "offset": pl.Int64,
            "digest": pl.Binary,
        },
        orient="row",
    )


def lost(funnel: Funnel) -> Counter[str]:
    """Return all losses by their reason."""
    return Counter({reason: n for step in funnel.steps() for reason, n in step["lost"].items()})


# ---- the order of ids


def test_note_ids_are_ordered_as_people_count() -> None:
    assert sorted(["10", "9", "A-10", "A-2", "100", "b"], key=note_order) == ["9", "10", "100", "A-2", "A-10", "b"]


@given(st.lists(st.integers(0, 10**18), min_size=2, max_size=8))
def test_ids_that_are_numbers_are_ordered_by_their_value(values: list[int]) -> None:
    assert sorted(map(str, values), key=note_order) == [str(value) for value in sorted(values)]


@given(st.text(max_size=8), st.integers(0, 999), st.integers(0, 999))
def test_ids_of_one_form_are_ordered_by_their_number(prefix: str, one: int, other: int) -> None:
    ids = [f"{prefix}-{one}", f"{prefix}-{other}"]
    assert (note_order(ids[0]) < note_order(ids[1])) == (one < other)


# ---- one for each id


def test_an_id_used_for_different_notes_names_none_of_them() -> None:
    funnel = Funnel(["note_id"])
    found = one_per_id(
        notes(("10", "a", "x"), ("2", "b", "y"), ("2", "b", "y"), ("3", "c", "z"), ("3", "d", "z")), funnel
    )
    assert found["note_id"].to_list() == ["2", "10"]
    assert funnel.steps()[0]["lost"] == {"note id used for different notes": 2, "the same row again": 1}


rows_of_notes = st.lists(
    st.tuples(st.sampled_from(["1", "2", "10", "A-3"]), st.sampled_from("pq"), st.sampled_from("xyz")), max_size=12
)


@settings(max_examples=50)
@given(rows_of_notes)
def test_each_id_that_is_one_notes_alone_stays_once_and_the_rest_is_counted(rows: list[tuple[str, str, str]]) -> None:
    funnel = Funnel(["note_id"])
    found = one_per_id(notes(*rows), funnel)
    meanings: dict[str, set[tuple[str, str]]] = {}
    for note_id, patient, text in rows:
        meanings.setdefault(note_id, set()).add((patient, text))
    unambiguous = {note_id for note_id, seen in meanings.items() if len(seen) == 1}
    assert found["note_id"].to_list() == sorted(unambiguous, key=note_order)
    n_ambiguous = sum(note_id not in unambiguous for note_id, _, _ in rows)
    counted = lost(funnel)
    assert counted[AMBIGUOUS_ID] == n_ambiguous
    assert counted[SAME_ROW] == len(rows) - n_ambiguous - len(unambiguous)


@settings(max_examples=50)
@given(rows_of_notes, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_decides_nothing(rows: list[tuple[str, str, str]], random: Random) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    columns = ["note_id", "patient_id", "digest"]
    one, other = (one_per_id(notes(*order), Funnel(["note_id"])).select(columns) for order in (rows, shuffled))
    assert one.equals(other)


# ---- one for each text


def test_of_equal_texts_the_smallest_id_stays() -> None:
    funnel = Funnel(["note_id", "duplicates"])
    found = one_per_text(one_per_id(notes(("10", "a", "x"), ("9", "b", "x"), ("11", "c", "y")), funnel), funnel)
    assert found["note_id"].to_list() == ["9", "11"]


@settings(max_examples=50)
@given(st.lists(st.sampled_from("vwxyz"), max_size=12))
def test_each_text_stays_with_its_first_note(texts: list[str]) -> None:
    funnel = Funnel(["duplicates"])
    found = one_per_text(notes(*((f"{i}", "p", text) for i, text in enumerate(texts))), funnel)
    assert found["note_id"].to_list() == [str(i) for i, text in enumerate(texts) if text not in texts[:i]]
    assert lost(funnel)[SAME_TEXT] == len(texts) - len(set(texts))


# ---- near copies


def signed(*texts: str) -> pl.DataFrame:
    """Return notes with their signatures, in the order of their ids."""
    frame = notes(*((f"{i}", "p", text) for i, text in enumerate(texts)))
    signatures = [signature(shingle_hashes(text)).tobytes() for text in texts]
    return frame.with_columns(pl.Series("signature", signatures, dtype=pl.Binary))


def test_of_near_copies_the_one_with_the_smaller_id_stays() -> None:
    text = " ".join(WORDS * 4)
    other = " ".join(reversed(WORDS * 4))
    texts = [other, text, text.replace("infarction", "infarct", 1), other + " today"]
    funnel = Funnel(["near_duplicates"])
    found = without_near_duplicates(signed(*texts), texts.__getitem__, funnel)
    assert found["note_id"].to_list() == ["0", "1"]
    assert sum(lost(funnel).values()) == 2


def test_notes_that_share_only_words_all_stay() -> None:
    texts = [" ".join(WORDS[i:] + WORDS[:i] + [f"n{i}{j}" for j in range(40)]) for i in range(5)]
    funnel = Funnel(["near_duplicates"])
    assert without_near_duplicates(signed(*texts), texts.__getitem__, funnel).height == 5
    assert sum(lost(funnel).values()) == 0


def test_one_note_or_none_is_no_copy_of_another() -> None:
    funnel = Funnel(["near_duplicates"])
    assert without_near_duplicates(signed("a b c"), ["a b c"].__getitem__, funnel).height == 1
    assert without_near_duplicates(signed(), [].__getitem__, funnel).height == 0
