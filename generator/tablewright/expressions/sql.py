"""Tree → SQLAlchemy expression for SQLite and PostgreSQL, with the meaning that `evaluate` gives it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from itertools import count
from typing import Any, Final, Literal, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause
from sqlalchemy.types import TypeEngine

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.operations import SPAN_SECONDS
from tablewright.expressions.types import INTEGER, ValueType

Dialect = Literal["sqlite", "postgresql"]
Sql = ColumnElement[Any]

WHITE_SPACE: Final = "".join(map(chr, [*range(9, 14), *range(28, 33), 133, 160, 5760, *range(8192, 8203), 8232, 8233, 8239, 8287, 12288]))  # fmt: skip
"""What Python's `str.strip` takes away."""


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
    """A table as expressions see it: its columns bear the fields' keys, beside `id` and `created_time`."""

    table: sa.Table
    links: Mapping[str, SqlLink]
    nullable: frozenset[str]
    listed: frozenset[str]


@dataclass(slots=True)
class SqlCompiler:
    """Compiles trees over the records of one schema.

    *moment_type* is the column type of datetimes; *fold* gives sets of letters (`lower`, `upper`) their function.
    """

    dialect: Dialect
    tables: Mapping[str, SqlTable]
    moment_type: TypeEngine[Any]
    evaluator: Evaluator
    collation: str | None = None
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
        return known.alias(f"{known.name}_{self.next_number()}")


@dataclass(frozen=True, slots=True)
class SqlScope:
    """The records that an expression can name: its own under "", each variable's under its name."""

    compiler: SqlCompiler
    rows: Mapping[str, tuple[SqlTable, FromClause]]

    # -- what callers ask for -------------------------------------------------------------------------------------

    def condition(self, node: tree.Node) -> Sql:
        """Return SQL that is true exactly where *node* is; where it is not, it may be NULL instead of false."""
        if not _looks_at_rows(node):
            return sa.true() if self._folded(node) else sa.false()
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
                return self._exists(node)
            case _:
                return self._plain(node)

    def value(self, node: tree.Node) -> Sql:
        """Return SQL whose value is that of *node*: NULL where it is blank, true or false where it is a condition."""
        return self.definite(node) if _is_condition(node) else self._plain(node)

    def definite(self, node: tree.Node) -> Sql:
        """Return SQL that is true where *node* is and false everywhere else."""
        found = self.condition(node)
        return (
            sa.func.coalesce(found, sa.false(), type_=sa.Boolean())
            if self._may_be_null(node)
            else found
        )

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
        first, second = self._may_be_blank(left), self._may_be_blank(right)
        if operator == "==":
            return one.is_not_distinct_from(other) if first and second else one == other
        return one.is_distinct_from(other) if first or second else one != other

    def _blank_test(self, operand: tree.Node, *, negated: bool) -> Sql:
        if _is_condition(operand):
            return sa.true() if negated else sa.false()
        value = self._plain(operand)
        if isinstance(operand, tree.Field) and operand.type.kind in ("list", "opaque"):
            table, _ = self._row_of(operand)
            if operand.name in table.listed:
                empty = sa.cast(value, sa.Text()) == "[]"
                blank = sa.or_(value.is_(None), empty)
                return sa.and_(value.is_not(None), sa.not_(empty)) if negated else blank
        return value.is_not(None) if negated else value.is_(None)

    def _membership(self, item: tree.Node, choices: tuple[tree.Node, ...], *, negated: bool) -> Sql:
        value = self.value(item)
        folded = [self._folded(choice) for choice in choices]
        listed = [_stored(choice) for choice in folded if choice is not None]
        has_blank = len(listed) < len(folded)
        nullable = self._may_be_blank(item)
        kind = item.type if item.type.kind != "none" else choices[0].type if choices else item.type
        found: Sql = (
            value.in_([self._literal(one, kind) for one in listed]) if listed else sa.false()
        )
        if has_blank:
            found = sa.or_(value.is_(None), found)
        if not negated:
            return found
        if not nullable:
            return sa.not_(found)
        if has_blank:
            outside = (
                value.not_in([self._literal(one, kind) for one in listed]) if listed else sa.true()
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

    # -- linked records -------------------------------------------------------------------------------------------

    def _linked(self, node: tree.Over) -> tuple[SqlScope, Callable[[Sql], sa.Select[Any]]]:
        """Return the scope of the linked records, and a function that makes a subquery over those that count."""
        table, own_id = self._relation_start(node.relation)
        link = table.links[node.relation.name]
        target = self.compiler.tables[link.target]
        alias = self.compiler.alias(link.target)
        scope = SqlScope(self.compiler, {**self.rows, node.variable.name: (target, alias)})
        if link.holder is None:
            raise LookupError(f"{node.relation.name} leads to one record")
        source, holder = alias, alias
        if link.holder is not target.table or link.other != "id":
            holder = link.holder.alias(f"{link.holder.name}_{self.compiler.next_number()}")
            source = sa.join(holder, alias, holder.c[link.other] == alias.c.id)
        parts = [holder.c[link.own] == own_id]
        if node.condition is not None:
            parts.append(scope.condition(node.condition))

        def subquery(column: Sql) -> sa.Select[Any]:
            # Everything else belongs to the query around; SQLAlchemy sees that by itself one level up only.
            found = sa.select(column).select_from(source).where(*parts)
            return found.correlate_except(alias, holder)

        return scope, subquery

    def _relation_start(self, relation: tree.Field) -> tuple[SqlTable, Sql]:
        if relation.owner is None:
            table, source = self.rows[""]
            return table, source.c.id
        if isinstance(relation.owner, tree.Variable):
            table, source = self.rows[relation.owner.name]
            return table, source.c.id
        return self.compiler.tables[relation.owner.type.name], self._plain(relation.owner)

    def _exists(self, node: tree.Over) -> Sql:
        scope, subquery = self._linked(node)
        body = node.body if node.body is not None else tree.TRUE
        rows = subquery(sa.literal(1))
        if node.quantifier == "any":
            return rows.where(scope.condition(body)).exists()
        return sa.not_(rows.where(scope.opposite(body)).exists())

    def _aggregate(self, node: tree.Over) -> Sql:
        scope, subquery = self._linked(node)
        if node.body is None:
            return subquery(sa.func.count()).scalar_subquery()
        # An aggregate over a value of the record around would belong to the query around; a table of values cannot.
        found = scope.value(node.body) if node.quantifier == "sum" else scope.ordering(node.body)
        values = subquery(found.label("value")).subquery(f"values_{self.compiler.next_number()}")
        value = values.c.value
        body: Sql
        if node.quantifier == "sum":
            zero = sa.literal(0.0 if node.type.kind != "integer" else 0)
            body = sa.func.coalesce(sa.func.sum(value), zero)
            body = self._whole_microseconds(body) if node.type.kind == "duration" else body
            body = sa.cast(body, sa.BigInteger()) if node.type.kind == "integer" else body
        else:
            body = (sa.func.min if node.quantifier == "min" else sa.func.max)(value)
            if node.body.type.kind == "enum":
                body = self._member_at(body, self._members(node.body))
        return sa.select(body).select_from(values).scalar_subquery()

    # -- values ---------------------------------------------------------------------------------------------------

    def _plain(self, node: tree.Node) -> Sql:
        if not _looks_at_rows(node):
            return self._literal(_stored(self._folded(node)), node.type)
        match node:
            case tree.Field():
                return self._field(node)
            case tree.Variable(name):
                _, source = self.rows[name]
                return source.c.id
            case tree.Arithmetic(operator, left, right, kind):
                return self._arithmetic(operator, left, right, kind)
            case tree.Negate(operand):
                return -self.value(operand)
            case tree.Choice(test, then, otherwise):
                return sa.case(
                    (self.condition(test), self.value(then)), else_=self.value(otherwise)
                )
            case tree.Call():
                return self._call(node)
            case tree.Over():
                return self._aggregate(node)
            case (
                tree.Compare() | tree.BlankTest() | tree.Membership() | tree.ListContains() | tree.Not()
                | tree.Logic()
            ):  # fmt: skip
                return self.definite(node)
            case tree.Constant() | tree.EnumMember() | tree.Argument():
                raise AssertionError(node)
            case _:
                assert_never(node)

    def _folded(self, node: tree.Node) -> Any:
        return self.compiler.evaluator.value(node, {})

    def _row_of(self, node: tree.Field) -> tuple[SqlTable, FromClause | None]:
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
        table, source = self._row_of(node)
        link = table.links.get(node.name)
        name = link.own if link is not None and link.holder is None else node.name
        if source is not None:
            return source.c[name]
        if node.owner is None:
            raise LookupError(f"{node.name} is not a field of this record")
        linked_id = self._plain(node.owner)
        if name == "id":
            return linked_id
        alias = self.compiler.alias(node.owner.type.name)
        found = sa.select(alias.c[name]).where(alias.c.id == linked_id)
        return found.correlate_except(alias).scalar_subquery()

    def _arithmetic(
        self, operator: tree.ArithmeticOperator, left: tree.Node, right: tree.Node, kind: ValueType
    ) -> Sql:
        one, other = self.value(left), self.value(right)
        if left.type.is_numeric and right.type.is_numeric:
            return self._number_arithmetic(operator, one, other, kind)
        if left.type.kind == "text":
            return sa.type_coerce(one, sa.Text()).concat(sa.type_coerce(other, sa.Text()))
        postgres = self.compiler.dialect == "postgresql"
        if kind.kind == "datetime":
            if left.type.kind == "duration":
                one, other = other, one
            span = -other if operator == "-" else other
            if postgres:
                later = one.op("+")(sa.func.make_interval(0, 0, 0, 0, 0, 0, span))
                return sa.type_coerce(later, self.compiler.moment_type)
            return sa.func.tw_add_seconds(one, span, type_=self.compiler.moment_type)
        if left.type.kind == "duration":
            return self._whole_microseconds(_PLAIN_ARITHMETIC[operator](one, other))
        if not postgres:
            return sa.func.tw_seconds_between(one, other, type_=sa.Double())
        if left.type.kind == "date":
            days = sa.type_coerce(one.op("-")(other), sa.Integer())
            return sa.cast(days, sa.Double()) * 86_400.0
        between = sa.type_coerce(one.op("-")(other), sa.Interval())
        return sa.cast(sa.extract("epoch", between), sa.Double())

    def _number_arithmetic(
        self, operator: tree.ArithmeticOperator, one: Sql, other: Sql, kind: ValueType
    ) -> Sql:
        if operator in ("+", "-", "*"):
            return sa.type_coerce(_PLAIN_ARITHMETIC[operator](one, other), _number_type(kind))
        if operator == "%" and kind.kind == "integer":
            divisor = sa.func.nullif(other, 0, type_=sa.BigInteger())
            return ((one % divisor) + divisor) % divisor
        dividend: Sql = sa.cast(one, sa.Double())
        divisor = sa.func.nullif(sa.cast(other, sa.Double()), 0.0, type_=sa.Double())
        quotient = dividend / divisor
        if operator == "/":
            return quotient
        return dividend - divisor * sa.cast(self._rounded_down(quotient), sa.Double())

    def _rounded_down(self, value: Sql) -> Sql:
        if self.compiler.dialect == "postgresql":
            return sa.func.floor(value, type_=sa.Double())
        return sa.func.tw_floor(value, type_=sa.BigInteger())

    def _whole_microseconds(self, seconds: Sql) -> Sql:
        # Durations are seconds in double precision: sums of them are brought back to the nearest microsecond.
        if self.compiler.dialect == "postgresql":
            return sa.func.round(seconds * 1_000_000.0, type_=sa.Double()) / 1_000_000.0
        return sa.func.tw_span(seconds, 1, type_=sa.Double())

    # -- enums ----------------------------------------------------------------------------------------------------

    def _members(self, node: tree.Node) -> tuple[str, ...]:
        return tuple(member.name for member in self.compiler.evaluator.enums[node.type.name])

    def _ordinal(self, node: tree.Node) -> Sql:
        members = self._members(node)
        if not _looks_at_rows(node):
            stored = _stored(self._folded(node))
            return self._literal(None if stored is None else members.index(stored), INTEGER)
        return sa.case({name: place for place, name in enumerate(members)}, value=self.value(node))

    def _member_at(self, ordinal: Sql, members: tuple[str, ...]) -> Sql:
        return sa.case(dict(enumerate(members)), value=ordinal)

    # -- functions ------------------------------------------------------------------------------------------------

    def _call(self, node: tree.Call) -> Sql:
        name = node.function
        if name in SPAN_SECONDS:
            return self._span(node)
        if name in ("min", "max"):
            return self._extreme(node)
        values = [self.value(part) for part in node.arguments]
        if name == "coalesce":
            return sa.func.coalesce(*values, type_=self._type(node.type))
        if name in ("date", "year", "month", "day", "weekday", "hour"):
            return self._calendar(name, values[0], node.arguments[0].type.kind == "datetime")
        return self._text_or_number(name, values)

    def _span(self, node: tree.Call) -> Sql:
        value = self.value(node.arguments[0])
        seconds = SPAN_SECONDS[node.function]
        if node.arguments[0].type.kind == "duration":
            return value / float(seconds)
        if self.compiler.dialect == "sqlite":
            return sa.func.tw_span(value, seconds, type_=sa.Double())
        return self._whole_microseconds(sa.cast(value, sa.Double()) * float(seconds))

    def _extreme(self, node: tree.Call) -> Sql:
        is_enum = node.type.kind == "enum"
        values = [self.ordering(part) for part in node.arguments]
        kind = sa.Integer() if is_enum else self._type(node.type)
        if self.compiler.dialect == "sqlite":
            pick = sa.func.min if node.function == "min" else sa.func.max
            found: Sql = pick(*values, type_=kind)
        else:
            # PostgreSQL passes over blanks; here one blank makes the result blank.
            choose = sa.func.least if node.function == "min" else sa.func.greatest
            known = [value.is_not(None) for value in values]
            found = sa.case((sa.and_(*known), choose(*values, type_=kind)))
        return self._member_at(found, self._members(node)) if is_enum else found

    def _calendar(self, name: str, value: Sql, is_moment: bool) -> Sql:
        if self.compiler.dialect == "postgresql":
            local = sa.func.timezone("UTC", value, type_=sa.DateTime()) if is_moment else value
            if name == "date":
                return sa.cast(local, sa.Date())
            if name == "weekday":
                return sa.cast(sa.extract("isodow", local), sa.BigInteger()) - 1
            return sa.cast(sa.extract(name, local), sa.BigInteger())
        text = sa.type_coerce(value, sa.Text())
        if name == "date":
            return sa.func.substr(text, 1, 10, type_=sa.Date())
        if name == "weekday":
            since_sunday = sa.cast(
                sa.func.strftime("%w", sa.func.substr(text, 1, 10)), sa.BigInteger()
            )
            return (since_sunday + 6) % 7
        start, length = {"year": (1, 4), "month": (6, 2), "day": (9, 2), "hour": (12, 2)}[name]
        return sa.cast(sa.func.substr(text, start, length), sa.BigInteger())

    def _text_or_number(self, name: str, values: list[Sql]) -> Sql:
        postgres = self.compiler.dialect == "postgresql"
        first = values[0]
        match name:
            case "lower" | "upper":
                return self._letters(name, first)
            case "strip":
                trim = sa.func.btrim if postgres else sa.func.trim
                return trim(first, WHITE_SPACE, type_=sa.Text())
            case "contains":
                find = sa.func.strpos if postgres else sa.func.instr
                return find(first, values[1], type_=sa.Integer()) > 0
            case "startswith":
                head = sa.func.substr(first, 1, self._length(values[1]), type_=sa.Text())
                return head == values[1]
            case "endswith":
                start = self._length(first) - self._length(values[1]) + 1
                tail = sa.func.substr(first, start, type_=sa.Text())
                return sa.and_(start >= 1, tail == values[1])
            case "len":
                return self._length(first)
            case "round":
                return self._round(first, values[1] if len(values) > 1 else sa.literal(0))
            case "floor":
                return sa.cast(self._rounded_down(sa.cast(first, sa.Double())), sa.BigInteger())
            case "ceil":
                return -sa.cast(self._rounded_down(-sa.cast(first, sa.Double())), sa.BigInteger())
            case _:  # abs
                return sa.func.abs(first, type_=first.type)

    def _letters(self, name: str, value: Sql) -> Sql:
        if self.compiler.dialect == "sqlite":
            return getattr(sa.func, f"tw_{name}")(value, type_=sa.Text())  # type: ignore[no-any-return]
        folding = sa.collate(value, self.compiler.collation) if self.compiler.collation else value
        return sa.collate(getattr(sa.func, name)(folding, type_=sa.Text()), "C")

    def _length(self, text: Sql) -> Sql:
        count_ = sa.func.char_length if self.compiler.dialect == "postgresql" else sa.func.length
        return count_(text, type_=sa.Integer())

    def _round(self, value: Sql, places: Sql) -> Sql:
        if self.compiler.dialect == "sqlite":
            return sa.func.tw_round(value, places, type_=sa.Double())
        # By way of text, so that the digits as written are rounded and not the double behind them.
        exact = sa.cast(sa.cast(value, sa.Text()), sa.Numeric())
        return sa.cast(
            sa.func.round(exact, sa.cast(places, sa.Integer()), type_=sa.Numeric()), sa.Double()
        )

    # -- literals and blanks --------------------------------------------------------------------------------------

    def _type(self, kind: ValueType) -> TypeEngine[Any]:
        if kind.kind == "datetime":
            return self.compiler.moment_type
        return _TYPES.get(kind.kind, sa.Text)()

    def _literal(self, value: Any, kind: ValueType) -> Sql:
        if value is None:
            return sa.cast(sa.null(), self._type(kind))
        if isinstance(value, bool):
            return sa.true() if value else sa.false()
        if isinstance(value, datetime):
            return sa.literal(value.astimezone(UTC), self.compiler.moment_type)
        if isinstance(value, date):
            return sa.literal(value, sa.Date())
        if isinstance(value, int):
            return sa.literal(value, sa.BigInteger())
        return sa.literal(value, sa.Double() if isinstance(value, float) else sa.Text())

    def _may_be_blank(self, node: tree.Node) -> bool:
        if _is_condition(node):
            return False
        if not _looks_at_rows(node):
            return self._folded(node) is None
        match node:
            case tree.Field(name, _, owner):
                table, source = self._row_of(node)
                return source is None or name in table.nullable or self._missing(owner)
            case tree.Variable():
                return False
            case tree.Arithmetic(operator, left, right, kind):
                return (
                    kind.kind == "datetime"
                    or self._may_be_blank(left)
                    or self._may_be_blank(right)
                    or (operator in ("/", "%") and self._may_be_zero(right))
                )
            case tree.Choice(_, then, otherwise):
                return self._may_be_blank(then) or self._may_be_blank(otherwise)
            case tree.Call("coalesce", arguments):
                return all(self._may_be_blank(part) for part in arguments)
            case tree.Call(name, arguments):
                return name in SPAN_SECONDS or any(self._may_be_blank(part) for part in arguments)
            case tree.Over(quantifier):
                return quantifier in ("min", "max")
            case tree.Negate(operand):
                return self._may_be_blank(operand)
            case _:
                return True

    def _missing(self, owner: tree.Node | None) -> bool:
        return owner is not None and not isinstance(owner, tree.Variable)

    def _may_be_zero(self, node: tree.Node) -> bool:
        return _looks_at_rows(node) or not self._folded(node)

    def _may_be_null(self, node: tree.Node) -> bool:
        """Tell whether the SQL of a condition may be NULL where the condition is false."""
        if not _looks_at_rows(node):
            return False
        match node:
            case tree.Compare(operator, left, right):
                first, second = self._may_be_blank(left), self._may_be_blank(right)
                if operator == "!=":
                    return False
                return first != second if operator == "==" else first or second
            case tree.BlankTest() | tree.Over():
                return False
            case tree.Membership(item, _, negated):
                return not negated and self._may_be_blank(item)
            case tree.ListContains(items, item):
                return self._may_be_blank(items) or self._may_be_blank(item)
            case tree.Logic(_, operands):
                return any(self._may_be_null(part) for part in operands)
            case tree.Not(tree.Not(operand)):
                return self._may_be_null(operand)
            case tree.Not(tree.Compare("!=", left, right)):
                return self._may_be_null(tree.Compare("==", left, right))
            case tree.Not(tree.Membership(item, _, negated)):
                return negated and self._may_be_blank(item)
            case tree.Not():
                return False
            case tree.Call(_, arguments):
                return any(self._may_be_blank(part) for part in arguments)
            case _:
                return self._may_be_blank(node)


_TYPES: Final[Mapping[str, type[TypeEngine[Any]]]] = {
    "integer": sa.BigInteger,
    "number": sa.Double,
    "boolean": sa.Boolean,
    "date": sa.Date,
    "duration": sa.Double,
}
_ORDER: Final[Mapping[str, Callable[[Any, Any], Sql]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_PLAIN_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Sql]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
}  # fmt: skip


def _number_type(kind: ValueType) -> TypeEngine[Any]:
    return sa.BigInteger() if kind.kind == "integer" else sa.Double()


def _looks_at_rows(node: tree.Node) -> bool:
    return any(isinstance(part, (tree.Field, tree.Variable)) for part in tree.walk(node))


def _is_condition(node: tree.Node) -> bool:
    """Tell whether *node* is true or false and never blank, whatever it looks at."""
    match node:
        case (
            tree.Compare() | tree.BlankTest() | tree.Membership() | tree.ListContains() | tree.Not()
            | tree.Logic() | tree.Over("any" | "all") | tree.Call("contains" | "startswith" | "endswith")
        ):  # fmt: skip
            return True
        case _:
            return False


def _stored(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    return value.total_seconds() if isinstance(value, timedelta) else value
