"""The first records by creation: few requests however many records there are, in whatever order Airtable lists them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, TaskPriority
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory

TABLE = "AI_Agent_Tasks"
START = datetime(2026, 1, 1, tzinfo=UTC)
Sent = Callable[[], list[str]]
Grown = Callable[[Sequence[int]], list[str]]


@pytest.fixture
def grown(
    tasks: Factory[AgentTask], local_airtable: LocalAirtable, monkeypatch: pytest.MonkeyPatch, sent: Sent
) -> Grown:  # fmt: skip
    """Records that Airtable lists in this order of the hours in which they were created; their ids, oldest first."""

    def grow(hours: Sequence[int]) -> list[str]:
        ids: dict[int, str] = {}
        moment = START
        monkeypatch.setattr(type(local_airtable.workspace), "now", lambda _: moment)
        for hour in hours:
            moment = START + timedelta(hours=hour)
            ids[hour] = tasks.create(name=f"{hour}").id
        sent()
        return [ids[hour] for hour in sorted(ids)]

    return grow


ORDERS = {
    "oldest first": list(range(250)),
    "newest first": list(range(250))[::-1],
    "in no order": random.Random(5).sample(range(250), 250),
}


@pytest.mark.parametrize("order", ORDERS)
def test_the_first_and_the_last_are_found_with_few_requests(
    grown: Grown, sent: Sent, order: str
) -> None:
    """Two requests where a list is in no order, or in the wanted one; never more than reading everything takes."""
    ids = grown(ORDERS[order])
    asked: dict[str, tuple[Callable[[], list[str]], list[str]]] = {
        "first": (lambda: [one.id for one in [AgentTask.first()] if one], ids[:1]),
        "three": (lambda: [one.id for one in AgentTask.where().limit(3)], ids[:3]),
        "later": (lambda: AgentTask.where().offset(2).limit(3).ids(), ids[2:5]),
        "latest": (lambda: AgentTask.where().order_by("-created_time").limit(2).ids(), ids[:-3:-1]),
        "under a condition": (
            lambda: AgentTask.where(AgentTask.c.agent_id == "a", AgentTask.c.retry_count < 3).limit(1).ids(),
            ids[:1],
        ),
    }  # fmt: skip

    for name, (ask, expected) in asked.items():
        assert ask() == expected, name
        listed = len(sent())
        assert listed == 2 if order == "in no order" else listed <= 3, name


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_done_after_the_fetch_makes_no_difference(
    grown: Grown, tasks: Factory[AgentTask], sent: Sent, order: str
) -> None:
    """Conditions that no formula says, and links, for which the name of the record is asked for before."""
    ids = grown(ORDERS[order])
    long = AgentTask.c.name.length() >= 2
    linked = AgentTask.c.parent_task == ids[0]
    AgentTask.bulk_update({one: {"parent_task_id": ids[0]} for one in ids[20:]})
    sent()
    asked: dict[str, tuple[Callable[[], list[str]], list[str], int]] = {
        "the first": (AgentTask.where(long).limit(2).ids, ids[10:12], 0),
        "read": (lambda: [one.id for one in AgentTask.where(long).limit(2).offset(1)], ids[11:13], 0),
        "the last": (AgentTask.where(long).order_by("-created_time").limit(1).ids, ids[-1:], 0),
        "linked": (AgentTask.where(linked).limit(2).ids, ids[20:22], 1),
        "in a list of links": (AgentTask.where(AgentTask.c.depends_on.contains(ids[3])).limit(2).ids, [], 1),
    }  # fmt: skip

    for name, (ask, expected, names) in asked.items():
        assert ask() == expected, name
        listed = len(sent()) - names
        assert listed <= 2 if order == "in no order" else listed <= 3, name


def test_where_few_of_many_meet_the_rest_all_are_read(grown: Grown, sent: Sent) -> None:
    """A first page without any of them says nothing of the others; nothing is asked for twice."""
    ids = grown(ORDERS["oldest first"])

    assert AgentTask.where(AgentTask.c.name.length() == 3).limit(1).ids() == ids[100:101]

    assert sent() == [f"GET {TABLE}"] * 3


def test_records_of_one_second_are_read_once(tasks: Factory[AgentTask], sent: Sent) -> None:
    """Where the time of creation tells nothing apart, no request is spent on it."""
    made = tasks.create_many(250)
    sent()

    assert AgentTask.where().limit(3).all() == made[:3]

    assert sent() == [f"GET {TABLE}"] * 3


def test_the_plan_says_so(tasks: Factory[AgentTask]) -> None:
    """Where Airtable sorts, or the rest is done after the fetch, the plan says that instead."""
    tasks.create()

    latest = str(AgentTask.where().order_by("-created_time").limit(2).explain())
    assert "or 2 or 3 where the time of creation tells which are the first of many" in latest
    assert "2 or 3" not in str(AgentTask.where().order_by("retry_count").limit(2).explain())
    assert "2 or 3" not in str(AgentTask.get_ready_tasks().limit(2).explain())
    assert "2 or 3" not in str(AgentTask.where().explain())


def test_one_page_is_all_that_is_asked_for(tasks: Factory[AgentTask], sent: Sent) -> None:
    """A hundred records are one answer, and it says that it is the last."""
    tasks.create_many(100)
    sent()

    assert AgentTask.first()

    assert sent() == [f"GET {TABLE}"]


def test_records_that_do_not_fit_are_told_of_once(
    grown: Grown, people: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The oldest that fits is the first; those before it are reported, and no others are."""
    ids = grown(ORDERS["in no order"])
    for place in (0, 1, 200):
        people.edit(ids[place], Priority="Invented")
    caplog.clear()

    first = AgentTask.first()

    assert first is not None
    assert (first.id, first.priority) == (ids[2], TaskPriority.MEDIUM)
    assert [caplog.text.count(ids[place]) for place in (0, 1, 200)] == [1, 1, 0]
