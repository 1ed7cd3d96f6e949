"""Docstrings of generated methods name what they raise, where an editor shows them."""

from __future__ import annotations

import inspect

import pytest

from generated.agent_tasks import AgentTask


@pytest.mark.parametrize(
    ("method", "raised"),
    [
        (AgentTask.create, ["RecordInvalid"]),
        (AgentTask.add_subtask, ["RecordInvalid"]),
        (AgentTask.start_execution, ["TransitionRefused", "RecordChanged", "LeaseLost"]),
        (AgentTask.complete_execution, ["TransitionRefused", "RecordInvalid", "RecordChanged", "LeaseLost"]),
    ],
)  # fmt: skip
def test_a_method_names_what_it_raises(method: object, raised: list[str]) -> None:
    """A transition of a queue can find its lease lost; a linked record is checked as any new one."""
    _, _, told = str(inspect.getdoc(method)).partition("Raises:\n")

    assert [line.split(":")[0].strip() for line in told.splitlines()] == raised
