"""Which sign separates the fields of a CSV file: what its ``sep=`` line says, or what its first records agree on."""

import re

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""Known signs, with what they are called."""

NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "bar": "|", "\\t": "\t"}
"""Words that stand for a sign on the command line."""

_SEP_LINE = re.compile(rb'"?sep=(.)"?[ \t]*\r?(?:\n|$)', re.IGNORECASE)
_SAMPLE_BYTES = 1 << 16
_MOST_RECORDS = 50
_AGREEMENT = 0.8


def sep_line(start: bytes) -> tuple[str, int] | None:
    """Return the sign that Excel's first line ``sep=;`` names, and the length of the line; None without such a line."""
    match = _SEP_LINE.match(start)
    return (match[1].decode("latin-1"), match.end()) if match else None


def choose_separator(start: bytes, default: str) -> str:
    """Return the sign that separates the fields.

    Args:
        start: The beginning of the file, in UTF-8.
        default: The sign that the file's name lets expect; it stays wherever it can.
    """
    records = _outside_quotes(start[:_SAMPLE_BYTES], is_cut=len(start) > _SAMPLE_BYTES)
    best, best_count = default, 0
    for sign in [default, *SEPARATORS]:
        counts = [record.count(sign.encode()) for record in records]
        if not counts or not counts[0]:
            continue
        agreeing = sum(count == counts[0] for count in counts) / len(counts)
        if sign == default and agreeing >= _AGREEMENT:
            return default
        if agreeing >= _AGREEMENT and counts[0] > best_count:
            best, best_count = sign, counts[0]
    return best


def _outside_quotes(sample: bytes, *, is_cut: bool) -> list[bytes]:
    """Return the first records without what stands in quotes."""
    bare = b'""'.join(sample.split(b'"')[::2])
    records = [line.rstrip(b"\r") for line in bare.split(b"\n")]
    if is_cut:
        records = records[:-1] or records
    return [record for record in records if record.strip()][:_MOST_RECORDS]
