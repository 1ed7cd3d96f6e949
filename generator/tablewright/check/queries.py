"""The `queries:` of a table → queries of the model."""

from __future__ import annotations

from typing import Final

from tablewright import names
from tablewright.check.arguments import read_arguments, report_unused
from tablewright.check.expressions import read_expression
from tablewright.check.findings import Findings
from tablewright.check.ordering import read_filters, read_order
from tablewright.check.reader import Reader
from tablewright.check.scope import TableScope
from tablewright.expressions.resolve import MAX_INTEGER
from tablewright.expressions.satisfiable import can_hold
from tablewright.expressions.tree import Node
from tablewright.expressions.types import BOOLEAN
from tablewright.model.lifecycle import Argument
from tablewright.model.queries import Query
from tablewright.syntax.document import Node as Written
from tablewright.syntax.document import Scalar

QUERY_KEYS: Final = ("description", "takes", "where", "filter_by", "order_by", "limit")
RESERVED_ARGUMENTS: Final = dict.fromkeys(
    names.PARAMETER_NAMES, "the generated code uses that name itself"
)


def read_queries(findings: Findings, node: Written | None, table: TableScope) -> tuple[Query, ...]:
    """Return the queries of a table."""
    if node is None:
        return ()
    return tuple(
        _read_query(findings, key, value, table)
        for key, value in Reader(findings, node, "'queries'", None).entries()
    )


def _read_query(findings: Findings, key: Scalar, node: Written, table: TableScope) -> Query:
    reader = Reader(findings, node, f"query '{key.text}'", QUERY_KEYS)
    taken = read_arguments(
        findings, reader, table, RESERVED_ARGUMENTS, "narrow by links with 'filter_by: [LINK]'"
    )
    takes = taken.arguments
    where = reader.expression("where")
    scope = table.scopes.of(table.key, takes, unreadable=taken.unreadable)
    condition = read_expression(findings, where, scope, expected=BOOLEAN)
    report_never(findings, where, condition, table)
    if condition is not None or not reader.has("where"):
        report_unused(findings, reader, takes, [condition], unused_help(takes, table))
    return Query(
        key.text,
        reader.text("description"),
        takes,
        condition,
        where.text if where else "",
        read_filters(findings, reader, takes, table),
        read_order(findings, reader, table),
        reader.integer("limit", least=1, most=MAX_INTEGER),
    )


def report_never(
    findings: Findings, where: Scalar | None, condition: Node | None, table: TableScope
) -> None:
    """Note a condition that no record can meet."""
    if condition is not None and where is not None and not can_hold(condition, table.ranges):
        findings.warning(where.span, "TW604", "no record can ever meet this condition", "parts of it exclude each other or the bounds of a field")  # fmt: skip


def unused_help(takes: tuple[Argument, ...], table: TableScope) -> str:
    """Return the way out where nothing uses an argument of a query."""
    also_field = next((argument.key for argument in takes if argument.key in table.types), "")
    if also_field:
        return f"in 'where', '{also_field}' is the field and '{also_field}_' the argument"
    return "use it in 'where', or remove it"
