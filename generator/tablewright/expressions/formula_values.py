"""Values as Airtable formulas say them: fields, calculations, choices and calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.formula_text import (
    FormulaField,
    Said,
    Unsayable,
    both,
    label,
    literal,
    number,
    otherwise,
    quoted,
)
from tablewright.expressions.operations import SPAN_SECONDS

_LONGEST_SPAN: Final = timedelta(days=4_000 * 366)
_CALLS: Final = {
    "lower": "LOWER({}&'')",
    "upper": "UPPER({}&'')",
    "abs": "ABS({})",
    "floor": "INT({})",
    "ceil": "(-INT(-{}))",
    "year": "YEAR({})",
    "month": "MONTH({})",
    "day": "DAY({})",
    "weekday": "WEEKDAY({}, 'Monday')",
    "hour": "HOUR({})",
    "date": "DATETIME_PARSE(DATESTR({}))",
}


class FormulaValues(ABC):
    """Prints values over the fields of one table. Conditions stand in them, and are printed by whoever builds on this."""

    def __init__(self, fields: Mapping[str, FormulaField], evaluator: Evaluator) -> None:
        self._fields = fields
        self._evaluator = evaluator

    @abstractmethod
    def condition(self, node: tree.Node) -> str:
        """Return formula text that is true exactly where *node* is, and never an error."""

    def value(self, node: tree.Node) -> Said:
        """Return formula text for a value that is no condition.

        Raises:
            Unsayable: a formula cannot say it.
        """
        if not tree.looks_at_rows(node):
            found = self._constant(node)
            return Said("BLANK()", "FALSE()") if found is None else Said(literal(found))
        match node:
            case tree.Field():
                return self._field_value(node)
            case tree.Arithmetic():
                return self._arithmetic(node)
            case tree.Negate(operand) if operand.type.is_numeric:
                said = self.value(operand)
                return Said(f"(-{said.text})", said.known)
            case tree.Choice(test, then, otherwise):
                return self._choice(test, self.value(then), self.value(otherwise))
            case tree.Call():
                return self._call(node)
            case _:
                raise Unsayable("a value that formulas do not know")

    def _field_value(self, node: tree.Field) -> Said:
        field = self._field(node)
        if field.shape in ("present", "choices", "flag"):
            raise Unsayable(node.name)
        if field.shape == "link":
            if node.type.kind != "text":
                raise Unsayable("a link")
            return Said(f"({field.reference}&'')", f"({field.reference}&'')!=''")
        blank = f"({field.reference}&'')=''"
        if field.default is not None:
            return Said(f"IF({blank}, {literal(field.default)}, {field.reference})")
        known = None if field.required else f"({field.reference}&'')!=''"
        return Said(field.reference, known)

    def _arithmetic(self, node: tree.Arithmetic) -> Said:
        operator, left, right = node.operator, node.left, node.right
        if node.type.kind in ("datetime", "date"):
            return self._later(node)
        if left.type.kind == "text" and operator == "+":
            one, other = self.value(left), self.value(right)
            return Said(f"({one.text}&{other.text})", both(one.known, other.known))
        if operator == "%":
            raise Unsayable(otherwise("%"))
        if not (left.type.is_numeric and right.type.is_numeric):
            is_between = "duration" not in (left.type.kind, right.type.kind)
            raise Unsayable(otherwise("between" if is_between else "duration"))
        one, other = self.value(left), self.value(right)
        known = both(one.known, other.known)
        if operator == "/":
            divisible = f"{other.text}!=0"
            known = divisible if known is None else f"IF({known}, {divisible}, 0)"
        return Said(f"({one.text}{operator}{other.text})", known)

    def _later(self, node: tree.Arithmetic) -> Said:
        start, span = node.left, node.right
        if start.type.kind == "duration":
            start, span = span, start
        if tree.looks_at_rows(span):
            raise Unsayable("a moment so many stored seconds later")
        length = self._constant(span)
        if length is None:
            return Said("BLANK()", "FALSE()")
        if abs(length) > _LONGEST_SPAN:
            raise Unsayable("a span beyond what a date can hold")
        unit, size = ("days", 86_400) if node.type.kind == "date" else ("seconds", 1)
        if unit == "seconds" and length % timedelta(seconds=1):
            raise Unsayable("a span that is not in whole seconds")
        count = length // timedelta(seconds=size) * (-1 if node.operator == "-" else 1)
        said = self.value(start)
        return Said(f"DATEADD({said.text}, {number(count)}, '{unit}')", said.known)

    def _choice(self, test: tree.Node, then: Said, otherwise: Said) -> Said:
        condition = self.condition(test)
        known = None
        if then.known is not None or otherwise.known is not None:
            known = f"IF({condition}, {then.known or 'TRUE()'}, {otherwise.known or 'TRUE()'})"
        return Said(f"IF({condition}, {then.text}, {otherwise.text})", known)

    def _call(self, node: tree.Call) -> Said:
        name, kind = node.function, node.arguments[0].type if node.arguments else None
        if name == "coalesce":
            return self._coalesce([self.value(one) for one in node.arguments])
        if name in ("min", "max"):
            if not all(one.type.is_numeric for one in node.arguments):
                raise Unsayable("the smallest of values that are no numbers")
            parts = [self.value(one) for one in node.arguments]
            listed = ", ".join(one.text for one in parts)
            return Said(f"{name.upper()}({listed})", both(*(one.known for one in parts)))
        if name in SPAN_SECONDS:
            if kind is None or kind.kind != "duration":
                raise Unsayable(otherwise("duration"))
            said = self.value(node.arguments[0])
            return Said(f"({said.text}/{SPAN_SECONDS[name]})", said.known)
        template = _CALLS.get(name)
        if kind is not None and kind.kind == "duration":
            raise Unsayable(otherwise("duration"))
        if template is None or len(node.arguments) != 1:
            is_list = kind is not None and kind.kind == "list"
            raise Unsayable(otherwise("list" if is_list else name))
        said = self.value(node.arguments[0])
        return Said(template.format(said.text), said.known)

    def _coalesce(self, parts: Sequence[Said]) -> Said:
        first, *rest = parts
        if not rest or first.known is None:
            return first
        other = self._coalesce(rest)
        known = None if other.known is None else f"OR({first.known}, {other.known})"
        return Said(f"IF({first.known}, {first.text}, {other.text})", known)

    def _position(self, node: tree.Node) -> Said:
        """Return the place of a choice in the order of its enum."""
        members = list(self._evaluator.enums[node.type.name])
        if not tree.looks_at_rows(node):
            return Said(str(members.index(self._constant(node))))
        said = self.value(node)
        pairs = ", ".join(f"{quoted(label(one))}, {place}" for place, one in enumerate(members))
        return Said(f"SWITCH({said.text}&'', {pairs})", said.known)

    def _field(self, node: tree.Field) -> FormulaField:
        found = self._fields.get(node.name) if node.owner is None else None
        if found is None:
            raise Unsayable(node.name)
        return found

    def _constant(self, node: tree.Node) -> Any:
        if tree.looks_at_rows(node):
            raise Unsayable("a value that differs from record to record")
        return self._evaluator.value(node, {})
