"""Statistics in SQL: the raw figures of all measures in one statement, finished by the code that all stores share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from tablewright.expressions import tree
from tablewright.expressions.sql import Dialect, SqlScope
from tablewright.runtime.measures import Measure, between, mean, neighbours, share, tallied

Finish = Callable[[Any], Any]


class Gathering:
    """One statement for all measures: `WITH picked AS (…) SELECT figure, figure, …`."""

    def __init__(self, scope: SqlScope, wanted: Mapping[str, Measure], dialect: Dialect) -> None:
        self._scope = scope
        self._wanted = wanted
        self._dialect = dialect
        self._columns: dict[tree.Node, Any] = {}

    def columns(self) -> list[Any]:
        """Return what has to be picked of each row: each value once, however many measures look at it."""
        for measure in self._wanted.values():
            for node, is_value in (
                (measure.value, True),
                (measure.condition, False),
                (measure.among, False),
            ):
                if node is not None and node not in self._columns:
                    name = f"v{len(self._columns)}"
                    found = self._scope.ordering(node) if is_value else self._scope.condition(node)
                    self._columns[node] = found.label(name)
        return list(self._columns.values()) or [sa.literal(1).label("one")]

    def statement(self, picked: sa.Select[Any]) -> sa.Select[Any]:
        """Return the statement over the picked rows."""
        rows = picked.cte("picked")
        simple: list[Any] = []
        complex_: list[Any] = []
        slots: list[tuple[bool, int, Finish]] = []
        for measure in self._wanted.values():
            figure, finish, is_simple = self._figure(measure, rows)
            into = simple if is_simple else complex_
            slots.append((is_simple, len(into), finish))
            into += figure
        # Plain aggregates share one pass over the picked rows; the others are subqueries of their own.
        plain = (
            sa.select(*(one.label(f"f{place}") for place, one in enumerate(simple)))
            .select_from(rows)
            .subquery("plain")
        )
        out = [plain.c[f"f{place}"] for place in range(len(simple))]
        out += [one.label(f"g{place}") for place, one in enumerate(complex_)]
        self._slots = [
            (place if is_simple else len(simple) + place, finish)
            for is_simple, place, finish in slots
        ]
        self._width = len(out)
        return sa.select(*out).select_from(plain) if simple else sa.select(*out)

    def results(self, found: tuple[Any, ...]) -> dict[str, Any]:
        """Return the finished figures from the statement's one row."""
        return {
            name: finish(found[place:])
            for (place, finish), name in zip(self._slots, self._wanted, strict=True)
        }

    def _figure(self, measure: Measure, rows: Any) -> tuple[list[Any], Finish, bool]:
        """Return what to select, how to finish it, and whether it is a plain aggregate."""
        if measure.kind in ("count", "ratio"):
            return self._counts(measure, rows)
        node = measure.looked_at
        value = rows.c[self._columns[node].name]
        decode = self._decoder(node)
        match measure.kind:
            case "count_distinct":
                return [sa.func.count(sa.distinct(value))], lambda row: int(row[0]), True
            case "sum" | "avg":
                figures = [sa.func.sum(value), sa.func.count(value)]
                if measure.kind == "sum":
                    zero: Any = (
                        timedelta()
                        if node.type.kind == "duration"
                        else 0.0 if node.type.kind == "number" else 0
                    )
                    return figures, lambda row: zero if row[0] is None else decode(row[0]), True
                return figures, lambda row: mean(decode(row[0]), int(row[1])), True
            case "min" | "max":
                pick = sa.func.min if measure.kind == "min" else sa.func.max
                return [sa.type_coerce(pick(value), value.type)], lambda row: decode(row[0]), True
            case "count_by":
                return [self._counted(node, value, rows)], self._tally(node), False
            case _:
                return self._percentile(measure.percent, node, value, rows)

    def _counts(self, measure: Measure, rows: Any) -> tuple[list[Any], Finish, bool]:
        if measure.condition is None:
            return [sa.func.count()], lambda row: int(row[0]), True
        met = rows.c[self._columns[measure.condition].name]
        if measure.among is None:
            return [_number_of(met)], lambda row: int(row[0]), True
        whole = rows.c[self._columns[measure.among].name]
        figures = [_number_of(sa.and_(met, whole)), _number_of(whole)]
        return figures, lambda row: share(int(row[0]), int(row[1])), True

    def _counted(self, node: tree.Node, value: Any, rows: Any) -> Any:
        if node.type.kind == "list":
            # Both databases let a function after the comma see the row before it.
            if self._dialect == "postgresql":
                split = sa.func.jsonb_array_elements_text(value)
                each: Any = split.table_valued("value", name="each").lateral()
            else:
                each = sa.func.json_each(value).table_valued("value", name="each")
            source: Any = sa.join(rows, each, sa.true())
            value = each.c.value
            groups = sa.select(value.label("v"), sa.func.count().label("n")).select_from(source)
        else:
            groups = sa.select(value.label("v"), sa.func.count().label("n")).select_from(rows)
            groups = groups.where(value.is_not(None))
        counted = groups.group_by(value).subquery()
        if self._dialect == "postgresql":
            pair = sa.func.jsonb_build_array(counted.c.v, counted.c.n)
            return sa.cast(sa.select(sa.func.jsonb_agg(pair)).scalar_subquery(), sa.Text())
        pair = sa.func.json_array(sa.type_coerce(counted.c.v, sa.Text()), counted.c.n)
        return sa.select(sa.func.json_group_array(pair)).select_from(counted).scalar_subquery()

    def _tally(self, node: tree.Node) -> Finish:
        item = (
            node.type.item if node.type.kind == "list" and node.type.item is not None else node.type
        )
        enums = self._scope.compiler.evaluator.enums
        read: Callable[[Any], Any]
        if node.type.kind == "list" and item.kind == "enum":
            by_name = enums[item.name].__members__
            read = by_name.__getitem__
        elif item.kind == "enum":
            read = list(enums[item.name]).__getitem__
        elif item.kind == "boolean":
            read = bool
        elif item.kind == "date":
            read = date.fromisoformat
        else:
            read = _same

        def finish(row: Any) -> dict[Any, int]:
            pairs = [
                json.loads(pair) if isinstance(pair, str) else pair
                for pair in json.loads(row[0] or "[]")
            ]
            return tallied(node, {read(value): number for value, number in pairs}, enums)

        return finish

    def _percentile(
        self, percent: float, node: tree.Node, value: Any, rows: Any
    ) -> tuple[list[Any], Finish, bool]:
        number = sa.select(sa.func.count(value)).select_from(rows).scalar_subquery()
        place = sa.func.row_number().over(order_by=value) - 1
        ranked = (
            sa.select(
                value.label("v"), place.label("place"), sa.func.count().over().label("number")
            )
            .where(value.is_not(None))
            .subquery()
        )
        exact = (ranked.c.number - 1) * sa.literal(percent, sa.Double()) / 100.0
        near = sa.and_(ranked.c.place > exact - 1.0, ranked.c.place < exact + 1.0)
        low = sa.select(sa.func.min(ranked.c.v)).where(near).scalar_subquery()
        high = sa.select(sa.func.max(ranked.c.v)).where(near).scalar_subquery()
        decode = self._decoder(node)

        def finish(row: Any) -> Any:
            count_ = int(row[2])
            if not count_:
                return None
            first, second = neighbours(count_, percent)
            low_value, high_value = decode(row[0]), decode(row[1])
            return between(low_value, low_value if first == second else high_value, count_, percent)

        return [low, high, number], finish, False

    def _decoder(self, node: tree.Node) -> Callable[[Any], Any]:
        """Return how a raw figure is read as a value of *node*'s type."""
        found: Callable[[Any], Any]
        match node.type.kind:
            case "integer":
                found = int
            case "number":
                found = float
            case "duration":
                found = _as_span
            case "enum":
                found = list(self._scope.compiler.evaluator.enums[node.type.name]).__getitem__
            case _:
                found = _same
        return lambda value: None if value is None else found(value)


def _number_of(condition: Any) -> Any:
    return sa.func.count(sa.case((condition, 1)))


def _as_span(seconds: Any) -> timedelta:
    return seconds if isinstance(seconds, timedelta) else timedelta(seconds=float(seconds))


def _same(value: Any) -> Any:
    return value
