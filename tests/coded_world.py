"""A small world for suggestion tests: notes with ICD-9-CM codes, and a tiny model that was taught the titles."""

import shutil
from functools import cache, partial
from pathlib import Path

import numpy as np
import polars as pl

from nosology.coding.labels import LabelSet
from nosology.config import Config
from nosology.dataset.folder import COLUMNS
from nosology.dataset.writing import write_manifest
from nosology.evaluation import evaluate
from nosology.files import write_json
from nosology.training import train
from once import Make, copied
from tiny_models import save_tiny_model

CODES = {
    "Cardiovascular": {
        "41071": "chest pain with troponin rise",
        "4280": "leg swelling and orthopnea",
        "42731": "palpitations",
    },
    "Respiratory": {"486": "cough with a consolidation", "49322": "wheezes after cold air", "51881": "hypoxia"},
    "Digestive": {"5770": "epigastric pain radiating to the back", "5789": "melena", "5712": "ascites and spider nevi"},
    "Skin Disorders": {"6826": "warm red leg", "6961": "silvery plaques", "7070": "sacral ulcer"},
}
LABELS = "category\ticd9\nCardiovascular\t390-459\nRespiratory\t460-519\nDigestive\t520-579\nSkin Disorders\t680-709\n"
PREPARATION = {
    "deidentify": True,
    "deidentify_style": "token",
    "leak": "keep",
    "lowercase": True,
    "strip_punctuation": False,
}
NOTE = (
    "Mr. José Müller came with CHEST PAIN with troponin rise. Denies melena.\n"
    "Mother had palpitations — at 70 °C?! Seen by Dr. Jane Roe on 3/14/2019.\r\n\tStable; sent home.  "
)


def note_of(codes: list[str], generator: np.random.Generator) -> str:
    """Return a note that says what its codes look like, in other words around them."""
    said = {code: phrase for group in CODES.values() for code, phrase in group.items()}
    filler = generator.choice(["Stable overnight.", "Labs were sent.", "Went home well.", "No fever."], size=3)
    return "\n".join([*(f"Patient with {said[code]}." for code in codes), *filler])


def write_coded_dataset(folder: Path, n_notes: dict[str, int], *, seed: int = 0) -> Path:
    """Write a dataset of notes with two or three codes each, and return its folder."""
    folder.mkdir(parents=True)
    source = folder.parent / "coded.tsv"
    source.write_text(LABELS, encoding="utf-8")
    labels = LabelSet.load(source)
    labels.save(folder / "labels.tsv")
    generator = np.random.default_rng(seed)
    everything = [code for group in CODES.values() for code in group]
    rows = []
    for split, n in n_notes.items():
        for number in range(n):
            codes = generator.choice(everything, size=2 + number % 2, replace=False).tolist()
            category = labels.category_of(codes[0], 9)
            listed = [{"code": code, "icd_version": 9} for code in codes]
            text = note_of(codes, generator)
            name = f"{split}-{number}"
            rows.append((name, f"p-{name}", "", text, category, codes[0], 9, codes[0][:3], listed, split))
    pl.DataFrame(rows, schema=list(COLUMNS), orient="row").write_parquet(folder / "notes.parquet")
    write_json(folder / "funnel.json", [{"step": "read", "rows_in": len(rows), "rows_out": len(rows), "lost": {}}])
    write_manifest(folder, {"config": PREPARATION})
    return folder


def train_coded_run(folder: Path, *, n_validation: int = 40) -> Path:
    """Return a run of a tiny model that was trained on 48 coded notes and their titles, in a folder of its own."""
    return copied(_training_with(n_validation), folder)


@cache
def _training_with(n_validation: int) -> Make:
    return partial(_train, n_validation=n_validation)


def _train(folder: Path, *, n_validation: int) -> Path:
    write_coded_dataset(folder / "dataset", {"train": 48, "validation": n_validation, "test": 24})
    config = Config.model_validate(
        {
            "model": {"name": str(save_tiny_model(folder / "model")), "max_note_tokens": 96, "scoring": "constrained"},
            "train": {
                "batch_size": 8,
                "lora_r": 4,
                "learning_rate": 0.01,
                "report_to": (),
                "title_weight": 1.0,
            },
            "evaluate": {"systems": ("majority", "tuned"), "bootstrap_samples": 100},
        }
    )
    train(folder / "dataset", folder / "run", config)
    return folder / "run"


UNCALIBRATED = {"not fitted": True, "not evaluated": False, "20 validation notes": False}
"""Kinds of runs that have no fitted suggester, and whether their categories are calibrated nonetheless."""


def train_uncalibrated_runs(folder: Path) -> dict[str, Path]:
    """Return a run of each kind of `UNCALIBRATED`; that of 20 validation notes is still to be evaluated."""
    bare, few = train_coded_run(folder / "many"), train_coded_run(folder / "few", n_validation=20)
    fitted = Path(shutil.copytree(bare, folder / "calibrated"))
    evaluate(fitted)
    return {"not fitted": fitted, "not evaluated": bare, "20 validation notes": few}
