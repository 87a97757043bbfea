"""How schemathesis writes bodies of media types that it does not know: as they are."""

from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson", "application/vnd.apache.parquet")
def as_it_is(ctx: Any, value: Any) -> bytes:  # noqa: ARG001 (its signature)
    """Return a body's bytes."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
