"""Tree → Airtable formula text that keeps exactly the records for which `evaluate` gives true, or `Unsayable`.

What is left unsaid, since Airtable does not say how it behaves or behaves otherwise: the order of texts, the length of
a text (its unit is not documented), `strip`, `round` and `%`, calculations with durations, texts with control
characters, linked records, JSON, and formatted text (a formula sees it without its marks).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tablewright.expressions import tree
from tablewright.expressions.formula_text import (
    CONTROL,
    Said,
    Unsayable,
    both,
    is_finer,
    label,
    moment,
    quoted,
    same,
    where,
)
from tablewright.expressions.formula_values import FormulaValues


class FormulaPrinter(FormulaValues):
    """Prints conditions over the fields of one table, with `now()` and arguments as the evaluator knows them."""

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


_SIGN: Final = {"==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
