"""Numbers and texts of the condition builder."""

from __future__ import annotations

from collections.abc import Iterable

from tablewright.expressions import tree
from tablewright.expressions.types import BOOLEAN, INTEGER, NUMBER, TEXT
from tablewright.runtime.columns.base import Condition, Ordered, Term, as_node, calculated


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
        if _is_duration(other):
            # A number times a duration is a duration, which knows how.
            return NotImplemented
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


def _is_duration(value: object) -> bool:
    return isinstance(value, Numeric) and not isinstance(value, Number)


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
    node = calculated(operator, left, right, kind)
    return type_of_number(
        node if never_zero else tree.Arithmetic(operator, left, right, kind.or_none())
    )


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
        return Text(calculated("+", self.node, self._operand(other), TEXT))

    def __radd__(self, other: str) -> Text:
        return Text(calculated("+", self._operand(other), self.node, TEXT))

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
