"""How a worker waits: woken by new tasks where the store tells of them, else with growing pauses."""

from __future__ import annotations

import random
import threading
from typing import Final

from tablewright.runtime.queue.store import Listener

FIRST_PAUSE: Final = 0.02
LISTENING_PAUSE: Final = 5.0
"""The longest pause where the store tells of tasks that are ready: it may fail to, as when its connection breaks."""
LONG_SECONDS: Final = 0.25
"""From such a pause on it is worth asking when the next task is due."""
_dice = random.SystemRandom()


class Waiting:
    """The pauses between two looks at an empty queue; the longer it stays empty, the longer they are.

    They grow to *longest* where nobody tells of new tasks, or to what was *asked* for anywhere.
    """

    def __init__(
        self, listener: Listener | None, longest: float, asked: float | None = None
    ) -> None:
        self._listener = listener
        self._event = threading.Event()
        self._without_signs = longest
        self._asked = asked
        self._pause = FIRST_PAUSE

    @property
    def is_long(self) -> bool:
        """Tell whether the next pause is a long one, because the queue has been empty for a while."""
        return self._pause >= LONG_SECONDS

    @property
    def _longest(self) -> float:
        if self._asked is not None:
            return self._asked
        hears = self._listener is not None and self._listener.hears
        return LISTENING_PAUSE if hears else self._without_signs

    def found(self) -> None:
        """Begin with short pauses again: there was a task."""
        self._pause = FIRST_PAUSE

    def idle(self, due: float | None) -> None:
        """Wait because the queue is empty; for no longer than *due*, when the next task is ready."""
        # By chance a little longer or shorter, so that workers do not all look at once.
        seconds = self._pause * _dice.uniform(0.8, 1.2)
        self._pause = min(self._pause * 2, self._longest)
        # What was due before and could not be taken is for others, or waits for others: no reason to look again.
        if due is not None and 0 < due < seconds:
            seconds = due + 0.002
        if self.wait(seconds):
            self.found()

    def wait(self, seconds: float) -> bool:
        """Wait for a sign of any kind; tell whether it was one of new tasks."""
        if self._listener is not None:
            return self._listener.wait(seconds)
        self._event.wait(seconds)
        self._event.clear()
        return False

    def wake(self) -> None:
        """End the wait of another thread."""
        if self._listener is not None:
            self._listener.wake()
        else:
            self._event.set()

    def close(self) -> None:
        """Let go of what the store gave."""
        if self._listener is not None:
            self._listener.close()
