"""Parts of pages that are written from elsewhere, between marks: README's figures, and what a GPU needs.

README's tables, and its sentences that hold figures, come from ``docs/figures/*.json``; the table of GPUs from the
program's own estimate. `generate.py` writes them and, with ``--check``, says which are stale.
"""

import json
import re
import textwrap
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

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
PARTS = {2: "half", 3: "a third", 4: "a quarter", 5: "a fifth", 6: "a sixth", 8: "an eighth", 10: "a tenth"}
PAGE_WIDTH = 130
NO_BETTER = 0.03
"""Of accuracy: within half of what the intervals of some 1,000 or 200 notes leave open."""

INSTRUCTION_TOKENS = 200
GIGABYTE = 10**9


def marked_parts() -> dict[Path, dict[str, str]]:
    """Return what stands between which marks of which page."""
    return {
        ROOT / "README.md": {
            "starter": starter_table(_figures("starter")),
            "trained": trained_table(_figures("trained")) + "\n" + trained_sentences(_figures("trained")),
            "beside": beside_table(_figures("beside")) + "\n" + identifiers_left(_figures("beside")),
            "install": install_sentences(_figures("facts")),
            "original": original_sentences(_figures("facts")["original"]),
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
    return _table(heads, rows) + _source(figures) + "\n" + starter_sentences(figures)


def starter_sentences(figures: Mapping[str, Any]) -> str:
    """Return what README says of the starter's blend below its table."""
    fitted = ", ".join(share(row["fitted_to_codiesp"]) for row in figures["rows"] if "fitted_to_codiesp" in row)
    return _paragraph(
        f"""The starter of the first rows is an even blend of its model and such a linear model; that this blend was
        taken, and not one fitted to CodiEsp's cases ({fitted}), was decided after the look, by its vignettes. Since
        2026-11-29 what diseases look like is a third member (the last row; cases -2.0 points [-5.6, +1.5]).
        Where the diagnosis stands in the text, words alone do about as well as the model alone; where it has to
        be read from findings, the model did better than words, and told findings without a model best. No clinician
        has read the vignettes."""
    )


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


def trained_sentences(figures: Mapping[str, Any]) -> str:
    """Return what README says below the table of trained runs: the gain of the blend, and the fall in another style.

    Raises:
        ValueError: The tuned model alone is better than words somewhere, so that the sentence would be wrong.
    """
    styles = {kind: [row for row in figures["rows"] if row["whose"] == kind] for kind in ("others", "another style")}
    if any(row["tuned"] > row["words"] + NO_BETTER for rows in styles.values() for row in rows):
        raise ValueError("the tuned model alone is better than words: README has to say so")
    gain = NUMBERS[round(100 * sum(row["difference"] for row in styles["others"]) / len(styles["others"]))]
    most = max(row[system] for row in styles["another style"] for system in ("words", "tuned", "ensemble"))
    return _paragraph(
        f"""So: the tuned model *alone* is no better than counting words and their parts; blended with them it is
        better by some {gain} points; and **in a style of notes that it never saw, all of them fall to
        {_part_above(most)} or less**, and their probabilities are wrong there. Train, or at least
        [calibrate](docs/how-to/calibrate.md), on notes like your own."""
    )


def identifiers_left(figures: Mapping[str, Any]) -> str:
    """Return what README says of the identifiers that stay in notes that nobody had seen."""
    balanced, high = (f"{1 - row['ours']['value']:.0%}".replace("%", " %") for row in figures["rows"][:2])
    return _paragraph(
        f"""On notes that neither the program nor its authors had seen, {balanced} of the identifiers stay by default
        and {high} with `--recall high` ([by kind](docs/explanation/deidentification.md)): where a hospital's
        notes are not de-identified, treat them as identified even after it. scrubadub is taken as it comes, which
        looks for no names; Presidio was not compared."""
    )


def install_sentences(facts: Mapping[str, Any]) -> str:
    """Return what README says of the download, the disk and the demo's minutes."""
    size, demo = facts["install"], facts["demo"]
    return _paragraph(
        f"""in a clone, with Python 3.11 or newer; no data, no GPU, no account. The second line takes torch's CPU
        build, {size["torch_cpu_mb"]} MB; leave it out with an NVIDIA GPU, and PyPI's build brings
        {size["torch_cuda_gb"]} GB of CUDA. All else is some {size["others_gb"]} GB to download, the model's
        {size["model_mb"]} MB among it; {size["disk_gb"]} GB on disk. The demo took {demo["minutes"]} min
        {demo["seconds"]} s on {NUMBERS[demo["cores"]]} CPU cores with bfloat16. It shows what the *starter*, a
        run that comes with nosology, says of five invented notes; invents notes in MIMIC-III's file format,
        prepares them, fine-tunes the starter's 135-million-parameter model with LoRA, scores it before and after,
        and writes `demo/run/report/index.html`. [Quickstart](docs/quickstart.md), [uv, conda, other
        systems](#install)."""
    )


def original_sentences(original: Mapping[str, Any]) -> str:
    """Return what README says of the project that nosology began as a rebuild of."""
    return _paragraph(
        f"""nosology began as a rebuild of a student project, *{original["title"]}*: {original["model"]}, LoRA on the
        attention layers, {original["min_words"]} to {original["max_words"]} lower-case words of MIMIC-III's
        discharge summaries, {original["categories"]} ICD-9 chapters, answers generated as text and searched for a
        category. It reached {100 * original["accuracy"]:.0f} % accuracy. We have not repeated that figure, since
        it needs MIMIC and a GPU; [`configs/paper.yaml`](configs/paper.yaml) is its setting, for whoever has both."""
    )


def _paragraph(text: str) -> str:
    """Return a paragraph in the page's width."""
    filled = textwrap.fill(" ".join(text.split()), PAGE_WIDTH, break_long_words=False, break_on_hyphens=False)
    return f"{filled}\n"


def _part_above(value: float) -> str:
    """Return the smallest of the parts with a name that is not below a share: `a third` of .295."""
    return PARTS[max(part for part in PARTS if 1 / part >= value)]


def beside_table(figures: Mapping[str, Any]) -> str:
    """Return README's table of de-identification, suggestions and speed."""
    rows = []
    for row in figures["rows"]:
        value = share if row["unit"] != "notes per second" else str
        other = row["baseline"]
        rows.append(
            (
                row["question"],
                f"{row['n']:,} {row['of']}" if row["n"] != 1 else f"1 {row['of'].removesuffix('s')}",
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
