"""What the values of a field or argument are held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from tablewright.kinds import Bound, Kind


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a value is held to. Least and greatest are values of the field's own type; lengths count characters."""

    minimum: Bound | None = None
    maximum: Bound | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


UNBOUNDED: Final = Bounds()


def limits(
    kind: Kind, bounds: Bounds, options: Mapping[str, str | int], *, required: bool
) -> Bounds:
    """Return *bounds* with what the type and `required` ask for beside them."""
    if kind.name == "rating" and "max" in options:
        return replace(bounds, minimum=1, maximum=int(options["max"]))
    if required and (kind.value.kind == "text" or kind.listed):
        # Neither can be empty: Airtable holds an empty text or list and a blank cell equal.
        return replace(bounds, min_length=max(bounds.min_length or 0, 1))
    return bounds
