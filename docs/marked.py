"""Parts of pages that are written from elsewhere, between marks: README's figures, and what a GPU needs.

README's tables come from ``docs/figures/*.json``; the table of GPUs from the program's own estimate. `generate.py`
writes them and, with ``--check``, says which are stale.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nosology.config import load_config, shipped_config
from nosology.modeling.sizing import TrainingLoad, known_architecture, operations_per_note, training_memory

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures"

CARDS = {
    "T4, 16 GB": (16, 65, 0.4),
    "L4, 24 GB": (24, 121, 0.8),
    "RTX 4090, 24 GB": (24, 165, 0.5),
    "A100, 80 GB": (80, 312, 1.8),
    "H100, 80 GB": (80, 989, 3.0),
}
"""Memory in GB; dense 16-bit teraflops as the maker states them; dollars an hour that we assume for a rented one."""

ASSUMED_SHARE = 0.35
"""Of the stated teraflops: what single-GPU LoRA training usually reaches is .2 to .35; nosology was not measured."""

INSTRUCTION_TOKENS = 200
GIGABYTE = 10**9


def marked_parts() -> dict[Path, dict[str, str]]:
    """Return what stands between which marks of which page."""
    return {
        ROOT / "README.md": {
            "starter": starter_table(_figures("starter")),
            "trained": trained_table(_figures("trained")),
            "beside": beside_table(_figures("beside")),
        },
        ROOT / "docs" / "how-to" / "gpu.md": {"estimated": gpu_table()},
    }


def written(page: str, parts: Mapping[str, str]) -> str:
    """Return a page with its marked parts written anew.

    Raises:
        ValueError: A mark is missing.
    """
    for name, text in parts.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(page):
            raise ValueError(f"the marks of {name!r} are missing")
        page = pattern.sub(_constant(f"{begin}\n{text}{end}"), page)
    return page


def starter_table(figures: Mapping[str, Any]) -> str:
    """Return README's table of the starter beside words, before any training."""
    rows = [
        (row["text"], f"{row['n']:,}", share(row["words"]), share(row["starter"]), share(row["blend"]), _gap(row))
        for row in figures["rows"]
    ]
    heads = ("text", "n", "words", "its model alone", "starter, as shipped", "starter less words, points")
    return _table(heads, rows) + _source(figures)


def trained_table(figures: Mapping[str, Any]) -> str:
    """Return README's table of runs trained on text of others, the strongest baseline first."""
    rows = [
        (
            row["text"],
            f"{row['n']:,}",
            share(row["words"]),
            share(row["tuned"]),
            share(row["ensemble"]),
            _gap(row),
            f"`{row['script']}`, {row['date']}",
        )
        for row in figures["rows"]
    ]
    heads = ("accuracy", "n", "strongest baseline", "tuned alone", "ensemble", "ensemble less baseline, points", "from")
    return _table(heads, rows)


def beside_table(figures: Mapping[str, Any]) -> str:
    """Return README's table of de-identification, suggestions and speed."""
    rows = []
    for row in figures["rows"]:
        value = share if row["unit"] != "notes per second" else str
        other = row["baseline"]
        rows.append(
            (
                row["question"],
                f"{row['n']:,} {row['of']}",
                row["unit"],
                f"{value(other['value'])}{_interval(other)}, {other['name']}" if other else "–",
                f"{value(row['ours']['value'])}{_interval(row['ours'])}",
                f"`{row['script']}`, {row['date']}",
            )
        )
    return _table(("question", "n", "", "baseline", "nosology", "from"), rows)


def gpu_table() -> str:
    """Return hours, memory and cost of training Llama 3.2 3B on common cards, estimated by the program itself."""
    rows = []
    for name, (gigabytes, teraflops, dollars) in CARDS.items():
        cells = [name]
        for preset, note_tokens in (("paper", 150), ("mimic3", 2048)):
            need, hours = _estimate(preset, note_tokens, teraflops)
            fits = f"{need:.0f} GB" + ("" if need < 0.9 * gigabytes else ", does not fit")
            cells.append(f"{fits}, {_hours(hours)}, ${hours * dollars:.2f}" if need < 0.9 * gigabytes else fits)
        rows.append(tuple(cells))
    return _table(("card", "`paper`, 10,000 notes of 100 words", "`mimic3`, 10,000 whole summaries"), rows)


def share(value: float) -> str:
    """Return a share as README writes it: .719."""
    return f"{value:.3f}".removeprefix("0")


def _estimate(preset: str, note_tokens: int, teraflops: float) -> tuple[float, float]:
    """Return gigabytes of memory and hours for 10,000 notes."""
    config = load_config(shipped_config(preset))
    shape = known_architecture(config.model.name)
    assert shape is not None
    load = TrainingLoad(
        n_notes=config.train.batch_size,
        instruction_tokens=INSTRUCTION_TOKENS,
        note_tokens=note_tokens,
        dtype="bfloat16",
        is_4bit=False,
        is_checkpointed=config.train.gradient_checkpointing is True,
        lora_r=config.train.lora_r,
        lora_targets=config.train.lora_targets,
    )
    seconds = 10_000 * config.train.epochs * operations_per_note(shape, load) / (ASSUMED_SHARE * teraflops * 1e12)
    return training_memory(shape, load).total / GIGABYTE, seconds / 3600


def _hours(hours: float) -> str:
    return f"{60 * hours:.0f} min" if hours < 1 else f"{hours:.1f} h"


def _gap(row: Mapping[str, Any]) -> str:
    low, high = row["interval"]
    return f"{_points(row['difference'])} [{_points(low)}, {_points(high)}]"


def _points(difference: float) -> str:
    text = f"{100 * difference:+.1f}".replace("-", "−")
    return text[1:] if text[1:] == "0.0" else text


def _interval(found: Mapping[str, Any]) -> str:
    if not found["interval"]:
        return ""
    low, high = found["interval"]
    return f" [{share(low)}, {share(high)}]"


def _figures(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIGURES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _source(figures: Mapping[str, Any]) -> str:
    return f"\n`{figures['script']}`, {figures['date']}; {figures['settings']}.\n"


def _constant(text: str) -> Callable[[re.Match[str]], str]:
    """Return a replacement in which a backslash means itself."""
    return lambda _: text


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
