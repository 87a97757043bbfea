"""The loss of one packed batch: a weighted sum over answer tokens, divided by their number."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import TrainingArguments

from nosology.modeling.attention import TREE_ATTENTION
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.prompts import PromptTemplate
from nosology.training.trainer import Example, Examples, TreeCollator, TreeTrainer
from tiny_models import CATEGORIES, chatml_tokenizer, tiny_llama


@pytest.fixture(scope="module")
def encoder() -> PromptEncoder:
    return PromptEncoder(chatml_tokenizer(), PromptTemplate.load("physician-v1"), CATEGORIES, max_note_tokens=32)


@pytest.fixture(scope="module")
def trainer(encoder: PromptEncoder, tmp_path_factory: pytest.TempPathFactory) -> TreeTrainer:
    model = tiny_llama()
    model.set_attn_implementation(TREE_ATTENTION)
    folder: Path = tmp_path_factory.mktemp("trainer")
    return TreeTrainer(
        model=model,
        encoder=encoder,
        eval_batch_tokens=512,
        label_smoothing=0.0,
        args=TrainingArguments(output_dir=str(folder), use_cpu=True, report_to=[]),
        train_dataset=Examples([]),
        callbacks=[],
    )


def loss_of(trainer: TreeTrainer, encoder: PromptEncoder, examples: list[Example], count: int) -> float:
    """Return the loss of a batch in a step of ``count`` answer tokens."""
    batch = TreeCollator(encoder)(examples)
    with torch.no_grad():
        return float(trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(count)))


@pytest.fixture(scope="module")
def pair(encoder: PromptEncoder) -> list[Example]:
    return [
        Example("first", encoder.note("fever and cough"), category=0),
        Example("second", encoder.note("chest pain"), category=2),
    ]


def test_a_notes_weight_multiplies_its_share_of_the_loss(
    trainer: TreeTrainer, encoder: PromptEncoder, pair: list[Example]
) -> None:
    first, second = (loss_of(trainer, encoder, [example], count=10) for example in pair)
    weighted = [replace(pair[0], weight=0.5), replace(pair[1], weight=3.0)]
    assert loss_of(trainer, encoder, weighted, count=10) == pytest.approx(0.5 * first + 3 * second, rel=1e-5)


def test_a_note_of_no_weight_teaches_nothing(trainer: TreeTrainer, encoder: PromptEncoder, pair: list[Example]) -> None:
    alone = loss_of(trainer, encoder, pair[:1], count=10)
    assert loss_of(trainer, encoder, [pair[0], replace(pair[1], weight=0.0)], count=10) == pytest.approx(
        alone, rel=1e-5
    )


def test_the_loss_is_divided_by_the_answer_tokens_of_the_whole_step(
    trainer: TreeTrainer, encoder: PromptEncoder, pair: list[Example]
) -> None:
    assert loss_of(trainer, encoder, pair, count=20) == pytest.approx(loss_of(trainer, encoder, pair, count=5) / 4)


def test_the_end_of_the_turn_is_among_the_targets(encoder: PromptEncoder, pair: list[Example]) -> None:
    batch = TreeCollator(encoder)(pair)
    expected = [*encoder.answers[0], *encoder.answers[2]]
    assert batch["targets"].tolist() == expected
    assert batch["targets"].tolist().count(encoder.end_of_turn) == 2
