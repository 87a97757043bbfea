"""A note's prepared text with the way back: for every prepared character, where it came from in the original note.

`align` does exactly what `nosology.text.cleaning.clean` does to a text (de-identify, leave sections out, normalize) and
keeps the offsets. It is slower, so preparation in bulk does not use it; that both give the same text for every input is
a property test. A replaced identifier's characters all come from the whole identifier, and a blank that stands for a
run of blanks from the run.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from nosology.deidentification import deidentify
from nosology.machine.patience import ask
from nosology.text.cleaning import Cleaning
from nosology.text.headers import diagnosis_sections
from nosology.text.normalize import composed, nfc_parts, replace_characters

_WORD = re.compile(r"\S+")
_CLUSTER = re.compile(r".[^\x00-\x7f]*", re.DOTALL)  # what stands before an ASCII character never composes with it


@dataclass(frozen=True, slots=True)
class AlignedText:
    """A prepared text and where each of its characters came from, in code points of the original.

    Attributes:
        text: The prepared text.
        starts: Where the original of each character begins; never falls. One a character.
        ends: Where it ends.
    """

    text: str = field(repr=False)
    starts: tuple[int, ...] = field(repr=False)
    ends: tuple[int, ...] = field(repr=False)

    def prepared_range(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of prepared characters that came from ``original[start:end]``; empty where none did."""
        return bisect_left(self.starts, start), bisect_left(self.starts, end)


@dataclass(slots=True)
class _Building:
    """A text under construction, a piece at a time."""

    pieces: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def add(self, piece: str, starts: list[int], ends: list[int]) -> None:
        self.pieces.append(piece)
        self.starts += starts
        self.ends += ends

    def add_from(self, piece: str, start: int, end: int) -> None:
        self.add(piece, [start] * len(piece), [end] * len(piece))

    def done(self) -> AlignedText:
        return AlignedText("".join(self.pieces), tuple(self.starts), tuple(self.ends))


def align(text: str, how: Cleaning | None, patient_id: str = "") -> AlignedText:
    """Return a note's prepared text with offsets into the note.

    Args:
        text: The note as it was written.
        how: What is done to it; None for nothing at all.
        patient_id: As for `nosology.text.cleaning.clean`.
    """
    aligned = AlignedText(text, tuple(range(len(text))), tuple(range(1, len(text) + 1)))
    if how is None:
        return aligned
    if how.deidentify:
        aligned = _deidentified(aligned, how, patient_id)
        ask()
    if how.leak == "strip":
        aligned = _without_diagnoses(aligned)
    return _normalized(aligned, lowercase=how.lowercase, strip_punctuation=how.strip_punctuation)


def _deidentified(aligned: AlignedText, how: Cleaning, patient_id: str) -> AlignedText:
    found = deidentify(aligned.text, style=how.deidentify_style, patient_key=patient_id)
    built, position = _Building(), 0
    for span, new in zip(found.spans, found.replacements, strict=True):
        _copy(built, aligned, position, span.start)
        built.add_from(new, span.start, span.end)
        position = span.end
    _copy(built, aligned, position, len(aligned.text))
    return built.done()


def _copy(built: _Building, source: AlignedText, start: int, end: int) -> None:
    built.add(source.text[start:end], list(source.starts[start:end]), list(source.ends[start:end]))


def _without_diagnoses(aligned: AlignedText) -> AlignedText:
    built, place = _Building(), 0
    for start, end, _ in diagnosis_sections(aligned.text):
        _copy(built, aligned, place, start)
        place = end
    _copy(built, aligned, place, len(aligned.text))
    return built.done()


def _normalized(aligned: AlignedText, *, lowercase: bool, strip_punctuation: bool) -> AlignedText:
    plain = _composed(aligned)
    text = replace_characters(plain.text, lowercase=lowercase, strip_punctuation=strip_punctuation)
    starts, ends = list(plain.starts), list(plain.ends)
    if lowercase:
        lengths = [len(character.lower()) for character in plain.text]
        starts = [start for start, n in zip(starts, lengths, strict=True) for _ in range(n)]
        ends = [end for end, n in zip(ends, lengths, strict=True) for _ in range(n)]
    built = _Building()
    last_end = 0
    for separator, first, last in _words(text, lines=not strip_punctuation):
        if built.pieces:
            # Two words of one replacement have the same origin, so the blank between them has no place of its own.
            built.add_from(separator, min(last_end, starts[first]), starts[first])
        built.add(text[first:last], starts[first:last], ends[first:last])
        last_end = ends[last - 1]
    return built.done()


def _words(text: str, *, lines: bool) -> Iterator[tuple[str, int, int]]:
    """Yield each word with what goes before it: a line end where it is the first of its line, else a blank."""
    offset = 0
    for line in text.splitlines(keepends=True) if lines else [text]:
        for number, match in enumerate(_WORD.finditer(line)):
            yield "\n" if lines and number == 0 else " ", offset + match.start(), offset + match.end()
        offset += len(line)


def _composed(aligned: AlignedText) -> AlignedText:
    """Return the text in Unicode's form NFC."""
    if composed(aligned.text) == aligned.text:
        return aligned
    built = _Building()
    for part_start, part_end in nfc_parts(aligned.text):
        for match in _CLUSTER.finditer(aligned.text, part_start, part_end):
            _compose(built, aligned, match)
    return built.done()


def _compose(built: _Building, aligned: AlignedText, match: re.Match[str]) -> None:
    for start, end in _compositions(match[0]):
        piece = match[0][start:end]
        first, last = match.start() + start, match.start() + end
        new = unicodedata.normalize("NFC", piece)
        if new == piece:
            _copy(built, aligned, first, last)
        else:
            built.add_from(new, aligned.starts[first], aligned.ends[last - 1])


def _compositions(cluster: str) -> list[tuple[int, int]]:
    """Return a cluster cut as finely as composing its parts one by one still gives the whole."""
    edges = [i for i, character in enumerate(cluster) if i == 0 or unicodedata.combining(character) == 0]
    parts = list(zip(edges, [*edges[1:], len(cluster)], strict=True))
    together = "".join(unicodedata.normalize("NFC", cluster[start:end]) for start, end in parts)
    return parts if together == unicodedata.normalize("NFC", cluster) else [(0, len(cluster))]
