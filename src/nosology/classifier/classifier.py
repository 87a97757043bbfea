"""The one path from text to prediction: evaluation, command line and service all go through `Classifier`.

A classifier is loaded from a run folder and refuses one whose adapter, label set, prompt or base model is not what the
run's manifest says. `Classifier.classify` takes raw notes and first does to them what preparation did to the training
notes; `log_probs` takes text that is prepared already. A run answers with its tuned model, or with the ensemble of it
and a linear model where `evaluate.answer_with` or the caller says so.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from nosology.classifier.calibration import Calibration
from nosology.classifier.engine import CORRECTIONS, Correction, Engine
from nosology.classifier.ensemble import Ensemble
from nosology.classifier.opening import Parts, System, open_parts
from nosology.classifier.predictions import NOT_FITTED, predictions_of, probabilities, with_demands, with_typicality
from nosology.classifier.prior import normalized
from nosology.classifier.typicality import Typicality
from nosology.classifier.unread import left_out
from nosology.coding.labels import LabelSet
from nosology.errors import DataError
from nosology.machine.patience import ask, asking, next_note
from nosology.modeling.encoding import EncodedNote
from nosology.modeling.scoring import ReadNote
from nosology.records import Count, FloatArray, Prediction, Predictions, Suggestions
from nosology.runs.run import Run
from nosology.suggesting.fitted import FittedSuggester
from nosology.suggesting.suggester import Suggester
from nosology.text.alignment import AlignedText, align
from nosology.text.cleaning import Cleaning, clean
from nosology.text.normalize import why_unread

_NOTES_AT_ONCE = 16  # suggested for together: bounds the memory of their alignments


class Classifier:
    """Categories with probabilities for notes.

    Attributes:
        labels: The label set; columns of every array are in its order.
        calibration: How scores become probabilities; None where the run was not evaluated yet.
        caution: What must be known beside every answer; empty where there is nothing.
        name: The run's name; empty where it has none.

    Example:
        >>> classifier = Classifier.load("runs/first")
        >>> (prediction,) = classifier.classify(["Crushing chest pain and raised troponin."])
        >>> prediction.label in classifier.labels.names, 0 < prediction.probability < 1
        (True, True)
    """

    def __init__(
        self,
        engine: Engine,
        labels: LabelSet,
        *,
        cleaning: Cleaning | None = None,
        calibration: Calibration | None = None,
        ensemble: Ensemble | None = None,
        suggester: FittedSuggester | None = None,
        n_train_notes: int = 0,
        caution: str = "",
        typicality: Typicality | None = None,
        name: str = "",
    ) -> None:
        """Put a loaded model to work; most callers want `load`.

        Args:
            engine: The model, and what reads notes with it.
            labels: The label set.
            cleaning: What is done to raw notes; None to take them as they are.
            calibration: Fitted on validation notes.
            ensemble: What the model's answers are blended with; its calibration takes the place of the model's own.
            suggester: What was fitted to suggest rubrics; None for the model alone, not calibrated.
            n_train_notes: How many notes the rubrics were counted on.
            caution: Goes with every answer.
            typicality: What the notes looked like that the run was calibrated on; others get no category.
            name: The run's.
        """
        self.caution = caution
        self.name = name
        self.labels = labels
        self.calibration = ensemble.calibration if ensemble else calibration
        self._own_calibration = calibration
        self._ensemble = ensemble
        self._engine = engine
        self._cleaning = cleaning
        self._fitted = suggester
        self._n_train_notes = n_train_notes
        self._typicality = typicality

    @classmethod
    def load(cls, run: Path | str | Run, *, system: System | None = None, but_for: Collection[Path] = ()) -> Self:
        """Return the classifier of a finished run.

        Args:
            run: The run, its folder, or ``"starter"`` for the one that comes with the package.
            system: The tuned model, its base model or the run that training went on from with the same prompt, or the
                ensemble; None for what the run's configuration says (`evaluate.answer_with`).
            but_for: Files of the run that are about to be made anew, and may be anything until then.

        Raises:
            RunError: The folder is no finished run, a file in it is not the one the manifest names, or it holds no
                ensemble and one is wanted.
            ModelError: The model or the adapter cannot be loaded.
        """
        return cls.of(open_parts(run, system=system, but_for=but_for))

    @classmethod
    def of(cls, parts: Parts) -> Self:
        """Return the classifier that a run's parts make."""
        return cls(**vars(parts))

    def __repr__(self) -> str:
        how = f"{'ensemble' if self._ensemble else 'model alone'}, {'' if self.calibration else 'not '}calibrated"
        suggests = "suggests diagnoses" if self._fitted and self._fitted.is_calibrated else "suggests nothing"
        return f"<Classifier {self.name!r}: {len(self.labels.names)} categories, {how}, {suggests}>"

    def classify(
        self, texts: Sequence[str], *, is_prepared: bool = False, progress: Count | None = None
    ) -> Predictions:
        """Return a prediction for each raw note, in order; of a note with nothing to read, none but the reason.

        Args:
            texts: Notes as they were written; they are prepared as the training notes were.
            is_prepared: The texts are a dataset's, and prepared already: prepared twice, many read otherwise.
            progress: Called with the number of notes finished after each batch.

        Raises:
            DataError: One text was given, not a list of them.
        """
        _expect_notes(texts)
        prepared = list(texts) if is_prepared else [self._prepared(text) for text in texts]
        reasons = [why_unread(text, left) for text, left in zip(texts, prepared, strict=True)]
        notes = self.encode([text for text, reason in zip(prepared, reasons, strict=True) if not reason])
        ask(of_time=False)
        if progress and len(notes) < len(texts):
            progress(len(texts) - len(notes))
        wants_features = self._typicality is not None
        scores, features = self._engine.read(notes, with_features=wants_features, progress=asking(progress))
        return self._among(texts, reasons, self._predictions(notes, scores, features))

    def predict_proba(self, texts: Sequence[str], *, progress: Count | None = None) -> FloatArray:
        """Return the probability of each category for raw notes as `classify` takes them, in the order of the labels.

        Returns:
            Rows sum to 1; a note with nothing to read gets equal shares. Shape ``(notes, categories)``.
        """
        return probabilities(self.classify(texts, progress=progress), self.labels.names)

    def _predictions(
        self, notes: Sequence[EncodedNote], scores: FloatArray, features: FloatArray | None
    ) -> list[Prediction]:
        """Return predictions; of a note unlike those that the run was calibrated on, none but the reason."""
        log_probs = self._blend([note.text for note in notes], normalized(scores)) if notes else scores
        predictions = self.predictions_from(log_probs, [note.truncated_tokens for note in notes])
        if self._typicality is None or features is None:
            return predictions
        p_values = self._typicality.p_values(features)
        return [with_typicality(item, float(p)) for item, p in zip(predictions, p_values, strict=True)]

    def suggest(
        self, texts: Sequence[str], k: int = 10, *, with_evidence: bool = True, progress: Count | None = None
    ) -> list[Suggestions]:
        """Return diagnoses to consider for each raw note: `classify_and_suggest` without the predictions.

        Args:
            texts: Raw notes.
            k: Suggestions a note at most.
            with_evidence: Whether to find the sentences behind each.
            progress: Called with the number of notes done.
        """
        both = self.classify_and_suggest(texts, k, with_evidence=with_evidence, progress=progress)
        return [suggestions for _, suggestions in both]

    def classify_and_suggest(
        self, texts: Sequence[str], k: int = 10, *, with_evidence: bool = True, progress: Count | None = None
    ) -> list[tuple[Prediction, Suggestions]]:
        """Return for each raw note, in order, its prediction and diagnoses to consider: decision support, no diagnosis.

        Each note is encoded once and read by the model once; titles and evidence hang below that reading.

        Args:
            texts: Notes as they were written; they are prepared as the training notes were.
            k: Suggestions a note.
            with_evidence: Whether to look for the sentences behind each; most of the time goes there.
            progress: Called with the number of notes finished after each.

        Returns:
            A prediction and one ranked sequence of suggestions a note; offsets of evidence are into the texts as given.
            An empty sequence with its reason where the run's suggester was not fitted.

        Raises:
            RunError: The run's training notes had no ICD codes.
            DataError: One text was given, not a list of them.
        """
        _expect_notes(texts)
        if not self.suggester.fitted.is_calibrated:
            none = self._no_suggestions(NOT_FITTED)
            read = self.classify(texts, progress=progress)
            return [(prediction, replace(none, demands=prediction.demands)) for prediction in read]
        found: list[tuple[Prediction, Suggestions]] = []
        for first in range(0, len(texts), _NOTES_AT_ONCE):
            found += self._both(texts[first : first + _NOTES_AT_ONCE], k, with_evidence, progress)
        return found

    def _both(
        self, every: Sequence[str], k: int, with_evidence: bool, progress: Count | None
    ) -> list[tuple[Prediction, Suggestions]]:
        """Return what `classify_and_suggest` says of a few notes, their alignments in memory at once."""
        prepared = [self.aligned(text) for text in every]
        reasons = [why_unread(text, item.text) for text, item in zip(every, prepared, strict=True)]
        block = [text for text, reason in zip(every, reasons, strict=True) if not reason]
        aligned = [item for item, reason in zip(prepared, reasons, strict=True) if not reason]
        if progress and len(block) < len(every):
            progress(len(every) - len(block))
        notes = self.encode([item.text for item in aligned], with_places=True)
        scores = np.zeros((len(block), len(self.labels.names)))
        features: list[Any] = [None] * len(block)
        suggested: dict[int, Suggestions] = {}
        for read in self._engine.answers.read(notes, keep=True):
            next_note()
            scores[read.place], features[read.place], place = read.scores, read.features, read.place
            items = self.suggester.suggest(block[place], aligned[place], read, k, with_evidence=with_evidence)
            suggested[place] = replace(items, caution=self.caution)
            if progress:
                progress(1)
        predictions = self._predictions(notes, scores, np.stack(features) if notes else None)
        read_ones = iter([suggested[place] for place in range(len(block))])
        suggestions = [self._no_suggestions(reason) if reason else next(read_ones) for reason in reasons]
        both = zip(self._among(every, reasons, predictions), suggestions, strict=True)
        return [(prediction, replace(items, demands=prediction.demands)) for prediction, items in both]

    def _among(self, texts: Sequence[str], reasons: Sequence[str], read: Sequence[Prediction]) -> Predictions:
        """Return the predictions of the notes that were read, in their places among those that were not."""
        absent = partial(Prediction.absent, is_calibrated=self.calibration is not None, caution=self.caution)
        found = iter(read)
        return with_demands([absent(why) if why else next(found) for why in reasons], texts, self.labels.names)

    def _no_suggestions(self, reason: str) -> Suggestions:
        return Suggestions.absent(len(self.suggester.table), reason, caution=self.caution)

    def aligned(self, text: str) -> AlignedText:
        """Return a raw note prepared, with the way back to it."""
        next_note()
        return align(text, self._cleaning)

    def unseen(self, texts: Sequence[str]) -> list[float | None]:
        """Return the share of each raw note's words that no training note had; None where the run kept no words."""
        return [self._fitted.words.share_unknown(self._prepared(text)) if self._fitted else None for text in texts]

    def unread(self, text: str) -> list[tuple[int, int]]:
        """Return the stretches of a raw note that are too much for the model and are left out, as offsets into it."""
        return left_out(self._engine.encoder, self.aligned(text))

    def encode(self, texts: Sequence[str], *, with_places: bool = False) -> list[EncodedNote]:
        """Return prepared notes as tokens; whatever takes prepared notes takes these, and then encodes nothing.

        Args:
            texts: Prepared notes.
            with_places: Whether to say where in the text each token comes from, as evidence needs it.
        """
        return [self._engine.encoder.note(text, with_places=with_places) for text in texts]

    def read(self, notes: Sequence[EncodedNote], *, keep: bool) -> Iterator[ReadNote]:
        """Yield encoded notes as the model has read them; see `nosology.modeling.scoring.AnswerScorer.read`.

        Raises:
            RunError: The model has a classification head, and keys and values are to be kept for titles.
        """
        yield from self._engine.answers.read(notes, keep=True) if keep else self._engine.scorer.read(notes)

    def log_probs(
        self,
        texts: Sequence[str | EncodedNote],
        *,
        correction: Correction = "none",
        progress: Count | None = None,
    ) -> FloatArray:
        """Return every category's log-probability for prepared notes, not calibrated.

        Args:
            texts: Prepared notes, encoded or not, in any order.
            correction: ``prior`` subtracts what the model answers to notes without content; ``length`` divides each
                answer's score by the number of its tokens, so that long names are not at a disadvantage.
            progress: Called with the number of notes finished after each batch.

        Returns:
            Natural logarithms; ``exp`` of each row sums to 1. Shape ``(notes, categories)``.
        """
        notes = self._engine.encoded(texts)
        scores = self._engine.scorer.scores(notes, progress=progress)
        return self._blend([note.text for note in notes], self._engine.corrected(scores, correction))

    def predictions_from(
        self, log_probs: FloatArray, truncated: Sequence[int], *, calibration: Calibration | None = None
    ) -> list[Prediction]:
        """Return predictions for rows of log-probabilities, calibrated where the run holds a calibration.

        Args:
            log_probs: As `log_probs` returns them. Shape ``(notes, categories)``.
            truncated: Tokens left out of each note.
            calibration: In place of the classifier's own.
        """
        calibration = calibration or self.calibration
        return predictions_of(log_probs, truncated, self.labels.names, calibration, caution=self.caution)

    def log_probs_and_answers(
        self, texts: Sequence[str | EncodedNote], *, max_new_tokens: int = 12, progress: Count | None = None
    ) -> tuple[dict[Correction, FloatArray], list[str]]:
        """Return `log_probs` under every correction, and what the model says itself; notes are read once for all.

        Args:
            texts: Prepared notes, encoded or not, in any order.
            max_new_tokens: Tokens after which an answer (at temperature 0) is cut; 0 for none at all.
            progress: Called with the number of notes finished after each batch.

        Raises:
            ModelError: The model has a classification head.
        """
        notes = self._engine.encoded(texts)
        scores, answers = self._engine.scores_and_answers(notes, max_new_tokens=max_new_tokens, progress=progress)
        plain = [note.text for note in notes]
        return {kind: self._blend(plain, self._engine.corrected(scores, kind)) for kind in CORRECTIONS}, answers

    def in_order(self, order: Sequence[int]) -> "Classifier":
        """Return the same model under an instruction that lists the categories in another order, for bias tests.

        Args:
            order: Category indices as the instruction is to list them; columns of arrays stay in label-set order.
        """
        engine = replace(self._engine, encoder=self._engine.encoder.reordered(order), rubrics=None)
        return Classifier(engine, self.labels, cleaning=self._cleaning, calibration=self.calibration)

    def with_calibration(self, calibration: Calibration | None) -> "Classifier":
        """Return the same model with another calibration of its scores; None for none. Nothing is loaded again."""
        return self._with(calibration=calibration)

    def with_suggester(self, fitted: FittedSuggester) -> "Classifier":
        """Return the same model with another word model and other weights for suggesting. Nothing is loaded again."""
        return self._with(suggester=fitted)

    def _with(self, **changed: Any) -> "Classifier":
        own: dict[str, Any] = {
            "cleaning": self._cleaning,
            "calibration": self._own_calibration,
            "ensemble": self._ensemble,
            "suggester": self._fitted,
            "n_train_notes": self._n_train_notes,
            "typicality": self._typicality,
            "caution": self.caution,
            "name": self.name,
        }
        return Classifier(self._engine, self.labels, **(own | changed))

    @cached_property
    def suggester(self) -> Suggester:
        """What suggests, made on first use.

        Raises:
            RunError: The run's training notes had no ICD codes, or its head is no language model's.
        """
        titles, rubrics = self._engine.titles, self._engine.rubrics
        assert rubrics is not None
        return Suggester(
            titles,
            rubrics,
            self.labels.names,
            self._fitted or FittedSuggester.of_model_alone(len(rubrics)),
            n_train_notes=self._n_train_notes,
            calibrated=self._category_probabilities,
        )

    def _category_probabilities(self, log_probs: FloatArray) -> FloatArray:
        """Return the model's own probabilities: what suggestions begin with is the model alone, never the ensemble."""
        calibration = self._own_calibration
        return calibration.apply(log_probs[None])[0] if calibration else np.exp(log_probs)

    def _prepared(self, text: str) -> str:
        next_note()
        return clean(text, "", self._cleaning).text.decode("utf-8", "surrogatepass") if self._cleaning else text

    def _blend(self, texts: Sequence[str], log_probs: FloatArray) -> FloatArray:
        return self._ensemble.log_probs(texts, log_probs) if self._ensemble else log_probs


def _expect_notes(texts: Sequence[str]) -> None:
    """Refuse one text where several are asked for: every character of it would be read as a note."""
    if isinstance(texts, str):
        raise DataError("one text was given where a list of notes is read", hint="put it in a list: [text]")
