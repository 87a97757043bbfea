"""Stage 2 on a GPU: how fast Llama 3.2 3B's shape trains and scores, beside other ways to do the same.

    python scripts/gpu/fast.py --out RESULTS              # 4 minutes on one GPU
    python scripts/gpu/fast.py --out RESULTS --size tiny  # the rehearsal on a CPU

Random weights made on the device, LoRA of rank 16 on all linear layers, eight notes of about 2,000 tokens a step, the
contenders of `benchmarks/train.py`. FLOPs are counted by that script's rule (4 N tokens + attention + projections at
answer positions, shared tokens once) whatever is computed again, so recomputation shows as a lower share of the peak.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from driving import Stage, main
from measuring import Measurement, Report

BATCH = 8
NOTE_TOKENS = {"full": 1990, "tiny": 24, "stuck": 24}
"""Without the cue; with it about 2,000, of which eight fill a row of 16,384 nearly up."""
WARM_UP = 2
"""Steps before the clock counts: the first compiles, the second may compile what the first left."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to train.

    Attributes:
        name: As `benchmarks/train.py` knows it.
        batch: Notes of an optimizer step.
        recomputes: Whether activations are computed again in the backward pass.
        is_4bit: Whether the base is quantized.
        is_profiled: Whether one more step is profiled.
    """

    name: str
    batch: int = BATCH
    recomputes: bool = False
    is_4bit: bool = False
    is_profiled: bool = False

    def __call__(self, report: Report, size: str) -> None:
        """Measure training steps; where the batch does not fit, halve it and accumulate, and say so."""
        import torch

        peak = _benchmark()._matmul_peak(_dtype())
        report.figure("matmul_peak_tflops", peak / 1e12)
        at_once = self.batch
        while True:
            try:
                return _train(report, size, self, at_once, peak)
            except torch.OutOfMemoryError:
                if at_once == 1:
                    raise
            at_once //= 2
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def arguments(self, at_once: int) -> dict[str, Any]:
        """Return what it asks of transformers' Trainer beside what all contenders do."""
        from transformers import TrainingArguments

        names = TrainingArguments.__dataclass_fields__  # newer releases deprecate the older name
        recompute = "activation_checkpointing" if "activation_checkpointing" in names else "gradient_checkpointing"
        asked: dict[str, Any] = {recompute: True} if self.recomputes else {}
        if at_once < self.batch:
            asked |= {
                "per_device_train_batch_size": at_once,
                "gradient_accumulation_steps": self.batch // at_once,
            }
        return asked


def _train(report: Report, size: str, contender: Contender, at_once: int, peak: float) -> None:
    from four_bits import quantize
    from stand_ins import encoder, even_batches, loaded, notes, random_model, row_of

    from nosology.coding.labels import LabelSet

    batch, n_timed = contender.batch, 6 if size == "full" else 2
    report.figure("notes_at_once", at_once)
    began = time.perf_counter()
    model = random_model("3b", size, dtype=_dtype())
    base = loaded(quantize(model) if contender.is_4bit else model)
    report.figure("model_seconds", time.perf_counter() - began)
    cut, labels = encoder(), LabelSet.load("icd-chapters-18")
    n_steps = WARM_UP + n_timed + contender.is_profiled
    given = notes(even_batches(n_steps, batch, NOTE_TOKENS[size]))
    spec = {"contender": contender.name, "batch": batch, "steps": n_steps - 1}
    report.figure("row_tokens", row_of(cut, labels, given[:at_once]))
    with tempfile.TemporaryDirectory() as folder:
        spec["arguments"] = contender.arguments(at_once)
        trainer = _benchmark()._trainer(spec, base, cut, labels, given, Path(folder))
        clock = _clock(report, batch)
        trainer.add_callback(clock)
        shares: dict[str, float] = {}
        if contender.is_profiled:
            trainer.add_callback(_benchmark()._profiler(n_steps - 1, shares))
        trainer.train()
    seconds = sorted(clock.seconds[WARM_UP : WARM_UP + n_timed])[n_timed // 2]
    timed = given[WARM_UP * batch : (WARM_UP + n_timed) * batch]
    tokens, flops = (work / n_timed for work in _benchmark()._work({"batch": batch}, base, cut, labels, timed))
    _tell(report, size, contender, seconds, tokens, flops / seconds / peak)
    for group, share in shares.items():
        report.figure(f"share: {group}", share)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    report.check("last_loss_is_a_number", losses[-1], at_most=1e3)


def _tell(report: Report, size: str, contender: Contender, seconds: float, tokens: float, share: float) -> None:
    """Report the median step, and keep what was promised of it."""
    import torch

    report.figure("notes_per_second", contender.batch / seconds)
    report.figure("tokens_per_second", tokens / seconds)
    report.figure("fraction_of_peak", share)
    report.figure("peak_memory_gib", torch_peak())
    if torch.cuda.is_available():
        report.figure("reserved_memory_gib", torch.cuda.max_memory_reserved() / 2**30)
    if size != "full":
        return
    if contender == Contender("nosology"):
        report.check("fraction_of_peak", share, at_least=0.45)
    if contender.is_4bit:
        report.check("peak_memory_gb", torch_peak() * 2**30 / 1e9, at_most=6.0)


def _clock(report: Report, batch: int) -> Any:
    """Return a callback that reports every step's seconds as it ends, so that a cut keeps those before it."""
    import torch
    from transformers import TrainerCallback

    class Clock(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.seconds: list[float] = []
            self._began = 0.0

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self._began = time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.seconds.append(time.perf_counter() - self._began)
            report.figure("step_seconds", [round(value, 4) for value in self.seconds])
            if len(self.seconds) > WARM_UP:
                later = sorted(self.seconds[WARM_UP:])
                report.figure("notes_per_second", batch / later[len(later) // 2])
                report.figure("peak_memory_gib", torch_peak())

    return Clock()


def scoring(report: Report, size: str) -> None:
    """Measure notes scored a second, by whole names and by choices, and answers that `generate` writes a second."""
    from stand_ins import encoder, even_batches, notes, random_model

    from nosology.modeling.scoring import AnswerScorer

    model, cut = random_model("3b", size, dtype=_dtype()), encoder()
    count, mean = (64, 130) if size == "full" else (4, 16)
    encoded = [cut.note(note["text"]) for note in notes(even_batches(count // 2, 2, mean))]
    model.generation_config.eos_token_id = None
    speeds: dict[str, float] = {}
    for name, read in (
        ("joint", lambda: AnswerScorer(model, cut).scores(encoded)),
        ("constrained", lambda: AnswerScorer(model, cut, scoring="constrained").scores(encoded)),
    ):
        began = time.perf_counter()
        read()
        report.figure(f"{name}_first_seconds", time.perf_counter() - began)
        speeds[name] = len(encoded) / _seconds(read)
        report.figure(f"{name}_notes_per_second", speeds[name])
    model.set_attn_implementation("sdpa")
    for name, batch in (("generate_batched", 16), ("generate", 1)):
        some = encoded if batch > 1 else encoded[: max(len(encoded) // 8, 2)]
        speeds[name] = len(some) / _seconds(partial(_generate, model, cut, some, batch))
        report.figure(f"{name}_notes_per_second", speeds[name])
    for name in ("generate", "generate_batched"):
        ratio = speeds["constrained"] / speeds[name]
        report.figure(f"times_{name}", ratio)
    if size == "full":
        report.check("times_generate", speeds["constrained"] / speeds["generate"], at_least=10.0)


def _generate(model: Any, cut: Any, encoded: list[Any], batch: int) -> None:
    """Let transformers write answers of an average category's length, greedily, notes padded on the left."""
    import torch

    n_new = round(sum(map(len, cut.answers)) / len(cut.answers))
    for start in range(0, len(encoded), batch):
        rows = [[*cut.root, *note.tokens] for note in encoded[start : start + batch]]
        width = max(map(len, rows))
        ids = torch.tensor([[0] * (width - len(row)) + row for row in rows], device=model.device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=model.device)
        with torch.inference_mode():
            model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=n_new,
                min_new_tokens=n_new,
                do_sample=False,
                pad_token_id=0,
            )


def _seconds(read: Callable[[], Any]) -> float:
    """Return the seconds of the faster of two runs."""
    import torch

    found = []
    for _ in range(2):
        began = time.perf_counter()
        read()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        found.append(time.perf_counter() - began)
    return min(found)


def doctor(report: Report, size: str) -> None:
    """Measure what `nosology doctor` says of a 3B training here, beside what the other measurements found."""
    import torch
    from stand_ins import SHAPES, encoder

    from nosology.modeling.sizing import Architecture, TrainingLoad, training_memory
    from nosology.training.speed import measured_speed

    fields = SHAPES["3b" if size == "full" else "tiny"] | {"tie_word_embeddings": True}
    shape = Architecture.from_config(fields, place="3b")
    load = TrainingLoad(
        n_notes=BATCH,
        instruction_tokens=len(encoder().root),
        note_tokens=2000 if size == "full" else 24,
        dtype="bfloat16" if torch.cuda.is_available() else "float32",
        is_4bit=False,
        is_checkpointed=False,
        lora_r=16,
        lora_targets="all-linear",
    )
    report.figure("estimated_memory_gib", training_memory(shape, load).total / 2**30)
    found = measured_speed(shape, load)
    report.figure("measuring_seconds", found.seconds_of_measuring)
    report.figure("estimated_notes_per_second", 1 / found.seconds_per_note)


def _dtype() -> Any:
    import torch

    return torch.bfloat16 if torch.cuda.is_available() else torch.float32


def torch_peak() -> float:
    """Return the peak of allocated memory in GiB: of the GPU, or without one of the process."""
    return float(_benchmark()._peak_memory_mib()) / 1024


def _benchmark() -> Any:
    """Return `benchmarks/train.py`, whose contenders and rule of counting these are."""
    folder = str(Path(__file__).parents[2] / "benchmarks")
    if folder not in sys.path:
        sys.path.append(folder)
    import train

    return train


PRELOAD = ("torch", "transformers", "peft", "accelerate", "torch.nn.attention.flex_attention", "stand_ins")
"""What measurements import, so that it is done once."""

STAGE = Stage(
    "fast",
    240.0,
    "fast",
    (
        Measurement("nosology", Contender("nosology"), 110),
        Measurement("hf_padded", Contender("hf_padded"), 50),
        Measurement("scoring", scoring, 75),
        Measurement(
            "four_bit_one_note",
            Contender("nosology_4bit", batch=1, is_4bit=True),
            40,
            needs=("bitsandbytes", "cuda"),
        ),
        Measurement("trl", Contender("trl"), 60, needs=("trl",)),
        Measurement("nosology_recomputed", Contender("nosology", recomputes=True), 90),
        Measurement("hf_padded_recomputed", Contender("hf_padded", recomputes=True), 50),
        Measurement("nosology_uncompiled", Contender("nosology_uncompiled"), 50),
        Measurement("profile", Contender("nosology", is_profiled=True), 60),
        Measurement("doctor", doctor, 60),
        Measurement("trl_defaults", Contender("trl_defaults"), 60, needs=("trl",)),
    ),
    preload=PRELOAD,
)

if __name__ == "__main__":
    sys.exit(main(STAGE, __doc__))
