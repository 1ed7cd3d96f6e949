"""Stored records that do not fit their model: told of, and left out, so that they do not sink a whole read."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final, ParamSpec, TypeVar

from tablewright.runtime.errors import RecordInvalid

logger = logging.getLogger("tablewright")

P = ParamSpec("P")
T = TypeVar("T")
_lenient: ContextVar[bool] = ContextVar("tablewright_lenient", default=False)

REPEAT_SECONDS: Final = 300.0
"""How often a queue that looks again and again tells of one record that it leaves out."""
MOST_KEPT: Final = 10_000

OnUnfit = Callable[[RecordInvalid], object]
"""Called for every record that is left out; its error names the record by its id, and each field."""


class UnfitRows:
    """What happens to records that do not fit: a warning in the log, a call, or where *strict* the error itself."""

    def __init__(self, *, strict: bool = False, on_unfit: OnUnfit | None = None) -> None:
        self.strict: Final = strict
        self._on_unfit = on_unfit
        self._told: dict[str, float] = {}

    def report(self, unfit: RecordInvalid) -> None:
        """Tell of a record that is left out.

        Raises:
            RecordInvalid: reading is strict.
        """
        if not _lenient.get():
            if self.strict:
                raise unfit
            self.tell(unfit, "left out")
        elif self._is_due(str(unfit)):
            self.tell(unfit, "left out")

    def _is_due(self, said: str) -> bool:
        now = time.monotonic()
        if now - self._told.get(said, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        if len(self._told) >= MOST_KEPT:
            self._told.clear()
        self._told[said] = now
        return True

    def tell(self, unfit: RecordInvalid, done: str) -> None:
        """Tell of a record, and what was *done* about it; also where reading is strict."""
        logger.warning("%s: %s", done, unfit)
        if self._on_unfit is not None:
            self._on_unfit(unfit)


def lenient(method: Callable[P, T]) -> Callable[P, T]:
    """Return a method of a queue that leaves such records out also where reading is strict: one must not stop all others.

    It tells of each every five minutes, however often it looks.
    """

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        before = _lenient.set(True)
        try:
            return method(*args, **kwargs)
        finally:
            _lenient.reset(before)

    return call
