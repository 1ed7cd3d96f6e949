"""Tasks that do not fit what their transitions set, and stored tables that do not know a state."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from tablewright.runtime import AirtableModel, Connection, RecordInvalid, StoreError, StoreOutdated
from tablewright.worker import Worker, WorkerSettings

MOST = 2**53 - 1

pytestmark = pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as a warning or worse; nothing of it has a traceback."""
    found = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert all(one.exc_info is None for one in found)
    return [one.getMessage() for one in found]


@pytest.mark.parametrize("n", [1, 5])
@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"tries": 3}, "tries has to be at most 3"),
        ({"sum": MOST}, f"sum has to be between -{MOST} and {MOST}"),
        ({"product": 2**40}, "64 bits"),
    ],
    ids=["maximum", "safe", "overflow"],
)
def test_a_task_that_does_not_fit_its_claim_fails_and_the_others_are_taken(
    connection: Connection,
    limits: ModuleType,
    caplog: pytest.LogCaptureFixture,
    n: int,
    values: dict[str, int],
    why: str,
) -> None:
    """It is failed at once, by its own transition; the error and one warning say which field it was."""
    poison = limits.Begun.create(name="a", **values)
    limits.Begun.create(name="b")

    taken = limits.Begun.claim("w", n)

    assert [(one.name, one.tries) for one in taken] == [("b", 1)]
    ended = poison.refresh()
    assert (ended.state, ended.lease_until) == (limits.State.BAD, None)
    assert ended.tries == poison.tries
    assert ended.error is not None
    assert ended.error.startswith("the task cannot be taken: ")
    steps = ended.history()
    assert [one.to_state.name for one in steps] == ["BUSY", "BAD"]
    assert why in " ".join(warnings(caplog))
    assert len(warnings(caplog)) == 1
    assert limits.Begun.claim("w", n) == []
    assert len(warnings(caplog)) == 1


def test_many_such_tasks_before_the_others_stop_nobody(
    connection: Connection, limits: ModuleType
) -> None:
    """A claim of one task goes on until it has one."""
    limits.Begun.bulk_create({"name": f"a{number:02}", "tries": 3} for number in range(30))
    limits.Begun.create(name="b")
    limits.Begun.create(name="c")

    assert [one.name for one in limits.Begun.claim("w")] == ["b"]
    assert [one.name for one in limits.Begun.claim("w", 5)] == ["c"]
    assert limits.Begun.where(limits.Begun.c.state == limits.State.BAD).count() == 30


def test_a_condition_of_the_claim_holds_where_rows_are_taken_one_by_one(
    connection: Connection, limits: ModuleType
) -> None:
    """What the claim does not ask for is left alone, also where it would not fit."""
    for number, name in enumerate("abcdef"):
        limits.Begun.create(name=name, tries=3 if number < 3 else 0)

    taken = limits.Begun.claim("w", 5, limits.Begun.c.name.is_in(["b", "d", "f"]))

    assert [one.name for one in taken] == ["d", "f"]
    states = {one.name: one.state.name for one in limits.Begun.where()}
    assert states == {"a": "NEW", "b": "BAD", "c": "NEW", "d": "BUSY", "e": "NEW", "f": "BUSY"}


def test_what_cannot_be_read_either_does_not_come_back(
    connection: Connection, limits: ModuleType
) -> None:
    """A row that fits neither the claim nor the schema fails by its state alone."""
    limits.Begun.create(name="a", tries=3)
    limits.Begun.create(name="b")
    execute(connection, """UPDATE begun SET note = '123' WHERE name = 'a'""")

    assert [one.name for one in limits.Begun.claim("w", 5)] == ["b"]
    assert execute(connection, "SELECT state FROM begun WHERE name = 'a'") == [("BAD",)]


def test_a_lapsed_task_that_cannot_be_put_back_fails_and_the_others_are_taken(
    connection: Connection,
    limits: ModuleType,
    lapse: Callable[[AirtableModel], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its worker is gone, and the retry would count beyond the limit."""
    limits.Again.create(name="a", tries=3)
    limits.Again.create(name="b", tries=2)
    poison, other = limits.Again.claim("dead", 2)
    lapse(poison)
    lapse(other)
    limits.Again.create(name="c")

    taken = limits.Again.claim("next", 5)

    assert [(one.name, one.tries) for one in taken] == [("b", 3), ("c", 0)]
    ended = poison.refresh()
    assert (ended.state, ended.tries) == (limits.State.BAD, 3)
    assert "tries has to be at most 3" in (ended.error or "")
    (told,) = warnings(caplog)
    assert f"Again {poison.id}" in told
    assert "tries has to be at most 3" in told


def test_a_claim_that_the_task_does_not_fit_is_an_attempt_of_its_own(
    connection: Connection, limits: ModuleType, lapse: Callable[[AirtableModel], None]
) -> None:
    """No handler saw it, and it failed: as many attempts as the history has errors, and tokens that never repeat."""
    begun, again = limits.Begun.create(name="a", tries=3), limits.Again.create(name="a", tries=3)
    (held,) = limits.Again.claim("dead")
    lapse(held)

    for model, task, errors in ((limits.Begun, begun, 1), (limits.Again, again, 2)):
        assert model.claim("next") == []
        rows = task.refresh().history()
        assert len([one for one in rows if one.error is not None]) == errors
        assert (task.attempt, rows[-1].attempt) == (errors, errors)


def test_a_failure_whose_retry_does_not_fit_is_final(
    connection: Connection, limits: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """The task keeps the error of its handler, and a warning says why there is no other attempt."""
    limits.Again.create(name="a", tries=3)
    (task,) = limits.Again.claim("w")

    task.break_off("no luck")

    assert (task.state, task.error, task.tries) == (limits.State.BAD, "no luck", 3)
    assert task.refresh().state is limits.State.BAD
    assert [one.transition for one in task.history()] == ["begin", "break_off"]
    (told,) = warnings(caplog)
    assert "tries" in told


def test_a_cancellation_that_does_not_fit_ends_the_task_as_failed(
    connection: Connection, limits: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """At once, and not when its lease is over; that it was asked to stop is all that is said."""
    limits.Stopped.create(name="a", tries=3)

    def handle(task: Any) -> None:
        limits.Stopped.get(task.id).request_cancel()
        while not task.cancel_requested:
            time.sleep(0.01)
        raise RuntimeError("stopped")

    settings = WorkerSettings(once=True, heartbeat=0.05)
    assert Worker(limits.Stopped, handle, settings).run() == 1

    task = limits.Stopped.where().first()
    assert (task.state, task.error) == (limits.End.BAD, "cancelled on request")
    assert warnings(caplog) == []


def test_a_task_that_cannot_be_cancelled_is_given_back_all_the_same(
    connection: Connection, limits: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """It waits, nobody takes it, and a warning says why it was not cancelled."""
    limits.Stopped.create(name="a", tries=3)
    (task,) = limits.Stopped.claim("w")
    limits.Stopped.get(task.id).request_cancel()

    task.release()

    assert (task.state, task.lease_until) == (limits.End.NEW, None)
    assert limits.Stopped.claim("w") == []
    (told,) = warnings(caplog)
    assert "tries has to be at most 3" in told


@pytest.mark.parametrize(("name", "tries"), [("a", 3), ("kept", 0)], ids=["unfit", "refused"])
def test_a_lapsed_task_that_cannot_be_cancelled_fails(
    connection: Connection,
    limits: ModuleType,
    lapse: Callable[[AirtableModel], None],
    name: str,
    tries: int,
) -> None:
    """It was asked to stop, its worker is gone, and nobody else may take it: it does not hang for ever."""
    limits.Stopped.create(name=name, tries=tries)
    (task,) = limits.Stopped.claim("dead")
    limits.Stopped.get(task.id).request_cancel()
    lapse(task)

    assert limits.Stopped.claim("next") == []

    assert task.refresh().state is limits.End.BAD


@pytest.mark.parametrize("model", ["Again", "Begun", "Broken"])
def test_a_worker_goes_on_beyond_tasks_that_do_not_fit(
    connection: Connection, limits: ModuleType, caplog: pytest.LogCaptureFixture, model: str
) -> None:
    """Whichever transition counts: every task ends as failed, and no traceback but the handler's own is logged."""
    kind = getattr(limits, model)
    kind.create(name="a", tries=3)
    kind.create(name="b", tries=2)

    def handle(task: Any) -> None:
        raise RuntimeError("no luck")

    ended = Worker(kind, handle, WorkerSettings(once=True)).run()

    assert ended >= 1
    first = kind.where(kind.c.name == "a").first()
    assert first.state is limits.State.BAD
    assert not any("cannot be ended" in one.getMessage() for one in caplog.records)
    assert not any("lost" in one.getMessage() for one in caplog.records)


def test_a_claim_of_a_renamed_state_says_that_the_store_is_of_another_schema(
    connection: Connection, limits: ModuleType
) -> None:
    """A program of before the renaming hears it from each claim and each end, as an error that a worker understands."""
    for name in "abc":
        limits.Broken.create(name=name)
    (held,) = limits.Broken.claim("w")
    only_states(connection, ["NEW", "BUSY", "FINE", "BAD"])

    with pytest.raises(StoreOutdated, match=r"state.*present schema"):
        held.finish()
    only_states(connection, ["NEW", "WORKING", "DONE", "BAD"])
    with pytest.raises(StoreOutdated, match=r"state.*present schema"):
        limits.Broken.claim("w", 2)


@pytest.mark.parametrize(
    "states",
    [["NEW", "BUSY", "FINE", "BAD"], ["NEW", "BUSY", "DONE", "WORSE"]],
    ids=["completed", "failed"],
)
def test_a_worker_stops_where_only_an_end_was_renamed(
    connection: Connection,
    limits: ModuleType,
    caplog: pytest.LogCaptureFixture,
    states: list[str],
) -> None:
    """What no end can be stored of is given back, with no attempt spent, for workers that know the present schema."""
    for name in "abc":
        # With so many tries there is no other attempt.
        limits.Broken.create(name=name, tries=3)
    only_states(connection, states)

    def handle(task: Any) -> None:
        if "DONE" in states:
            raise RuntimeError("no luck")

    with pytest.raises(StoreOutdated, match=r"state.*present schema"):
        Worker(limits.Broken, handle, WorkerSettings(once=True)).run()

    for one in limits.Broken.where():
        assert (one.state, one.attempt, one.lease_until) == (limits.State.NEW, 0, None)
    assert not any("cannot be ended" in one.getMessage() for one in caplog.records)


def test_what_a_rule_of_the_database_itself_refuses_is_left_where_it_is(
    connection: Connection, limits: ModuleType, url: str
) -> None:
    """A trigger keeps a task from being taken at all; the others are taken, and without others it is an error."""
    limits.Broken.create(name="a")
    limits.Broken.create(name="b")
    refuse_in_trigger(connection)

    assert [one.name for one in limits.Broken.claim("w")] == ["b"]
    with pytest.raises(StoreError, match="not this one"):
        limits.Broken.claim("w")


def test_a_lapsed_task_that_cannot_be_ended_keeps_no_other_one(
    connection: Connection, limits: ModuleType, lapse: Callable[[AirtableModel], None]
) -> None:
    """The database itself keeps the oldest one as it is: those after it are ended, and then it is told."""
    for name in "abc":
        limits.Stopped.create(name=name)
    held = limits.Stopped.claim("dead", 3)
    for task in held:
        lapse(task)
    refuse_in_trigger(connection, "stopped")

    with pytest.raises(StoreError, match="not this one"):
        limits.Stopped.claim("next")

    states = [task.refresh().state.name for task in held]
    assert states == ["BUSY", "BAD", "BAD"]


def test_what_a_check_of_the_database_refuses_is_told_by_its_field(
    connection: Connection, limits: ModuleType
) -> None:
    """Also where the program knows nothing of the check, and of every write of a task."""
    limits.Again.create(name="a")
    limits.Again.create(name="b")
    (task,) = limits.Again.claim("w")
    other = limits.Again.where(limits.Again.c.name == "b").first()
    # SQLite looks only at checks that have to do with what is written.
    never = "state = '' AND cancel_requested AND lease_until IS NULL AND ready_at IS NULL"
    rule = f"length(name) > 1 OR ({never})"
    checked_anew(connection, "ck_again_error_length", "again", rule)

    for write in (
        lambda: task.break_off("no luck"),
        task.heartbeat,
        task.release,
        task.request_cancel,
        lambda: other.postpone(timedelta(seconds=1)),
        lambda: limits.Again.claim("w"),
    ):
        with pytest.raises(RecordInvalid, match="error is outside of what its field allows"):
            write()


def execute(connection: Connection, text: str) -> list[Any]:
    """Send SQL that is none of the program's own."""
    store: Any = connection.store
    with store.database.writer.begin() as running:
        found = running.execute(sa.text(text))
        return [tuple(row) for row in found] if found.returns_rows else []


def only_states(connection: Connection, names: list[str]) -> None:
    """Have the database know these states, as `tablewright apply` leaves it where one was renamed."""
    listed = ", ".join(f"'{name}'" for name in names)
    checked_anew(connection, "ck_broken_state_value", "broken", f"state IN ({listed})")


def checked_anew(connection: Connection, name: str, table: str, rule: str) -> None:
    """Replace a check by another one, which holds for whatever is written from now on."""
    store: Any = connection.store
    if store.database.dialect == "postgresql":
        execute(connection, f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        check = f"CONSTRAINT {name} CHECK ({rule}) NOT VALID"
        execute(connection, f"ALTER TABLE {table} ADD {check}")
        return
    was = execute(connection, f"SELECT sql FROM sqlite_master WHERE name = '{table}'")[0][0]
    begin = was.index("CHECK", was.index(f"CONSTRAINT {name} "))
    depth, end = 0, begin
    for end in range(was.index("(", begin), len(was)):
        depth += {"(": 1, ")": -1}.get(was[end], 0)
        if depth == 0:
            break
    changed = f"{was[:begin]}CHECK ({rule}){was[end + 1:]}".replace("'", "''")
    with store.database.writer.connect() as running:
        version = running.execute(sa.text("PRAGMA schema_version")).scalar_one()
        for text in (
            "PRAGMA writable_schema = ON",
            f"UPDATE sqlite_master SET sql = '{changed}' WHERE name = '{table}'",
            f"PRAGMA schema_version = {version + 1}",
            "PRAGMA writable_schema = RESET",
        ):
            running.execute(sa.text(text))
        running.commit()


def refuse_in_trigger(connection: Connection, table: str = "broken") -> None:
    """Keep the task 'a' from being written."""
    store: Any = connection.store
    if store.database.dialect == "sqlite":
        execute(
            connection,
            f"""CREATE TRIGGER kept BEFORE UPDATE ON {table} WHEN OLD.name = 'a'
            BEGIN SELECT RAISE(ABORT, 'not this one'); END""",
        )
        return
    execute(
        connection,
        """CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE check_violation USING MESSAGE = 'not this one'; END $$""",
    )
    execute(
        connection,
        f"""CREATE TRIGGER kept BEFORE UPDATE ON {table} FOR EACH ROW WHEN (OLD.name = 'a')
        EXECUTE FUNCTION keep()""",
    )
