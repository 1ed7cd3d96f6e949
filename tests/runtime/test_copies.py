"""A copy stands for the same stored record, and shares nothing that changes in place."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, PrivateAttr

import tablewright
from generated.agent_tasks import AgentTask


class Marked(AgentTask):
    """A user's subclass with a private attribute, and with keys of its own."""

    model_config = ConfigDict(extra="allow")
    _marks: list[str] = PrivateAttr(default_factory=list)


def given(**more: Any) -> dict[str, Any]:
    return {"name": "n", "description": "d", "agent_id": "a", **more}


def test_a_copy_is_saved_as_the_record_itself(tmp_path: Path) -> None:
    """What is changed in the copy is the copy's alone until it is saved."""
    with tablewright.connect(f"sqlite:///{tmp_path}/copies.db"):
        task = AgentTask.create(**given())

        copied = task.model_copy(update={"name": "m"})
        copied.retry_count = 2
        copied.save()

        assert (task.name, task.retry_count) == ("n", 0)
        assert (AgentTask.get(task.id).name, AgentTask.get(task.id).retry_count) == ("m", 2)


def test_a_copy_keeps_what_a_subclass_adds() -> None:
    """Private attributes and keys beside the fields are copied as pydantic copies them."""
    task = Marked.model_validate(given(beside=1))
    task._marks.append("x")

    for copied in (copy.copy(task), task.model_copy(deep=True)):
        assert (copied.model_extra, copied._marks) == ({"beside": 1}, ["x"])
        assert copied == task
