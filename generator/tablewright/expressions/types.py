"""What an expression's value is: its kind, whether it may be blank, and the enum or table it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

ValueKind = Literal[
    "text", "integer", "number", "boolean", "datetime", "date", "duration",
    "enum", "list", "record", "records", "json", "opaque", "none",
]  # fmt: skip

_SHOWN = {
    "text": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a yes/no value",
    "datetime": "a date and time",
    "date": "a date",
    "duration": "a duration",
    "json": "JSON",
    "opaque": "a value that expressions can only test for blank",
    "none": "None",
}
_SAYS_BLANK = ("none", "opaque")


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of an expression. *name* is the enum's or the table's; *item* is what a list holds."""

    kind: ValueKind
    nullable: bool = False
    name: str = ""
    item: ValueType | None = None

    def or_none(self, nullable: bool = True) -> ValueType:
        """Return the same type, able to be blank if *nullable* or if it already was."""
        return replace(self, nullable=self.nullable or nullable)

    def not_none(self) -> ValueType:
        """Return the same type without blank."""
        return replace(self, nullable=False)

    @property
    def is_numeric(self) -> bool:
        return self.kind in ("integer", "number")

    def __str__(self) -> str:
        if self.kind == "enum":
            shown = f"a {self.name}"
        elif self.kind == "record":
            shown = f"a linked {self.name}"
        elif self.kind == "records":
            shown = f"linked {self.name} records"
        elif self.kind == "list":
            shown = f"a list of {self.item.name or self.item.kind}" if self.item else "a list"
        else:
            shown = _SHOWN[self.kind]
        return f"{shown} or blank" if self.nullable and self.kind not in _SAYS_BLANK else shown


TEXT = ValueType("text")
INTEGER = ValueType("integer")
NUMBER = ValueType("number")
BOOLEAN = ValueType("boolean")
DATETIME = ValueType("datetime")
DATE = ValueType("date")
DURATION = ValueType("duration")
JSON = ValueType("json")
NONE = ValueType("none", nullable=True)


def enum_type(name: str, *, nullable: bool = False) -> ValueType:
    """Return the type of a field or value of the enum *name*."""
    return ValueType("enum", nullable, name)


def list_of(item: ValueType) -> ValueType:
    """Return the type of a list of *item*; a list is never blank, only empty."""
    return ValueType("list", item=item)


def record_of(table: str, *, nullable: bool = True) -> ValueType:
    """Return the type of a link to one record."""
    return ValueType("record", nullable, table)


def records_of(table: str) -> ValueType:
    """Return the type of a link to any number of records."""
    return ValueType("records", name=table)


def common_type(left: ValueType, right: ValueType) -> ValueType | None:
    """Return the type that both values have, or nothing where they have none in common."""
    if left.kind == "none":
        return right.or_none()
    if right.kind == "none":
        return left.or_none()
    nullable = left.nullable or right.nullable
    if left.is_numeric and right.is_numeric:
        kind: ValueKind = "integer" if left.kind == right.kind == "integer" else "number"
        return ValueType(kind, nullable)
    if (left.kind, left.name, left.item) == (right.kind, right.name, right.item):
        return left.or_none(nullable)
    return None


def accepts(target: ValueType, value: ValueType) -> bool:
    """Tell whether a place of type *target* takes a value of type *value*, blank included."""
    if value.kind == "none":
        return target.nullable
    if value.nullable and not target.nullable:
        return False
    if target.kind == "number" and value.kind == "integer":
        return True
    if target.kind == "json":
        return value.kind in ("text", "integer", "number", "boolean", "json", "list")
    return (target.kind, target.name, target.item) == (value.kind, value.name, value.item)
