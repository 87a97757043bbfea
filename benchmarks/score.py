"""How fast nosology scores all categories, side by side with `generate` and with one pass per category.

Same base model, number format and short notes for all; every contender runs in a process of its own, in turns, and
answers notes until its time is up.

* ``nosology`` reads off the probability of every category's whole name (joint scoring); ``constrained`` chooses step by
  step among tokens that continue some name, as configs/demo.yaml does, and needs fewer tokens.
* ``generate`` is transformers' own, greedy, note by note as its pipelines and most scripts do, its answers parsed
  leniently; ``generate_batched`` the same on left-padded batches.
* ``per_category`` puts each answer behind the whole prompt and reads its log-probability off one padded pass a note (18
  rows), projecting the vocabulary at answer positions only. Its scores must equal our joint ones; the largest
  difference is printed.
* ``vllm`` joins where it is installed and a GPU is there: greedy answers, prefix caching on.

Ratios: ``vs_generate``, ``vs_generate_batched`` and ``vs_vllm`` are of constrained scoring (``joint_vs_...`` of joint),
``vs_per_category`` is of joint scoring. On a busy machine give each contender one thread (``OMP_NUM_THREADS=1``):
threads that wait for each other measure the neighbours.

    python benchmarks/score.py                                # embedded model, invented notes of 50 to 100 words
    python benchmarks/score.py --model tiny --seconds 1       # the whole script in seconds, for a test
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import harness
import train as training_benchmark

EMBEDDED = "embedded:smollm2-135m-instruct"
MAX_NEW_TOKENS = 12  # evaluate.max_generated_tokens: the longest category takes 8
TOLERANCE = {"float32": 1e-3, "bfloat16": 1.0}  # nats of a joint score of 10 to 40, over up to nine tokens
RATIOS = {
    "generate": "vs_generate",
    "generate_batched": "vs_generate_batched",
    "per_category": "vs_per_category",
    "vllm": "vs_vllm",
}


def main() -> None:
    """Run the contenders in turns, print one table, and write it as JSON where asked."""
    options = _options()
    if options.contend:
        print(json.dumps(_contend(json.loads(options.contend))))
        return
    measurements = _measure(options)
    speed = {row["contender"]: row["notes_per_second"] for row in measurements}
    # Parsed answers carry no probability of each name, so they are set beside the scoring that needs none either.
    ours = {"per_category": "nosology"}
    ratios = {RATIOS[name]: speed[ours.get(name, "constrained")] / speed[name] for name in speed if name in RATIOS}
    ratios |= {
        f"joint_{RATIOS[name]}": speed["nosology"] / speed[name] for name in speed if name.startswith("generate")
    }
    difference = _largest_difference(measurements)
    _print_table(measurements, ratios, difference)
    if options.json:
        settings = {"model": options.model, "dtype": options.dtype, "seconds": options.seconds, "batch": options.batch}
        report = {
            "settings": settings | {"largest_difference_to_per_category": difference},
            "measurements": [{k: v for k, v in row.items() if k != "scores"} for row in measurements],
            "ratios": ratios,
        }
        harness.write_report(options.json, report)
    if difference is not None and difference > TOLERANCE[measurements[0]["dtype"]]:
        raise SystemExit(f"scores differ from one pass per category by {difference:.3g} nats")


def _options() -> argparse.Namespace:
    parser = harness.parser(__doc__)
    parser.add_argument("--model", default=EMBEDDED, help="a model's name, or `tiny`")
    parser.add_argument("--dtype", default="auto", choices=("auto", "float32", "bfloat16"))
    parser.add_argument("--seconds", type=float, default=20, help="time of each contender a round")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each contender")
    parser.add_argument("--batch", type=int, default=8, help="notes in a batch of generate")
    parser.add_argument(
        "--contenders", nargs="+", choices=("nosology", "constrained", *RATIOS), help="default: all possible"
    )
    parser.add_argument("--contend", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return one row a contender: the median over rounds of its notes per second, and its worst memory."""
    contenders = options.contenders or _contenders()
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    with tempfile.TemporaryDirectory() as folder:
        notes = training_benchmark._synthetic_notes(Path(folder), (50, 100), n=64)
        notes_file = Path(folder) / "notes.json"
        notes_file.write_text(json.dumps([note["text"] for note in notes]), encoding="utf-8")
        for _ in range(options.rounds):
            for name in contenders:
                spec = {"contender": name, "notes": str(notes_file)} | {
                    key: getattr(options, key) for key in ("model", "dtype", "seconds", "batch")
                }
                command = [sys.executable, __file__, "--contend", json.dumps(spec)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
                results[name].append(json.loads(done.stdout.strip().splitlines()[-1]))
                print(f"  {name}: {results[name][-1]['notes_per_second']:.2f} notes/s", file=sys.stderr)
    rows = []
    for name, rounds in results.items():
        speeds = [result["notes_per_second"] for result in rounds]
        row = rounds[0] | {"contender": name, "notes_per_second": statistics.median(speeds), "rounds": speeds}
        row["peak_memory_mib"] = max(result["peak_memory_mib"] for result in rounds)
        rows.append(row)
    return rows


def _contenders() -> list[str]:
    import torch

    has_vllm = torch.cuda.is_available() and find_spec("vllm") is not None
    return ["nosology", "constrained", "generate", "generate_batched", "per_category", *(["vllm"] if has_vllm else [])]


def _contend(spec: dict[str, Any]) -> dict[str, Any]:
    """Answer notes with one contender in this process until its time is up; return its figures."""
    import torch

    from nosology.coding.labels import LabelSet
    from nosology.modeling.encoding import PromptEncoder
    from nosology.modeling.loading import load_model
    from nosology.modeling.prompts import PromptTemplate

    torch.manual_seed(0)
    name = training_benchmark._random_model("tiny") if spec["model"] == "tiny" else spec["model"]
    texts = json.loads(Path(spec["notes"]).read_text(encoding="utf-8"))
    labels = LabelSet.load("icd-chapters-18")
    loaded = load_model(name, dtype=spec["dtype"])
    template = PromptTemplate.load("physician-v1")
    encoder = PromptEncoder(loaded.tokenizer, template, labels.names, max_note_tokens=8192)
    make = {
        "nosology": _nosology,
        "constrained": _nosology,
        "generate": _generate,
        "generate_batched": _generate,
        "per_category": _per_category,
        "vllm": _vllm,
    }[spec["contender"]]
    size = {"nosology": 16, "constrained": 16, "generate": 1, "per_category": 1, "vllm": 64}.get(
        spec["contender"], spec["batch"]
    )
    answer = make(spec, loaded, encoder, labels.names)
    answer(texts[:1])  # caches, kernels and threads are there before the clock starts
    n_done, scores, started, started_cpu = 0, [], time.perf_counter(), time.process_time()
    while time.perf_counter() - started < spec["seconds"]:
        start = n_done % len(texts)
        batch = texts[start : start + size]
        found = answer(batch)
        if found is not None and n_done < len(texts):
            scores.extend(found)
        n_done += len(batch)
    seconds = time.perf_counter() - started
    return {
        "notes_per_second": n_done / seconds,
        "cpu_seconds_per_note": (time.process_time() - started_cpu) / n_done,
        "notes": n_done,
        "peak_memory_mib": training_benchmark._peak_memory_mib(),
        "dtype": str(loaded.model.dtype).removeprefix("torch."),
        "scores": scores,
    }


def _nosology(spec: dict[str, Any], loaded: Any, encoder: Any, names: Sequence[str]) -> Callable[[list[str]], Any]:
    del names
    from nosology.modeling.scoring import AnswerScorer

    scorer = AnswerScorer(
        loaded.model, encoder, scoring="constrained" if spec["contender"] == "constrained" else "joint"
    )
    return lambda texts: scorer.scores([encoder.note(text) for text in texts]).tolist()


def _generate(spec: dict[str, Any], loaded: Any, encoder: Any, names: Sequence[str]) -> Callable[[list[str]], Any]:
    del spec
    import torch

    from nosology.evaluation.parsing import parse_lenient

    loaded.model.set_attn_implementation("sdpa")
    pad = loaded.tokenizer.pad_token_id or 0

    def answer(texts: list[str]) -> None:
        rows = [[*encoder.root, *encoder.note(text).tokens] for text in texts]
        width = max(map(len, rows))
        ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows], device=loaded.model.device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=loaded.model.device)
        with torch.inference_mode():
            written = loaded.model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=MAX_NEW_TOKENS,
                do_sample=False,
                eos_token_id=encoder.end_of_turn,
                pad_token_id=pad,
            )
        for row in written[:, width:].tolist():
            parse_lenient(encoder.decode(row), names)

    return answer


def _per_category(spec: dict[str, Any], loaded: Any, encoder: Any, names: Sequence[str]) -> Callable[[list[str]], Any]:
    del spec, names
    import torch

    loaded.model.set_attn_implementation("sdpa")
    longest = max(map(len, encoder.answers))
    targets = torch.tensor([[0] * (longest - len(answer)) + list(answer) for answer in encoder.answers])
    counts = torch.tensor([[0] * (longest - len(answer)) + [1] * len(answer) for answer in encoder.answers])

    def answer(texts: list[str]) -> list[list[float]]:
        scores = []
        for text in texts:
            prompt = [*encoder.root, *encoder.note(text).tokens]
            # Padded on the left, so that the answers end together and one slice of the vocabulary serves all rows.
            rows = [[0] * (longest - len(own)) + prompt + list(own) for own in encoder.answers]
            mask = [[0] * (longest - len(own)) + [1] * (len(prompt) + len(own)) for own in encoder.answers]
            ids, seen = (torch.tensor(values, device=loaded.model.device) for values in (rows, mask))
            with torch.inference_mode():
                logits = loaded.model(
                    input_ids=ids,
                    attention_mask=seen,
                    position_ids=(seen.cumsum(dim=1) - 1).clamp(min=0),
                    logits_to_keep=longest + 1,
                    use_cache=False,
                ).logits
            log_probs = logits[:, :-1].float().log_softmax(dim=-1).cpu()
            steps = log_probs.gather(2, targets[:, :, None])[:, :, 0]
            scores.append((steps * counts).sum(dim=1).tolist())
        return scores

    return answer


def _vllm(spec: dict[str, Any], loaded: Any, encoder: Any, names: Sequence[str]) -> Callable[[list[str]], Any]:
    import torch
    from vllm import LLM, SamplingParams

    from nosology.evaluation.parsing import parse_lenient
    from nosology.modeling.loading import model_folder

    loaded.model.to("cpu")
    torch.cuda.empty_cache()
    name = training_benchmark._random_model("tiny") if spec["model"] == "tiny" else spec["model"]
    engine = LLM(model=str(model_folder(name)), dtype=str(loaded.model.dtype).removeprefix("torch."))
    sampling = SamplingParams(temperature=0.0, max_tokens=MAX_NEW_TOKENS, stop_token_ids=[encoder.end_of_turn])

    def answer(texts: list[str]) -> None:
        prompts = [{"prompt_token_ids": [*encoder.root, *encoder.note(text).tokens]} for text in texts]
        for output in engine.generate(prompts, sampling, use_tqdm=False):
            parse_lenient(output.outputs[0].text, names)

    return answer


def _largest_difference(measurements: Sequence[dict[str, Any]]) -> float | None:
    """Return how far our joint scores are from those of one pass per category, in nats; None without both."""
    by_name = {row["contender"]: row["scores"] for row in measurements if row["scores"]}
    if not {"nosology", "per_category"} <= by_name.keys():
        return None
    pairs = zip(by_name["nosology"], by_name["per_category"], strict=False)
    return max(abs(ours - theirs) for mine, other in pairs for ours, theirs in zip(mine, other, strict=True))


def _print_table(measurements: Sequence[dict[str, Any]], ratios: dict[str, float], difference: float | None) -> None:
    heading = f"{'contender':16} {'notes/s':>9} {'CPU s/note':>11} {'notes':>6} {'memory MiB':>11}"
    print(f"{heading} {'ours/theirs':>12}")
    for row in measurements:
        ratio = ratios.get(RATIOS.get(row["contender"], ""))
        times = "" if ratio is None else f"{ratio:.2f}x"
        print(
            f"{row['contender']:16} {row['notes_per_second']:9.2f} {row['cpu_seconds_per_note']:11.2f} "
            f"{row['notes']:6} {row['peak_memory_mib']:11.0f} {times:>12}"
        )
    print(f"{measurements[0]['dtype']}, {os.cpu_count()} cores, {platform.machine()}")
    if difference is not None:
        print(f"largest difference of a score to one pass per category: {difference:.2g} nats")


if __name__ == "__main__":
    main()
