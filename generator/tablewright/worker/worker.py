# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""A worker: claims tasks, has the handler work on them, keeps their leases, and ends them."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import StoreOutdated, StoreUnavailable
from tablewright.runtime.model import AirtableModel
from tablewright.runtime.queue.holding import MAX_CLAIM, claim, nodes_of, queues_of
from tablewright.runtime.queue.rules import queue_spec
from tablewright.worker.ahead import STALE_SECONDS, LookAhead, may_wait
from tablewright.worker.attempts import Attempts
from tablewright.worker.beats import Beats
from tablewright.worker.calling import Caller, check_handler
from tablewright.worker.errors import secrets_of
from tablewright.worker.logs import logger
from tablewright.worker.metrics import Metrics
from tablewright.worker.outage import Outage
from tablewright.worker.running import Running
from tablewright.worker.settings import WorkerSettings
from tablewright.worker.slots import Slots
from tablewright.worker.waiting import Waiting

BUSY_SECONDS: Final = 5.0
"""The longest wait for a slot to become free, of which the worker is told anyway."""
Handler = Callable[[Any], Any]


class Worker:
    """Takes tasks of *model* from the current store and gives each to *handler*, a function or coroutine function.

    What the handler returns goes to the queue's `done` transition, what it raises to `fail`. It may move the task
    itself instead. A coroutine is cancelled where the task was asked to stop, took too long, or was lost; a plain
    function has to look at `task.cancel_requested`.

    A store that goes away is waited for. *metrics* is where it counts, if not in an object of its own.

    Raises:
        TypeError: the model has no queue, or each call of the handler with a task would fail, or run nothing.
        NotSupported: the store has no leases.
    """

    def __init__(
        self,
        model: type[AirtableModel],
        handler: Handler,
        settings: WorkerSettings | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        try:
            check_handler(handler)
        except TypeError as error:
            raise TypeError(f"the handler of a worker {error}") from None
        self._model = model
        spec = queue_spec(model)
        self._settings = settings or WorkerSettings()
        store = current_store()
        self._queues = queues_of(store)
        self._timeout = spec.timeout
        self._where = nodes_of(model, "Worker", self._settings.where)
        self._said = {"worker": self._settings.name, "table": model.table.key}
        self.metrics = metrics or Metrics(model.table.key)
        self._stopping = threading.Event()
        self._hurry = threading.Event()
        self._outdated: StoreOutdated | None = None
        self._outage = Outage(self._said)
        self._caller = Caller(handler)
        secrets = (*self._settings.secrets, *secrets_of(store))
        beforehand = self._settings.prefetch
        if beforehand is None and not may_wait(model):
            beforehand = 0
        self._ahead = LookAhead(self._settings.concurrency, beforehand)
        self._slots = Slots(
            self._settings.concurrency,
            self._caller,
            Attempts(spec, self._outage, self._is_outdated, secrets),
            self.metrics,
            self._time_left,
            self._ahead.took,
            self._stopping,
            self._said,
            secrets,
        )
        self._beats = Beats(
            self._queues,
            model.table,
            spec,
            self._settings,
            self.held,
            self._slots.overdue,
            self._outage,
            self._said,
        )
        self._waiting = Waiting(
            self._queues.listener(model.table),
            self._queues.longest_pause,
            self._settings.longest_pause,
        )
        self._slots.freed = self._slot_is_free

    @property
    def name(self) -> str:
        """Return the worker's name, as it stands in the tasks."""
        return self._settings.name

    def held(self) -> list[Running]:
        """Return the tasks that it holds now."""
        return self._slots.held()

    def stop(self) -> None:
        """Take nothing more, let running tasks end, give back what was not begun. `run` then returns."""
        self._stopping.set()
        self._waiting.wake()

    def stop_at_once(self) -> None:
        """Give back what runs, too, without waiting for it."""
        self._hurry.set()
        self._outage.give_up()
        self.stop()

    def run(self) -> int:
        """Work until `stop` is called, or with *once* until there is nothing to take; return how many tasks ended.

        Raises:
            StoreUnavailable: with *once*, and the store cannot be reached.
            StoreOutdated: the store does not know a state that this program takes tasks to; they were given back.
        """
        concurrency = self._settings.concurrency
        logger.info("worker begins", extra={**self._said, "concurrency": concurrency})
        self._caller.start()
        self._slots.start()
        self._beats.start(contextvars.copy_context())
        try:
            self._take_tasks()
        finally:
            self._end()
        if self._outdated is not None:
            raise self._outdated
        counts = self.metrics.counts
        logger.info("worker ends", extra={**self._said, **counts})
        return counts["completed"] + counts["failed"] + counts["cancelled"]

    def _take_tasks(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            number = self._wanted()
            if number < 1:
                self._wait_for_a_slot()
                continue
            was_idle = not self.held()
            try:
                taken = self._claim(number)
                is_long = taken < number and self._waiting.is_long
                due = self._queues.next_due(self._model.table, self._where) if is_long else None
            except StoreUnavailable as error:
                if self._settings.once:
                    raise
                self._outage.note(error)
                self._stopping.wait(self._outage.pause(tries))
                tries += 1
                continue
            tries = 0
            self._outage.over()
            if taken:
                self._waiting.found()
            if taken == number:
                self._ahead.was_full()
                continue
            self._ahead.was_empty()
            if self._settings.once and was_idle and not taken:
                return
            self._waiting.idle(due)

    def _wanted(self) -> int:
        ahead = self._ahead.number
        room = min(self._slots.room(ahead), MAX_CLAIM)
        # With tasks taken beforehand, new ones are fetched by the batch: half of them at once.
        return room if room >= 1 + ahead // 2 else 0

    def _wait_for_a_slot(self) -> None:
        if self._ahead.is_fixed or not self._slots.has_unbegun:
            self._waiting.wait(BUSY_SECONDS)
            return
        self._waiting.wait(STALE_SECONDS)
        if self._slots.give_back_stale(STALE_SECONDS):
            self._ahead.was_stale()

    def _slot_is_free(self) -> None:
        # Each wake-up costs as much as a short task, so there is none before a whole batch is wanted.
        if self._wanted() > 0:
            self._waiting.wake()

    def _claim(self, number: int) -> int:
        records = claim(self._model, self.name, number, self._settings.where)
        found = [
            Running(record, record._origin.lease, record.__dict__["attempt"])
            for record in records
            if record._origin.lease
        ]
        self.metrics.add("claimed", len(found))
        self._slots.put(found)
        return len(found)

    def _time_left(self, running: Running) -> float | None:
        """Return how many seconds the attempt may still take; its time runs from the claim."""
        if self._timeout is None:
            return None
        spent = running.lease.now() - running.lease.taken_at
        return max(self._timeout - spent.total_seconds(), 0.0)

    def _is_outdated(self, error: StoreOutdated) -> None:
        """Take nothing more: what handlers still return could not be stored either."""
        self._outdated = self._outdated or error
        self.stop()

    def _end(self) -> None:
        """Let running tasks end, then give back those that do not."""
        self._stopping.set()
        self._outage.give_up_at(time.monotonic() + self._settings.grace)
        self._slots.finish(self._settings.grace, self._hurry)
        self._beats.stop()
        self._caller.stop()
        self._waiting.close()
