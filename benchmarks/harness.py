"""What all benchmarks share: the option ``--json``, the machine, the table, and the report that ``--json`` writes.

A report holds ``machine``, ``settings``, ``measurements`` and ``ratios``; a ratio above 1 means that we are ahead.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows ``--json``; the description is the script's docstring, as it stands."""
    found = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--json", type=Path, metavar="FILE", help="also write machine, settings, measurements, ratios")
    return found


def machine(**more: Any) -> dict[str, Any]:
    """Return what the figures were measured on, and how busy it was; torch and its GPU where a script uses them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found: dict[str, Any] = {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "cores": cores,
        "memory_gigabytes": psutil.virtual_memory().total / 1e9,
        "load": os.getloadavg()[0],
    }
    if torch := sys.modules.get("torch"):
        gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
        found |= {"torch": torch.__version__, "threads": torch.get_num_threads(), "gpu": gpu}
    return found | more


def write_report(path: Path | None, report: Mapping[str, Any]) -> None:
    """Write a report as JSON; nothing where no file was asked for.

    Args:
        path: The value of ``--json``.
        report: ``settings``, ``measurements`` and ``ratios``; ``machine`` where it says more.
    """
    if path is None:
        return
    whole = {"machine": machine(), "settings": {}, "measurements": [], "ratios": {}} | dict(report)
    path.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def print_table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Print measurements as a table: text to the left, numbers to the right, as wide as they are.

    Args:
        rows: The measurements.
        columns: A format for each key that is shown, such as ``".3f"``; the key is the heading, blanks for underscores.
    """
    cells = [[format(row[key], form) for key, form in columns.items()] for row in rows]
    headings = [key.replace("_", " ") for key in columns]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    is_number = [form != "" for form in columns.values()]
    for line in [headings, *cells]:
        print("  ".join(_aligned(line, widths, is_number)).rstrip())


def _aligned(cells: Sequence[str], widths: Sequence[int], is_number: Sequence[bool]) -> list[str]:
    return [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, is_number, strict=True)
    ]
