"""What there is to learn about rubric titles: every choice on the way to a title, and nothing behind the last one."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.title_targets import TitleAnswers, TitleTarget, title_targets
from nosology.modeling.tree import Segment, pack
from tiny_models import CATEGORIES, TEMPLATE, chatml_tokenizer

ENCODER = PromptEncoder(chatml_tokenizer(), TEMPLATE, CATEGORIES, max_note_tokens=60)
TITLES = (
    "Cholera", "Typhoid fever", "Typhoid and paratyphoid fevers", "Malignant neoplasm of lip",
    "Malignant neoplasm of tongue", "Fracture of vault of skull", "Rosacea", "Acne",
)  # fmt: skip
GROUPS = ((0, 1, 2), (3, 4), (5,), (6, 7))


@pytest.fixture(scope="module")
def targets() -> dict[int, TitleTarget]:
    """What there is to learn of the titles above."""
    return title_targets(ENCODER, TITLES, GROUPS)


def common_beginning(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """Return how many first tokens two titles share."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def test_the_only_rubric_of_a_category_has_nothing_to_learn(targets: dict[int, TitleTarget]) -> None:
    assert set(targets) == {0, 1, 2, 3, 4, 6, 7}


def test_each_rubric_belongs_to_its_category(targets: dict[int, TitleTarget]) -> None:
    assert {place: target.category for place, target in targets.items()} == {
        0: 0, 1: 0, 2: 0, 3: 1, 4: 1, 6: 3, 7: 3,
    }  # fmt: skip


def test_titles_that_part_at_their_first_token_read_nothing(targets: dict[int, TitleTarget]) -> None:
    rosacea, acne = ENCODER.title("Rosacea"), ENCODER.title("Acne")
    assert rosacea[0] != acne[0]
    choices = tuple(sorted((rosacea[0], acne[0])))
    assert targets[6].tokens == targets[7].tokens == ()
    assert targets[6].steps == ((0, rosacea[0], choices),)
    assert targets[7].steps == ((0, acne[0], choices),)


def test_titles_are_read_up_to_the_choice_and_no_further(targets: dict[int, TitleTarget]) -> None:
    lip, tongue = ENCODER.title(TITLES[3]), ENCODER.title(TITLES[4])
    shared = common_beginning(lip, tongue)
    assert shared > 1
    assert targets[3].tokens == targets[4].tokens == lip[:shared]
    assert targets[3].steps == ((shared, lip[shared], tuple(sorted((lip[shared], tongue[shared])))),)


def test_a_title_may_choose_more_than_once(targets: dict[int, TitleTarget]) -> None:
    cholera, fever, fevers = (ENCODER.title(TITLES[place]) for place in (0, 1, 2))
    assert cholera[0] != fever[0]
    shared = common_beginning(fever, fevers)
    assert [depth for depth, _, _ in targets[1].steps] == [0, shared]
    assert [token for _, token, _ in targets[1].steps] == [fever[0], fever[shared]]
    assert len(targets[0].steps) == 1, "behind its first token there is only one cholera"


some_titles = st.lists(
    st.lists(st.sampled_from(["a", "b", "fever", "of", "lip"]), min_size=1, max_size=4).map(" ".join),
    min_size=2,
    max_size=7,
    unique=True,
)


@settings(max_examples=60)
@given(some_titles)
def test_with_equal_odds_at_every_choice_the_titles_of_a_category_are_a_whole(titles: list[str]) -> None:
    """Walked down, every choice belongs to some title: the products of even chances sum to 1."""
    found = title_targets(ENCODER, titles, [range(len(titles))])
    assert set(found) == set(range(len(titles)))
    total = sum(math.prod(1 / len(choices) for _, _, choices in target.steps) for target in found.values())
    assert total == pytest.approx(1)


@settings(max_examples=60)
@given(some_titles)
def test_every_step_is_a_token_of_the_title_at_its_depth(titles: list[str]) -> None:
    for place, target in title_targets(ENCODER, titles, [range(len(titles))]).items():
        own = ENCODER.title(titles[place])
        for depth, token, choices in target.steps:
            assert own[depth] == token
            assert token in choices
            assert len(choices) > 1
            assert list(choices) == sorted(set(choices))
            others = {other[depth] for other in map(ENCODER.title, titles) if other[:depth] == own[:depth]}
            assert set(choices) == others
        assert target.tokens == own[: target.steps[-1][0]]


# ---- in a batch


def hung(places: list[int], label: int, targets: dict[int, TitleTarget]) -> tuple[TitleAnswers, list[Segment]]:
    """Return the titles of one note, hung below its answer or below categories of their own, and the whole tree."""
    segments = [Segment((1, 2, 3)), Segment((4, 5), 0), Segment(ENCODER.answers[label], 1)]
    titles = TitleAnswers()
    titles.hang(segments, ENCODER, 1, (label, 2), [targets[place] for place in places], weight=0.5)
    return titles, segments


def test_a_title_of_the_labels_category_hangs_below_the_answer(targets: dict[int, TitleTarget]) -> None:
    titles, segments = hung([3], 1, targets)
    assert [segment.parent for segment in segments] == [None, 0, 1, 2, 3]
    assert segments[3].tokens == ENCODER.title_cue
    assert segments[4].tokens == targets[3].tokens
    assert titles.targets == [targets[3].steps[0][1]]


def test_a_title_of_another_category_brings_its_own_answer(targets: dict[int, TitleTarget]) -> None:
    _, segments = hung([6], 1, targets)
    assert segments[3].tokens == ENCODER.answers[3]
    assert segments[3].parent == 1, "below the note, beside the label's answer"
    assert (segments[4].tokens, segments[4].parent) == (ENCODER.title_cue, 3)
    assert len(segments) == 5, "a title that reads nothing adds nothing"


def test_titles_of_one_category_share_answer_and_cue(targets: dict[int, TitleTarget]) -> None:
    _, segments = hung([6, 7], 1, targets)
    assert len(segments) == 5
    _, segments = hung([3, 4], 1, targets)
    assert [segment.parent for segment in segments[3:]] == [2, 3, 3]


def test_the_titles_of_a_note_weigh_as_much_as_one(targets: dict[int, TitleTarget]) -> None:
    titles, _ = hung([0, 3, 6], 1, targets)
    assert titles.weights == pytest.approx([0.5 / 3] * len(titles.targets))


def test_each_target_is_predicted_by_the_token_before_it(targets: dict[int, TitleTarget]) -> None:
    titles, segments = hung([0, 1, 3, 6], 1, targets)
    tree = pack(segments)
    for predictor, (cue, own, depth) in zip(titles.predictors(tree), titles.steps, strict=True):
        before = int(tree.input_ids[predictor])
        if depth == 0:
            assert before == ENCODER.title_cue[-1]
            assert predictor == tree.starts[cue] + len(ENCODER.title_cue) - 1
        else:
            assert own is not None
            assert before == segments[own].tokens[depth - 1]


def test_choices_are_padded_to_the_longest(targets: dict[int, TitleTarget]) -> None:
    titles, _ = hung([0, 3], 1, targets)
    padded = torch.tensor(titles.padded_choices())
    assert padded.shape == (len(titles.targets), max(map(len, titles.choices)))
    for row, choices in zip(padded.tolist(), titles.choices, strict=True):
        assert row[: len(choices)] == list(choices)
        assert set(row[len(choices) :]) <= {-1}
    assert TitleAnswers().padded_choices() == []
