"""What a worker does with one partition of raw notes, up to where notes of other partitions matter.

It reads, labels, cleans and signs them as one machine does, with the same code, and leaves two files: the prepared
notes with their fingerprints, and what was lost and seen.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from nosology.coding.labels import LabelSet
from nosology.config import PrepareConfig
from nosology.dataset.funnel import Funnel
from nosology.deidentification.surrogates import SECRET_VARIABLE, secret_digest
from nosology.errors import ConfigError
from nosology.preparation.collecting import READ, Collector
from nosology.preparation.labelling import Labeller
from nosology.preparation.pipeline import STEPS, STEPS_WITH_ADDENDA, cleaning_of, cleaning_of_one
from nosology.preparation.quarantine import Quarantine
from nosology.preparation.texts import TextFile
from nosology.records import no_progress
from nosology.scale.partitions import WORK, Partition, mark_done
from nosology.scale.storage import Storage, content_of
from nosology.sources.formats import ReadingOptions
from nosology.sources.table import TableColumns, TableSource
from nosology.text.cleaning import Cleaned, finish
from nosology.text.fingerprint import BAND_ROWS, N_BANDS, N_HASHES

STAGE = "read"
BANDS = tuple(f"band_{number:02d}" for number in range(N_BANDS))
"""Columns with a number for each band of a signature: notes that share a bucket share it, others hardly ever do."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_FINISHED = {
    "lost": pl.String,
    "length": pl.Int64,
    "digest": pl.Binary,
    "signature": pl.Binary,
    "clean_text": pl.String,
}


@dataclass(frozen=True)
class PrepareJob:
    """All that a worker must know of a preparation.

    Attributes:
        out: The output folder.
        partitions: The input.
        columns: Which column holds what.
        config: What is done and which notes stay.
        labels: The label set.
        how: What the user says of the files.
        secret: What the secret of surrogates is told by; None where none are drawn.
    """

    out: Storage
    partitions: tuple[Partition, ...]
    columns: TableColumns
    config: PrepareConfig
    labels: LabelSet
    how: ReadingOptions | None = None
    secret: str | None = None

    def new_funnel(self) -> Funnel:
        """Return a funnel of the steps of this preparation."""
        return Funnel([READ, *(STEPS if self.config.addenda == "keep" else STEPS_WITH_ADDENDA)])

    def new_labeller(self) -> Labeller:
        """Return what gives notes their labels."""
        return Labeller(self.labels, self.config.label_rule, self.config.icd10_mapping)


class PartitionSource(TableSource):
    """One partition of a table. What only the whole table tells is left to whoever sees all partitions."""

    def _conclude(self, n_rows: int) -> None:  # noqa: ARG002 - a partition may be empty
        return

    def seen(self) -> dict[str, Any]:
        """Return what was seen of the columns, as plain values."""
        return {
            "warnings": self.warnings,
            "n_without_patient": self._patient_ids.n_missing,
            "codes": self._code_column.seen,
        }


def draws_surrogates(config: PrepareConfig) -> bool:
    """Return whether a preparation puts invented values in place of identifiers."""
    return config.deidentify and config.deidentify_style == "surrogate"


def read_partition(job: PrepareJob, number: int) -> None:
    """Prepare the notes of a partition, as far as they can be without the others.

    Args:
        job: The preparation.
        number: The partition's place in the input.

    Raises:
        DataError: It cannot be read.
        ConfigError: This process has another secret for surrogates than the job.
    """
    if job.secret is not None and secret_digest() != job.secret:
        hint = "set it on every machine of the cluster to what it was where the job was begun"
        raise ConfigError("a worker has another secret than the job", place=SECRET_VARIABLE, hint=hint)
    partition = job.partitions[number]
    source = PartitionSource(partition.path, job.columns, job.how, content=content_of(partition.address))
    funnel, quarantine, label_of = job.new_funnel(), Quarantine(1.0), job.new_labeller()  # shares are judged over all
    with TextFile() as texts:
        collector = Collector(source, label_of, texts, funnel, quarantine)
        notes = collector.collect(cleaning_of_one(job.config), 1, no_progress)
        prepared = [texts.read(*place) for place in notes.select("offset", "length").iter_rows()]
    finished = _finished(prepared, notes, job.config)
    frame = notes.drop("offset", "length", "digest", "signature").with_columns(finished).with_row_index("row")
    job.out.write(f"{WORK}/{STAGE}/{number:05d}.parquet", as_parquet(_with_bands(frame, job.config)))
    rejected = [[item.file, item.line, item.reason] for item in quarantine.rejected]
    about = {"rows_in": funnel.rows_in, "steps": funnel.steps(), "rejected": rejected, "lost": label_of.lost.state()}
    mark_done(job.out, STAGE, number, about | source.seen())


def _finished(prepared: Sequence[str], notes: pl.DataFrame, config: PrepareConfig) -> pl.DataFrame:
    """Return texts with their fingerprints; where lengths are judged after ids, why a note will be lost for its own."""
    if config.addenda == "keep":
        columns = notes.select("length", "digest", "signature")
        return columns.with_columns(pl.Series("clean_text", prepared, pl.String), lost=pl.lit(None, pl.String))
    how = cleaning_of(config)
    rows = [(_row(finish(text, how)), text) for text in prepared]
    return pl.DataFrame([(*row, text) for row, text in rows], schema=_FINISHED, orient="row")


def _row(finished: Cleaned) -> tuple[str | None, int, bytes, bytes]:
    return finished.lost, len(finished.text), finished.digest, finished.signature


def _with_bands(frame: pl.DataFrame, config: PrepareConfig) -> pl.DataFrame:
    """Return the rows with the columns `BANDS`; without them where near-duplicates stay."""
    if not config.drop_near_duplicates:
        return frame
    blank = bytes(4 * N_HASHES)  # of a note that will be lost for its length
    raw = b"".join(signature or blank for signature in frame["signature"])
    signatures = np.frombuffer(raw, np.uint32) if raw else np.zeros(0, np.uint32)
    keys = band_keys(signatures.reshape(-1, N_HASHES))
    return frame.with_columns(pl.Series(name, keys[:, number]) for number, name in enumerate(BANDS))


def band_keys(signatures: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """Return a number for each band of each note, which notes that agree in the band have in common.

    Args:
        signatures: Shape ``(notes, N_HASHES)``.

    Returns:
        Shape ``(notes, N_BANDS)``.
    """
    places = signatures.reshape(len(signatures), N_BANDS, BAND_ROWS).astype(np.uint64)
    keys = np.zeros(places.shape[:2], np.uint64)
    for place in range(BAND_ROWS):
        keys = (keys ^ places[:, :, place]) * _MIX
        keys ^= keys >> np.uint64(29)
    return keys


def as_parquet(frame: pl.DataFrame) -> bytes:
    """Return rows as the bytes of a Parquet file, in the compression that datasets have."""
    file = io.BytesIO()
    frame.write_parquet(file, compression="zstd", compression_level=1, row_group_size=2_000)
    return file.getvalue()
