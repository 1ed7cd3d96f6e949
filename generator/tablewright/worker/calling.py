"""Calls of the handler: a coroutine function on one event loop, anything else in the calling thread."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from tablewright.worker.logs import logger
from tablewright.worker.running import Running

CLEANUP_SECONDS: Final = 2.0
"""How long a cancelled coroutine may take to end before its task is ended without it."""


def check_handler(handler: object) -> None:
    """Make sure, as far as can be seen, that a call with a task alone works on it.

    Raises:
        TypeError: it would fail, or run nothing; the text completes the sentence "the handler …".
    """
    if not callable(handler):
        raise TypeError("cannot be called: name a function, as in my_agents:handle")
    if not _takes_a_task(handler):
        raise TypeError(f"cannot be called with a task alone: {_LIKE_THIS}")
    # An object may have a generator function as its call.
    called = (handler, getattr(type(handler), "__call__", None))  # noqa: B004  # asked for itself
    if any(inspect.isgeneratorfunction(one) or inspect.isasyncgenfunction(one) for one in called):
        raise TypeError(f"yields, so that calling it would run nothing: {_LIKE_THIS}")


_LIKE_THIS: Final = (
    "a handler is a function of one parameter that returns its result, as in 'def handle(task): …' or "
    "'async def handle(task): …'"
)


def _takes_a_task(handler: Callable[..., Any]) -> bool:
    """Tell whether something can be called with one argument, as far as can be seen."""
    try:
        # What a decorator returns is called, and not what it decorates: that may take more.
        signature = inspect.signature(handler, follow_wrapped=False)
    except (TypeError, ValueError):
        return True  # written in C
    try:
        signature.bind(object())
    except TypeError:
        return False
    return True


class _Left(Exception):
    """Carries what `sys.exit` raises out of the event loop, which it would end."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(cause)
        self.cause = cause


class Caller:
    """Calls the handler, whichever kind of function it is."""

    def __init__(self, handler: Callable[[Any], Any]) -> None:
        self._handler = handler
        # An object may have a coroutine function as its call.
        called = type(handler).__call__ if not inspect.isfunction(handler) else handler
        self.is_async = any(inspect.iscoroutinefunction(one) for one in (handler, called))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        """Start the event loop where one is needed."""
        if self.is_async:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._run_loop, name="handlers", daemon=True)
            self._thread.start()

    def call(self, running: Running, timeout: float | None) -> Any:
        """Return what the handler returns.

        A coroutine that takes longer than *timeout* seconds, or whose task is to stop, is cancelled.

        Raises:
            CancelledError: a coroutine was cancelled.
        """
        running.began = time.monotonic()
        if self._loop is None:
            return _plain(self._handler(running.record))
        running.future = asyncio.run_coroutine_threadsafe(
            self._called(running, timeout), self._loop
        )
        try:
            return running.future.result()
        except _Left as left:
            raise left.cause from None

    async def _called(self, running: Running, timeout: float | None) -> Any:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def cancel() -> None:
            if task is None or task.done():
                return
            task.cancel()
            if running.future is not None:
                # Who swallows the cancellation is not waited for.
                loop.call_later(CLEANUP_SECONDS, running.future.cancel)

        running.may_be_cancelled(lambda: _soon(loop, cancel))
        timer = None if timeout is None else loop.call_later(timeout, running.stop, "timed out")
        try:
            # The place at which a task that was asked to stop meanwhile is cancelled.
            await asyncio.sleep(0)
            return await self._handler(running.record)
        except (SystemExit, KeyboardInterrupt) as error:
            raise _Left(error) from None
        finally:
            if timer is not None:
                timer.cancel()
                if timer.when() <= loop.time():
                    running.stop("timed out")  # it may have kept the event loop from saying so

    def _run_loop(self) -> None:
        loop = self._loop
        assert loop is not None  # noqa: S101  # the thread is started with it
        while not self._stopping:
            try:
                loop.run_forever()
            # A task that a handler started itself can end the loop, but not the work of the others.
            except (SystemExit, KeyboardInterrupt) as error:
                logger.warning("a task of the event loop raised %s", type(error).__name__)

    def stop(self) -> None:
        """Stop the event loop, and leave behind what does not end."""
        if self._loop is None or self._thread is None:
            return
        drained = asyncio.run_coroutine_threadsafe(self._drained(), self._loop)
        try:
            drained.result(CLEANUP_SECONDS + 1)
        except TimeoutError:
            drained.cancel()
        self._stopping = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLEANUP_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    @staticmethod
    async def _drained() -> None:
        """Let what was cancelled come to its end."""
        others = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        for one in others:
            one.cancel()
        if others:
            _, left = await asyncio.wait(others, timeout=CLEANUP_SECONDS)
            for one in left:
                # asyncio would say of each that it was destroyed; the worker has said so before.
                one._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001


def _soon(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(function)


def _plain(value: Any) -> Any:
    if inspect.isawaitable(value):
        if inspect.iscoroutine(value):
            value.close()
        raise TypeError(
            "the handler returned a coroutine and is no coroutine function: declare it with 'async def'"
        )
    if inspect.isgenerator(value) or inspect.isasyncgen(value):
        raise TypeError(
            "the handler returned a generator, which has not run: return the result itself"
        )
    return value
