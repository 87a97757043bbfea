"""Write what diseases look like, for `nosology.suggesting.findings`, from texts that tell them.

    python scripts/starter/profiles.py --phrases ontology.tsv.gz --phrases medquad.tsv.gz

Read are the shipped findings and cases (``data/course``, written for this project), and of the files of phrases the
passages without the disease's name and the definitions (`ontology`, `medquad`). Only stems and weights are written. The
weight of a stem is log(1 + mentions) times idf; mentions in others' text count less. Each row is divided by its length
and a constant beside it, so that a rubric of which little is known is not like all that holds a word of it.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy import sparse

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.course.cases import FRAGMENTS, shipped_cases
from nosology.course.phrases import Phrase, collect
from nosology.suggesting.findings import VERSION, Profiles, stems

OUT = Path(__file__).parents[2] / "src/nosology/data/suggesting/findings.npz"
OWN = "nosology"
SHARES = {"finding": 0.25, "definition": 0.5}
"""What a mention in others' text counts, by the kind of text."""
SMOOTHING = 15.0
"""Beside a row's length, which is 15 to 35 for most rubrics."""


def told(phrases: Sequence[Phrase], labels: LabelSet) -> Iterator[tuple[str, str, float]]:
    """Yield the texts that tell diseases: rubric, text, and what a mention there counts."""
    for phrase in phrases:
        share = 1.0 if phrase.source == OWN else SHARES.get(phrase.kind, 0.0)
        if (
            share
            and phrase.version == VERSION
            and phrase.kind != "name"
            and (rubric := icd.rubric_of(phrase.code, VERSION))
        ):
            yield rubric, phrase.text, share
    for case in shipped_cases(labels):
        rubric = icd.rubric_of(case.code, VERSION)
        for name in FRAGMENTS:
            for fragment in case.fragments[name]:
                if rubric and fragment:
                    yield rubric, fragment, 1.0


def profiles(texts: Iterator[tuple[str, str, float]]) -> Profiles:
    """Return the profiles of rubrics.

    Args:
        texts: Rubric, text, and what a mention there counts.
    """
    mentions: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for rubric, text, share in texts:
        found = stems(text)
        for stem in dict.fromkeys(found):
            mentions[rubric][stem] += share * (1 + np.log(found.count(stem)))
    rubrics = sorted(mentions)
    words = sorted({stem for said in mentions.values() for stem in said})
    column = {word: number for number, word in enumerate(words)}
    rows = [sorted((column[word], count) for word, count in mentions[rubric].items()) for rubric in rubrics]
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.array([number for row in rows for number, _ in row], np.int64)
    n_with = np.bincount(columns, minlength=len(words))
    idf = np.log((len(rubrics) + 1) / (n_with + 0.5))
    weights = np.log1p([count for row in rows for _, count in row]) * idf[columns]
    table = sparse.csr_matrix((weights, columns, starts), shape=(len(rubrics), len(words)))
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel() + SMOOTHING**2)
    return Profiles(tuple(rubrics), tuple(words), sparse.csr_matrix(sparse.diags(1 / lengths) @ table))


def write(found: Profiles, path: Path) -> None:
    """Write profiles with 16 bits a weight."""
    rubrics, words = (np.frombuffer("\n".join(names).encode(), np.uint8) for names in (found.rubrics, found.words))
    np.savez_compressed(
        path,
        rubrics=rubrics,
        words=words,
        weights=found.weights.data.astype(np.float16),
        columns=found.weights.indices.astype(np.uint16 if len(found.words) < 1 << 16 else np.int32),
        starts=found.weights.indptr.astype(np.int32),
    )


def main() -> None:
    """Read, weigh, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--phrases", type=Path, action="append", default=[], help="phrases beside the shipped ones")
    parser.add_argument("--labels", default="icd-chapters-18", help="only codes with a category in it are read")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    labels = LabelSet.load(options.labels)
    found = profiles(told(collect(labels, options.phrases), labels))
    write(found, options.out)
    print(
        f"{len(found.rubrics):,} rubrics, {len(found.words):,} words, {found.weights.nnz:,} weights, "
        f"{options.out.stat().st_size:,} bytes"
    )


if __name__ == "__main__":
    main()
