"""What is known of every rubric for one note, before it is weighed: model, words, titles, terms, findings, counts."""

from dataclasses import dataclass, field

import numpy as np

from nosology.coding.rubrics import RubricTable
from nosology.records import BoolArray, FloatArray, IntArray
from nosology.suggesting.findings import COLUMNS as FINDING_COLUMNS
from nosology.suggesting.named import COLUMN as NAMED_COLUMN
from nosology.suggesting.term_reading import COLUMNS as TERM_COLUMNS

NAMES = (
    "category",
    "title",
    "words",
    "log words",
    "title mentioned",
    "title fully mentioned",
    "log frequency",
    "is seen",
    NAMED_COLUMN,
    *TERM_COLUMNS,
    *FINDING_COLUMNS,
)
"""The columns of `Signals.table`, in order; `nosology.suggesting.mixture` keeps one weight for each."""

_LEAST_WORDS = 0.003  # below, the linear model's score is noise


@dataclass(frozen=True, slots=True)
class Frequencies:
    """What training notes say about rubrics, whatever the note.

    Attributes:
        category: Each rubric's category. Shape ``(rubrics,)``.
        log_frequency: Log share of training notes that have it, smoothed. Shape ``(rubrics,)``.
        is_seen: Whether any has. Shape ``(rubrics,)``.
        group_sizes: Rubrics of each category. Shape ``(categories,)``.
    """

    category: IntArray = field(repr=False)
    log_frequency: FloatArray = field(repr=False)
    is_seen: BoolArray = field(repr=False)
    group_sizes: IntArray = field(repr=False)

    @classmethod
    def of(cls, table: RubricTable, categories: tuple[str, ...], n_notes: int) -> "Frequencies":
        """Return the frequencies of a table that was counted on `n_notes` training notes.

        Args:
            table: Rubrics with their counts.
            categories: Of the label set, in its order.
            n_notes: How many training notes were counted.
        """
        place = {name: index for index, name in enumerate(categories)}
        category = np.array([place[rubric.category] for rubric in table.rubrics], np.int64)
        counts = np.array(table.counts, np.float64)
        sizes = np.bincount(category, minlength=len(categories))
        return cls(category, np.log((counts + 0.1) / (n_notes + 1)), counts > 0, sizes)

    def at(self, places: IntArray) -> "Frequencies":
        """Return the same for some rubrics alone; the sizes of the categories stay."""
        return Frequencies(self.category[places], self.log_frequency[places], self.is_seen[places], self.group_sizes)


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of every rubric for one note.

    Attributes:
        categories: Natural-log probability of each category. Shape ``(categories,)``.
        titles: Natural-log P(rubric | category); ``nan`` where the category was not read. Shape ``(rubrics,)``.
        words: The linear word model's score. Shape ``(rubrics,)``.
        mentioned: Share of the title that the note mentions. Shape ``(rubrics,)``.
        terms: What the lexicon says, in the order of its `COLUMNS`. Shape ``(rubrics, columns)``.
        named: How often training notes that held the same name were coded so, in log-odds. Shape ``(rubrics,)``.
        findings: What the diseases' findings say, in the order of their `COLUMNS`. Shape ``(rubrics, columns)``.
    """

    categories: FloatArray = field(repr=False)
    titles: FloatArray = field(repr=False)
    words: FloatArray = field(repr=False)
    mentioned: FloatArray = field(repr=False)
    terms: FloatArray = field(repr=False)
    named: FloatArray = field(repr=False)
    findings: FloatArray = field(repr=False)

    def table(self, known: Frequencies) -> FloatArray:
        """Return one row per rubric, one column for each of `NAMES`.

        A rubric whose category was not read counts as every other of it: P(rubric | category) is one over their number.
        """
        title = np.where(np.isnan(self.titles), -np.log(known.group_sizes[known.category]), self.titles)
        known_columns = np.stack(
            [
                self.categories[known.category],
                title,
                self.words,
                np.log(np.maximum(self.words, _LEAST_WORDS)),
                self.mentioned,
                self.mentioned**3,
                known.log_frequency,
                known.is_seen.astype(np.float64),
                self.named,
            ],
            axis=1,
        )
        return np.concatenate([known_columns, self.terms, self.findings], axis=1)
