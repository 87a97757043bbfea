"""Stage 1's trainings: accumulated, killed and resumed, short of memory, in four bits, and all of it by commands."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from comparing import relative_error
from measuring import Report
from needs import model_file
from stand_ins import device, encoder, even_batches, loaded, notes, random_model, tokenizer
from transformers import TrainerCallback, TrainingArguments

from nosology.coding.labels import LabelSet
from nosology.modeling.adapters import attach_lora
from nosology.training import trainer as engine
from nosology.training.callbacks import CheckpointSeal, last_whole_checkpoint
from nosology.training.trainer import Example, Examples, TreeTrainer

STEPS = 6


def accumulated(report: Report, size: str) -> None:
    """Losses and adapter after six steps of eight notes, read at once, and in four parts."""
    with tempfile.TemporaryDirectory() as folder:
        losses, adapters = {}, {}
        for batch in (8, 2):
            trainer = _trainer(Path(folder) / str(batch), size, batch=batch)
            trainer.train()
            losses[batch] = torch.tensor([e["loss"] for e in trainer.state.log_history if "loss" in e])
            adapters[batch] = _adapter(trainer)
    report.check("largest_loss_error", float((losses[8] / losses[2] - 1).abs().max()), at_most=1e-3)
    report.check("adapter_error", relative_error(adapters[2], adapters[8]), at_most=1e-2)


def resumed(report: Report, size: str) -> None:
    """A training killed by the kernel at its fourth step and gone on with ends as one that was not."""
    with tempfile.TemporaryDirectory() as folder:
        whole = _trainer(Path(folder) / "whole", size, saves=True)
        whole.train()
        process = os.fork() if device().type == "cpu" else None  # CUDA does not survive a fork
        killed = Path(folder) / "killed"
        if process == 0:
            _trainer(killed, size, saves=True, callbacks=[_DieAtStep(4)]).train()
            os._exit(1)
        if process is None:
            program = f"import training_runs as t, pathlib; t.die(pathlib.Path({str(killed)!r}), {size!r})"
            status = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parent, check=False).returncode
        else:
            status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        report.check("died_by_signal", -status, at_least=signal.SIGKILL, at_most=signal.SIGKILL)
        again = _trainer(killed, size, saves=True)
        checkpoint = last_whole_checkpoint(killed)
        report.figure("resumed_from", checkpoint.name if checkpoint else "nothing")
        again.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        found, expected = _adapter(again), _adapter(whole)
    report.figure("is_identical", bool(torch.equal(found, expected)))
    report.check("adapter_error", relative_error(found, expected), at_most=1e-4)


def die(folder: Path, size: str) -> None:
    """Train in this process until the fourth step kills it."""
    _trainer(folder, size, saves=True, callbacks=[_DieAtStep(4)]).train()


def batch_auto(report: Report, size: str) -> None:
    """Memory runs out twice, on CUDA for real: the adapter is that of a training that had enough."""
    with tempfile.TemporaryDirectory() as folder:
        enough = _trainer(Path(folder) / "enough", size)
        enough.train()
        expected = _adapter(enough)
        del enough
        short = _trainer(Path(folder) / "short", size, notes_at_once=8)
        with _short_of_memory() as n_failures:
            short.train()
        report.figure("notes_at_once", short.notes_at_once)
        report.check("times_out_of_memory", n_failures(), at_least=1)
        report.check("adapter_error", relative_error(_adapter(short), expected), at_most=1e-2)


def four_bit(report: Report, size: str) -> None:
    """A 4-bit base: the loss falls over six steps, and every gradient is a number."""
    from four_bits import quantize

    with tempfile.TemporaryDirectory() as folder:
        model = quantize(random_model("1b", size, dtype=torch.bfloat16))
        trainer = _trainer(Path(folder), size, model=model, rate=1e-3)
        trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    report.figure("losses", losses)
    report.figure("peak_memory_gib", torch.cuda.max_memory_allocated() / 2**30)
    report.check("last_loss_by_first", losses[-1] / losses[0], at_most=0.99)


def commands(report: Report, size: str) -> None:
    """`nosology` from invented files to suggestions, each command's seconds; the embedded model where it is here."""
    import time

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        settings = _command_settings(folder, size, report)
        n_admissions, n_judged = ("900", "40") if size == "full" else ("300", "4")
        steps: list[tuple[str, list[str]]] = [
            ("synth", ["synth", "mimic", "--admissions", n_admissions, "--seed", "1"]),
            ("prepare", ["prepare", "mimic3", "mimic", "--out", "dataset", "--preset", "paper"]),
            ("train", ["train", "dataset", "--out", "run", *settings]),
            ("evaluate", ["evaluate", "run", "--limit", n_judged]),
            ("suggest", ["suggest", "run", "note.csv", "--text", "TEXT", "-k", "5", "--out", "suggested.jsonl"]),
        ]
        text = "patient with fever, cough and chest pain; " * 4
        (folder / "note.csv").write_text(f'ID,TEXT\n1,"{text}"\n', encoding="utf-8")
        for name, arguments in steps:
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "nosology", *arguments], cwd=folder, capture_output=True, text=True, check=False
            )
            report.figure(f"{name}_seconds", time.perf_counter() - began)
            report.check(f"{name}_status", done.returncode, at_most=0, at_least=0)
            if done.returncode:
                report.figure(f"{name}_said", done.stderr[-600:])
                return
        report.check("suggested_notes", len((folder / "suggested.jsonl").read_text().splitlines()), at_least=1)


def _command_settings(folder: Path, size: str, report: Report) -> list[str]:
    """Return the settings of `train`: the embedded model on a GPU, else a tiny random one that is written here."""
    values = ["train.title_weight=1.0", "train.batch_size=auto", "train.max_validation_notes=20", "train.report_to=[]"]
    values += ["train.eval_every_steps=10", "train.max_steps=20"] if size == "full" else ["train.max_steps=2"]
    name = "embedded:smollm2-135m-instruct"
    if size != "full" or model_file() is None:
        name = str(folder / "model")
        random_model("tiny", "tiny").save_pretrained(name)
        tokenizer().save_pretrained(name)
    report.figure("model", name if name.startswith("embedded") else "tiny, random")
    return [word for value in (f"model.name={name}", *values) for word in ("--set", value)]


def _trainer(
    folder: Path,
    size: str,
    *,
    batch: int = 8,
    saves: bool = False,
    model: Any = None,
    rate: float = 1e-3,
    callbacks: list[TrainerCallback] | None = None,
    notes_at_once: int | None = None,
) -> TreeTrainer:
    """Return a trainer of eight notes a step over invented notes, compiled where a GPU is there."""
    mean, shape = (200, "1b") if size == "full" else (24, "tiny")
    cut, names = encoder(), LabelSet.load("icd-chapters-18").names
    given = notes(even_batches(STEPS, 8, mean))
    examples = [Example(n["id"], cut.note(n["text"]), names.index(n["category"])) for n in given]
    on_gpu = torch.cuda.is_available()
    base = loaded(model if model is not None else random_model(shape, size))
    return TreeTrainer(
        model=attach_lora(base, r=8, alpha=16.0, dropout=0.0, targets="all-linear", seed=0),
        encoder=cut,
        eval_batch_tokens=4096,
        compiles_layers=on_gpu and model is None,
        notes_at_once=notes_at_once,
        train_dataset=Examples(examples),
        callbacks=[CheckpointSeal(), *(callbacks or [])],
        args=TrainingArguments(
            output_dir=str(folder),
            per_device_train_batch_size=batch,
            gradient_accumulation_steps=8 // batch,
            max_steps=STEPS,
            learning_rate=rate,
            logging_steps=1,
            save_strategy="steps" if saves else "no",
            save_steps=2,
            report_to=[],
            disable_tqdm=True,
            remove_unused_columns=False,
            dataloader_pin_memory=False,
            seed=0,
            use_cpu=not on_gpu,
        ),
    )


def _adapter(trainer: TreeTrainer) -> torch.Tensor:
    """Return all that was trained, in one flat row on the CPU."""
    parts = [parameter for parameter in trainer.model.parameters() if parameter.requires_grad]
    return torch.cat([part.detach().float().flatten().cpu() for part in parts])


class _DieAtStep(TrainerCallback):  # type: ignore[misc]
    """Ends this process at a step without any chance to tidy up."""

    def __init__(self, step: int) -> None:
        self._step = step

    def on_step_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        if state.global_step == self._step:
            os.kill(os.getpid(), signal.SIGKILL)


class _short_of_memory:
    """Lets passes over more than two notes run out of memory: by asking CUDA for more than it has, or by saying so."""

    def __enter__(self) -> Callable[[], int]:
        self._original = engine.answer_logits
        self._n_failures = 0

        def answer_logits(model: Any, tree: Any, predictors: torch.Tensor) -> torch.Tensor:
            if sum(parent == 0 for parent in tree.parents) > 2:
                self._n_failures += 1
                if torch.cuda.is_available():
                    torch.empty(2**42, dtype=torch.uint8, device="cuda")  # 4 TiB: a plain refusal of the allocator
                raise torch.OutOfMemoryError("out of memory, as rehearsed")
            return self._original(model, tree, predictors)

        engine.answer_logits = answer_logits
        return lambda: self._n_failures

    def __exit__(self, *_: object) -> None:
        engine.answer_logits = self._original
