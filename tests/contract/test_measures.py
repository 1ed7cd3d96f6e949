"""Statistics: one statement on SQL, and the same figures as plain Python works out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus
from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.runtime import (
    Choice,
    Columns,
    Connection,
    FieldSpec,
    OrderedChoice,
    TableSpec,
    connect,
)
from tablewright.runtime import columns as _
from tablewright.runtime import measures as m
from tablewright.runtime.measures import Measure, measured
from tablewright.runtime.stores.airtable import AirtableStore
from tablewright.runtime.stores.base import Order, Selection, Store
from tablewright.runtime.stores.sql import SqlStore
from tests.contract.figures import same


class Mood(Choice):
    """Names and labels differ."""

    GOOD = "zz"
    BAD = "b's"


class Level(OrderedChoice):
    """Neither names nor labels are in order."""

    LOW = "9"
    HIGH = "1"


SAMPLE = TableSpec(
    key="Sample",
    name="Samples",
    sql_name="sample",
    fields=(
        FieldSpec("text", "Text", "text"),
        FieldSpec("number", "Number", "number"),
        FieldSpec("count", "Count", "integer"),
        FieldSpec("flag", "Flag", "boolean"),
        FieldSpec("day", "Day", "date"),
        FieldSpec("at", "At", "datetime"),
        FieldSpec("took", "Took", "duration"),
        FieldSpec("mood", "Mood", "enum", choices=Mood),
        FieldSpec("level", "Level", "enum", choices=Level),
        FieldSpec("moods", "Moods", "enum_list", choices=Mood),
    ),
)


class SampleColumns(Columns):
    """The fields of SAMPLE."""

    text = _.TextColumn(nullable=True)
    number = _.NumberColumn(nullable=True)
    count = _.IntegerColumn(nullable=True)
    flag = _.BooleanColumn()
    day = _.DateColumn(nullable=True)
    at = _.DatetimeColumn(nullable=True)
    took = _.DurationColumn(nullable=True)
    mood = _.ChoiceColumn(Mood, nullable=True)
    level = _.ChoiceColumn(Level, nullable=True)
    moods = _.ChoicesColumn(Mood)


c = SampleColumns()
MEASURES: dict[str, Measure] = {
    "count": m.count(),
    "flagged": m.count(c.flag),
    "high": m.count(c.level > Level.LOW),
    "by_text": m.count_by(c.text),
    "by_count": m.count_by(c.count),
    "by_flag": m.count_by(c.flag),
    "by_day": m.count_by(c.day),
    "by_mood": m.count_by(c.mood),
    "by_level": m.count_by(c.level),
    "by_moods": m.count_by(c.moods),
    "by_parity": m.count_by(c.count % 2),
    "texts": m.count_distinct(c.text),
    "moments": m.count_distinct(c.at),
    "kinds": m.count_distinct(c.mood),
    "sum": m.sum(c.number),
    "sum_count": m.sum(c.count),
    "sum_took": m.sum(c.took),
    "avg": m.avg(c.number),
    "avg_count": m.avg(c.count),
    "avg_took": m.avg(c.took),
    "min": m.min(c.number),
    "max": m.max(c.count),
    "first": m.min(c.at),
    "last_day": m.max(c.day),
    "least_text": m.min(c.text),
    "longest": m.max(c.took),
    "median": m.median(c.number),
    "p95": m.percentile(c.count, 95),
    "p0": m.percentile(c.number, 0),
    "p100": m.percentile(c.number, 100),
    "p33": m.percentile(c.took, 33.3),
    "ratio": m.ratio(c.flag, c.count > 0),
    "ratio_of_all": m.ratio(c.number > 1, c.number.is_not_none()),
}

EIGHTHS = st.integers(-800, 800).map(lambda number: number / 8)
START = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | st.sampled_from(["a", "B", "it's", '"', "ß", "😀", "[1]", "null"]),
            "number": st.none() | EIGHTHS,
            "count": st.none() | st.integers(-50, 50),
            "flag": st.booleans(),
            "day": st.none() | st.dates(date(2020, 1, 1), date(2020, 1, 5)),
            "at": st.none()
            | st.integers(0, 5).map(lambda number: START + timedelta(microseconds=number)),
            "took": st.none()
            | st.integers(-4, 90).map(lambda number: timedelta(seconds=number / 4)),
            "mood": st.none() | st.sampled_from(Mood),
            "level": st.none() | st.sampled_from(Level),
            "moods": st.lists(st.sampled_from(Mood), unique=True),
        }
    ),
    max_size=12,
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "airtable"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A store that the examples of one test share."""
    if request.param == "airtable":
        with connect("local:") as connected:
            yield connected.store
        return
    address = (
        f"sqlite:///{tmp_path_factory.mktemp('measures') / 'samples.db'}?synchronous=normal"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres")
    )
    with connect(address) as connected:
        assert isinstance(connected.store, SqlStore)
        yield connected.store
        if request.param == "postgresql":
            with connected.store.database.writer.begin() as connection:
                connected.store.database.known(SAMPLE).schema.metadata.drop_all(connection)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, limit=st.none() | st.integers(0, 5))
def test_the_store_and_python_agree(
    store: Store, rows: list[dict[str, Any]], limit: int | None
) -> None:
    """Every figure is the same, over nothing too, and over the first few of an ordered query."""
    store.delete(SAMPLE, store.ids(Selection(SAMPLE)))
    store.insert(SAMPLE, rows)
    order = (Order(c.count.node),) if limit is not None else ()
    selection = Selection(SAMPLE, tree.TRUE, order, limit)

    found = store.measure(selection, MEASURES)

    evaluator = Evaluator({}, START, SAMPLE.enums())
    records = store.select(selection)
    expected = {name: measured(measure, records, evaluator) for name, measure in MEASURES.items()}
    for name, value in expected.items():
        assert same(found[name], value), (name, found[name], value)


def test_a_statistic_is_one_statement(connection: Connection) -> None:
    """All measures of a statistic are gathered in one round trip; on Airtable, in one list of up to a hundred records."""
    AgentTask.bulk_create(
        {
            "name": "n",
            "description": "d",
            "agent_id": f"a{place % 2}",
            "execution_time_seconds": place,
        }
        for place in range(20)
    )
    store = connection.store
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    def answered(answer: Any, *_args: object, **_options: object) -> None:
        sent.append(answer.request.url)

    if isinstance(store, AirtableStore):
        store.client.api.session.hooks["response"].append(answered)
        AgentTask.count()
        sent.clear()
        stats = AgentTask.get_agent_stats("a1")
    else:
        assert isinstance(store, SqlStore)
        event.listen(store.database.engine, "before_cursor_execute", note)
        stats = AgentTask.get_agent_stats("a1")
        event.remove(store.database.engine, "before_cursor_execute", note)

    assert len(sent) == 1
    assert (stats.total_tasks, stats.by_agent, stats.avg_execution_time) == (10, {"a1": 10}, 10.0)
    assert stats.by_status == {
        status: 10 if status is TaskStatus.PENDING else 0 for status in TaskStatus
    }
    assert list(stats.by_priority) == list(TaskPriority)
    assert stats.success_rate is None
    assert stats.p95_execution_time == pytest.approx(18.1)


def test_statistics_over_nothing(connection: Connection) -> None:
    """Counts and sums are 0, everything else is None."""
    stats = AgentTask.get_agent_stats("nobody")

    assert (stats.total_tasks, stats.total_retries, stats.by_agent, stats.errors) == (0, 0, {}, {})
    assert (stats.avg_execution_time, stats.p95_execution_time, stats.success_rate) == (
        None,
        None,
        None,
    )
