"""Train the tagger of `nosology.deidentification.detectors.tagger` and write its weights.

    python scripts/deid/train_tagger.py --background notes.jsonl --out src/nosology/data/deid/tagger.npz

``--background`` takes JSON lines with a ``text`` field, several times if need be; notes in public use without real
identifiers serve best (the shipped weights: MTSamples, stated CC0, and CodiEsp, CC BY 4.0). Only hashed weights are
written, never text. ``--holdout N`` leaves the last N notes of each background out of training.
"""

import argparse
import json
import random
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier
from training_notes import Stock, read_templates, training_note

from nosology.deidentification import default_detectors, merge_spans
from nosology.deidentification.detectors.tagger import CLASSES, N_BUCKETS, WordFeatures, featurize, tagged
from nosology.deidentification.tokens import tokenize


def _read(paths: list[Path], holdout: int) -> list[str]:
    texts: list[str] = []
    for path in paths:
        rows = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
        texts += rows[: len(rows) - holdout] if holdout else rows
    return texts


def _rows(pieces: list[tuple[str, str]], words: WordFeatures) -> tuple[np.ndarray, list[int]]:
    """Return buckets and classes of a note's candidates; what looks like its own identifiers is left out."""
    text = "".join(piece for piece, _ in pieces)
    kinds = np.zeros(len(text) + 1, dtype=np.int8)
    position = 0
    for piece, kind in pieces:
        kinds[position : position + len(piece)] = CLASSES.index(kind)
        position += len(piece)
    rules = [detector for detector in default_detectors() if detector is not tagged]
    doubtful = np.zeros(len(text) + 1, dtype=bool)
    for span in merge_spans((s for rule in rules for s in rule(text)), len(text)):
        doubtful[span.start : span.end] = True
    tokens = tokenize(text)
    candidates, buckets = featurize(tokens, words)
    kept, labels = [], []
    for i, candidate in enumerate(candidates):
        start = tokens.starts[candidate]
        if kinds[start] or not doubtful[start]:
            kept.append(i)
            labels.append(int(kinds[start]))
    return buckets[kept], labels


def build(texts: list[str], templates: Path, copies: int, seed: int) -> tuple[csr_matrix, np.ndarray]:
    """Return the features and the classes of every candidate of the training notes."""
    rng = random.Random(seed)
    stock, sections, words = Stock(rng), read_templates(templates), WordFeatures()
    buckets: list[np.ndarray] = []
    labels: list[int] = []
    for _ in range(copies):
        for text in texts:
            note_buckets, note_labels = _rows(training_note(text, stock, sections), words)
            if note_labels:
                buckets.append(note_buckets)
                labels += note_labels
    rows = np.concatenate(buckets)
    starts = np.arange(0, rows.size + 1, rows.shape[1])
    matrix = csr_matrix((np.ones(rows.size, dtype=np.float32), rows.ravel(), starts), shape=(len(labels), N_BUCKETS))
    return matrix, np.array(labels)


def save(model: SGDClassifier, out: Path, recall_bias: float) -> None:
    """Write the weights as 8-bit numbers of the buckets that carry any."""
    weights = model.coef_.T.astype(np.float32)
    bias = model.intercept_.astype(np.float32)
    bias[1:] += recall_bias
    scale = np.abs(weights).max() / 127
    small = np.round(weights / scale).astype(np.int8)
    kept = np.flatnonzero(np.any(small != 0, axis=1)).astype(np.int32)
    np.savez_compressed(out, buckets=kept, weights=small[kept], scale=np.float32(scale), bias=bias)
    print(f"{out}: {len(kept)} buckets, {out.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--background", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--copies", type=int, default=3, help="training notes made from each background note")
    parser.add_argument("--holdout", type=int, default=0)
    parser.add_argument("--alpha", type=float, default=5e-7, help="weight of the penalty on squared weights")
    parser.add_argument("--recall-bias", type=float, default=0.0, help="nats added to every class of identifier")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    texts = _read(arguments.background, arguments.holdout)
    matrix, labels = build(texts, Path(__file__).with_name("templates.txt"), arguments.copies, arguments.seed)
    print(f"{matrix.shape[0]} candidates, {np.bincount(labels, minlength=len(CLASSES)).tolist()}")
    model = SGDClassifier(
        loss="log_loss", alpha=arguments.alpha, max_iter=8, tol=None, average=True, random_state=0, n_jobs=2
    )
    model.fit(matrix, labels)
    save(model, arguments.out, arguments.recall_bias)


if __name__ == "__main__":
    main()
