"""Which of all partitions' notes stay: decided over all of them at once, on ids and fingerprints, as on one machine.

Near-duplicates are proposed by workers, each of which reads a few bands of all notes' signatures and nothing else.
Whether a proposed pair is one is then decided by the code of one machine, on the proposed notes alone; a note that
shares no bucket with another can be nobody's near-duplicate. So memory here grows with the ids of all notes and with
the texts of none.
"""

from functools import partial

import numpy as np
import polars as pl

from nosology.dataset.funnel import Funnel
from nosology.preparation.collecting import WORDS
from nosology.preparation.lost import LostLabels
from nosology.preparation.pipeline import no_note_left, with_split
from nosology.preparation.select import one_per_id, one_per_text, without_near_duplicates
from nosology.preparation.texts import TextFile
from nosology.scale.cluster import Engine, Needs
from nosology.scale.partitions import WORK, mark_done, missing
from nosology.scale.reading import BANDS, STAGE, PrepareJob, as_parquet

PROPOSED = "proposed"
_BANDS_AT_ONCE = 5
"""A worker's share: enough to be worth a file's opening, few enough to hold the numbers of all notes in memory."""
_IDS = ["row", "note_id", "order", "patient_id", "admission_id", "category", "given_split", "lost", "digest"]


def selected(job: PrepareJob, engine: Engine, funnel: Funnel, lost: LostLabels) -> pl.DataFrame:
    """Return the notes that stay, in the order of their ids, with their partition, row and split.

    Args:
        job: The preparation; all its partitions are read.
        engine: Has partitions worked on.
        funnel: Takes the losses.
        lost: What had no label.

    Raises:
        DataError: None stays.
    """
    parts = [
        job.out.frame(f"{WORK}/{STAGE}/{number:05d}.parquet", _IDS).with_columns(part=pl.lit(number, pl.Int32))
        for number in range(len(job.partitions))
    ]
    notes = one_per_id(pl.concat(parts).with_row_index("offset"), funnel)
    for reason, n in notes.drop_nulls("lost")["lost"].value_counts().iter_rows():
        funnel.lose(WORDS, reason, n)
    notes = notes.filter(pl.col("lost").is_null())
    if job.config.drop_duplicates:
        notes = one_per_text(notes, funnel)
    if job.config.drop_near_duplicates and notes.height:
        notes = _without_near(job, engine, notes, funnel)
    if not notes.height:
        raise no_note_left(funnel, lost)
    return with_split(notes.drop("order", "digest", "lost"), job.config)


def _without_near(job: PrepareJob, engine: Engine, notes: pl.DataFrame, funnel: Funnel) -> pl.DataFrame:
    groups = range(0, len(BANDS), _BANDS_AT_ONCE)
    for _ in engine.each(partial(_proposer, job), missing(job.out, PROPOSED, len(groups)), Needs()):
        pass
    found = [job.out.frame(f"{WORK}/{PROPOSED}/{number:05d}.parquet") for number in range(len(groups))]
    proposed = notes.join(pl.concat(found).unique(), on=["part", "row"], how="semi", maintain_order="left")
    if not proposed.height:
        return notes
    with TextFile() as texts:
        placed = _with_texts(job, proposed, texts)
        offsets, lengths = placed["place"].to_list(), placed["length"].to_list()
        kept = without_near_duplicates(placed, lambda row: texts.read(offsets[row], lengths[row]), funnel)
    gone = proposed.join(kept, on="offset", how="anti")
    return notes.join(gone, on="offset", how="anti", maintain_order="left")


def _with_texts(job: PrepareJob, proposed: pl.DataFrame, texts: TextFile) -> pl.DataFrame:
    """Return the proposed notes in their order, with their signatures and the places of their texts in a file."""
    pieces = []
    for (number,), rows in proposed.group_by("part", maintain_order=True):
        there = job.out.frame(f"{WORK}/{STAGE}/{number:05d}.parquet", ["row", "signature", "clean_text"])
        there = there.join(rows.select("row", "offset"), on="row", how="inner", maintain_order="left")
        encoded = [text.encode("utf-8", "surrogatepass") for text in there["clean_text"]]
        pieces.append(
            there.select("offset", "signature").with_columns(
                place=pl.Series([texts.append(text) for text in encoded], dtype=pl.Int64),
                length=pl.Series([len(text) for text in encoded], dtype=pl.Int64),
            )
        )
    return proposed.join(pl.concat(pieces), on="offset", how="left", maintain_order="left")


def propose(job: PrepareJob, group: int) -> None:
    """Write which notes share a bucket with another one in some bands.

    Args:
        job: The preparation; all its partitions are read.
        group: Which bands: the group's place among those of `_BANDS_AT_ONCE`.
    """
    found = [_sharing(job, band) for band in BANDS[group * _BANDS_AT_ONCE : (group + 1) * _BANDS_AT_ONCE]]
    job.out.write(f"{WORK}/{PROPOSED}/{group:05d}.parquet", as_parquet(pl.concat(found).unique(maintain_order=True)))
    mark_done(job.out, PROPOSED, group, {})


def _proposer(job: PrepareJob) -> "partial[None]":
    return partial(propose, job)


def _sharing(job: PrepareJob, band: str) -> pl.DataFrame:
    """Return partition and row of the notes that share a bucket of a band with another."""
    parts = [job.out.frame(f"{WORK}/{STAGE}/{number:05d}.parquet", [band]) for number in range(len(job.partitions))]
    heights = [part.height for part in parts]
    _, bucket, counts = np.unique(
        np.concatenate([part[band].to_numpy() for part in parts]), return_inverse=True, return_counts=True
    )
    whole = pl.DataFrame(
        {
            "part": np.repeat(np.arange(len(parts), dtype=np.int32), heights),
            "row": np.concatenate([np.arange(height, dtype=np.uint32) for height in heights]),
        }
    )
    return whole.filter(pl.Series(counts[bucket] > 1))
