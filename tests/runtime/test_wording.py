"""What is said of values that do not fit: in the words of the schema, with a way out, and without those of pydantic."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import RecordInvalid, connect


@pytest.fixture(autouse=True)
def store() -> Iterator[None]:
    """An empty store in memory."""
    with connect("sqlite:///:memory:"):
        yield


def task(**values: Any) -> AgentTask:
    """Return a stored task."""
    return AgentTask.create(**{"name": "n", "description": "d", "agent_id": "a", **values})


ENUM = "has to be 'Low', 'Medium', 'High' or 'Urgent'"
EARLY = "0001-01-01T00:00:00+05:00"
NO_ZONE = "needs a time zone: write datetime.now(UTC), or add tzinfo=UTC to the one given"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": 5}, "name has to be a text, not 5"),
        ({"name": ""}, "name has to have at least 1 character, not ''"),
        ({"retry_count": "x"}, "retry_count has to be an integer, not 'x'"),
        ({"retry_count": 2.5}, "retry_count has to be an integer, not 2.5"),
        ({"execution_time_seconds": "a"}, "execution_time_seconds has to be a number, not 'a'"),
        ({"started_at": "soon"}, "started_at has to be a datetime, not 'soon'"),
        ({"started_at": datetime.fromisoformat("2026-01-01")}, f"started_at {NO_ZONE}"),
        ({"started_at": EARLY}, f"started_at has to lie in the years 1 to 9999, in UTC too, not '{EARLY}'"),
        ({"priority": 3}, f"priority {ENUM}, not 3"),
        ({"priority": "HIGH"}, f"priority {ENUM}, not 'HIGH': write TaskPriority.HIGH"),
        ({"priority": "hihg"}, f"priority {ENUM}, not 'hihg': write TaskPriority.HIGH"),
    ],
)  # fmt: skip
def test_misfits_are_told_in_the_words_of_the_schema(values: dict[str, Any], said: str) -> None:
    """The same for a new record, for a change, and for an assignment: the field, what is valid, what was given."""
    stored = task()
    [(name, value)] = values.items()
    ways: list[Callable[[], Any]] = [
        lambda: task(**values),
        lambda: stored._update(values),
        lambda: setattr(stored, name, value),
    ]

    for way in ways:
        with pytest.raises(RecordInvalid) as caught:
            way()
        assert str(caught.value).endswith(f": {said}")


def test_what_is_no_json_is_told_what_json_is() -> None:
    """A set is none."""
    with pytest.raises(RecordInvalid, match=r"parameters has to be JSON: text, .*, not \{1\}"):
        task(parameters={1})


def test_assigning_to_no_field_suggests_the_field() -> None:
    """The value has no part in that."""
    stored: Any = task()

    with pytest.raises(RecordInvalid) as caught:
        stored.retry_cuont = 1

    assert re.search(
        r": retry_cuont is not a field of AgentTask: did you mean 'retry_count'\?$",
        str(caught.value),
    )


def test_a_value_that_is_looked_for_is_told_the_same() -> None:
    """find_by() checks as creating does."""
    loose: Any = AgentTask

    with pytest.raises(RecordInvalid) as caught:
        loose.find_by(priority="high")

    assert str(caught.value) == f"AgentTask: priority {ENUM}, not 'high': write TaskPriority.HIGH"


def test_a_field_that_is_asked_of_the_class_leads_to_the_conditions() -> None:
    """`AgentTask.name == "x"` is what other libraries write; what is no field is no attribute, as ever."""
    loose: Any = AgentTask

    with pytest.raises(AttributeError, match=r"written with AgentTask\.c\.name"):
        AgentTask.where(loose.name == "n")
    with pytest.raises(AttributeError, match=r"^titel$"):
        _ = loose.titel
    assert not hasattr(AgentTask, "name")
