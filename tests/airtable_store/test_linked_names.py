"""Link cells show names: formulas fetch by those what may be linked, and the ids decide."""

from __future__ import annotations

from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.testing import Factory

NAMES = ["x", "x, y", "y", 'say "x"', "x", "it's", "back\\slash", "}{", "😀", "a\nb", " x ", "X"]


def test_records_of_like_names_are_told_apart(tasks: Factory[AgentTask]) -> None:
    """Names within names, with commas, quotes and line breaks, and two of one name: each has its own children."""
    parents = [tasks.create(name=name) for name in NAMES]
    children = [tasks.create(name="child", parent_task=parent) for parent in parents]

    for parent, child in zip(parents, children, strict=True):
        assert AgentTask.find_by(parent_task=parent).all() == [child], parent.name
        assert AgentTask.get(parent.id).subtasks == [child], parent.name
    by_many = AgentTask.where(
        AgentTask.c.parent_task.id.is_in([parents[0].id, parents[4].id])
    ).order_by("created_time")
    assert {one.id for one in by_many} == {children[0].id, children[4].id}


@pytest.mark.parametrize("name", ["", "renamed", 'with "quotes", and a comma'])
def test_a_parent_that_people_rename_keeps_its_children(
    tasks: Factory[AgentTask], people: Any, name: str
) -> None:
    """The name is asked for anew each time; one without a name has children too."""
    parent, other = tasks.create(name="parent"), tasks.create(name="parent")
    child = tasks.create(name="child", parent_task=parent)
    tasks.create(name="another child", parent_task=other)

    people.edit(parent.id, Name=name)

    assert AgentTask.find_by(parent_task=parent).all() == [child]
    assert AgentTask.where(AgentTask.c.parent_task == parent).count() == 1


def test_lists_of_links_are_told_apart_too(tasks: Factory[AgentTask]) -> None:
    """A cell of several links shows their names with commas between them."""
    one, other, both = tasks.create(name="a"), tasks.create(name="b"), tasks.create(name="a, b")
    needs_two = tasks.create(name="needs two", depends_on=[one, other])
    needs_one = tasks.create(name="needs one", depends_on=[both])

    assert AgentTask.where(AgentTask.c.depends_on.contains(both)).all() == [needs_one]
    assert AgentTask.where(AgentTask.c.depends_on.contains(one)).all() == [needs_two]
