# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""Linked records in conditions: a link to one leads to the fields of the other side, links to many are looked over."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from tablewright.expressions import tree
from tablewright.expressions.types import (
    BOOLEAN,
    INTEGER,
    ValueType,
    record_of,
    records_of,
)
from tablewright.runtime.columns.base import check_order
from tablewright.runtime.columns.fields import (
    DatetimeColumn,
    IdColumn,
    TextColumn,
    field_node,
)
from tablewright.runtime.columns.names import no_such_name
from tablewright.runtime.columns.terms import (
    Condition,
    Integer,
    Member,
    Numeric,
    Term,
    term,
)
from tablewright.runtime.errors import shown
from tablewright.runtime.stores.ids import is_record_id

T = TypeVar("T", bound=Term)
N = TypeVar("N", bound=Numeric)

_depth: ContextVar[int] = ContextVar("tablewright_lambda_depth", default=0)


class Columns:
    """The fields of a table in conditions: of the record itself, or of one that it is linked with."""

    id = IdColumn()
    created_time = DatetimeColumn()

    def __init__(self, owner: tree.Node | None = None) -> None:
        self._owner = owner

    if not TYPE_CHECKING:
        # For type checkers there are no other names.
        def __getattr__(self, name: str) -> Any:
            raise no_such_name(self, name, f"{_table_of(self)} has no field '{name}'")

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]  # builds a condition
        return self.is_record(other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]  # builds a condition
        return ~self.is_record(other)

    __hash__ = object.__hash__

    def is_none(self) -> Condition:
        """Whether nothing is linked."""
        return Condition(tree.BlankTest(self._link("is_none"), negated=False))

    def is_not_none(self) -> Condition:
        """Whether a record is linked."""
        return Condition(tree.BlankTest(self._link("is_not_none"), negated=True))

    def is_record(self, record: Any) -> Condition:
        """Whether this is the given record, named by itself or by its id; None asks for a missing link."""
        if record is None:
            return self.is_none()
        owner = self._owner
        to = _table_of(self) if owner is None else owner.type.name
        named = f"c.{owner.name}" if isinstance(owner, tree.Field) else "c"
        return self.id == _linked_id(record, to, lambda: f"{named}.{_same(type(self), record)}")

    def _derived(self) -> dict[str, Term]:
        """Return the values of fields that Airtable calculates, for stores that have to do it."""
        return {}

    def _where_there(self, value: T) -> T:
        """Return a value of this record, blank where a link that leads here can lead nowhere, and does."""
        owner = self._owner
        if owner is None or not owner.type.nullable:
            return value
        blank = tree.Constant(None, value.type.or_none())
        node = tree.Choice(tree.BlankTest(owner, negated=True), value.node, blank, blank.type)
        return term(node, value.choices if isinstance(value, Member) else None)  # type: ignore[no-any-return]  # the term of the value's type

    def _link(self, asked: str) -> tree.Node:
        if self._owner is None:
            raise TypeError(
                f"{asked}() asks about a link, as in c.parent.{asked}(): a record itself is always there"
            )
        return self._owner


def record_id(record: Any) -> str:
    """Return the id of a record, which may be given by its id."""
    found = record if isinstance(record, str) else getattr(record, "id", None)
    if not isinstance(found, str) or not found:
        raise TypeError("a record that is stored, or its id, is needed here")
    return found


def _table_of(columns: Columns) -> str:
    return type(columns).__name__.removesuffix("Columns")


def _same(columns: type[Columns], text: str) -> str:
    return f"{_known_by(columns)} == {shown(text)}"


def _known_by(columns: type[Columns]) -> str:
    """Return the name of a table's first text field, by which people know its records, for a message."""
    texts = (name for name, one in vars(columns).items() if isinstance(one, TextColumn))
    return next(texts, "…")


def _linked_id(record: Any, to: str, asked: Callable[[], str]) -> str:
    """Return the id of a record of *to*, which may be given by its id; *asked* is how to ask for a field of it.

    Raises:
        ValueError: a text that can be no id.
        TypeError: what is no record of *to*, or none that is stored.
    """
    if isinstance(record, str):
        if not is_record_id(record):
            raise ValueError(
                f"a record of {to} or its id ('rec' and 14 letters or digits) is needed here, not {shown(record)}: "
                f"to ask for a field of it, write {asked()}"
            )
        return record
    table = getattr(type(record), "table", None)
    if getattr(table, "key", None) != to or not record.id:
        raise TypeError(
            f"a record of {to} that is stored, or its id, is needed here, not {shown(record)}"
        )
    return record_id(record)


C = TypeVar("C", bound=Columns)


class LinkColumn(Generic[C]):
    """A link to one record. Read through a namespace, it is the other side's namespace."""

    def __init__(self, target: Callable[[], type[C]], table: str, *, nullable: bool = True) -> None:
        self._target = target
        self._type = record_of(table, nullable=nullable)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Columns, owner: type) -> C: ...
    def __get__(self, instance: Columns | None, owner: type) -> Self | C:
        if instance is None:
            return self
        return self._target()(field_node(self.name, self._type, instance._owner))


class LinksColumn(Generic[C]):
    """Links to any number of records."""

    def __init__(self, target: Callable[[], type[C]], table: str) -> None:
        self._target = target
        self._table = table
        self._node: tree.Field | None = None

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Columns | None, owner: type | None = None) -> Self:
        if instance is None:
            return self
        found = type(self)(self._target, self._table)
        found._name = self._name
        found._node = field_node(self._name, records_of(self._table), instance._owner)
        return found

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]  # refused with a way out
        raise TypeError(f"links to many have no ==: write c.{self._name}.contains(record)")

    __hash__ = object.__hash__

    if not TYPE_CHECKING:
        # Likewise.
        def __getattr__(self, name: str) -> Any:
            if name in vars(self._target()):
                raise AttributeError(
                    f"'{self._name}' are links to any number of {self._table} records: write what is asked of each, as in "
                    f"c.{self._name}.any(lambda one: one.{name} == …)"
                )
            raise no_such_name(self, name, f"links have no '{name}'")

    def any(
        self, body: Callable[[C], Condition], *, where: Callable[[C], Condition] | None = None
    ) -> Condition:
        """Whether the condition holds for at least one linked record."""
        return Condition(self._over("any", body, where, lambda _: BOOLEAN)[0])

    def all(
        self, body: Callable[[C], Condition], *, where: Callable[[C], Condition] | None = None
    ) -> Condition:
        """Whether the condition holds for every linked record; true where there is none."""
        return Condition(self._over("all", body, where, lambda _: BOOLEAN)[0])

    def count(self, *, where: Callable[[C], Condition] | None = None) -> Integer:
        """How many linked records there are."""
        return Integer(self._over("len", None, where, lambda _: INTEGER)[0])

    def contains(self, record: Any) -> Condition:
        """Whether the given record, named by itself or by its id, is among the linked ones."""
        found = _linked_id(
            record,
            self._table,
            lambda: f"c.{self._name}.any(lambda one: one.{_same(self._target(), record)})",
        )
        return self.any(lambda linked: linked.id == found)

    def sum(self, body: Callable[[C], N], *, where: Callable[[C], Condition] | None = None) -> N:
        """The sum over the linked records, blanks left out; 0 where there is none."""
        node, value = self._over("sum", body, where, ValueType.not_none)
        if not isinstance(value, Numeric):
            raise TypeError(
                f"sum() needs numbers or durations, and got {'nothing' if value is None else value.type}"
            )
        found: N = term(node)
        return found

    def min(self, body: Callable[[C], T], *, where: Callable[[C], Condition] | None = None) -> T:
        """The smallest value among the linked records; blank where there is none."""
        return self._extreme("min", body, where)

    def max(self, body: Callable[[C], T], *, where: Callable[[C], Condition] | None = None) -> T:
        """The largest value among the linked records; blank where there is none."""
        return self._extreme("max", body, where)

    def _extreme(
        self,
        quantifier: tree.Quantifier,
        body: Callable[[C], T],
        where: Callable[[C], Condition] | None,
    ) -> T:
        node, value = self._over(quantifier, body, where, ValueType.or_none)
        if value is None:
            raise TypeError(f"{quantifier}() needs values with an order")
        check_order(f"{quantifier}()", value)
        return term(node, value.choices if isinstance(value, Member) else None)  # type: ignore[no-any-return]  # likewise

    def _over(
        self,
        quantifier: tree.Quantifier,
        body: Callable[[C], Any] | None,
        where: Callable[[C], Condition] | None,
        result: Callable[[ValueType], ValueType],
    ) -> tuple[tree.Node, Term | None]:
        if self._node is None:
            raise TypeError(f"look up {self._name} on a model, as in Model.c.{self._name}")
        depth = _depth.get()
        # A computed field of the linked record may look over links of its own, and its lambda may use the same name.
        name = f"{_parameter(body or where)}{f'_{depth + 1}' if depth else ''}"
        variable = tree.Variable(name, record_of(self._table, nullable=False))
        token = _depth.set(depth + 1)
        try:
            columns = self._target()(variable)
            value = _checked(quantifier, body(columns)) if body is not None else None
            condition = _condition(where(columns)) if where is not None else None
        finally:
            _depth.reset(token)
        kind = result(value.type) if value is not None else INTEGER
        node = tree.Over(
            quantifier,
            variable,
            self._node,
            value.node if value is not None else None,
            condition,
            kind,
        )
        return node, value


@dataclass(frozen=True)
class Link:
    """A link that stands where a value is needed: what it is, and what to write instead."""

    said: str
    instead: str


def link_of(value: object) -> Link | None:
    """Return what is to be said of *value* where it is a link; nothing where it is none."""
    if isinstance(value, LinksColumn):
        return Link(
            f"'{value._name}' are links to {value._table}",
            f"how many there are, as in c.{value._name}.count()",
        )
    if isinstance(value, Columns):
        if not isinstance(value._owner, tree.Field):
            return Link(f"this is a record of {_table_of(value)}", "a field of it")
        name = value._owner.name
        return Link(
            f"'{name}' is a link to {value._owner.type.name}",
            f"a field of it, as in c.{name}.{_known_by(type(value))}",
        )
    return None


def _parameter(function: Callable[..., Any] | None) -> str:
    code = getattr(function, "__code__", None)
    return code.co_varnames[0] if code is not None and code.co_argcount else "linked"


def _checked(quantifier: tree.Quantifier, value: object) -> Term:
    if quantifier in ("any", "all") and not isinstance(value, Condition):
        raise TypeError(f"{quantifier}() needs a function that returns a condition, not {value!r}")
    if not isinstance(value, Term):
        raise TypeError(
            f"{quantifier}() needs a function that returns a field or an expression, not {value!r}"
        )
    return value


def _condition(value: object) -> tree.Node:
    if not isinstance(value, Condition):
        raise TypeError(f"where= needs a function that returns a condition, not {value!r}")
    return value.node
