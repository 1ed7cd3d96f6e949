"""Durations as people write them: `500ms`, `30s`, `5m`, `1.5h`, `2d`, `1w`, or a number of seconds; `-5m` the other way."""

from __future__ import annotations

import re
from typing import Final

from tablewright.syntax.document import Scalar

_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
WITH_UNIT: Final = r"[0-9]+(\.[0-9]+)?\s*(ms|[smhdw])"
"""A duration with its unit, as a regular expression."""
LONGEST: Final = 999_999_999 * 86_400
"""The most seconds that a duration has."""
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_WRITTEN: Final = re.compile(WITH_UNIT)


def seconds_of(node: Scalar) -> float | None:
    """Return the seconds that were written in a schema, or nothing where it is no duration that can be kept."""
    if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        seconds: float | None = node.value
    else:
        text = node.text.strip()
        length = _with_unit(text.removeprefix("-"))
        seconds = -length if length is not None and text.startswith("-") else length
    # Compared before it is converted: a whole number may be longer than any float.
    return float(seconds) if seconds is not None and abs(seconds) <= LONGEST else None


def seconds_in(text: str) -> float | None:
    """Return the seconds that a word of a command line says, however many, or nothing where it is no duration."""
    return float(text) if _NUMBER.fullmatch(text.strip()) else _with_unit(text)


def _with_unit(text: str) -> float | None:
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    unit = found.group(2)
    return float(found.group().removesuffix(unit)) * _UNITS[unit]
