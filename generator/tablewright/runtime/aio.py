"""Operations as coroutines. The stores are synchronous; each call runs in a thread, with the current store's context."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, ParamSpec, Protocol, TypeVar

from pydantic import BaseModel

from tablewright.runtime.errors import shown

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Operation(Protocol[P, T_co]):
    """A coroutine function that is no method: read from a class it is not bound to it, for no type checker."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T_co]:
        """Return what is to be awaited."""
        ...


def in_thread(operation: Callable[P, T]) -> Operation[P, T]:
    """Return *operation* as a coroutine function of the same parameters.

    `await in_thread(task.complete_execution)("done")` works for any method, also those of your own subclasses. A
    coroutine that is cancelled leaves its thread to end by itself: what it was writing may be stored.
    """

    if not _is_of_a_record(operation):

        @functools.wraps(operation)
        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return await asyncio.to_thread(operation, *args, **kwargs)

        return call

    @functools.wraps(operation)
    async def call_with_record(*args: P.args, **kwargs: P.kwargs) -> T:
        if not args or not isinstance(args[0], BaseModel):
            name = operation.__name__
            got = shown(args[0]) if args else "nothing"
            raise TypeError(
                f"{name}() takes the record first, and got {got}: write aio.{name}(record, …)"
            )
        return await asyncio.to_thread(operation, *args, **kwargs)

    return call_with_record


def _is_of_a_record(operation: Callable[..., Any]) -> bool:
    """Tell whether this is a method that was asked of the class, so that a record has to come first."""
    return inspect.isfunction(operation) and operation.__code__.co_varnames[:1] == ("self",)


def listed_in_thread(query: Callable[P, Iterable[T]]) -> Operation[P, list[T]]:
    """Return a query as a coroutine function of the same parameters that gives its records as a list."""

    @functools.wraps(query)
    async def call(*args: P.args, **kwargs: P.kwargs) -> list[T]:
        return await asyncio.to_thread(lambda: list(query(*args, **kwargs)))

    return call
