"""Several workers side by side: one process each, watched, started anew where they fall, stopped together."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final, Literal

from tablewright.runtime.errors import StoreOutdated, TablewrightError
from tablewright.worker.loading import CannotLoad
from tablewright.worker.logs import configure, logger
from tablewright.worker.metrics import CELLS, Metrics
from tablewright.worker.order import Order, stop_on_signals

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
SOUND_SECONDS: Final = 60.0
"""A process that ran for so long was no failed start."""
TOLD: Final = 1
"""The exit code of a process that could not go on and has said why."""
_spawn = multiprocessing.get_context("spawn")
_BEGUN: Final = "begun"
_OUTDATED: Final = "outdated"
Command = Literal["stop", "stop at once"]


@dataclass(slots=True)
class _Child:
    """A process, the way to tell it something, and the memory that it counts in.

    It *starts_anew* where it falls once it has begun, unless the stored table is of another schema than its code.
    """

    place: int
    cells: Any
    process: SpawnProcess | None = None
    line: Connection | None = None
    starts_anew: bool = False
    started: float = 0.0
    falls: int = 0
    due: float = 0.0


class Processes:
    """So many processes that each run a worker by the same order."""

    def __init__(self, order: Order, number: int, *, as_json: bool, level: int) -> None:
        self._order = order
        self._log = (as_json, level)
        self._children = [_Child(place, _spawn.RawArray("d", CELLS)) for place in range(number)]
        self._command: Command | None = None
        self._waking, self._woken = multiprocessing.Pipe()
        self._worst = 0

    @property
    def cells(self) -> Sequence[Sequence[float]]:
        """Return what each process has counted, those before it in its place included."""
        return [child.cells for child in self._children]

    def run(self) -> int:
        """Work until stopped, or with *once* until there is nothing to take; return the exit code."""
        stop_on_signals(lambda: self._tell("stop"), lambda: self._tell("stop at once"))
        for child in self._children:
            self._start(child)
        while any(child.process is not None or child.due for child in self._children):
            self._watch()
        return self._worst

    def _tell(self, command: Command) -> None:
        self._command = command
        self._woken.send(None)

    def _watch(self) -> None:
        """Wait until something happens, and see to it."""
        watched: dict[Any, _Child] = {}
        for child in self._children:
            if child.process is not None:
                watched[child.process.sentinel] = child
                if child.line is not None:
                    watched[child.line] = child
        pauses = [child.due - time.monotonic() for child in self._children if child.due]
        found = wait([self._waking, *watched], max(min(pauses), 0.0) if pauses else None)
        for one in found:
            if one is self._waking:
                self._waking.recv()
                self._pass_on()
            elif isinstance(one, Connection):
                self._hear(watched[one])
            else:
                self._ended(watched[one])
        for child in self._children:
            if child.due and time.monotonic() >= child.due:
                self._start(child)

    def _start(self, child: _Child) -> None:
        ours, theirs = _spawn.Pipe()
        child.due = 0.0
        child.starts_anew = False
        child.started = time.monotonic()
        child.line = ours
        child.process = _spawn.Process(
            target=_run_child,
            args=(self._named(child.place), child.cells, theirs, self._log),
            name=f"worker-{child.place + 1}",
        )
        child.process.start()
        theirs.close()
        if self._command is not None:
            self._send(child, self._command)

    def _named(self, place: int) -> Order:
        name = self._order.name
        return self._order if name is None else replace(self._order, name=f"{name}-{place + 1}")

    def _pass_on(self) -> None:
        for child in self._children:
            child.due = 0.0
            if self._command is not None:
                self._send(child, self._command)

    @staticmethod
    def _send(child: _Child, command: Command) -> None:
        try:
            if child.line is not None:
                child.line.send(command)
        except OSError:
            return  # it has ended, which is seen to next

    @staticmethod
    def _hear(child: _Child) -> None:
        try:
            if child.line is not None:
                child.starts_anew = child.line.recv() == _BEGUN
        except (EOFError, OSError):
            if child.line is not None:
                child.line.close()
            child.line = None

    def _ended(self, child: _Child) -> None:
        process = child.process
        if process is None:
            return
        process.join()
        while child.line is not None and child.line.poll():
            self._hear(child)
        code = process.exitcode or 0
        process.close()
        child.process = None
        if child.line is not None:
            child.line.close()
            child.line = None
        is_wanted = self._command is not None or self._order.once
        if is_wanted or not child.starts_anew:
            # Who did not even begin, or knows another schema, was asked for something impossible: the others end, too.
            self._worst = max(self._worst, code if code >= 0 else 128 - code)
            if child.starts_anew and code not in (0, TOLD):
                _tell_of_fall(child, code)
            if not is_wanted:
                self._command = "stop"
                self._pass_on()
            return
        is_sound = time.monotonic() - child.started >= SOUND_SECONDS
        child.falls = 0 if is_sound else child.falls + 1
        pause = min(FIRST_PAUSE * 2 ** min(child.falls, 10), LONGEST_PAUSE)
        child.due = time.monotonic() + pause
        _tell_of_fall(child, code, restart_in_seconds=pause)


def _tell_of_fall(child: _Child, code: int, **further: float) -> None:
    how = {"signal": signal.Signals(-code).name} if code < 0 else {"exit_code": code}
    logger.error(
        "a process of the worker fell; its tasks are taken again when their leases run out",
        extra={"place": child.place + 1, **how, **further},
    )


def _run_child(order: Order, cells: Any, line: Connection, log: tuple[bool, int]) -> None:
    """Run one worker, as a process of its own that listens to the first one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all processes; the first tells
    as_json, level = log
    configure(as_json=as_json, level=level)
    table = order.model.rpartition(":")[2]
    try:
        with order.worker(Metrics(table, cells)) as worker:
            signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=worker.stop).start())
            threading.Thread(target=_listen, args=(line, worker), daemon=True).start()
            line.send(_BEGUN)
            worker.run()
    except (CannotLoad, TablewrightError) as error:
        if isinstance(error, StoreOutdated):
            with suppress(OSError):  # the first process is gone: so are the others
                line.send(_OUTDATED)
        logger.log(logging.ERROR, "the worker cannot go on", extra={"error": str(error)})
        sys.exit(TOLD)


def _listen(line: Connection, worker: Any) -> None:
    """Do what the first process says; where it is gone, end as well."""
    while True:
        try:
            command = line.recv()
        except (EOFError, OSError):
            worker.stop()
            return
        if command == "stop":
            worker.stop()
        else:
            worker.stop_at_once()
