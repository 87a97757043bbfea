"""A table of invented notes in partitions, with everything that makes notes of one partition matter to another."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from nosology.scale.cluster import InProcess
from nosology.sources.table import TableColumns

COLUMNS = TableColumns(text="body", code="icd", icd_version=9, note_id="id", patient="patient")
CANARY = "Xanthippe Quuxworth"
"""Stands in every note as its patient's name. De-identification takes it out; it must not turn up elsewhere either."""
_CODES = ("41071", "486", "25000", "0389", "1985", "5789", "V3000", "notacode", "")
_WORDS = re.findall(
    r"\w+",
    "admitted with stable chest pain and dyspnea on exertion after a fall while walking to the clinic for review of "
    "known diabetes pressure was low troponin raised lungs clear abdomen soft discharged home on aspirin metformin "
    "follow up planned within weeks cultures negative fever resolved wound clean echo normal sputum melena nausea",
)


def notes(n: int, *, seed: int = 0) -> pl.DataFrame:
    """Return invented notes: one in twelve nearly repeats an earlier one, some repeat a text, a row or an id."""
    generator = np.random.default_rng(seed)
    texts: list[str] = []
    rows: list[dict[str, str]] = []
    for number in range(n):
        draw = generator.random()
        other = int(generator.integers(max(number, 1)))
        if number and draw < 1 / 12:
            words = texts[other].split()
            words[int(generator.integers(len(words)))] = "different"
            text = " ".join(words)
        elif number and draw < 1 / 10:
            text = texts[other]
        else:
            length = int(generator.integers(15, 60))
            text = f"{' '.join(generator.choice(_WORDS, length))} case {number} {number * 7919 % 10007}"
        texts.append(text)
        note_id = f"N-{other if draw > 0.98 else number}"
        row = {"id": note_id, "patient": f"P{number % (n // 3 + 1)}", "icd": _CODES[number % len(_CODES)]}
        rows.append(row | {"body": f"Patient name: {CANARY}. {text}" if number % 5 else f"{text}"})
        if draw > 0.995:
            rows.append(dict(rows[-1]))
    return pl.DataFrame(rows).with_columns(
        body=pl.when(pl.int_range(pl.len()) % 211 == 210).then(None).otherwise("body")
    )


def write_partitions(table: pl.DataFrame, folder: Path, n_partitions: int) -> Path:
    """Write a table as Parquet files of nearly equal size, in its order, and an empty one; return the folder."""
    folder.mkdir(parents=True)
    size = -(-table.height // n_partitions)
    for number in range(n_partitions):
        table[number * size : (number + 1) * size].write_parquet(folder / f"part-{number:05d}.parquet")
    table.clear().write_parquet(folder / f"part-{n_partitions:05d}.parquet")
    (folder / "_SUCCESS").touch()
    return folder


class Stopping:
    """An engine that stops after some partitions, as a killed driver does, and remembers which were worked on."""

    def __init__(self, after: int) -> None:
        self._left = after
        self.done: list[tuple[str, int]] = []

    def each(self, make: Any, numbers: Any, needs: Any) -> Any:
        """Yield the number of each partition as it is finished, until it is time to stop."""
        for number in InProcess().each(make, numbers, needs):
            self.done.append((make.func.__name__, number))
            yield number
            self._left -= 1
            if not self._left:
                raise KeyboardInterrupt
