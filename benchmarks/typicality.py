"""Whether notes of another style are told from those that a run was calibrated on, every pair of styles shown.

Each style is home once: three quarters of its notes calibrate, the rest say how many at home are flagged, and all notes
of each other style how many there are. Features are read once and kept under ``--work``::

    NOSOLOGY_DEV_DATA=DATA python benchmarks/typicality.py --run RUN --work WORK --notes 150 --json FILE

Styles: clinical cases (CodiEsp's training part), transcribed reports, abstracts, and invented discharge notes.
"""

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np

import harness
from accuracy_elsewhere import discharge_notes

LEVEL = 0.05
N_SPLITS = 20
AT_HOME = 0.75
FILES = {"cases": "codiesp_train_dev.jsonl", "transcribed": "mtsamples_pool.jsonl", "abstracts": "ohsumed_train.jsonl"}


def main() -> None:
    """Read the notes that are not read yet, print every pair, and write it as JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("--run", type=Path, required=True, help="any tuned run")
    parser.add_argument("--work", type=Path, required=True, help="where features are kept")
    parser.add_argument("--notes", type=int, default=150, help="notes of each style")
    parser.add_argument("--characters", type=int, default=None, help="read only so many of each note, to save time")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    features = read_features(options.run, options.work, options.notes, options.characters)
    found = judge(features)
    harness.print_table(found["pairs"], {"home": "", "style": "", "flagged": ".2f"})
    print(f"median of {len(found['pairs'])} pairs {found['median']:.2f}; at home {found['at_home']}")
    if options.json:
        settings = {"notes": options.notes, "characters": options.characters, "level": LEVEL, "splits": N_SPLITS}
        harness.write_report(options.json, {"settings": settings, "measurements": [found]})


def judge(features: dict[str, Any]) -> dict[str, Any]:
    """Return the share of each style that is flagged where each other style is home, means of random splits.

    Args:
        features: By style. Shapes ``(notes, 2 * hidden)``.
    """
    from nosology.classifier.typicality import Typicality

    pairs, at_home = [], {}
    for home, notes in features.items():
        flagged: dict[str, list[float]] = {style: [] for style in features}
        for seed in range(N_SPLITS):
            order = np.random.default_rng(seed).permutation(len(notes))
            cut = int(AT_HOME * len(notes))
            fitted = Typicality.fit(notes[order[:cut]], seed)
            for style, others in features.items():
                read = notes[order[cut:]] if style == home else others
                flagged[style].append(float(fitted.unlike(read, LEVEL).mean()))
        at_home[home] = round(float(np.mean(flagged.pop(home))), 3)
        pairs += [
            {"home": home, "style": style, "flagged": float(np.mean(shares))} for style, shares in flagged.items()
        ]
    return {"pairs": pairs, "median": float(np.median([pair["flagged"] for pair in pairs])), "at_home": at_home}


def read_features(run: Path, work: Path, n: int, characters: int | None) -> dict[str, Any]:
    """Return the features of each style's notes, read now or earlier.

    Args:
        run: Any tuned run.
        work: Where they are kept; of one run and one number of notes.
        n: Notes of each style.
        characters: Of each note; None for all.
    """
    from nosology.classifier.classifier import Classifier

    classifier = None
    found = {}
    for style in (*FILES, "invented"):
        path = work / f"{style}-{n}.npy"
        if not path.exists():
            classifier = classifier or Classifier.load(run, system="tuned")
            texts = [classifier.aligned(text[:characters]).text for text in notes_of(style, n, classifier.labels.names)]
            read = {item.place: item.features for item in classifier.read(classifier.encode(texts), keep=False)}
            np.save(path, np.stack([read[place] for place in range(len(texts))]))
        found[style] = np.load(path).astype(np.float64)
    return found


def notes_of(style: str, n: int, categories: tuple[str, ...]) -> list[str]:
    """Return random notes of a style.

    Args:
        style: One of `FILES`, or ``invented``.
        n: How many.
        categories: Of the run's label set.
    """
    if style == "invented":
        texts = discharge_notes("short", 2 * n, categories)[0]
    else:
        file = Path(os.environ["NOSOLOGY_DEV_DATA"]) / FILES[style]
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        texts = [row["text"] for row in rows if row.get("split", "train") == "train"]
    return random.Random(0).sample(texts, n)


if __name__ == "__main__":
    main()
