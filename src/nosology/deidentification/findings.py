"""A finding: where a detector saw an identifier, what gave it away, and how sure that is."""

from dataclasses import dataclass

from nosology.records import Span


@dataclass(frozen=True, slots=True)
class Finding:
    """A span with its evidence.

    Attributes:
        span: Where, and of which type.
        cue: What gave it away: the detector's name, or ``"context"`` for the network.
        certainty: Between 0 and 1; 1 for a rule that is exact.
    """

    span: Span
    cue: str
    certainty: float
