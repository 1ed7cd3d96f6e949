"""What all values of the condition builder share; conditions, and values of enums."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

from tablewright.expressions import tree
from tablewright.expressions.functions import FUNCTIONS, ORDERED_KINDS
from tablewright.expressions.types import ValueType, common_type
from tablewright.runtime.choice import Choice, OrderedChoice
from tablewright.runtime.columns.names import no_such_name
from tablewright.runtime.errors import shown
from tablewright.runtime.values import BEYOND_CALENDAR

E = TypeVar("E", bound=Choice)
_PARTS: Final = frozenset({"choices", "declared", "name", "node", "takes", "type"})
"""What terms are made of: nobody asks for these."""


class Term:
    """A value that depends on the record."""

    __slots__ = ("node",)
    takes: ClassVar[str] = ""
    """The plain Python values that may stand beside it, for messages."""

    def __init__(self, node: tree.Node) -> None:
        self.node = node

    @property
    def type(self) -> ValueType:
        """Return the type of the value."""
        return self.node.type

    def is_none(self) -> Condition:
        """Whether the value is blank."""
        return Condition(tree.BlankTest(self.node, negated=False))

    def is_not_none(self) -> Condition:
        """Whether the value is not blank."""
        return Condition(tree.BlankTest(self.node, negated=True))

    def __bool__(self) -> bool:
        raise TypeError(
            "this is a condition on records that are not read yet, so it is neither true nor false: "
            "use & | ~ in place of 'and' 'or' 'not', with brackets around comparisons, and is_in([…]) in place of 'in'"
        )

    if not TYPE_CHECKING:
        # For type checkers there are no other names.
        def __getattr__(self, name: str) -> Any:
            raise no_such_name(self, name, f"{type(self).__name__} has no '{name}'", _PARTS)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.node}>"

    __hash__ = object.__hash__

    # Operators below are written out in the subclasses with their types; this is what they share.

    def _operand(self, other: object) -> tree.Node:
        """Return what stands beside this term as a tree, or refuse it."""
        node = other.node if isinstance(other, Term) else self._constant(other)
        if node is None or common_type(self.type, node.type) is None:
            raise TypeError(f"cannot use {described(other)} with {self.type}{self._hint(other)}")
        return node

    def _constant(self, value: object) -> tree.Node | None:
        return as_node(value)

    def _hint(self, other: object) -> str:
        if isinstance(other, datetime) and other.tzinfo is None:
            return ": the datetime needs a time zone, such as datetime.now(UTC)"
        if isinstance(other, datetime) and not _is_in_calendar(other):
            return f": the datetime {BEYOND_CALENDAR}"
        return (
            f": it takes {self.takes}, or a field or expression of the same type"
            if self.takes
            else ""
        )

    def _compare(self, operator: tree.CompareOperator, other: object) -> Condition:
        if other is None:
            if operator == "==":
                return self.is_none()
            if operator == "!=":
                return self.is_not_none()
            raise TypeError(
                f"{self.type} cannot be ordered against None: use is_none() or is_not_none()"
            )
        return Condition(tree.Compare(operator, self.node, self._operand(other)))

    def _is_in(self, values: Iterable[object]) -> Condition:
        if isinstance(values, str):
            raise TypeError("is_in() takes a list of values: write is_in([…])")
        choices = tuple(tree.BLANK if value is None else self._operand(value) for value in values)
        return Condition(tree.Membership(self.node, choices))

    def _call(self, function: str, *others: tree.Node, result: ValueType) -> tree.Node:
        parts = (self.node, *others)
        blank = FUNCTIONS[function].blanks == "propagate" and any(
            part.type.nullable for part in parts
        )
        return tree.Call(function, parts, result.or_none(blank))


def described(value: object) -> str:
    """Return a value or its type, for messages."""
    return (
        str(value.type) if isinstance(value, Term) else f"{shown(value)} ({type(value).__name__})"
    )


def as_node(value: object) -> tree.Node | None:
    """Return a plain Python value as a tree, or nothing where it is none that expressions know."""
    if isinstance(value, Choice):
        return tree.EnumMember(type(value).__name__, value.name)
    if isinstance(value, datetime):
        return tree.literal(value) if _is_in_calendar(value) else None
    if value is None or isinstance(value, (bool, str, int, float, date, timedelta)):
        return tree.literal(value)
    return None


def _is_in_calendar(moment: datetime) -> bool:
    """Tell whether this is a moment that has a year in UTC."""
    try:
        return moment.tzinfo is not None and moment.astimezone(UTC) is not None
    except OverflowError:
        return False


class Equal(Term):
    """A value that can be compared for equality; None stands for blank."""

    __slots__ = ()
    __hash__ = Term.__hash__

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]  # builds a condition
        return self._compare("==", other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]  # builds a condition
        return self._compare("!=", other)


class Condition(Equal):
    """A value that is true or false for each record. Combine with & | ~; a blank counts as false."""

    __slots__ = ()
    takes = "True or False"
    __hash__ = Term.__hash__

    def __and__(self, other: Condition) -> Condition:
        return Condition(self._joined("and", other))

    def __or__(self, other: Condition) -> Condition:
        return Condition(self._joined("or", other))

    def __invert__(self) -> Condition:
        return Condition(tree.Not(self.node))

    def is_in(self, values: Iterable[Condition | bool | None]) -> Condition:
        """Whether the value is one of *values*; None stands for blank."""
        return self._is_in(values)

    def _joined(self, operator: Any, other: object) -> tree.Node:
        if not isinstance(other, Condition):
            raise TypeError(
                f"cannot join a condition with {described(other)}: put brackets around comparisons, "
                "as in (a < 1) & (b == 2)"
            )
        parts: list[tree.Node] = []
        for node in (self.node, other.node):
            same = isinstance(node, tree.Logic) and node.operator == operator
            parts += node.operands if same and isinstance(node, tree.Logic) else [node]
        return tree.Logic(operator, tuple(parts))


class Ordered(Equal):
    """A value with an order. An ordering comparison with a blank is false."""

    __slots__ = ()
    __hash__ = Term.__hash__


class Member(Equal, Generic[E]):
    """A value of an enum. It can be ordered where the enum is."""

    __slots__ = ("choices",)
    __hash__ = Term.__hash__

    def __init__(self, node: tree.Node, choices: type[E]) -> None:
        super().__init__(node)
        self.choices = choices

    def __lt__(self, other: Member[E] | E) -> Condition:
        return self._ordered("<", other)

    def __le__(self, other: Member[E] | E) -> Condition:
        return self._ordered("<=", other)

    def __gt__(self, other: Member[E] | E) -> Condition:
        return self._ordered(">", other)

    def __ge__(self, other: Member[E] | E) -> Condition:
        return self._ordered(">=", other)

    def is_in(self, values: Iterable[Member[E] | E | None]) -> Condition:
        """Whether the value is one of *values*; None stands for blank."""
        return self._is_in(values)

    def _ordered(self, operator: tree.CompareOperator, other: object) -> Condition:
        check_order(operator, self)
        return self._compare(operator, other)

    def _hint(self, other: object) -> str:  # noqa: ARG002  # the base's hint looks at it
        return f": it takes values of {self.choices.__name__}, such as {next(iter(self.choices))!r}"


def check_order(asked: str, value: Term) -> None:
    """Do nothing where one of two such values can be the smaller one.

    Raises:
        TypeError: they have no order; *asked* is what needs one.
    """
    if isinstance(value, Member) and not issubclass(value.choices, OrderedChoice):
        raise TypeError(
            f"the values of {value.choices.__name__} have no order: say 'ordered: true' in its schema"
        )
    if value.type.kind not in ORDERED_KINDS:
        raise TypeError(f"{asked} needs values with an order, and got {value.type}")


def calculated(
    operator: tree.ArithmeticOperator, left: tree.Node, right: tree.Node, kind: ValueType
) -> tree.Node:
    """Return a calculation, blank where a side can be blank."""
    return tree.Arithmetic(
        operator, left, right, kind.or_none(left.type.nullable or right.type.nullable)
    )
