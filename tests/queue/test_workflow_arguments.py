"""What `workflow()` and `queue_statistics()` cannot take is told before anything is stored or asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import tablewright
from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection, RecordInvalid, StoreUnavailable

TASK: dict[str, Any] = {"name": "n", "description": "d", "agent_id": "a"}


@pytest.fixture(params=["sqlite://", "local:"])
def _store(request: pytest.FixtureRequest) -> Iterator[None]:
    """An empty store: one that writes all at once, and one that writes step by step."""
    with tablewright.connect(request.param, leases=_leases(request.param)):
        yield


def _leases(url: str) -> str | None:
    return "sqlite://" if url == "local:" else None


@pytest.mark.usefixtures("_store")
@pytest.mark.parametrize(
    ("links", "said"),
    [
        ({"depends_on": ["zz"]}, "depends_on names a step, and there is no step 'zz'; steps: first, second"),
        ({"depends_on": ["frist"]}, "no step 'frist'; did you mean 'first'? steps: first, second"),
        ({"parent_task": "zz"}, "parent_task names a step, and there is no step 'zz'; steps: "),
        ({"depends_on": "first"}, "depends_on has to be a list of steps, each a name, AgentTask record or id, not 'first': write ['first']"),
        ({"depends_on": None}, "depends_on has to be a list of steps, each a name, AgentTask record or id, not None"),
        ({"depends_on": ["first", 3]}, "depends_on has to be a record of AgentTask or its id, not 3"),
        ({"parent_task": ["first"]}, "parent_task has to be one step: its name, AgentTask record or id, not ['first']"),
        ({"depends_on": "x", "parent_task": "y"}, "parent_task names a step"),
    ],
)  # fmt: skip
def test_links_to_no_step_are_told_with_the_steps_there_are(
    links: dict[str, Any], said: str
) -> None:
    """The step and the field are named, and nothing is stored, on a store that writes step by step neither."""
    with pytest.raises(RecordInvalid) as caught:
        AgentTask.workflow({"first": TASK, "second": {**TASK, **links}})

    assert str(caught.value).startswith("AgentTask 'second': ")
    assert said in str(caught.value)
    assert AgentTask.count() == 0


@pytest.mark.usefixtures("_store")
def test_a_link_to_a_record_that_is_gone_leaves_nothing_behind() -> None:
    """Only the store knows that it is gone; what was stored before it said so is deleted again."""
    gone = AgentTask.create(**TASK)
    gone.delete()

    for links in ({"depends_on": ["first", gone.id]}, {"parent_task": gone.id}):
        with pytest.raises(RecordInvalid, match="has to be a record of AgentTask that is there"):
            AgentTask.workflow({"first": TASK, "second": {**TASK, **links}})
        assert AgentTask.count() == 0


def test_what_cannot_be_taken_back_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The error is that of the graph; the log names what was left where the store went away meanwhile."""
    with tablewright.connect("local:", leases="sqlite://") as connection:

        def away(*_: object) -> list[str]:
            raise StoreUnavailable("the store went away")

        monkeypatch.setattr(connection.store, "delete", away)
        with pytest.raises(RecordInvalid):
            AgentTask.workflow(
                {"first": TASK, "second": {**TASK, "depends_on": ["recAAAAAAAAAAAAAA"]}}
            )
        for left in AgentTask.all():
            assert left.id in caplog.text
    assert "the store went away" in caplog.text


@pytest.mark.usefixtures("_store")
def test_steps_lead_to_stored_records_and_to_one_another() -> None:
    """By names, ids and the records themselves, in lists and sets."""
    known, other = AgentTask.create(**TASK), AgentTask.create(**TASK)

    made = AgentTask.workflow(
        {
            "last": {**TASK, "depends_on": ["first", known, other.id], "parent_task": "first"},
            "first": {**TASK, "depends_on": {known.id}, "parent_task": None},
        }
    )

    assert made["last"].depends_on_ids == [made["first"].id, known.id, other.id]
    assert (made["last"].parent_task, made["first"].parent_task) == (made["first"], None)
    assert made["first"].depends_on_ids == [known.id]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([TASK], "takes a dict of steps by their names, and got [{'name': 'n'"),
        ("first", "takes a dict of steps by their names, and got 'first': write workflow({'first': {…}"),
        (None, "and got None"),
        ({"first": [TASK]}, "takes a dict for each step, and got [{"),
        ({1: TASK}, "takes texts as names of steps, and got 1"),
    ],
)  # fmt: skip
def test_what_is_no_dict_of_dicts_is_a_type_error(steps: Any, said: str) -> None:
    """It shows what was given and how steps are written."""
    with pytest.raises(TypeError) as caught:
        AgentTask.workflow(steps)

    assert str(caught.value).startswith("workflow() ")
    assert said in str(caught.value)


@pytest.mark.parametrize("span", ["1h", 3600, datetime(2026, 1, 1, tzinfo=UTC)])
@pytest.mark.parametrize("name", ["since", "bucket"])
def test_spans_of_figures_are_lengths_of_time(name: str, span: Any) -> None:
    """A text, a number and a moment are told what belongs there."""
    with pytest.raises(TypeError, match=rf"takes '{name}' as a length of time, such as timedelta"):
        AgentTask.queue_statistics(**{name: span})


def test_figures_look_back_and_not_ahead() -> None:
    """A negative span is no span of the past."""
    with pytest.raises(ValueError, match=r"looks back by 'since', and got datetime\.timedelta\("):
        AgentTask.queue_statistics(since=timedelta(hours=-1))


@pytest.mark.parametrize("url", ["sqlite", "postgresql", "airtable"], indirect=True)
def test_figures_look_back_as_far_as_a_span_goes(connection: Connection) -> None:
    """Nothing is older than a hundred years, and databases do not reckon in millions of them."""
    AgentTask.create(**TASK)

    assert AgentTask.queue_statistics(since=timedelta.max).waiting == 1
