"""A task that a worker holds, and the thread or coroutine that works on it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tablewright.runtime.model import AirtableModel
from tablewright.runtime.queue.lease import Lease

Ending = Literal["", "lost", "timed out", "cancelled", "released"]


@dataclass(slots=True, eq=False)
class Running:
    """A claimed task. *ending* says why its handler is to stop, *future* is there while a coroutine works on it."""

    record: AirtableModel
    lease: Lease
    ending: Ending = ""
    began: float | None = None
    future: concurrent.futures.Future[Any] | None = None

    def stop(self, ending: Ending) -> None:
        """Say that the handler is to stop; a coroutine is cancelled, a thread has to look itself."""
        if not self.ending:
            self.ending = ending
        if self.future is not None:
            self.future.cancel()


class Caller:
    """Calls the handler: a coroutine function on one event loop for all tasks, anything else in the calling thread."""

    def __init__(self, handler: Callable[[Any], Any]) -> None:
        self._handler = handler
        # An object may have a coroutine function as its call.
        called = type(handler).__call__ if not inspect.isfunction(handler) else handler
        self.is_async = any(inspect.iscoroutinefunction(one) for one in (handler, called))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the event loop where one is needed."""
        if self.is_async:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="handlers", daemon=True
            )
            self._thread.start()

    def call(self, running: Running, timeout: float | None) -> Any:
        """Return what the handler returns.

        Raises:
            TimeoutError: a coroutine took longer than *timeout* seconds.
            CancelledError: a coroutine was stopped.
        """
        running.began = time.monotonic()
        if self._loop is None:
            return self._handler(running.record)
        running.future = asyncio.run_coroutine_threadsafe(
            self._limited(running.record, timeout), self._loop
        )
        if running.ending:
            running.future.cancel()
        return running.future.result()

    async def _limited(self, record: AirtableModel, timeout: float | None) -> Any:
        async with asyncio.timeout(timeout):
            return await self._handler(record)

    def stop(self) -> None:
        """Stop the event loop."""
        if self._loop is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(self._drained(), self._loop).result(5)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            if not self._thread.is_alive():
                self._loop.close()

    @staticmethod
    async def _drained() -> None:
        """Let what was cancelled come to its end."""
        others = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        if others:
            await asyncio.wait(others, timeout=2)
