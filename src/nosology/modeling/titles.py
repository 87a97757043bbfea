"""Scores of all rubric titles under a note: the third level of the token tree.

    instruction ── note ──┬── "Neoplasms<eot>"    ── "Malignant neoplasm of ..." (a trie of the category's titles)
                          └── "Respiratory<eot>"  ── "Pneumonia, organism ...", "Asthma<eot>", ...

The contract: given a note and a category, a title's score is the log-probability of its tokens (end-of-turn last)
after instruction, note, category and cue, exactly as if it had been scored alone; normalized over the category's
titles it is P(rubric | category, note). *Joint* scores use the model's full vocabulary. *Constrained* scores let every
step choose only among tokens that continue some title of the category: the positions without a choice are never read,
the vocabulary projection is not needed, and the result sums to 1 by itself.

Every note is read once; its keys and values serve the categories and then each category's titles, so no title pays for
the note. Categories are read in the order of their probability until those left out weigh less than a given mass.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from nosology.modeling.attention import KeysValues
from nosology.modeling.encoding import EncodedNote, PromptEncoder
from nosology.modeling.forward import forward_tree
from nosology.modeling.loading import output_weight
from nosology.modeling.scoring import AnswerScorer, ReadNote, log_totals
from nosology.modeling.title_targets import title_targets
from nosology.modeling.tree import PackedTree, Segment, pack
from nosology.modeling.trie import Scoring, TriePlan
from nosology.records import FloatArray


@dataclass(frozen=True, slots=True)
class TrieJob:
    """One trie to score after one cached beginning.

    Attributes:
        root: Tokens between the cached beginning and the trie; at least one.
        prefix: Keys and values of the beginning, a pair per layer.
        plan: The trie.
    """

    root: tuple[int, ...] = field(repr=False)
    prefix: list[KeysValues] = field(repr=False)
    plan: TriePlan


@dataclass(frozen=True, slots=True)
class TitleScores:
    """What the model says of one note.

    Attributes:
        categories: Natural-log probability of each category. Shape ``(categories,)``.
        titles: Natural-log P(rubric | category) of every rubric; ``nan`` where its category was not read.
            Shape ``(rubrics,)``.
        mass_left_out: Probability of the categories that were not read.
    """

    categories: FloatArray
    titles: FloatArray
    mass_left_out: float


class TitleScorer:
    """Scores rubric titles under notes, the instruction read once and each note once.

    Attributes:
        model: The model.
        encoder: Cuts prompts for it.
        answers: What reads notes and scores their categories.
        batch_tokens: Tokens in one forward pass.
        targets: For each rubric the choices along its title, by its place.
        n_title_tokens: Tokens to read for all titles of all categories.
    """

    def __init__(
        self,
        model: object,
        encoder: PromptEncoder,
        titles: Sequence[str],
        groups: Sequence[Sequence[int]],
        *,
        scoring: Scoring = "constrained",
        answers: AnswerScorer | None = None,
        category_scoring: Scoring = "joint",
        batch_tokens: int = 4096,
    ) -> None:
        """Read the instruction and plan the tries.

        Args:
            model: A causal language model (with or without adapter) whose attention is the tree's.
            encoder: Cuts prompts for this model.
            titles: Every rubric's title.
            groups: For each category the places of its titles.
            scoring: How titles are scored.
            answers: What reads notes and scores their categories; None to make one.
            category_scoring: How categories are scored: as `answers` does.
            batch_tokens: Tokens in one forward pass; one category's titles always fit.
        """
        self.model = model
        self.encoder = encoder
        self._groups = [np.array(group, np.int64) for group in groups]
        self._n_titles = len(titles)
        self._plans = [
            TriePlan.make([encoder.title(titles[place]) for place in group], scoring) if len(group) else None
            for group in groups
        ]
        self.batch_tokens = batch_tokens
        self._device = next(model.parameters()).device  # type: ignore[attr-defined]
        self.answers = answers or AnswerScorer(model, encoder, scoring=category_scoring, batch_tokens=batch_tokens)
        self.targets = title_targets(encoder, titles, groups)
        self.n_title_tokens = sum(plan.n_tokens for plan in self._plans if plan)

    def read_note(self, note: EncodedNote) -> ReadNote:
        """Return one note as the model has read it; everything else about it starts from there."""
        return next(self.answers.read([note], keep=True))

    def title_log_probs(self, prefix: list[KeysValues], categories: Sequence[int]) -> FloatArray:
        """Return natural-log P(rubric | category) for the rubrics of some categories, ``nan`` for others.

        Args:
            prefix: Keys and values of instruction and note.
            categories: Indices of categories.

        Returns:
            Shape ``(rubrics,)``.
        """
        scores = self.raw_title_scores(prefix, categories)
        for category in categories:
            group = self._groups[category]
            if len(group):
                scores[group] -= np.logaddexp.reduce(scores[group])
        return scores

    def raw_title_scores(self, prefix: list[KeysValues], categories: Sequence[int]) -> FloatArray:
        """Return each title's score before it is normalized over its category; arguments as `title_log_probs`."""
        result = np.full(self._n_titles, np.nan)
        jobs = [
            (category, TrieJob((*self.encoder.answers[category], *self.encoder.title_cue), prefix, plan))
            for category in categories
            if (plan := self._plans[category]) is not None
        ]
        for (category, _), scores in zip(jobs, self.trie_scores([job for _, job in jobs]), strict=True):
            result[self._groups[category]] = scores
        return result

    def scores(self, read: ReadNote, *, mass: float = 0.99) -> TitleScores:
        """Return what the model says of one note.

        Args:
            read: The note, read with its keys and values kept.
            mass: Categories are read, the most probable first, until they hold this much probability; 1 for all.
        """
        assert read.keys_values is not None
        categories = read.scores - np.logaddexp.reduce(read.scores)
        chosen = most_probable(np.exp(categories), mass)
        left_out = 1 - np.exp(categories)[chosen].sum() if len(chosen) < len(categories) else 0.0
        return TitleScores(categories, self.title_log_probs(read.keys_values, chosen), max(float(left_out), 0.0))

    def trie_scores(self, jobs: Sequence[TrieJob]) -> Iterator[FloatArray]:
        """Yield the scores of each job's answers, in nats, in the order of the jobs. Shape ``(answers,)`` each."""
        for batch in self._batches(jobs):
            yield from self._score_batch(batch)

    def _batches(self, jobs: Sequence[TrieJob]) -> Iterator[list[TrieJob]]:
        batch: list[TrieJob] = []
        size = 0
        for job in jobs:
            n_tokens = len(job.root) + job.plan.n_tokens
            if batch and size + n_tokens > self.batch_tokens:
                yield batch
                batch, size = [], 0
            batch.append(job)
            size += n_tokens
        if batch:
            yield batch

    @torch.inference_mode()
    def _score_batch(self, jobs: Sequence[TrieJob]) -> list[FloatArray]:
        segments: list[Segment] = []
        roots: list[int] = []
        for job in jobs:
            root = len(segments)
            roots.append(root)
            segments.append(Segment(job.root))
            segments += job.plan.below(root)
        tree = pack(segments, cached_prefix=[job.prefix[0][0].shape[2] for job in jobs])
        hidden = forward_tree(self.model, tree, block_prefixes=[job.prefix for job in jobs])[0]
        return [self._plan_scores(hidden, tree, root, job.plan) for root, job in zip(roots, jobs, strict=True)]

    def _plan_scores(self, hidden: Tensor, tree: PackedTree, root: int, plan: TriePlan) -> FloatArray:
        """Return the scores of a trie's answers from the hidden states of the row that it was read in.

        Args:
            hidden: Shape ``(tokens, hidden)``.
            tree: The row.
            root: The segment that the trie hangs under; the trie's own segments follow it.
            plan: The trie.

        Returns:
            In nats. Shape ``(answers,)``.
        """
        if not len(plan.scored):  # a single answer, and nothing to choose
            return np.zeros(len(plan.trie.paths))
        places = plan.rows(tree.starts, tree.lengths, root)
        rows = [places[int(node)] for node in plan.predictors]
        weight = output_weight(self.model)
        tokens = torch.tensor([plan.trie.tokens[int(node)] for node in plan.scored], device=self._device)
        states = hidden[torch.tensor(rows, device=self._device)]
        logits = (states.float() * weight[tokens].float()).sum(dim=-1).double().cpu().numpy()
        if plan.scoring == "constrained":
            totals = np.logaddexp.reduceat(logits, plan.starts)
        else:
            firsts = states[torch.from_numpy(plan.starts).to(self._device)]
            totals = log_totals(firsts, weight).double().cpu().numpy()
        sizes = np.diff([*plan.starts.tolist(), len(logits)])
        return plan.sum_paths(logits - np.repeat(totals, sizes))


def most_probable(probabilities: FloatArray, mass: float) -> list[int]:
    """Return the fewest indices that hold a mass, the most probable first."""
    order = np.argsort(-probabilities, kind="stable")
    n = int(np.searchsorted(np.cumsum(probabilities[order]), mass - 1e-12)) + 1 if mass < 1 else len(order)
    return [int(index) for index in order[:n]]
