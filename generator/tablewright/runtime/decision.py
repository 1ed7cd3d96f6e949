"""What the pure function of a transition gives: changes, or a refusal. A leaf."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

Changes = dict[str, Any]
"""What a transition sets, by field."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a transition is not possible. Without a reason, the state does not allow it."""

    reason: str = ""

    @classmethod
    def by_state(cls) -> Self:
        """Return the refusal of a transition that does not leave the present state."""
        return cls()


Decide = Callable[..., Changes | Refusal]
