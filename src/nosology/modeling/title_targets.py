"""Rubric titles as something to learn: the second segment under a training answer.

    note ── "Cardiovascular<eot>" ── cue ──┬── "Acute myoc"        (the rest of the title leaves no choice)
                                           └── "Heart"
         └─ "Endocrine<eot>"      ── cue ──── "Diabetes"           (no loss on this category: it is not the label)

What is learned is exactly what `nosology.modeling.titles` scores: at every step where titles of the category part ways,
the right token among those that go on to some title. The sum over a title is therefore -log P(rubric | category, note),
and tokens after the last choice are never read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.tree import PackedTree, Segment
from nosology.modeling.trie import AnswerTrie, Choice


@dataclass(frozen=True, slots=True)
class TitleTarget:
    """One rubric's title, cut after its last choice.

    Attributes:
        category: Index of its category.
        tokens: Tokens to read; none where the first token is the only choice.
        steps: The choices along the title.
    """

    category: int
    tokens: tuple[int, ...]
    steps: tuple[Choice, ...] = field(repr=False)


def title_targets(
    encoder: PromptEncoder, titles: Sequence[str], groups: Sequence[Sequence[int]]
) -> dict[int, TitleTarget]:
    """Return what there is to learn about each rubric, by its place; nothing for the only rubric of a category.

    Args:
        encoder: Cuts titles into tokens.
        titles: Every rubric's title.
        groups: For each category the places of its titles.
    """
    targets: dict[int, TitleTarget] = {}
    for category, group in enumerate(groups):
        if not group:
            continue
        trie = AnswerTrie.build([encoder.title(titles[place]) for place in group])
        for place, path, steps in zip(group, trie.paths, trie.choices(), strict=True):
            if steps:
                read = tuple(trie.tokens[node] for node in path[: steps[-1].depth])
                targets[place] = TitleTarget(category, read, steps)
    return targets


@dataclass(slots=True)
class TitleAnswers:
    """The titles of one batch, as segments that were added to its tree.

    Attributes:
        steps: For each choice the cue's segment, the title's segment (None where it reads nothing), and the depth.
        targets: The right tokens.
        choices: The tokens to choose from.
        weights: Factors on the losses: the titles of a note weigh as much as one.
    """

    steps: list[tuple[int, int | None, int]] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    choices: list[tuple[int, ...]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def hang(
        self,
        segments: list[Segment],
        encoder: PromptEncoder,
        note: int,
        answer: tuple[int, int],
        titles: Sequence[TitleTarget],
        weight: float,
    ) -> None:
        """Add the titles of one note to the tree.

        Args:
            segments: The tree so far; grows.
            encoder: Holds the categories' answers and the cue.
            note: The note's segment.
            answer: The label's category and the segment of its answer.
            titles: What there is to learn.
            weight: The note's.
        """
        cues: dict[int, int] = {}
        for title in titles:
            if title.category not in cues:
                parent = answer[1]
                if title.category != answer[0]:
                    parent = len(segments)
                    segments.append(Segment(encoder.answers[title.category], parent=note))
                cues[title.category] = len(segments)
                segments.append(Segment(encoder.title_cue, parent=parent))
            cue, own = cues[title.category], None
            if title.tokens:
                own = len(segments)
                segments.append(Segment(title.tokens, parent=cue))
            for depth, target, choices in title.steps:
                self.steps.append((cue, own, depth))
                self.targets.append(target)
                self.choices.append(choices)
                self.weights.append(weight / len(titles))

    def predictors(self, tree: PackedTree) -> list[int]:
        """Return the row index whose output predicts each target."""
        return [
            tree.starts[cue] + tree.lengths[cue] - 1 if depth == 0 or own is None else tree.starts[own] + depth - 1
            for cue, own, depth in self.steps
        ]

    def padded_choices(self) -> list[list[int]]:
        """Return the choices, filled up with -1 to the length of the longest."""
        width = max((len(choices) for choices in self.choices), default=0)
        return [[*choices, *[-1] * (width - len(choices))] for choices in self.choices]
