"""Marks of negation, family, history and uncertainty: how many probes of a judging set are marked right.

A probe is a sentence with one mention and four yes/no answers (``benchmarks/unseen/context``). Prints the share of
probes right for each mark and for all four together, with how many of each kind; never a single sentence::

    python benchmarks/context.py benchmarks/unseen/context/open.jsonl --json context.json
"""

import json
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

import harness
from nosology.suggesting.context import mark

MARKS = {"negated": "negated", "family": "family_history", "history": "history", "uncertain": "uncertain"}
"""The answers of a probe, and what the program calls them."""


def main() -> None:
    """Score the probes, print the table, and write it as JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("probes", type=Path, help="JSON lines: kind, sentence, start, end and the four answers")
    parser.add_argument("--wrong", action="store_true", help="name the probes that are marked wrong; for an open set")
    options = parser.parse_args()
    probes = [json.loads(line) for line in options.probes.read_text(encoding="utf-8").splitlines()]
    right: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for probe in probes:
        found = mark(probe["sentence"], probe["start"], probe["end"])
        wrong = [name for name, field in MARKS.items() if getattr(found, field) != probe[name]]
        right.update(name for name in MARKS if name not in wrong)
        right["all four"] += not wrong
        kinds[probe["kind"]] += not wrong
        if wrong and options.wrong:
            print(probe["id"], probe["kind"], *wrong)
    shares = {name: right[name] / len(probes) for name in [*MARKS, "all four"]}
    totals = Counter(probe["kind"] for probe in probes)
    table = Table("mark", "right", title=f"{len(probes)} probes of {options.probes.name}")
    for name, share in shares.items():
        table.add_row(name, f"{share:.3f}")
    for kind, total in sorted(totals.items()):
        table.add_row(f"kind {kind}", f"{kinds[kind]} of {total}")
    Console().print(table)
    if options.json:
        report = {
            "settings": {"probes": options.probes.name, "n": len(probes)},
            "measurements": [
                {"measurement": "marks", **shares, "kinds": {kind: [kinds[kind], totals[kind]] for kind in totals}}
            ],
        }
        harness.write_report(options.json, report)


if __name__ == "__main__":
    main()
