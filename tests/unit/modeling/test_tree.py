"""Token trees: layout, positions, masks and blocks."""

import pytest
import torch
from hypothesis import given

from nosology.modeling.tree import Block, Segment, pack
from separate_sequences import EXAMPLE, path_of, trees


def test_a_row_is_the_tree_in_depth_first_order() -> None:
    assert pack(EXAMPLE).input_ids.tolist() == [10, 11, 12, 20, 21, 40, 50, 51, 30, 60, 61]


def test_positions_continue_where_the_parent_ends() -> None:
    assert pack(EXAMPLE).position_ids.tolist() == [0, 1, 2, 3, 4, 5, 5, 6, 3, 4, 5]


def test_positions_continue_behind_a_cached_prefix() -> None:
    assert pack([Segment((1, 2)), Segment((3,), 0)], cached_prefix=7).position_ids.tolist() == [7, 8, 9]


def test_each_root_can_have_a_cached_prefix_of_its_own() -> None:
    assert pack([Segment((1, 2)), Segment((3,))], cached_prefix=[7, 4]).position_ids.tolist() == [7, 8, 4]


def test_a_token_sees_its_ancestors_and_itself_and_nothing_else() -> None:
    seen = pack(EXAMPLE).mask()
    assert seen[7].nonzero().flatten().tolist() == [0, 1, 2, 3, 4, 6, 7]  # second token of a2: not a1
    assert seen[10].nonzero().flatten().tolist() == [0, 1, 2, 8, 9, 10]  # second token of b1: not A
    assert seen[1].nonzero().flatten().tolist() == [0, 1]


def test_an_answer_is_predicted_from_its_parents_last_token_on() -> None:
    tree = pack(EXAMPLE)
    assert tree.predictors(3) == [4]
    assert tree.predictors(4) == [4, 6]
    assert tree.predictors(5) == [8, 9]


def test_nothing_predicts_a_root() -> None:
    with pytest.raises(ValueError, match="root"):
        pack(EXAMPLE).predictors(0)


def test_blocks_are_the_root_and_the_subtrees_below_it() -> None:
    assert pack(EXAMPLE).blocks == (Block(0, 3, (0, 0)), Block(3, 8, (0, 3)), Block(8, 11, (0, 3)))


def test_behind_a_cached_prefix_each_root_is_one_block() -> None:
    notes = [Segment((1, 2)), Segment((5,), 0), Segment((6,), 0), Segment((3,)), Segment((7, 8), 3)]
    assert pack(notes, cached_prefix=2).blocks == (Block(0, 4, (0, 0)), Block(4, 7, (0, 0)))


@pytest.mark.parametrize(
    "segments", [[Segment(())], [Segment((1,), parent=0)], [Segment((1,)), Segment((2,), parent=5)]]
)
def test_impossible_trees_are_refused(segments: list[Segment]) -> None:
    with pytest.raises(ValueError, match="segment"):
        pack(segments)


def test_a_repr_shows_no_token() -> None:
    assert "31337" not in repr([Segment((31337,)), pack([Segment((31337,))])])


@given(trees())
def test_every_token_reads_its_own_path_in_order(segments: list[Segment]) -> None:
    tree = pack(segments)
    seen = tree.mask()
    for index, segment in enumerate(segments):
        last = tree.starts[index] + len(segment.tokens) - 1
        visible = seen[last].nonzero().flatten()
        expected = [token for step in path_of(segments, index) for token in segments[step].tokens]
        assert tree.input_ids[visible].tolist() == expected
        assert tree.position_ids[visible].tolist() == list(range(len(expected)))


@given(trees())
def test_blocks_cover_the_row_once_and_hide_nothing_that_is_seen(segments: list[Segment]) -> None:
    tree = pack(segments)
    assert [row for block in tree.blocks for row in range(block.start, block.stop)] == list(range(len(tree.input_ids)))
    seen = tree.mask()
    for block in tree.blocks:
        reachable = torch.zeros(len(tree.input_ids), dtype=torch.bool)
        reachable[block.start : block.stop] = True
        reachable[slice(*block.prefix)] = True
        assert not seen[block.start : block.stop, ~reachable].any()
        assert seen[block.start : block.stop, slice(*block.prefix)].all()
