"""At most so many requests a second for each base, counted over all threads and processes of this machine."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from filelock import FileLock
from platformdirs import user_cache_path

from tablewright.airtable import REQUESTS_PER_SECOND

logger = logging.getLogger("tablewright")

WINDOW: Final = 1.02
"""Seconds that hold as many requests as Airtable allows in one: the rest is for what the network delays."""
_POLL: Final = 0.005
_LOOK_AGAIN: Final = 0.02
"""Seconds until a request that should have been answered is looked for again."""
_LOST: Final = 2.0
"""Seconds after which a request without an answer does not count any more: it arrived, or its program ended."""
_SAMPLES: Final = 10
"""Answers after which the fastest of them says how long an answer takes at least."""
LONGEST_PENALTY: Final = 3_600.0
"""Seconds. One that ends later was written by a clock that was set back since."""


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
            _tell(left)
            self._clock.sleep(left)
        return self._clock.time()

    def answered(self, sent: float) -> None:
        """Do nothing: nobody counts."""

    def penalty(self, seconds: float) -> None:
        """Let nobody of this process send for so long."""
        self._blocked = max(self._blocked, self._clock.time() + seconds)


@dataclass(slots=True)
class Counted:
    """What was sent to a base of late, in seconds since 1970: when requests arrived, and when those were sent that were
    not answered yet. Nobody sends before the end of *blocked*."""

    arrived: list[float] = field(default_factory=list)
    under_way: list[float] = field(default_factory=list)
    blocked: float = 0.0

    def free(self, now: float, number: int) -> float:
        """Return when one more can be sent, where so many may arrive in a window."""
        # What is not answered long after it was sent may be arriving only now: its program was held up.
        late = now - WINDOW + _LOOK_AGAIN
        found = sorted([*self.arrived, *(max(one, late) for one in self.under_way)])
        return max(found[-number] + WINDOW if len(found) >= number else now, self.blocked)

    def forget(self, now: float, number: int) -> None:
        """Drop what counts no more, and what a clock that was set back left in the future."""
        self.arrived = sorted(one for one in self.arrived if one <= now + WINDOW)[-number:]
        self.under_way = [one for one in self.under_way if now - _LOST < one <= now + WINDOW]
        if self.blocked > now + LONGEST_PENALTY:
            self.blocked = 0.0


class CountingLimiter(ABC):
    """Lets so many requests out in each window. Waiting holds no lock: what is learned meanwhile counts."""

    def __init__(self, per_second: int, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._took: deque[float] = deque(maxlen=200)

    @abstractmethod
    def _counted(self) -> AbstractContextManager[Counted]:
        """Return what is counted, for this program alone until the end of the block."""

    def wait(self) -> float:
        """Return when a request may be sent."""
        while True:
            with self._counted() as counted:
                now = self._clock.time()
                counted.forget(now, self._per_second)
                left = counted.free(now, self._per_second) - now
                if left <= 0:
                    counted.under_way.append(now)
                    return now
            _tell(left)
            self._clock.sleep(left)

    def answered(self, sent: float) -> None:
        """Count a request from when it can have arrived, where this machine was slow to send it.

        It arrived before its answer came, and about as long before as the fastest answer of late took.
        """
        now = self._clock.time()
        least = min(self._took) if len(self._took) >= _SAMPLES else 0.0
        self._took.append(now - sent)
        with self._counted() as counted:
            if sent in counted.under_way:
                counted.under_way.remove(sent)
            counted.arrived.append(max(sent, now - least))
            counted.forget(now, self._per_second)

    def penalty(self, seconds: float) -> None:
        """Let nobody send to this base for so long."""
        with self._counted() as counted:
            counted.blocked = max(counted.blocked, self._clock.time() + seconds)


class SharedLimiter(CountingLimiter):
    """Counts in a small file under a lock, so that programs that know nothing of each other keep the limit together.

    A program that ends at any moment leaves nothing behind that would keep others from sending for long.
    """

    def __init__(
        self,
        path: Path,
        *,
        per_second: int = REQUESTS_PER_SECOND,
        clock: Clock = time,
    ) -> None:
        super().__init__(per_second, clock)
        self._path = path
        self._threads = threading.Lock()
        self._file = FileLock(f"{path}.lock", poll_interval=_POLL)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[Counted]:
        with self._threads, self._file:
            counted = self._read()
            yield counted
            self._path.write_text(json.dumps(dataclasses.asdict(counted)), "ascii")

    def _read(self) -> Counted:
        try:
            found: Any = json.loads(self._path.read_text("ascii"))
            return Counted(
                [float(one) for one in found["arrived"]],
                [float(one) for one in found["under_way"]],
                float(found["blocked"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return Counted()


def _tell(seconds: float) -> None:
    """Say why nothing happens, where it is not for one's turn."""
    if seconds > 2 * WINDOW:
        logger.warning("Airtable had too many requests: waiting %.0f s", seconds)


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


class _OwnLimiter(CountingLimiter):
    """Counts the requests of this process, where no file can be written."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(REQUESTS_PER_SECOND, clock)
        self._lock = threading.Lock()
        self._known = Counted()

    @contextlib.contextmanager
    def _counted(self) -> Iterator[Counted]:
        with self._lock:
            yield self._known
