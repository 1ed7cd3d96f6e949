"""One meaning: SQL gives for every record what the direct evaluator gives, on generated expressions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    record_of,
)
from tablewright.runtime import Choice, StoreError
from tablewright.runtime.connection import connect
from tablewright.runtime.stores.base import Selection
from tablewright.runtime.stores.sql import SqlStore
from tablewright.runtime.stores.sql_selecting import scope_of
from tablewright.runtime.stores.sql_statements import KnownTable
from tests.contract.growing import arguments, expressions
from tests.contract.items import ENUMS, ITEM, linked, rows
from tests.drawing import NOW


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlStore]:
    """A store with the rows in it."""
    address = (
        f"sqlite:///{tmp_path_factory.mktemp('expressions') / 'items.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres")
    )
    with connect(address) as connected:
        store = connected.store
        assert isinstance(store, SqlStore)
        store.insert(ITEM, rows())
        yield store
        if request.param == "postgresql":
            with store.database.writer.begin() as connection:
                store.database.known(ITEM).schema.metadata.drop_all(connection)


RECORDS = linked(rows())
PATIENT = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def sql_values(
    store: SqlStore, evaluator: Evaluator, make: Callable[[Any], list[Any]]
) -> dict[str, Any]:
    """Return, by record id, what a statement gives."""

    def work(connection: sa.Connection, known: KnownTable) -> Any:
        scope = scope_of(known, Selection(ITEM, now=NOW))
        scope.compiler.evaluator = evaluator
        return connection.execute(sa.select(known.statements.table.c.id, *make(scope))).all()

    found = store.database.read(ITEM, work)
    return {row[0]: tuple(row[1:]) for row in found}


@PATIENT
@given(node=expressions(conditions=True), given_arguments=arguments())
def test_conditions_choose_the_same_records(
    filled: SqlStore, node: tree.Node, given_arguments: dict[str, Any]
) -> None:
    """A condition, its opposite, and its plain value agree with the evaluator for every record."""
    evaluator = Evaluator(given_arguments, NOW, ENUMS)
    expected = {row["id"]: evaluator.holds(node, row) for row in RECORDS}

    found = sql_values(
        filled,
        evaluator,
        lambda scope: [
            sa.case((scope.condition(node), 1), else_=0),
            sa.case((scope.condition(tree.Not(node)), 1), else_=0),
            scope.definite(node),
        ],
    )

    for record_id, holds in expected.items():
        assert found[record_id] == (int(holds), int(not holds), holds), record_id


@PATIENT
@given(node=expressions(conditions=False), given_arguments=arguments())
def test_values_are_the_same(
    filled: SqlStore, node: tree.Node, given_arguments: dict[str, Any]
) -> None:
    """A value agrees with the evaluator for every record, blanks included."""
    evaluator = Evaluator(given_arguments, NOW, ENUMS)

    found = sql_values(filled, evaluator, lambda scope: [scope.value(node)])

    for row in RECORDS:
        assert plain(found[row["id"]][0], node) == plain(
            evaluator.value(node, {"": row}), node
        ), row


@pytest.mark.parametrize(
    "operands",
    [("*", 2**53, 2**53), ("*", -(2**53), 2**11), ("+", 2**62, 2**62), ("-", -(2**62), 2**62 + 1)],
)
def test_integers_beyond_64_bits_are_refused(
    filled: SqlStore, operands: tuple[tree.ArithmeticOperator, int, int]
) -> None:
    """No database goes on with another number than the exact one."""
    operator, left, right = operands
    rank = tree.Field("rank", INTEGER)
    # The row is looked at, so that the database does the calculation: rank - rank is 0.
    zero = tree.Arithmetic("-", rank, rank, INTEGER)
    grown = tree.Arithmetic("+", zero, tree.literal(left), INTEGER)
    node = tree.Arithmetic(operator, grown, tree.literal(right), INTEGER)

    with pytest.raises(StoreError, match="more than 64 bits"):
        sql_values(filled, Evaluator({}, NOW, ENUMS), lambda scope: [scope.value(node)])


@pytest.mark.parametrize("number", [1e30, -1e300, math.inf])
def test_floor_of_a_number_beyond_64_bits_is_refused(filled: SqlStore, number: float) -> None:
    """As any other integer that no database can hold, in the same words."""
    huge = tree.Call("floor", (looked_at(number),), INTEGER)

    with pytest.raises(StoreError, match="more than 64 bits"):
        sql_values(filled, Evaluator({}, NOW, ENUMS), lambda scope: [scope.value(huge)])


@pytest.mark.parametrize(("left", "right"), [(1e30, 7.0), (-1e30, 0.3), (1e300, -3.0)])
def test_what_remains_of_large_numbers_is_the_same(
    filled: SqlStore, left: float, right: float
) -> None:
    """How often the divisor goes into a number may need more digits than an integer has."""
    node = tree.Arithmetic("%", looked_at(left), tree.literal(right), NUMBER.or_none())
    evaluator = Evaluator({}, NOW, ENUMS)

    found = sql_values(filled, evaluator, lambda scope: [scope.value(node)])

    assert {values[0] for values in found.values()} == {evaluator.value(node, {"": RECORDS[0]})}


def looked_at(value: float) -> tree.Node:
    """Return a number that is worked out for every record: weight is never blank."""
    weight = tree.Field("weight", NUMBER)
    return tree.Choice(tree.BlankTest(weight, negated=True), tree.literal(value), weight, NUMBER)


FLAG = tree.Field("flag", BOOLEAN)
PARENT_FLAG = tree.Field("flag", BOOLEAN.or_none(), tree.Field("parent", record_of("Item")))


@pytest.mark.parametrize(
    "node",
    [
        tree.Compare("!=", PARENT_FLAG, tree.Not(FLAG)),
        tree.Compare("==", PARENT_FLAG, tree.Not(FLAG)),
        tree.Compare("!=", tree.Not(FLAG), PARENT_FLAG),
        tree.Compare("==", tree.Not(FLAG), PARENT_FLAG),
        tree.Compare("!=", PARENT_FLAG, tree.Not(PARENT_FLAG)),
        tree.Membership(tree.Not(FLAG), (tree.TRUE, tree.FALSE)),
        tree.Membership(tree.Not(FLAG), (tree.TRUE, tree.BLANK)),
    ],
)
def test_what_is_not_is_a_value_beside_other_operators(filled: SqlStore, node: tree.Node) -> None:
    """`not flag` is compared as a whole, and not only its flag."""
    evaluator = Evaluator({}, NOW, ENUMS)

    found = sql_values(filled, evaluator, lambda scope: [scope.definite(node)])

    assert {key: bool(values[0]) for key, values in found.items()} == {
        row["id"]: evaluator.holds(node, row) for row in RECORDS
    }


LAST, FIRST = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
MOST = timedelta(days=999_999_999)


@pytest.mark.parametrize(
    ("operator", "moment", "span", "expected"),
    [
        ("+", LAST, timedelta(seconds=1), LAST),
        ("+", NOW, MOST, LAST),
        ("-", NOW, MOST, FIRST),
        ("-", FIRST, timedelta(days=400), FIRST),
        ("+", FIRST, timedelta(days=400), FIRST + timedelta(days=400)),
        ("-", LAST, timedelta(days=400), LAST - timedelta(days=400)),
        ("+", LAST - timedelta(microseconds=998), timedelta(milliseconds=1), LAST),
        ("-", FIRST + timedelta(microseconds=500), timedelta(microseconds=501), FIRST),
    ],
)
def test_time_ends_where_the_calendar_does(
    filled: SqlStore,
    operator: tree.ArithmeticOperator,
    moment: datetime,
    span: timedelta,
    expected: datetime,
) -> None:
    """A moment before the first or after the last is the first or last, in the database and in the evaluator."""
    # The row is looked at, so that the database does the calculation: seen is never blank.
    seen = tree.Field("seen", DATETIME)
    start = tree.Choice(tree.BlankTest(seen, negated=True), tree.literal(moment), seen, DATETIME)
    node = tree.Arithmetic(operator, start, tree.literal(span), DATETIME)
    evaluator = Evaluator({}, NOW, ENUMS)

    found = sql_values(filled, evaluator, lambda scope: [scope.value(node)])

    assert {values[0] for values in found.values()} == {expected}
    assert {evaluator.value(node, {"": row}) for row in RECORDS} == {expected}


@pytest.mark.parametrize(
    ("operator", "day", "span", "expected"),
    [
        ("+", date.max, timedelta(days=1), date.max),
        ("+", NOW.date(), MOST, date.max),
        ("-", NOW.date(), MOST, date.min),
        ("-", date.min, timedelta(days=400), date.min),
        ("+", date(2024, 2, 28), timedelta(days=1, hours=23), date(2024, 2, 29)),
        ("-", date(2024, 3, 1), timedelta(days=1, hours=23), date(2024, 2, 29)),
        ("+", date(2024, 3, 1), -timedelta(hours=1), date(2024, 2, 29)),
        ("-", date(2024, 3, 1), -timedelta(hours=1), date(2024, 3, 2)),
        ("+", date.min, timedelta(days=400), date.min + timedelta(days=400)),
        ("-", date.max, timedelta(days=400), date.max - timedelta(days=400)),
    ],
)
def test_days_move_by_whole_days_within_the_calendar(
    filled: SqlStore,
    operator: tree.ArithmeticOperator,
    day: date,
    span: timedelta,
    expected: date,
) -> None:
    """A day moves by the whole days of a duration, rounded down as `timedelta.days` is, and not out of the calendar."""
    # The row is looked at, so that the database does the calculation: seen is never blank.
    seen = tree.Field("seen", DATETIME)
    other = tree.Call("date", (seen,), DATE)
    start = tree.Choice(tree.BlankTest(seen, negated=True), tree.literal(day), other, DATE)
    node = tree.Arithmetic(operator, start, tree.literal(span), DATE)
    evaluator = Evaluator({}, NOW, ENUMS)

    found = sql_values(filled, evaluator, lambda scope: [scope.value(node)])

    assert {values[0] for values in found.values()} == {expected}
    assert {evaluator.value(node, {"": row}) for row in RECORDS} == {expected}


@pytest.mark.parametrize(("operator", "expected"), [("+", MOST), ("-", -MOST)])
def test_durations_end_where_they_cannot_be_held(
    filled: SqlStore, operator: tree.ArithmeticOperator, expected: timedelta
) -> None:
    """Adding to the longest leaves the longest."""
    rank = tree.Field("rank", INTEGER)
    none = tree.Call("hours", (tree.Arithmetic("-", rank, rank, INTEGER),), DURATION)
    longest = tree.Arithmetic(operator, none, tree.literal(MOST), DURATION)
    node = tree.Arithmetic(operator, longest, tree.literal(timedelta(days=1)), DURATION)
    evaluator = Evaluator({}, NOW, ENUMS)

    found = sql_values(filled, evaluator, lambda scope: [scope.value(node)])

    assert {values[0] for values in found.values()} == {expected.total_seconds()}
    assert {evaluator.value(node, {"": row}) for row in RECORDS} == {expected}


def plain(value: Any, node: tree.Node) -> Any:
    """Return a value in the form that both sides can be compared in."""
    if value is None:
        return None
    match node.type.kind:
        case "enum":
            return value.name if isinstance(value, Choice) else value
        case "duration":
            return value.total_seconds() if isinstance(value, timedelta) else float(value)
        case "number" | "integer":
            return float(value)
        case "boolean":
            return bool(value)
        case _:
            return value
