"""Values of the condition builder: each wraps a typed tree, and its operators build larger ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar, overload

from tablewright.expressions import tree
from tablewright.expressions.functions import FUNCTIONS
from tablewright.expressions.types import (
    BOOLEAN,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    TEXT,
    ValueKind,
    ValueType,
    common_type,
)
from tablewright.runtime.choice import Choice, OrderedChoice
from tablewright.runtime.errors import shown

E = TypeVar("E", bound=Choice)


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
            "use & | ~ in place of 'and' 'or' 'not', with brackets around comparisons"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.node}>"

    __hash__ = object.__hash__

    # Operators below are written out in the subclasses with their types; this is what they share.

    def _operand(self, other: object) -> tree.Node:
        """Return what stands beside this term as a tree, or refuse it."""
        node = other.node if isinstance(other, Term) else self._constant(other)
        if node is None or common_type(self.type, node.type) is None:
            raise TypeError(f"cannot use {_described(other)} with {self.type}{self._hint(other)}")
        return node

    def _constant(self, value: object) -> tree.Node | None:
        return as_node(value)

    def _hint(self, other: object) -> str:
        if isinstance(other, datetime) and other.tzinfo is None:
            return ": the datetime needs a time zone, such as datetime.now(UTC)"
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


def _described(value: object) -> str:
    return (
        str(value.type) if isinstance(value, Term) else f"{shown(value)} ({type(value).__name__})"
    )


def as_node(value: object) -> tree.Node | None:
    """Return a plain Python value as a tree, or nothing where it is none that expressions know."""
    if isinstance(value, Choice):
        return tree.EnumMember(type(value).__name__, value.name)
    if isinstance(value, datetime):
        return None if value.tzinfo is None else tree.literal(value)
    if value is None or isinstance(value, (bool, str, int, float, date, timedelta)):
        return tree.literal(value)
    return None


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
                f"cannot join a condition with {_described(other)}: put brackets around comparisons, "
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


class Text(Ordered):
    """A text. Capitals count; texts are ordered by code point."""

    __slots__ = ()
    takes = "text"
    __hash__ = Term.__hash__

    def __lt__(self, other: Text | str) -> Condition:
        return self._compare("<", other)

    def __le__(self, other: Text | str) -> Condition:
        return self._compare("<=", other)

    def __gt__(self, other: Text | str) -> Condition:
        return self._compare(">", other)

    def __ge__(self, other: Text | str) -> Condition:
        return self._compare(">=", other)

    def __add__(self, other: Text | str) -> Text:
        return Text(_calculated("+", self.node, self._operand(other), TEXT))

    def __radd__(self, other: str) -> Text:
        return Text(_calculated("+", self._operand(other), self.node, TEXT))

    def is_in(self, values: Iterable[Text | str | None]) -> Condition:
        """Whether the text is one of *values*; None stands for blank."""
        return self._is_in(values)

    def contains(self, part: Text | str) -> Condition:
        """Whether the text contains *part*; capitals count."""
        return Condition(self._call("contains", self._operand(part), result=BOOLEAN))

    def startswith(self, part: Text | str) -> Condition:
        """Whether the text begins with *part*; capitals count."""
        return Condition(self._call("startswith", self._operand(part), result=BOOLEAN))

    def endswith(self, part: Text | str) -> Condition:
        """Whether the text ends with *part*; capitals count."""
        return Condition(self._call("endswith", self._operand(part), result=BOOLEAN))

    def lower(self) -> Text:
        """The text in small letters."""
        return Text(self._call("lower", result=TEXT))

    def upper(self) -> Text:
        """The text in capital letters."""
        return Text(self._call("upper", result=TEXT))

    def strip(self) -> Text:
        """The text without white space at its ends."""
        return Text(self._call("strip", result=TEXT))

    def length(self) -> Integer:
        """The number of characters."""
        return Integer(self._call("len", result=INTEGER))


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
        if not issubclass(self.choices, OrderedChoice):
            raise TypeError(
                f"the values of {self.choices.__name__} have no order: say 'ordered: true' in its schema"
            )
        return self._compare(operator, other)

    def _hint(self, other: object) -> str:  # noqa: ARG002  # the base's hint looks at it
        return f": it takes values of {self.choices.__name__}, such as {next(iter(self.choices))!r}"


class Numeric(Ordered):
    """A number or a duration."""

    __slots__ = ()
    __hash__ = Term.__hash__


class Number(Numeric):
    """A number. A calculation with a blank, and a division by zero, is blank."""

    __slots__ = ()
    takes = "numbers"
    __hash__ = Term.__hash__

    def _constant(self, value: object) -> tree.Node | None:
        return None if isinstance(value, bool) else as_node(value)

    def __lt__(self, other: Number | float) -> Condition:
        return self._compare("<", other)

    def __le__(self, other: Number | float) -> Condition:
        return self._compare("<=", other)

    def __gt__(self, other: Number | float) -> Condition:
        return self._compare(">", other)

    def __ge__(self, other: Number | float) -> Condition:
        return self._compare(">=", other)

    def is_in(self, values: Iterable[Number | float | None]) -> Condition:
        """Whether the number is one of *values*; None stands for blank."""
        return self._is_in(values)

    def __add__(self, other: Number | float) -> Number:
        return number_term("+", self.node, self._operand(other))

    def __radd__(self, other: float) -> Number:
        return number_term("+", self._operand(other), self.node)

    def __sub__(self, other: Number | float) -> Number:
        return number_term("-", self.node, self._operand(other))

    def __rsub__(self, other: float) -> Number:
        return number_term("-", self._operand(other), self.node)

    def __mul__(self, other: Number | float) -> Number:
        return number_term("*", self.node, self._operand(other))

    def __rmul__(self, other: float) -> Number:
        return number_term("*", self._operand(other), self.node)

    def __truediv__(self, other: Number | float) -> Number:
        return number_term("/", self.node, self._operand(other))

    def __rtruediv__(self, other: float) -> Number:
        return number_term("/", self._operand(other), self.node)

    def __mod__(self, other: Number | float) -> Number:
        return number_term("%", self.node, self._operand(other))

    def __rmod__(self, other: float) -> Number:
        return number_term("%", self._operand(other), self.node)

    def __neg__(self) -> Number:
        return type_of_number(tree.Negate(self.node))

    def __abs__(self) -> Number:
        return type_of_number(self._call("abs", result=self.type))


class Integer(Number):
    """A whole number."""

    __slots__ = ()
    __hash__ = Term.__hash__


def type_of_number(node: tree.Node) -> Number:
    """Return a numeric tree as the term that fits it."""
    return Integer(node) if node.type.kind == "integer" else Number(node)


def number_term(operator: tree.ArithmeticOperator, left: tree.Node, right: tree.Node) -> Number:
    """Return a calculation with numbers, typed as the language types it."""
    both = left.type.kind == right.type.kind == "integer"
    kind = INTEGER if both and operator != "/" else NUMBER
    never_zero = operator not in ("/", "%") or (
        isinstance(right, tree.Constant) and right.value != 0
    )
    node = _calculated(operator, left, right, kind)
    return type_of_number(
        node if never_zero else tree.Arithmetic(operator, left, right, kind.or_none())
    )


def _calculated(
    operator: tree.ArithmeticOperator, left: tree.Node, right: tree.Node, kind: ValueType
) -> tree.Node:
    return tree.Arithmetic(
        operator, left, right, kind.or_none(left.type.nullable or right.type.nullable)
    )


class Duration(Numeric):
    """A length of time, to the microsecond."""

    __slots__ = ()
    takes = "timedeltas"
    __hash__ = Term.__hash__

    def __lt__(self, other: Duration | timedelta) -> Condition:
        return self._compare("<", other)

    def __le__(self, other: Duration | timedelta) -> Condition:
        return self._compare("<=", other)

    def __gt__(self, other: Duration | timedelta) -> Condition:
        return self._compare(">", other)

    def __ge__(self, other: Duration | timedelta) -> Condition:
        return self._compare(">=", other)

    def is_in(self, values: Iterable[Duration | timedelta | None]) -> Condition:
        """Whether the duration is one of *values*; None stands for blank."""
        return self._is_in(values)

    @overload
    def __add__(self, other: Datetime | datetime) -> Datetime: ...
    @overload
    def __add__(self, other: Duration | timedelta) -> Duration: ...
    def __add__(self, other: Datetime | datetime | Duration | timedelta) -> Duration | Datetime:
        if isinstance(other, (Datetime, datetime)):
            return Datetime(_calculated("+", self.node, _moment_node(other, self), DATETIME))
        return Duration(_calculated("+", self.node, self._operand(other), DURATION))

    def __radd__(self, other: timedelta) -> Duration:
        return Duration(_calculated("+", self._operand(other), self.node, DURATION))

    def __sub__(self, other: Duration | timedelta) -> Duration:
        return Duration(_calculated("-", self.node, self._operand(other), DURATION))

    def __rsub__(self, other: timedelta) -> Duration:
        return Duration(_calculated("-", self._operand(other), self.node, DURATION))

    def __neg__(self) -> Duration:
        return Duration(tree.Negate(self.node))

    def __abs__(self) -> Duration:
        return Duration(self._call("abs", result=DURATION))


class Datetime(Ordered):
    """A moment."""

    __slots__ = ()
    takes = "datetimes with a time zone"
    __hash__ = Term.__hash__

    def __lt__(self, other: Datetime | datetime) -> Condition:
        return self._compare("<", other)

    def __le__(self, other: Datetime | datetime) -> Condition:
        return self._compare("<=", other)

    def __gt__(self, other: Datetime | datetime) -> Condition:
        return self._compare(">", other)

    def __ge__(self, other: Datetime | datetime) -> Condition:
        return self._compare(">=", other)

    def is_in(self, values: Iterable[Datetime | datetime | None]) -> Condition:
        """Whether the moment is one of *values*; None stands for blank."""
        return self._is_in(values)

    def __add__(self, other: Duration | timedelta) -> Datetime:
        return Datetime(_calculated("+", self.node, span_node(other, self), DATETIME))

    __radd__ = __add__

    def _minus_span(self, other: Duration | timedelta) -> Datetime:
        return Datetime(_calculated("-", self.node, span_node(other, self), DATETIME))

    def since(self, other: Datetime | datetime) -> Duration:
        """The time from *other* to this moment, as `this - other`."""
        return Duration(_calculated("-", self.node, self._operand(other), DURATION))

    @overload
    def __sub__(self, other: Datetime | datetime) -> Duration: ...
    @overload
    def __sub__(self, other: Duration | timedelta) -> Datetime: ...
    def __sub__(self, other: Datetime | datetime | Duration | timedelta) -> Duration | Datetime:
        return (
            self.since(other)
            if isinstance(other, (Datetime, datetime))
            else self._minus_span(other)
        )

    def __rsub__(self, other: datetime) -> Duration:
        return Duration(_calculated("-", self._operand(other), self.node, DURATION))


def _moment_node(other: Datetime | datetime, beside: Term) -> tree.Node:
    node = other.node if isinstance(other, Datetime) else as_node(other)
    if node is None:
        raise TypeError(
            f"cannot calculate {beside.type} with {_described(other)}: it needs a time zone"
        )
    return node


def span_node(other: object, beside: Term) -> tree.Node:
    """Return a duration as a tree, or refuse it."""
    if isinstance(other, Duration):
        return other.node
    if isinstance(other, timedelta):
        return tree.literal(other)
    raise TypeError(
        f"cannot calculate {beside.type} with {_described(other)}: say what the number counts, as in hours(2)"
    )


class Date(Ordered):
    """A day."""

    __slots__ = ()
    takes = "dates"
    __hash__ = Term.__hash__

    def _constant(self, value: object) -> tree.Node | None:
        return None if isinstance(value, datetime) else as_node(value)

    def __lt__(self, other: Date | date) -> Condition:
        return self._compare("<", other)

    def __le__(self, other: Date | date) -> Condition:
        return self._compare("<=", other)

    def __gt__(self, other: Date | date) -> Condition:
        return self._compare(">", other)

    def __ge__(self, other: Date | date) -> Condition:
        return self._compare(">=", other)

    def is_in(self, values: Iterable[Date | date | None]) -> Condition:
        """Whether the day is one of *values*; None stands for blank."""
        return self._is_in(values)

    def __sub__(self, other: Date | date) -> Duration:
        return Duration(_calculated("-", self.node, self._operand(other), DURATION))

    def __rsub__(self, other: date) -> Duration:
        return Duration(_calculated("-", self._operand(other), self.node, DURATION))


def term(node: tree.Node, choices: type[Choice] | None = None) -> Any:
    """Return a tree as the term that fits its type. *choices* is the class of an enum's values."""
    if node.type.kind == "enum":
        if choices is None:
            raise TypeError(f"the class of {node.type} is not known here")
        return Member(node, choices)
    return _TERMS[node.type.kind](node)


_TERMS: dict[ValueKind, type[Term]] = {
    "text": Text,
    "integer": Integer,
    "number": Number,
    "boolean": Condition,
    "datetime": Datetime,
    "date": Date,
    "duration": Duration,
    "none": Term,
}
