"""How the evaluated notes differ from the training notes, and which groups of notes to look at separately.

A score on another dataset means little without this: other categories, longer notes, new words. Words are compared as
running text, so a share of .05 new words means every twentieth word read is new.
"""

import re
from collections import Counter

import numpy as np
import polars as pl
from scipy import stats

from nosology.dataset.folder import COLUMNS
from nosology.evaluation.inputs import N_WORDS, Inputs
from nosology.records import IntArray
from nosology.runs.results import CategoryShare, Distribution, Lengths

_WORD = re.compile(r"\w+")
_MOST_VALUES = 12  # a column with more is an identifier or a measurement, not a group
_N_LENGTH_BANDS = 3


def describe(inputs: Inputs, truncated: list[int] | None, n_tokens: list[int] | None = None) -> Distribution:
    """Return how the evaluated notes differ from those that the model was trained on.

    Args:
        inputs: Both sets of notes.
        truncated: Tokens of each evaluated note that the model could not read; None where no model was run.
        n_tokens: Tokens of each whole note, likewise.
    """
    names, train, notes = inputs.labels.names, inputs.train, inputs.notes
    train_counts, counts = Counter(train["category"]), Counter(notes["category"])
    shares = [
        CategoryShare(
            category=name,
            n_train=train_counts[name],
            n_evaluated=counts[name],
            train=train_counts[name] / len(train),
            evaluated=counts[name] / len(notes),
        )
        for name in names
    ]
    train_texts = set(train["clean_text"])
    return Distribution(
        categories=shares,
        total_variation=sum(abs(share.train - share.evaluated) for share in shares) / 2,
        shares_p_value=_shares_p_value(shares),
        train_words=_lengths(train),
        evaluated_words=_lengths(notes),
        new_words_share=_new_words_share(train, notes),
        truncated_notes_share=None if truncated is None else sum(map(bool, truncated)) / len(truncated),
        truncated_tokens=None if truncated is None else sum(truncated),
        truncated_tokens_share=sum(truncated) / max(sum(n_tokens), 1) if truncated and n_tokens else None,
        shared_patients=len(set(train["patient_id"]) & set(notes["patient_id"]) - {""}),
        shared_texts=sum(text in train_texts for text in notes["clean_text"]),
    )


def subgroups(notes: pl.DataFrame, n_words: IntArray) -> dict[str, list[str]]:
    """Return, per grouping, the group of each note: thirds by length, and every column the source added.

    Columns are taken where they have two to twelve values. The ICD version is one where notes differ in it.

    Args:
        notes: What is known of them; their text is not looked at.
        n_words: Words of each. Shape ``(notes,)``.
    """
    columns = [column for column in notes.columns if column not in COLUMNS] + ["icd_version"]
    found = {"length": _length_bands(n_words)}
    for column in columns:
        values = [str(value) if value not in (None, "") else "not recorded" for value in notes[column]]
        found[column] = [f"ICD-{value}" for value in values] if column == "icd_version" else values
    return {column: values for column, values in found.items() if 2 <= len(set(values)) <= _MOST_VALUES}


def _length_bands(words: IntArray) -> list[str]:
    """Return which third of the notes by length each belongs to, named by its word counts."""
    edges = np.unique(np.quantile(words, np.arange(1, _N_LENGTH_BANDS) / _N_LENGTH_BANDS).astype(np.int64))
    lows, highs = [int(words.min()), *(edges + 1).tolist()], [*edges.tolist(), int(words.max())]
    return [f"{lows[band]:,}–{highs[band]:,} words" for band in np.searchsorted(edges, words, side="left")]


def _shares_p_value(shares: list[CategoryShare]) -> float:
    table = np.array([[share.n_train, share.n_evaluated] for share in shares if share.n_train + share.n_evaluated])
    return float(stats.chi2_contingency(table).pvalue) if len(table) > 1 else 1.0


def _lengths(notes: pl.DataFrame) -> Lengths:
    words = notes.select(N_WORDS).to_series().to_numpy()
    p10, median, p90 = (float(value) for value in np.quantile(words, [0.1, 0.5, 0.9]))
    return Lengths(median=median, p10=p10, p90=p90, maximum=int(words.max()))


def _new_words_share(train: pl.DataFrame, notes: pl.DataFrame) -> float:
    known = {word for text in train["clean_text"] for word in _WORD.findall(text.lower())}
    words = Counter(word for text in notes["clean_text"] for word in _WORD.findall(text.lower()))
    total = sum(words.values())
    return sum(n for word, n in words.items() if word not in known) / total if total else 0.0
