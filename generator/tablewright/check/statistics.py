"""The `statistics:` of a table → measures of the model."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Final

from tablewright import names
from tablewright.check.arguments import read_arguments, report_unused
from tablewright.check.expressions import (
    BUILT_IN_FIELDS,
    Unreadable,
    read_expression,
    report,
)
from tablewright.check.findings import Findings
from tablewright.check.ordering import read_filters
from tablewright.check.queries import RESERVED_ARGUMENTS, report_never, unused_help
from tablewright.check.reader import Reader
from tablewright.check.scope import TableScope
from tablewright.diagnostics import did_you_mean
from tablewright.expressions import functions
from tablewright.expressions.resolve import Resolver, Scope, parse
from tablewright.expressions.tree import Constant, Node
from tablewright.expressions.types import BOOLEAN, INTEGER, NUMBER, ValueType
from tablewright.model.queries import Measure, Statistics
from tablewright.syntax.document import MapNode, Scalar
from tablewright.syntax.document import Node as Written

STATISTICS_KEYS: Final = ("description", "takes", "where", "filter_by", "measures")
_GROUPABLE: Final = frozenset({"text", "integer", "boolean", "date", "enum"})
_OF_NUMBERS: Final = frozenset({"sum", "avg", "median", "percentile"})
_CALCULABLE: Final = frozenset({"integer", "number", "duration"})


def read_statistics(
    findings: Findings, node: Written | None, table: TableScope
) -> tuple[Statistics, ...]:
    """Return the statistics of a table."""
    if node is None:
        return ()
    return tuple(
        _read_statistics(findings, key, value, table)
        for key, value in Reader(findings, node, "'statistics'", None).entries()
    )


def _read_statistics(
    findings: Findings, key: Scalar, node: Written, table: TableScope
) -> Statistics:
    reader = Reader(findings, node, f"statistics '{key.text}'", STATISTICS_KEYS)
    taken = read_arguments(
        findings, reader, table, RESERVED_ARGUMENTS, "narrow by links with 'filter_by: [LINK]'"
    )
    takes = taken.arguments
    scope = table.scopes.of(table.key, takes, unreadable=taken.unreadable)
    where = reader.expression("where")
    condition = read_expression(findings, where, scope, expected=BOOLEAN)
    report_never(findings, where, condition, table)
    reader.required("measures", "such as {measures: {total: count()}}")
    written = reader.mapping("measures", f"'measures' of {reader.what}", None)
    if (
        written is not None
        and isinstance(written_node := reader.node("measures"), MapNode)
        and not written_node.entries
    ):
        findings.error(written_node.span, "TW210", f"{reader.what} has no measures", "such as {total: count()}")  # fmt: skip
    measures: list[Measure] = []
    complete = condition is not None or not reader.has("where")
    for name, value in written.entries() if written is not None else ():
        measure = None
        if not _usable_name(findings, name):
            complete = False
        elif not isinstance(value, Scalar):
            findings.error(
                value.span,
                "TW110",
                f"measure '{name.text}' has to be one expression",
                'quote it: "…"',
            )
        elif written is None or not written.is_cut(name.text):
            measure = _read_measure(findings, name, value, scope)
        if measure is None:
            complete = False
        else:
            measures.append(measure)
    if complete:
        nodes: list[Node | None] = [
            condition,
            *(part for measure in measures for part in measure.arguments),
        ]
        report_unused(findings, reader, takes, nodes, unused_help(takes, table))
    filter_by = read_filters(findings, reader, takes, table)
    return Statistics(
        key.text,
        reader.text("description"),
        takes,
        condition,
        where.text if where else "",
        filter_by,
        tuple(measures),
    )


def _usable_name(findings: Findings, name: Scalar) -> bool:
    reason = names.why_not_identifier(name.text)
    if not reason and (
        name.text.startswith("_")
        or name.text in names.MODEL_ATTRIBUTES | names.CLASS_ATTRIBUTES
        or name.text in names.CLASS_BODY_NAMES
    ):
        reason = "that name is reserved"
    if reason:
        way_out = names.suggested_identifier(name.text.lstrip("_"))
        if way_out == name.text.lstrip("_"):
            way_out += "_"
        findings.error(name.span, "TW201", f"a measure cannot be called '{name.text}': {reason}", f"call it '{way_out}'")  # fmt: skip
    return not reason


def _read_measure(
    findings: Findings, name: Scalar, written: Scalar, scope: Scope
) -> Measure | None:
    parsed, problems = parse(written.text)
    for problem in problems:
        report(findings, written, problem)
    if parsed is None:
        return None
    if not isinstance(parsed, ast.Call) or not isinstance(parsed.func, ast.Name) or parsed.keywords:
        findings.error(written.span, "TW603", f"measure '{name.text}' has to be a call of a measure",
                       f"there are {', '.join(functions.MEASURES)}")  # fmt: skip
        return None
    function = parsed.func.id
    if function not in functions.MEASURES:
        meant = functions.MEASURES_ELSEWHERE.get(function.casefold(), function)
        findings.error(written.part(parsed.func.col_offset, parsed.func.col_offset + len(function)), "TW603",
                       f"unknown measure '{function}'", did_you_mean(meant, functions.MEASURES, what="there are"))  # fmt: skip
        return None
    resolver = Resolver(scope)
    try:
        measure = _Measured(resolver, name.text, function, written.text, parsed).measure()
    except Unreadable:
        return None
    for problem in resolver.problems:
        report(findings, written, problem)
    return None if resolver.problems else measure


class _Measured:
    """Reads one call of a measure."""

    def __init__(
        self, resolver: Resolver, name: str, function: str, text: str, call: ast.Call
    ) -> None:
        self.resolver = resolver
        self.name = name
        self.function = function
        self.text = text
        self.call = call

    def measure(self) -> Measure | None:
        """Return the measure, or nothing after a problem was noted."""
        least, most = _ARITY[self.function]
        given = len(self.call.args)
        if not least <= given <= most:
            wanted = _USAGE[self.function]
            self.resolver.problem(
                self.call,
                "TW603",
                f"{self.function}() takes {_count(least, most)}, and got {given}",
                f"write {wanted}",
            )
            return None
        arguments: list[Node] = []
        for position, part in enumerate(self.call.args):
            found = self._argument(position, part)
            if found is not None:
                arguments.append(found)
        if len(arguments) != given:
            return None
        result = self._result(arguments)
        return (
            None
            if result is None
            else Measure(self.name, self.function, self.text, tuple(arguments), result)
        )

    def _argument(self, position: int, part: ast.expr) -> Node | None:
        if self.function in ("count", "ratio"):
            return self.resolver.condition(part)
        found = self.resolver.value(part)
        if found is None:
            return None
        if self.function == "percentile" and position == 1:
            number = found.value if isinstance(found, Constant) else None
            if (
                isinstance(number, bool)
                or not isinstance(number, (int, float))
                or not 0 <= number <= 100
            ):
                self.resolver.problem(
                    part, "TW603", "the percentile has to be a number from 0 to 100"
                )
                return None
            return found
        return found if self._takes(found.type, part) else None

    def _takes(self, one: ValueType, part: ast.expr) -> bool:
        if self.function == "count_by" and one.kind not in _GROUPABLE:
            problem = f"cannot count by {one}: take a text, a choice, a whole number, a date or a yes/no value"
        elif self.function in _OF_NUMBERS and one.kind not in _CALCULABLE:
            problem = f"{self.function}() needs a number or a duration, and this is {one}"
        elif self.function in ("min", "max") and one.kind not in functions.ORDERED_KINDS:
            problem = f"{self.function}() needs values with an order, and this is {one}"
        elif (
            self.function in ("min", "max")
            and one.kind == "enum"
            and not self.resolver.scope.enums[one.name].ordered
        ):
            problem = f"the values of {one.name} have no order"
        elif self.function == "count_distinct" and one.kind in (
            "records",
            "list",
            "json",
            "opaque",
        ):
            problem = f"cannot tell the values of {one} apart"
        else:
            return True
        way_out = ""
        if one.kind == "datetime" and self.function == "count_by":
            way_out = f"count by its day: count_by(date({ast.unparse(part)}))"
        elif one.kind == "record":
            way_out = self._field_of(one.name, part)
        elif one.kind == "records":
            way_out = f"take how many there are: {self.function}(len({ast.unparse(part)}))"
        elif one.kind == "list" and self.function == "count_by" and one.item is not None:
            way_out = f"count each value by itself, as in count(VALUE in {ast.unparse(part)})"
        self.resolver.problem(part, "TW603", problem, way_out or self._fitting())
        return False

    def _fitting(self) -> str:
        """Return which fields the measure takes."""
        types = self.resolver.scope.fields
        found: list[str] = []
        for key in types:
            with suppress(Unreadable):
                if key not in BUILT_IN_FIELDS and types[key].kind in self._kinds():
                    found.append(key)
        return f"fields that fit: {', '.join(found[:12])}" if found else ""

    def _kinds(self) -> Collection[str]:
        taken = {
            "count_by": _GROUPABLE,
            "count_distinct": functions.ORDERED_KINDS | _GROUPABLE,
            "min": functions.ORDERED_KINDS,
            "max": functions.ORDERED_KINDS,
        }
        return taken.get(self.function, _CALCULABLE)

    def _field_of(self, table: str, link: ast.expr) -> str:
        """Return the way out where a link stands: the first field of its table that the measure takes."""
        kinds = self._kinds()
        types = self.resolver.scope.tables[table]
        for key in types:
            with suppress(Unreadable):
                if key not in BUILT_IN_FIELDS and types[key].kind in kinds:
                    return f"name a field of it, as in {self.function}({ast.unparse(link)}.{key})"
        return ""

    def _result(self, arguments: list[Node]) -> ValueType | None:
        if self.function in ("count", "count_distinct"):
            return INTEGER
        if self.function == "ratio":
            return NUMBER.or_none()
        value = arguments[0].type
        if self.function == "count_by":
            return value.not_none()
        if self.function == "sum":
            return value.not_none()
        if self.function in ("avg", "median", "percentile"):
            return (value if value.kind == "duration" else NUMBER).or_none()
        return value.or_none()


_ARITY: Final[Mapping[str, tuple[int, int]]] = {
    "count": (0, 1), "count_by": (1, 1), "count_distinct": (1, 1), "sum": (1, 1), "avg": (1, 1), "min": (1, 1),
    "max": (1, 1), "median": (1, 1), "percentile": (2, 2), "ratio": (2, 2),
}  # fmt: skip
_USAGE: Final[Mapping[str, str]] = {
    "count": "count() or count(condition)", "count_by": "count_by(field)", "count_distinct": "count_distinct(field)",
    "sum": "sum(field)", "avg": "avg(field)", "min": "min(field)", "max": "max(field)", "median": "median(field)",
    "percentile": "percentile(field, 95)", "ratio": "ratio(condition, condition)",
}  # fmt: skip


def _count(least: int, most: int) -> str:
    wanted = str(most) if least == most else f"{least} or {most}"
    return f"{wanted} argument{'' if most == 1 else 's'}"
