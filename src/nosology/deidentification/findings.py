"""A finding: where an identifier was seen, and how sure that is."""

from dataclasses import dataclass

from nosology.records import Span


@dataclass(frozen=True, slots=True)
class Finding:
    """A span with its certainty.

    Attributes:
        span: Where, and of which type.
        certainty: How probable the network holds it, between 0 and 1; 1 for a placeholder, which nothing else can be.
    """

    span: Span
    certainty: float
