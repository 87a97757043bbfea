"""Answers as a trie: what is shared, what has to be read, and where there is a choice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.modeling.tree import Segment, pack
from nosology.modeling.trie import AnswerTrie, Choice, Scoring, TriePlan

ANSWERS = [(1, 2, 3, 9), (1, 2, 4, 5, 9), (6, 7, 9)]
SOME_ANSWERS = st.lists(
    st.lists(st.integers(0, 3), min_size=1, max_size=5).map(lambda answer: (*answer, 9)),
    min_size=1,
    max_size=8,
    unique=True,
)


def test_a_trie_shares_beginnings() -> None:
    trie = AnswerTrie.build([(1, 2, 9), (1, 3, 9), (4, 9)])
    assert trie.tokens == (1, 2, 9, 3, 9, 4, 9)
    assert trie.paths == ((0, 1, 2), (0, 3, 4), (5, 6))


def test_jointly_every_node_with_a_child_is_read_and_constrained_only_those_before_a_choice() -> None:
    trie = AnswerTrie.build([(1, 2, 9), (1, 3, 9), (4, 9)])
    assert trie.inner_nodes("joint") == [0, 1, 3, 5]
    assert trie.inner_nodes("constrained") == [0]


@pytest.mark.parametrize("answers", [[(1, 2), (1, 2)], [()]])
def test_answers_that_no_score_could_tell_apart_are_refused(answers: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="same tokens"):
        AnswerTrie.build(answers)


def test_a_score_adds_up_every_token_or_those_with_a_choice() -> None:
    trie = AnswerTrie.build(ANSWERS)
    assert trie.n_scored_steps("joint") == (4, 5, 3)
    assert trie.n_scored_steps("constrained") == (2, 2, 1)
    assert AnswerTrie.build([(1, 9)]).n_scored_steps("constrained") == (1,), "nothing is divided by 0"


def test_the_choices_along_an_answer_say_where_which_token_and_out_of_which() -> None:
    assert AnswerTrie.build(ANSWERS).choices() == [
        (Choice(0, 1, (1, 6)), Choice(2, 3, (3, 4))),
        (Choice(0, 1, (1, 6)), Choice(2, 4, (3, 4))),
        (Choice(0, 6, (1, 6)),),
    ]


@given(SOME_ANSWERS)
@settings(max_examples=60)
def test_a_choice_names_the_tokens_that_go_on_to_some_answer(answers: list[tuple[int, ...]]) -> None:
    for answer, choices in zip(answers, AnswerTrie.build(answers).choices(), strict=True):
        expected = []
        for depth, token in enumerate(answer):
            following = {other[depth] for other in answers if other[:depth] == answer[:depth]}
            if len(following) > 1:
                expected.append((depth, token, tuple(sorted(following))))
        assert list(choices) == expected


def test_a_plan_reads_no_token_behind_the_last_choice() -> None:
    assert TriePlan.make(ANSWERS, "constrained").n_tokens == 2  # 1 and 2; 6 leaves no choice
    assert TriePlan.make(ANSWERS, "joint").n_tokens == 7  # every token but the three 9
    assert [tokens for tokens, _ in TriePlan.make(ANSWERS, "constrained").segments] == [(1, 2)]


@given(SOME_ANSWERS)
@settings(max_examples=60)
def test_every_path_adds_up_its_own_choices(answers: list[tuple[int, ...]]) -> None:
    plan = TriePlan.make(answers, "constrained")
    steps = -np.arange(1.0, len(plan.scored) + 1)
    by_node = dict(zip(plan.scored.tolist(), steps, strict=True))
    expected = [sum(by_node.get(node, 0.0) for node in path) for path in plan.trie.paths]
    np.testing.assert_allclose(plan.sum_paths(steps), expected)


@pytest.mark.parametrize("scoring", ["joint", "constrained"])
@given(answers=SOME_ANSWERS)
@settings(max_examples=40)
def test_a_node_stands_in_the_row_where_its_token_and_its_distance_from_the_root_say(
    scoring: Scoring, answers: list[tuple[int, ...]]
) -> None:
    plan = TriePlan.make(answers, scoring)
    segments = [Segment((7, 7))]
    segments += plan.below(0)
    second = len(segments)
    segments.append(Segment((8, 8, 8)))
    segments += plan.below(second)
    tree = pack(segments)
    depths = {node: depth for path in plan.trie.paths for depth, node in enumerate(path)}
    for root, length in ((0, 2), (second, 3)):
        rows = plan.rows(tree.starts, tree.lengths, root)
        assert rows.pop(-1) == tree.starts[root] + length - 1
        assert set(rows) == set(plan.trie.inner_nodes(scoring))
        for node, row in rows.items():
            assert int(tree.input_ids[row]) == plan.trie.tokens[node]
            assert int(tree.position_ids[row]) == length + depths[node]
