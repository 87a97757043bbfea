"""Where the loss of 8 bits comes from: weights rounded as a GGUF file has them, or what goes into the matrices.

llama.cpp multiplies a matrix of 8 bits (``q8_0``) by activations that it rounds to 8 bits too, in blocks of 32 that
share a scale. Here torch does all in float32, the run's LoRA merged, and rounds only what a row names; each row is
beside the first, in which nothing is rounded. Exports keep some matrices in 16 bits, and so do two rows. Notes are
those of a prepared dataset, its test split first. So a row says how many answers a program of that kind could keep,
however well it is written; llama.cpp itself is measured by ``exports.py``.

Run as ``python benchmarks/eight_bits.py --run demo/run --dataset demo/dataset [--notes 300] [--json FILE]``.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from scipy.special import softmax

import harness
from exports import taken
from nosology.classifier.opening import open_parts
from nosology.export.models.gguf_file import IN_16_BITS
from nosology.modeling.loading import decoder
from nosology.records import FloatArray

BLOCK = 32


def main() -> None:
    """Measure, print a table, and write it as JSON where asked."""
    options = parse_options()
    parts = open_parts(options.run, system="tuned", dtype="float32", with_peft=True)
    model = parts.engine.model.merge_and_unload()
    notes = [parts.engine.encoder.note(text) for text in taken(options)]
    rows: list[dict[str, Any]] = []
    exact: FloatArray | None = None

    def measure(rounded: str) -> None:
        nonlocal exact
        scores = replace(parts.engine, model=model).scorer.scores(notes)
        exact = scores if exact is None else exact
        rows.append({"rounded": rounded, "notes": len(notes)} | apart(scores, exact))
        print(rows[-1], file=sys.stderr)

    with torch.inference_mode():
        measure("nothing")
        with rounded_inputs(model):
            measure("inputs of all matrices")
        round_weights(model, but=IN_16_BITS)
        measure("weights, as exported")
        with rounded_inputs(model, but=IN_16_BITS):
            measure("both, as exported")
        round_weights(model)  # of those that are rounded already nothing changes
        measure("weights of all matrices")
        with rounded_inputs(model):
            measure("both of all matrices")
    columns = {"rounded": "", "notes": "d", "same_category": "d", "largest": ".3f", "mean": ".5f", "nats": ".3f"}
    harness.print_table(rows, columns)
    settings = {"run": options.run, "notes": options.notes, "dataset": options.dataset}
    harness.write_report(options.json, {"settings": settings, "measurements": rows})


def parse_options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = harness.parser(__doc__)
    parser.add_argument("--run", required=True, help="a finished run")
    parser.add_argument("--dataset", required=True, help="a prepared dataset")
    parser.add_argument("--notes", type=int, default=300)
    return parser.parse_args()


def in_eight_bits(values: torch.Tensor) -> torch.Tensor:
    """Return numbers as ``q8_0`` gives them back: whole multiples of a block's scale, which has 16 bits.

    Args:
        values: The last dimension is a multiple of 32.
    """
    blocks = values.float().reshape(-1, BLOCK)
    scale = blocks.abs().amax(dim=1, keepdim=True) / 127
    steps = torch.where(scale > 0, blocks / scale, torch.zeros(())).round()
    return (steps * scale.half().float()).reshape(values.shape)


def round_weights(model: Any, *, but: tuple[str, ...] = ()) -> None:
    """Round every matrix, embeddings included; vectors stay, as in a GGUF file.

    Args:
        model: Its weights are changed.
        but: Ends of the names of matrices that stay too.
    """
    for name, weight in model.named_parameters():
        if weight.ndim > 1 and weight.shape[1] % BLOCK == 0 and not name.endswith(but):
            weight.copy_(in_eight_bits(weight))


@contextmanager
def rounded_inputs(model: Any, *, but: tuple[str, ...] = ()) -> Iterator[None]:
    """Round what goes into every matrix, the output matrix included, as long as the context lasts.

    Args:
        model: Of the Llama family.
        but: Ends of the names of matrices whose inputs stay.
    """
    hooks = [
        module.register_forward_pre_hook(lambda _, given: (in_eight_bits(given[0]), *given[1:]))
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
        and module.in_features % BLOCK == 0
        and not f"{name}.weight".endswith(but)
    ]
    hooks.append(decoder(model).norm.register_forward_hook(lambda _, __, hidden: in_eight_bits(hidden)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def apart(scores: FloatArray, exact: FloatArray) -> dict[str, float]:
    """Return how many notes keep their category, how far probabilities are apart, and the scores' error in nats.

    Args:
        scores: Of notes and categories, in nats.
        exact: The same with nothing rounded.
    """
    far = np.abs(softmax(scores, axis=1) - softmax(exact, axis=1))
    return {
        "same_category": int((scores.argmax(axis=1) == exact.argmax(axis=1)).sum()),
        "largest": float(far.max()),
        "mean": float(far.mean()),
        "nats": float(np.sqrt(np.mean((scores - exact) ** 2))),
    }


if __name__ == "__main__":
    main()
