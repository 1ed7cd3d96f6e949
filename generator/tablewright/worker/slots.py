"""The threads of a worker: each takes one claimed task after the other and has the handler work on it."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from tablewright.runtime.queue.holding import fencing_token
from tablewright.worker.attempts import Attempts, How
from tablewright.worker.calling import CLEANUP_SECONDS, Caller
from tablewright.worker.errors import error_text, logged, trace_text
from tablewright.worker.logs import logger
from tablewright.worker.metrics import Metrics
from tablewright.worker.running import Running

RELEASE_SECONDS: Final = 5.0
"""How long a worker that ends tries to give back what it holds."""
_HERE: Final = str(Path(__file__).parent)


class Slots:
    """So many threads, and the tasks that are held for them, of which none begins any more once *stopping* is set.

    *took* hears how long each task kept its slot.
    """

    def __init__(
        self,
        count: int,
        caller: Caller,
        attempts: Attempts,
        metrics: Metrics,
        time_left: Callable[[Running], float | None],
        took: Callable[[float], None],
        stopping: threading.Event,
        said: Mapping[str, Any],
        secrets: Sequence[str],
    ) -> None:
        self._count = count
        self._caller = caller
        self._attempts = attempts
        self._metrics = metrics
        self._time_left = time_left
        self._took = took
        self._stopping = stopping
        self._said = said
        self._secrets = secrets
        self._held: set[Running] = set()
        self._lock = threading.Lock()
        self._ready: queue.SimpleQueue[Running | None] = queue.SimpleQueue()
        self._context = contextvars.copy_context()
        self.freed: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin."""
        self._context = contextvars.copy_context()
        for _ in range(self._count):
            self._beside(self._work_on, None)

    def put(self, found: list[Running]) -> None:
        """Take tasks that were claimed."""
        with self._lock:
            self._held.update(found)
        for running in found:
            logger.debug("task taken", extra=self._about(running))
            self._ready.put(running)

    def held(self) -> list[Running]:
        """Return the tasks that are held now."""
        with self._lock:
            return list(self._held)

    def room(self, ahead: int) -> int:
        """Return how many tasks are missing where all slots are to be busy and so many more to wait."""
        with self._lock:
            return self._count + ahead - len(self._held)

    def overdue(self, running: Running) -> None:
        """Fail an attempt of a plain function that takes too long, and leave the function behind.

        Nobody can stop a thread, but its result will not count, and another thread takes over its slot.
        """
        if running.abandon():
            logger.warning(
                "a handler took too long and goes on; its result will not count",
                extra=self._about(running),
            )
            self._beside(self._work_on, running)

    @property
    def has_unbegun(self) -> bool:
        """Tell whether tasks wait for a slot."""
        return not self._ready.empty()

    def give_back_stale(self, seconds: float) -> bool:
        """Give back what waits for a slot, where some of it has waited for so long; tell whether it was so."""
        moments = [one.claimed for one in self.held() if one.began is None]
        if not moments or time.monotonic() - min(moments) < seconds:
            return False
        # Not here: a store that is away is waited for, and the worker has to hear meanwhile that it is to end.
        self._beside(self._give_back_unbegun)
        return True

    def finish(self, grace: float, hurry: threading.Event) -> None:
        """Once *stopping* is set: wait for what runs, and give back what has not begun or does not end in time."""
        for _ in range(self._count):
            self._ready.put(None)
        self._beside(self._give_back_unbegun)
        self._wait_until(time.monotonic() + grace, hurry)
        left = [running for running in self.held() if running.began is not None]
        for running in left:
            running.stop("released")
        if left and self._caller.is_async:
            self._wait_until(time.monotonic() + CLEANUP_SECONDS + 1)
        self._beside(self._give_back, left)
        self._wait_until(time.monotonic() + RELEASE_SECONDS)

    # -- the threads ----------------------------------------------------------------------------------------------

    def _beside(self, work: Callable[..., object], *given: object) -> None:
        """Do *work* in a thread that does not keep the process from ending."""
        run = self._context.copy().run
        threading.Thread(target=run, args=(work, *given), name="slot", daemon=True).start()

    def _work_on(self, after: Running | None) -> None:
        """Work on one task after the other; first end the attempt *after*, whose thread is left behind."""
        if after is not None:
            self._survived(after, self._ended_overdue)
            self._let_go(after)
        while (running := self._ready.get()) is not None:
            begin = time.monotonic()
            if not self._survived(running, self._done_with):
                return
            self._let_go(running)
            self._took(time.monotonic() - begin)

    def _survived(self, running: Running, step: Callable[[Running], bool]) -> bool:
        """Tell what *step* says of a task. What escapes it costs that task at most, never the slot."""
        try:
            return step(running)
        # An error that a handler made may raise wherever it is looked at, such as by a handler of the log.
        except BaseException as error:  # noqa: BLE001
            more = {"error": error_text(error, self._secrets)}
            logger.error("a task's end went wrong", extra=self._about(running, **more))
            return True

    def _ended_overdue(self, running: Running) -> bool:
        self._say(running, self._attempts.overdue(running), self._spent(running), None)
        return True

    def _done_with(self, running: Running) -> bool:
        """Release a task or work on it; tell whether this thread is still the one to do so."""
        if self._stopping.is_set():
            self._release(running)
            return True
        return bool(running.ending) or self._worked(running)

    def _worked(self, running: Running) -> bool:
        """Work on a task and end it; tell whether this thread is still the one to do so."""
        value: Any = None
        raised: BaseException | None = None
        self._metrics.began()
        try:
            value = self._caller.call(running, self._time_left(running))
        # What a handler raises is the task's failure, not the worker's.
        except BaseException as error:  # noqa: BLE001
            raised = error
        spent = self._spent(running)
        self._metrics.ended(spent)
        if not running.finished():
            return False
        self._say(running, self._attempts.end(running, value, raised), spent, raised)
        return True

    def _let_go(self, running: Running) -> None:
        with self._lock:
            self._held.discard(running)
        self.freed()

    # -- giving back ----------------------------------------------------------------------------------------------

    def _give_back_unbegun(self) -> None:
        found: list[Running] = []
        ends = 0
        while True:
            try:
                one = self._ready.get_nowait()
            except queue.Empty:
                break
            if one is None:
                ends += 1
            else:
                found.append(one)
        for _ in range(ends):
            self._ready.put(None)
        for one in found:
            self._release(one)
            self._let_go(one)

    def _give_back(self, left: list[Running]) -> None:
        for running in left:
            if running.abandon():
                self._release(running)
                self._let_go(running)

    def _release(self, running: Running) -> None:
        running.finished()
        if fencing_token(running.record) is not None:
            self._say(running, self._attempts.release(running), None, None)

    def _wait_until(self, deadline: float, hurry: threading.Event | None = None) -> None:
        """Wait until nothing is held any more, or for no longer than a moment."""
        while self.held() and time.monotonic() < deadline:
            if hurry is not None and hurry.is_set():
                return
            time.sleep(0.02)

    # -- saying ---------------------------------------------------------------------------------------------------

    def _say(
        self, running: Running, how: How, spent: float | None, raised: BaseException | None
    ) -> None:
        self._metrics.add(how)
        more: dict[str, Any] = {} if spent is None else {"seconds": round(spent, 6)}
        is_failure = raised is not None and not running.ending
        trace = None
        if raised is not None and is_failure:
            more["error"] = logged(error_text(raised, self._secrets))
            trace = (type(raised), raised, _own_frames(raised))
            shown = trace_text(raised, trace[2], self._secrets)
            if shown is not None:
                more["traceback"], trace = shown, None
        elif running.ending == "timed out":
            more["error"] = "timed out"
        elif running.failure:
            more["error"] = running.failure
        say = logger.warning if how in ("failed", "lost") else logger.info
        say(f"task {how}", extra=self._about(running, **more), exc_info=trace)  # few words

    @staticmethod
    def _spent(running: Running) -> float:
        return 0.0 if running.began is None else time.monotonic() - running.began

    def _about(self, running: Running, **more: Any) -> dict[str, Any]:
        record = running.record
        attempt = record.__dict__["attempt"]
        return {**self._said, "task": record.id, "attempt": attempt, **more}


def _own_frames(error: BaseException) -> TracebackType | None:
    """Return where an error was raised, from the handler on: the worker's own lines tell nobody anything."""
    trace = error.__traceback__
    while trace is not None and (
        trace.tb_frame.f_code.co_filename.startswith(_HERE)
        or trace.tb_frame.f_globals.get("__name__", "").startswith(("asyncio.", "concurrent."))
    ):
        trace = trace.tb_next
    return trace
