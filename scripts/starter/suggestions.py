"""Let the starter suggest: fit how much the model, names and findings count, on notes that none of them learned from.

    python scripts/starter/suggestions.py --notes codiesp_train_dev.jsonl --work WORK \\
        --cases benchmarks/unseen/vignettes/vignettes.jsonl --cases benchmarks/unseen/terms/short_notes.jsonl

``--notes`` are whole notes with all their codes (JSON lines with ``text`` and ``icd10``; where there is a ``split``,
only ``train`` is read), ``--cases`` short ones of one disease each, often not named (``text``, ``rubric``,
``also_right``): judging sets that were opened. Symptoms are coded in the former and not in the latter, so both are
needed, and a case counts more. What is said is calibrated on the notes alone, whose codes are all known. The starter
had no training note, so all its rubrics are unseen ones. What the model says is kept in ``--work``: a killed run goes
on, and a changed signal asks the model nothing.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from nosology.classifier.classifier import Classifier
from nosology.coding import icd
from nosology.coding.rubrics import RubricTable
from nosology.errors import DataError, NosologyError
from nosology.files import replaced_folder
from nosology.modeling.titles import TitleScores
from nosology.records import BoolArray, FloatArray, IntArray
from nosology.runs.files import RunFiles
from nosology.runs.integrity import Recorded, record
from nosology.runs.run import Run
from nosology.runs.starter import FOLDER
from nosology.suggesting import mixture, spline
from nosology.suggesting.findings import COLUMNS as FINDING_COLUMNS
from nosology.suggesting.fitted import FittedSuggester
from nosology.suggesting.mixture import Mixture, Pairs
from nosology.suggesting.named import NamedCounts
from nosology.suggesting.signals import NAMES
from nosology.suggesting.term_reading import COLUMNS as TERM_COLUMNS
from nosology.suggesting.words import WordModel

VERSION = 10
K = 10
PIECE = 20  # notes that are kept together
CASE_WEIGHT = 8.0
"""Of a case beside a note. Of 1 to 32, judged on parts of both that were left out: cases gain more at first than notes
lose (``docs/experiments.md``)."""
COLUMNS = ("category", "title", "title mentioned", "title fully mentioned", *TERM_COLUMNS, *FINDING_COLUMNS)
"""The signals that tell anything without training notes."""
KEPT = 0.05
"""Of the pairs of note and rubric that are not coded."""


@dataclass(frozen=True)
class CodedTexts:
    """Notes and the rubrics that are right for each.

    Attributes:
        name: Of the set.
        texts: As they were written.
        rubrics: Of each note, the main one first where one is.
    """

    name: str
    texts: list[str] = field(repr=False)
    rubrics: list[list[str]] = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> "CodedTexts":
        """Read notes with codes, or cases with a rubric.

        Raises:
            DataError: A line holds neither.
        """
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        rows = [row for row in rows if row.get("split", "train") == "train"]
        try:
            return cls(path.stem, [row["text"] for row in rows], [_rubrics(row) for row in rows])
        except KeyError as error:
            raise DataError(
                f"a line has no {error}", place=str(path), hint="give text, and icd10 or rubric with also_right"
            ) from None

    def truth(self, table: RubricTable) -> BoolArray:
        """Return which rubrics are right. Shape ``(notes, rubrics)``."""
        places, found = table.places(), np.zeros((len(self.texts), len(table)), np.bool_)
        for row, rubrics in enumerate(self.rubrics):
            found[row, [places[rubric, VERSION] for rubric in rubrics if (rubric, VERSION) in places]] = True
        return found

    def main(self, table: RubricTable) -> IntArray:
        """Return the place of each note's first rubric; -1 where the table has it not. Shape ``(notes,)``."""
        places = table.places()
        return np.array(
            [places.get((rubrics[0], VERSION), -1) if rubrics else -1 for rubrics in self.rubrics], np.int64
        )


def _rubrics(row: dict[str, Any]) -> list[str]:
    codes = row["icd10"] if "icd10" in row else [row["rubric"], *row.get("also_right", ())]
    found = (icd.rubric_of(icd.normalize(code, VERSION) or code, VERSION) for code in codes)
    return [rubric for rubric in found if rubric]


def read_tables(classifier: Classifier, notes: CodedTexts, work: Path) -> FloatArray:
    """Return the signals of every rubric under some notes. Shape ``(notes, rubrics, signals)``.

    Args:
        classifier: The starter, with rubrics that were counted on no note.
        notes: Notes as they were written; they are prepared here.
        work: Where the model's part is kept.
    """
    suggester, tables = classifier.suggester, []
    for first in range(0, len(notes.texts), PIECE):
        texts = notes.texts[first : first + PIECE]
        aligned = [classifier.aligned(text) for text in texts]
        said = _model_says(classifier, [item.text for item in aligned], work / f"{notes.name}-{first:05d}.npz")
        for text, item, scores in zip(texts, aligned, said, strict=True):
            signals, _ = suggester.signals(item.text, scores, suggester.read_terms(text, item))
            tables.append(signals.table(suggester.known).astype(np.float32))
        print(f"{notes.name}: {min(first + PIECE, len(notes.texts))} of {len(notes.texts)}", flush=True)
    return np.stack(tables)


def _model_says(classifier: Classifier, prepared: Sequence[str], kept: Path) -> list[TitleScores]:
    if not kept.exists():
        read = {
            note.place: classifier.suggester.titles(note)
            for note in classifier.read(classifier.encode(prepared), keep=True)
        }
        ordered = [read[place] for place in range(len(prepared))]
        np.savez_compressed(
            kept,
            categories=np.stack([scores.categories for scores in ordered]),
            titles=np.stack([scores.titles for scores in ordered]),
            left_out=np.array([scores.mass_left_out for scores in ordered]),
        )
    with np.load(kept) as stored:
        columns = stored["categories"], stored["titles"], stored["left_out"]
    return [TitleScores(*row) for row in zip(*columns, strict=True)]


def drawn(tables: FloatArray, truth: BoolArray, weight: float, seed: int) -> Pairs:
    """Return a part of the pairs of note and rubric, those that are coded all among them.

    Args:
        tables: Signals. Shape ``(notes, rubrics, signals)``.
        truth: Which rubrics are right. Shape ``(notes, rubrics)``.
        weight: Of a note.
        seed: Same seed, same pairs.
    """
    kept = truth | (np.random.default_rng(seed).random(truth.shape) < KEPT)
    wanted = truth[kept]
    return Pairs(tables[kept].astype(np.float64), wanted, weight * np.where(wanted, 1.0, 1 / KEPT))


def fit(notes: FloatArray, truth: BoolArray, cases: FloatArray, case_truth: BoolArray) -> tuple[FloatArray, float]:
    """Return the weights of the signals and the intercept, as notes and cases together ask for them."""
    parts = [drawn(notes, truth, 1.0, 0), drawn(cases, case_truth, CASE_WEIGHT, 1)]
    rows, wanted, copies = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "wanted", "copies")
    )
    return mixture.regression(rows, wanted, [NAMES.index(name) for name in COLUMNS], copies)


def fit_mixture(
    notes: FloatArray, truth: BoolArray, cases: FloatArray, case_truth: BoolArray, main: IntArray, category: IntArray
) -> Mixture:
    """Return what the starter suggests by.

    Args:
        notes: Signals of the notes. Shape ``(notes, rubrics, signals)``.
        truth: Which rubrics are coded there. Shape ``(notes, rubrics)``.
        cases: Signals of the cases. Shape ``(cases, rubrics, signals)``.
        case_truth: Which rubrics are right there.
        main: Place of each case's own rubric. Shape ``(cases,)``.
        category: Each rubric's category. Shape ``(rubrics,)``.
    """
    weights, intercept = fit(notes, truth, cases, case_truth)
    log_odds = notes @ weights + intercept
    slopes, offset = spline.fit(log_odds.ravel(), truth.ravel())
    said = spline.curve(log_odds, slopes, offset)
    sharpness = mixture.fit_sharpness(special.expit(said), np.zeros(truth.shape[1], np.bool_), truth, K)
    return replace(
        mixture.untrained(),
        unseen=tuple(map(float, weights)),
        unseen_intercept=intercept,
        main=tuple(map(float, mixture.fit_main(cases.astype(np.float64), main, category))),
        sharpness=sharpness,
        n_notes=len(notes) + len(cases),
        log_loss=float(mixture.log_losses(said, truth).mean()),
        unseen_slopes=slopes,
        unseen_offset=offset,
    )


def without_counts(table: RubricTable) -> RubricTable:
    """Return rubrics that no training note had: what a starter's were counted on were phrases and invented notes."""
    return RubricTable(tuple(replace(rubric, n_notes=0, codes=()) for rubric in table.rubrics))


def add_suggestions(starter: Path, notes: CodedTexts, cases: Sequence[CodedTexts], work: Path) -> Mixture:
    """Fit what the starter suggests by, write it into its folder, and return it.

    Args:
        starter: The packed starter, which is replaced.
        notes: Whole notes with all their codes.
        cases: Short ones of one disease each.
        work: Where what the model says is kept.

    Raises:
        RunError: The starter is damaged.
    """
    recorded = Recorded.read(Run.open(starter).files)
    with replaced_folder(starter) as hidden:
        shutil.copytree(starter, hidden, dirs_exist_ok=True)
        files = RunFiles(hidden)
        shutil.rmtree(files.suggester.folder, ignore_errors=True)
        table = without_counts(RubricTable.load(files.rubrics))
        table.save(files.rubrics)
        record(files, recorded.base_model)
        classifier = Classifier.load(Run.open(hidden), system="tuned")
        tables = [read_tables(classifier, item, work) for item in (notes, *cases)]
        fitted = fit_mixture(
            tables[0],
            notes.truth(table),
            np.concatenate(tables[1:]),
            np.concatenate([item.truth(table) for item in cases]),
            np.concatenate([item.main(table) for item in cases]),
            classifier.suggester.known.category,
        )
        FittedSuggester(WordModel.fit([], [], len(table)), fitted, NamedCounts()).save(files.suggester)
        for path in files.suggester.folder.iterdir():
            path.chmod(0o644)
        record(files, recorded.base_model)
    return fitted


def said_of(fitted: Mixture) -> Iterator[str]:
    """Yield the weights, a line each."""
    for name, weight in zip(NAMES, fitted.unseen, strict=True):
        if weight:
            yield f"{name:28} {weight:9.3f}"
    yield f"{fitted.n_notes:,} notes, log loss {fitted.log_loss:.5f}, sharpness {fitted.sharpness:.2f}"


def main(arguments: list[str] | None = None) -> int:
    """Fit, write, print; return the exit status: 0 done, 2 refused."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--starter", type=Path, default=FOLDER, help="the packed starter, which is replaced")
    parser.add_argument("--notes", type=Path, required=True, help="JSON lines: text, icd10")
    parser.add_argument(
        "--cases", type=Path, action="append", required=True, help="JSON lines: text, rubric, also_right"
    )
    parser.add_argument("--work", type=Path, required=True, help="where what the model says is kept")
    options = parser.parse_args(arguments)
    try:
        options.work.mkdir(parents=True, exist_ok=True)
        cases = [CodedTexts.read(path) for path in options.cases]
        fitted = add_suggestions(options.starter, CodedTexts.read(options.notes), cases, options.work)
    except NosologyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("\n".join(said_of(fitted)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
