"""What the suites that grow expressions by chance share: how they draw, and awkward days and moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]

NOW = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
"""In the hour that Central Europe skips, so that a local time zone would show."""
DAYS = [
    date(2026, 3, 29),
    date(2026, 1, 1),
    date(2024, 2, 29),
    date(1999, 12, 31),
    date(2026, 3, 28),
]


class Drawing:
    """Draws by a function of hypothesis, so that what fails is made smaller."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw

    def one_of(self, choices: list[Any]) -> Any:
        """Return one of them."""
        return choices[self.draw(st.integers(0, len(choices) - 1))]

    def flipped(self) -> bool:
        """Return true or false."""
        found: bool = self.draw(st.booleans())
        return found
