"""A schema in which every name is as long as the language takes it, on both databases, from plan to queue."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from tablewright.check.namespace import MAX_KEY_BYTES
from tablewright.model.schema import Schema
from tablewright.names import snake, sql_table
from tablewright.runtime import Connection, RecordInvalid, connect
from tablewright.sql_names import MAX_NAME_BYTES, sql_name

Bring = Callable[..., tuple[str, ...]]
Written = Callable[[Path, Path], str]
Imported = Callable[[str, Path], AbstractContextManager[ModuleType]]


KEYS = (
    "title", "rank", "serial", "count", "total", "state", "owner", "owned", "after", "before", "friends", "known",
    "blocked", "start", "finish", "fail", "again", "waiting", "figures", "measure", "by_state",
)  # fmt: skip


@dataclass(frozen=True)
class Names:
    """Names of 55 bytes that begin alike; a table's is longer in SQL, where each of its words is set apart."""

    table: str
    other: str
    fill: str
    """What the keys of fields, relations and measures are filled up with."""

    def key(self, what: str) -> str:
        """Return the key of a field, a relation or whatever else: a number at its end tells it from others."""
        room = MAX_KEY_BYTES - 3
        return f"{self.fill * (room // len(self.fill.encode()))}_{KEYS.index(what):02}"


LATIN = Names("TaskAa" + "Ab" * 24 + "s", "OthrAa" + "Ab" * 24 + "s", "x")
CYRILLIC = Names("Задача" + "я" * 21, "Другая" + "я" * 21, "щ")
SCHEMA = """
tablewright: 1
name: longest
enums: {{State: [WAITING, STARTED, DONE, FAILED]}}
tables:
  {table}:
    fields:
      {title}: {{type: text, required: true, unique: true, max_length: 20}}
      {rank}: {{type: integer, index: true, min: 0, max: 100, default: 1}}
      {serial}: auto_number
      {count}: {{type: count, relation: {after}}}
      {total}: {{type: rollup, relation: {after}, field: {rank}, function: sum}}
      {state}: {{type: State, default: WAITING}}
    relations:
      {owner}: {{to: {other}, inverse: {owned}}}
      {after}: {{to: {table}, many: true, inverse: {before}, acyclic: true}}
      {friends}: {{to: {other}, many: true, inverse: {known}}}
    computed:
      {blocked}: any(any(two.{state} != DONE for two in one.{after}) or one.{state} != DONE for one in {after})
    lifecycle:
      field: {state}
      initial: WAITING
      history: true
      transitions:
        {start}: {{from: WAITING, to: STARTED, when: not {blocked}}}
        {finish}: {{from: STARTED, to: DONE}}
        {fail}: {{from: STARTED, to: FAILED}}
        {again}: {{from: FAILED, to: WAITING}}
    queries:
      {waiting}: {{where: {state} == WAITING and not {blocked}, order_by: [-{rank}]}}
    statistics:
      {figures}: {{measures: {{{measure}: sum({rank}), {by_state}: count_by({state})}}}}
    queue: {{take: {start}, done: {finish}, fail: {fail}, retry: {{with: {again}}}, order_by: [-{rank}, created_time]}}
  {other}:
    fields: {{{title}: text}}
"""


@pytest.fixture(params=[LATIN, CYRILLIC], ids=["latin", "cyrillic"])
def names(request: pytest.FixtureRequest) -> Names:
    found: Names = request.param
    return found


@pytest.fixture
def text(names: Names) -> str:
    """The schema."""
    keys = {key: names.key(key) for key in KEYS}
    assert {len(key.encode()) for key in keys.values()} <= {MAX_KEY_BYTES, MAX_KEY_BYTES - 1}
    return SCHEMA.format(table=names.table, other=names.other, **keys)


@pytest.fixture
def package(text: str, tmp_path: Path, written_package: Written, imported_package: Imported) -> Any:
    (tmp_path / "longest.yaml").write_text(text, "utf-8")
    with imported_package(written_package(tmp_path / "longest.yaml", tmp_path), tmp_path) as found:
        yield found


class Longest:
    """The record classes, by short names: `new` makes a task, `of` reads an attribute or method."""

    def __init__(self, package: Any, names: Names) -> None:
        self.task, self.other = getattr(package, names.table), getattr(package, names.other)
        self._names = names

    def new(self, model: Any, **values: Any) -> Any:
        return model.create(**{self._names.key(key): value for key, value in values.items()})

    def of(self, one: Any, key: str) -> Any:
        return getattr(one, self._names.key(key))


@pytest.fixture
def longest(package: Any, names: Names) -> Longest:
    return Longest(package, names)


def test_no_name_in_the_database_is_longer_than_postgresql_holds(
    text: str, bring: Bring, engine: sa.Engine, compiled: Callable[[str], Schema], names: Names
) -> None:
    """Tables, columns, keys, checks and indexes all fit, and a second look finds nothing to do."""
    assert len(names.table.encode()) in (MAX_KEY_BYTES, MAX_KEY_BYTES - 1)
    bring(compiled(text))

    inspector = sa.inspect(engine)
    found = set(inspector.get_table_names())
    for table in list(found):
        found |= {str(column["name"]) for column in inspector.get_columns(table)}
        listed: list[Any] = [
            *inspector.get_check_constraints(table), *inspector.get_unique_constraints(table),
            *inspector.get_foreign_keys(table), inspector.get_pk_constraint(table),
        ]  # fmt: skip
        found |= {str(one["name"]) for one in listed}
    if engine.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'"
    else:
        query = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
    with engine.connect() as connection:
        found |= set(connection.execute(sa.text(query)).scalars())
    assert len(found) > 40
    assert max(len(one.encode()) for one in found) == MAX_NAME_BYTES
    assert bring(compiled(text)) == ()


def test_tables_that_a_store_made_have_nothing_to_be_changed(
    text: str, longest: Longest, url: str, bring: Bring, compiled: Callable[[str], Schema]
) -> None:
    """A first connection makes what a plan would make, and a second one finds it."""
    for title in ("a", "b"):
        with connect(url):
            longest.new(longest.task, title=title)

    assert bring(compiled(text)) == ()
    with connect(url):
        assert longest.task.count() == 2


def test_records_are_linked_asked_for_and_counted(longest: Longest, connection: Connection) -> None:
    """Links of all kinds, calculated fields, conditions over two steps of links, and statistics."""
    ann = longest.new(longest.other, title="Ann")
    first = longest.new(longest.task, title="first", rank=3, owner=ann)
    second = longest.new(longest.task, title="second", after=[first], friends=[ann])
    third = longest.new(longest.task, title="third", after=[second])

    assert longest.of(longest.task.get(third.id), "after") == [second]
    assert longest.of(first, "before") == [second]
    assert longest.of(ann, "owned") == [first]
    assert longest.of(ann, "known") == [second]
    read = longest.task.get(second.id)
    assert (longest.of(read, "count"), longest.of(read, "total")) == (1, 3)
    assert longest.of(longest.task.get(third.id), "serial") == 3
    assert longest.of(longest.task, "waiting")().all() == [first]
    figures = longest.of(longest.task, "figures")()
    assert longest.of(figures, "measure") == 5
    by_state = {one.name: count for one, count in longest.of(figures, "by_state").items()}
    assert by_state == {"WAITING": 3, "STARTED": 0, "DONE": 0, "FAILED": 0}


def test_what_breaks_a_rule_is_named_by_its_field(longest: Longest, connection: Connection, names: Names) -> None:  # fmt: skip
    """The database names a shortened constraint, and the error the field of the schema."""
    longest.new(longest.task, title="once")

    with pytest.raises(RecordInvalid) as caught:
        longest.new(longest.task, title="once")
    assert [one.field for one in caught.value.misfits] == [names.key("title")]

    table = longest.task.table
    row = {names.key("title"): "wrong", names.key("rank"): 101, names.key("state"): table.lifecycle.initial}  # fmt: skip
    with pytest.raises(RecordInvalid) as caught:
        connection.store.insert(table, [row])
    assert [one.field for one in caught.value.misfits] == [names.key("rank")]


def test_tasks_are_moved_and_claimed(longest: Longest, connection: Connection) -> None:
    """Transitions leave a history, and claims follow the queue's order."""
    low, mean, high = (longest.new(longest.task, title=str(rank), rank=rank) for rank in (1, 5, 9))
    longest.of(mean, "start")(by="me", why="now")

    taken = longest.task.claim("w", 5)
    assert [task.id for task in taken] == [high.id, low.id]
    longest.of(taken[0], "fail")()
    longest.of(taken[1], "finish")()

    assert [entry.to_state.name for entry in taken[0].history()] == ["STARTED", "FAILED", "WAITING"]
    assert [entry.to_state.name for entry in taken[1].history()] == ["STARTED", "DONE"]
    assert [(entry.by, entry.why) for entry in mean.history()] == [("me", "now")]
    assert longest.task.claim("w") == []


def test_who_listens_hears_of_new_tasks(longest: Longest, connection: Connection) -> None:
    """PostgreSQL refuses channels of 64 bytes; SQLite has none."""
    queues: Any = connection.store.queues  # type: ignore[attr-defined]
    listener = queues.listener(longest.task.table)
    if listener is None:
        pytest.skip("a SQLite file tells nobody")
    try:
        longest.new(longest.task, title="new")
        assert listener.wait(30)
    finally:
        listener.close()


def test_a_table_that_is_renamed_takes_everything_along(
    text: str, longest: Longest, url: str, bring: Bring, read: Callable[[str], Any], compiled: Callable[[str], Schema], names: Names
) -> None:  # fmt: skip
    """Rows, history and links are found under the new names."""
    with connect(url):
        first = longest.new(longest.task, title="first")
        longest.new(longest.task, title="second", after=[first])
        longest.of(first, "start")()

    renamed = text.replace(f"{names.table}:", "Task:", 1).replace(f"to: {names.table}", "to: Task")
    renamed = renamed.replace("  Task:\n", f"  Task:\n    was: {names.table}\n", 1)
    bring(compiled(renamed))

    after = names.key("after")
    assert read("SELECT count(*) FROM task") == [(2,)]
    assert read("SELECT to_state FROM task_history") == [("STARTED",)]
    assert read(f'SELECT count(*) FROM "task_{after}"') == [(1,)]


def test_tables_that_bear_their_whole_names_are_taken_over(
    text: str, longest: Longest, url: str, bring: Bring, write: Callable[..., None], read: Callable[[str], Any],
    compiled: Callable[[str], Schema], names: Names,
) -> None:  # fmt: skip
    """SQLite holds names of any length: tables that were once made so keep their rows."""
    if not url.startswith("sqlite"):
        pytest.skip("no other database holds such a name")
    with connect(url):
        longest.of(longest.new(longest.task, title="one"), "start")()
    whole, table = snake(names.table), sql_table(names.table)
    ends = ("", "_history", f"_{names.key('after')}", f"_{names.key('serial')}")
    for old, now in ((whole + end, sql_name(table, *filter(None, [end[1:]]))) for end in ends):
        if old != now:
            write(f'ALTER TABLE "{now}" RENAME TO "{old}"')

    bring(compiled(text))

    assert read(f'SELECT count(*) FROM "{table}"') == [(1,)]
    assert read(f'SELECT to_state FROM "{sql_name(table, "history")}"') == [("STARTED",)]
    with connect(url):
        second = longest.new(longest.task, title="two")
        assert longest.of(longest.task.get(second.id), "serial") == 2
