"""What an export is asked, and what the run itself says to it: the invented notes, the parts of the model, the answers.

The notes are those of `nosology.synthetic` with a fixed seed, prepared as the run prepares notes, and short enough that
none is shortened. No note of a dataset is ever among them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nosology.classifier.opening import Parts, open_parts
from nosology.errors import ModelError
from nosology.export.models.outside import parts, wave, words
from nosology.modeling.encoding import PINNED_DATE, EncodedNote, PromptEncoder
from nosology.modeling.head_scoring import make_scorer
from nosology.modeling.heads import HEAD_MODULE, category_head
from nosology.modeling.loading import decoder, output_weight
from nosology.modeling.prompts import NOTE_MARKER
from nosology.runs.run import Run
from nosology.synthetic import iter_admissions
from nosology.text.cleaning import Cleaning, clean

N_NOTES = 12
N_NOTES_OF_8_BITS = 36
"""On a dozen notes the largest difference of 8 bits looks three times smaller than it is on hundreds."""
SEED = 20


@dataclass(frozen=True)
class Asked:
    """A run that was asked.

    Attributes:
        parts: The run's model and what goes with it, in float32.
        questions: What is asked, as JSON.
        expected: What the run says to it, as JSON.
        directions: For each adapted layer the directions in which its LoRA acts most, by ``NAME.in`` and ``NAME.out``.
    """

    parts: Parts
    questions: dict[str, Any]
    expected: dict[str, Any]
    directions: Mapping[str, Tensor]


def ask(run: Run, tokenizer: Any, *, n_notes: int = N_NOTES) -> Asked:
    """Return what a run says to the questions that every export of it is asked.

    Args:
        run: A finished run.
        tokenizer: Its base model's.
        n_notes: How many notes are asked about.

    Raises:
        ModelError: The run's head has a bias, for which other libraries have no place.
    """
    found = open_parts(run, system="tuned", dtype="float32", with_peft=True)
    model, encoder = found.engine.model, found.engine.encoder
    head = category_head(model)
    if head is not None and getattr(getattr(head, "original_module", head), "bias", None) is not None:
        raise ModelError(
            "this run's classification head has a bias, for which other libraries have no place",
            place=str(run.folder),
            hint="train again: heads have none any more",
        )
    notes = [encoder.note(text) for text in invented_notes(encoder, found.cleaning, n_notes)]
    questions = _questions(encoder, tokenizer, notes, is_head=head is not None)
    directions = lora_directions(model)
    return Asked(found, questions, _expected(found, tokenizer, questions, notes, directions), directions)


def invented_notes(encoder: PromptEncoder, cleaning: Cleaning | None, n: int) -> list[str]:
    """Return prepared notes of invented patients, none so long that it is shortened.

    Args:
        encoder: Cuts prompts for the run's model.
        cleaning: What the run does to a note.
        n: How many.
    """
    texts = []
    for _, written in iter_admissions(n, SEED):
        text = clean(written.text, "", cleaning).text.decode("utf-8") if cleaning else written.text
        text = text.strip()
        while encoder.note(text).truncated_tokens:
            text = text[: len(text) // 2].strip()
        texts.append(text)
    return texts


def _questions(encoder: PromptEncoder, tokenizer: Any, notes: list[EncodedNote], *, is_head: bool) -> dict[str, Any]:
    special = {*encoder.root, *encoder.cue, encoder.end_of_turn} & set(tokenizer.all_special_ids)
    return {
        "head": "classification" if is_head else "answer",
        "categories": list(encoder.categories),
        "messages": encoder.messages,
        "marker": NOTE_MARKER,
        "date": PINNED_DATE,
        "end_of_turn": tokenizer.convert_ids_to_tokens(encoder.end_of_turn),
        "special_tokens": sorted(tokenizer.convert_ids_to_tokens(sorted(special))),
        "notes": [note.text for note in notes],
    }


def _expected(
    found: Parts, tokenizer: Any, questions: dict[str, Any], notes: list[EncodedNote], directions: Mapping[str, Tensor]
) -> dict[str, Any]:
    """Return what the run's own model and encoder say: the prompts and the scores are those that it classifies with."""
    model, encoder = found.engine.model, found.engine.encoder
    prompts = [[*encoder.root, *note.tokens] for note in notes]
    scorer = make_scorer(model, encoder, scoring="joint")
    said = words(tokenizer, questions, prompts)
    return {
        **said,
        **parts(model, dict(directions)),
        "head": _head(found, questions),
        "spread": _spreads(model),
        "lora_size": lora_sizes(model, directions),
        "steps": list(scorer.n_scored_steps),
        "scores": scorer.scores(notes).tolist(),
    }


def _head(found: Parts, questions: dict[str, Any]) -> list[float]:
    """Return the score of each category's row, or of the rows of its name's tokens, for a fixed hidden state."""
    model, encoder = found.engine.model, found.engine.encoder
    if questions["head"] == "classification":
        weight = head_weight(model)
    else:
        weight = output_weight(model)[torch.tensor([token for answer in encoder.answers for token in answer])]
    return [float(score) for score in weight.float().cpu() @ wave(weight.shape[1])]


def head_weight(model: Any) -> Tensor:
    """Return the trained weights of a run's classification head. Shape ``(categories, hidden)``."""
    head: Any = getattr(model.get_base_model(), HEAD_MODULE)
    weight: Tensor = head.modules_to_save[head.active_adapters[0]].weight
    return weight.detach()


# ---- LoRA


def adapted_layers(model: Any) -> dict[str, Any]:
    """Return the layers with LoRA matrices, by their names in the decoder."""
    return {name: module for name, module in decoder(model).named_modules() if hasattr(module, "lora_A")}


@torch.no_grad()
def lora_directions(model: Any) -> dict[str, Tensor]:
    """Return for each adapted layer the pair of directions in which its LoRA acts most: its first singular vectors.

    Along them even eight-bit weights show whether a layer's LoRA is there: the layer's rounding is spread over all
    directions, the LoRA lies in few.
    """
    found = {}
    for name, module in adapted_layers(model).items():
        down, up = _matrices(module)
        q_out, r_out = torch.linalg.qr(up.double())
        q_in, r_in = torch.linalg.qr(down.double().T)
        left, _, right = torch.linalg.svd(r_out @ r_in.T)
        found[f"{name}.in"] = (q_in @ right[0]).half()
        found[f"{name}.out"] = (q_out @ left[:, 0]).half()
    return {name: tensor.contiguous().cpu() for name, tensor in found.items()}


@torch.no_grad()
def lora_sizes(model: Any, directions: Mapping[str, Tensor]) -> dict[str, float]:
    """Return how much the LoRA of each adapted layer moves its outcome along its directions.

    Args:
        model: A model with an adapter.
        directions: As `lora_directions` returns them.
    """
    sizes = {}
    for name, module in adapted_layers(model).items():
        down, up = (matrix.float().cpu() for matrix in _matrices(module))
        moved = up @ (down @ directions[f"{name}.in"].float())
        sizes[name] = float(directions[f"{name}.out"].float() @ moved) * float(
            module.scaling[module.active_adapters[0]]
        )
    return sizes


def _matrices(module: Any) -> tuple[Tensor, Tensor]:
    (adapter,) = module.active_adapters
    return module.lora_A[adapter].weight, module.lora_B[adapter].weight


@torch.no_grad()
def _spreads(model: Any) -> dict[str, float]:
    """Return how large the weights of each part are: the root of their mean square."""
    sizes = {}
    for name, module in decoder(model).named_modules():
        weight = getattr(getattr(module, "base_layer", module), "weight", None)
        if isinstance(weight, Tensor) and not any(part in name for part in ("lora_", "base_layer")):
            sizes[name] = float(weight.float().square().mean().sqrt())
    head = output_weight(model) if category_head(model) is None else head_weight(model)
    return sizes | {"head": float(head.float().square().mean().sqrt()) * head.shape[1] ** 0.5}
