"""Changes of what the values of fields and arguments are held to."""

from __future__ import annotations

from collections.abc import Iterator

from tablewright.kinds import Bound, as_written
from tablewright.model.bounds import Bounds


def bound_changes(old: Bounds, new: Bounds) -> Iterator[tuple[bool, str]]:
    """Yield whether a bound became tighter, and what changed in it as a sentence."""
    for key, before, after, upwards in (
        ("min", old.minimum, new.minimum, True),
        ("min_length", old.min_length, new.min_length, True),
        ("max", old.maximum, new.maximum, False),
        ("max_length", old.max_length, new.max_length, False),
    ):
        if before != after:
            is_looser = after is None or _lies_above(before, after) is upwards
            yield not is_looser, f"'{key}' {_was(before)} and {_now(after)}"
    if old.pattern != new.pattern:
        yield new.pattern is not None, f"'pattern' {_was(old.pattern)} and {_now(new.pattern)}"


def _lies_above(one: Bound | None, other: Bound) -> bool | None:
    """Tell whether one bound is the higher; None where they do not compare: there was none, or one of another type."""
    match one, other:
        case (int() | float(), int() | float()):
            return one > other
        case _ if one is None or type(one) is not type(other):
            return None
        case _:
            return one > other  # type: ignore[operator]  # of one type


def _was(bound: Bound | str | None) -> str:
    return "was not there" if bound is None else f"was {_shown(bound)}"


def _now(bound: Bound | str | None) -> str:
    return "is gone" if bound is None else f"is {_shown(bound)}"


def _shown(bound: Bound | str) -> str:
    return bound if isinstance(bound, str) else as_written(bound)
