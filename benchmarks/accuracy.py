"""How accurate nosology is on real medical text, with every option chosen inside a training part.

Two tasks on the development data: ``chapters`` (CodiEsp cases and Ohsumed abstracts, the 18 categories) and ``mesh``
(Ohsumed's 23 MeSH classes, a label set of its own). A third of the documents, drawn by the hash of their ids, is
locked: it is scored once, by the stage ``score``, after everything else is fixed. The rest is cut into notes to learn
from and notes to validate, calibrate and stack on. Stages leave their results in the work folder, so a killed run goes
on where it stopped::

    python benchmarks/accuracy.py prepare train --work WORK                 # hours on two CPU cores
    python benchmarks/accuracy.py score --work WORK --json FILE             # once, at the end

The data folder is ``NOSOLOGY_DEV_DATA``.
"""

import argparse
import hashlib
import json
import os
from pathlib import Path
from typing import Any

TASKS = ("chapters", "mesh")
STAGES = ("prepare", "train", "score")
PARTS = 3  # one of them is locked
VALIDATION_SHARE = 0.15  # of what is not locked

MESH_CLASSES = {
    "C01": "Bacterial Infections and Mycoses",
    "C02": "Virus Diseases",
    "C03": "Parasitic Diseases",
    "C04": "Neoplasms",
    "C05": "Musculoskeletal Diseases",
    "C06": "Digestive System Diseases",
    "C07": "Stomatognathic Diseases",
    "C08": "Respiratory Tract Diseases",
    "C09": "Otorhinolaryngologic Diseases",
    "C10": "Nervous System Diseases",
    "C11": "Eye Diseases",
    "C12": "Urologic and Male Genital Diseases",
    "C13": "Female Genital Diseases and Pregnancy Complications",
    "C14": "Cardiovascular Diseases",
    "C15": "Hemic and Lymphatic Diseases",
    "C16": "Neonatal Diseases and Abnormalities",
    "C17": "Skin and Connective Tissue Diseases",
    "C18": "Nutritional and Metabolic Diseases",
    "C19": "Endocrine Diseases",
    "C20": "Immunologic Diseases",
    "C21": "Disorders of Environmental Origin",
    "C22": "Animal Diseases",
    "C23": "Pathological Conditions, Signs and Symptoms",
}

TRAINING = [  # chosen on validation notes of the training part; docs/experiments.md has what was tried
    "model.max_note_tokens=128",
    "model.scoring=constrained",
    "train.lora_r=16",
    "train.lora_alpha=32",
    "train.lora_top_layers=10",
    "train.batch_size=8",
    "train.learning_rate=1.0e-3",
    "train.schedule=linear",
    "train.adam_beta2=0.95",
    "train.choice_weight=0.9",
    "train.max_validation_notes=120",
    "train.eval_every_steps=110",
]
NO_FILTERS = {"deidentify": False, "min_words": 0, "drop_near_duplicates": False}  # public text, compared by everyone


def main() -> None:
    """Run the stages asked for."""
    options = _options()
    for task in options.tasks:
        for stage in STAGES:
            if stage in options.stages:
                {"prepare": prepare, "train": train}[stage](task, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stages", nargs="+", choices=STAGES)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what each stage leaves")
    parser.add_argument("--epochs", type=float, default=1.25)
    parser.add_argument("--dtype", choices=("auto", "float32", "bfloat16"), default="auto")
    parser.add_argument("--json", type=Path, help="also write the results here")
    return parser.parse_args()


def split_of(note_id: str) -> str:
    """Return test for the locked third, else train or validation, by the hash of the id alone."""
    digest = hashlib.sha256(note_id.encode()).digest()
    if int.from_bytes(digest[:4], "big") % PARTS == 0:
        return "test"
    return "validation" if int.from_bytes(digest[4:8], "big") / 2**32 < VALIDATION_SHARE else "train"


def documents(task: str) -> list[dict[str, str]]:
    """Return the documents of a task with id, text, category and split; those without a category are left out."""
    folder = Path(os.environ["NOSOLOGY_DEV_DATA"])
    sources = {"ohsumed": "ohsumed_train.jsonl"} | (
        {"codiesp": "codiesp_train_dev.jsonl"} if task == "chapters" else {}
    )
    rows = []
    for source, name in sources.items():
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            category = row["category"] if task == "chapters" else MESH_CLASSES[row["mesh"]]
            if category is not None:
                note_id = f"{source}-{row['id']}"
                split = split_of(note_id)
                rows.append({"id": note_id, "text": row["text"], "category": category, "split": split})
    return rows


def prepare(task: str, options: argparse.Namespace) -> None:
    """Write the task's documents as a prepared dataset."""
    from nosology.config import PrepareConfig
    from nosology.prepare.pipeline import prepare_table
    from nosology.sources.table import TableColumns

    folder = options.work / task
    if (folder / "dataset" / "manifest.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "documents.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in documents(task)), encoding="utf-8")
    settings: dict[str, Any] = dict(NO_FILTERS)
    if task == "mesh":
        labels = folder / "mesh.tsv"
        labels.write_text("category\n" + "".join(f"{name}\n" for name in MESH_CLASSES.values()), encoding="utf-8")
        settings["label_set"] = str(labels)
    columns = TableColumns("text", "category", note_id="id", split="split")
    summary = prepare_table(table, folder / "dataset", PrepareConfig(**settings), columns)
    print(f"{task}: {summary.notes}")


def train(task: str, options: argparse.Namespace) -> None:
    """Fine-tune the embedded model on the task's training notes, or go on with it."""
    from nosology.config import load_config
    from nosology.training import train as fine_tune

    run = options.work / task / "run"
    if (run / "manifest.json").exists():
        return
    config = load_config(None, [*TRAINING, f"train.epochs={options.epochs}", f"model.dtype={options.dtype}"])
    fine_tune(
        options.work / task / "dataset",
        run,
        config,
        resume=(run / "config.yaml").exists(),
        progress=lambda step: print(task, step, flush=True),
    )


if __name__ == "__main__":
    main()
