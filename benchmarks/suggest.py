"""Suggestions: how well they rank, how fast titles are scored on the token tree, and how long one note takes.

Run alone, it times the embedded model: 900 ICD-9-CM titles on the tree against each title in a prompt of its own and
against each behind the note's cached keys and values (both on a sample of the titles, scaled up), and
`Classifier.suggest` on a 300-word note. With ``--train synthetic`` or ``--train codiesp`` it also makes a dataset,
trains, evaluates and prints the rank table (half an hour to hours on two cores); with ``--run`` it evaluates a run that
is there already. CodiEsp is taken from the folder in NOSOLOGY_DEV_DATA::

    python benchmarks/suggest.py --json suggest.json
    python benchmarks/suggest.py --train synthetic --work work

Absolute times depend on the machine and on what else runs there; ratios are measured side by side and are of processor
time. The scores of all ways are compared, and their largest difference is printed.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

import harness
from nosology.classifier.classifier import Classifier
from nosology.classifier.engine import Engine
from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.config import Config, EvaluateConfig, PrepareConfig
from nosology.evaluation.suggestions import evaluate_suggestions
from nosology.modeling.adapters import load_adapter
from nosology.modeling.attention import TREE_ATTENTION
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.loading import LoadedModel, load_model, output_weight
from nosology.modeling.prompts import PromptTemplate
from nosology.modeling.titles import TitleScorer
from nosology.preparation.pipeline import prepare_mimic3, prepare_table
from nosology.report.suggestion_table import print_ranking
from nosology.runs.files import RunFiles
from nosology.sources.table import TableColumns
from nosology.suggesting.fitted import FittedSuggester
from nosology.synthetic import write_mimic
from nosology.text.cleaning import Cleaning
from nosology.training import train

N_TITLES = 900
SETTINGS: dict[str, dict[str, Any]] = {
    "synthetic": {"max_note_tokens": 256, "max_train_notes": 480},
    "codiesp": {"max_note_tokens": 192, "max_train_notes": None},
}
TRAIN = {
    "lora_r": 16,
    "lora_alpha": 32,
    "lora_targets": "all-linear",
    "lora_top_layers": 12,
    "epochs": 1,
    "batch_size": 8,
    "learning_rate": 1.5e-3,
    "schedule": "linear",
    "adam_beta2": 0.95,
    "choice_weight": 0.9,
    "title_weight": 1.0,
    "max_validation_notes": 8,
}


def main() -> None:
    """Measure what was asked for, print the tables, and write them as JSON where asked."""
    options = _options()
    measurements: list[dict[str, Any]] = []
    ratios: dict[str, float] = {}
    run = options.run
    if options.train:
        run = _train(options.train, options.work)
    if run and not options.no_rank:
        results = evaluate_suggestions(
            run, limit=options.limit, fit_limit=options.fit_limit, config=EvaluateConfig(bootstrap_samples=2000)
        )
        print_ranking(results)
        measurements.append({"measurement": "ranking", "run": run.name, **results.model_dump(mode="json")})
    if not options.no_speed:
        loaded = load_model(
            options.model, dtype=options.dtype, revision=None, load_in_4bit=False, engine="transformers"
        )
        labels = LabelSet.load("icd-chapters-18")
        with tempfile.TemporaryDirectory() as folder:
            note = _note(Path(folder), options.words)
        encoder = PromptEncoder(loaded.tokenizer, PromptTemplate.load("physician-v1"), labels.names)
        rows, ratios = _time_titles(loaded, encoder, labels, note, options.sample)
        measurements += rows
        classifier = _classifier(loaded, encoder, labels, run)
        measurements.append(_time_note(classifier, note, options.rounds))
        _print_times(measurements, ratios)
    if options.json:
        settings = {key: str(value) for key, value in vars(options).items()}
        report = {"settings": settings, "measurements": measurements, "ratios": ratios}
        harness.write_report(options.json, report)


def _options() -> argparse.Namespace:
    parser = harness.parser(__doc__)
    parser.add_argument("--run", type=Path, help="evaluate this run")
    parser.add_argument("--train", choices=SETTINGS, help="make a dataset, train and evaluate")
    parser.add_argument("--work", type=Path, default=Path("suggest-work"), help="folder of what --train makes")
    parser.add_argument("--limit", type=int, help="evaluate a random part of this many notes")
    parser.add_argument("--fit-limit", type=int, help="fit on this many validation notes")
    parser.add_argument("--no-rank", action="store_true", help="do not evaluate; time the run's own suggester")
    parser.add_argument("--no-speed", action="store_true", help="only the rank table")
    parser.add_argument("--model", default="embedded:smollm2-135m-instruct")
    parser.add_argument("--dtype", default="bfloat16", choices=["float32", "bfloat16"])
    parser.add_argument("--words", type=int, default=300, help="length of the timed note")
    parser.add_argument("--rounds", type=int, default=3, help="timed runs; the median counts")
    parser.add_argument("--sample", type=int, default=30, help="titles scored one by one; their time is scaled to 900")
    return parser.parse_args()


def _train(kind: str, work: Path) -> Path:
    """Make a dataset, train the embedded model on it with rubric titles, and return the run."""
    settings = SETTINGS[kind]
    work.mkdir(parents=True, exist_ok=True)
    dataset, run = work / f"{kind}-dataset", work / f"{kind}-run"
    if kind == "synthetic":
        write_mimic(work / "source", admissions=2600, seed=11)
        prepare = PrepareConfig(preset="paper", lowercase=False, strip_punctuation=False)
        prepare_mimic3(work / "source", dataset, prepare)
    else:
        prepare_table(_codiesp(work), dataset, PrepareConfig(drop_near_duplicates=False, deidentify=False), _COLUMNS)
    model = {"max_note_tokens": settings["max_note_tokens"], "scoring": "constrained", "dtype": "bfloat16"}
    fields = TRAIN | {"max_train_notes": settings["max_train_notes"]}
    train(dataset, run, Config.model_validate({"model": model, "train": fields}))
    return run


_COLUMNS = TableColumns("text", code="codes", icd_version=10, note_id="id", split="split")


def _codiesp(work: Path) -> Path:
    """Write CodiEsp as a table: its dev part is the test split, a hundred of its training notes are for validation."""
    source = Path(os.environ["NOSOLOGY_DEV_DATA"]) / "codiesp_train_dev.jsonl"
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    held_out = {row["id"] for row in random.Random(0).sample([row for row in rows if row["split"] == "train"], 100)}
    table = work / "codiesp.jsonl"
    with table.open("w", encoding="utf-8") as file:
        for row in rows:
            split = "test" if row["split"] == "dev" else "validation" if row["id"] in held_out else "train"
            line = {"id": row["id"], "text": row["text"], "codes": row["icd10"], "split": split}
            file.write(json.dumps(line) + "\n")
    return table


def _note(folder: Path, n_words: int) -> str:
    """Return a synthetic summary's first words, as lines."""
    write_mimic(folder / "source", admissions=20, seed=3, length="full", other_notes_per_admission=0, processes=1)
    prepare_mimic3(folder / "source", folder / "dataset", PrepareConfig(deidentify=False), n_workers=1)
    from nosology.dataset.folder import open_dataset

    text = max(open_dataset(folder / "dataset").notes()["clean_text"], key=len)
    words = 0
    for place, character in enumerate(text):
        words += character.isspace()
        if words == n_words:
            return text[:place]
    return text


def _time_titles(
    loaded: LoadedModel, encoder: PromptEncoder, labels: LabelSet, text: str, n_sample: int
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Return times of scoring 900 titles under one note in three ways, after checking that all give the same."""
    table = RubricTable.shipped(labels, [9])
    rubrics = [rubric for rubric in table.rubrics if rubric.code[0] not in "EV"][:N_TITLES]
    titles = [rubric.title for rubric in rubrics]
    groups = RubricTable(tuple(rubrics)).by_category(labels.names)
    note = encoder.note(text)
    categories = [category for category, group in enumerate(groups) if group]
    category_of = {place: category for category, group in enumerate(groups) for place in group}
    sample = sorted(random.Random(0).sample(range(len(titles)), n_sample))
    scale = len(titles) / n_sample
    rows = []
    for scoring in ("constrained", "joint"):
        scorer = TitleScorer(loaded.model, encoder, titles, groups, scoring=scoring)  # type: ignore[arg-type]
        clock, raw = _timed(lambda s=scorer: s.raw_title_scores(s.read_note(note).keys_values, categories), 1)
        rows.append({"measurement": f"tree, {scoring}", **clock.scaled(1), "title_tokens": scorer.n_title_tokens})
    beginning = [
        (*encoder.root, *note.tokens, *encoder.answers[category_of[place]], *encoder.title_cue) for place in sample
    ]
    words = [titles[place] for place in sample]
    clock, alone = _timed(lambda: _score_alone(loaded, encoder, beginning, words), 1)
    rows.append({"measurement": "each title in its own prompt", **clock.scaled(scale)})
    jobs = [(category_of[place], titles[place]) for place in sample]
    clock, cached = _timed(lambda: _score_cached(loaded, encoder, note.tokens, jobs), 1)
    rows.append({"measurement": "each title behind the cached note", **clock.scaled(scale)})
    for row, other in zip(rows[2:], (alone, cached), strict=True):
        row["largest_difference"] = float(np.abs(raw[sample] - other).max())  # raw is the joint tree's, the last one
    by_name = {row["measurement"]: row["processor_seconds"] for row in rows}
    ratios = {
        "tree_vs_separate": by_name["each title in its own prompt"] / by_name["tree, joint"],
        "tree_vs_cached": by_name["each title behind the cached note"] / by_name["tree, joint"],
        "constrained_vs_separate": by_name["each title in its own prompt"] / by_name["tree, constrained"],
    }
    return rows, ratios


@torch.inference_mode()
def _score_alone(
    loaded: LoadedModel, encoder: PromptEncoder, beginnings: list[tuple[int, ...]], titles: list[str]
) -> np.ndarray:
    """Return each title's joint score from a plain sequence of its own; the vocabulary is read at its tokens alone."""
    scores = []
    for beginning, title in zip(beginnings, titles, strict=True):
        tokens = encoder.title(title)
        row = torch.tensor([[*beginning, *tokens[:-1]]])
        hidden = loaded.model.model(input_ids=row).last_hidden_state[0, -len(tokens) :]
        scores.append(_sum(hidden @ output_weight(loaded.model).T, tokens))
    return np.array(scores)


@torch.inference_mode()
def _score_cached(
    loaded: LoadedModel, encoder: PromptEncoder, note: tuple[int, ...], titles: list[tuple[int, str]]
) -> np.ndarray:
    """Return each title's joint score behind keys and values of instruction and note, which are read once."""
    loaded.model.set_attn_implementation("sdpa")  # the tree's own leaves the mask of a cache to the tree
    cache = loaded.model.model(input_ids=torch.tensor([[*encoder.root, *note]]), use_cache=True).past_key_values
    n_cached = cache.get_seq_length()
    scores = []
    for category, title in titles:
        tokens = encoder.title(title)
        row = torch.tensor([[*encoder.answers[category], *encoder.title_cue, *tokens[:-1]]])
        output = loaded.model.model(input_ids=row, past_key_values=cache, use_cache=True)
        cache.crop(n_cached - cache.get_seq_length())  # below 0: so many tokens are taken off the end
        scores.append(_sum(output.last_hidden_state[0, -len(tokens) :] @ output_weight(loaded.model).T, tokens))
    loaded.model.set_attn_implementation(TREE_ATTENTION)
    return np.array(scores)


def _sum(logits: torch.Tensor, tokens: tuple[int, ...]) -> float:
    log_probs = logits.float().log_softmax(dim=-1)
    return float(log_probs[torch.arange(len(tokens)), torch.tensor(tokens)].sum())


def _classifier(loaded: LoadedModel, encoder: PromptEncoder, labels: LabelSet, run: Path | None) -> Classifier:
    """Return what is timed: a run's adapter and suggester, or the bare model, which is asked for evidence itself.

    Notes are read in full, whatever the run was trained with.
    """
    cleaning = Cleaning(True, "token", "keep", False, False, 0, None, False)
    table = RubricTable.load(RunFiles(run).rubrics) if run else RubricTable.shipped(labels, [9])
    model = load_adapter(loaded, RunFiles(run).adapter) if run else loaded.model
    fitted = FittedSuggester.load(RunFiles(run).suggester, len(table)) if run else None
    engine = Engine(model, encoder, scoring="constrained", rubrics=table)
    return Classifier(engine, labels, cleaning=cleaning, suggester=fitted)


def _time_note(classifier: Classifier, text: str, rounds: int) -> dict[str, Any]:
    """Return how long ten suggestions with evidence take for one raw note, from text to records."""
    classifier.suggest(["warm up"], k=1)
    clock, found = _timed(lambda: classifier.suggest([text], k=10)[0], rounds)
    bare, _ = _timed(lambda: classifier.suggest([text], k=10, with_evidence=False), rounds)
    return {
        "measurement": "ten suggestions with evidence",
        **clock.scaled(1),
        "seconds_without_evidence": bare.seconds,
        "processor_seconds_without_evidence": bare.processor_seconds,
        "words": len(text.split()),
        "is_fitted": found.is_calibrated,
        "mass_left_out": found.mass_left_out,
        "threads": torch.get_num_threads(),
    }


@dataclass(frozen=True)
class Clock:
    """Median times of some work: on the wall, and of all cores together, which a busy machine changes less."""

    seconds: float
    processor_seconds: float

    def scaled(self, factor: float) -> dict[str, float]:
        """Return both times a factor."""
        return {"seconds": self.seconds * factor, "processor_seconds": self.processor_seconds * factor}


def _timed(work: Callable[[], Any], rounds: int) -> tuple[Clock, Any]:
    """Return the median times of some work, and its last result. The caller has warmed up."""
    walls, processors = [], []
    result = None
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return Clock(statistics.median(walls), statistics.median(processors)), result


def _print_times(measurements: list[dict[str, Any]], ratios: dict[str, float]) -> None:
    table = Table(title=f"{N_TITLES} titles under one note, and one note's suggestions", title_justify="left")
    for heading in ("what", "seconds", "more"):
        table.add_column(heading)
    for row in measurements:
        if "seconds" in row:
            more = ", ".join(
                f"{key} {value:.3g}" for key, value in row.items() if key not in ("measurement", "seconds", "systems")
            )
            table.add_row(row["measurement"], f"{row['seconds']:.2f}", more)
    for name, value in ratios.items():
        table.add_row(name, f"{value:.1f} x", "")
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
