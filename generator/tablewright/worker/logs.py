"""Log lines of a worker: for people, or one JSON object a line."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

logger = logging.getLogger("tablewright.worker")

_PLAIN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every log record holds besides what was said of the task."""


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, message, and what was said of the task."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as JSON."""
        found: dict[str, Any] = {
            "time": _moment(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **said(record),
        }
        if record.exc_info:
            found["traceback"] = self.formatException(record.exc_info)
        return json.dumps(found, default=str, ensure_ascii=False)


class TextLines(logging.Formatter):
    """Local time with its offset, level, message, and what was said of the task as `key=value`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s")

    def formatTime(  # noqa: N802  # logging's name
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        """Return a record's time."""
        del datefmt
        return _moment(record).astimezone().isoformat(" ", "milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line."""
        line = super().format(record)
        first, *rest = line.split("\n")
        found = said(record)
        trace = found.pop("traceback", None)
        more = " ".join(f"{key}={_word(value)}" for key, value in found.items())
        return "\n".join([f"{first} {more}".rstrip(), *rest, *([str(trace)] if trace else [])])


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _word(value: object) -> str:
    """Return a value as one word, in quotes where it has spaces or several lines."""
    text = str(value)
    return (
        text
        if text and text.isprintable() and not set(text) & set(' "=')
        else json.dumps(text, ensure_ascii=False)
    )


def said(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a caller said by `extra=`."""
    return {key: value for key, value in vars(record).items() if key not in _PLAIN}


def configure(*, as_json: bool, level: int) -> None:
    """Send tablewright's log lines to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if as_json else TextLines())
    root = logging.getLogger("tablewright")
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False
