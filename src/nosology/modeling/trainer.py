"""Training on token trees: transformers' Trainer with three things replaced.

The batch is one packed tree (the instruction once, the notes below it, each with its answer), the loss is read at
answer positions only, and evaluation scores all answers of every validation note. Everything else (optimizer,
schedule, checkpoints, resuming, accumulation, several processes, trackers) is the Trainer's own. The loss of a step
is the mean over all answer tokens of its notes, end-of-turn included, whatever the accumulation and the number of
processes.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from accelerate.utils import gather_object
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import Dataset
from transformers import Trainer
from transformers.trainer_utils import EvalLoopOutput

from nosology.errors import ModelError
from nosology.modeling.attention import TreePass
from nosology.modeling.encoding import EncodedNote, PromptEncoder
from nosology.modeling.loading import decoder
from nosology.modeling.scoring import AnswerScorer
from nosology.modeling.title_targets import HungTitles, TitleTarget
from nosology.modeling.tree import PackedTree, Segment, pack


@dataclass(frozen=True, slots=True)
class Example:
    """One note to learn from.

    Attributes:
        note_id: Named when something goes wrong with its batch.
        note: Its tokens.
        category: Index of its category in the label set.
        weight: Factor on its loss; 1 unless rare categories weigh more.
        titles: What its codes say about rubric titles; empty where they are unknown or not to be learned.
    """

    note_id: str
    note: EncodedNote = field(repr=False)
    category: int
    weight: float = 1.0
    titles: tuple[TitleTarget, ...] = field(default=(), repr=False)


class Examples(Dataset[Example]):
    """A list of examples in the shape that data loaders want."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = list(examples)

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Example:
        return self.examples[index]


class TreeCollator:
    """Packs examples into one tree under the instruction."""

    def __init__(self, encoder: PromptEncoder) -> None:
        """Take the encoder that holds the instruction and the answers as tokens."""
        self.encoder = encoder
        self._choices = choices_along(encoder.answers)

    def __call__(self, examples: Sequence[Example]) -> dict[str, Any]:
        """Return one batch.

        Returns:
            ``categories`` of shape ``(notes,)`` (first, because the Trainer reads the batch size off it), the packed
            ``tree``, ``predictors`` (row indices whose output predicts an answer token), their ``targets`` and
            ``weights``, each of shape ``(answer tokens,)``, their ``choices`` (the tokens that go on to some category
            from there, filled up with -1) of shape ``(answer tokens, most choices)``, and the ``note_ids``. For the
            rubric titles likewise ``title_predictors``, ``title_targets``, ``title_weights`` and ``title_choices``.
        """
        segments = [Segment(self.encoder.root)]
        answers = []
        titles = HungTitles()
        for example in examples:
            note = len(segments)
            segments.append(Segment(example.note.tokens, parent=0))
            answers.append(len(segments))
            segments.append(Segment(self.encoder.answers[example.category], parent=note))
            answer = (example.category, answers[-1])
            titles.hang(segments, self.encoder, note, answer, example.titles, example.weight)
        tree = pack(segments)
        predictors = [row for answer in answers for row in tree.predictors(answer)]
        targets = [token for example in examples for token in self.encoder.answers[example.category]]
        weights = [example.weight for example in examples for _ in self.encoder.answers[example.category]]
        return {
            "categories": torch.tensor([example.category for example in examples]),
            "tree": tree,
            "predictors": torch.tensor(predictors),
            "targets": torch.tensor(targets),
            "weights": torch.tensor(weights),
            "choices": torch.cat([self._choices[example.category] for example in examples]),
            "title_predictors": torch.tensor(titles.predictors(tree), dtype=torch.long),
            "title_targets": torch.tensor(titles.targets, dtype=torch.long),
            "title_weights": torch.tensor(titles.weights),
            "title_choices": torch.tensor(titles.padded_choices(), dtype=torch.long),
            "note_ids": [example.note_id for example in examples],
        }


class TreeTrainer(Trainer):  # type: ignore[misc]
    """transformers' Trainer for token trees.

    Losses arrive here already divided by the number of answer tokens of the whole step, so the Trainer must not divide
    them again by the accumulation steps.
    """

    loss_is_scaled_for_ga = True

    def __init__(
        self,
        *,
        encoder: PromptEncoder,
        eval_batch_tokens: int,
        label_smoothing: float = 0.0,
        choice_weight: float = 0.0,
        title_weight: float = 0.0,
        **settings: Any,
    ) -> None:
        super().__init__(data_collator=TreeCollator(encoder), **settings)
        self.model_accepts_loss_kwargs = True
        self._encoder = encoder
        self._eval_batch_tokens = eval_batch_tokens
        self._label_smoothing = label_smoothing
        self._choice_weight = choice_weight
        self._title_weight = title_weight
        self._mean_answer = sum(map(len, encoder.answers)) / len(encoder.answers)
        self._tokens_since_log = 0
        self._time_of_log = time.perf_counter()

    def get_batch_samples(
        self, epoch_iterator: Any, num_batches: int, device: torch.device
    ) -> tuple[list[Any], Tensor | None]:
        """Return the batches of one step and their number of answer tokens, over all processes."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        if not batches:
            return batches, None
        count = torch.tensor(sum(len(batch["targets"]) for batch in batches), device=device)
        if self.args.world_size > 1:
            count = self.accelerator.gather(count).sum()
        return batches, count

    def compute_loss(
        self,
        model: Any,
        inputs: Mapping[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """Return the batch's share of the step's mean loss over answer tokens.

        Raises:
            ModelError: The loss is not a finite number; says which notes were in the batch.
        """
        tree: PackedTree = inputs["tree"]
        n_answer_tokens = len(inputs["targets"])
        all_logits = answer_logits(model, tree, torch.cat([inputs["predictors"], inputs["title_predictors"]]))
        logits, title_logits = all_logits[:n_answer_tokens], all_logits[n_answer_tokens:]
        losses = cross_entropy(
            logits.float(), inputs["targets"], reduction="none", label_smoothing=self._label_smoothing
        )
        if self._choice_weight:
            # Nearly every token of an answer is no choice: scaled so that a note, not a token, has weight 1.
            choosing = choice_losses(logits.float(), inputs["targets"], inputs["choices"]) * self._mean_answer
            losses = (1 - self._choice_weight) * losses + self._choice_weight * choosing
        count = num_items_in_batch if num_items_in_batch is not None else len(losses)
        total = (losses * inputs["weights"]).sum()
        if self._title_weight and len(title_logits):
            choosing = choice_losses(title_logits.float(), inputs["title_targets"], inputs["title_choices"])
            total = total + self._title_weight * self._mean_answer * (choosing * inputs["title_weights"]).sum()
        loss = total / count * self.accelerator.num_processes
        if not torch.isfinite(loss):
            raise ModelError(
                f"the loss of step {self.state.global_step + 1} is not a finite number",
                place=f"notes {', '.join(inputs['note_ids'])}",
                hint="lower train.learning_rate and go on with --resume from the last checkpoint",
            )
        self._tokens_since_log += len(tree.input_ids)
        return (loss, logits) if return_outputs else loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add tokens per second to each training step's log."""
        if "loss" in logs:
            now = time.perf_counter()
            logs["tokens_per_second"] = self._tokens_since_log / max(now - self._time_of_log, 1e-9)
            self._tokens_since_log, self._time_of_log = 0, now
        super().log(logs, start_time)

    def evaluation_loop(
        self,
        dataloader: Any,
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> EvalLoopOutput:
        """Score all answers of every note; the loss is the mean over the true answers' tokens."""
        del description, prediction_loss_only, ignore_keys
        examples: list[Example] = dataloader.dataset.examples
        mine = range(self.args.process_index, len(examples), self.args.world_size)
        model = self.accelerator.unwrap_model(self.model)
        was_training = model.training
        model.eval()
        scorer = AnswerScorer(model, self._encoder, batch_tokens=self._eval_batch_tokens)
        scores = scorer.scores([examples[index].note for index in mine])
        model.train(was_training)
        scores = self._gather_rows(scores, len(examples))
        categories = np.array([example.category for example in examples])
        true_scores = scores[np.arange(len(examples)), categories]
        n_tokens = sum(len(self._encoder.answers[category]) for category in categories)
        metrics = {
            f"{metric_key_prefix}_loss": float(-true_scores.sum() / n_tokens),
            f"{metric_key_prefix}_accuracy": float((scores.argmax(axis=1) == categories).mean()),
        }
        self._time_of_log = time.perf_counter()
        return EvalLoopOutput(predictions=scores, label_ids=categories, metrics=metrics, num_samples=len(examples))

    def _gather_rows(self, scores: Any, n_rows: int) -> Any:
        """Return the rows of all processes in their original order."""
        if self.args.world_size == 1:
            return scores
        parts = gather_object([scores])
        rows = np.zeros((n_rows, scores.shape[1]))
        for rank, part in enumerate(parts):
            rows[rank :: self.args.world_size] = part
        return rows


def choices_along(answers: Sequence[Sequence[int]]) -> tuple[Tensor, ...]:
    """Return for each answer the tokens that go on to some answer at each of its steps.

    Returns:
        One tensor an answer, filled up with -1. Shape ``(answer tokens, most choices)``.
    """
    steps = [
        [sorted({other[depth] for other in answers if other[:depth] == answer[:depth]}) for depth in range(len(answer))]
        for answer in answers
    ]
    width = max(len(choices) for answer in steps for choices in answer)
    return tuple(torch.tensor([[*choices, *[-1] * (width - len(choices))] for choices in answer]) for answer in steps)


def choice_losses(logits: Tensor, targets: Tensor, choices: Tensor) -> Tensor:
    """Return the cost of each target when only tokens that go on to some answer may be chosen.

    Args:
        logits: Next-token scores in nats. Shape ``(positions, vocabulary)``.
        targets: The tokens that follow. Shape ``(positions,)``.
        choices: Allowed tokens, filled up with -1. Shape ``(positions, most choices)``.

    Returns:
        Negative log-probabilities, 0 where there is no choice. Shape ``(positions,)``.
    """
    allowed = logits.gather(1, choices.clamp(min=0)).masked_fill(choices < 0, -torch.inf)
    return allowed.logsumexp(dim=1) - logits.gather(1, targets[:, None])[:, 0]


def answer_logits(model: Any, tree: PackedTree, predictors: Tensor) -> Tensor:
    """Return next-token scores at chosen positions of a packed row, with gradients.

    Args:
        model: A causal language model whose attention is the tree's, bare, with an adapter, or wrapped for several
            processes.
        tree: The row.
        predictors: Row indices. Shape ``(positions,)``.

    Returns:
        Scores in nats, not normalized. Shape ``(positions, vocabulary)``.
    """
    inner = getattr(model, "module", model)
    embeddings = decoder(inner).get_input_embeddings().weight
    path: Literal["blocks", "flex"] = "flex" if embeddings.device.type == "cuda" else "blocks"
    guide = TreePass(tree, path=path).prepare(embeddings.device, embeddings.dtype)
    output = model(
        input_ids=tree.input_ids[None].to(embeddings.device),
        position_ids=tree.position_ids[None].to(embeddings.device),
        logits_to_keep=predictors.to(embeddings.device),
        use_cache=False,
        tree=guide,
    )
    logits: Tensor = output.logits[0]
    return logits
