"""Names that the condition builder does not have → the names that were meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from tablewright.diagnostics import did_you_mean

_ELSEWHERE: Final[Mapping[str, str]] = {
    "in_": "is_in",
    "isin": "is_in",
    "one_of": "is_in",
    "is_null": "is_none",
    "isnull": "is_none",
    "is_blank": "is_none",
    "is_": "is_none",
    "is_not": "is_not_none",
    "isnot": "is_not_none",
    "not_null": "is_not_none",
    "notnull": "is_not_none",
    "like": "contains",
    "ilike": "contains",
    "icontains": "contains",
    "has": "any",
    "len": "count",
}
"""What other libraries call things, and what they are called here."""


def no_such_name(
    value: object, name: str, said: str, parts: Collection[str] = ()
) -> AttributeError:
    """Return the error for a name that *value* does not have; *parts* are names that are not to be suggested."""
    if name.startswith("_"):
        # Libraries look for such names on anything, and are content to find none.
        return AttributeError(said, name=name)
    known = [
        one
        for kind in type(value).__mro__
        for one in vars(kind)
        if not one.startswith("_") and one not in parts
    ]
    meant = _ELSEWHERE.get(name)
    way = f"did you mean '{meant}'?" if meant in known else did_you_mean(name, known)
    # Without the object, Python adds no second suggestion to a traceback.
    return AttributeError(f"{said}: {way}" if way else said, name=name)
