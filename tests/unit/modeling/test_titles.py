"""Rubric titles on the token tree: scores equal those of titles read one by one, and the loss is what is scored."""

import numpy as np
import pytest
import torch

from nosology.modeling.attention import TREE_ATTENTION
from nosology.modeling.encoding import EncodedNote, PromptEncoder
from nosology.modeling.probing import probe, without
from nosology.modeling.prompts import PromptTemplate
from nosology.modeling.title_targets import title_targets
from nosology.modeling.titles import TitleScorer, TitleScores, most_probable
from nosology.training.trainer import Example, TreeCollator, answer_logits, choice_losses
from tiny_models import CATEGORIES, chatml_tokenizer, tiny_llama

TITLES = (
    "Cholera",
    "Typhoid fever",
    "Typhoid and paratyphoid fevers",
    "Malignant neoplasm of lip",
    "Malignant neoplasm of tongue",
    "Benign neoplasm of skin",
    "Fracture of vault of skull",
    "Rosacea",
    "Acne",
)
GROUPS = ((0, 1, 2), (3, 4, 5), (6,), (7, 8))
NOTE = "patient admitted with fever and cough; chest pain. treated with antibiotics"
TOLERANCE = 2e-5
"""Nats: float32 sums in another order."""


@pytest.fixture(scope="module")
def world() -> tuple[object, PromptEncoder]:
    tokenizer = chatml_tokenizer()
    model = tiny_llama(vocabulary=len(tokenizer) + 3)
    model.config._attn_implementation = TREE_ATTENTION
    return model, PromptEncoder(tokenizer, PromptTemplate.load("physician-v1"), CATEGORIES)


def scorer_of(world: tuple[object, PromptEncoder], scoring: str, batch_tokens: int = 4096) -> TitleScorer:
    return TitleScorer(world[0], world[1], TITLES, GROUPS, scoring=scoring, batch_tokens=batch_tokens)  # type: ignore[arg-type]


def scores(scorer: TitleScorer, note: EncodedNote, *, mass: float) -> TitleScores:
    """Return what the model says of one note, read for this alone."""
    return scorer.scores(scorer.read_note(note), mass=mass)


def log_softmax_at(model: object, tokens: list[int]) -> torch.Tensor:
    """Return next-token log-probabilities of one plain sequence: the oracle. Shape ``(tokens, vocabulary)``."""
    with torch.inference_mode():
        return model(input_ids=torch.tensor([tokens])).logits[0].double().log_softmax(dim=-1)  # type: ignore[operator]


def alone(world: tuple[object, PromptEncoder], note: str, category: int, place: int, scoring: str) -> float:
    """Return a title's score from its own full prompt, with nothing shared."""
    model, encoder = world
    beginning = [*encoder.root, *encoder.note(note).tokens, *encoder.answers[category], *encoder.title_cue]
    title = encoder.title(TITLES[place])
    siblings = [encoder.title(TITLES[other]) for other in GROUPS[category]]
    log_probs = log_softmax_at(model, [*beginning, *title])
    total = 0.0
    for depth, token in enumerate(title):
        row = log_probs[len(beginning) + depth - 1]
        if scoring == "constrained":
            choices = sorted({other[depth] for other in siblings if other[:depth] == title[:depth]})
            row = row - row[choices].logsumexp(dim=0)
        total += float(row[token])
    return total


@pytest.mark.parametrize("scoring", ["joint", "constrained"])
def test_titles_on_the_tree_score_as_each_does_alone(world: tuple[object, PromptEncoder], scoring: str) -> None:
    scorer = scorer_of(world, scoring)
    found = scorer.title_log_probs(scorer.read_note(world[1].note(NOTE)).keys_values, range(len(CATEGORIES)))
    for category, group in enumerate(GROUPS):
        expected = np.array([alone(world, NOTE, category, place, scoring) for place in group])
        expected -= np.logaddexp.reduce(expected)
        np.testing.assert_allclose(found[list(group)], expected, atol=TOLERANCE)


def test_constrained_scores_sum_to_one_before_they_are_normalized(world: tuple[object, PromptEncoder]) -> None:
    for category, group in enumerate(GROUPS):
        scores = [alone(world, NOTE, category, place, "constrained") for place in group]
        assert np.logaddexp.reduce(scores) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("batch_tokens", [1, 64, 4096])
def test_scores_do_not_depend_on_how_categories_are_batched(
    world: tuple[object, PromptEncoder], batch_tokens: int
) -> None:
    note = world[1].note(NOTE)
    expected, found = (
        scores(scorer_of(world, "joint"), note, mass=1),
        scores(scorer_of(world, "joint", batch_tokens), note, mass=1),
    )
    np.testing.assert_allclose(found.titles, expected.titles, atol=TOLERANCE)
    np.testing.assert_allclose(found.categories, expected.categories, atol=TOLERANCE)


def test_only_categories_that_hold_the_mass_are_read_and_the_rest_is_reported(
    world: tuple[object, PromptEncoder],
) -> None:
    scorer, note = scorer_of(world, "constrained"), world[1].note(NOTE)
    probabilities = np.exp(scores(scorer, note, mass=1).categories)
    best = int(probabilities.argmax())
    few = scores(scorer, note, mass=float(probabilities[best]) - 1e-6)
    assert few.mass_left_out == pytest.approx(1 - probabilities[best])
    assert not np.isnan(few.titles[list(GROUPS[best])]).any()
    others = [place for category, group in enumerate(GROUPS) if category != best for place in group]
    assert np.isnan(few.titles[others]).all()
    assert scores(scorer, note, mass=1).mass_left_out == 0


def test_the_most_probable_indices_hold_the_mass_with_none_to_spare() -> None:
    probabilities = np.array([0.1, 0.5, 0.05, 0.35])
    assert most_probable(probabilities, 0.85) == [1, 3]
    assert most_probable(probabilities, 0.86) == [1, 3, 0]
    assert most_probable(probabilities, 1) == [1, 3, 0, 2]


def test_the_title_loss_is_the_negative_score(world: tuple[object, PromptEncoder]) -> None:
    model, encoder = world
    targets = title_targets(encoder, TITLES, GROUPS)
    assert 6 not in targets, "the only rubric of a category leaves nothing to learn"
    example = Example("n", encoder.note(NOTE), category=0, titles=(targets[1], targets[4], targets[8]))
    batch = TreeCollator(encoder)([example])
    rows = torch.cat([batch["predictors"], batch["title_predictors"]])
    logits = answer_logits(model, batch["tree"], rows)[len(batch["predictors"]) :]
    losses = choice_losses(logits.float(), batch["title_targets"], batch["title_choices"])
    expected = -sum(alone(world, NOTE, category, place, "constrained") for category, place in ((0, 1), (1, 4), (3, 8)))
    assert float(losses.sum()) == pytest.approx(expected, abs=1e-3)
    assert batch["title_weights"].tolist() == pytest.approx([1 / 3] * len(losses))


def test_titles_leave_the_answers_loss_alone(world: tuple[object, PromptEncoder]) -> None:
    model, encoder = world
    targets = title_targets(encoder, TITLES, GROUPS)
    notes = [encoder.note(NOTE), encoder.note("rash")]
    plain = TreeCollator(encoder)([Example("a", notes[0], 1), Example("b", notes[1], 3)])
    taught = TreeCollator(encoder)(
        [Example("a", notes[0], 1, titles=(targets[4], targets[0])), Example("b", notes[1], 3)]
    )
    torch.testing.assert_close(
        answer_logits(model, taught["tree"], taught["predictors"]),
        answer_logits(model, plain["tree"], plain["predictors"]),
        atol=1e-4,
        rtol=1e-4,
    )
    assert len(plain["title_targets"]) == 0


@pytest.mark.parametrize("how", ["leave out", "hide"])
def test_probing_the_whole_note_gives_its_scores(world: tuple[object, PromptEncoder], how: str) -> None:
    encoder, scorer = world[1], scorer_of(world, "constrained")
    note = encoder.note(NOTE)
    expected = scores(scorer, note, mass=1)
    nothing = np.zeros(len(note.tokens), np.bool_)
    whole = without(note, len(encoder.root), len(encoder.cue), nothing, how)  # type: ignore[arg-type]
    places = [0, 2, 4, 8]
    categories, titles = probe(
        scorer, scorer.read_note(note).keys_values, [whole], [scorer.targets[place] for place in places]
    )
    np.testing.assert_allclose(categories[0], expected.categories, atol=TOLERANCE)
    np.testing.assert_allclose(titles[0], expected.titles[places], atol=TOLERANCE)


def test_leaving_tokens_out_equals_reading_the_shorter_note(world: tuple[object, PromptEncoder]) -> None:
    encoder, scorer = world[1], scorer_of(world, "constrained")
    note = encoder.note(NOTE)
    variants, shorter = [], []
    for first, last in ((0, 3), (4, 9), (len(note.tokens) - len(encoder.cue) - 2, len(note.tokens) - len(encoder.cue))):
        part = np.zeros(len(note.tokens), np.bool_)
        part[first:last] = True
        variants.append(without(note, len(encoder.root), len(encoder.cue), part, "leave out"))
        kept = tuple(token for token, gone in zip(note.tokens, part, strict=True) if not gone)
        shorter.append(EncodedNote(NOTE, kept, 0, len(kept)))
    categories, titles = probe(scorer, scorer.read_note(note).keys_values, variants, [scorer.targets[2]])
    for row, other in enumerate(shorter):
        expected = scores(scorer, other, mass=1)
        np.testing.assert_allclose(categories[row], expected.categories, atol=TOLERANCE)
        np.testing.assert_allclose(titles[row, 0], expected.titles[2], atol=TOLERANCE)


def test_every_token_knows_where_it_ends_in_the_text(world: tuple[object, PromptEncoder]) -> None:
    encoder = world[1]
    text = "  fever é日 cough "
    note = encoder.note(text, with_places=True)
    places = note.places
    assert len(places) == len(note.tokens)
    assert places[-len(encoder.cue) :] == (-1,) * len(encoder.cue)
    inside = places[: -len(encoder.cue)]
    assert list(inside) == sorted(inside)
    assert (inside[0] >= 2, inside[-1]) == (True, text.rindex("h"))


def test_places_of_a_shortened_note_skip_its_middle() -> None:
    tokenizer = chatml_tokenizer()
    encoder = PromptEncoder(tokenizer, PromptTemplate.load("physician-v1"), CATEGORIES, max_note_tokens=16)
    text = "fever " * 40
    note = encoder.note(text, with_places=True)
    places = note.places
    assert note.truncated_tokens
    assert len(places) == len(note.tokens)
    inside = [place for place in places if place >= 0]
    assert inside == sorted(inside)
    assert all(text[place] != " " for place in inside)
