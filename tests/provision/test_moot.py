"""A step for people that the schema does not ask for any more was dropped, unless the base shows that it was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tablewright.model.schema import Schema
from tablewright.provision.drift import drift
from tablewright.provision.live import live_base
from tablewright.provision.planning import airtable_plan
from tablewright.provision.wanted import wanted_base

if TYPE_CHECKING:
    from tests.provision.conftest import Project, Shell

SCHEMA = """
tablewright: 1
name: desk
enums: {State: {values: {OPEN: {label: Open}, DONE: {label: Done}}}}
tables:
  Task:
    fields:
      name: text
      state: State
      hours: {type: number, precision: 1}
      notes: text
    relations: {parent: {to: Task, many: true}}
"""


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("notes: text", "notes: text\n      serial: auto_number", "notes: text"),
        ("{type: number, precision: 1}", "date", "{type: number, precision: 1}"),
        ("{type: number, precision: 1}", "{type: number, precision: 3}", "{type: number, precision: 1}"),
        ("hours: {type: number, precision: 1}", "hours: date", "spent: {type: number, precision: 1, was: hours}"),
        ("label: Done", "label: Ready", "label: Done"),
        ("many: true", "many: false", "many: true"),
    ],
)  # fmt: skip
def test_a_step_that_the_schema_took_back_is_not_needed_any_more(
    project: Project, compiled: Callable[[str], Schema], old: str, new: str, again: str
) -> None:
    """Nobody did it, so nobody is told that it was done; and there is no drift."""
    project.apply(compiled(SCHEMA))
    project.apply(compiled(SCHEMA.replace(old, new)))
    asked = project.drift(compiled(SCHEMA.replace(old, new))).by_hand

    found = project.drift(compiled(SCHEMA.replace(old, again))).by_hand

    assert [(one.is_open, one.done) for one in asked] == [(True, False)]
    assert [(one.text, one.needed, one.done) for one in found] == [(asked[0].text, False, False)]


@pytest.mark.parametrize(
    ("old", "new", "by_hand"),
    [
        ("date", "date", lambda field: field.update(type="date", options={"dateFormat": {"name": "iso", "format": "YYYY-MM-DD"}})),
        ("number, precision: 1}", "number, precision: 3}", lambda field: field.update(options={"precision": 3})),
    ],
)  # fmt: skip
def test_a_step_that_was_done_is_ticked_though_its_field_left_the_schema(
    project: Project,
    compiled: Callable[[str], Schema],
    old: str,
    new: str,
    by_hand: Callable[[dict[str, Any]], None],
) -> None:
    """What counts is what the base shows."""
    changed = SCHEMA.replace("{type: number, precision: 1}", "date") if new == "date" else SCHEMA.replace(old, new)  # fmt: skip
    project.apply(compiled(SCHEMA))
    project.apply(compiled(changed))
    document = project.port.base_schema(project.base)
    for field in document["tables"][0]["fields"]:
        if field["name"] == "Hours":
            by_hand(field)
    live = live_base(project.base, document)
    lock = project.lock(compiled(changed))

    (found,) = drift(airtable_plan(wanted_base(compiled(changed)), live, lock), live, lock.manual).by_hand  # fmt: skip

    assert found.done
    assert found.needed


def test_the_command_says_what_is_not_needed_any_more(shell: Shell) -> None:
    """It is marked apart from what was done, and counts for no difference."""
    shell.type("apply", "--yes")
    shell.write(shell.schema.replace(", serial: auto_number", ""))

    said = shell.run("drift")

    assert (
        "  [-] 1. In table 'Order' add a field named 'Serial' of type 'Autonumber'." in said.stdout
    )
    assert "no longer needed: the schema asks for something else by now" in said.stdout
    assert said.returncode == 0
