"""De-identified notes that remember where everything was, so that evidence can be shown in the note as it was sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nosology.deidentification import deidentify


@dataclass(frozen=True, slots=True)
class Replacement:
    """A stretch that was replaced: ``original[start:end]`` became ``masked[masked_start:masked_end]``."""

    masked_start: int
    masked_end: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MaskedNote:
    """A note as the model reads it.

    Attributes:
        text: The text, identifiers replaced.
        replacements: What was replaced, in order.
    """

    text: str = field(repr=False)
    replacements: Sequence[Replacement] = ()

    @classmethod
    def of(cls, original: str) -> "MaskedNote":
        """Return a note with its identifiers replaced by tokens."""
        found = deidentify(original)
        replacements, shift = [], 0
        for span, new in zip(found.spans, found.replacements, strict=True):
            length = len(new)
            masked_start = span.start + shift
            replacements.append(Replacement(masked_start, masked_start + length, span.start, span.end))
            shift += length - (span.end - span.start)
        return cls(found.text, tuple(replacements))

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of the masked text lies in the original; a cut replacement counts whole."""
        return self._original(start, at_end=False), self._original(end, at_end=True)

    def _original(self, offset: int, *, at_end: bool) -> int:
        shift = 0
        for item in self.replacements:
            if offset <= item.masked_start:
                break
            if offset < item.masked_end:
                return item.end if at_end else item.start
            shift = item.end - item.masked_end
        return offset + shift
