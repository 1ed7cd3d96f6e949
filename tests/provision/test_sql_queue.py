"""A database made before its schema had a queue gets what claims need, and its rows can be claimed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tablewright.model.schema import Schema
from tablewright.output.files import compare, write
from tablewright.runtime import connect
from tablewright.targets.files import generate

WITHOUT = """
tablewright: 1
name: errands
enums:
  State: [WAITING, RUNNING, DONE, FAILED]
  Weight: {ordered: true, values: [LIGHT, HEAVY]}
tables:
  Errand:
    fields:
      title: {type: text, required: true}
      state: {type: State, default: WAITING}
      weight: {type: Weight, default: LIGHT}
      due: date
    lifecycle:
      field: state
      initial: WAITING
      history: true
      transitions:
        start: {from: WAITING, to: RUNNING}
        finish: {from: RUNNING, to: DONE}
        break_off: {from: RUNNING, to: FAILED}
        again: {from: FAILED, to: WAITING}
"""
WITH = f"""{WITHOUT}    queue:
      take: start
      done: finish
      fail: break_off
      order_by: [-weight, created_time]
      lease: 5m
"""
INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'errand' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'errand' AND schemaname = current_schema()",
}

NAME = "errands_in_line"
"""A package of this module alone: other tests have imported other errands."""

Bring = Callable[..., tuple[str, ...]]


@pytest.fixture
def errands(tmp_path: Path, compiled: Callable[[str], Schema]) -> Iterator[ModuleType]:
    """The package of the schema with a queue."""
    write(tmp_path / NAME, compare(tmp_path / NAME, generate(compiled(WITH))))
    sys.path.insert(0, str(tmp_path))
    importlib.invalidate_caches()
    yield importlib.import_module(NAME)
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == NAME]:
        del sys.modules[name]


@pytest.fixture
def indexes(url: str, read: Callable[[str], Any]) -> Callable[[], dict[str, str]]:
    """Return the indexes of the table by name."""
    query = INDEXES["sqlite" if url.startswith("sqlite") else "postgresql"]
    return lambda: dict(read(query))


def test_a_table_gets_a_queue(
    url: str,
    bring: Bring,
    write: Callable[..., None],
    compiled: Callable[[str], Schema],
    errands: ModuleType,
) -> None:
    """Rows that were there before wait in the queue, in its order."""
    bring(compiled(WITHOUT))
    write("INSERT INTO errand (id, created_time, title, state, weight) VALUES ('recAAAAAAAAAAAAAA', :now, 'small', 'WAITING', 'LIGHT'), ('recBBBBBBBBBBBBBB', :now, 'large', 'WAITING', 'HEAVY')")  # fmt: skip

    lines = bring(compiled(WITH))

    for column in ("ready_at", "attempt", "lease_until", "worker_id", "lease_token", "cancel_requested", "taken_at", "settled_at"):  # fmt: skip
        assert any(f"+ errand: column '{column}' " in line for line in lines), lines
    assert "+ errand_history: column 'attempt' INTEGER" in lines
    assert "~ errand: index ix_errand_queue" in lines
    with connect(url):
        titles = []
        while taken := errands.Errand.claim("worker", 1):
            titles.append(taken[0].title)
            taken[0].finish()
    assert titles == ["large", "small"]


def test_another_order_makes_the_index_anew(
    bring: Bring,
    indexes: Callable[[], dict[str, str]],
    compiled: Callable[[str], Schema],
) -> None:
    """The index follows the queue's order; a longer lease changes nothing in the database."""
    bring(compiled(WITH))
    before = indexes()

    longer = bring(compiled(WITH.replace("lease: 5m", "lease: 1h")))
    other = bring(compiled(WITH.replace("[-weight, created_time]", "[due, -weight]")))

    assert longer == ()
    assert other == ("~ errand: index ix_errand_queue",)
    after = indexes()
    assert before.keys() == after.keys()
    assert {name for name in after if before[name] != after[name]} == {"ix_errand_queue"}


def test_a_new_value_of_the_ordered_enum_makes_the_index_anew(
    bring: Bring, indexes: Callable[[], dict[str, str]], compiled: Callable[[str], Schema]
) -> None:
    """The places of an enum's values stand in the index; a value between two others moves them."""
    bring(compiled(WITH))

    lines = bring(compiled(WITH.replace("[LIGHT, HEAVY]", "[LIGHT, MIDDLE, HEAVY]")))

    assert lines == ("~ errand: check weight_value", "~ errand: index ix_errand_queue")
    assert "MIDDLE" in indexes()["ix_errand_queue"]


def test_a_queue_that_left_the_schema_keeps_its_columns(
    bring: Bring,
    read: Callable[[str], Any],
    write: Callable[..., None],
    indexes: Callable[[], dict[str, str]],
    compiled: Callable[[str], Schema],
) -> None:
    """Its index goes; its columns stay until they are allowed to go, and their indexes with them."""
    bring(compiled(WITH))
    write("INSERT INTO errand (id, created_time, title, state, weight, attempt, cancel_requested) VALUES ('recA', :now, 'small', 'WAITING', 'LIGHT', 3, false)")  # fmt: skip

    kept = bring(compiled(WITHOUT))
    between = indexes()
    gone = bring(compiled(WITHOUT), allow_destructive=True)

    assert "~ errand: no index ix_errand_queue" in kept
    assert "  errand: column 'attempt' not in the schema: left alone" in kept
    assert {"ix_errand_ready_at", "ix_errand_lease_until"} < between.keys()
    assert "- errand: column 'attempt' with its values" in gone
    assert not {"ix_errand_ready_at", "ix_errand_lease_until"} & indexes().keys()
    assert read("SELECT title FROM errand") == [("small",)]


def test_a_queue_comes_back_to_the_columns_that_it_left(
    bring: Bring, read: Callable[[str], Any], write: Callable[..., None], compiled: Callable[[str], Schema]
) -> None:  # fmt: skip
    """Rows that came in between are counted as never tried."""
    bring(compiled(WITH))
    bring(compiled(WITHOUT))
    write("INSERT INTO errand (id, created_time, title, state, weight) VALUES ('recA', :now, 'small', 'WAITING', 'LIGHT')")  # fmt: skip

    bring(compiled(WITH))

    assert read("SELECT attempt, cancel_requested FROM errand") in ([(0, False)], [(0, 0)])


@pytest.mark.parametrize("order", ["created_time", "-created_time", "due, created_time"])
def test_a_queue_by_columns_alone_is_found_as_it_was_made(
    bring: Bring, compiled: Callable[[str], Schema], indexes: Callable[[], dict[str, str]], order: str
) -> None:  # fmt: skip
    """No column stands twice in the index, whatever place the time of creation has in the order."""
    schema = compiled(WITH.replace("-weight, created_time", order))
    bring(schema)

    columns = indexes()["ix_errand_queue"].partition("(")[2]
    assert columns.count("created_time") == 1
    assert bring(schema) == ()
