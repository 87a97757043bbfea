"""Stage 1 on a GPU: whatever is computed in packed rows equals what separate sequences give.

    python scripts/gpu/correct.py --out RESULTS              # 3 minutes on one GPU
    python scripts/gpu/correct.py --out RESULTS --size tiny  # the rehearsal on a CPU

Float32 is compared as it is. In bfloat16 both ways round, so each is compared with the exact (float32) result, and ours
may err by no more than 1.25 times what separate sequences err.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from driving import Stage, main
from measuring import Measurement, Report

EXACT = 2e-5
"""Relative error that two orders of the same float32 sums may show."""

ROUNDING = 1.25
"""By which our bfloat16 error may exceed that of separate sequences."""


def trees_float32(report: Report, size: str) -> None:
    """Loss and gradients of random trees, all parameters, with and without grouped queries, compiled and not."""
    import torch
    from comparing import compiled, packed_loss, relative_error, separate_loss, with_gradients
    from stand_ins import random_model, random_trees

    torch.set_float32_matmul_precision("highest")
    n_trees = 3 if size == "full" else 1
    for kv_heads in (2, 4) if size == "full" else (2,):
        model = random_model("tiny", size, num_key_value_heads=kv_heads).requires_grad_(True)
        worst = {"loss": 0.0, "gradient": 0.0, "compiled_loss": 0.0, "compiled_gradient": 0.0}
        for segments in random_trees(n_trees, seed=kv_heads, total=360):
            leaves = [index for index, segment in enumerate(segments) if segment.parent is not None]
            loss, gradient = with_gradients(model, separate_loss(model, segments, leaves=leaves))
            for name, context in (("", _plainly), ("compiled_", compiled)):
                with context(model):
                    own = with_gradients(model, packed_loss(model, segments, leaves=leaves))
                worst[name + "loss"] = max(worst[name + "loss"], abs(own[0] - loss) / abs(loss))
                worst[name + "gradient"] = max(worst[name + "gradient"], relative_error(own[1], gradient))
        for name, value in worst.items():
            report.check(f"{name}_error_with_{kv_heads}_of_4_key_heads", value, at_most=EXACT)


def trees_bfloat16(report: Report, size: str) -> None:
    """The same in bfloat16, each way's error against the exact result."""
    import torch
    from comparing import compiled, packed_loss, relative_error, separate_loss, with_gradients
    from stand_ins import random_model, random_trees

    for kv_heads in (2, 4) if size == "full" else (2,):
        model = random_model("tiny", size, num_key_value_heads=kv_heads).requires_grad_(True)
        errors: dict[str, list[float]] = {"separate": [], "packed": [], "compiled": []}
        for segments in random_trees(4 if size == "full" else 2, seed=kv_heads, total=360):
            leaves = [index for index, segment in enumerate(segments) if segment.parent is not None]
            model.float()
            exact = with_gradients(model, separate_loss(model, segments, leaves=leaves))[1]
            model.to(torch.bfloat16)
            apart = with_gradients(model, separate_loss(model, segments, leaves=leaves))[1]
            errors["separate"].append(relative_error(apart, exact))
            for name, context in (("packed", _plainly), ("compiled", compiled)):
                with context(model):
                    own = with_gradients(model, packed_loss(model, segments, leaves=leaves))[1]
                errors[name].append(relative_error(own, exact))
        mean = {name: sum(values) / len(values) for name, values in errors.items()}
        report.figure(f"error_of_separate_sequences_with_{kv_heads}_of_4_key_heads", mean["separate"])
        for name in ("packed", "compiled"):
            at_most = ROUNDING * mean["separate"]
            report.check(f"{name}_error_with_{kv_heads}_of_4_key_heads", mean[name], at_most=at_most)


def billion(report: Report, size: str) -> None:
    """Llama 3.2 1B's shape with LoRA, notes of 400 tokens in one row: loss and adapter gradients in both formats."""
    import torch
    from comparing import compiled, packed_loss, relative_error, separate_gradients, with_gradients
    from stand_ins import adapted, encoder, notes, random_model

    from nosology.modeling.tree import Segment

    cut = encoder()
    length = 400 if size == "full" else 40
    segments = [Segment(cut.root)]
    for number, note in enumerate(notes([length] * 4)):
        segments += [Segment(cut.note(note["text"]).tokens, 0), Segment(cut.answers[number], 1 + 2 * number)]
    leaves = [2, 4, 6, 8]
    errors: dict[str, float] = {}
    exact: Any = None
    for dtype in (torch.float32, torch.bfloat16):
        name = str(dtype).removeprefix("torch.")
        model = adapted(random_model("1b", size).to(dtype))
        apart = separate_gradients(model, segments, leaves=leaves, attention="sdpa")
        exact = exact or apart
        for way, context in (("packed", _plainly), ("compiled", compiled)):
            began = time.perf_counter()
            with context(model):
                own = with_gradients(model, packed_loss(model, segments, leaves=leaves))
            report.figure(f"{name}_{way}_first_step_seconds", time.perf_counter() - began)
            errors[f"{name}_{way}"] = relative_error(own[1], exact[1])
            if dtype is torch.float32:
                report.check(f"float32_{way}_loss_error", abs(own[0] - exact[0]) / exact[0], at_most=EXACT)
                report.check(f"float32_{way}_gradient_error", errors[f"{name}_{way}"], at_most=10 * EXACT)
        errors[f"{name}_separate"] = relative_error(apart[1], exact[1])
        del model
    report.figure("bfloat16_separate_gradient_error", errors["bfloat16_separate"])
    for way in ("packed", "compiled"):
        at_most = ROUNDING * errors["bfloat16_separate"]
        report.check(f"bfloat16_{way}_gradient_error", errors[f"bfloat16_{way}"], at_most=at_most)


def scores(report: Report, size: str) -> None:
    """Scores of all categories behind a cached instruction, in batches, against one sequence an answer."""
    import torch
    from comparing import model_attends
    from stand_ins import encoder, notes, random_model

    from nosology.modeling.attention import TREE_ATTENTION
    from nosology.modeling.scoring import AnswerScorer

    cut = encoder()
    lengths = [60, 100, 180, 300, 140, 90] if size == "full" else [20, 35, 50]
    encoded = [cut.note(note["text"]) for note in notes(lengths)]
    exact = None
    for dtype in (torch.float32, torch.bfloat16):
        model = random_model("1b", size).to(dtype)
        model_attends(model, "sdpa")
        apart = torch.tensor([_scores_apart(model, cut, note) for note in encoded])
        exact = apart if exact is None else exact
        model_attends(model, TREE_ATTENTION)
        for budget in (4096, 400):
            own = torch.tensor(AnswerScorer(model, cut, batch_tokens=budget).scores(encoded))
            at_most = 1e-3 if dtype is torch.float32 else ROUNDING * float((apart - exact).abs().max()) + 1e-3
            name = f"{str(dtype).removeprefix('torch.')}_nats_in_batches_of_{budget}_tokens"
            report.check(name, float((own - exact).abs().max()), at_most=at_most)
        del model


def recomputed(report: Report, size: str) -> None:
    """Gradients with activations computed again in the backward pass, compiled and not, equal those without."""
    import torch
    from comparing import backward_gradients, compiled, packed_loss, relative_error
    from stand_ins import adapted, random_model, random_trees

    (segments,) = random_trees(1, seed=5, total=500)
    leaves = [index for index, segment in enumerate(segments) if segment.parent is not None]
    formats = ((torch.float32, EXACT), (torch.bfloat16, 2e-2))
    for dtype, at_most in formats if size == "full" else formats[:1]:
        model = adapted(random_model("tiny", size).to(dtype)).train()
        plain = backward_gradients(model, packed_loss(model, segments, leaves=leaves))
        model.enable_input_require_grads()
        for reentrant in (False, True):
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": reentrant})
            ways = (("packed", _plainly), ("compiled", compiled))
            for way, context in ways if size == "full" or not reentrant else ways[:1]:
                with context(model):
                    own = backward_gradients(model, packed_loss(model, segments, leaves=leaves))
                kind = f"{str(dtype).removeprefix('torch.')}_{way}_{'reentrant' if reentrant else 'not_reentrant'}"
                report.check(f"{kind}_gradient_error", relative_error(own[1], plain[1]), at_most=at_most)
            model.gradient_checkpointing_disable()


def adapters(report: Report, size: str) -> None:
    """The fused LoRA layer against peft's own, plain and under autocast, in both formats."""
    import torch
    from comparing import relative_error
    from peft.tuners.lora.layer import Linear
    from stand_ins import adapted, device, random_model

    from nosology.modeling.lora import FusedLinear

    for dtype, at_most in ((torch.float32, EXACT), (torch.bfloat16, 2e-2)):
        model = adapted(random_model("1b", size, num_hidden_layers=1).to(dtype))
        layer = next(module for module in model.modules() if type(module) is FusedLinear)
        inputs = torch.randn(300, layer.in_features, device=device(), dtype=dtype)
        found = {}
        for name, kind in (("fused", FusedLinear), ("peft", Linear)):
            layer.__class__ = kind
            for mode in ("plain", "autocast"):
                x = inputs.clone().requires_grad_()
                with torch.autocast(device().type, torch.bfloat16, enabled=mode == "autocast"):
                    output = layer(x)
                trained = [layer.lora_A["default"].weight, layer.lora_B["default"].weight]
                parts = torch.autograd.grad(output.float().square().mean(), [x, *trained])
                found[name, mode] = torch.cat([output.float().flatten(), *(p.float().flatten() for p in parts)])
        for mode in ("plain", "autocast"):
            error = relative_error(found["fused", mode], found["peft", mode])
            report.check(f"{str(dtype).removeprefix('torch.')}_{mode}_error", error, at_most=at_most)


def _scores_apart(model: Any, cut: Any, note: Any) -> list[float]:
    """Return each answer's log-probability behind its own prompt, a sequence an answer."""
    import torch

    found = []
    place = next(model.parameters()).device
    with torch.inference_mode():
        for answer in cut.answers:
            ids = torch.tensor([[*cut.root, *note.tokens, *answer]], device=place)
            logits = model(input_ids=ids, use_cache=False, logits_to_keep=len(answer) + 1).logits[0, :-1].float()
            found.append(float(logits.log_softmax(dim=-1).gather(1, ids[0, -len(answer) :, None]).sum()))
    return found


class _plainly:
    """Runs a model as it is, where `compiled` would compile it."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def _later(name: str) -> Callable[[Report, str], None]:
    """Return a measurement of the module `training_runs`, imported when it is begun."""

    def run(report: Report, size: str) -> None:
        import training_runs

        getattr(training_runs, name)(report, size)

    return run


PRELOAD = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "torch.nn.attention.flex_attention",
    "comparing",
    "stand_ins",
    "training_runs",
)
"""What measurements import, so that it is done once."""

STAGE = Stage(
    "correct",
    180.0,
    "correct",
    (
        Measurement("trees_float32", trees_float32, 60),
        Measurement("trees_bfloat16", trees_bfloat16, 60),
        Measurement("billion", billion, 75),
        Measurement("scores", scores, 60),
        Measurement("recomputed", recomputed, 60),
        Measurement("adapters", adapters, 20),
        Measurement("accumulated", _later("accumulated"), 30),
        Measurement("resumed", _later("resumed"), 60),
        Measurement("batch_auto", _later("batch_auto"), 45),
        Measurement("four_bit", _later("four_bit"), 45, needs=("bitsandbytes", "cuda")),
        Measurement("commands", _later("commands"), 100, needs=("commands",)),
    ),
    preload=PRELOAD,
)

if __name__ == "__main__":
    sys.exit(main(STAGE, __doc__))
