"""Ctrl+C while something is done that nobody wants half of."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def begun_is_finished() -> Iterator[None]:
    """Hold the first Ctrl+C back until the end of the block; a second one does not wait.

    Raises:
        KeyboardInterrupt: after the block, where Ctrl+C was pressed in it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = False

    def hold(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            signal.default_int_handler(number, frame)
        pressed = True

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt
