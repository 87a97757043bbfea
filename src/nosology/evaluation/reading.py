"""The tuned model of one evaluation: each note is encoded once and read once, whatever is asked about it.

Categories, and the rubric titles of those notes whose suggestions are judged, are scored below one reading; nothing of
the reading but these numbers is kept. What would surprise you: notes are known by their text, so two notes with one
text are read once.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from nosology.classifier.calibration import Calibration
from nosology.classifier.classifier import Classifier
from nosology.evaluation.inputs import Inputs
from nosology.evaluation.systems import Answers, JudgedClassifier
from nosology.modeling.encoding import EncodedNote
from nosology.modeling.titles import TitleScores
from nosology.records import Count, FloatArray, Prediction


@dataclass(frozen=True, slots=True)
class _Reading:
    """What stays of one note.

    Attributes:
        log_probs: Of the categories, normalized. Shape ``(categories,)``.
        titles: Of the rubrics; None where nobody asked.
        seconds: Spent on the note and its categories, and on its titles.
    """

    log_probs: FloatArray
    titles: TitleScores | None
    seconds: tuple[float, float]


@dataclass
class SharedReader:
    """Reads notes once for all that an evaluation asks; everything else it leaves to the classifier.

    Attributes:
        inputs: The run and its notes.
        suggested: The same, with the part of the evaluated notes that suggestions are judged on.
        classifier: The run's tuned model.
        titled: Texts of the notes whose rubric titles are wanted too.
    """

    inputs: Inputs = field(repr=False)
    suggested: Inputs = field(repr=False)
    classifier: Classifier
    titled: Collection[str] = field(repr=False)
    _notes: dict[str, EncodedNote] = field(default_factory=dict, repr=False)
    _read: dict[str, _Reading] = field(default_factory=dict, repr=False)

    def encode(self, texts: Sequence[str]) -> list[EncodedNote]:
        """Return prepared notes as tokens, each text's once and for all."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._notes]
        self._notes |= zip(missing, self.classifier.encode(missing), strict=True)
        return [self._notes[text] for text in texts]

    def log_probs(self, texts: Sequence[str | EncodedNote], *, progress: Count | None = None) -> FloatArray:
        """Return every category's log-probability, not calibrated. Shape ``(notes, categories)``.

        Args:
            texts: Prepared notes, encoded or not.
            progress: Called with the number of notes finished.
        """
        wanted = [text if isinstance(text, str) else text.text for text in texts]
        missing = [text for text in dict.fromkeys(wanted) if text not in self._read]
        if progress and len(missing) < len(wanted):
            progress(len(wanted) - len(missing))
        started = time.perf_counter()
        for read in self.classifier.read(self.encode(missing), keep=bool(self.titled)):
            log_probs = read.scores - np.logaddexp.reduce(read.scores)
            between = time.perf_counter()
            titles = self.classifier.suggester.titles(read) if read.note.text in self.titled else None
            ended = time.perf_counter()
            self._read[read.note.text] = _Reading(log_probs, titles, (between - started, ended - between))
            started = ended
            if progress:
                progress(1)
        return np.stack([self._read[text].log_probs for text in wanted])

    def titles(self, texts: Sequence[str], *, progress: Count | None = None) -> list[TitleScores]:
        """Return what the model says of the rubrics' titles; the texts must be among those that are titled.

        Args:
            texts: Prepared notes.
            progress: Called with the number of notes finished.
        """
        self.log_probs(texts, progress=progress)
        found = [self._read[text].titles for text in texts]
        assert all(scores is not None for scores in found)
        return [scores for scores in found if scores is not None]

    def note_seconds(self, texts: Sequence[str]) -> float:
        """Return how long the model took for some notes that were read and their categories."""
        return sum(self._read[text].seconds[0] for text in dict.fromkeys(texts))

    def title_seconds(self, texts: Sequence[str]) -> float:
        """Return how long it took for their titles."""
        return sum(self._read[text].seconds[1] for text in dict.fromkeys(texts))

    def with_calibration(self, calibration: Calibration | None) -> "SharedReader":
        """Return the same with another calibration; what was read stays known to both."""
        classifier = self.classifier.with_calibration(calibration)
        return SharedReader(self.inputs, self.suggested, classifier, self.titled, self._notes, self._read)

    def predictions_from(
        self, log_probs: FloatArray, truncated: Sequence[int], *, calibration: Calibration | None = None
    ) -> list[Prediction]:
        """Return predictions for rows of log-probabilities, as the classifier does.

        Args:
            log_probs: Natural logarithms. Shape ``(notes, categories)``.
            truncated: Tokens left out of each note.
            calibration: What makes probabilities of them; None for the run's own.
        """
        return self.classifier.predictions_from(log_probs, truncated, calibration=calibration)

    def log_probs_and_answers(
        self, texts: Sequence[str | EncodedNote], *, max_new_tokens: int = 12, progress: Count | None = None
    ) -> Answers:
        """Return log-probabilities under every correction, and what the model writes, as the classifier does.

        Args:
            texts: Prepared texts, or notes that are encoded already.
            max_new_tokens: Tokens that the model may write for each.
            progress: Called with the number of notes done.
        """
        return self.classifier.log_probs_and_answers(texts, max_new_tokens=max_new_tokens, progress=progress)

    def in_order(self, order: Sequence[int]) -> JudgedClassifier:
        """Return the classifier under another instruction: its notes are read anew, but not encoded."""
        return self.classifier.in_order(order)
