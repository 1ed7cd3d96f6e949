"""Transactions that a database gave up for the sake of another one, and that are done again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy import exc

from tablewright.runtime.errors import StoreUnavailable

T = TypeVar("T")
GAVE_UP: Final = frozenset({"40001", "40P01"})
"""SQLSTATEs of a serialization failure, which distributed databases answer to contention, and of a deadlock."""
PATIENCE_SECONDS: Final = 30.0
_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 1.0


def done_again(description: str, work: Callable[[], T]) -> T:
    """Do *work*, which is one whole transaction, until the database takes it; between tries are random, growing pauses.

    Raises:
        StoreUnavailable: it gave the transaction up for half a minute.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    longest = _FIRST_PAUSE
    while True:
        try:
            return work()
        except exc.DBAPIError as error:
            if sqlstate(error) not in GAVE_UP:
                raise
            if time.monotonic() + longest > deadline:
                raise StoreUnavailable(
                    f"{description} is too busy: it gave the same transaction up for {PATIENCE_SECONDS:.0f} seconds"
                ) from error
        time.sleep(random.uniform(0, longest))  # noqa: S311  # chance, not secrecy
        longest = min(longest * 2, _LONGEST_PAUSE)


def sqlstate(error: exc.DBAPIError) -> str:
    """Return the code that PostgreSQL and its kin say with an error; empty where there is none."""
    found: Any = getattr(error.orig, "sqlstate", None)
    return str(found or "")
