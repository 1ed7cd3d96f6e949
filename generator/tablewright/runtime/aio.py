"""Operations as coroutines. The stores are synchronous; each call runs in a thread, with the current store's context."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def in_thread(operation: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return *operation* as a coroutine function of the same parameters.

    `await in_thread(task.complete_execution)("done")` works for any method, also those of your own subclasses. A
    coroutine that is cancelled leaves its thread to end by itself: what it was writing may be stored.
    """

    @functools.wraps(operation)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(operation, *args, **kwargs)

    return call


def listed_in_thread(query: Callable[P, Iterable[T]]) -> Callable[P, Coroutine[Any, Any, list[T]]]:
    """Return a query as a coroutine function of the same parameters that gives its records as a list."""

    @functools.wraps(query)
    async def call(*args: P.args, **kwargs: P.kwargs) -> list[T]:
        return await asyncio.to_thread(lambda: list(query(*args, **kwargs)))

    return call
