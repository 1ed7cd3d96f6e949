"""The lines that a worker logs."""

from __future__ import annotations

import json
import logging
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tablewright.runtime import Connection
from tablewright.worker.logs import TextLines

HANDLE = """
def handle(task):
    return "done"
"""


@pytest.fixture
def five_hours_west(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process's clock shows UTC-5."""
    monkeypatch.setenv("TZ", "XXX5")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("five_hours_west")
def test_a_text_line_says_which_time_it_tells() -> None:
    """It is local time, with the hours that it is off UTC."""
    record = logging.makeLogRecord({"msg": "task taken", "levelname": "INFO", "created": 0.25})

    line = TextLines().format(record)

    assert line == "1969-12-31 19:00:00.250-05:00 INFO    task taken"


@pytest.mark.parametrize("processes", ["1", "2"])
def test_each_line_of_json_is_an_object(
    connection: Connection,
    url: str,
    start_work: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
    processes: str,
) -> None:
    """Where the metrics are is one of them."""
    more = ("--once", "--log-format", "json", "--metrics", "0", "--processes", processes)
    worker = start_work(HANDLE, url, *more)

    assert worker.wait(60) == 0

    lines = [json.loads(line) for line in (tmp_path / "work.log").read_text().splitlines()]
    (found,) = [one for one in lines if one["message"].startswith("metrics at http://127.0.0.1:")]
    assert found["level"] == "info"
