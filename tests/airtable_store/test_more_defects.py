"""The parts of the neighbour's defects that the tests by their numbers do not show: one sentence each."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.runtime import RecordChanged, RecordInvalid, TransitionRefused, current_store
from tablewright.runtime.aio import in_thread
from tablewright.server import meta_api
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory

Sent = Callable[[], list[str]]


def test_moments_of_any_zone_are_the_same_moment(tasks: Factory[AgentTask]) -> None:
    """4: a zone is worked out before anything is sent; a moment without one is refused, not guessed."""
    here = timezone(timedelta(hours=5, minutes=30))
    moment = datetime(2026, 1, 1, 2, 0, tzinfo=here)
    made = tasks.create(started_at=moment)

    assert AgentTask.find_by(started_at=moment).all() == [made]
    assert AgentTask.find_by(started_at=moment.astimezone(UTC)).all() == [made]
    assert AgentTask.where(AgentTask.c.started_at < moment + timedelta(milliseconds=1)).exists()
    with pytest.raises(RecordInvalid, match="needs a time zone"):
        AgentTask.find_by(started_at=datetime(2026, 1, 1))  # noqa: DTZ001  # the point of it


def test_labels_and_lists_in_filters_are_quoted(tasks: Factory[AgentTask]) -> None:
    """2, 4: lists of values are conditions of their own, each quoted."""
    one, other = tasks.create(name="it's"), tasks.create(name="b', 'c")
    tasks.create(name="c")

    assert AgentTask.where(AgentTask.c.name.is_in(["it's", "b', 'c"])).all() == [one, other]
    wanted = [TaskPriority.MEDIUM, TaskPriority.URGENT]
    assert AgentTask.where(AgentTask.c.priority.is_in(wanted)).count() == 3


def test_a_decimal_is_a_number(tasks: Factory[AgentTask], sent: Sent) -> None:
    """13: it is stored, and what is no number is refused in no time and without a request."""
    made = tasks.create(execution_time_seconds=Decimal("1.5"))
    assert AgentTask.get(made.id).execution_time_seconds == 1.5
    sent()
    begun = time.monotonic()

    with pytest.raises(RecordInvalid, match="execution_time_seconds"):
        tasks.create(execution_time_seconds=object())

    assert (sent(), time.monotonic() - begun < 1) == ([], True)


def test_every_page_of_bases_is_read(
    local_airtable: LocalAirtable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """19: the one looked for may be on the second page."""
    monkeypatch.setattr(meta_api, "BASES_PER_PAGE", 2)
    port = AirtablePort(local_airtable.token, endpoint=local_airtable.url)
    field = {"name": "Name", "type": "singleLineText"}
    workspace = local_airtable.workspace.workspace_id
    for place in range(4):
        port.create_base(
            {"name": f"{place}", "workspaceId": workspace, "tables": [{"name": "T", "fields": [field]}]}
        )  # fmt: skip

    assert len({one["id"] for one in port.bases()}) == 5
    port.close()


def test_names_and_primary_fields_are_checked_before_anything_is_sent() -> None:
    """20: names that differ by case alone, and a first field that cannot be primary, are findings of the compiler."""
    cases = Path(__file__).parents[1] / "cases"

    for case, code in (("names_that_airtable_holds_equal", "TW204"), ("primary_field_of_a_wrong_type", "TW207")):  # fmt: skip
        assert f"error[{code}]" in (cases / case / "findings.txt").read_text("utf-8")


async def _changed(task: AgentTask) -> str | None:
    await in_thread(task.update)(output="x")
    return (await in_thread(AgentTask.get)(task.id)).output


def test_what_the_neighbour_lacks_is_there(tasks: Factory[AgentTask]) -> None:
    """26: upsert, changes and deletions of many, refresh, count, and all of it as coroutines."""
    import asyncio

    one, other = tasks.create_many(2)
    stale = AgentTask.get(one.id)
    AgentTask.bulk_update({one.id: {"output": "1"}, other.id: {"output": "2"}})

    assert stale.refresh().output == "1"
    assert AgentTask.upsert(on=["name"], **tasks.values(name="new")).id not in (one.id, other.id)
    assert (AgentTask.count(), AgentTask.bulk_delete([other])) == (3, 1)
    assert asyncio.run(_changed(one)) == "x"


def test_a_refused_transition_leaves_the_record_as_it_was(
    tasks: Factory[AgentTask], people: Any
) -> None:
    """27: neither in memory nor in Airtable is the state moved by what fails."""
    made = tasks.create()

    with pytest.raises(TransitionRefused):
        made.fail_execution("x")

    assert (made.status, made.error_message) == (TaskStatus.PENDING, None)
    assert made.unsaved_changes == {}
    assert people.cells(made.id)["Status"] == "Pending"


def test_a_retry_clears_times_and_durations(tasks: Factory[AgentTask], people: Any) -> None:
    """28: the duration of the attempt that failed goes too."""
    made = tasks.create()
    made.start_execution()
    made.fail_execution("broken", execution_time=2.5)
    assert people.cells(made.id)["Execution Time Seconds"] == 2.5

    made.retry_execution()

    assert "Execution Time Seconds" not in people.cells(made.id)


def test_retries_end_and_are_not_lost_between_two_writers(tasks: Factory[AgentTask]) -> None:
    """29: a task is cancelled by a method of its own; the fourth retry is refused; a stale count is seen."""
    made = tasks.create()
    made.start_execution()
    made.fail_execution("1")
    stale = AgentTask.get(made.id)
    for attempt in range(3):
        made.retry_execution()
        made.start_execution()
        made.fail_execution(f"{attempt}")

    with pytest.raises(RecordChanged, match="retry_count is 3, not 0"):
        stale.retry_execution()
    with pytest.raises(TransitionRefused, match="3 retries"):
        made.retry_execution()
    assert AgentTask.get(made.id).retry_count == 3
    made.cancel_execution()
    assert AgentTask.get(made.id).status is TaskStatus.CANCELLED


def test_who_writes_between_a_transition_and_its_check_is_seen(
    tasks: Factory[AgentTask], people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """29: the record that is read after the write shows who was last."""
    made = tasks.create()
    store: Any = current_store()
    update = store.client.update

    def overwritten(*given: Any, **named: Any) -> Any:
        answer = update(*given, **named)
        people.edit(made.id, Status="Cancelled")
        return answer

    monkeypatch.setattr(store.client, "update", overwritten)
    with pytest.raises(RecordChanged, match="status is 'Cancelled'"):
        made.start_execution()

    assert people.cells(made.id)["Status"] == "Cancelled"
    assert made.history() == []


def test_statistics_ask_for_what_they_look_at(
    tasks: Factory[AgentTask], local_airtable: LocalAirtable
) -> None:
    """31: of every hundred tasks one page, with six of fourteen fields; other agents' tasks stay where they are."""
    tasks.create_many(3)
    tasks.create(agent_id="b")
    local_airtable.calls.clear()

    assert AgentTask.get_agent_stats("a").total_tasks == 3

    (call,) = local_airtable.calls
    assert "{Agent ID}='a'" in call.query.replace("+", " ")
    assert call.query.count("fields[]=") == 6


def test_rows_that_lack_a_required_value_are_found_by_a_condition(
    tasks: Factory[AgentTask], people: Any
) -> None:
    """Lists leave them out; ids() names them, so that they can be given a value."""
    full, blank = tasks.create(), people.add(Name="without the rest")

    assert AgentTask.where(AgentTask.c.description.is_none()).ids() == [blank]
    assert AgentTask.where(AgentTask.c.description.is_not_none()).ids() == [full.id]
    assert AgentTask.first() == full


def test_the_first_record_that_fits_is_found_behind_many_that_do_not(
    tasks: Factory[AgentTask], people: Any, local_airtable: LocalAirtable
) -> None:
    """Each look asks for as many again as were read, so that few looks pass many records."""
    for number in range(40):
        people.add(Name=f"unfit {number}")
    fits = tasks.create()
    local_airtable.calls.clear()

    assert (
        AgentTask.where(AgentTask.c.agent_id.is_none() | (AgentTask.c.agent_id == "a")).first()
        == fits
    )

    assert len(local_airtable.calls) < 20
