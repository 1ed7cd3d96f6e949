"""Stored records that do not fit their model: told of, and left out, so that they do not sink a whole read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from tablewright.runtime.errors import RecordInvalid

logger = logging.getLogger("tablewright")

OnUnfit = Callable[[RecordInvalid], object]
"""Called for every record that is left out; its error names the record by its id, and each field."""


class UnfitRows:
    """What happens to records that do not fit: a warning in the log, a call, or where *strict* the error itself."""

    def __init__(self, *, strict: bool = False, on_unfit: OnUnfit | None = None) -> None:
        self.strict: Final = strict
        self._on_unfit = on_unfit

    def report(self, unfit: RecordInvalid) -> None:
        """Tell of a record that is left out.

        Raises:
            RecordInvalid: reading is strict.
        """
        if self.strict:
            raise unfit
        self.tell(unfit, "left out")

    def tell(self, unfit: RecordInvalid, done: str) -> None:
        """Tell of a record, and what was *done* about it; also where reading is strict."""
        logger.warning("%s: %s", done, unfit)
        if self._on_unfit is not None:
            self._on_unfit(unfit)
