"""Notes that join a dataset which is there already: what it holds stays as it was, held-out splits above all."""

import polars as pl

from nosology.dataset.folder import ATTRIBUTES, CODES_TYPE, COLUMNS, Dataset
from nosology.dataset.funnel import Funnel
from nosology.preparation.select import DUPLICATES
from nosology.preparation.texts import TextFile

COPY = "the same text as a note of the other dataset"
HELD_OUT = "the patient is in the validation or test split of the other dataset"

_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **{name: pl.String for name in COLUMNS if name != "clean_text"},
    "icd_version": pl.Int8,
    "codes": CODES_TYPE,
    **dict.fromkeys(ATTRIBUTES, pl.String),
    "offset": pl.Int64,
    "length": pl.Int64,
}


def join(notes: pl.DataFrame, dataset: Dataset, texts: TextFile, funnel: Funnel, split_step: str) -> pl.DataFrame:
    """Return a dataset's notes, and after them the new ones that neither repeat them nor touch what is held out.

    New notes go into train, so that figures on the dataset's validation and test splits compare before and after.

    Args:
        notes: The new notes, with the places of their texts.
        dataset: What they join.
        texts: Holds the new texts, and receives the dataset's.
        funnel: Takes the losses.
        split_step: The funnel's step under which notes of held-out patients are lost.
    """
    there = dataset.notes()
    known = {text.encode("utf-8", "surrogatepass") for text in there["clean_text"]}
    held_out = there.filter(pl.col("split") != "train")["patient_id"].unique()
    is_copy = pl.Series(
        [
            texts.read(offset, length).encode("utf-8", "surrogatepass") in known
            for offset, length in notes.select("offset", "length").iter_rows()
        ],
        dtype=pl.Boolean,
    )
    is_held_out = ~is_copy & notes["patient_id"].is_in(held_out.implode())
    funnel.lose(DUPLICATES, COPY, int(is_copy.sum()))
    funnel.lose(split_step, HELD_OUT, int(is_held_out.sum()))
    new = notes.filter(~is_copy & ~is_held_out).with_columns(split=pl.lit("train"))
    return pl.concat([_with_places(there, texts), new.select(*_SCHEMA).cast(pl.Schema(_SCHEMA))])


def _with_places(notes: pl.DataFrame, texts: TextFile) -> pl.DataFrame:
    """Return a dataset's notes in the columns of `_SCHEMA`; null where it was prepared before a column was kept."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in notes["clean_text"]]
    places = notes.with_columns(
        offset=pl.Series([texts.append(text) for text in encoded], dtype=pl.Int64),
        length=pl.Series([len(text) for text in encoded], dtype=pl.Int64),
    )
    missing = [pl.lit(None, kind).alias(name) for name, kind in _SCHEMA.items() if name not in places.columns]
    return places.with_columns(missing).select(*_SCHEMA).cast(pl.Schema(_SCHEMA))
