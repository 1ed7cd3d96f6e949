"""The typed syntax tree that all back ends read. Made by `resolve` from text and by conditions over columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from tablewright.expressions.types import (
    BOOLEAN,
    DURATION,
    NONE,
    NUMBER,
    ValueType,
    enum_type,
)

CompareOperator = Literal["==", "!=", "<", "<=", ">", ">="]
MIRRORED: Final[Mapping[CompareOperator, CompareOperator]] = {
    "==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=",
}  # fmt: skip
"""How a comparison reads with its sides the other way round."""
ArithmeticOperator = Literal["+", "-", "*", "/", "%"]
Quantifier = Literal["any", "all", "len", "sum", "min", "max"]
ConstantValue = str | int | float | bool | datetime | date | timedelta | None


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal value; a datetime is aware."""

    value: ConstantValue
    type: ValueType


@dataclass(frozen=True, slots=True)
class EnumMember:
    """A value of an enum, by its name in the schema."""

    enum: str
    name: str

    @property
    def type(self) -> ValueType:
        return enum_type(self.enum)


@dataclass(frozen=True, slots=True)
class Members:
    """A list of fixed values, which a transition sets; of attachments and collaborators the empty one alone."""

    items: tuple[EnumMember, ...]
    type: ValueType


@dataclass(frozen=True, slots=True)
class Variable:
    """The record that a comprehension is looking at."""

    name: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Field:
    """A field, relation or computed field: of this record, or of *owner* (a variable or a link to one)."""

    name: str
    type: ValueType
    owner: Node | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """A value that the caller gives to a transition or a query."""

    name: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison. Ordering with a blank is false; equality treats blank as a value equal to itself."""

    operator: CompareOperator
    left: Node
    right: Node

    @property
    def type(self) -> ValueType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class BlankTest:
    """`x is None`, or `x is not None` where negated."""

    operand: Node
    negated: bool

    @property
    def type(self) -> ValueType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Membership:
    """`x in [a, b]`, or `not in` where negated."""

    item: Node
    choices: tuple[Node, ...]
    negated: bool = False

    @property
    def type(self) -> ValueType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class ListContains:
    """`VALUE in field` where the field holds several choices."""

    items: Node
    item: Node

    @property
    def type(self) -> ValueType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; of a blank, true."""

    operand: Node

    @property
    def type(self) -> ValueType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` over two or more operands; a blank counts as false."""

    operator: Literal["and", "or"]
    operands: tuple[Node, ...]

    @property
    def type(self) -> ValueType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A calculation; blank where an operand is blank or a divisor is zero."""

    operator: ArithmeticOperator
    left: Node
    right: Node
    type: ValueType


@dataclass(frozen=True, slots=True)
class Negate:
    """The number or duration with the other sign."""

    operand: Node

    @property
    def type(self) -> ValueType:
        return self.operand.type


@dataclass(frozen=True, slots=True)
class Choice:
    """`then if test else otherwise`; only the chosen side counts."""

    test: Node
    then: Node
    otherwise: Node
    type: ValueType


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `functions.FUNCTIONS` with its arguments; *type* is what it gives here."""

    function: str
    arguments: tuple[Node, ...]
    type: ValueType


@dataclass(frozen=True, slots=True)
class Over:
    """A comprehension over linked records: `any(body for variable in relation if condition)`.

    `len` has no body. `sum` of nothing is 0, `min` and `max` of nothing are blank, blanks are left out.
    """

    quantifier: Quantifier
    variable: Variable
    relation: Field
    body: Node | None
    condition: Node | None
    type: ValueType


Node = (
    Constant | EnumMember | Members | Variable | Field | Argument | Compare | BlankTest | Membership | ListContains
    | Not | Logic | Arithmetic | Negate | Choice | Call | Over
)  # fmt: skip

TRUE = Constant(value=True, type=BOOLEAN)
FALSE = Constant(value=False, type=BOOLEAN)
BLANK = Constant(value=None, type=NONE)


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes directly below *node*."""
    for field in fields(node):
        value: Any = getattr(node, field.name)
        if isinstance(value, tuple):
            yield from value
        elif not isinstance(value, (ValueType, str, bool)) and isinstance(value, Node):
            yield value


def walk(node: Node) -> Iterator[Node]:
    """Yield *node* and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return *node* with *change* made to it and to everything below it, from below."""
    found: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, tuple):
            found[field.name] = tuple(rebuilt(part, change) for part in value)
        elif isinstance(value, Node):
            found[field.name] = rebuilt(value, change)
    return change(replace(node, **found) if found else node)


def looks_at_rows(node: Node) -> bool:
    """Tell whether the value of *node* differs from record to record."""
    return any(isinstance(part, (Field, Variable)) for part in walk(node))


def fields_read(node: Node) -> frozenset[str]:
    """Return the names of this record's own fields, relations and computed fields that *node* looks at."""
    return frozenset(
        part.name for part in walk(node) if isinstance(part, Field) and part.owner is None
    )


def arguments_read(node: Node) -> frozenset[str]:
    """Return the names of the arguments that *node* looks at."""
    return frozenset(part.name for part in walk(node) if isinstance(part, Argument))


def literal(value: ConstantValue) -> Constant:
    """Return a plain Python value as a constant with its type."""
    match value:
        case None:
            return BLANK
        case bool():
            return TRUE if value else FALSE
        case str():
            return Constant(value, ValueType("text"))
        case int():
            return Constant(value, ValueType("integer"))
        case float():
            return Constant(value, NUMBER)
        case timedelta():
            return Constant(value, DURATION)
        case datetime():
            return Constant(value, ValueType("datetime"))
        case date():
            return Constant(value, ValueType("date"))
