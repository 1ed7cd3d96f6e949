"""Values that records hold besides plain Python ones, and the marks for "not given". A leaf but for pydantic."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

from tablewright.expressions.evaluate import (
    add_time,
    ceil_,
    concat,
    divide,
    floor_,
    largest,
    less,
    less_equal,
    modulo,
    round_,
    smallest,
    total,
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


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment. It needs a time zone when given, and is kept in UTC, to the microsecond."""


class _Value(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class Collaborator(_Value):
    """A user or group of Airtable. To write one, its id or its email is enough."""

    id: str | None = None
    email: str | None = None
    name: str | None = None


class Attachment(_Value):
    """A file in an attachment field. To write one, its id (kept) or a url (fetched by Airtable) is enough."""

    id: str | None = None
    url: str | None = None
    filename: str | None = None
    size: int | None = None
    type: str | None = None
    width: int | None = None
    height: int | None = None


class Barcode(_Value):
    """A scanned code."""

    text: str | None = None
    type: str | None = None


class Button(_Value):
    """A button that people press in Airtable. Read-only."""

    label: str | None = None
    url: str | None = None


class AiText(_Value):
    """A text that Airtable's AI writes. Read-only."""

    state: str | None = None
    value: str | None = None


__all__ = [
    "UNSET",
    "AiText",
    "Attachment",
    "Barcode",
    "Button",
    "Collaborator",
    "Unset",
    "UtcDatetime",
    "add_time",
    "ceil_",
    "concat",
    "divide",
    "floor_",
    "given",
    "largest",
    "less",
    "less_equal",
    "modulo",
    "round_",
    "smallest",
    "total",
    "unset",
    "utc_now",
]
