"""Answers as a trie: shared beginnings once, what of it has to be read, and where along an answer there is a choice.

                       ┌── 2 ── 9        answers (1 2 9), (1 3 9), (4 9)
    what comes ──┬── 1 ┴── 3 ── 9
    before       └── 4 ── 9

Categories, rubric titles and what training learns of titles are all such tries. *Joint* scores use every token;
*constrained* ones only those where answers part ways, so only what leads to such a choice has to be read.

This module is pure bookkeeping over integers; the model's side is in `nosology.modeling.scoring` and
`nosology.modeling.titles`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from nosology.modeling.tree import Segment
from nosology.records import FloatArray, IntArray

Scoring = Literal["joint", "constrained"]


@dataclass(frozen=True, slots=True)
class AnswerTrie:
    """The answers as a trie, so that shared beginnings are computed once.

    Attributes:
        tokens: Token of each node, parents before children.
        parents: Parent node of each; None directly below the note.
        paths: For each answer its nodes, first token to last.
    """

    tokens: tuple[int, ...]
    parents: tuple[int | None, ...]
    paths: tuple[tuple[int, ...], ...]

    @classmethod
    def build(cls, answers: Sequence[Sequence[int]]) -> "AnswerTrie":
        """Return the trie of some answers.

        Raises:
            ValueError: Two answers are the same tokens, or one is empty.
        """
        tokens: list[int] = []
        parents: list[int | None] = []
        known: dict[tuple[int | None, int], int] = {}
        paths = []
        for answer in answers:
            node: int | None = None
            path = []
            for token in answer:
                if (node, token) not in known:
                    known[node, token] = len(tokens)
                    tokens.append(token)
                    parents.append(node)
                node = known[node, token]
                path.append(node)
            paths.append(tuple(path))
        if len(set(paths)) != len(paths) or not all(paths):
            raise ValueError("two answers are the same tokens, or one is empty")
        return cls(tuple(tokens), tuple(parents), tuple(paths))

    def children(self) -> dict[int | None, list[int]]:
        """Return the nodes below each node that has any; ``None`` is the note itself."""
        below: dict[int | None, list[int]] = {}
        for node, parent in enumerate(self.parents):
            below.setdefault(parent, []).append(node)
        return below

    def inner_nodes(self, scoring: Scoring) -> list[int]:
        """Return the nodes that must be read by the model: those whose next token is scored.

        Jointly, every node with a child; constrained, every node on the way to a choice between children.
        """
        below = self.children()
        if scoring == "joint":
            return sorted(node for node in below if node is not None)
        needed: set[int] = set()
        for node, children in below.items():
            while node is not None and len(children) > 1 and node not in needed:
                needed.add(node)
                node = self.parents[node]
        return sorted(needed)

    def n_scored_steps(self, scoring: Scoring) -> tuple[int, ...]:
        """Return how many tokens of each answer its score adds up: all, or those with a choice (at least 1)."""
        if scoring == "joint":
            return tuple(len(path) for path in self.paths)
        n_siblings = Counter(self.parents)
        return tuple(max(1, sum(n_siblings[self.parents[node]] > 1 for node in path)) for path in self.paths)

    def choices(self) -> list[tuple["Choice", ...]]:
        """Return for each answer the choices along it, first to last."""
        below = self.children()
        tokens = {node: tuple(sorted(self.tokens[child] for child in children)) for node, children in below.items()}
        return [
            tuple(
                Choice(depth, self.tokens[node], tokens[parent])
                for depth, (node, parent) in enumerate(zip(path, (None, *path[:-1]), strict=True))
                if len(tokens[parent]) > 1
            )
            for path in self.paths
        ]


class Choice(NamedTuple):
    """A place where an answer parts from others.

    Attributes:
        depth: Tokens of the answer before it.
        token: The answer's own token.
        tokens: All to choose from, in ascending order.
    """

    depth: int
    token: int
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TriePlan:
    """What has to be read to score a trie's answers: the nodes on the way to a choice, as segments below one root.

    Attributes:
        trie: The answers.
        segments: Tokens and parent of each segment; parent None is the root. Chains are one segment.
        places: Segment and offset of each node that is read.
        predictors: For every scored node the node that predicts it, -1 for the root. Shape ``(scored,)``.
        scored: The scored nodes, siblings together. Shape ``(scored,)``.
        starts: Where each group of siblings begins in `scored`. Shape ``(groups,)``.
        scoring: Whether siblings are normalized among themselves or over the vocabulary.
    """

    trie: AnswerTrie = field(repr=False)
    segments: tuple[tuple[tuple[int, ...], int | None], ...] = field(repr=False)
    places: dict[int, tuple[int, int]] = field(repr=False)
    predictors: IntArray = field(repr=False)
    scored: IntArray = field(repr=False)
    starts: IntArray = field(repr=False)
    scoring: Scoring

    @classmethod
    def make(cls, answers: Sequence[Sequence[int]], scoring: Scoring) -> "TriePlan":
        """Return the plan of some answers."""
        trie = AnswerTrie.build(answers)
        below = trie.children()
        inner = trie.inner_nodes(scoring)
        segments: list[tuple[list[int], int | None]] = []
        places: dict[int, tuple[int, int]] = {}
        read = set(inner)
        for node in inner:
            parent = trie.parents[node]
            continues = parent is not None and sum(child in read for child in below[parent]) == 1
            if continues and parent is not None:
                segment = places[parent][0]
            else:
                segment = len(segments)
                segments.append(([], None if parent is None else places[parent][0]))
            segments[segment][0].append(trie.tokens[node])
            places[node] = (segment, len(segments[segment][0]) - 1)
        groups = [(None, below[None]), *((node, below[node]) for node in inner)]
        if scoring == "constrained":
            groups = [(node, children) for node, children in groups if len(children) > 1]
        return cls(
            trie,
            tuple((tuple(tokens), parent) for tokens, parent in segments),
            places,
            np.array([-1 if node is None else node for node, children in groups for _ in children], np.int64),
            np.array([child for _, children in groups for child in children], np.int64),
            np.cumsum([0, *(len(children) for _, children in groups)])[:-1].astype(np.int64),
            scoring,
        )

    @property
    def n_tokens(self) -> int:
        """Tokens to read, without the root."""
        return len(self.places)

    def below(self, root: int) -> list[Segment]:
        """Return the segments to append to a tree's list right after the segment `root`, under which they hang."""
        return [Segment(tokens, root if parent is None else root + 1 + parent) for tokens, parent in self.segments]

    def rows(self, starts: Sequence[int], lengths: Sequence[int], root: int) -> dict[int, int]:
        """Return where in a row each node that is read stands, and as -1 the last token of the root.

        Args:
            starts: Row index where each segment of the tree begins.
            lengths: Token count of each segment.
            root: The segment that the trie hangs under; `below` follows it in the list.
        """
        rows = {-1: starts[root] + lengths[root] - 1}
        return rows | {node: starts[root + 1 + number] + offset for node, (number, offset) in self.places.items()}

    def sum_paths(self, steps: FloatArray) -> FloatArray:
        """Return each answer's score from those of the scored nodes. Shapes ``(scored,)`` and ``(answers,)``."""
        by_node = np.zeros(len(self.trie.tokens))
        by_node[self.scored] = steps
        return np.array([by_node[list(path)].sum() for path in self.trie.paths])
