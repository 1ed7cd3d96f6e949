"""Tree → Airtable formula text that keeps exactly the records for which `evaluate` gives true, or `Unsayable`.

What is left unsaid, since Airtable does not say how it behaves or behaves otherwise: the order of texts, the length of
a text (its unit is not documented), `strip`, `round` and `%`, calculations with durations, texts with control
characters, linked records, JSON, and formatted text (a formula sees it without its marks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.formula_text import (
    CONTROL,
    FormulaField,
    Said,
    Unsayable,
    both,
    is_finer,
    label,
    literal,
    moment,
    number,
    otherwise,
    quoted,
    same,
    where,
)
from tablewright.expressions.operations import SPAN_SECONDS


class FormulaPrinter:
    """Prints conditions over the fields of one table, with `now()` and arguments as the evaluator knows them."""

    def __init__(self, fields: Mapping[str, FormulaField], evaluator: Evaluator) -> None:
        self._fields = fields
        self._evaluator = evaluator

    def says(self, node: tree.Node) -> bool:
        """Tell whether a formula can say a condition exactly."""
        try:
            self.condition(node)
        except Unsayable:
            return False
        return True

    # -- conditions -----------------------------------------------------------------------------------------------

    def condition(self, node: tree.Node) -> str:
        """Return formula text that is true exactly where *node* is, and never an error.

        Raises:
            Unsayable: a formula cannot say it.
        """
        if not tree.looks_at_rows(node):
            return "TRUE()" if self._evaluator.value(node, {}) else "FALSE()"
        match node:
            case tree.Logic(operator, operands):
                parts = ", ".join(self.condition(part) for part in operands)
                return f"{operator.upper()}({parts})"
            case tree.Not(operand):
                return f"NOT({self.condition(operand)})"
            case tree.Compare(operator, left, right):
                return self._compare(operator, left, right)
            case tree.BlankTest(operand, negated):
                return self._blank_test(operand, negated=negated)
            case tree.Membership(item, choices, negated):
                tests = [self._compare("==", item, choice) for choice in choices]
                found = f"OR({', '.join(tests)})" if tests else "FALSE()"
                return f"NOT({found})" if negated else found
            case tree.ListContains(items, item):
                return self._list_contains(items, item)
            case tree.Field():
                return self._flag(node)
            case tree.Choice(test, then, otherwise):
                return f"IF({self.condition(test)}, {self._side(then)}, {self._side(otherwise)})"
            case tree.Call("contains" | "startswith" | "endswith" as name, (text, part)):
                return self._text_test(name, text, part)
            case tree.Call("coalesce", (first, *_)) if not first.type.nullable:
                return self.condition(first)
            case _:
                raise Unsayable("a condition that formulas do not know")

    def _side(self, node: tree.Node) -> str:
        """Return one side of a choice: where a box stands beside a number, cells hold both as texts."""
        found = self.condition(node)
        match node:
            case tree.Field() | tree.Call("coalesce"):
                return f"IF({found}, 1, 0)"
            case _:
                return found

    def _flag(self, node: tree.Field) -> str:
        field = self._field(node)
        if field.shape != "flag":
            raise Unsayable(node.name)
        return field.reference

    def _blank_test(self, operand: tree.Node, *, negated: bool) -> str:
        if operand.type.kind == "boolean":
            if operand.type.nullable:
                raise Unsayable("a yes/no value that may be blank")
            return "TRUE()" if negated else "FALSE()"
        known = self._known(operand)
        if known is None:
            return "TRUE()" if negated else "FALSE()"
        return known if negated else f"NOT({known})"

    def _known(self, node: tree.Node) -> str | None:
        if isinstance(node, tree.Field):
            field = self._field(node)
            if field.shape == "link" and node.type.kind != "text":
                # Records without a name show as nothing, so blank text does not prove a blank link.
                raise Unsayable("a link that may lead to a record without a name")
            # A required one too: rows that lack it are asked for, to be given a value.
            return None if field.default is not None else f"({field.reference}&'')!=''"
        return self.value(node).known

    def _text_test(self, name: str, text: tree.Node, part: tree.Node) -> str:
        wanted = self._constant(part)
        if wanted is None:
            return "FALSE()"
        said = self.value(text)
        if not wanted:
            # Every text begins with, ends with and contains nothing; a blank does not.
            return said.known or "TRUE()"
        needle = quoted(wanted)
        if name == "contains":
            found = f"FIND({needle}, {said.text}&'')>0"
        else:
            side = "LEFT" if name == "startswith" else "RIGHT"
            # The length in the formula's own unit, whatever that is.
            found = f"{side}({said.text}&'', LEN({needle}))={needle}"
        return where(said.known, found, "0")

    def _list_contains(self, items: tree.Node, item: tree.Node) -> str:
        wanted = self._constant(item)
        if not isinstance(items, tree.Field) or self._field(items).shape != "choices":
            raise Unsayable("a list that is not a field")
        if wanted is None:
            return "FALSE()"
        if any(not CONTROL.union(',"').isdisjoint(label(one)) for one in type(wanted)):
            raise Unsayable("choices whose names hold commas or quotes")
        joined = f"', '&{self._field(items).reference}&', '"
        return f"FIND({quoted(f', {label(wanted)}, ')}, {joined})>0"

    # -- comparisons ----------------------------------------------------------------------------------------------

    def _compare(self, operator: tree.CompareOperator, left: tree.Node, right: tree.Node) -> str:
        if not tree.looks_at_rows(left) and tree.looks_at_rows(right):
            return self._compare(tree.MIRRORED[operator], right, left)
        if not tree.looks_at_rows(left):
            node = tree.Compare(operator, left, right)
            return "TRUE()" if self._evaluator.value(node, {}) else "FALSE()"
        if not tree.looks_at_rows(right) and self._constant(right) is None:
            if operator in ("==", "!="):
                return self._blank_test(left, negated=operator == "!=")
            return "FALSE()"
        kind = left.type.kind
        if kind == "boolean":
            return self._compare_flags(operator, left, right)
        if kind in ("datetime", "date"):
            return self._compare_moments(operator, left, right)
        if kind in ("integer", "number", "duration"):
            return self._compare_said(operator, self.value(left), self.value(right), (left, right))
        if kind in ("text", "enum"):
            if operator in ("==", "!="):
                return self._compare_said(
                    operator, self.value(left), self.value(right), (left, right)
                )
            if kind == "text":
                raise Unsayable("the order of texts")
            return self._compare_said(
                operator, self._position(left), self._position(right), (left, right)
            )
        raise Unsayable(f"a comparison of {kind}")

    def _compare_flags(
        self, operator: tree.CompareOperator, left: tree.Node, right: tree.Node
    ) -> str:
        if operator not in ("==", "!=") or left.type.nullable or right.type.nullable:
            raise Unsayable("a comparison of yes/no values that may be blank")
        one = f"IF({self.condition(left)}, 1, 0)"
        other = f"IF({self.condition(right)}, 1, 0)"
        return f"{one}{_SIGN[operator]}{other}"

    def _compare_said(
        self,
        operator: tree.CompareOperator,
        one: Said,
        other: Said,
        sides: tuple[tree.Node, tree.Node],
    ) -> str:
        if operator not in ("==", "!="):
            test = f"{one.text}{_SIGN[operator]}{other.text}"
            return where(both(one.known, other.known), test, "0")
        found = f"{one.text}={other.text}"
        left, right = sides
        is_plain = isinstance(left, tree.Field) and not tree.looks_at_rows(right)
        if not is_plain or not self._constant(right):
            # Airtable holds a blank equal to 0 and to an empty text; a field beside a constant that is neither is safe.
            found = same(one.known, other.known, found)
        return found if operator == "==" else f"NOT({found})"

    def _compare_moments(
        self, operator: tree.CompareOperator, left: tree.Node, right: tree.Node
    ) -> str:
        one = self.value(left)
        constant = None if tree.looks_at_rows(right) else self._constant(right)
        if isinstance(constant, datetime) and is_finer(constant):
            if not self._is_in_milliseconds(left):
                raise Unsayable("a moment finer than a millisecond")
            # Stored moments have whole milliseconds: none is equal, and none lies in between.
            if operator in ("==", "!="):
                return "FALSE()" if operator == "==" else "TRUE()"
            operator = "<=" if operator in ("<", "<=") else ">"
            other = Said(moment(constant))
        else:
            other = self.value(right)
        if operator in ("==", "!="):
            test = f"IS_SAME({one.text}, {other.text})"
            found = same(one.known, other.known, test)
            return found if operator == "==" else f"NOT({found})"
        test = {
            "<": f"IS_BEFORE({one.text}, {other.text})",
            ">": f"IS_AFTER({one.text}, {other.text})",
            "<=": f"NOT(IS_AFTER({one.text}, {other.text}))",
            ">=": f"NOT(IS_BEFORE({one.text}, {other.text}))",
        }[operator]
        return where(both(one.known, other.known), test, "0")

    def _is_in_milliseconds(self, node: tree.Node) -> bool:
        return isinstance(node, tree.Field) or (
            isinstance(node, tree.Arithmetic)
            and any(isinstance(side, tree.Field) for side in (node.left, node.right))
        )

    def _position(self, node: tree.Node) -> Said:
        """Return the place of a choice in the order of its enum."""
        members = list(self._evaluator.enums[node.type.name])
        if not tree.looks_at_rows(node):
            return Said(str(members.index(self._constant(node))))
        said = self.value(node)
        pairs = ", ".join(f"{quoted(label(one))}, {place}" for place, one in enumerate(members))
        return Said(f"SWITCH({said.text}&'', {pairs})", said.known)

    # -- values ---------------------------------------------------------------------------------------------------

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

    def _field(self, node: tree.Field) -> FormulaField:
        found = self._fields.get(node.name) if node.owner is None else None
        if found is None:
            raise Unsayable(node.name)
        return found

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

    def _constant(self, node: tree.Node) -> Any:
        if tree.looks_at_rows(node):
            raise Unsayable("a value that differs from record to record")
        return self._evaluator.value(node, {})


_LONGEST_SPAN: Final = timedelta(days=4_000 * 366)
_SIGN: Final = {"==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
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
