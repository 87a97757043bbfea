"""Fitting and judging suggestions: every system ranks all rubrics, and all codes of an admission are the truth.

The word model is fitted on the run's own training notes, and how often a rubric is coded where a name of it stands is
counted on them; the weights of the signals are fitted on validation notes. All of it goes into ``RUN/suggester``. All
systems learn from the same notes. A note whose codes have no known rubric is not evaluated, since no suggestion could
be right.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from nosology.classifier.calibration import Calibration
from nosology.classifier.classifier import Classifier
from nosology.config import EvaluateConfig
from nosology.errors import DataError
from nosology.evaluation.coded_notes import Coded, fit_rows, judged_inputs, unjudged, why_not_fitted
from nosology.evaluation.inputs import Inputs, read_inputs
from nosology.evaluation.judging_suggestions import N_NEIGHBOURS, K, Ranking, judge
from nosology.evaluation.named_notes import chosen_rows, read_named
from nosology.evaluation.reading import SharedReader
from nosology.files import write_json
from nosology.records import BoolArray, Count, FloatArray, IntArray, Progress, no_progress
from nosology.runs.integrity import record_again
from nosology.runs.run import Run
from nosology.runs.suggestion_results import SuggestionResults
from nosology.suggesting import mixture
from nosology.suggesting.fitted import FittedSuggester
from nosology.suggesting.mixture import Mixture, Pairs
from nosology.suggesting.named import COLUMN as NAMED_COLUMN
from nosology.suggesting.signals import NAMES, Signals
from nosology.suggesting.suggester import Suggester
from nosology.suggesting.term_reading import COLUMNS as TERM_COLUMNS
from nosology.suggesting.words import WordModel
from nosology.text.alignment import align

WITHOUT_MODEL = tuple(name for name in NAMES if name not in ("category", "title"))


@dataclass(frozen=True)
class FitNotes:
    """The validation notes that weights are fitted on.

    Attributes:
        tables: Signals. Shape ``(notes, rubrics, signals)``.
        truth: Which rubrics are coded. Shape ``(notes, rubrics)``.
        main: Place of each note's main rubric. Shape ``(notes,)``.
        category: Each rubric's category. Shape ``(rubrics,)``.
        unseen_pairs: Of training notes, what unseen rubrics look like.
    """

    tables: FloatArray
    truth: BoolArray
    main: IntArray
    category: IntArray
    unseen_pairs: Pairs

    def fit(self, columns: Sequence[str] = NAMES) -> Mixture:
        """Return the weights of some signals; those of all others are 0.

        Args:
            columns: Which. Training notes teach what unseen rubrics look like where it may be known how often names
                were coded in them.
        """
        tables = _with(self.tables, columns)
        pairs = self.unseen_pairs if NAMED_COLUMN in columns else None
        return mixture.fit(tables, self.truth, self.main, self.category, K, pairs)


def open_reader(
    inputs: Inputs, config: EvaluateConfig, *, limit: int | None = None, fit_limit: int | None = None
) -> SharedReader:
    """Return the run's tuned model, set to read titles too under the notes that suggestions are fitted and judged on.

    Args:
        inputs: The run and the notes that are evaluated.
        config: How many of them suggestions are judged on, and how many validation notes they are fitted on.
        limit: In place of the first number.
        fit_limit: In place of the second.

    Raises:
        RunError: The run cannot suggest.
    """
    inputs.run.check_suggests()
    assert inputs.run.rubrics is not None
    validation = Coded.of(inputs.validation, inputs.run.rubrics)
    fitted_on = [validation.texts[row] for row in fit_rows(validation, fit_limit or config.suggestion_fit_notes)]
    judged = judged_inputs(inputs, config, limit)
    titled = {*fitted_on, *Coded.of(judged.notes, inputs.run.rubrics).texts}
    own, calibration = inputs.run.files.suggester, inputs.run.files.calibration
    fitted_anew = (calibration, own.settings, own.words, own.weights, own.names)
    return SharedReader(inputs, judged, Classifier.load(inputs.run, system="tuned", but_for=fitted_anew), titled)


def fit_suggester(
    reader: SharedReader, *, limit: int | None = None, progress: Progress = no_progress
) -> tuple[Suggester, FitNotes]:
    """Fit the word model and the weights of a run's suggester, write them into the run, and return what suggests.

    Args:
        reader: The run's tuned model, and its notes.
        limit: Validation notes to read; None for `MOST_FIT_NOTES`.
        progress: Shows how far reading has come.

    Raises:
        DataError: Too few validation notes have codes.
    """
    suggester, inputs = reader.classifier.suggester, reader.inputs
    train, validation = Coded.of(inputs.train, suggester.table), Coded.of(inputs.validation, suggester.table)
    chosen = fit_rows(validation, limit)
    if why := why_not_fitted(len(chosen)):
        raise DataError(why, hint="prepare more notes")
    words = WordModel.fit(train.texts, train.places, len(suggester.table))
    with progress("read names", len(chosen_rows(train))) as advance:
        named, pairs = read_named(suggester, train, advance)
    suggester = suggester.with_fitted(FittedSuggester(words, mixture.untrained(), named))
    with progress("fit suggestions", len(chosen)) as advance:
        signals, _ = read_signals(suggester, reader, [validation.texts[row] for row in chosen], advance)
    notes = FitNotes(
        np.stack([signal.table(suggester.known) for signal in signals]),
        validation.truth[chosen],
        np.array([validation.places[row][0] for row in chosen], np.int64),
        suggester.known.category,
        pairs,
    )
    fitted = FittedSuggester(words, notes.fit(), named)
    fitted.save(inputs.run.files.suggester)
    return suggester.with_fitted(fitted), notes


def read_signals(
    suggester: Suggester, reader: SharedReader, texts: Sequence[str], advance: Count
) -> tuple[list[Signals], list[float]]:
    """Return what is known about every rubric for prepared notes, and the mass that each note left out.

    Args:
        suggester: What suggests.
        reader: The run's tuned model.
        texts: Prepared notes.
        advance: Called with the number of notes finished.
    """
    titles = reader.titles(texts, progress=advance)
    signals = [suggester.signals(text, scores)[0] for text, scores in zip(texts, titles, strict=True)]
    return signals, [scores.mass_left_out for scores in titles]


def wants_suggestions(run: Run) -> bool:
    """Return whether a run was trained to suggest: on rubric titles, which takes notes with codes."""
    return run.manifest.config.train.title_weight > 0


def evaluate_suggestions(
    run: Path | Run,
    *,
    split: str = "test",
    dataset: Path | None = None,
    limit: int | None = None,
    fit_limit: int | None = None,
    include_text: bool = False,
    config: EvaluateConfig | None = None,
    progress: Progress = no_progress,
    reader: SharedReader | None = None,
) -> SuggestionResults:
    """Fit a run's suggester, rank the rubrics of a split's notes with every system, and write ``suggestions.json``.

    Args:
        run: A finished run, or its folder.
        split: Which split to evaluate.
        dataset: Another dataset; None for the one that the run was trained on.
        limit: Evaluate a random part of this many notes; None for the configuration's number.
        fit_limit: Fit on this many validation notes; None for the configuration's number.
        include_text: Also keep the first note with its suggestions, in a file that only its owner can read.
        config: Seed and number of resamples; None for the run's own.
        progress: Called with a task and its number of notes.
        reader: The tuned model and the notes, where they were read already, as `open_reader` gives them.

    Raises:
        RunError: The run or a dataset is missing, unfinished or changed, or the run knows no rubrics.
        DataError: There is no note with a known code to evaluate or to fit on.
    """
    run = Run.open(run)
    config = config or run.manifest.config.evaluate
    if reader is None:
        evaluated = read_inputs(run, split=split, dataset=dataset, config=config, limit=limit)
        reader = open_reader(evaluated, config, limit=limit, fit_limit=fit_limit)
    reader = reader.with_calibration(Calibration.load(run.files.calibration))
    inputs = reader.suggested
    suggester, fit_notes = fit_suggester(reader, limit=fit_limit or config.suggestion_fit_notes, progress=progress)
    test, train = Coded.of(inputs.notes, suggester.table), Coded.of(inputs.train, suggester.table)
    if why := unjudged(inputs):
        raise DataError(why, place=str(inputs.run.folder))
    with progress("evaluate suggestions", len(test.notes)) as advance:
        signals, left_out = read_signals(suggester, reader, test.texts, advance)
        seconds = reader.note_seconds(test.texts) + reader.title_seconds(test.texts)
    scores = rank_all(suggester, signals, fit_notes, train, test, seconds)
    results = judge(suggester, scores, train, test, config, np.array(left_out), len(fit_notes.tables))
    _write(inputs, results, (suggester, test) if include_text else None)
    return results


def _write(inputs: Inputs, results: SuggestionResults, example: tuple[Suggester, Coded] | None) -> None:
    """Write the results and, where text may be kept, one note of the suggester's."""
    files = inputs.run.files.evaluation(inputs.name)
    files.folder.mkdir(parents=True, exist_ok=True)
    if example:
        _write_example(files.suggested_example, *example)
    write_json(files.suggestions, results.model_dump(mode="json"), is_private=True)
    record_again(inputs.run.files)


def _write_example(path: Path, suggester: Suggester, notes: Coded) -> None:
    """Write the first note with its suggestions, readable by its owner alone."""
    note_id, text = notes.notes.select("note_id", "clean_text").row(0)
    found = suggester.suggest(text, align(text, None), suggester.read_text(text), K)
    values = {"note_id": note_id, "text": text, "suggestions": asdict(found)}
    write_json(path, values, is_private=True)


def rank_all(
    suggester: Suggester, signals: list[Signals], fit_notes: FitNotes, train: Coded, test: Coded, seconds: float
) -> Ranking:
    """Return what every system of `SYSTEMS` says.

    Args:
        suggester: The run's, fitted.
        signals: What it knows of each test note.
        fit_notes: What it was fitted on.
        train: The run's training notes.
        test: The evaluated notes.
        seconds: How long reading the test notes took.
    """
    tables = np.stack([signal.table(suggester.known) for signal in signals])
    prior = np.tile(suggester.known.log_frequency, (len(tables), 1))
    ranking: Ranking = {"prior": (prior, 0.0)}
    ranking |= rank_by_tfidf(train, test, np.exp(suggester.known.log_frequency))
    ranking["model"] = (tables[:, :, NAMES.index("category")] + tables[:, :, NAMES.index("title")], seconds)
    started = time.perf_counter()
    suggester.fitted.words.scores(test.texts)
    word_seconds = time.perf_counter() - started
    ranking["words"] = (fit_notes.fit(WITHOUT_MODEL).log_odds(_with(tables, WITHOUT_MODEL)), word_seconds)
    ranking["terms"] = (fit_notes.fit(TERM_COLUMNS).log_odds(_with(tables, TERM_COLUMNS)), 0.0)
    ranking["suggester"] = (suggester.fitted.mixture.log_odds(tables), seconds)
    return ranking


def rank_by_tfidf(train: Coded, test: Coded, frequency: FloatArray) -> Ranking:
    """Return what nearest neighbours and one-vs-rest linear SVMs over TF-IDF say; frequency breaks their ties.

    Args:
        train: The training notes with their codes.
        test: The evaluated notes with their codes.
        frequency: Of each rubric among the training notes. Shape ``(rubrics,)``.
    """
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    features, others = vectorizer.fit_transform(train.texts), vectorizer.transform(test.texts)
    started = time.perf_counter()
    similarity = (others @ features.T).toarray()
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :N_NEIGHBOURS]
    votes = [similarity[row, near] @ train.truth[near] for row, near in enumerate(nearest)]
    neighbours = np.stack(votes) + 1e-4 * frequency
    seconds = time.perf_counter() - started
    margins = np.full(test.truth.shape, -3.0)
    for place in np.flatnonzero(train.truth.any(axis=0) & ~train.truth.all(axis=0)):
        machine = LinearSVC(C=1.0, random_state=0).fit(features, train.truth[:, place])
        margins[:, place] = machine.decision_function(others)
    linear_seconds = time.perf_counter() - started - seconds
    return {"neighbours": (neighbours, seconds), "linear": (margins + 1e-4 * frequency, linear_seconds)}


def _with(tables: FloatArray, columns: Sequence[str]) -> FloatArray:
    """Return the signals with all but some at 0."""
    return np.where(np.isin(NAMES, columns), tables, 0.0)
