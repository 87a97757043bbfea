"""Reading a prepared dataset: what training and evaluation see of it.

A dataset is a folder with ``notes.parquet`` (a file, or a folder of parts where many workers wrote them),
``labels.tsv``, ``funnel.json``, ``quarantine.jsonl`` and a manifest that holds the hash of each. `open_dataset` checks
the hashes before anything is read, so a dataset that was edited or cut short is refused rather than trained on.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

import polars as pl
from pydantic import ValidationError

from nosology.coding.labels import LabelSet
from nosology.config import PrepareConfig
from nosology.errors import RunError
from nosology.files import MANIFEST, read_json, read_manifest, sha256_file, sha256_text

Split = Literal["train", "validation", "test"]

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
COLUMNS = (
    "note_id",
    "patient_id",
    "admission_id",
    "clean_text",
    "category",
    "code",
    "icd_version",
    "rubric",
    "codes",
    "split",
)
ATTRIBUTES = ("sex", "age_band", "admission_type")
CODES_TYPE = pl.List(pl.Struct({"code": pl.String, "icd_version": pl.Int8}))
"""All codes of the admission in sequence order, undotted; an empty list where the source gives none."""

NOTES_FILE = "notes.parquet"
LABELS_FILE = "labels.tsv"
FUNNEL_FILE = "funnel.json"
QUARANTINE_FILE = "quarantine.jsonl"
CSV_FILE = "df_classification.csv"


@dataclass(frozen=True)
class Dataset:
    """A prepared dataset on disk.

    Attributes:
        folder: Where it lies.
        manifest: What was prepared from what, how, and the hash of every file.
        labels: The label set that its categories come from.
    """

    folder: Path
    manifest: dict[str, Any]
    labels: LabelSet

    @property
    def sha256(self) -> str:
        """The SHA-256 of ``notes.parquet``, or of its parts' hashes: what names the dataset in runs and results."""
        files = self.manifest["files"]
        if NOTES_FILE in files:
            return cast(str, files[NOTES_FILE]["sha256"])
        return sha256_text("".join(f"{name} {files[name]['sha256']}\n" for name in sorted(files) if is_part(name)))

    @cached_property
    def manifest_sha256(self) -> str:
        """The SHA-256 of the manifest, by which a run knows the dataset that it was trained on."""
        return sha256_file(self.folder / MANIFEST)

    @property
    def is_invented(self) -> bool:
        """Whether it holds notes that nobody wrote about a patient."""
        return bool(self.manifest.get("source", {}).get("is_invented", False))

    @cached_property
    def preparation(self) -> PrepareConfig:
        """What was done to the notes.

        Raises:
            RunError: The manifest does not say so in a way that this version reads.
        """
        try:
            return PrepareConfig.model_validate(self.manifest["config"])
        except (KeyError, ValidationError):
            raise RunError(
                "the dataset's configuration is not one that this version reads",
                place=str(self.folder / MANIFEST),
                hint="prepare it again",
            ) from None

    def split(self, name: str) -> pl.DataFrame:
        """Return the notes of a split in the dataset's order: the columns `COLUMNS`, then those of `ATTRIBUTES`.

        Raises:
            RunError: There is no split of that name.
        """
        if name not in SPLITS:
            raise RunError(f"there is no split {name!r}", place=str(self.folder), hint=f"use {', '.join(SPLITS)}")
        return pl.scan_parquet(self.folder / NOTES_FILE).filter(pl.col("split") == name).collect()

    def notes(self) -> pl.DataFrame:
        """Return the notes of all splits."""
        return pl.read_parquet(self.folder / NOTES_FILE)

    def funnel(self) -> list[dict[str, Any]]:
        """Return what was lost at each step and why: ``{step, rows_in, rows_out, lost: {reason: count}}``."""
        return cast(list[dict[str, Any]], read_json(self.folder / FUNNEL_FILE))


def is_part(name: str) -> bool:
    """Return whether a file of a dataset holds some of its notes, where ``notes.parquet`` is a folder of parts."""
    return name.startswith(f"{NOTES_FILE}/")


def codes_of(notes: pl.DataFrame) -> list[tuple[tuple[str, int], ...]]:
    """Return all codes of each note's admission: code and ICD version, in sequence order.

    Nothing is returned for datasets that were prepared before codes were kept.
    """
    if "codes" not in notes.columns:
        return [()] * len(notes)
    return [tuple((item["code"], item["icd_version"]) for item in row or ()) for row in notes["codes"].to_list()]


def open_dataset(folder: Path | str) -> Dataset:
    """Return a finished dataset after checking that its files are the ones that were written.

    Raises:
        RunError: The folder is missing, unfinished or no dataset, or a file is missing or was changed.
    """
    folder = Path(folder)
    manifest = read_manifest(folder, "dataset")
    for name, written in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise RunError(f"{name} is missing from this dataset", place=str(folder), hint="prepare it again")
        if path.stat().st_size != written["bytes"] or sha256_file(path) != written["sha256"]:
            raise RunError(f"{name} is not the file that was prepared", place=str(folder), hint="prepare it again")
    return Dataset(folder, manifest, LabelSet.load(folder / LABELS_FILE))
