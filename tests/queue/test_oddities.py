"""Claims of a queue whose names and values are unusual."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from tablewright.runtime import AirtableModel, Connection, LeaseLost, columns
from tablewright.worker import Worker, WorkerSettings

SCHEMA = Path(__file__).parent / "schemas" / "oddities.yaml"
NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)
NAME = "100%_s'\"\\$1 :x ä"


@pytest.fixture(scope="module")
def oddities(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ModuleType]:
    """The package whose fields have the names that statements use."""
    folder = tmp_path_factory.mktemp("oddities")
    written_package(SCHEMA, folder)
    with imported_package("oddities", folder) as package:
        yield package


pytestmark = pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)


def test_fields_may_have_the_names_that_statements_use(
    connection: Connection, oddities: ModuleType, lapse: Callable[[AirtableModel], None]
) -> None:
    """A claim, a lapse, a failure and an end go by the table's columns, whatever these are called."""
    first = oddities.Order.create(name="a", was="x", held_by="nobody", place=7, last_attempt=9)
    second = oddities.Order.create(name="b", k0=1, tried=3, token="mine", number=5).delay()

    taken = oddities.Order.claim("w1", 2)
    assert [one.id for one in taken] == [first.id, second.id]
    assert (taken[0].was, taken[0].held_by, taken[0].place) == ("x", "nobody", 7)
    assert (taken[0].worker, taken[0].worker_id) == ("50% of it", "w1")
    lapse(taken[0])
    (again,) = oddities.Order.claim("w2", 2)
    again.finish("a while", "longer")
    taken[1].break_off("problem")

    done, failed = oddities.Order.get(first.id), oddities.Order.get(second.id)
    assert (done.pause, done.new_pause, done.attempt) == ("a while", "longer", 2)
    assert (failed.state, failed.token, failed.error) == (
        oddities.State.LATER, "mine", "problem",
    )  # fmt: skip
    assert [(one.from_state.name, one.by) for one in done.history()] == [
        ("NEW", "w1"), ("BUSY", "w1"), ("BAD", "w1"), ("LATER", "w2"), ("BUSY", "w2"),
    ]  # fmt: skip
    assert oddities.Order.queue_statistics(by="number").groups["5"].waiting == 1


def conditions(order: Any, rank: Any) -> dict[str, columns.Condition]:
    """Conditions that claims may have, by what is unusual about them; each holds for all."""
    c = order.c
    return {
        "a percent sign": c.was == "50%",
        "text with signs of all kinds": c.name == NAME,
        "a part of it": c.name.contains("%_s'\"\\$1 :x"),
        "its begin": c.name.startswith("100%_"),
        "one of several texts": c.was.is_in(["50%", "x'y", "%s", "$1", None]),
        "one of several numbers": c.cost.is_in([1.5, 2]),
        "one of several moments": c.since.is_in([NOON, NOON - timedelta(days=1)]),
        "one of several days": c.day.is_in([NOON.date()]),
        "one of several values of an enum": c.größe.is_in([rank.groß]),
        "one of yes and no": c.is_paid.is_in([True, False]),
        "the order of an enum": c.größe > rank.klein,
        "a remainder": c.select % 4 == 0,
        "no value": c.held_by.is_none(),
        "either": (c.was == "50%") | (c.was == "?"),
        "not": ~(c.was == "?"),
        "a moment": c.since > NOON - timedelta(hours=1),
    }


def test_conditions_of_claims_may_hold_any_value(
    connection: Connection, oddities: ModuleType
) -> None:
    """What signs a text holds, and what is in a list, means the same as in any other query."""
    for _ in range(2):
        oddities.Order.create(
            name=NAME, was="50%", cost=1.5, is_paid=True, since=NOON, day=NOON.date(), größe=oddities.Rang.groß
        )  # fmt: skip

    found = {}
    for said, condition in conditions(oddities.Order, oddities.Rang).items():
        taken = oddities.Order.claim("w", 5, condition)
        found[said] = len(taken)
        assert oddities.Order.claim("w", 5, ~condition) == [], said
        for one in taken:
            one.release()

    assert found == dict.fromkeys(found, 2)
    assert oddities.Order.claim("w", 5, oddities.Order.c.was.is_in([])) == []


def test_conditions_that_differ_in_their_values_are_not_taken_for_one_another(
    connection: Connection, oddities: ModuleType
) -> None:
    """Claims are kept compiled; one and yes, zero and no are equal to Python, and no more than that."""
    c = oddities.Order.c
    oddities.Order.create(name="a", cost=1, is_paid=True)

    claims = [c.is_paid.is_in([False]), c.cost == 0, c.is_paid.is_in([True]), c.cost == 1]

    for condition, number in zip(claims * 2, [0, 0, 1, 1] * 2, strict=True):
        taken = oddities.Order.claim("w", 5, condition)
        assert len(taken) == number
        for one in taken:
            one.release()


def test_a_released_task_waits_where_it_waited_before(
    connection: Connection, oddities: ModuleType, lapse: Callable[[AirtableModel], None]
) -> None:
    """Of several waiting states it is the one that it was taken from; after a lapse, the one of the retry."""
    oddities.Order.create(name="new", k0=1)
    oddities.Order.create(name="late", k0=2).delay()
    oddities.Order.create(name="lapsed", k0=3)
    *both, lapsed = oddities.Order.claim("w", 3)
    lapse(lapsed)
    (again,) = oddities.Order.claim("w", 3)

    states = [one.release().state.name for one in (*both, again)]

    assert states == ["NEW", "LATER", "LATER"]
    assert [one.state.name for one in oddities.Order.where().order_by("k0")] == states
    assert [one.attempt for one in (*both, again)] == [0, 0, 1]


def test_a_heartbeat_keeps_no_lease_of_what_somebody_moved_by_sql(
    connection: Connection, oddities: ModuleType
) -> None:
    """It matches the state as well as the token."""
    oddities.Order.create(name="a")
    (order,) = oddities.Order.claim("w")
    store: Any = connection.store
    with store.database.writer.begin() as running:
        running.execute(sa.text("""UPDATE "order" SET state = 'GONE'"""))

    with pytest.raises(LeaseLost):
        order.heartbeat()


def test_a_holder_that_somebody_took_away_by_sql_is_counted_without_a_name(
    connection: Connection, oddities: ModuleType
) -> None:
    """As on Airtable: the figures are there all the same."""
    oddities.Order.create(name="a")
    oddities.Order.claim("w")
    store: Any = connection.store
    with store.database.writer.begin() as running:
        running.execute(sa.text('UPDATE "order" SET worker_id = NULL'))

    assert oddities.Order.queue_statistics().workers == {"": 1}


def test_a_failure_that_does_not_fit_keeps_nobody_from_claiming(
    connection: Connection, oddities: ModuleType, lapse: Callable[[AirtableModel], None]
) -> None:
    """Where the schema does not take the queue's own words, the task ends by its state alone; the history has the words."""
    errand = oddities.Errand.create(name="lost")
    (lost,) = oddities.Errand.claim("w1")
    lapse(lost)
    oddities.Errand.create(name="next")

    assert [one.name for one in oddities.Errand.claim("w2", 5)] == ["next"]

    ended = errand.refresh()
    assert (ended.state, ended.error, ended.lease_until) == (oddities.State.BAD, None, None)
    assert "the lease ran out" in (ended.history()[-1].error or "")


def test_an_error_stands_in_the_history_whatever_it_holds(
    connection: Connection, oddities: ModuleType, lapse: Callable[[AirtableModel], None]
) -> None:
    """Also signs that no database takes, and where the transition that fails takes no text."""
    oddities.Order.create(name="a", select=100)
    oddities.Knock.create(name="a")

    def handle(task: Any) -> None:
        raise RuntimeError("bad \0 and \ud800")

    for model in (oddities.Order, oddities.Knock):
        Worker(model, handle, WorkerSettings(once=True)).run()
        task = model.first()
        assert task.state is oddities.State.BAD
        assert task.history()[-1].error == r"RuntimeError: bad \x00 and \ud800"

    oddities.Knock.create(name="b")
    (lost,) = oddities.Knock.claim("w")
    lapse(lost)
    assert oddities.Knock.claim("w") == []
    assert "the lease ran out" in (lost.history()[-1].error or "")
