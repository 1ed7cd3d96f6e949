"""Links where a value is needed: what is said names the field to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import measures

c: Any = AgentTask.c
A_LINK = "'parent_task' is a link to AgentTask"
A_FIELD = "name a field of it, as in c.parent_task.name"
LINKS = "'depends_on' are links to AgentTask"
HOW_MANY = "name how many there are, as in c.depends_on.count()"


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: measures.count_by(c.parent_task), f"count_by() needs a value, and {A_LINK}: {A_FIELD}"),
        (lambda: measures.sum(c.parent_task), f"sum() needs a value, and {A_LINK}: {A_FIELD}"),
        (lambda: measures.max(c.depends_on), f"max() needs a value, and {LINKS}: {HOW_MANY}"),
        (lambda: measures.count_distinct(c.depends_on), f"count_distinct() needs a value, and {LINKS}: {HOW_MANY}"),
        (lambda: measures.count_by("parent_task"), "count_by() needs a field, as in count_by(Model.c.field), and not 'parent_task'"),  # type: ignore[arg-type]  # the point of it
        (lambda: AgentTask.where().order_by(c.parent_task), f"cannot order AgentTask: {A_LINK}, so {A_FIELD}"),
        (lambda: AgentTask.where().order_by(c.parameters), "cannot order AgentTask by JSON or blank"),
        (lambda: AgentTask.where().order_by(5), "order_by() takes names of fields, such as 'name' or '-name', and not 5"),  # type: ignore[arg-type]  # likewise
    ],
)  # fmt: skip
def test_a_link_is_no_value_and_is_told_the_field_to_name(
    build: Callable[[], object], said: str
) -> None:
    """A TypeError, whatever the link was given to."""
    with pytest.raises(TypeError) as caught:
        build()

    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("parent_task", f"{A_LINK}: {A_FIELD}"),
        ("-parent_task", f"{A_LINK}: {A_FIELD}"),
        ("parent_taks", f"{A_LINK}: {A_FIELD}"),
        ("parent_task.nmae", f"{A_LINK}: {A_FIELD}"),
        ("parent_task.parent_task", f"{A_LINK}: {A_FIELD}"),
        ("depends_on.name", f"{LINKS}: {HOW_MANY}"),
        ("depends_on", f"{LINKS}: {HOW_MANY}"),
        ("subtasks", "'subtasks' are links to AgentTask: name how many there are, as in c.subtasks.count()"),
        ("-priorty", "did you mean 'priority'?"),
    ],
)  # fmt: skip
def test_a_name_that_records_cannot_be_sorted_by_is_told_what_can_be(key: str, said: str) -> None:
    """A link, a misspelt link, and a misspelt field."""
    with pytest.raises(ValueError, match=re.escape(f"'{key.removeprefix('-')}': {said}")):
        AgentTask.where().order_by(key)
