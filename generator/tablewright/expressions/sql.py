"""Tree → SQLAlchemy expression for SQLite and PostgreSQL, with the meaning that `evaluate` gives it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, Literal, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement, Grouping
from sqlalchemy.sql.selectable import FromClause
from sqlalchemy.types import TypeEngine

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.operations import SPAN_SECONDS
from tablewright.expressions.sql_arithmetic import arithmetic, whole_microseconds
from tablewright.expressions.sql_blanks import (
    is_condition,
    may_be_blank,
    may_be_null,
)
from tablewright.expressions.sql_functions import calendar, list_length, text_or_number
from tablewright.expressions.sql_linked import aggregate, exists, member_at
from tablewright.expressions.sql_literals import literal, stored, value_type
from tablewright.expressions.types import INTEGER, ValueType
from tablewright.sql_names import sql_name

Dialect = Literal["sqlite", "postgresql"]
Sql = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class SqlLink:
    """How a relation is stored: where *holder* has a row for each link, from *own* to *other*.

    Without a holder, *own* is a column of the table itself that holds the linked id. *holder* may be the target's
    own table, for the other side of a link to one.
    """

    target: str
    own: str
    holder: sa.Table | None = None
    other: str = ""


@dataclass(frozen=True, slots=True)
class SqlTable:
    """A table as expressions see it: its columns bear the fields' keys, beside `id` and `created_time`.

    *derived* gives the values of fields without a column, for a scope whose own record is of this table.
    """

    table: sa.Table
    links: Mapping[str, SqlLink]
    nullable: frozenset[str]
    listed: frozenset[str]
    derived: Mapping[str, Callable[[SqlScope], Sql]] = field(default_factory=dict)


@dataclass(slots=True)
class SqlCompiler:
    """Compiles trees over the records of one schema.

    *moment_type* is the column type of datetimes. *row_by_row* has PostgreSQL ask each record for its linked ones when
    its turn comes, where it might else join all of them first: for the first few records of an order.
    """

    dialect: Dialect
    tables: Mapping[str, SqlTable]
    moment_type: TypeEngine[Any]
    evaluator: Evaluator
    collation: str | None = None
    row_by_row: bool = False
    _names: Iterator[int] = field(default_factory=count)

    def over(self, table: str, source: FromClause | None = None) -> SqlScope:
        """Return the place from which expressions about records of *table* are compiled."""
        known = self.tables[table]
        return SqlScope(self, {"": (known, source if source is not None else known.table)})

    def next_number(self) -> int:
        """Return a number that makes a name unique."""
        return next(self._names) + 1

    def alias(self, table: str) -> FromClause:
        """Return the table under a name of its own, for a subquery."""
        known = self.tables[table].table
        return known.alias(sql_name(known.name, str(self.next_number())))


@dataclass(frozen=True, slots=True)
class SqlScope:
    """The records that an expression can name: its own under "", each variable's under its name."""

    compiler: SqlCompiler
    rows: Mapping[str, tuple[SqlTable, FromClause]]

    # -- what callers ask for -------------------------------------------------------------------------------------

    def condition(self, node: tree.Node) -> Sql:
        """Return SQL that is true exactly where *node* is; where it is not, it may be NULL instead of false."""
        if not tree.looks_at_rows(node):
            return sa.true() if self.folded(node) else sa.false()
        match node:
            case tree.Logic(operator, operands):
                join = sa.and_ if operator == "and" else sa.or_
                return join(*(self.condition(part) for part in operands))
            case tree.Not(operand):
                return self.opposite(operand)
            case tree.Compare(operator, left, right):
                return self._compare(operator, left, right)
            case tree.BlankTest(operand, negated):
                return self._blank_test(operand, negated=negated)
            case tree.Membership(item, choices, negated):
                return self._membership(item, choices, negated=negated)
            case tree.ListContains(items, item):
                return self._list_contains(items, item)
            case tree.Over(quantifier) if quantifier in ("any", "all"):
                return exists(self, node)
            case tree.Choice(test, then, tree.Constant(None)):
                # Planners look into a conjunction, and not into a CASE.
                return sa.and_(self.condition(test), self.condition(then))
            case _:
                return self.plain(node)

    def value(self, node: tree.Node) -> Sql:
        """Return SQL whose value is that of *node*: NULL where it is blank, true or false where it is a condition."""
        return self.definite(node) if is_condition(node) else self.plain(node)

    def definite(self, node: tree.Node) -> Sql:
        """Return SQL that is true where *node* is and false everywhere else."""
        found = self.condition(node)
        if may_be_null(self, node):
            return sa.func.coalesce(found, sa.false(), type_=sa.Boolean())
        # SQLAlchemy writes a NOT without the brackets that it needs beside IS DISTINCT FROM and IN.
        return Grouping(found) if isinstance(node, tree.Not) else found

    def ordering(self, node: tree.Node) -> Sql:
        """Return SQL by which *node* sorts: an enum by the order of its definition."""
        return self._ordinal(node) if node.type.kind == "enum" else self.value(node)

    # -- conditions -----------------------------------------------------------------------------------------------

    def opposite(self, node: tree.Node) -> Sql:
        """Return SQL that is true exactly where the condition *node* is not; elsewhere it may be NULL."""
        match node:
            case tree.Not(operand):
                return self.condition(operand)
            case tree.BlankTest(operand, negated):
                return self._blank_test(operand, negated=not negated)
            case tree.Compare("==", left, right):
                return self._compare("!=", left, right)
            case tree.Compare("!=", left, right):
                return self._compare("==", left, right)
            case tree.Membership(item, choices, negated):
                return self._membership(item, choices, negated=not negated)
            case _:
                return sa.not_(self.definite(node))

    def _compare(self, operator: tree.CompareOperator, left: tree.Node, right: tree.Node) -> Sql:
        if operator not in ("==", "!="):
            return _ORDER[operator](self.ordering(left), self.ordering(right))
        one, other = self.value(left), self.value(right)
        first, second = may_be_blank(self, left), may_be_blank(self, right)
        if operator == "==":
            return one.is_not_distinct_from(other) if first and second else one == other
        return one.is_distinct_from(other) if first or second else one != other

    def _blank_test(self, operand: tree.Node, *, negated: bool) -> Sql:
        if is_condition(operand):
            return sa.true() if negated else sa.false()
        value = self.plain(operand)
        if isinstance(operand, tree.Field) and operand.type.kind in ("list", "opaque"):
            table, _ = self.row_of(operand)
            if operand.name in table.listed:
                empty = sa.cast(value, sa.Text()) == "[]"
                blank = sa.or_(value.is_(None), empty)
                return sa.and_(value.is_not(None), sa.not_(empty)) if negated else blank
        return value.is_not(None) if negated else value.is_(None)

    def _membership(self, item: tree.Node, choices: tuple[tree.Node, ...], *, negated: bool) -> Sql:
        value = self.value(item)
        folded = [self.folded(choice) for choice in choices]
        listed = [stored(choice) for choice in folded if choice is not None]
        has_blank = len(listed) < len(folded)
        nullable = may_be_blank(self, item)
        kind = item.type if item.type.kind != "none" else choices[0].type if choices else item.type
        found: Sql = (
            value.in_([self.literal(one, kind) for one in listed]) if listed else sa.false()
        )
        if has_blank:
            found = sa.or_(value.is_(None), found)
        if not negated:
            return found
        if not nullable:
            return sa.not_(found)
        if has_blank:
            outside = (
                value.not_in([self.literal(one, kind) for one in listed]) if listed else sa.true()
            )
            return sa.and_(value.is_not(None), outside)
        return sa.or_(value.is_(None), sa.not_(found)) if listed else sa.true()

    def _list_contains(self, items: tree.Node, item: tree.Node) -> Sql:
        stored, wanted = self.value(items), self.value(item)
        if self.compiler.dialect == "postgresql":
            return sa.func.jsonb_exists(sa.type_coerce(stored, JSONB()), wanted, type_=sa.Boolean())
        each = sa.func.json_each(stored).table_valued(
            "value", name=f"each_{self.compiler.next_number()}"
        )
        found = sa.select(sa.literal(1)).select_from(each).where(each.c.value == wanted)
        return found.correlate_except(each).exists()

    # -- values ---------------------------------------------------------------------------------------------------

    def plain(self, node: tree.Node) -> Sql:
        """Return SQL whose value is that of *node*, whatever else its kind has of its own."""
        if not tree.looks_at_rows(node):
            return self.literal(stored(self.folded(node)), node.type)
        match node:
            case tree.Field():
                return self._field(node)
            case tree.Variable(name):
                _, source = self.rows[name]
                return source.c.id
            case tree.Arithmetic(_, left, right):
                return arithmetic(self.compiler, node, self.value(left), self.value(right))
            case tree.Negate(operand):
                return -self.value(operand)
            case tree.Choice(test, then, otherwise):
                return sa.case(
                    (self.condition(test), self.value(then)), else_=self.value(otherwise)
                )
            case tree.Call():
                return self._call(node)
            case tree.Over():
                return aggregate(self, node)
            case (
                tree.Compare() | tree.BlankTest() | tree.Membership() | tree.ListContains() | tree.Not()
                | tree.Logic()
            ):  # fmt: skip
                return self.definite(node)
            case tree.Constant() | tree.EnumMember() | tree.Members() | tree.Argument():
                raise AssertionError(node)
            case _:
                assert_never(node)

    def folded(self, node: tree.Node) -> Any:
        """Return the value of what does not differ from record to record."""
        return self.compiler.evaluator.value(node, {})

    def row_of(self, node: tree.Field) -> tuple[SqlTable, FromClause | None]:
        """Return the table of a field, and where its row stands; nothing where that is behind a link."""
        if node.owner is None:
            return self.rows[""]
        if isinstance(node.owner, tree.Variable):
            return self.rows[node.owner.name]
        return self.compiler.tables[node.owner.type.name], None

    def _field(self, node: tree.Field) -> Sql:
        found = self._column(node)
        # Durations are calculated with as the seconds that they are kept as.
        return sa.type_coerce(found, sa.Double()) if node.type.kind == "duration" else found

    def _column(self, node: tree.Field) -> Sql:
        table, source = self.row_of(node)
        link = table.links.get(node.name)
        name = link.own if link is not None and link.holder is None else node.name
        if source is not None:
            return self._of(table, source, name)
        if node.owner is None:
            raise LookupError(f"{node.name} is not a field of this record")
        linked_id = self.plain(node.owner)
        if name == "id":
            return linked_id
        alias = self.compiler.alias(node.owner.type.name)
        found = sa.select(self._of(table, alias, name)).where(alias.c.id == linked_id)
        return found.correlate_except(alias).scalar_subquery()

    def _of(self, table: SqlTable, source: FromClause, name: str) -> Sql:
        derive = table.derived.get(name)
        if derive is None:
            return source.c[name]
        return derive(SqlScope(self.compiler, {"": (table, source)}))

    # -- enums ----------------------------------------------------------------------------------------------------

    def members(self, node: tree.Node) -> tuple[str, ...]:
        """Return the names of an enum's values in their order."""
        return tuple(member.name for member in self.compiler.evaluator.enums[node.type.name])

    def _ordinal(self, node: tree.Node) -> Sql:
        members = self.members(node)
        if not tree.looks_at_rows(node):
            name = stored(self.folded(node))
            return self.literal(None if name is None else members.index(name), INTEGER)
        return sa.case({name: place for place, name in enumerate(members)}, value=self.value(node))

    # -- functions ------------------------------------------------------------------------------------------------

    def _call(self, node: tree.Call) -> Sql:
        name = node.function
        if name in SPAN_SECONDS:
            return self._span(node)
        if name in ("min", "max"):
            return self._extreme(node)
        values = [self.value(part) for part in node.arguments]
        if name == "coalesce":
            return sa.func.coalesce(*values, type_=value_type(self.compiler, node.type))
        if name in ("date", "year", "month", "day", "weekday", "hour"):
            is_moment = node.arguments[0].type.kind == "datetime"
            return calendar(self.compiler, name, values[0], is_moment=is_moment)
        if name == "len" and node.arguments[0].type.kind == "list":
            return list_length(self.compiler, values[0])
        return text_or_number(self.compiler, name, values)

    def _span(self, node: tree.Call) -> Sql:
        value = self.value(node.arguments[0])
        seconds = SPAN_SECONDS[node.function]
        if node.arguments[0].type.kind == "duration":
            return value / float(seconds)
        if self.compiler.dialect == "sqlite":
            return sa.func.tw_span(value, seconds, type_=sa.Double())
        return whole_microseconds(self.compiler, sa.cast(value, sa.Double()) * float(seconds))

    def _extreme(self, node: tree.Call) -> Sql:
        is_enum = node.type.kind == "enum"
        values = [self.ordering(part) for part in node.arguments]
        kind = sa.Integer() if is_enum else value_type(self.compiler, node.type)
        if self.compiler.dialect == "sqlite":
            pick = sa.func.min if node.function == "min" else sa.func.max
            found: Sql = pick(*values, type_=kind)
        else:
            # PostgreSQL passes over blanks; here one blank makes the result blank.
            choose = sa.func.least if node.function == "min" else sa.func.greatest
            known = [value.is_not(None) for value in values]
            found = sa.case((sa.and_(*known), choose(*values, type_=kind)))
        return member_at(found, self.members(node)) if is_enum else found

    def literal(self, value: Any, kind: ValueType) -> Sql:
        """Return a plain value, as columns of its type hold it."""
        return literal(self.compiler, value, kind)


_ORDER: Final[Mapping[str, Callable[[Any, Any], Sql]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
