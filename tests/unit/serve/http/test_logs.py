"""What a log line says, and what it never says."""

import json
import logging
import sys
from typing import Any

import pytest

from nosology.serve.http import logs

# ---- logs


def line(record: logging.LogRecord) -> dict:
    return json.loads(logs.TextlessFormatter().format(record))


def record(name: str, message: str, *args: Any, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord(name, logging.ERROR, "file.py", 1, message, args, info)


def test_an_exception_is_logged_by_its_type_and_place_alone() -> None:
    try:
        raise ValueError("cannot read 'SECRET note'")
    except ValueError as error:
        written = line(record("uvicorn.error", "Exception in ASGI application", error=error))
    assert written["error"] == "ValueError"
    assert any("test_logs.py" in place for place in written["places"])
    assert "SECRET" not in json.dumps(written)


@pytest.mark.parametrize(
    ("message", "args"),
    [("got %s", ("SECRET",)), ("SECRET", ()), ("{SECRET}", ()), ("%(a)s", ({"a": "SECRET"},))],
)
def test_other_libraries_values_never_reach_the_log(message: str, args: tuple[Any, ...]) -> None:
    assert "SECRET" not in json.dumps(line(record("some.library", message, *args)))


def test_our_own_lines_keep_their_fields() -> None:
    ours = record("nosology.serve", "request")
    ours.fields = {"status": 200, "route": "/v1/classify"}
    assert line(ours)["status"] == 200
    assert line(ours)["message"] == "request"


def test_every_logger_goes_through_the_formatter(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(logging, "captureWarnings", lambda _: None)
    before = {
        name: (logging.getLogger(name).handlers, logging.getLogger(name).level) for name in ("uvicorn", "asyncio")
    }
    logs.set_up()
    assert [type(handler.formatter) for handler in root.handlers] == [logs.TextlessFormatter]
    assert root.handlers[0].stream is sys.stderr
    for name, (handlers, level) in before.items():
        assert logging.getLogger(name).propagate
        logging.getLogger(name).handlers, logging.getLogger(name).level = handlers, level
