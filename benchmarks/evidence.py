"""How faithful evidence is: what happens to a suggestion when the sentences shown for it are dropped, or kept alone.

For the best suggestion of each note every method names as many sentences as the shipped one shows.
*Comprehensiveness* is the fall of the suggestion's probability without them, *sufficiency* the fall when they are all
that is left (smaller is better). The sentences are cut out of the note, which is then read anew, so nothing of a
method's own approximation is in its score::

    python benchmarks/evidence.py RUN --notes 120 --json evidence.json
    python benchmarks/evidence.py starter --read notes.jsonl --methods words tfidf random

Notes are those of the run's test split, or the ``text`` of JSON lines, which are prepared first. Sentences have to be
told apart: notes that a preparation left without punctuation have none.

Methods: ``hide`` (the model's answers do not see the sentence; words exact), ``leave out`` (the note behind it is read
again), ``words`` (only the word model's side), ``gradient`` (gradient times input of the model's side), ``tfidf`` (sum
of TF-IDF weights, whatever the suggestion), ``random``. Cost is processor time a note, reading included once.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import special

import harness
from nosology import metrics
from nosology.classifier.classifier import Classifier
from nosology.dataset.folder import open_dataset
from nosology.runs.run import Run
from nosology.suggesting.evidence import strongest
from nosology.suggesting.sentences import Stretch, sentences
from nosology.suggesting.suggester import METHOD, Read
from nosology.text.alignment import AlignedText, align

METHODS = ("hide", "leave out", "words", "gradient", "tfidf", "random")
FEWEST_SENTENCES = 4  # with fewer, dropping evidence drops the note


@dataclass
class Subject:
    """One note with the suggestion that is looked at."""

    text: str
    aligned: AlignedText
    spans: list[Stretch]
    read: Read
    place: int
    probability: float


def main() -> None:
    """Measure, print one table, and write it as JSON where asked."""
    options = _options()
    classifier = Classifier.load(options.run)
    texts = _texts(classifier, options)
    generator = np.random.default_rng(options.seed)
    rows: dict[str, list[tuple[float, float]]] = {method: [] for method in options.methods}
    cost = dict.fromkeys(options.methods, 0.0)
    probabilities, sizes, n_sentences = [], [], []
    for text in texts:
        subject = _subject(classifier, text)
        if subject is None:
            continue
        effects = {}
        for method in options.methods:
            started = time.process_time()
            effects[method] = _effects(classifier, subject, method, generator)
            cost[method] += time.process_time() - started
        size = max(1, len(strongest(effects[METHOD])))
        probabilities.append(subject.probability)
        sizes.append(size)
        n_sentences.append(len(subject.spans))
        for method, values in effects.items():
            chosen = set(np.argsort(-values, kind="stable")[:size].tolist())
            without = _probability(classifier, subject, chosen, keep=False)
            alone = _probability(classifier, subject, chosen, keep=True)
            rows[method].append((subject.probability - without, subject.probability - alone))
        if len(sizes) % 10 == 0:
            print(f"{len(sizes)} notes", flush=True)
        if len(sizes) == options.notes:
            break
    if not sizes:
        raise SystemExit(f"no note has {FEWEST_SENTENCES} sentences: give others with --read")
    measurements = _summarize(rows, cost, len(sizes))
    ratios = _ratios(rows)
    _print(measurements, ratios, probabilities, sizes, n_sentences)
    if options.json:
        report = {
            "settings": {"run": Path(options.run).name, "notes": len(sizes), "shown": float(np.mean(sizes))},
            "measurements": measurements,
            "ratios": ratios,
        }
        harness.write_report(options.json, report)


def _options() -> argparse.Namespace:
    parser = harness.parser(__doc__)
    parser.add_argument("run", help="a run whose suggester was fitted, or `starter`")
    parser.add_argument("--read", type=Path, default=None, help="JSON lines with `text`, for the run's test split")
    parser.add_argument("--notes", type=int, default=120)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _texts(classifier: Classifier, options: argparse.Namespace) -> list[str]:
    """Return prepared notes in a random order, a few more than asked for."""
    if options.read is None:
        dataset = open_dataset(Path(Run.open(options.run).manifest.dataset.path))
        texts = dataset.split("test")["clean_text"].to_list()
    else:
        texts = [json.loads(line)["text"] for line in options.read.read_text(encoding="utf-8").splitlines()]
    order = np.random.default_rng(0).permutation(len(texts))[: 2 * options.notes]
    chosen = [texts[place] for place in order]
    return chosen if options.read is None else [classifier.aligned(text).text for text in chosen]


def _subject(classifier: Classifier, text: str) -> Subject | None:
    """Return a note with its best suggestion; None where there are too few sentences to choose from."""
    spans = sentences(text)
    if len(spans) < FEWEST_SENTENCES:
        return None
    aligned = align(text, None)  # the dataset's notes are prepared already
    suggester = classifier.suggester
    read = suggester.read(suggester.read_text(aligned.text))
    place = int(suggester.probabilities(read.signals)[0].argmax())
    probability = float(special.expit(suggester.log_odds(aligned.text, np.array([place])))[0])
    return Subject(text, aligned, spans, read, place, probability)


def _effects(classifier: Classifier, subject: Subject, method: str, generator: np.random.Generator) -> np.ndarray:
    """Return how much a method believes in each sentence. Shape ``(sentences,)``."""
    suggester = classifier.suggester
    if method == "random":
        return generator.random(len(subject.spans))
    if method == "tfidf":
        return np.array([suggester.fitted.words.weight(subject.text[a:b]) for a, b in subject.spans])
    if method == "gradient":
        return suggester.gradients(subject.aligned, subject.spans, subject.place)
    places = np.array([subject.place])
    return suggester.effects(subject.aligned, subject.spans, places, subject.read, method)[:, 0]  # type: ignore[arg-type]


def _probability(classifier: Classifier, subject: Subject, chosen: set[int], *, keep: bool) -> float:
    """Return the suggestion's probability for the note without some sentences, or with them alone."""
    kept = [span for number, span in enumerate(subject.spans) if (number in chosen) == keep]
    text = "\n".join(subject.text[start:end] for start, end in kept)
    return float(special.expit(classifier.suggester.log_odds(text, np.array([subject.place])))[0])


def _summarize(rows: dict[str, list[tuple[float, float]]], cost: dict[str, float], n: int) -> list[dict[str, Any]]:
    resamples = metrics.draw_resamples(np.arange(n), 2000, 0)
    measurements = []
    for method, pairs in rows.items():
        falls = np.array(pairs)
        row: dict[str, Any] = {"method": method, "processor_seconds": cost[method] / n}
        for name, values in (("comprehensiveness", falls[:, 0]), ("sufficiency", falls[:, 1])):
            row[name] = float(values.mean())
            row[f"{name}_interval"] = metrics.percentile_interval(resamples.totals(values) / n)
        measurements.append(row)
    return measurements


def _ratios(rows: dict[str, list[tuple[float, float]]]) -> dict[str, float]:
    """Return the shipped method's comprehensiveness above that of the plain ones."""
    mean = {method: float(np.mean([fall for fall, _ in pairs])) for method, pairs in rows.items()}
    others = [name for name in ("random", "tfidf", "words", "gradient", "leave out") if name in mean]
    return {f"vs_{name.replace(' ', '_')}": mean[METHOD] / max(mean[name], 1e-9) for name in others}


def _print(
    measurements: Sequence[dict[str, Any]],
    ratios: dict[str, float],
    probabilities: Sequence[float],
    sizes: Sequence[int],
    n_sentences: Sequence[int],
) -> None:
    title = (
        f"{len(sizes)} notes of {np.mean(n_sentences):.1f} sentences, {np.mean(sizes):.1f} shown; "
        f"the best suggestion's probability is {np.mean(probabilities):.3f}"
    )
    table = Table(title=title, title_justify="left")
    for heading in ("method", "fall without", "95 %", "fall when alone", "95 %", "CPU s a note"):
        table.add_column(heading, justify="left" if heading == "method" else "right")
    for row in measurements:
        low, high = row["comprehensiveness_interval"]
        alone_low, alone_high = row["sufficiency_interval"]
        table.add_row(
            row["method"],
            f"{row['comprehensiveness']:.3f}",
            f"{low:.3f}-{high:.3f}",
            f"{row['sufficiency']:.3f}",
            f"{alone_low:.3f}-{alone_high:.3f}",
            f"{row['processor_seconds']:.2f}",
        )
    console = Console(width=120)
    console.print(table)
    console.print(f"{METHOD}: " + ", ".join(f"{value:.2f} x {name}" for name, value in ratios.items()))


if __name__ == "__main__":
    main()
