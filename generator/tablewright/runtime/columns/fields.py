# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""Fields of a table as terms: declared once on a class, they give the term of the record they are looked up on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, Self, TypeVar

from tablewright.expressions import tree
from tablewright.expressions.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    JSON,
    NUMBER,
    TEXT,
    ValueType,
    enum_type,
    list_of,
)
from tablewright.runtime.choice import Choice
from tablewright.runtime.columns.terms import (
    Condition,
    Date,
    Datetime,
    Duration,
    E,
    Integer,
    Member,
    Number,
    Term,
    Text,
)
from tablewright.runtime.errors import shown
from tablewright.runtime.stores.ids import is_record_id


def field_node(name: str, kind: ValueType, owner: tree.Node | None) -> tree.Field:
    """Return the tree of a field; behind a link that can be blank, the field can be blank too."""
    through_blank = (
        owner is not None and owner.type.nullable and kind.kind not in ("list", "records")
    )
    return tree.Field(name, kind.or_none() if through_blank else kind, owner)


class Bound(Term):
    """A term that is declared as a class attribute and read through an instance that knows its owner."""

    declared: ValueType
    name: str

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Self:
        if instance is None:
            return self
        found = object.__new__(type(self))
        self._copy_to(found)
        found.node = field_node(self.name, self.declared, instance._owner)
        return found

    def _copy_to(self, other: Any) -> None:
        other.name, other.declared = self.name, self.declared


class TextColumn(Bound, Text):
    """A text field."""

    __slots__ = ()
    __hash__ = Term.__hash__

    def __init__(self, *, nullable: bool = False) -> None:
        self.declared = TEXT.or_none(nullable)


class IdColumn(TextColumn):
    """The id of a record: a text that can be none is refused where it would find nothing."""

    __slots__ = ()
    __hash__ = Term.__hash__

    def _compare(self, operator: tree.CompareOperator, other: object) -> Condition:
        if operator in ("==", "!="):
            _check_id(other)
        return super()._compare(operator, other)

    def _is_in(self, values: Iterable[object]) -> Condition:
        found = values if isinstance(values, str) else list(values)
        for one in found if isinstance(found, list) else ():
            _check_id(one)
        return super()._is_in(found)


def _check_id(value: object) -> None:
    if isinstance(value, str) and not is_record_id(value):
        raise ValueError(
            f"the id of a record is 'rec' and 14 letters or digits, and {shown(value)} is none: compare the field "
            "that holds it, such as its name, in place of the record itself"
        )


class NumberColumn(Bound, Number):
    """A number field."""

    __slots__ = ()
    __hash__ = Term.__hash__

    def __init__(self, *, nullable: bool = False) -> None:
        self.declared = NUMBER.or_none(nullable)


class IntegerColumn(Bound, Integer):
    """A field of whole numbers."""

    __slots__ = ()
    __hash__ = Term.__hash__

    def __init__(self, *, nullable: bool = False) -> None:
        self.declared = INTEGER.or_none(nullable)


class BooleanColumn(Bound, Condition):
    """A yes/no field. It is a condition itself."""

    __slots__ = ()
    __hash__ = Term.__hash__

    def __init__(self, *, nullable: bool = False) -> None:
        self.declared = BOOLEAN.or_none(nullable)


class DatetimeColumn(Bound, Datetime):
    """A date and time field."""

    __slots__ = ()
    __hash__ = Term.__hash__

    def __init__(self, *, nullable: bool = False) -> None:
        self.declared = DATETIME.or_none(nullable)


class DateColumn(Bound, Date):
    """A date field."""

    __slots__ = ()
    __hash__ = Term.__hash__

    def __init__(self, *, nullable: bool = False) -> None:
        self.declared = DATE.or_none(nullable)


class DurationColumn(Bound, Duration):
    """A duration field."""

    __slots__ = ()
    __hash__ = Term.__hash__

    def __init__(self, *, nullable: bool = False) -> None:
        self.declared = DURATION.or_none(nullable)


class Unequal(Bound):
    """A field that is compared with nothing."""

    __slots__ = ()
    __hash__ = Term.__hash__

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]  # refused with a way out
        raise TypeError(self._instead())

    def _instead(self) -> str:
        return (
            f"a condition can only ask whether '{self.name}' is blank, by c.{self.name}.is_none() or is_not_none(): "
            "compare the values of records that were read"
        )


class JsonColumn(Unequal):
    """A JSON field: conditions can only test it for blank."""

    __slots__ = ()

    def __init__(self, *, nullable: bool = True) -> None:
        self.declared = JSON.or_none(nullable)


class OpaqueColumn(Unequal):
    """Attachments, collaborators and the like: conditions can only test them for blank."""

    __slots__ = ()

    def __init__(self, *, nullable: bool = True) -> None:
        self.declared = ValueType("opaque", nullable)


class ChoiceColumn(Bound, Member[E]):
    """A field that holds one value of an enum."""

    __slots__ = ()
    __hash__ = Term.__hash__

    def __init__(self, choices: type[E], *, nullable: bool = False) -> None:
        self.choices = choices
        self.declared = enum_type(choices.__name__, nullable=nullable)

    def _copy_to(self, other: Any) -> None:
        super()._copy_to(other)
        other.choices = self.choices


F = TypeVar("F", bound=Choice)


class ChoicesColumn(Unequal, Generic[F]):
    """A field that holds several values of an enum."""

    __slots__ = ("choices",)

    def __init__(self, choices: type[F]) -> None:
        self.choices = choices
        self.declared = list_of(enum_type(choices.__name__))

    def _copy_to(self, other: Any) -> None:
        super()._copy_to(other)
        other.choices = self.choices

    def _instead(self) -> str:
        return f"'{self.name}' holds any number of choices: write c.{self.name}.contains(choice)"

    def contains(self, choice: Member[F] | F) -> Condition:
        """Whether *choice* is among the values."""
        beside = Member(tree.EnumMember(self.choices.__name__, ""), self.choices)
        return Condition(tree.ListContains(self.node, beside._operand(choice)))

    def length(self) -> Integer:
        """The number of values."""
        return Integer(self._call("len", result=INTEGER))
