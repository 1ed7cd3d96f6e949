"""Durations as people write them: `30s`, `5m`, `1.5h`, `2d`, or a number of seconds."""

from __future__ import annotations

import re
from typing import Final

from tablewright.syntax.document import Scalar

_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_WRITTEN: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|[smhdw])\Z")


def seconds_of(node: Scalar) -> float | None:
    """Return the seconds that were written, or nothing where it is no duration."""
    if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return float(node.value) if node.value >= 0 else None
    found = _WRITTEN.match(node.text.strip())
    return None if found is None else float(found.group(1)) * _UNITS[found.group(2)]
