"""At most so many requests a second for each base, counted over all threads and processes of this machine."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

from filelock import FileLock
from platformdirs import user_cache_path

from tablewright.airtable import REQUESTS_PER_SECOND

logger = logging.getLogger("tablewright")

WINDOW: Final = 1.04
"""Seconds that hold as many requests as Airtable allows in one: the rest is for what the network delays."""
_POLL: Final = 0.005
_UNNOTICED: Final = 0.005
"""Seconds of delay that the window has room for."""
_LONGEST_PENALTY: Final = 3_600.0


class Clock(Protocol):
    """Where the time comes from, so that tests need not wait."""

    def time(self) -> float:
        """Return the seconds since 1970, as every process of this machine counts them."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Limiter(Protocol):
    """Says when the next request may go out."""

    def wait(self) -> float:
        """Return when a request may be sent, at once: the moment that `answered` is told later."""
        ...

    def answered(self, sent: float) -> None:
        """Note that the request of this moment was answered, now."""
        ...

    def penalty(self, seconds: float) -> None:
        """Let nobody send for so long: the service said that there were too many requests."""
        ...


class UnlimitedRequests:
    """For a service that does not count: only a penalty makes anybody wait."""

    def __init__(self, clock: Clock = time) -> None:
        self._clock = clock
        self._blocked = 0.0

    def wait(self) -> float:
        """Return at once, or at the end of a penalty."""
        left = self._blocked - self._clock.time()
        if left > 0:
            self._clock.sleep(left)
        return self._clock.time()

    def answered(self, sent: float) -> None:
        """Do nothing: nobody counts."""

    def penalty(self, seconds: float) -> None:
        """Let nobody of this process send for so long."""
        self._blocked = max(self._blocked, self._clock.time() + seconds)


class SharedLimiter:
    """Counts in a small file under a lock, so that programs that know nothing of each other keep the limit together.

    A program that ends in the midst of waiting leaves nothing behind that would keep others from sending.
    """

    def __init__(
        self,
        path: Path,
        *,
        per_second: int = REQUESTS_PER_SECOND,
        clock: Clock = time,
    ) -> None:
        self._path = path
        self._per_second = per_second
        self._clock = clock
        self._threads = threading.Lock()
        self._took: deque[float] = deque(maxlen=20)
        self._file = FileLock(f"{path}.lock", poll_interval=_POLL)

    def wait(self) -> float:
        """Return when a request may be sent. Whoever waits holds the lock: there is one queue, whatever its order."""
        with self._held():
            while True:
                sent, blocked = self._read()
                now = self._clock.time()
                free = sent[-self._per_second] + WINDOW if len(sent) >= self._per_second else now
                left = max(free, blocked) - now
                if left <= 0:
                    break
                self._clock.sleep(left)
            self._write([*sent, now][-self._per_second :], blocked)
        return now

    def answered(self, sent: float) -> None:
        """Count a request from when it can have arrived, where this machine was slow to send it.

        It arrived before its answer came, and about as long before as the fastest answer of late took.
        """
        now = self._clock.time()
        least = min(self._took, default=0.0)
        self._took.append(now - sent)
        arrived = now - least
        if arrived - sent < _UNNOTICED:
            return
        with self._held():
            stamps, blocked = self._read()
            if sent in stamps:
                stamps[stamps.index(sent)] = arrived
                self._write(sorted(stamps), blocked)

    def penalty(self, seconds: float) -> None:
        """Let no program of this machine send to this base for so long."""
        with self._held():
            sent, blocked = self._read()
            self._write(sent, max(blocked, self._clock.time() + seconds))

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        with self._threads, self._file:
            yield

    def _read(self) -> tuple[list[float], float]:
        now = self._clock.time()
        try:
            found: Any = json.loads(self._path.read_text("ascii"))
            sent = [float(one) for one in found["sent"]]
            blocked = float(found["blocked"])
        except (OSError, ValueError, KeyError, TypeError):
            return [], 0.0
        # A clock that was set back would otherwise keep everybody waiting.
        sent = sorted(one for one in sent if one <= now + WINDOW)
        return sent, blocked if blocked <= now + _LONGEST_PENALTY else 0.0

    def _write(self, sent: list[float], blocked: float) -> None:
        self._path.write_text(json.dumps({"sent": sent, "blocked": blocked}), "ascii")


def limiter_for(service: str, base_id: str, *, clock: Clock = time) -> Limiter:
    """Return the limiter that every program of this user shares for a base."""
    name = hashlib.sha256(f"{service} {base_id}".encode()).hexdigest()[:20]
    folder = user_cache_path("tablewright") / "requests"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        limiter = SharedLimiter(folder / name, clock=clock)
        limiter.penalty(0)
    except OSError as error:
        logger.warning("requests are counted for this process alone: %s", error)
        return _OwnLimiter(clock)
    return limiter


class _OwnLimiter:
    """Counts the requests of this process, where no file can be written."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: list[float] = []
        self._blocked = 0.0

    def wait(self) -> float:
        with self._lock:
            now = self._clock.time()
            full = len(self._sent) >= REQUESTS_PER_SECOND
            free = self._sent[-REQUESTS_PER_SECOND] + WINDOW if full else now
            left = max(free, self._blocked) - now
            if left > 0:
                self._clock.sleep(left)
            now = self._clock.time()
            self._sent = [*self._sent, now][-REQUESTS_PER_SECOND:]
            return now

    def answered(self, sent: float) -> None:
        with self._lock:
            if sent in self._sent:
                self._sent[self._sent.index(sent)] = self._clock.time()
                self._sent.sort()

    def penalty(self, seconds: float) -> None:
        self._blocked = max(self._blocked, self._clock.time() + seconds)
