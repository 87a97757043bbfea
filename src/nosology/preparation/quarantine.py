"""Rows that could not be read: written down by file, line and reason, and too many of them stop the job."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from nosology.errors import DataError
from nosology.sources.reading import Rejected

_HOPELESS = 1_000  # rows; after so many failures in a file that is mostly failures, reading on is a waste of time
_REMEDIES = (
    ("UTF-8", "convert the file: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW"),
    ("quote", "double the quotes inside quoted fields, or write the file with a CSV library"),
    ("fields instead of", "quote fields that hold separators or line ends, or write the file with a CSV library"),
    ("NUL", "remove the NUL bytes: tr -d '\\000' < FILE > NEW"),
)


class Quarantine:
    """Collects rejected rows.

    Args:
        max_failed_share: Above this share of a file's rows, the job stops.
    """

    def __init__(self, max_failed_share: float) -> None:
        self._max_failed_share = max_failed_share
        self._rejected: list[Rejected] = []
        self._n_of_file: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._rejected)

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """All rejected rows, as they came."""
        return tuple(self._rejected)

    def add(self, rejected: Iterable[Rejected], n_rows_so_far: int = 0) -> None:
        """Take rejected rows of one file in.

        Raises:
            DataError: More than a thousand rows failed, and most of those read so far.
        """
        new = list(rejected)
        self._rejected += new
        self._n_of_file.update(item.file for item in new)
        n_failed = max((self._n_of_file[item.file] for item in new), default=0)
        if n_failed > max(_HOPELESS, n_rows_so_far / 2) and self._max_failed_share < 0.5:
            self._stop([item for item in self._rejected if item.file == new[-1].file], n_rows_so_far)

    def check(self, file: str | None, n_rows: int) -> None:
        """Make sure that not too many rows of a file have failed.

        Args:
            file: The file's name; None for all files together.
            n_rows: How many rows it has, those that failed among them.

        Raises:
            DataError: Too many have; the first one's place, the reasons and a remedy are named.
        """
        rejected = [item for item in self._rejected if file in (None, item.file)]
        if len(rejected) > self._max_failed_share * n_rows:
            self._stop(rejected, n_rows)

    def _stop(self, rejected: list[Rejected], n_rows: int) -> None:
        reasons = Counter(item.reason for item in rejected)
        named = "; ".join(f"{n:,} x {reason}" for reason, n in reasons.most_common(5))
        first = rejected[0]
        remedy = next((hint for word, hint in _REMEDIES if word in reasons.most_common(1)[0][0]), "mend these rows")
        # Rounded up, or the same file would stop it again.
        enough = math.ceil(100 * len(rejected) / max(n_rows, 1)) / 100
        raise DataError(
            f"{len(rejected):,} of {n_rows:,} rows could not be read: {named}",
            place=f"{first.file}, line {first.line}",
            hint=f"{remedy}; or allow more with --set prepare.max_failed_share={enough:g}",
        )

    def write(self, path: Path) -> None:
        """Write one JSON object a row: ``file``, ``line``, ``reason``."""
        rows = sorted(self._rejected, key=lambda item: (item.file, item.line, item.reason))
        lines = (json.dumps({"file": r.file, "line": r.line, "reason": r.reason}, ensure_ascii=False) for r in rows)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
