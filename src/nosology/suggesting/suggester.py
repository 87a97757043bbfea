"""From a note to a ranked list of rubrics with evidence."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from nosology.coding.rubrics import RubricTable
from nosology.errors import ModelError
from nosology.machine.patience import ask
from nosology.modeling.probing import Variant, probe, token_gradients, without
from nosology.modeling.scoring import ReadNote
from nosology.modeling.titles import TitleScorer, TitleScores
from nosology.records import Evidence, FloatArray, FullCode, IntArray, Suggestion, Suggestions
from nosology.suggesting.evidence import (
    Mention,
    evidence_of,
    family_sections,
    most_telling,
    n_affordable,
    texts_without,
    tokens_within,
)
from nosology.suggesting.findings import Findings
from nosology.suggesting.fitted import FittedSuggester
from nosology.suggesting.lexicon import Lexicon
from nosology.suggesting.mixture import listed
from nosology.suggesting.named import Named
from nosology.suggesting.sentences import Stretch, sentences
from nosology.suggesting.signals import Frequencies, Signals
from nosology.suggesting.term_reading import Reading
from nosology.suggesting.words import TitleWords, mentions
from nosology.text.alignment import AlignedText

Method = Literal["words", "hide", "leave out"]

MASS = 0.99
"""Categories are read until they hold this much probability; the rest is reported as left out."""
METHOD: Method = "words"
"""How evidence is found where a suggester was fitted: as faithful as asking the model again, at a hundredth of the
cost. Without one there are no words, and the model is asked (``hide``)."""
_BLOCK = 500  # sentences whose words are counted at a time: each takes a row of all rubrics
_MOST_FINDINGS = 3  # words of a sentence that are shown as findings
_FULL_CODE_NOTES = 5  # training notes of a full code, below which nothing is offered
_FULL_CODE_SHARE = 0.5  # of its rubric's training notes


@dataclass(frozen=True, slots=True)
class Read:
    """A note after the model has read it.

    Attributes:
        signals: What is known about every rubric.
        terms: The lexicon's reading behind the signals.
        note: The reading that they hang below.
        mass_left_out: Probability of the categories whose titles were not read.
    """

    signals: Signals
    terms: Reading = field(repr=False)
    note: ReadNote
    mass_left_out: float


class Suggester:
    """Ranks the rubrics of a table under notes and says which sentences speak for each.

    Attributes:
        table: What can be suggested.
        known: What training notes say about each rubric.
        fitted: Word model and weights.
    """

    def __init__(
        self,
        scorer: TitleScorer,
        table: RubricTable,
        categories: tuple[str, ...],
        fitted: FittedSuggester,
        *,
        n_train_notes: int,
        calibrated: Callable[[FloatArray], FloatArray],
    ) -> None:
        """Take everything that a run learned.

        Args:
            scorer: Scores the titles of `table`, in its order.
            table: What can be suggested.
            categories: Category names, in label-set order.
            fitted: Word model and weights.
            n_train_notes: How many notes the table was counted on.
            calibrated: Turns one row of category log-probabilities into probabilities.
        """
        self._scorer = scorer
        self.table = table
        self.known = Frequencies.of(table, categories, n_train_notes)
        self.fitted = fitted
        self._titles = TitleWords([rubric.title for rubric in table.rubrics])
        self._findings = Findings.shipped(table)
        self._calibrated = calibrated

    @cached_property
    def lexicon(self) -> Lexicon:
        """The names of the table's rubrics, indexed on first use: that takes seconds."""
        return Lexicon.shipped(self.table)

    def with_fitted(self, fitted: FittedSuggester) -> "Suggester":
        """Return the same with another word model and other weights."""
        _ = self.lexicon  # so that both have one
        other = copy.copy(self)
        other.fitted = fitted
        return other

    def read(self, note: ReadNote, *, terms: Reading | None = None, mass: float = MASS) -> Read:
        """Return what is known about every rubric for one note.

        Args:
            note: The note, read with its keys and values kept.
            terms: The lexicon's reading of the note as it was written; None to let it read the prepared one.
            mass: Categories are read until they hold this much probability.
        """
        scores = self._scorer.scores(note, mass=mass)
        signals, found = self.signals(note.note.text, scores, terms)
        return Read(signals, found, note, scores.mass_left_out)

    def read_text(self, text: str) -> ReadNote:
        """Return one prepared note as the model reads it, for callers that have no reading of it."""
        return self._scorer.read_note(self._scorer.encoder.note(text, with_places=True))

    def titles(self, note: ReadNote) -> TitleScores:
        """Return what the model says of the rubrics' titles under one note; no keys and values are kept."""
        return self._scorer.scores(note, mass=MASS)

    def signals(self, text: str, scores: TitleScores, terms: Reading | None = None) -> tuple[Signals, Reading]:
        """Return the model's signals beside those of words and names, and the lexicon's reading behind the last.

        Args:
            text: The prepared note.
            scores: What the model says of it.
            terms: The lexicon's reading of the note as it was written; None to let it read the prepared one.
        """
        words, mentioned = self.fitted.words.scores([text])[0], self._titles.shares([text])[0]
        terms = terms or self.lexicon.read(text)
        named = self.fitted.named.column(Named.of(terms, self.lexicon.terms))
        findings = self._findings.columns([text])[0]
        return Signals(scores.categories, scores.titles, words, mentioned, terms.columns(), named, findings), terms

    def name_signals(self, text: str) -> tuple[Signals, Reading]:
        """Return what names, titles and findings alone say of every rubric, and the lexicon's reading behind that.

        Nothing is said by model, words and counts, so a note that these have learned from tells nothing of itself.

        Args:
            text: A prepared note.
        """
        terms, nothing = self.lexicon.read(text), np.zeros(len(self.table))
        categories = np.zeros(len(self.known.group_sizes))
        mentioned, findings = self._titles.shares([text])[0], self._findings.columns([text])[0]
        return Signals(categories, nothing, nothing, mentioned, terms.columns(), nothing, findings), terms

    def read_terms(self, original: str, aligned: AlignedText) -> Reading:
        """Return the lexicon's reading of a note as it was written, without the sentences that preparation left out."""
        ranges = ((span, aligned.prepared_range(*span)) for span in sentences(original))
        return self.lexicon.read(original, [span for span, (start, end) in ranges if start < end])

    def suggest(
        self,
        original: str,
        aligned: AlignedText,
        note: ReadNote,
        k: int,
        *,
        with_evidence: bool = True,
        method: Method | None = None,
    ) -> Suggestions:
        """Return the `k` rubrics of one note to consider, the most probable first; unseen ones are preferred.

        Args:
            original: The note as it was written.
            aligned: The note prepared, with the way back.
            note: The prepared note, read.
            k: How many.
            with_evidence: Whether to look for the sentences behind each.
            method: How the model's side of the evidence is computed; None for `METHOD`, or ``hide`` without words.
        """
        read = self.read(note, terms=self.read_terms(original, aligned))
        ask()
        coded, main = self.probabilities(read.signals)
        if not np.isfinite(coded).all():
            raise ModelError("the probabilities of suggestions are no numbers", hint="evaluate the run again")
        is_seen = self.known.is_seen | (not self.fitted.is_calibrated)
        order = listed(coded, is_seen, k)
        evidence: list[tuple[Evidence, ...]] = [()] * len(order)
        spans = sentences(original) if with_evidence else []
        n_sentences = len(spans)
        spans = self._worth_trying(original, spans, order, len(aligned.text))
        ask()
        if spans and len(order):
            chosen = method or (METHOD if self.fitted.is_calibrated else "hide")
            effects = self.effects(aligned, spans, order, read, chosen)
            ask()
            family = family_sections(original)
            evidence = [
                self._evidence(original, spans, int(place), column, read.terms, family)
                for place, column in zip(order, effects.T, strict=True)
            ]
        items = tuple(
            self._suggestion(int(place), float(coded[place]), float(main[place]), found, read.terms)
            for place, found in zip(order, evidence, strict=True)
        )
        none = self._none_of([item.probability for item in items])
        return Suggestions(
            items, none, read.mass_left_out, len(self.table), self.fitted.is_calibrated, n_sentences - len(spans)
        )

    def probabilities(self, signals: Signals) -> tuple[FloatArray, FloatArray]:
        """Return the probability that each rubric is coded, and that it is the main one. Shape ``(rubrics,)`` each."""
        table, mixture = signals.table(self.known), self.fitted.mixture
        categories = self._calibrated(signals.categories)
        main = categories[self.known.category] * mixture.within_category(table, self.known.category)
        main = np.where(np.isnan(signals.titles), 0.0, main)
        return (mixture.coded_probabilities(table) if self.fitted.is_calibrated else main), main

    def log_odds(self, text: str, places: IntArray) -> FloatArray:
        """Return the log-odds that some rubrics are coded, reading no titles but theirs. Shape ``(rubrics,)``.

        Args:
            text: A prepared note.
            places: Rubrics.
        """
        encoder = self._scorer.encoder
        read = self.read_text(text)
        note = read.note
        nothing = np.zeros(len(note.tokens), np.bool_)
        whole = without(note, len(encoder.root), len(encoder.cue), nothing, "hide")
        category, title = self._probe(read, [whole], places)
        words, mentioned = self.fitted.words.scores([text])[:, places], self._titles.shares([text])[:, places]
        terms = self.lexicon.read(text)
        named = self.fitted.named.column(Named.of(terms, self.lexicon.terms, places))
        findings = self._findings.columns([text])[0, places]
        signals = Signals(category[0], title[0], words[0], mentioned[0], terms.columns(places), named, findings)
        return self.fitted.mixture.log_odds(signals.table(self.known.at(places)))

    def effects(
        self,
        aligned: AlignedText,
        spans: Sequence[Stretch],
        places: IntArray,
        read: Read,
        method: Method,
    ) -> FloatArray:
        """Return how much each sentence moves each rubric's log-odds. Shape ``(sentences, rubrics)``.

        Args:
            aligned: The prepared note.
            spans: Sentences, or other stretches, of the original.
            places: Rubrics.
            read: The note, read.
            method: How the model's side is computed; ``words`` leaves it out.
        """
        mixture, known = self.fitted.mixture, self.known.at(places)
        texts = [aligned.text, *texts_without(aligned, spans)]
        words = self.fitted.words.scores(texts)[:, places]
        mentioned, findings = self._titles.shares(texts)[:, places], self._findings.columns(texts)[:, places]
        category, title = self._model_without(aligned, spans, places, read, method)
        gone: list[list[int]] = [[], *(read.terms.within(span) for span in spans)]
        terms = [read.terms.columns(places, without=numbers) for numbers in gone]
        held = [Named.of(read.terms, self.lexicon.terms, places, without=numbers) for numbers in gone]
        named = [self.fitted.named.column(note) for note in held]
        log_odds = np.stack(
            [
                mixture.log_odds(Signals(*row).table(known))
                for row in zip(category, title, words, mentioned, terms, named, findings, strict=True)
            ]
        )
        return np.asarray(log_odds[0] - log_odds[1:])

    def gradients(self, aligned: AlignedText, spans: Sequence[Stretch], place: int) -> FloatArray:
        """Return gradient times input of the model's side of one rubric's score, summed a sentence: for comparison.

        Args:
            aligned: The prepared note.
            spans: Sentences of the original.
            place: The rubric.

        Returns:
            Shape ``(sentences,)``.
        """
        note = self._scorer.encoder.note(aligned.text, with_places=True)
        inside = tokens_within(aligned, note.places or (), spans)
        target = self._scorer.targets.get(place)
        if target is None:
            return np.zeros(len(spans))
        return np.asarray(inside @ token_gradients(self._scorer, note, target))

    def _model_without(
        self, aligned: AlignedText, spans: Sequence[Stretch], places: IntArray, read: Read, method: Method
    ) -> tuple[FloatArray, FloatArray]:
        """Return the model's signals for the whole note and without each sentence.

        Returns:
            Log P(category), shape ``(1 + sentences, categories)``, and log P(rubric | category), shape
            ``(1 + sentences, rubrics)``.
        """
        n_rows = 1 + len(spans)
        if method == "words":
            return np.tile(read.signals.categories, (n_rows, 1)), np.tile(read.signals.titles[places], (n_rows, 1))
        encoder = self._scorer.encoder
        note = read.note.note
        assert note.places is not None
        missing = tokens_within(aligned, note.places, spans)
        moved = np.flatnonzero(missing.any(axis=1))
        parts = [np.zeros(len(note.tokens), np.bool_), *missing[moved]]
        variants = [without(note, len(encoder.root), len(encoder.cue), part, method) for part in parts]
        categories, titles = self._probe(read.note, variants, places)
        # A sentence that no token came from, such as one that was cut out, changes nothing: it is the whole note.
        rows = np.zeros(n_rows, np.int64)
        rows[1 + moved] = 1 + np.arange(len(moved))
        return categories[rows], titles[rows]

    def _probe(self, note: ReadNote, variants: Sequence[Variant], places: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return log P(category) and log P(rubric | category) under each variant; 0 for a category's only rubric."""
        assert note.keys_values is not None
        targets = self._scorer.targets
        taught = [number for number, place in enumerate(places) if int(place) in targets]
        titles = np.zeros((len(variants), len(places)))
        categories, titles[:, taught] = probe(
            self._scorer, note.keys_values, variants, [targets[int(places[number])] for number in taught]
        )
        return categories, titles

    def _worth_trying(self, original: str, spans: list[Stretch], places: IntArray, n_characters: int) -> list[Stretch]:
        """Return the sentences to try as evidence: all, or in a very long note those that say most by themselves."""
        n = n_affordable(n_characters)
        if len(spans) <= n:
            return spans
        scores = np.zeros(len(spans))
        for first in range(0, len(spans), _BLOCK):
            texts = [original[start:end] for start, end in spans[first : first + _BLOCK]]
            said = self.fitted.words.scores(texts) + self._titles.shares(texts) + self._findings.cosines(texts)
            scores[first : first + _BLOCK] = said[:, places].max(axis=1, initial=0)
        return most_telling(spans, scores, n)

    def _evidence(
        self,
        original: str,
        spans: Sequence[Stretch],
        place: int,
        effects: FloatArray,
        terms: Reading,
        family: Sequence[Stretch],
    ) -> tuple[Evidence, ...]:
        def mention(number: int) -> Mention:
            start, end = spans[number]
            sentence = original[start:end]
            for met in terms.met((start, end), place):
                return Mention(tuple(self.lexicon.places_of(met, sentence)), self.lexicon.terms[met].term)
            words = self.fitted.words.strongest_words(sentence, place, 1)
            words = words or self._findings.strongest_words(sentence, place, _MOST_FINDINGS)
            return Mention(tuple(mentions(sentence, self._titles.stems[place], words)))

        return evidence_of(original, spans, effects, mention, family)

    def _full_code(self, place: int, terms: Reading) -> FullCode | None:
        """Return a code below a rubric: of a term that a sentence holds in full, else of most training notes."""
        rubric = self.table.rubrics[place]
        counts = dict(rubric.codes)
        named = terms.named(place)
        if named is not None and (term := self.lexicon.terms[named]).code in self.lexicon.leaves:
            n_notes = counts.get(term.code, 0)
            return FullCode(term.code, n_notes / max(rubric.n_notes, 1), n_notes, term.term)
        for code, n_notes in rubric.codes[:1]:
            if code != rubric.code and n_notes >= _FULL_CODE_NOTES and n_notes >= _FULL_CODE_SHARE * rubric.n_notes:
                return FullCode(code, n_notes / rubric.n_notes, n_notes)
        return None

    def _suggestion(
        self, place: int, coded: float, main: float, evidence: tuple[Evidence, ...], terms: Reading
    ) -> Suggestion:
        rubric = self.table.rubrics[place]
        full = self._full_code(place, terms)
        return Suggestion(
            rubric.code,
            rubric.version,
            rubric.title,
            rubric.category,
            coded,
            main,
            rubric.n_notes > 0,
            evidence,
            full,
        )

    def _none_of(self, probabilities: Sequence[float]) -> float:
        if self.fitted.is_calibrated:
            return self.fitted.mixture.none_of(probabilities)
        return max(0.0, 1 - sum(probabilities))
