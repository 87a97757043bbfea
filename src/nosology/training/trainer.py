"""Training on token trees: transformers' Trainer with three things replaced.

The batch is one packed tree (the instruction once, the notes below it, each with its answer), the loss is read at
answer positions only, and evaluation scores all categories of every validation note. Everything else (optimizer,
schedule, checkpoints, resuming, accumulation, several processes, trackers) is the Trainer's own. The loss of a step
is the mean over all answer tokens of its notes, end-of-turn included, whatever the accumulation and the number of
processes.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from accelerate.utils import gather_object
from torch import Tensor
from torch.utils.data import Dataset
from transformers import Trainer
from transformers.trainer_utils import EvalLoopOutput

from nosology.errors import ModelError
from nosology.machine import is_lack_of_memory
from nosology.modeling.attention import TreePass, best_path
from nosology.modeling.encoding import EncodedNote, PromptEncoder
from nosology.modeling.head_scoring import make_scorer
from nosology.modeling.loading import decoder
from nosology.modeling.padded import PaddedScorer, padded_logits
from nosology.modeling.title_targets import TitleAnswers, TitleTarget
from nosology.modeling.tree import PackedTree, Segment, pack, row_length
from nosology.training.balance import NoteOrder
from nosology.training.callbacks import FiniteGradients, last_whole_checkpoint
from nosology.training.halving import Halving
from nosology.training.losses import Head, adjustments_along, answer_losses, choice_losses, choices_along
from nosology.training.rows import CompiledLayers


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

    def __init__(
        self, encoder: PromptEncoder, *, head: Head = "answer", log_priors: Sequence[float] | None = None
    ) -> None:
        """Prepare what a batch is told of the answers.

        Args:
            encoder: Holds the instruction and the answers as tokens.
            head: With a classification head an answer is no tokens but a category's index, told behind the cue.
            log_priors: Logarithm of each category's share, for logit adjustment; None for none.
        """
        self.encoder = encoder
        self._hangs_answers = head == "answer"
        self.answers = (
            encoder.answers if self._hangs_answers else tuple((index,) for index in range(len(encoder.answers)))
        )
        self._choices = choices_along(self.answers)
        self._adjustments = adjustments_along(self.answers, log_priors)

    def __call__(self, examples: Sequence[Example]) -> dict[str, Any]:
        """Return one batch.

        Returns:
            ``categories`` of shape ``(notes,)`` (first, because the Trainer reads the batch size off it), the packed
            ``tree``, ``predictors`` (row indices whose output predicts an answer token), their ``targets`` and
            ``weights``, each of shape ``(answer tokens,)``, their ``choices`` (the tokens that go on to some category
            from there, filled up with -1) and the ``adjustments`` of the choices' scores, each of shape ``(answer
            tokens, most choices)``, the ``note_ids`` and the ``examples`` themselves. For the rubric titles likewise
            ``title_predictors``, ``title_targets``, ``title_weights`` and ``title_choices``.
        """
        segments = [Segment(self.encoder.root)]
        answers, notes = [], []
        titles = TitleAnswers()
        for example in examples:
            notes.append(len(segments))
            segments.append(Segment(example.note.tokens, parent=0))
            if self._hangs_answers:
                answers.append(len(segments))
                segments.append(Segment(self.answers[example.category], parent=notes[-1]))
                answer = (example.category, answers[-1])
                titles.hang(segments, self.encoder, notes[-1], answer, example.titles, example.weight)
        tree = pack(segments)
        predictors = [row for answer in answers for row in tree.predictors(answer)]
        if not self._hangs_answers:
            predictors = [tree.starts[note] + tree.lengths[note] - 1 for note in notes]
        targets = [token for example in examples for token in self.answers[example.category]]
        weights = [example.weight for example in examples for _ in self.answers[example.category]]
        return {
            "categories": torch.tensor([example.category for example in examples]),
            "tree": tree,
            "predictors": torch.tensor(predictors),
            "targets": torch.tensor(targets),
            "weights": torch.tensor(weights),
            "choices": torch.cat([self._choices[example.category] for example in examples]),
            "adjustments": torch.cat([self._adjustments[example.category] for example in examples]),
            "title_predictors": torch.tensor(titles.predictors(tree), dtype=torch.long),
            "title_targets": torch.tensor(titles.targets, dtype=torch.long),
            "title_weights": torch.tensor(titles.weights),
            "title_choices": torch.tensor(titles.padded_choices(), dtype=torch.long),
            "note_ids": [example.note_id for example in examples],
            "examples": list(examples),
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
        head: Head = "answer",
        log_priors: Sequence[float] | None = None,
        order: NoteOrder | None = None,
        is_packed: bool = True,
        compiles_layers: bool = False,
        notes_at_once: int | None = None,
        **settings: Any,
    ) -> None:
        """Take what transformers' Trainer does not know of.

        Args:
            encoder: Cuts prompts for the model.
            eval_batch_tokens: Token budget of one scoring batch.
            label_smoothing: See `nosology.training.losses`; likewise the next three.
            choice_weight: See there.
            head: See there.
            log_priors: See there.
            order: The order of an epoch's notes; None for the Trainer's own.
            is_packed: Whether the model attends along trees; False reads each note as a padded sequence of its own.
            compiles_layers: Whether the layers are compiled for the training step (on CUDA).
            notes_at_once: Larger batches are read in parts of this many notes, in smaller ones where memory runs out;
                None to read batches as they come.
            settings: The Trainer's own.
        """
        super().__init__(data_collator=TreeCollator(encoder, head=head, log_priors=log_priors), **settings)
        self.model_accepts_loss_kwargs = True
        self._encoder = encoder
        self._eval_batch_tokens = eval_batch_tokens
        self._label_smoothing = label_smoothing
        self._choice_weight = choice_weight
        self._title_weight = title_weight
        self._order = order
        self._is_packed = is_packed
        self._compiled = CompiledLayers(self.model) if compiles_layers else None
        can_halve = notes_at_once is not None and self.args.world_size == 1  # processes must keep step
        self._halving = Halving(notes_at_once, self.data_collator) if can_halve and notes_at_once else None
        self._answers = self.data_collator.answers
        self._mean_answer = sum(map(len, self._answers)) / len(self._answers)
        self._notes_of_step: list[str] = []
        self.add_callback(FiniteGradients(self._fail_at_step))
        self._tokens_since_log = 0
        self._time_of_log = time.perf_counter()

    def get_batch_samples(
        self, epoch_iterator: Any, num_batches: int, device: torch.device
    ) -> tuple[list[Any], Tensor | None]:
        """Return the batches of one step and their number of answer tokens, over all processes."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        if not batches:
            return batches, None
        self._notes_of_step = [note_id for batch in batches for note_id in batch["note_ids"]]
        if self._halving:
            self._halving.begin_step()
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
        read = answer_logits if self._is_packed else padded_logits
        all_logits = read(model, tree, torch.cat([inputs["predictors"], inputs["title_predictors"]])).float()
        logits, title_logits = torch.split(all_logits, [len(inputs["targets"]), len(inputs["title_targets"])])
        losses = answer_losses(
            logits,
            inputs["targets"],
            inputs["choices"],
            inputs["adjustments"],
            label_smoothing=self._label_smoothing,
            choice_weight=self._choice_weight,
            mean_answer=self._mean_answer,
        )
        count = num_items_in_batch if num_items_in_batch is not None else len(losses)
        total = (losses * inputs["weights"]).sum()
        if self._title_weight and len(title_logits):
            choosing = choice_losses(title_logits.float(), inputs["title_targets"], inputs["title_choices"])
            total = total + self._title_weight * self._mean_answer * (choosing * inputs["title_weights"]).sum()
        loss = total / count * self.accelerator.num_processes
        if not torch.isfinite(loss):
            self._fail_at_step("the loss", inputs["note_ids"])
        self._tokens_since_log += len(tree.input_ids)
        return (loss, logits) if return_outputs else loss

    def training_step(self, model: Any, inputs: Mapping[str, Any], *arguments: Any, **options: Any) -> Tensor:
        """Return the loss of one batch, its gradients computed; in smaller parts where memory ran out."""
        if self._halving is None:
            return self._read_batch(model, [inputs], *arguments, **options)
        self._halving.add(inputs)
        batches = [inputs]
        while True:
            try:
                for batch in batches:
                    loss = self._read_batch(model, self._halving.parts(batch), *arguments, **options)
                return loss  # of the last one: the Trainer has added up those before
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if self._halving.notes_at_once == 1 or not is_lack_of_memory(error):
                    raise
            batches = self._halving.halve(model)
            self.log({"notes_at_once": float(self._halving.notes_at_once)})

    def _read_batch(self, model: Any, parts: Iterable[Mapping[str, Any]], *arguments: Any, **options: Any) -> Tensor:
        """Return the loss of a batch's parts together, by compiled layers where there are any."""
        losses = []
        for part in parts:
            with self._compiled.in_use() if self._compiled else nullcontext():
                losses.append(super().training_step(model, dict(part), *arguments, **options))
        total: Tensor = sum(losses[1:], losses[0])
        return total

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        if self._halving and self.is_world_process_zero():
            self._halving.save(Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}")

    @property
    def notes_at_once(self) -> int:
        """How many notes go through the model at once."""
        size: int = self.args.per_device_train_batch_size
        return min(size, self._halving.notes_at_once) if self._halving else size

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self._order or super()._get_train_sampler(train_dataset)

    def _fail_at_step(self, figure: str, note_ids: Sequence[str] | None = None) -> NoReturn:
        """Stop training because of a figure that is not finite, before it reaches the adapter or a checkpoint."""
        folder = Path(self.args.output_dir)
        kept = last_whole_checkpoint(folder) if self.is_world_process_zero() else None
        where = f"the last good checkpoint is {folder.name}/{kept.name}" if kept else "no checkpoint was written yet"
        raise ModelError(
            f"{figure} of step {self.state.global_step + 1} is not a finite number; {where}",
            place=f"notes {', '.join(self._notes_of_step if note_ids is None else note_ids)}",
            hint="start anew with a lower train.learning_rate or train.max_grad_norm, or without these notes",
        )

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
        """Score all categories of every note; the loss is the mean over the true answers' tokens.

        Raises:
            ModelError: The GPU's memory does not suffice for a scoring batch.
        """
        del description, prediction_loss_only, ignore_keys
        examples: list[Example] = dataloader.dataset.examples
        mine = range(self.args.process_index, len(examples), self.args.world_size)
        model = self.accelerator.unwrap_model(self.model)
        was_training = model.training
        model.eval()
        try:
            scorer = (
                make_scorer(model, self._encoder, batch_tokens=self._eval_batch_tokens)
                if self._is_packed
                else PaddedScorer(model, self._encoder)
            )
            scores = scorer.scores([examples[index].note for index in mine])
        except torch.OutOfMemoryError:
            raise ModelError(
                "the GPU ran out of memory while scoring the validation notes",
                place="evaluate.batch_tokens",
                hint=f"set it to {self._eval_batch_tokens // 2}: scores stay the same",
            ) from None
        model.train(was_training)
        scores = self._gather_rows(scores, len(examples))
        categories = np.array([example.category for example in examples])
        true_scores = scores[np.arange(len(examples)), categories]
        n_tokens = sum(len(self._answers[category]) for category in categories)
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
    path = best_path(embeddings.device)
    if path == "flex":
        tree = tree.padded(row_length(len(tree.input_ids)))
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
