"""How fast nosology trains, side by side with TRL's SFTTrainer (and on CUDA plain padded Trainer and Unsloth).

Same base model, notes, answers, adapter, batch, learning rate and number format for all; every contender runs in a
process of its own, in turns, so that a busy machine slows all of them. Ratios: our notes per second above theirs; those
that end in ``_cpu`` compare notes per second of processor time, which other programs on the machine disturb less.
``trl_defaults`` is TRL as it comes (its number format and activation checkpointing), ``nosology_defaults`` is nosology
as it comes (bfloat16 where the processor has it). FLOPs are counted by the rule
``4 N tokens + attention + 6 x output projection at answer positions``, N without embeddings, shared tokens once.

    python benchmarks/train.py                         # embedded model, short and long synthetic notes
    python benchmarks/train.py --steps 50 --kinds short  # also compares the loss curves
    python benchmarks/train.py --profile --kinds short --contenders nosology  # where a step's time goes
    python benchmarks/train.py --model tiny --steps 2     # the whole script in seconds, for a test
    python benchmarks/train.py --model llama-3.2-3b-random --kinds long2000   # on a GPU: full size, random weights
    python benchmarks/train.py --model llama-3.2-3b-random --kinds one2000 --contenders nosology_4bit   # its memory
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import harness

EMBEDDED = "embedded:smollm2-135m-instruct"
LORA = {"r": 16, "alpha": 32.0, "dropout": 0.0, "targets": "all-linear"}
KINDS = {  # words of a note, notes a step
    "short": {"words": (50, 100), "batch": 8},
    "long": {"words": (800, 1500), "batch": 2},
    "long2000": {"words": (1300, 1500), "batch": 8},
    "one2000": {"words": (1300, 1500), "batch": 1},
}


def main() -> None:
    """Run the contenders in turns, print one table, and write it as JSON where asked."""
    options = _options()
    if options.contend:
        print(json.dumps(_contend(json.loads(options.contend))))
        return
    with tempfile.TemporaryDirectory() as folder:
        measurements, ratios = [], {}
        for kind in options.kinds:
            rows = _measure(kind, options, Path(folder))
            measurements += rows
            ratios |= _ratios(kind, rows)
    _tell(measurements, ratios, _matmul_peaks({row["dtype"] for row in measurements}), options)


def _tell(
    measurements: list[dict[str, Any]], ratios: dict[str, float], peaks: dict[str, float], options: argparse.Namespace
) -> None:
    """Print one table, and write it as JSON where asked."""
    for row in measurements:
        row["fraction_of_peak"] = row["flops_per_second"] / peaks[row["dtype"]]
        if row["contender"] == "nosology" and peaks["on_gpu"]:
            ratios["fraction_of_peak"] = row["fraction_of_peak"]
    _print_table(measurements, ratios, peaks)
    report = {
        "machine": harness.machine() | {"matmul_peak_flops_per_second": peaks},
        "settings": {"model": options.model, "steps": options.steps, "rounds": options.rounds, "lora": LORA},
        "measurements": measurements,
        "ratios": ratios,
    }
    harness.write_report(options.json, report)


def _options() -> argparse.Namespace:
    parser = harness.parser(__doc__)
    parser.add_argument("--model", default=EMBEDDED, help="a model's name, `tiny`, or `llama-3.2-3b-random`")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["short", "long"])
    parser.add_argument("--steps", type=int, default=4, help="timed steps a round, after one that is not timed")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each contender")
    parser.add_argument("--contenders", nargs="+", help="default: all that this machine can run")
    parser.add_argument("--profile", action="store_true", help="also profile the last step of each contender")
    parser.add_argument("--contend", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(kind: str, options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Return one row a contender: the median over rounds of its notes per second, and its worst memory."""
    settings = KINDS[kind]
    notes = _synthetic_notes(folder / kind, settings["words"], n=(options.steps + 1) * settings["batch"])
    notes_file = folder / f"{kind}.json"
    notes_file.write_text(json.dumps(notes), encoding="utf-8")
    contenders = options.contenders or _contenders()
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name in contenders:
            spec = {
                "contender": name,
                "kind": kind,
                "model": options.model,
                "notes": str(notes_file),
                "batch": settings["batch"],
                "steps": options.steps,
                "profile": options.profile,
            }
            command = [sys.executable, __file__, "--contend", json.dumps(spec)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
            results[name].append(json.loads(done.stdout.strip().splitlines()[-1]))
            print(f"  {kind} {name}: {results[name][-1]['notes_per_second']:.2f} notes/s", file=sys.stderr)
    rows = []
    for name, rounds in results.items():
        row = dict(rounds[0], contender=name, kind=kind)
        for figure in ("notes_per_second", "notes_per_cpu_second", "tokens_per_second", "flops_per_second"):
            row[figure] = statistics.median(result[figure] for result in rounds)
        row["peak_memory_mib"] = max(result["peak_memory_mib"] for result in rounds)
        rows.append(row)
    return rows


def _contenders() -> list[str]:
    import torch

    names = ["nosology", "trl", "nosology_defaults", "trl_defaults"]
    if torch.cuda.is_available():
        names.remove("nosology_defaults")  # bfloat16 for both
        names += [
            *(["nosology_4bit"] if find_spec("bitsandbytes") else []),
            "hf_padded",
            *(["unsloth"] if find_spec("unsloth") else []),
        ]
    return [name for name in names if find_spec("trl") or not name.startswith("trl")]


def _synthetic_notes(folder: Path, words: tuple[int, int], n: int) -> list[dict[str, str]]:
    """Return n invented notes of a length in words, with their categories."""
    from nosology.config import PrepareConfig
    from nosology.dataset.folder import open_dataset
    from nosology.preparation.pipeline import prepare_mimic3
    from nosology.synthetic import write_mimic

    is_short = words[1] <= 100
    write_mimic(folder / "mimic", admissions=n * 4 + 200, seed=1, length="short" if is_short else "full")
    config = PrepareConfig(preset="paper" if is_short else "full", min_words=words[0], max_words=words[1])
    prepare_mimic3(folder / "mimic", folder / "dataset", config)
    rows = open_dataset(folder / "dataset").split("train").select("note_id", "clean_text", "category").head(n)
    if len(rows) < n:
        raise SystemExit(f"only {len(rows)} of {n} notes have {words[0]}-{words[1]} words")
    return [{"id": note, "text": text, "category": category} for note, text, category in rows.iter_rows()]


def _contend(spec: dict[str, Any]) -> dict[str, Any]:
    """Train with one contender in this process and return its figures."""
    import torch
    from transformers import TrainerCallback

    from nosology.coding.labels import LabelSet
    from nosology.modeling.encoding import PromptEncoder
    from nosology.modeling.loading import load_model
    from nosology.modeling.prompts import PromptTemplate

    torch.manual_seed(0)
    name = _random_model(spec["model"]) if spec["model"] in ("tiny", "llama-3.2-3b-random") else spec["model"]
    contender = spec["contender"]
    loaded = load_model(
        name,
        dtype="auto" if torch.cuda.is_available() or contender == "nosology_defaults" else "float32",
        for_training=True,
        load_in_4bit=contender == "nosology_4bit",
        engine="unsloth" if contender == "unsloth" else "transformers",
    )
    labels = LabelSet.load("icd-chapters-18")
    template = PromptTemplate.load("physician-v1")
    encoder = PromptEncoder(loaded.tokenizer, template, labels.names, max_note_tokens=8192)
    notes = json.loads(Path(spec["notes"]).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        trainer = _trainer(spec, loaded, encoder, labels, notes, Path(folder))
        ends: list[float] = []
        cpu_ends: list[float] = []

        class Clock(TrainerCallback):
            def on_step_end(self, *_: Any, **__: Any) -> None:
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                ends.append(time.perf_counter())
                cpu_ends.append(time.process_time())

        trainer.add_callback(Clock())
        shares: dict[str, float] = {}
        if spec["profile"]:
            trainer.add_callback(_profiler(spec["steps"], shares))
        trainer.train()
        losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    n_steps = spec["steps"] - spec["profile"]  # the profiled step, the last one, is not timed
    seconds = ends[n_steps] - ends[0]
    timed = n_steps * spec["batch"]
    tokens, flops = _work(spec, loaded, encoder, labels, notes[spec["batch"] :][:timed])
    return {
        "notes_per_second": timed / seconds,
        "notes_per_cpu_second": timed / (cpu_ends[n_steps] - cpu_ends[0]),
        "tokens_per_second": tokens / seconds,
        "flops_per_second": flops / seconds,
        "seconds_per_step": seconds / n_steps,
        "peak_memory_mib": _peak_memory_mib(),
        "losses": losses,
        "profile": shares,
        "dtype": str(loaded.model.get_input_embeddings().weight.dtype).removeprefix("torch."),
    }


_PROFILE_GROUPS = {  # what a step computes, by PyTorch's names for its operations
    "matrix products of linear layers and LoRA": ("aten::mm", "aten::addmm", "aten::addmm_", "aten::linear"),
    "matrix products of attention": ("aten::bmm", "aten::baddbmm", "aten::baddbmm_", "aten::_scaled_dot_product"),
    "softmax and its gradient": ("aten::_softmax", "aten::softmax", "aten::exp", "aten::_log_softmax"),
    "copies and conversions": ("aten::copy_", "aten::_to_copy", "aten::cat", "aten::contiguous", "aten::clone"),
}


def _profiler(last_step: int, shares: dict[str, float]) -> Any:
    """Return a callback that profiles one step and leaves each group's share of its time in ``shares``."""
    import torch
    from transformers import TrainerCallback

    on_gpu = torch.cuda.is_available()
    activity = torch.profiler.ProfilerActivity
    profile = torch.profiler.profile(activities=[activity.CPU, *([activity.CUDA] if on_gpu else [])])

    class Profiler(TrainerCallback):
        started = 0.0

        def on_step_begin(self, *given: Any, **_: Any) -> None:
            if given[1].global_step == last_step:
                profile.__enter__()
                Profiler.started = time.perf_counter()

        def on_step_end(self, *given: Any, **_: Any) -> None:
            if given[1].global_step != last_step + 1:
                return
            microseconds = (time.perf_counter() - Profiler.started) * 1e6
            profile.__exit__(None, None, None)
            for event in profile.key_averages():
                spent = event.self_device_time_total if on_gpu else event.self_cpu_time_total
                groups = (group for group, names in _PROFILE_GROUPS.items() if event.key.startswith(names))
                group = next(groups, "norms, gates, rotary embedding, sums and the rest")
                if event.key.startswith("aten::") or on_gpu:
                    shares[group] = shares.get(group, 0.0) + spent / microseconds
            shares["Python, optimizer's and autograd's own time"] = max(0.0, 1.0 - sum(shares.values()))

    return Profiler()


def _trainer(spec: dict[str, Any], loaded: Any, encoder: Any, labels: Any, notes: list[Any], folder: Path) -> Any:
    """Return a contender's trainer, ready to train; all read the notes in the order of the file."""
    import torch
    from transformers import TrainingArguments

    from nosology.modeling.adapters import attach_lora, attach_unsloth_lora
    from nosology.training.trainer import Example, Examples, TreeTrainer

    contender, on_gpu = spec["contender"], torch.cuda.is_available()
    common = {
        "output_dir": str(folder),
        "per_device_train_batch_size": spec["batch"],
        "max_steps": spec["steps"] + 1,
        "learning_rate": 2e-4,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
        "seed": 0,
        "train_sampling_strategy": "sequential",
        "use_cpu": not on_gpu,
    } | spec.get("arguments", {})
    if contender.startswith(("nosology", "unsloth")):
        has_trees = contender != "unsloth"
        examples = [Example(n["id"], encoder.note(n["text"]), labels.index(n["category"])) for n in notes]
        return TreeTrainer(
            model=(attach_lora if has_trees else attach_unsloth_lora)(loaded, **LORA, seed=0),
            encoder=encoder,
            eval_batch_tokens=4096,
            is_packed=has_trees,
            compiles_layers=on_gpu and contender == "nosology",
            args=TrainingArguments(**common, remove_unused_columns=False, dataloader_pin_memory=False),
            train_dataset=Examples(examples),
        )
    loaded.model.set_attn_implementation("sdpa")
    if contender == "hf_padded":
        return _padded_trainer(common, loaded, encoder, labels, notes)
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    dataset = Dataset.from_list(
        [{"prompt": encoder.note(n["text"]).prompt, "completion": n["category"] + _end(loaded, encoder)} for n in notes]
    )
    equal = {"gradient_checkpointing": False, "bf16": on_gpu, "max_length": None}
    defaults = {"max_length": None}  # or it would cut the answers of long notes
    config = SFTConfig(**common, **(defaults if contender == "trl_defaults" else equal))
    model = _pefts_own(attach_lora(loaded, **LORA, seed=0))
    return SFTTrainer(model=model, args=config, train_dataset=dataset, processing_class=loaded.tokenizer)


def _pefts_own(model: Any) -> Any:
    """Return the model with peft's layers in place of our fused ones: what other trainers compute with."""
    from peft.tuners.lora.layer import Linear

    from nosology.modeling.lora import FusedLinear

    for module in model.modules():
        if type(module) is FusedLinear:
            module.__class__ = Linear
    return model


def _end(loaded: Any, encoder: Any) -> str:
    """Return the end-of-turn token as text, unless TRL appends it by itself."""
    token = encoder.end_of_turn
    return "" if token == loaded.tokenizer.eos_token_id else str(loaded.tokenizer.convert_ids_to_tokens(token))


def _padded_trainer(common: dict[str, Any], loaded: Any, encoder: Any, labels: Any, notes: list[Any]) -> Any:
    """Return transformers' Trainer over padded sequences: what most scripts do."""
    import torch
    from transformers import Trainer, TrainingArguments

    from nosology.modeling.adapters import attach_lora

    def collate(batch: list[dict[str, Any]]) -> dict[str, Any]:
        rows = []
        for note in batch:
            prompt = [*encoder.root, *encoder.note(note["text"]).tokens]
            rows.append((prompt, list(encoder.answers[labels.index(note["category"])])))
        width = max(len(prompt) + len(answer) for prompt, answer in rows)
        ids, mask, targets = (torch.full((len(rows), width), fill) for fill in (0, 0, -100))
        for row, (prompt, answer) in enumerate(rows):
            n = len(prompt) + len(answer)
            ids[row, :n], mask[row, :n] = torch.tensor(prompt + answer), 1
            targets[row, len(prompt) : n] = torch.tensor(answer)
        return {"input_ids": ids, "attention_mask": mask, "labels": targets}

    model = _pefts_own(attach_lora(loaded, **LORA, seed=0))
    arguments = TrainingArguments(**common, remove_unused_columns=False)
    return Trainer(model=model, args=arguments, train_dataset=notes, data_collator=collate)


def _work(spec: dict[str, Any], loaded: Any, encoder: Any, labels: Any, notes: list[Any]) -> tuple[int, float]:
    """Return the tokens of the timed steps, shared ones counted once, and their FLOPs by the rule of this page."""
    config = loaded.model.config
    embeddings = loaded.model.get_input_embeddings().weight.numel()
    n_body = loaded.n_parameters - embeddings * (1 if config.tie_word_embeddings else 2)
    width = config.num_attention_heads * config.head_dim
    root, tokens, flops = len(encoder.root), 0, 0.0
    for start in range(0, len(notes), spec["batch"]):
        batch = notes[start : start + spec["batch"]]
        own = [len(encoder.note(n["text"]).tokens) + len(encoder.answers[labels.index(n["category"])]) for n in batch]
        pairs = root**2 / 2 + sum(length * root + length**2 / 2 for length in own)
        n_answer = sum(len(encoder.answers[labels.index(n["category"])]) for n in batch)
        n_tokens = root + sum(own)
        tokens += n_tokens
        flops += 4.0 * n_body * n_tokens + 12.0 * config.num_hidden_layers * width * pairs
        flops += 4.0 * n_answer * embeddings
    return tokens, flops


def _random_model(name: str) -> str:
    """Write a random model with the embedded tokenizer and return its folder."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    from nosology.modeling.loading import model_folder

    tokenizer = AutoTokenizer.from_pretrained(model_folder(EMBEDDED))
    sizes: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "head_dim": 16}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    vocabulary = len(tokenizer)
    if name == "llama-3.2-3b-random":
        sizes = {"hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 28, "head_dim": 128}
        heads = {"num_attention_heads": 24, "num_key_value_heads": 8}
        vocabulary = 128_256
    folder = Path(tempfile.gettempdir()) / f"nosology-benchmark-{name}-{os.getuid()}"
    if not (folder / "model.safetensors").exists() and not list(folder.glob("*.safetensors")):
        dtype = torch.bfloat16 if torch.cuda.is_available() else torch.float32
        limits = {"max_position_embeddings": 16_384, "tie_word_embeddings": True, "vocab_size": vocabulary}
        with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
            model = LlamaForCausalLM(LlamaConfig(**sizes, **heads, **limits)).to(dtype)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return str(folder)


def _matmul_peaks(names: Collection[str]) -> dict[str, float]:
    """Return the fastest of some large matrix products in each of the number formats that were used, in FLOP/s."""
    import torch

    return {name: _matmul_peak(getattr(torch, name)) for name in names} | {"on_gpu": float(torch.cuda.is_available())}


def _matmul_peak(dtype: Any) -> float:
    import torch

    on_gpu = torch.cuda.is_available()
    size = 8192 if on_gpu else 2048
    device = "cuda" if on_gpu else "cpu"
    left, right = (torch.randn(size, size, dtype=dtype, device=device) for _ in range(2))
    best = float("inf")
    for _ in range(12):
        started = time.perf_counter()
        left @ right
        if on_gpu:
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return 2.0 * size**3 / best


def _peak_memory_mib() -> float:
    import resource

    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ratios(kind: str, rows: list[dict[str, Any]]) -> dict[str, float]:
    name = "short" if kind == "short" else "long"
    keys = {"trl": f"{name}_vs_trl", "trl_defaults": f"{name}_vs_trl_defaults"}
    keys |= {"hf_padded": "vs_hf_padded", "unsloth": "vs_unsloth"}
    ratios = {}
    for figure, suffix in (("notes_per_second", ""), ("notes_per_cpu_second", "_cpu")):
        speed = {row["contender"]: row[figure] for row in rows}
        ours = {"trl_defaults": speed.get("nosology_defaults", speed.get("nosology"))}
        for other, key in keys.items():
            own = ours.get(other, speed.get("nosology"))
            if other in speed and own:
                ratios[key + suffix] = own / speed[other]
    by_name = {row["contender"]: row for row in rows}
    if {"nosology", "trl"} <= by_name.keys():
        pairs = zip(by_name["nosology"]["losses"], by_name["trl"]["losses"], strict=True)
        ratios[f"{name}_loss_difference"] = statistics.mean(abs(own - other) / other for own, other in pairs)
    return ratios


def _print_table(measurements: list[dict[str, Any]], ratios: dict[str, float], peaks: dict[str, float]) -> None:
    header = (
        "notes",
        "contender",
        "notes/s",
        "per cpu s",
        "tokens/s",
        "of peak",
        "memory MiB",
        "first loss",
        "last loss",
    )
    print("{:9} {:17} {:>8} {:>9} {:>9} {:>8} {:>11} {:>11} {:>10}".format(*header))
    for row in measurements:
        print(
            f"{row['kind']:9} {row['contender']:17} {row['notes_per_second']:8.2f} "
            f"{row['notes_per_cpu_second']:9.2f} {row['tokens_per_second']:9.0f} "
            f"{row['fraction_of_peak']:8.1%} {row['peak_memory_mib']:11.0f} {row['losses'][0]:11.3f} "
            f"{row['losses'][-1]:10.3f}"
        )
        for group, share in sorted(row["profile"].items(), key=lambda pair: -pair[1]):
            print(f"{'':27} {share:8.1%} of the step: {group}")
    found = ", ".join(f"{name} {peak / 1e9:,.0f}" for name, peak in peaks.items() if name != "on_gpu")
    print(f"matrix-product peak in GFLOP/s: {found}; tokens and FLOPs count shared tokens once, for all alike")
    print("ours / theirs: " + ", ".join(f"{name} {value:.2f}x" for name, value in ratios.items()))


if __name__ == "__main__":
    main()
