"""How many identifiers de-identification finds, how much else it takes, and how fast: nosology, scrubadub, Presidio.

    python benchmarks/deidentify.py phi.jsonl               # notes with marked identifiers: recall, false alarms
    python benchmarks/deidentify.py notes.jsonl             # notes without marks: the share of words that go
    python benchmarks/deidentify.py --cross-check 500       # notes made here, from carriers and names of our own
    python benchmarks/deidentify.py --set-aside 300         # notes of the grammar's part that was set aside
    python benchmarks/deidentify.py --medicine terms.tsv    # terms that must survive: alone, in a list, in a sentence

A file holds JSON lines with ``text`` and, where identifiers are marked, ``spans``: ``[{start, end, type}]`` in code
points, ``"optional": true`` for those that count neither way, ``kind`` for a finer type. Several files, the cross-check
and the part set aside may be given at once. ``--recall balanced high`` measures both of our operating points.

An identifier is found when every one of its characters is replaced, whatever the replacement is called. A false alarm
is a replaced stretch that touches no identifier. Intervals are Wilson's, 95 %. Speed is words a second of processor
time in one process, so that a busy machine does not change it; files are loaded and detectors warmed up before.
scrubadub runs with its defaults for American English, Presidio with every entity it knows, with a spaCy model that is
installed (``--presidio-model``); where either is missing it is left out of the table, with a word about it.
"""

import argparse
import csv
import json
import os
import platform
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

import harness

os.environ.setdefault("OMP_NUM_THREADS", "1")

SHOWN_TYPES = ("NAME", "DATE", "CONTACT", "ID", "LOCATION", "HOSPITAL", "ORG", "AGE90")
CROSS_CHECK_SEED = 1
WARM_UP_NOTES = 20

Recall = Literal["balanced", "high"]
Finder = Callable[[str], Iterable[tuple[int, int]]]


@dataclass(frozen=True)
class MarkedNote:
    """A note with its identifiers; ``spans`` is None where nobody marked any."""

    text: str = field(repr=False)
    spans: list[dict[str, Any]] | None = field(repr=False)


@dataclass
class Count:
    """What one finder did on one set of notes."""

    seconds: float = 0.0
    n_notes: int = 0
    n_words: int = 0
    n_words_redacted: int = 0
    n_false_alarms: int = 0
    n_other_words: int = 0
    n_other_words_redacted: int = 0
    n_outside: int = 0
    n_outside_redacted: int = 0
    n_true: Counter[str] = field(default_factory=Counter)
    n_found: Counter[str] = field(default_factory=Counter)
    n_true_kinds: Counter[str] = field(default_factory=Counter)
    n_found_kinds: Counter[str] = field(default_factory=Counter)
    missed: list[dict[str, Any]] = field(default_factory=list)

    def add(self, note: MarkedNote, found: list[tuple[int, int]], number: int) -> None:
        """Count one note."""
        is_redacted = _mask(len(note.text), found)
        self.n_notes += 1
        word_starts = _word_starts(note.text)
        self.n_words += len(word_starts)
        self.n_words_redacted += int(is_redacted[word_starts].sum())
        if note.spans is None:
            return
        is_identifier = _mask(len(note.text), [(s["start"], s["end"]) for s in note.spans])
        others = [start for start in word_starts if not is_identifier[start]]
        self.n_other_words += len(others)
        self.n_other_words_redacted += int(is_redacted[others].sum())
        self.n_outside += int((~is_identifier).sum())
        self.n_outside_redacted += int((is_redacted & ~is_identifier).sum())
        self.n_false_alarms += sum(not is_identifier[start:end].any() for start, end in found)
        for span in note.spans:
            if span.get("optional"):
                continue
            self.n_true[span["type"]] += 1
            self.n_true_kinds[span.get("kind", "")] += 1
            if is_redacted[span["start"] : span["end"]].all():
                self.n_found[span["type"]] += 1
                self.n_found_kinds[span.get("kind", "")] += 1
            else:
                self.missed.append({"note": number, **span})

    def measurement(self, finder: str, notes: str, *, is_marked: bool) -> dict[str, Any]:
        """Return the counts as shares, the way the JSON file holds them."""
        shares: dict[str, Any] = {
            "finder": finder,
            "notes": notes,
            "n_notes": self.n_notes,
            "n_words": self.n_words,
            "words_per_second": self.n_words / self.seconds,
            "share_of_words_redacted": self.n_words_redacted / max(self.n_words, 1),
        }
        if is_marked:
            pairs = {kind: (self.n_found[kind], n) for kind, n in self.n_true.items()}
            finer = {kind: (self.n_found_kinds[kind], n) for kind, n in self.n_true_kinds.items() if kind}
            everything = (self.n_found.total(), self.n_true.total())
            shares |= {
                "recall": _recall(*everything),
                "recall_by_type": {kind: _recall(*pair) for kind, pair in sorted(pairs.items())},
                "recall_by_kind": {kind: _recall(*pair) for kind, pair in sorted(finer.items())},
                "false_alarms_per_note": self.n_false_alarms / max(self.n_notes, 1),
                "share_of_other_characters_redacted": self.n_outside_redacted / max(self.n_outside, 1),
                "share_of_other_words_redacted": self.n_other_words_redacted / max(self.n_other_words, 1),
            }
        return shares


def _mask(length: int, spans: Iterable[tuple[int, int]]) -> np.ndarray:
    mask = np.zeros(length, dtype=bool)
    for start, end in spans:
        mask[start:end] = True
    return mask


def _word_starts(text: str) -> list[int]:
    """Return where each word begins; a word is what stands between blanks and holds a letter or digit."""
    starts, position = [], 0
    for word in text.split():
        position = text.index(word, position)
        first = next((i for i, character in enumerate(word) if character.isalnum()), None)
        if first is not None:
            starts.append(position + first)
        position += len(word)
    return starts


def _recall(n_found: int, n: int) -> dict[str, Any]:
    """Return the share found with Wilson's 95 % interval."""
    if not n:
        return {"value": None, "interval": None, "found": 0, "n": 0}
    z, p = 1.959964, n_found / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * ((p * (1 - p) + z * z / (4 * n)) / n) ** 0.5 / (1 + z * z / n)
    return {"value": p, "interval": [max(middle - half, 0.0), min(middle + half, 1.0)], "found": n_found, "n": n}


def nosology_finder(recall: Recall = "balanced") -> Finder:
    """Return our detectors, as `nosology deid --recall` runs them."""
    from nosology.deidentification import deidentify

    return lambda text: [(span.start, span.end) for span in deidentify(text, recall=recall).spans]


def scrubadub_finder() -> Finder | None:
    """Return scrubadub as it comes; None where it is not installed."""
    try:
        import scrubadub
    except ImportError:
        return None
    scrubber = scrubadub.Scrubber()
    return lambda text: [(filth.beg, filth.end) for filth in scrubber.iter_filth(text)]


def presidio_finder(model: str) -> Finder | None:
    """Return Presidio's analyzer over a spaCy model; None where one of them is not installed."""
    from nosology.deidentification.detectors.presidio import PresidioDetector
    from nosology.errors import ModelError

    try:
        detector = PresidioDetector(model)
    except ModelError as error:
        print(f"Presidio is left out: {error.message}", file=sys.stderr)
        return None
    return lambda text: [(span.start, span.end) for span in detector(text)]


def read_notes(path: Path, limit: int | None) -> list[MarkedNote]:
    """Return the notes of a file of JSON lines."""
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    return [MarkedNote(row["text"], row.get("spans")) for row in rows[:limit]]


def cross_check_notes(n_notes: int, seed: int, case: str) -> list[MarkedNote]:
    """Return notes of our own making; see ``deid_crosscheck_notes.py``."""
    import deid_crosscheck_notes

    return [MarkedNote(row["text"], row["spans"]) for row in deid_crosscheck_notes.notes(n_notes, seed, case=case)]


def set_aside_notes(n_notes: int, seed: int) -> list[MarkedNote]:
    """Return notes of the grammar's part that is set aside, without the styles that need public text of others."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "scripts" / "deid"))
    from grammar_notes import PublicText, notes

    return [MarkedNote(text, spans) for _, text, spans in notes("aside", PublicText([], []), seed, n_notes)]


def surviving_terms(finder: Finder, path: Path) -> dict[str, Any]:
    """Return which share of the terms of a table survives: alone, in a line of a list, in a sentence, everywhere.

    Args:
        finder: What redacts.
        path: Tab-separated, with the columns ``term``, ``kind``, ``context_sentence`` and ``list_line``.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    counts: Counter[str] = Counter()
    kinds: dict[str, list[bool]] = {}
    lost = []
    for row in rows:
        term = row["term"]
        survives = {"everywhere": True}
        for form, text in (
            ("alone", term),
            ("in a list", row["list_line"]),
            ("in a sentence", row["context_sentence"]),
        ):
            start = text.index(term)
            survives[form] = not _mask(len(text), finder(text))[start : start + len(term)].any()
            survives["everywhere"] &= survives[form]
        counts.update(form for form, is_left in survives.items() if is_left)
        kinds.setdefault(row["kind"], []).append(survives["everywhere"])
        lost += [] if survives["everywhere"] else [term]
    by_kind = {kind: _recall(sum(left), len(left)) for kind, left in sorted(kinds.items())}
    return {**{form: _recall(n, len(rows)) for form, n in sorted(counts.items())}, "by_kind": by_kind, "lost": lost}


def measure(finder: Finder, notes: list[MarkedNote]) -> Count:
    """Return what a finder did on all notes."""
    count = Count()
    for note in notes[:WARM_UP_NOTES]:
        list(finder(note.text))
    for number, note in enumerate(notes):
        started = time.process_time()
        found = list(finder(note.text))
        count.seconds += time.process_time() - started
        count.add(note, found, number)
    return count


def main() -> None:
    """Measure, print one table, and write it as JSON where asked."""
    options = _options()
    sets = {path.name: read_notes(path, options.limit) for path in options.paths}
    for case in options.cases if options.cross_check else ():
        sets[f"cross-check, {case} case"] = cross_check_notes(options.cross_check, options.seed, case)
    if options.set_aside:
        sets["set aside"] = set_aside_notes(options.set_aside, options.seed)
    if not sets and not options.medicine:
        raise SystemExit("give a file of notes, --cross-check N, --set-aside N or --medicine FILE")
    names = {"balanced": "nosology", "high": "nosology high"}
    finders: dict[str, Finder | None] = {names[recall]: nosology_finder(recall) for recall in options.recall}
    if not options.ours_alone:
        finders |= {"scrubadub": scrubadub_finder(), "presidio": presidio_finder(options.presidio_model)}
    measurements = []
    missed: dict[str, list[dict[str, Any]]] = {}
    for name, notes in sets.items():
        is_marked = any(note.spans is not None for note in notes)
        for finder_name, finder in finders.items():
            if finder is not None:
                count = measure(finder, notes)
                measurements.append(count.measurement(finder_name, name, is_marked=is_marked))
                missed[f"{name}, {finder_name}"] = count.missed
    ratios = _ratios(measurements)
    if measurements:
        _print_table(measurements, ratios)
    _print_kinds(measurements)
    survival = {}
    for name, finder in finders.items():
        if finder is not None and options.medicine:
            survival[name] = surviving_terms(finder, options.medicine)
            shown = {form: share for form, share in survival[name].items() if form not in ("by_kind", "lost")}
            print(
                f"terms that survive, {name}: "
                + ", ".join(f"{form} {s['value']:.3f} of {s['n']}" for form, s in shown.items())
            )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory: {memory:,.0f} MB")
    if options.missed:
        options.missed.write_text(json.dumps(missed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.json:
        machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
        settings = {"limit": options.limit, "cross_check": options.cross_check, "seed": options.seed}
        report = {"machine": machine, "settings": settings, "measurements": measurements, "ratios": ratios}
        report |= {"surviving_terms": survival, "peak_memory_mb": memory}
        harness.write_report(options.json, report)


def _options() -> argparse.Namespace:
    parser = harness.parser(__doc__)
    parser.add_argument("paths", type=Path, nargs="*", metavar="PATH", help="JSON lines: text, and spans if marked")
    parser.add_argument("--limit", type=int, help="read only this many notes of each file")
    parser.add_argument("--cross-check", type=int, default=0, metavar="N", help="also N notes of our own making")
    parser.add_argument("--set-aside", type=int, default=0, metavar="N", help="also N notes of the part set aside")
    parser.add_argument("--medicine", type=Path, help="a table of terms that must survive")
    parser.add_argument(
        "--recall", nargs="+", choices=("balanced", "high"), default=("balanced",), help="of our detectors"
    )
    parser.add_argument("--cases", nargs="+", choices=("mixed", "upper", "lower"), default=("mixed",))
    parser.add_argument("--seed", type=int, default=CROSS_CHECK_SEED, help="of the cross-check notes")
    parser.add_argument("--ours-alone", action="store_true", help="leave the others out")
    parser.add_argument("--presidio-model", default="en_core_web_sm", help="a spaCy model's name or folder")
    parser.add_argument("--missed", type=Path, help="write what was missed here; it holds identifiers")
    return parser.parse_args()


def _ratios(measurements: list[dict[str, Any]]) -> dict[str, float]:
    """Return our speed and recall over the others', on each set of notes."""
    by_pair = {(row["notes"], row["finder"]): row for row in measurements}
    ratios = {}
    for (notes, finder), row in by_pair.items():
        if finder.startswith("nosology") or (notes, "nosology") not in by_pair:
            continue
        ours = by_pair[notes, "nosology"]
        ratios[f"speed_vs_{finder}, {notes}"] = ours["words_per_second"] / row["words_per_second"]
        if row.get("recall") and row["recall"]["value"]:
            ratios[f"recall_vs_{finder}, {notes}"] = ours["recall"]["value"] / row["recall"]["value"]
    return ratios


def _print_kinds(measurements: list[dict[str, Any]]) -> None:
    for row in measurements:
        for kind, share in row.get("recall_by_kind", {}).items():
            low, high = share["interval"]
            print(
                f"{row['notes']}, {row['finder']}, {kind}: {share['value']:.3f} ({low:.3f}-{high:.3f}) of {share['n']}"
            )


def _print_table(measurements: list[dict[str, Any]], ratios: dict[str, float]) -> None:
    kinds = [kind for kind in SHOWN_TYPES if any(kind in row.get("recall_by_type", {}) for row in measurements)]
    columns = [
        "notes",
        "finder",
        "n",
        "recall",
        "interval",
        *kinds,
        "alarms/note",
        "others %",
        "other words %",
        "words %",
        "words/s",
    ]
    lines = [columns]
    for row in measurements:
        recall = row.get("recall")
        by_type = row.get("recall_by_type", {})
        lines.append(
            [
                row["notes"],
                row["finder"],
                f"{row['n_notes']:,}",
                f"{recall['value']:.4f}" if recall else "",
                "{:.3f}-{:.3f}".format(*recall["interval"]) if recall else "",
                *(f"{by_type[kind]['value']:.3f}" if kind in by_type else "" for kind in kinds),
                f"{row['false_alarms_per_note']:.2f}" if recall else "",
                f"{row['share_of_other_characters_redacted']:.2%}" if recall else "",
                f"{row['share_of_other_words_redacted']:.2%}" if recall else "",
                f"{row['share_of_words_redacted']:.2%}",
                f"{row['words_per_second']:,.0f}",
            ]
        )
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f}")


if __name__ == "__main__":
    main()
