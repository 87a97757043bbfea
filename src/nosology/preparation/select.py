"""Which notes stay: one per id, one per text, one of near-duplicates; of several, the one with the smallest note id.

Everything is decided on ids and fingerprints, over all notes at once and in the order of their ids, so the order of
the input rows decides nothing.
"""

import re
from collections.abc import Callable

import numpy as np
import polars as pl

from nosology.dataset.funnel import Funnel
from nosology.preparation import duplicates
from nosology.text import fingerprint

NOTE_ID, DUPLICATES, NEAR_DUPLICATES = "note_id", "duplicates", "near_duplicates"

AMBIGUOUS_ID = "note id used for different notes"
SAME_ROW = "the same row again"
SAME_TEXT = "same prepared text as a note with a smaller id"
NEAR_TEXT = "nearly the same text as a note with a smaller id"

_NUMBER = re.compile(r"\d+")


def note_order(note_id: str) -> str:
    """Return a key that sorts note ids as people count: ``9`` before ``10``, ``A-2`` before ``A-10``."""
    return _NUMBER.sub(lambda match: match[0].zfill(20), note_id)


def one_per_id(notes: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """Return the notes whose id is theirs alone, in the order of their ids.

    A row that comes twice counts once. Where different notes share an id, none can be told by it, so all of them go.

    Args:
        notes: Columns ``note_id``, ``order``, ``patient_id``, ``admission_id`` and ``digest``, among others.
        funnel: Takes the losses.
    """
    whose = pl.struct("patient_id", "admission_id", "digest")
    counted = notes.sort("order", "note_id", "offset").with_columns(
        n_different=whose.n_unique().over("note_id"), place=pl.int_range(pl.len()).over("note_id")
    )
    is_ambiguous = counted["n_different"] > 1
    is_repeated = ~is_ambiguous & (counted["place"] > 0)
    funnel.lose(NOTE_ID, AMBIGUOUS_ID, int(is_ambiguous.sum()))
    funnel.lose(NOTE_ID, SAME_ROW, int(is_repeated.sum()))
    return counted.filter(~is_ambiguous & ~is_repeated).drop("n_different", "place")


def one_per_text(notes: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    """Return the notes without those whose text an earlier one has.

    Args:
        notes: In the order of their ids, with a column ``digest``.
        funnel: Takes the losses.
    """
    kept = notes.unique("digest", keep="first", maintain_order=True)
    funnel.lose(DUPLICATES, SAME_TEXT, notes.height - kept.height)
    return kept


def without_near_duplicates(notes: pl.DataFrame, text_of: Callable[[int], str], funnel: Funnel) -> pl.DataFrame:
    """Return the notes without those that nearly repeat an earlier one that stays.

    Args:
        notes: In the order of their ids, with a column ``signature``.
        text_of: Gives the prepared text of the note in a row.
        funnel: Takes the losses.
    """
    raw = np.frombuffer(b"".join(notes["signature"].to_list()), np.uint32)
    signatures = raw.reshape(notes.height, fingerprint.N_HASHES)
    is_near = duplicates.near_duplicates(signatures, lambda row: fingerprint.shingle_hashes(text_of(row)))
    funnel.lose(NEAR_DUPLICATES, NEAR_TEXT, int(is_near.sum()))
    return notes.filter(pl.Series(~is_near))
