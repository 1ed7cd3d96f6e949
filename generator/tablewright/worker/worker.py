# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""A worker: claims tasks, has the handler work on them, keeps their leases, and ends them."""

from __future__ import annotations

import concurrent.futures
import contextvars
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import (
    LeaseLost,
    RecordInvalid,
    StoreUnavailable,
    TablewrightError,
    TransitionRefused,
)
from tablewright.runtime.model import AirtableModel
from tablewright.runtime.queue.holding import MAX_CLAIM, claim, fencing_token, queues_of
from tablewright.runtime.queue.rules import queue_spec
from tablewright.worker import outcome
from tablewright.worker.beats import Beats
from tablewright.worker.logs import logger
from tablewright.worker.metrics import Metrics
from tablewright.worker.running import Caller, Running
from tablewright.worker.settings import WorkerSettings
from tablewright.worker.waiting import Waiting

STORE_PAUSE: Final = 1.0
"""Seconds before a store that could not be reached is tried again; they double up to thirty."""
Handler = Callable[[Any], Any]


class Worker:
    """Takes tasks of *model* from the current store and gives each to *handler*, a function or coroutine function.

    What the handler returns goes to the queue's `done` transition, what it raises to `fail`. It may move the task
    itself instead. A coroutine is cancelled where the task was asked to stop, took too long, or was lost; a plain
    function has to look at `task.cancel_requested`.
    """

    def __init__(
        self, model: type[AirtableModel], handler: Handler, settings: WorkerSettings | None = None
    ) -> None:
        self._model = model
        self._spec = queue_spec(model)
        self._settings = settings or WorkerSettings()
        self._queues = queues_of(current_store())
        self._caller = Caller(handler)
        self._held: set[Running] = set()
        self._lock = threading.Lock()
        self._ready: queue.SimpleQueue[Running | None] = queue.SimpleQueue()
        self._waiting = Waiting(self._queues.listener(model.table), self._settings.longest_pause)
        self._stopping = threading.Event()
        self._hurry = threading.Event()
        self._beats = Beats(
            self._queues, model.table, self._spec, self._settings, self.held, self._over
        )
        self.metrics = Metrics(model.table.key)

    @property
    def name(self) -> str:
        """Return the worker's name, as it stands in the tasks."""
        return self._settings.name

    def held(self) -> list[Running]:
        """Return the tasks that it holds now."""
        with self._lock:
            return list(self._held)

    def stop(self) -> None:
        """Take nothing more, let running tasks end, give back what was not begun. `run` then returns."""
        self._stopping.set()
        self._waiting.wake()

    def stop_at_once(self) -> None:
        """Give back what runs, too, without waiting for it."""
        self._hurry.set()
        self.stop()

    def run(self) -> int:
        """Work until `stop` is called, or with *once* until there is nothing to take; return how many tasks ended."""
        logger.info("worker begins", extra=self._said(concurrency=self._settings.concurrency))
        self._caller.start()
        context = contextvars.copy_context()
        slots = [
            threading.Thread(
                target=context.copy().run, args=(self._slot,), name=f"slot-{place}", daemon=True
            )
            for place in range(self._settings.concurrency)
        ]
        for slot in slots:
            slot.start()
        self._beats.start(context.copy())
        try:
            self._take_tasks()
        finally:
            self._end(slots)
        counts = self.metrics.counts
        logger.info("worker ends", extra=self._said(**counts))
        return counts["completed"] + counts["failed"] + counts["cancelled"]

    # -- taking ---------------------------------------------------------------------------------------------------

    def _take_tasks(self) -> None:
        pause = STORE_PAUSE
        while not self._stopping.is_set():
            free = self._free()
            if free < 1:
                self._waiting.wait(5.0)
                continue
            try:
                taken = self._claim(free)
                pause = STORE_PAUSE
                if taken == free:
                    self._waiting.found()
                    continue
                if taken:
                    self._waiting.found()
                due = self._queues.next_due(self._model.table) if self._waiting.is_long else None
            except StoreUnavailable as error:
                logger.warning("the store cannot be reached", extra=self._said(error=str(error)))
                self._stopping.wait(pause)
                pause = min(pause * 2, 30.0)
                continue
            if self._settings.once and not taken and not self.held():
                return
            self._waiting.idle(due)

    def _free(self) -> int:
        with self._lock:
            free = self._settings.concurrency + self._settings.prefetch - len(self._held)
        # With tasks taken beforehand, new ones are fetched by the batch: half of them at once.
        least = 1 + self._settings.prefetch // 2
        return min(free, MAX_CLAIM) if free >= least else 0

    def _claim(self, number: int) -> int:
        records = claim(self._model, self.name, number, self._settings.where)
        found = [
            Running(record, record._origin.lease) for record in records if record._origin.lease
        ]
        with self._lock:
            self._held.update(found)
        self.metrics.add("claimed", len(found))
        for running in found:
            logger.debug("task taken", extra=self._about(running))
            self._ready.put(running)
        return len(found)

    # -- working --------------------------------------------------------------------------------------------------

    def _slot(self) -> None:
        while (running := self._ready.get()) is not None:
            if self._stopping.is_set() and running.began is None:
                self._release(running)
            elif not running.ending:
                self._work(running)
            self._let_go(running)

    def _let_go(self, running: Running) -> None:
        with self._lock:
            self._held.discard(running)
        self._waiting.wake()

    def _work(self, running: Running) -> None:
        self.metrics.began()
        began = time.monotonic()
        settle: Callable[[], str]
        try:
            value = self._caller.call(running, self._time_left(running))
        except (concurrent.futures.CancelledError, TimeoutError) as error:
            settle = self._stopped(running, error)
        # What a handler raises is the task's failure, not the worker's.
        except Exception as error:  # noqa: BLE001
            logger.info("handler raised", extra=self._about(running), exc_info=True)
            settle = partial(self._fail, running, f"{type(error).__name__}: {error}")
        else:
            settle = partial(self._complete, running, value)
        finally:
            spent = time.monotonic() - began
            self.metrics.ended(spent)
        if fencing_token(running.record) is None:
            # The handler has moved the task itself, or time was up and it was failed meanwhile.
            how = "" if running.ending else "completed"
        elif running.ending == "lost":
            how = "lost"
        else:
            how = self._settled(running, settle)
        if how:
            self.metrics.add(how)
            logger.info(
                f"task {how}", extra=self._about(running, seconds=round(spent, 6))
            )  # few words

    def _stopped(self, running: Running, error: BaseException) -> Callable[[], str]:
        """Return what becomes of a task whose handler was stopped."""
        match running.ending:
            case "lost":
                return lambda: "lost"
            case "released":
                return partial(self._give_back, running)
            case "cancelled":
                return partial(self._cancel, running)
            case _ if isinstance(error, TimeoutError) and self._spec.timeout is not None:
                return partial(self._fail, running, self._too_long())
            case _:
                return partial(self._fail, running, f"{type(error).__name__}: {error}")

    def _time_left(self, running: Running) -> float | None:
        """Return how many seconds the attempt may still take; its time runs from the claim."""
        if self._spec.timeout is None:
            return None
        spent = running.lease.now() - running.lease.taken_at
        return max(self._spec.timeout - spent.total_seconds(), 0.0)

    def _too_long(self) -> str:
        return f"timed out after {self._spec.timeout:g} seconds"

    def _settled(self, running: Running, settle: Callable[[], str]) -> str:
        """End an attempt; a store that is away is waited for as long as the lease runs."""
        pause = 0.1
        while True:
            try:
                return settle()
            except LeaseLost:
                logger.warning("lease lost", extra=self._about(running))
                return "lost"
            except StoreUnavailable as error:
                if running.lease.seconds_left < 0:
                    logger.warning("lease lost", extra=self._about(running, error=str(error)))
                    return "lost"
                time.sleep(min(pause, max(running.lease.seconds_left, 0.05)))
                pause *= 2
            except TablewrightError:
                logger.exception("task cannot be ended", extra=self._about(running))
                return "lost"

    def _complete(self, running: Running, value: Any) -> str:
        try:
            outcome.complete(running.record, value)
        except (RecordInvalid, TransitionRefused) as error:
            return self._fail(running, f"what the handler returned cannot be stored: {error}")
        return "completed"

    def _fail(self, running: Running, text: str) -> str:
        outcome.fail(running.record, text)
        return "failed"

    def _cancel(self, running: Running) -> str:
        outcome.cancel(running.record)
        return "cancelled"

    def _over(self, running: Running) -> None:
        """End an attempt of a plain function that takes too long: nobody can stop it, but its result will not count."""
        how = self._settled(running, partial(self._fail, running, self._too_long()))
        self.metrics.add(how)
        logger.warning("task timed out", extra=self._about(running))

    # -- ending ---------------------------------------------------------------------------------------------------

    def _give_back(self, running: Running) -> str:
        running.record.release()  # type: ignore[attr-defined]  # generated with the queue
        return "released"

    def _release(self, running: Running) -> None:
        if fencing_token(running.record) is not None:
            how = self._settled(running, partial(self._give_back, running))
            self.metrics.add(how)
            logger.info(f"task {how}", extra=self._about(running))  # few words

    def _end(self, slots: list[threading.Thread]) -> None:
        """Wait for running tasks, then give back those that do not end."""
        self._stopping.set()
        for _ in slots:
            self._ready.put(None)
        deadline = time.monotonic() + self._settings.grace
        while any(slot.is_alive() for slot in slots) and time.monotonic() < deadline:
            if self._hurry.is_set():
                break
            slots[0].join(0.05)
            slots.sort(key=threading.Thread.is_alive, reverse=True)
        left = [running for running in self.held() if running.began is not None]
        for running in left:
            running.stop("released")
            if not self._caller.is_async:
                self._release(running)
        if left and self._caller.is_async:
            for slot in slots:
                slot.join(5.0)
        self._beats.stop()
        self._caller.stop()
        self._waiting.close()

    # -- saying ---------------------------------------------------------------------------------------------------

    def _said(self, **more: Any) -> dict[str, Any]:
        return {"worker": self.name, "table": self._model.table.key, **more}

    def _about(self, running: Running, **more: Any) -> dict[str, Any]:
        record = running.record
        return {**self._said(), "task": record.id, "attempt": record.__dict__["attempt"], **more}
