"""Several notes of one admission and category: a report and its addenda become one note, or the first alone stays.

A short addendum says little by itself, and an admission with three notes counts three times. Lengths are judged after
this, and fingerprints are taken of what stays. Notes without an admission are left alone.
"""

from typing import Literal

import polars as pl

from nosology.dataset.funnel import Funnel
from nosology.preparation.texts import TextFile
from nosology.text.cleaning import Cleaning, finish

Addenda = Literal["merge", "keep", "drop"]

ADDENDA = "addenda"
MERGED = "joined to an earlier note of its admission"
DROPPED = "a further note of its admission"

_MADE: dict[str, type[pl.DataType]] = {
    "row": pl.UInt32,
    "offset": pl.Int64,
    "length": pl.Int64,
    "digest": pl.Binary,
    "signature": pl.Binary,
}
_GROUP = ["patient_id", "admission_id", "category"]


def one_per_admission(
    notes: pl.DataFrame, texts: TextFile, addenda: Addenda, how: Cleaning, funnel: Funnel, words_step: str
) -> pl.DataFrame:
    """Return one note for each admission and category, in the order of their ids.

    Args:
        notes: As collected without limits and without signatures, in the order of their ids.
        texts: Holds the prepared texts, and receives those that are joined.
        addenda: Whether further notes are joined to the first or left out; ``keep`` returns the notes as they are.
        how: Which lengths stay, and whether signatures are asked for.
        funnel: Takes the losses.
        words_step: The funnel's step under which notes are lost for their length.
    """
    if addenda == "keep":
        return notes
    has_admission = pl.col("admission_id") != ""
    place = pl.int_range(pl.len()).over(_GROUP)
    notes = notes.with_columns(is_first=~has_admission | (place == 0)).with_row_index("row")
    funnel.lose(ADDENDA, MERGED if addenda == "merge" else DROPPED, int((~notes["is_first"]).sum()))
    further: dict[int, list[int]] = {}
    if addenda == "merge":
        rows = notes.filter(has_admission).group_by(_GROUP, maintain_order=True).agg("row")["row"].to_list()
        further = {first: others for first, *others in rows if others}
    offsets, lengths = notes["offset"].to_list(), notes["length"].to_list()
    kept: list[tuple[int, int, int, bytes, bytes]] = []
    separator = " " if how.strip_punctuation else "\n"
    for row in notes.filter("is_first")["row"].to_list():
        parts = [texts.read(offsets[part], lengths[part]) for part in (row, *further.get(row, []))]
        finished = finish(separator.join(parts), how)
        if finished.lost:
            funnel.lose(words_step, finished.lost)
            continue
        offset = texts.append(finished.text) if len(parts) > 1 else offsets[row]
        kept.append((row, offset, len(finished.text), finished.digest, finished.signature))
    made = pl.DataFrame(kept, schema=_MADE, orient="row")
    others = notes.drop("is_first", *(name for name in _MADE if name != "row"))
    return made.join(others, on="row", how="left", maintain_order="left").drop("row")
