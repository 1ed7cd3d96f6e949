"""What this program wrote a moment ago: a reading that does not show it yet comes from before, and is taken again.

Readings were seen to lag behind writes by up to about a second. The answer to a write is never behind.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tablewright.runtime.stores.airtable_answers import Json
from tablewright.runtime.stores.limiter import Clock

LAGS: Final = 1.5
"""Seconds after which a reading shows what was written before it."""
LOOKS: Final = 3
"""How often a reading that is behind is taken again, at most."""


class OwnWrites:
    """The cells of records as the answers to this program's own writes showed them, for as long as readings may lag."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._cells: dict[str, tuple[float, Json]] = {}
        """By record, in the order in which they were written: until when readings may lag, and the cells."""

    def note(self, records: Iterable[Json], sent: Iterable[Mapping[str, Any]]) -> None:
        """Take notice of the answer to a write; *sent* are the cells that were written."""
        until = self._clock.time() + LAGS
        with self._lock:
            self._forget_old()
            for record, cells in zip(records, sent, strict=False):
                known = self._cells.pop(record["id"], (until, {}))[1]
                shown = {name: record["fields"].get(name) for name in cells}
                self._cells[record["id"]] = until, {**known, **shown}

    def forget(self, ids: Iterable[str]) -> None:
        """Expect nothing of records that were deleted, nor of those that linked to them."""
        gone = frozenset(ids)
        with self._lock:
            self._cells = {
                one: held
                for one, held in self._cells.items()
                if one not in gone and not _mentions(held[1], gone)
            }

    def wait_for(
        self, ids: Sequence[str], records: Sequence[Json], fields: Iterable[str]
    ) -> float | None:
        """Return the seconds after which to read *ids* again; None where *records* show what was written of *fields*.

        What does not show it for longer than readings lag is what somebody else has written since.
        """
        with self._lock:
            self._forget_old()
            written = {one: self._cells[one] for one in ids if one in self._cells}
        if not written:
            return None
        names, found = frozenset(fields), {record["id"]: record["fields"] for record in records}
        left = [
            until - self._clock.time()
            for one, (until, cells) in written.items()
            if one not in found or _is_behind(found[one], cells, names)
        ]
        return min(LAGS / LOOKS, max(left)) if left else None

    def _forget_old(self) -> None:
        now = self._clock.time()
        while self._cells:
            oldest = next(iter(self._cells))
            if self._cells[oldest][0] > now:
                break
            del self._cells[oldest]


def _is_behind(found: Json, written: Json, names: frozenset[str]) -> bool:
    return any(
        name in names and _is_plain(value) and found.get(name) != value
        for name, value in written.items()
    )


def _mentions(cells: Json, ids: frozenset[str]) -> bool:
    return any(one in ids for value in cells.values() for one in _texts(value))


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _is_plain(value: Any) -> bool:
    """Tell whether a cell reads the same each time: addresses of files do not."""
    return not isinstance(value, dict) and (
        not isinstance(value, list) or len(_texts(value)) == len(value)
    )
