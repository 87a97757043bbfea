"""How often a rubric is coded where a name of it stands: counts over training notes, name by name.

Of the names that a note holds some are nearly always coded, others hardly ever, because they are words of every note. A
name that many training notes held, none of them coded with its rubric, says little; one that no training note held says
much. For a rubric that no training note had, nothing else tells these two apart.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from nosology.coding.terms import Term
from nosology.errors import RunError
from nosology.files import write_text
from nosology.records import BoolArray, FloatArray, IntArray
from nosology.suggesting.term_reading import Reading

COLUMN = "coded when named"
"""The signal: the log-odds that a training note which held the name was coded with its rubric."""

Name = tuple[str, int, bool, str]
"""Rubric, ICD version, whether a sentence says the term in full, and the term."""

_LEAST = 0.8  # of how well a term is met; less is a word in common
_CODED, _UNCODED = 0.5, 1.0  # notes added to both counts, so that few notes decide nothing
_HEADER = ("rubric", "icd_version", "in_full", "n_notes", "n_coded", "term")


@dataclass(frozen=True, slots=True)
class Named:
    """The rubrics that a note names, and by what.

    Attributes:
        places: The rubrics, as places among those that were asked for. Shape ``(rubrics named,)``.
        names: The name of each that is met best.
        n_rubrics: How many were asked for.
    """

    places: IntArray = field(repr=False)
    names: tuple[Name, ...] = field(repr=False)
    n_rubrics: int

    @classmethod
    def of(
        cls, reading: Reading, terms: Sequence[Term], places: IntArray | None = None, *, without: Sequence[int] = ()
    ) -> Self:
        """Return what a note names now; what it denies, or tells of others or of the past, is left out.

        Args:
            reading: Its sentences against the terms.
            terms: Those that the reading counts.
            places: Rubrics; None for all.
            without: Numbers of sentences to leave out.
        """
        strength, numbers, is_whole = reading.best(places, without=without)
        found = np.flatnonzero(strength > _LEAST)
        chosen = [(terms[numbers[place]], bool(is_whole[place])) for place in found]
        names = tuple((term.rubric, term.version, whole, term.term) for term, whole in chosen)
        return cls(found, names, len(strength))


@dataclass(frozen=True, slots=True)
class NamedCounts:
    """For each name in how many training notes it was a rubric's best, and how many of those were coded so.

    Attributes:
        counts: Both numbers of each name that some training note held.
    """

    counts: Mapping[Name, tuple[int, int]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, notes: Sequence[Named], truth: Sequence[BoolArray]) -> Self:
        """Return the counts of some notes.

        Args:
            notes: What each names, of all rubrics.
            truth: Which rubrics each is coded with. Shape ``(rubrics,)`` each.
        """
        held: Counter[Name] = Counter()
        coded: Counter[Name] = Counter()
        for note, is_coded in zip(notes, truth, strict=True):
            held.update(note.names)
            coded.update(name for name, place in zip(note.names, note.places, strict=True) if is_coded[place])
        return cls({name: (n, coded[name]) for name, n in held.items()})

    def column(self, note: Named, own: BoolArray | None = None) -> FloatArray:
        """Return the signal of each rubric; where nothing is named, that of a name never held. Shape ``(rubrics,)``.

        Args:
            note: What the note names.
            own: Which rubrics the note is coded with, where it is one of those counted: it is left out of the counts.
        """
        values = np.full(note.n_rubrics, np.log(_CODED / _UNCODED))
        for place, name in zip(note.places, note.names, strict=True):
            n, n_coded = self.counts.get(name, (0, 0))
            if own is not None:
                n, n_coded = n - 1, n_coded - int(own[place])
            values[place] = np.log((n_coded + _CODED) / (n - n_coded + _UNCODED))
        return values

    def save(self, path: Path) -> None:
        """Write the counts as a TSV file that `load` reads back."""
        rows = [
            (rubric, str(version), str(int(whole)), str(n), str(n_coded), term)
            for (rubric, version, whole, term), (n, n_coded) in sorted(self.counts.items())
        ]
        write_text(path, "".join("\t".join(row) + "\n" for row in [_HEADER, *rows]))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the counts that `save` wrote.

        Raises:
            RunError: The file is missing or not such a table.
        """
        try:
            header, *rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
            if tuple(header) != _HEADER:
                raise ValueError("another header")
            return cls(dict(_read_row(*row) for row in rows))
        except FileNotFoundError:
            raise RunError(f"{path.name} is missing", place=str(path.parent), hint="evaluate the run again") from None
        except (ValueError, TypeError) as error:
            raise RunError(f"not a table of names: {error}", place=str(path), hint="evaluate the run again") from None


def _read_row(
    rubric: str, version: str, whole: str, n_notes: str, n_coded: str, term: str
) -> tuple[Name, tuple[int, int]]:
    n, coded = int(n_notes), int(n_coded)
    if not 0 <= coded <= n or n == 0 or whole not in ("0", "1"):
        raise ValueError("impossible counts")
    return (rubric, int(version), whole == "1", term), (n, coded)
