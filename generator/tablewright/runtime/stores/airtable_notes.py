"""Notes on leases as they stand in the records, and the clock that they go by."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from tablewright.runtime.codec import Row
from tablewright.runtime.queue.store import Settlement


@dataclass(frozen=True, slots=True)
class Note:
    """What the lease field of a record says; moments by Airtable's clock."""

    worker: str | None = None
    token: str | None = None
    until: datetime | None = None
    attempt: int = 0
    taken: datetime | None = None
    settled: datetime | None = None
    ready: datetime | None = None
    stop: bool = False

    @classmethod
    def read(cls, text: str | None) -> Note:
        """Return the note in a cell; what people made unreadable says nothing, so that they can free a record."""
        try:
            found = dict(json.loads(text or "{}"))
            for name in ("until", "taken", "settled", "ready"):
                if name in found:
                    found[name] = _moment(found[name])
            note = cls(**found)
        except (ValueError, TypeError):
            return cls()
        return note if note.is_sound else cls()

    @property
    def is_sound(self) -> bool:
        """Tell whether its parts are what a claim writes, and not what people made of them."""
        texts = (self.worker, self.token)
        return (
            all(one is None or isinstance(one, str) for one in texts)
            and type(self.attempt) is int
            and isinstance(self.stop, bool)
        )

    def is_ready(self, now: datetime) -> bool:
        """Tell whether nobody holds the record, and nothing keeps it from being taken."""
        is_free = self.until is None or self.until < now
        return is_free and not self.stop and (self.ready is None or self.ready <= now)

    def after(self, settlement: Settlement, now: datetime) -> Note:
        """Return what the note of a held record says after a settlement."""
        if settlement.keeps_lease:
            return self
        if not settlement.waits:
            # The worker of a lease that ran out may come to the same end later, and has to hear that it was not the one.
            token = None if settlement.only_lapsed else self.token
            return replace(self, until=None, settled=now, token=token)
        return replace(
            self,
            until=None,
            worker=None,
            attempt=self.attempt if settlement.counts else self.attempt - 1,
            ready=(
                self.ready
                if settlement.pause is None
                else now + timedelta(seconds=settlement.pause)
            ),
        )

    def text(self) -> str:
        """Return the note for its cell."""
        values = {
            key: value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
            for key, value in asdict(self).items()
            if value
        }
        return json.dumps(values, ensure_ascii=False)

    def told(self) -> Row:
        """Return what a record says of its lease."""
        return {
            "ready_at": self.ready, "attempt": self.attempt, "lease_until": self.until,
            "worker_id": self.worker, "cancel_requested": self.stop,
        }  # fmt: skip


def _moment(text: str) -> datetime:
    """Return a moment of a note.

    Raises:
        ValueError: it is none, or has no time zone.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return found


class ServiceClock:
    """The clock of Airtable as far as its answers tell it: to the second."""

    def __init__(self, session: requests.Session) -> None:
        self._ahead = timedelta()
        session.hooks["response"].append(self._heard)

    def now(self) -> datetime:
        """Return Airtable's time."""
        return datetime.now(UTC) + self._ahead

    def _heard(self, answer: requests.Response, *_: Any, **__: Any) -> None:
        try:
            there = parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:
            return
        # The header leaves out what is below a second; half of one is the best guess.
        found = there + timedelta(milliseconds=500) - datetime.now(UTC)
        if abs(found - self._ahead) > timedelta(seconds=1):
            self._ahead = found
