"""The drivers' result files as the documentation's tables, in Markdown, with card, driver, versions and date.

    python scripts/gpu/tables.py RESULTS                    # prints them
    python scripts/gpu/tables.py RESULTS --page docs/how-to/gpu.md   # and writes them between the page's marks

Computes nothing but ratios of figures in one file. A rehearsal's figures (size tiny) are printed, never written.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
RATIOS = {  # by which our notes per second exceed theirs; the least that was set out for
    "hf_padded": ("nosology", 2.0),
    "trl": ("nosology", 1.3),
    "hf_padded_recomputed": ("nosology_recomputed", None),
    "trl_defaults": ("nosology_recomputed", None),
}


def main(arguments: list[str] | None = None) -> int:
    """Print the tables of a folder's result files and, where asked, write them into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="folder with correct.json, fast.json or better.json")
    parser.add_argument("--page", type=Path, help="page whose marked part is replaced")
    options = parser.parse_args(arguments)
    files = [options.results / f"{stage}.json" for stage in ("correct", "fast", "better")]
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]
    if not found:
        print(f"{options.results} holds no result file; run a driver with --out {options.results}", file=sys.stderr)
        return 2
    text = "\n".join(line for result in found for line in tables(result))
    print(text)
    if options.page is None:
        return 0
    if any(result["size"] != "full" or result["machine"]["gpu"] is None for result in found):
        print("figures of a rehearsal are no figures of a GPU: the page is left alone", file=sys.stderr)
        return 2
    page = options.page.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        print(f"{options.page} has no part between {BEGIN} and {END}", file=sys.stderr)
        return 2
    options.page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return 0


def tables(result: dict[str, Any]) -> list[str]:
    """Return a stage's tables as lines of Markdown."""
    title = {"correct": "Correct", "fast": "Fast", "better": "Better"}[result["stage"]]
    body = {"correct": _checks, "fast": _speeds, "better": _learned}[result["stage"]](result["measurements"])
    return ["", f"### {title}", "", _place(result), "", *body, *_others(result)]


def _place(result: dict[str, Any]) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    card = f"{machine['gpu']} ({machine['memory']}), driver {machine['driver']}" if machine["gpu"] else "No GPU"
    codes = sorted({found["code"] for found in result["measurements"].values()})
    rehearsal = "" if result["size"] == "full" else f" A rehearsal (size {result['size']}): its figures mean nothing."
    return (
        f"{card}; {machine['cores']} cores, Python {machine['python']}, {versions}; {machine['date']}; "
        f"code {', '.join(codes)}.{rehearsal}"
    )


def _checks(measurements: dict[str, Any]) -> list[str]:
    """One row a check: what was found beside its bound."""
    lines = ["| measurement | check | found | bound | |", "|---|---|---|---|---|"]
    for name, found in measurements.items():
        for check in found["checks"]:
            bounds = [f"{word} {check[key]:.3g}" for key, word in (("at_least", "≥"), ("at_most", "≤")) if key in check]
            value = check["value"] if isinstance(check["value"], str) else f"{check['value']:.3g}"
            right = "yes" if check["passed"] else "**no**"
            lines.append(f"| {_words(name)} | {_words(check['name'])} | {value} | {' and '.join(bounds)} | {right} |")
    return lines


def _speeds(measurements: dict[str, Any]) -> list[str]:
    """One row a contender, then scoring, the profile, and the ratios."""
    lines = [
        "| contender | notes/s | tokens/s | of the measured peak | peak memory, GiB | notes at once | first step, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in measurements.items():
        figures = found["figures"]
        if "step_seconds" in figures:
            share = figures.get("fraction_of_peak")
            lines.append(
                f"| {_words(name)} | {_number(figures.get('notes_per_second'))} | "
                f"{_number(figures.get('tokens_per_second'), 0)} | {'' if share is None else f'{share:.1%}'} | "
                f"{_number(figures.get('peak_memory_gib'), 1)} | {figures['notes_at_once']} | "
                f"{_number(figures['step_seconds'][0], 1)} |"
            )
    lines += ["", "| ours / theirs, notes per second | | wanted |", "|---|---|---|"]
    for other, (own, wanted) in RATIOS.items():
        speeds = [measurements.get(name, {}).get("figures", {}).get("notes_per_second") for name in (own, other)]
        if all(speeds):
            ratio = f"{speeds[0] / speeds[1]:.2f}"
            lines.append(f"| {_words(own)} / {_words(other)} | {ratio} | {'' if wanted is None else f'≥ {wanted}'} |")
    for name in ("scoring", "doctor"):
        if name in measurements:
            lines += ["", *_figures(name, measurements[name])]
    if "profile" in measurements:
        shares = {k: v for k, v in measurements["profile"]["figures"].items() if k.startswith("share: ")}
        lines += ["", "| a profiled step | share |", "|---|---|"]
        lines += [f"| {name.removeprefix('share: ')} | {value:.1%} |" for name, value in shares.items()]
    return [*lines, "", *_checks(measurements)]


def _learned(measurements: dict[str, Any]) -> list[str]:
    """One row a training: its last validation."""
    lines = ["| training | steps | accuracy | loss | seconds |", "|---|---|---|---|---|"]
    for name, found in measurements.items():
        figures = found["figures"]
        lines.append(
            f"| {_words(name)} | {figures.get('steps', '')} | {_number(figures.get('validation_accuracy'), 3)} | "
            f"{_number(figures.get('validation_loss'), 3)} | {_number(found['seconds'], 0)} |"
        )
    return lines


def _figures(name: str, found: dict[str, Any]) -> list[str]:
    rows = [f"| {_words(figure)} | {_number(value)} |" for figure, value in found["figures"].items()]
    return [f"| {_words(name)} | |", "|---|---|", *rows]


def _others(result: dict[str, Any]) -> list[str]:
    """What has no result, or none that counts, and why: an error's last line."""
    lines = []
    for name, found in result["measurements"].items():
        if found["status"] != "done":
            lines.append(f"- {_words(name)}: {found['status']}: {found['error'].strip().splitlines()[-1][:200]}")
    for name, reasons in result["left_out"].items():
        lines.append(f"- {_words(name)}: not measured, lacks {', '.join(reasons)}")
    return ["", *lines] if lines else []


def _words(name: str) -> str:
    return name.replace("_", " ")


def _number(value: Any, digits: int = 2) -> str:
    return f"{value:,.{digits}f}" if isinstance(value, int | float) else "" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
