"""Writing a dataset folder: the notes, what they were labelled with, what was lost, and the manifest over all of it.

Nothing in the folder depends on when, where or in which row order it was made: the same notes and the same settings
give the same bytes.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from nosology.coding.labels import LabelSet
from nosology.dataset.folder import ATTRIBUTES, COLUMNS, CSV_FILE, FUNNEL_FILE, LABELS_FILE, NOTES_FILE
from nosology.files import MANIFEST, sha256_file, write_json

_PART_BYTES = 48 << 20  # of text in memory at a time
_ROW_GROUP = 2_000  # notes; readers of one split skip through groups of this size


def write_notes(folder: Path, notes: pl.DataFrame, text_of: Callable[[int], str]) -> None:
    """Write ``notes.parquet`` piece by piece, so that the texts are never in memory together.

    Args:
        folder: Where to.
        notes: Everything but the texts, in the order to write, with a column ``length``: each text's bytes.
        text_of: Gives the prepared text of the note in a row.
    """
    parts = []
    for number, (first, last) in enumerate(_pieces(notes["length"].to_list())):
        texts = pl.Series("clean_text", [text_of(row) for row in range(first, last)], dtype=pl.String)
        piece = notes[first:last].with_columns(texts).select(*COLUMNS, *ATTRIBUTES)
        parts.append(folder / f"part-{number:05d}.parquet")
        piece.write_parquet(parts[-1], compression="uncompressed", statistics=False)
    whole = pl.scan_parquet(parts)
    whole.sink_parquet(folder / NOTES_FILE, compression="zstd", compression_level=1, row_group_size=_ROW_GROUP)
    for part in parts:
        part.unlink()


def _pieces(lengths: list[int]) -> Iterator[tuple[int, int]]:
    """Yield first and last row (exclusive) of pieces whose texts fit into `_PART_BYTES`."""
    first, size = 0, 0
    for row, length in enumerate(lengths):
        if size and size + length > _PART_BYTES:
            yield first, row
            first, size = row, 0
        size += length
    yield first, len(lengths)


def write_csv(folder: Path) -> None:
    """Write ``df_classification.csv`` as the original project had it: ``CLEAN_TEXT`` and ``CATEGORY``."""
    with (folder / CSV_FILE).open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["CLEAN_TEXT", "CATEGORY"])
        columns = pl.scan_parquet(folder / NOTES_FILE).select("clean_text", "category")
        for batch in columns.collect_batches(chunk_size=_ROW_GROUP, maintain_order=True):
            writer.writerows(batch.rows())


def write_manifest(folder: Path, contents: dict[str, Any]) -> None:
    """Write ``manifest.json``: the contents given, and the size and hash of every file in the folder."""
    files = {
        path.name: {"sha256": sha256_file(path), "bytes": path.stat().st_size}
        for path in sorted(folder.iterdir())
        if path.is_file()
    }
    write_json(folder / MANIFEST, {"kind": "dataset", "format": 1, **contents, "files": files})


def write_labels_and_funnel(folder: Path, labels: LabelSet, funnel: list[dict[str, Any]]) -> None:
    """Write ``labels.tsv`` and ``funnel.json``.

    Args:
        folder: The unfinished dataset folder; it must exist.
        labels: The categories that the notes were given.
        funnel: One mapping for each step, in order: ``step``, ``rows_in``, ``rows_out`` and ``lost`` by reason.
    """
    labels.save(folder / LABELS_FILE)
    write_json(folder / FUNNEL_FILE, funnel)
