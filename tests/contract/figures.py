"""When two figures of statistics are one."""

from __future__ import annotations

import math
from datetime import timedelta


def same(found: object, expected: object) -> bool:
    """Tell whether two figures are one; the order of a count counts, and floats may differ in their last digit."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return list(found.items()) == list(expected.items())
    if isinstance(expected, float):
        return isinstance(found, float) and math.isclose(found, expected, rel_tol=1e-12)
    if isinstance(expected, timedelta) and isinstance(found, timedelta):
        return abs(found - expected) <= timedelta(microseconds=1)
    return type(found) is type(expected) and found == expected
