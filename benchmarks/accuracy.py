"""How accurate nosology is on real medical text, with every option chosen inside a training part.

Two tasks on the development data: ``chapters`` (CodiEsp cases and Ohsumed abstracts, the 18 categories) and ``mesh``
(Ohsumed's 23 MeSH classes, a label set of its own). A third of the documents, drawn by the hash of their ids and the
same for both tasks, is locked: no option looks at it, and ``report`` judges it once. The rest is cut into notes to
learn from and notes to validate, calibrate and stack on. Stages leave their results in the work folder, so a killed
run goes on where it stopped; ``tuned`` and ``base`` can be shared among processes::

    python benchmarks/accuracy.py prepare linear train tuned base report --work WORK --json FILE
    python benchmarks/accuracy.py tuned --work WORK --share 2/3     # the second of three processes

The data folder is ``NOSOLOGY_DEV_DATA``. On two CPU cores training takes hours; ``--dtype bfloat16`` halves them where
the processor has instructions for it.
"""

import argparse
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import harness
from accuracy_judging import SELECTIVE_ACCURACY, compare, judge, judge_base, load_chunks, print_table

TASKS = ("chapters", "mesh")
STAGES = ("prepare", "linear", "train", "tuned", "base", "report")
PARTS = 3  # one of them is locked
DRAW = "second"  # of the locked third; the first was looked at twice, see docs/experiments.md
VALIDATION_SHARE = 0.3  # of what is not locked; half as much left calibration to the chance of 350 notes
CHUNK = 48  # notes scored between two files
IntArray = NDArray[np.int64]

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
    "train.max_validation_notes=64",
    "train.eval_every_steps=110",
]
NO_FILTERS = {"deidentify": False, "min_words": 0, "drop_near_duplicates": False}  # public text, compared by everyone


def main() -> None:
    """Run the stages asked for."""
    options = _options()
    stages = {"prepare": prepare, "linear": linear, "train": train, "tuned": tuned, "base": base}
    for task in options.tasks:
        for stage in STAGES[:-1]:
            if stage in options.stages:
                stages[stage](task, options)
    if "report" in options.stages:
        reports = {task: report(task, options) for task in options.tasks}
        if options.json:
            harness.write_report(options.json, _document(reports, options))


def _options() -> argparse.Namespace:
    parser = harness.parser(__doc__)
    parser.add_argument("stages", nargs="+", choices=STAGES)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what each stage leaves")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--dtype", choices=("auto", "float32", "bfloat16"), default="auto")
    parser.add_argument("--share", default="1/1", help="I/N: score every N-th chunk of notes, from the I-th")
    parser.add_argument("--base-notes", type=int, help="score the base model on a random part of the locked notes")
    parser.add_argument("--look", choices=("validation", "test"), default="test", help="which notes `report` judges")
    return parser.parse_args()


def split_of(note_id: str) -> str:
    """Return test for the locked third, else train or validation, by the hash of the id alone."""
    digest = hashlib.sha256(f"{DRAW}:{note_id}".encode()).digest()
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
    from nosology.files import MANIFEST
    from nosology.preparation.pipeline import prepare_table
    from nosology.sources.table import TableColumns

    folder = options.work / task
    if (folder / "dataset" / MANIFEST).exists():
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
    from nosology.runs.files import RunFiles
    from nosology.training import train as fine_tune

    run = options.work / task / "run"
    if RunFiles(run).manifest.exists():
        return
    config = load_config(None, [*TRAINING, f"train.epochs={options.epochs}", f"model.dtype={options.dtype}"])
    fine_tune(
        options.work / task / "dataset",
        run,
        config,
        resume=RunFiles(run).config.exists(),
        progress=lambda step: print(task, step, flush=True),
    )


def linear(task: str, options: argparse.Namespace) -> None:
    """Fit the systems without a language model on the training notes and keep their log-probabilities."""
    from nosology.classifier.words import fit_hashed
    from nosology.evaluation.baselines import fit_majority, fit_tfidf

    folder, notes = options.work / task / "scores", _notes(task, options)
    texts, true, names, n = notes.train_texts, notes.train, notes.train_ids, len(notes.categories)
    fits = {
        "majority": lambda: fit_majority(true, n),
        "tfidf": lambda: fit_tfidf(texts, true, n, groups=names),
        "tfidf_parts": lambda: fit_hashed(texts, true, n, groups=names),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, fit in fits.items():
        if (folder / f"{name}.npz").exists():
            continue
        model = fit()
        _save(folder / f"{name}.npz", {split: model.log_probs(notes.texts[split]) for split in notes.texts})
        print(task, name, model.settings, flush=True)


def tuned(task: str, options: argparse.Namespace) -> None:
    """Score validation and locked notes with the tuned model, chunk by chunk."""
    from nosology.classifier.classifier import Classifier

    work = list(_missing_chunks(task, options, "tuned", ("validation", "test")))
    if work:
        classifier = Classifier.load(options.work / task / "run", system="tuned")
        for path, texts, _ in work:
            _save(path, {"log_probs": classifier.log_probs(texts)})
            print(task, path.stem, flush=True)


def base(task: str, options: argparse.Namespace) -> None:
    """Answer locked notes with the base model in all its ways, each note read once, chunk by chunk."""
    from nosology.classifier.classifier import Classifier
    from nosology.evaluation.parsing import parse_lenient, parse_strict

    work = list(_missing_chunks(task, options, "base", ("test",)))
    if not work:
        return
    classifier = Classifier.load(options.work / task / "run", system="base")
    names = classifier.labels.names
    for path, texts, places in work:
        ways, answers = classifier.log_probs_and_answers(texts)
        read = {
            way: [names.index(found) if (found := parse(answer, names)) else -1 for answer in answers]
            for way, parse in (("strict", parse_strict), ("lenient", parse_lenient))
        }
        _save(path, {"places": places, **ways, **{way: np.array(found) for way, found in read.items()}})
        print(task, path.stem, flush=True)


class _Notes:
    """The texts, ids and categories of a task's dataset."""

    def __init__(self, folder: Path) -> None:
        from nosology.dataset.folder import open_dataset

        dataset = open_dataset(folder)
        rows = {split: dataset.split(split) for split in ("train", "validation", "test")}  # type: ignore[arg-type]
        self.categories = dataset.labels.names
        self.texts = {split: rows[split]["clean_text"].to_list() for split in ("validation", "test")}
        self.train_texts, self.train_ids = rows["train"]["clean_text"].to_list(), rows["train"]["note_id"].to_list()
        self.true = {split: np.array([self.categories.index(c) for c in rows[split]["category"]]) for split in rows}
        self.train = self.true["train"]
        self.ids = {split: rows[split]["note_id"].to_list() for split in rows}


def _notes(task: str, options: argparse.Namespace) -> _Notes:
    return _Notes(options.work / task / "dataset")


def _missing_chunks(
    task: str, options: argparse.Namespace, system: str, splits: tuple[str, ...]
) -> Iterator[tuple[Path, list[str], IntArray]]:
    """Yield file, texts and places of each chunk of this process's share that is not there yet."""
    notes, folder = _notes(task, options), options.work / task / "scores" / system
    folder.mkdir(parents=True, exist_ok=True)
    number, n_shares = map(int, options.share.split("/"))
    for split in splits:
        n = len(notes.texts[split])
        places = np.arange(n)
        if system == "base" and options.base_notes and options.base_notes < n:
            places = np.sort(np.random.default_rng(0).permutation(n)[: options.base_notes])
        for start in range(0, len(places), CHUNK):
            path = folder / f"{split}-{start:05}.npz"
            if (start // CHUNK) % n_shares == number - 1 and not path.exists():
                chunk = places[start : start + CHUNK]
                yield path, [notes.texts[split][place] for place in chunk], chunk


def _save(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays whole or not at all."""
    partial = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    np.savez(partial, **arrays)
    os.replace(partial, path)


def report(task: str, options: argparse.Namespace) -> dict[str, Any]:
    """Fit stack and calibrations on validation notes, judge every system on the locked ones, and print one table."""
    from nosology.classifier import calibration as calibrating
    from nosology.classifier.ensemble import blend, fit_exponents

    notes, folder = _notes(task, options), options.work / task / "scores"
    look: Literal["validation", "test"] = options.look
    scores = {name: dict(np.load(folder / f"{name}.npz")) for name in ("majority", "tfidf", "tfidf_parts")}
    if (folder / "tuned").exists():
        scores["tuned"] = {split: load_chunks(folder / "tuned", split)["log_probs"] for split in ("validation", "test")}
        members = [scores[name]["validation"] for name in ("tuned", "tfidf_parts")]
        exponents = fit_exponents(members[0], members[1], notes.true["validation"])
        scores["ensemble"] = {
            split: blend(exponents, scores["tuned"][split], scores["tfidf_parts"][split]) for split in notes.texts
        }
        print(f"{task}: exponents of tuned and linear model {exponents[0]:.2f} {exponents[1]:.2f}")
    found: dict[str, Any] = {"n": len(notes.true[look]), "n_train": len(notes.train), "systems": {}, "look": look}
    judged = {}
    for name, by_split in scores.items():
        calibration = calibrating.fit(
            by_split["validation"], notes.true["validation"], selective_accuracy=SELECTIVE_ACCURACY
        )
        judged[name] = judge(name, by_split[look], calibration, notes, look)
        found["systems"][name] = judged[name]["result"]
    found["tests"] = compare({name: item["predicted"] for name, item in judged.items()}, notes.true[look])
    found["base"] = judge_base(folder, notes) if any((folder / "base").glob("test-*.npz")) else None
    print_table(task, found)
    return found


def _document(reports: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Return the JSON that every benchmark writes; ratios are of error rates, above 1 where the ensemble errs less."""

    measurements, ratios = [], {}
    for task, found in reports.items():
        rows = Counter({name: item["accuracy"] for name, item in found["systems"].items()})
        measurements.append({"task": task, **found})
        if rows["ensemble"]:
            ratios[f"{task}_error_tfidf_over_ensemble"] = (1 - rows["tfidf"]) / (1 - rows["ensemble"])
    return {
        "machine": harness.machine(),
        "settings": {"training": TRAINING, "epochs": options.epochs, "dtype": options.dtype, "seeds": 1},
        "measurements": measurements,
        "ratios": ratios,
    }


if __name__ == "__main__":
    main()
