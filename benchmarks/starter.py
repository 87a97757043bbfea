"""What a course is worth: a run that took one against a linear model that read the same phrases, both without a note.

Where the run holds words of its own (`scripts/starter/words.py`), ``ensemble`` is the blend of both and ``answers`` the
same as the run's newest calibration corrects it, which is what a user gets.

Every set is a file of JSON lines. Each is scored once; the log-probabilities lie under ``--work``, in pieces, so that a
killed look goes on where it was and a second look is never needed::

    NOSOLOGY_DEV_DATA=DATA python benchmarks/starter.py --run RUN --phrases ontology.tsv.gz --work WORK --json FILE
    python benchmarks/starter.py --run RUN --notes notes.jsonl --text-field text --category-field category --work WORK

Without ``--notes`` the sets are Ohsumed's abstracts with a mapped category, the development cases of CodiEsp, and the
second vignettes of ``benchmarks/unseen``, whose rubric is also looked for among five suggestions (the first ones,
``--sets vignettes``, are what the starter's suggestions were fitted on). No line of a set is printed.
"""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import harness

PIECE = 100  # notes scored before the next file is written
N_RESAMPLES = 2000
TOP = 3
K_RUBRICS = 5
POOLED = ("ohsumed", "codiesp")
VIGNETTES = {name: Path(__file__).parent / "unseen" / name / "vignettes.jsonl" for name in ("vignettes", "vignettes2")}
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class NoteSet:
    """Notes with their categories.

    Attributes:
        name: Of the set.
        texts: As they stand in the file.
        categories: Of each note.
        rubrics: ICD-10-CM rubrics that are right for each note; empty where the set has none.
    """

    name: str
    texts: list[str] = field(repr=False)
    categories: list[str] = field(repr=False)
    rubrics: list[set[str]] = field(default_factory=list, repr=False)


def main() -> None:
    """Score what is not scored yet, print the table, and write it as JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("--run", required=True, help="the run that took a course")
    parser.add_argument("--work", type=Path, required=True, help="where log-probabilities are kept")
    parser.add_argument("--phrases", type=Path, action="append", default=[], help="phrases beside the shipped ones")
    parser.add_argument(
        "--notes", type=Path, action="append", default=[], help="JSON lines, in place of the three sets"
    )
    parser.add_argument("--text-field", default="text")
    parser.add_argument("--category-field", default="category")
    parser.add_argument("--sets", nargs="+", default=[*POOLED, "vignettes2"], help="which of the sets")
    options = parser.parse_args()
    bench = Bench(options.run, options.work, options.phrases)
    scored = {notes.name: bench.scored(notes) for notes in read_sets(options)}
    together = [scored[name] for name in POOLED if name in scored]
    if len(together) > 1:
        scored["pooled"] = [np.concatenate(parts) for parts in zip(*together, strict=True)]
    judged = [compare(name, arrays) for name, arrays in scored.items()]
    for item in judged:
        print_set(item)
    settings = {key: str(value) for key, value in vars(options).items()} | {"state": bench.state()}
    harness.write_report(options.json, {"settings": settings, "measurements": judged})


def read_sets(options: argparse.Namespace) -> Iterator[NoteSet]:
    """Yield the sets that the options name.

    Args:
        options: ``notes``, ``text_field``, ``category_field`` and ``sets``.
    """
    for path in options.notes:
        rows = [row for row in _lines(path) if row[options.category_field]]
        texts = [row[options.text_field] for row in rows]
        yield NoteSet(path.stem, texts, [row[options.category_field] for row in rows])
    for name in () if options.notes else options.sets:
        if name in VIGNETTES:
            rows = _lines(VIGNETTES[name])
            right = [{row["icd10cm"], *row.get("also_right", ())} for row in rows]
        else:
            file = {"ohsumed": "ohsumed_train.jsonl", "codiesp": "codiesp_train_dev.jsonl"}[name]
            rows = [row for row in _lines(Path(os.environ["NOSOLOGY_DEV_DATA"]) / file) if row["category"]]
            rows = [row for row in rows if row.get("split", "dev") == "dev"]
            right = []
        yield NoteSet(name, [row["text"] for row in rows], [row["category"] for row in rows], right)


class Bench:
    """A run and its rival, loaded when a note is left to score."""

    def __init__(self, run: str, work: Path, phrases: Sequence[Path]) -> None:
        """Make sure that the work folder belongs to this run and these phrases."""
        from nosology.files import sha256_file
        from nosology.runs.run import Run

        self.run, self.work, self._phrases = Run.open(run), work, phrases
        work.mkdir(parents=True, exist_ok=True)
        state = {"run": self.run.sha256, "phrases": [sha256_file(path) for path in phrases]}
        if not (work / "state.json").exists():
            (work / "state.json").write_text(json.dumps(state), encoding="utf-8")
        if self.state() != state:
            raise SystemExit(f"{work} holds scores of another run or of other phrases; name another --work")

    def state(self) -> Any:
        """Return what the work folder belongs to."""
        return json.loads((self.work / "state.json").read_text(encoding="utf-8"))

    @cached_property
    def classifier(self) -> Any:
        """The run's own model."""
        from nosology.classifier.classifier import Classifier

        return Classifier.load(self.run, system="tuned")

    @cached_property
    def rival(self) -> Any:
        """TF-IDF and a linear SVM on the shipped phrases and those of files, in the form of the run's notes."""
        from nosology.classifier.knowledge import Texts
        from nosology.course.phrases import collect
        from nosology.evaluation.baselines import fit_tfidf_knowledge
        from nosology.text.cleaning import Cleaning
        from nosology.text.normalize import normalize

        labels, form = self.run.labels, Cleaning.like(self.run.manifest.dataset.preparation)
        found = Texts.of_phrases(collect(labels, self._phrases), labels)
        style = {"lowercase": form.lowercase, "strip_punctuation": form.strip_punctuation}
        phrases = Texts([normalize(text, **style) for text in found.texts], found.true)
        return fit_tfidf_knowledge(phrases, [], np.zeros(0, np.int64), len(labels.names), groups=[])

    @cached_property
    def ensemble(self) -> Any:
        """The run's ensemble, blended as its newest calibration says; None where it has none."""
        from nosology.classifier.ensemble import Ensemble
        from nosology.classifier.local import LocalCalibration

        found, local = Ensemble.load(self.run.files.ensemble), LocalCalibration.newest(self.run.files)
        return local.of(found) if local else found

    def scored(self, notes: NoteSet) -> list[NDArray[Any]]:
        """Return log-probabilities of each system, true categories, and ranks of right rubrics (-1: not asked).

        The ensemble's, and what it answers, are the model's own where the run has none.
        """
        pieces = []
        for start in range(0, len(notes.texts), PIECE):
            path = self.work / f"{notes.name}-{start:06d}.npz"
            if not path.exists():
                part = slice(start, start + PIECE)
                found = self._score(notes.texts[part], notes.rubrics[part])
                true = np.array([self.run.labels.index(name) for name in notes.categories[part]], np.int64)
                unfinished = path.with_suffix(".part")
                with unfinished.open("wb") as file:
                    np.savez(file, true=true, **found)
                unfinished.rename(path)
            pieces.append(dict(np.load(path)))
        found = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
        own = self.ensemble.calibration if self.ensemble else None
        answers = np.log(own.apply(found["ensemble"])) if own else found["ensemble"]
        return [found["tuned"], found["tfidf_knowledge"], found["ensemble"], answers, found["true"], found["rank"]]

    def _score(self, texts: Sequence[str], rubrics: Sequence[set[str]]) -> dict[str, NDArray[Any]]:
        prepared = [self.classifier.aligned(text).text for text in texts]
        ranks = [self.rank(text, right) for text, right in zip(texts, rubrics, strict=True)] if rubrics else []
        tuned = self.classifier.log_probs(prepared)
        return {
            "tuned": tuned,
            "ensemble": self.ensemble.log_probs(prepared, tuned) if self.ensemble else tuned,
            "tfidf_knowledge": self.rival.log_probs(prepared),
            "rank": np.array(ranks or [-1] * len(texts), np.int64),
        }

    def rank(self, text: str, right: set[str]) -> int:
        """Return the place of the first right rubric among the suggestions, from 1; 0 where none is among them.

        A run whose suggester was not fitted on notes ranks by reciprocal ranks of two lists, which needs no weight: its
        own probability of each rubric, and how well the best name of each meets the note.
        """
        from nosology.coding import icd

        suggester = self.classifier.suggester
        aligned = self.classifier.aligned(text)
        (note,) = self.classifier.encode([aligned.text], with_places=True)
        (read,) = self.classifier.read([note], keep=True)
        signals = suggester.read(read, terms=suggester.read_terms(text, aligned)).signals
        coded, main = suggester.probabilities(signals)
        if not suggester.fitted.is_calibrated:
            coded = sum(1 / (60 + _ranks(scores)) for scores in (main, signals.terms[:, 0]))
        wanted = {icd.rubric_of(icd.normalize(code, 10) or code, 10) for code in right}
        table = suggester.table.rubrics
        for place, index in enumerate(np.argsort(-coded, kind="stable")[:K_RUBRICS], 1):
            rubric = table[int(index)]
            if (
                rubric.code in wanted
                if rubric.version == 10
                else any(rubric.code in icd.equivalent_rubrics(code) for code in wanted)
            ):
                return place
        return 0


def compare(name: str, scored: Sequence[NDArray[Any]]) -> dict[str, Any]:
    """Return figures with intervals for each system, and paired differences from the linear model.

    Args:
        name: Of the set.
        scored: As `Bench.scored` returns it.
    """
    from nosology import metrics
    from nosology.classifier.ensemble import blend

    tuned, linear, ensemble, answers, true, rank = scored
    every = {
        "answers": answers,
        "ensemble": ensemble,
        "tuned": tuned,
        "tfidf_knowledge": linear,
        "blend": np.log(np.exp(tuned) / 2 + np.exp(linear) / 2),
        "blend_powers": blend((0.5, 0.5), tuned, linear),
    }
    resamples = metrics.draw_resamples(np.arange(len(true)), N_RESAMPLES, 0)
    right = {system: values.argmax(axis=1) == true for system, values in every.items()}
    found: dict[str, Any] = {"set": name, "n": len(true), "systems": {}, "differences": {}}
    for system, values in every.items():
        counts = metrics.confusion_counts(true, values.argmax(axis=1), values.shape[1])
        f1 = metrics.category_scores(counts).f1
        among = (np.argsort(-values, axis=1)[:, :TOP] == true[:, None]).any(axis=1)
        found["systems"][system] = {
            "accuracy": float(right[system].mean()),
            "accuracy_interval": metrics.wilson_interval(int(right[system].sum()), len(true)),
            "top_3": float(among.mean()),
            "top_3_interval": metrics.wilson_interval(int(among.sum()), len(true)),
            "macro_f1": float(metrics.macro_average(f1, counts.sum(axis=1))),
            "macro_f1_interval": _macro_interval(true, values.argmax(axis=1), values.shape[1], resamples),
        }
        difference = right[system].astype(np.float64) - right["tfidf_knowledge"]
        totals = resamples.totals(difference) / len(true)
        found["differences"][system] = [float(difference.mean()), *metrics.percentile_interval(totals)]
    if (rank >= 0).all() and len(rank):
        hits = int((rank > 0).sum())
        found["rubric_among_five"] = [hits / len(rank), *metrics.wilson_interval(hits, len(rank))]
    return found


def print_set(item: dict[str, Any]) -> None:
    """Print one set's figures."""
    print(f"\n{item['set']}: {item['n']} notes")
    for system, values in item["systems"].items():
        low, high = values["accuracy_interval"]
        difference, below, above = (100 * value for value in item["differences"][system])
        print(
            f"{system:16} accuracy {values['accuracy']:.3f} [{low:.3f}, {high:.3f}]  top 3 {values['top_3']:.3f}  "
            f"macro-F1 {values['macro_f1']:.3f}  against tfidf_knowledge {difference:+.1f} [{below:+.1f}, {above:+.1f}]"
        )
    if "rubric_among_five" in item:
        share, low, high = item["rubric_among_five"]
        print(f"rubric among five {share:.3f} [{low:.3f}, {high:.3f}]")


def _macro_interval(true: IntArray, predicted: IntArray, n: int, resamples: Any) -> tuple[float, float]:
    from nosology import metrics

    cells = resamples.cell_totals(true * (n + 1) + predicted, n * (n + 1)).reshape(-1, n, n + 1)
    scores = metrics.macro_average(metrics.category_scores(cells).f1, cells.sum(axis=-1))
    return metrics.percentile_interval(scores)


def _ranks(scores: FloatArray) -> IntArray:
    """Return the place of each entry from the best, from 1."""
    places = np.empty(len(scores), np.int64)
    places[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return places


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main()
