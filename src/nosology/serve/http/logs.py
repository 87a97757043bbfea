"""What a service writes to stderr: one JSON object per line, numbers and names, never text of a note.

A library's exception may quote the note it choked on, and a library's log call may pass one. So the formatter here
takes nothing from a record but its time, level, logger and the fields that this package passes on purpose; of an
exception it keeps the type and the places in the source. Other loggers' messages are cut down to their format string,
without the values.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

LOGGER = logging.getLogger("nosology.serve")
_FIELDS = "fields"
_N_FRAMES = 6


class TextlessFormatter(logging.Formatter):
    """Formats a record without any value that was not meant for the log."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of JSON."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.msg if isinstance(record.msg, str) and _is_ours(record) else _template(record),
        }
        line |= getattr(record, _FIELDS, {})
        if record.exc_info and record.exc_info[1] is not None:
            line |= describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True, default=lambda value: type(value).__name__)


def describe(error: BaseException) -> dict[str, Any]:
    """Return an exception's type and where it came from; never its message."""
    frames = traceback.extract_tb(error.__traceback__)[-_N_FRAMES:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__name__, "places": places}


def event(message: str, *, level: int = logging.INFO, error: BaseException | None = None, **values: Any) -> None:
    """Write one line. Values are numbers, names and hashes, chosen by this package.

    Args:
        message: A sentence of this package's own.
        level: As in `logging`.
        error: What was raised; told by its kind and place alone.
        **values: Numbers, names and hashes, chosen by this package.
    """
    LOGGER.log(level, message, exc_info=error, extra={_FIELDS: values})


def set_up(level: int = logging.INFO) -> None:
    """Send every logger of the process through the textless formatter, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextlessFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "sqlalchemy", "fastapi"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
        logger.setLevel(logging.WARNING)
    logging.captureWarnings(True)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.startswith(LOGGER.name)


def _template(record: logging.LogRecord) -> str:
    """Return what another library logs, without the values: its format string where it has arguments."""
    if record.args and isinstance(record.msg, str):
        return record.msg
    return "(message withheld)"
