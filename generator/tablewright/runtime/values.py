"""What generated code calculates with: operations, the moment, and the marks for "not given". Cheap to import."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime

from tablewright.expressions.operations import (
    ceil_,
    concat,
    day_earlier,
    day_later,
    divide,
    earlier,
    floor_,
    largest,
    later,
    less,
    less_equal,
    minus,
    modulo,
    plus,
    present,
    remainder,
    round_,
    smallest,
    span_of,
    total,
    total_span,
)


class Unset(Enum):
    """The type of `UNSET`, the mark of a parameter that was not given."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Final = Unset.UNSET


def unset() -> Any:
    """Return the mark of what was not given, as the default of an input model's field."""
    return UNSET


def given(**values: Any) -> dict[str, Any]:
    """Return the values that the caller gave."""
    return {name: value for name, value in values.items() if value is not UNSET}


def utc_now() -> datetime:
    """Return the current moment, in UTC."""
    return datetime.now(UTC)


BEYOND_CALENDAR: Final = "has to lie in the years 1 to 9999, in UTC too"


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(BEYOND_CALENDAR) from None


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment. It needs a time zone when given, and is kept in UTC, to the microsecond."""


__all__ = [
    "UNSET",
    "Unset",
    "UtcDatetime",
    "ceil_",
    "concat",
    "day_earlier",
    "day_later",
    "divide",
    "earlier",
    "floor_",
    "given",
    "largest",
    "later",
    "less",
    "less_equal",
    "minus",
    "modulo",
    "plus",
    "present",
    "remainder",
    "round_",
    "smallest",
    "span_of",
    "total",
    "total_span",
    "unset",
    "utc_now",
]
