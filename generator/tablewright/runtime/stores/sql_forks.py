"""Connections that a forked process takes along: they are its parent's, so it leaves them alone and opens its own."""

from __future__ import annotations

import os
from typing import Final, Protocol
from weakref import WeakSet


class Forked(Protocol):
    """What holds connections."""

    def leave(self) -> object:
        """Forget all connections without closing them, in the child of a fork, and return them."""
        ...


_holders: Final[WeakSet[Forked]] = WeakSet()
_left: Final[list[object]] = []
"""What was taken along. To close a connection tells its server, or SQLite's locks, that the parent is done."""


def leaves_in_children(holder: Forked) -> None:
    """Have *holder* leave its connections in every process that is forked from this one, as by `multiprocessing`."""
    _holders.add(holder)


def _leave() -> None:
    _left.extend(holder.leave() for holder in _holders)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave)
