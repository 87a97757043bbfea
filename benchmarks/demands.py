"""How often a run does what a note tells it, and how many such notes it flags.

Every note is read as it is and again with a demand written into it, at the place that the demand asks for. A demand
wants a category that is neither the note's own nor what the run answered without it; it is *obeyed* where the run then
answers that category. Accuracy is given with and without demands. Flags are looked for in the notes with demands
(recall), in the notes without, in a folder's harmless passages, and in further notes where files are given::

    python benchmarks/demands.py RUN --set benchmarks/unseen/demands --notes 400 --clean clean.jsonl --json demands.json

The set is a folder with ``demands.jsonl`` (``id, kind, where, text``, with ``{category}`` and ``{other}`` to be filled)
and, where there is one, ``clean.jsonl`` (``id, kind, text``). Notes are the run's test split, which is prepared already
and is read as it is, demands in it as they were written; or those of a JSON lines file with ``text`` and ``category``
(``--read FILE``), which are prepared first. No text is printed or written.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import harness
from nosology import metrics
from nosology.classifier.classifier import Classifier
from nosology.dataset.folder import open_dataset
from nosology.records import Prediction
from nosology.runs.run import Run
from nosology.text.demands import find_demands


@dataclass(frozen=True)
class Told:
    """A note with a demand written into it."""

    note: int
    kind: str
    wanted: str
    text: str


def main() -> None:
    """Measure, print the tables, and write them as JSON where asked."""
    options = _options()
    classifier = Classifier.load(options.run, system=options.system)
    notes = _notes(options)
    draw = Random(options.seed)
    chosen = draw.sample(notes, min(options.notes, len(notes)))
    is_prepared = options.read is None
    before = classifier.classify([text for text, _ in chosen], is_prepared=is_prepared)
    told = tell(chosen, before, _lines(options.set / "demands.jsonl"), classifier.labels.names, draw)
    after = classifier.classify([item.text for item in told], is_prepared=is_prepared)
    rows = [*obedience(told, after, chosen, before)]
    flags = _flags(options, classifier.labels.names, told, [text for text, _ in chosen], draw)
    shares = dict.fromkeys(("obeyed", "low", "high", "accuracy", "clean", "flagged"), ".3f")
    harness.print_table(rows, {"kind": "", "n": "d"} | shares)
    print()
    harness.print_table(flags, {"flags_in": "", "n": "d", "share": ".4f", "low": ".4f", "high": ".4f"})
    settings = {key: str(value) for key, value in vars(options).items() if key != "json"}
    harness.write_report(
        options.json,
        {"settings": settings, "measurements": [*rows, *flags]},
    )


def tell(
    notes: Sequence[tuple[str, str]],
    before: Sequence[Prediction],
    demands: Sequence[dict[str, str]],
    names: Sequence[str],
    draw: Random,
) -> list[Told]:
    """Return every note with a demand, the demands in turn, each for a category that is neither right nor chosen.

    Args:
        notes: Texts with their categories.
        before: What the run says of them as they are.
        demands: Lines of a judging set.
        names: The categories.
        draw: Generator of categories and places.
    """
    order = draw.sample(list(demands), len(demands))
    told = []
    for place, ((text, category), prediction) in enumerate(zip(notes, before, strict=True)):
        demand = order[place % len(order)]
        wanted = draw.choice([name for name in names if name not in (category, prediction.label)])
        other = draw.choice([name for name in names if name != wanted])
        words = demand["text"].replace("{category}", wanted).replace("{other}", other)
        told.append(Told(place, demand["kind"], wanted, put(text, words, demand.get("where", "end"), draw)))
    return told


def put(text: str, words: str, where: str, draw: Random) -> str:
    """Return a text with words at its start, at its end, or between two of its words, after a sentence if it has any.

    Args:
        text: The note.
        words: What is put into it.
        where: ``start``, ``middle`` or ``end``.
        draw: Generator of the place.
    """
    if where == "start":
        return f"{words}\n{text}"
    blanks = [place for place, character in enumerate(text) if character.isspace() and 0 < place < len(text) - 1]
    ends = [place for place in blanks if text[place - 1] in ".;:"]
    if where == "end" or not blanks:
        return f"{text}\n{words}"
    place = draw.choice(ends or blanks)
    return f"{text[:place]}\n{words}\n{text[place + 1 :]}"


def obedience(
    told: Sequence[Told],
    after: Sequence[Prediction],
    notes: Sequence[tuple[str, str]],
    before: Sequence[Prediction],
) -> list[dict[str, Any]]:
    """Return for each kind of demand, and for all, how often it was obeyed, with Wilson's interval, and accuracies.

    Args:
        told: Notes with demands.
        after: What the run says of them.
        notes: The notes as they were, with their categories.
        before: What the run says of those.
    """
    rows = []
    for kind in ["all", *sorted({item.kind for item in told})]:
        part = [(item, said) for item, said in zip(told, after, strict=True) if kind in ("all", item.kind)]
        n_obeyed = sum(said.label == item.wanted for item, said in part)
        low, high = metrics.wilson_interval(n_obeyed, len(part))
        rows.append(
            {
                "kind": kind,
                "n": len(part),
                "obeyed": n_obeyed / len(part),
                "low": low,
                "high": high,
                "accuracy": sum(said.label == notes[item.note][1] for item, said in part) / len(part),
                "clean": sum(before[item.note].label == notes[item.note][1] for item, _ in part) / len(part),
                "flagged": sum(bool(said.demands) for _, said in part) / len(part),
            }
        )
    return rows


def _flags(
    options: argparse.Namespace, names: Sequence[str], told: Sequence[Told], plain: Sequence[str], draw: Random
) -> list[dict[str, Any]]:
    """Return how many notes of each sort are flagged, with Wilson's interval."""
    sorts = {"notes with demands": [item.text for item in told], "the same without": list(plain)}
    harmless = options.set / "clean.jsonl"
    if harmless.exists():
        sorts["harmless passages, alone"] = [line["text"] for line in _lines(harmless)]
        sorts["harmless passages in notes"] = [
            put(draw.choice(plain), line["text"], "middle", draw) for line in _lines(harmless)
        ]
    for file in options.clean:
        sorts[f"further notes of {file.name}"] = [line["text"] for line in _lines(file)]
    rows = []
    for name, texts in sorts.items():
        n_flagged = sum(bool(find_demands(text, names)) for text in texts)
        low, high = metrics.wilson_interval(n_flagged, len(texts))
        rows.append({"flags_in": name, "n": len(texts), "share": n_flagged / len(texts), "low": low, "high": high})
    return rows


def _notes(options: argparse.Namespace) -> list[tuple[str, str]]:
    """Return the notes to be read, with their categories."""
    if options.read:
        return [(line["text"], line["category"]) for line in _lines(options.read)]
    dataset = open_dataset(Path(Run.open(options.run).manifest.dataset.path))
    return list(dataset.split("test").select("clean_text", "category").iter_rows())


def _lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]


def _options() -> argparse.Namespace:
    parser = harness.parser(__doc__)
    parser.add_argument("run", type=Path, help="a finished run")
    parser.add_argument("--set", type=Path, required=True, metavar="FOLDER", help="demands.jsonl, clean.jsonl")
    parser.add_argument("--notes", type=int, default=400, help="notes read, each with and without a demand")
    parser.add_argument("--read", type=Path, metavar="FILE", help="JSON lines of notes in place of the test split")
    parser.add_argument("--clean", type=Path, nargs="*", default=[], metavar="FILE", help="JSON lines of clean notes")
    parser.add_argument("--system", choices=("tuned", "ensemble"), help="what answers; else as the run says")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
