"""Heartbeats from beside the handlers: leases are kept, lost ones and requests to stop are noticed."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from tablewright.runtime.errors import StoreUnavailable, TablewrightError
from tablewright.runtime.queue.holding import fencing_token
from tablewright.runtime.queue.store import QueueStore
from tablewright.runtime.spec import QueueSpec, TableSpec
from tablewright.worker.logs import logger
from tablewright.worker.outage import Outage
from tablewright.worker.running import Running
from tablewright.worker.settings import WorkerSettings

MOST_SECONDS: Final = 10.0


class Beats:
    """A thread that extends all leases of a worker in one statement, again and again."""

    def __init__(
        self,
        queues: QueueStore,
        table: TableSpec,
        spec: QueueSpec,
        settings: WorkerSettings,
        held: Callable[[], list[Running]],
        overdue: Callable[[Running], None],
        outage: Outage,
        said: Mapping[str, Any],
    ) -> None:
        self._queues = queues
        self._table = table
        self._spec = spec
        self._pause = settings.heartbeat or min(spec.lease / 3, MOST_SECONDS)
        self._held = held
        self._overdue = overdue
        self._outage = outage
        self._said = said
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, context: contextvars.Context) -> None:
        """Begin."""
        self._thread = threading.Thread(
            target=context.run, args=(self._run,), name="heartbeats", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End after the heartbeat that is on its way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        last = time.monotonic()
        while not self._stopping.wait(self._next(last)):
            self._survived(self._look_at_the_clock)
            if time.monotonic() - last >= self._pause:
                last = time.monotonic()
                self._survived(self._beat)

    def _survived(self, step: Callable[[], None]) -> None:
        try:
            step()
        # What nobody foresaw costs one heartbeat, and not all leases that this thread keeps.
        except Exception:  # noqa: BLE001
            logger.exception("a heartbeat went wrong", extra={**self._said})

    def _next(self, last: float) -> float:
        """Return in how many seconds there is something to do: a heartbeat, or a task that takes too long."""
        found = last + self._pause - time.monotonic()
        if self._spec.timeout is not None:
            ends = [
                self._left(one) for one in self._held() if one.began is not None and not one.ending
            ]
            # A task may begin meanwhile, so never longer than its whole time.
            found = min([found, self._spec.timeout, *ends])
        return max(found, 0.01)

    def _left(self, one: Running) -> float:
        """Return how many seconds an attempt has left; its time runs from the claim."""
        if self._spec.timeout is None:
            return self._pause
        spent = one.lease.now() - one.lease.taken_at
        return self._spec.timeout - spent.total_seconds()

    def _look_at_the_clock(self) -> None:
        if self._spec.timeout is None:
            return
        for one in self._held():
            # A coroutine is stopped by its own event loop.
            if (
                one.began is not None
                and self._left(one) <= 0
                and not one.ending
                and one.future is None
            ):
                one.stop("timed out")
                self._overdue(one)

    def _beat(self) -> None:
        held = {one.record.id: one for one in self._held() if fencing_token(one.record) is not None}
        asked = time.monotonic()
        try:
            found = self._queues.beat(
                self._table, {key: one.lease.token for key, one in held.items()}
            )
        except StoreUnavailable as error:
            self._outage.note(error)
            return
        except TablewrightError as error:
            extra = {**self._said, "error": str(error), "tasks": len(held)}
            logger.warning("no heartbeat", extra=extra)
            return
        if held:
            self._outage.over()
        for record_id, one in held.items():
            beat = found.get(record_id)
            if beat is None:
                time_is_up = self._spec.timeout is not None and self._left(one) <= 0
                is_held = fencing_token(one.record) is not None and not one.is_over
                if is_held and not one.ending and not time_is_up:
                    logger.warning("lease lost", extra={**self._said, "task": record_id})
                    one.stop("lost")
                continue
            one.lease.renewed(beat, asked)
            one.record.__dict__["lease_until"] = beat.until
            if beat.cancel_requested and not one.record.__dict__["cancel_requested"]:
                one.record.__dict__["cancel_requested"] = True
                one.stop("cancelled")
