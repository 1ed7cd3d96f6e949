"""Whatever breaks at whichever call, applying again ends in the base that the schema says, with nothing doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tablewright.model.schema import Schema
from tablewright.provision.apply import apply
from tablewright.provision.errors import ProvisionError
from tablewright.provision.live import LiveBase

if TYPE_CHECKING:
    from tests.provision.conftest import Project

BEFORE = """
tablewright: 1
name: shop
enums:
  Status: [OPEN, DONE]
  Tag: [RED]
tables:
  Customer:
    fields: {name: text, mail: email}
  Order:
    fields:
      number: integer
      status: Status
      tags: [Tag]
      amount: {type: currency}
"""
AFTER = """
tablewright: 1
name: shop
enums:
  Status: [OPEN, DONE, LOST, FOUND]
  Tag: [RED, BLUE]
tables:
  Client:
    was: Customer
    description: Who buys.
    fields:
      name: {type: text, description: The full name.}
      email_address: {type: email, was: mail}
    relations:
      friends: {to: Client, many: true}
  Order:
    fields:
      number: integer
      status: Status
      tags: [Tag]
      price: {type: currency, was: amount}
      due: date
      double: {type: formula, formula: "{Price} * 2", result: number}
      client_mail: {type: lookup, relation: client, field: email_address}
      serial: auto_number
    relations:
      client: {to: Client, inverse: orders}
  Shipment:
    fields: {code: text}
    relations:
      order: {to: Order, inverse: shipments, inverse_description: Its parcels.}
"""
ACTIONS = ("refuse", "cut-before", "cut-after", "500", "503", "429", "malformed")


def duplicates(live: LiveBase) -> list[str]:
    """Return names that look like second tries: the same, or with a number that Airtable appends."""
    names = [table.name for table in live.tables]
    for table in live.tables:
        names += [f"{table.name}.{one.name}" for one in table.fields]
        for one in table.fields:
            names += [f"{table.name}.{one.name}.{choice.name}" for choice in one.choices]
    counts = Counter(name.casefold() for name in names)
    return [name for name in counts if counts[name] > 1 or name.endswith((" 2", " 3"))]


def check_it_ended_well(project: Project, schema: Schema, *, rows: bool = True) -> None:
    """Check that nothing is left to do, nothing is doubled and no scratch row is left; the row is there, if it was."""
    drift = project.drift(schema)
    assert drift.differences == ()
    assert [one.text for one in drift.by_hand if not one.done] == [
        "In table 'Order' add a field named 'Serial' of type 'Autonumber'."
    ]
    live = project.live()
    assert duplicates(live) == []
    assert len(live.tables) == 3
    row = {"Number": 1, "Status": "Done", "Price": 12.5, "Double": 25}
    assert project.rows("Order") == ([row] if rows else [])
    lock = project.lock(schema)
    assert lock.pending == {}
    assert lock.applying == {}
    for key in ("Client", "Order", "Shipment"):
        table = live.table(lock.table_id(key))
        assert table is not None
        assert {one.id for one in table.fields} == set(lock.tables[key].fields.values())
    order = lock.tables["Order"]
    assert set(order.choices["status"]) == {"OPEN", "DONE", "LOST", "FOUND"}


def prepare(project: Project, compiled: Callable[[str], Schema]) -> Schema:
    project.apply(compiled(BEFORE))
    project.write("Order", {"Number": 1, "Status": "Done", "Amount": 12.5})
    return compiled(AFTER)


def calls(projects: Callable[..., Project], compiled: Callable[[str], Schema]) -> tuple[int, int]:
    """Return how many calls the preparation makes, and how many the evolution after it."""
    project = projects()
    schema = prepare(project, compiled)
    prepared = project.port.calls
    project.apply(schema)
    return prepared, project.port.calls - prepared


def test_without_faults_the_evolution_ends_well(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """Renames, new fields, links, choices and formulas arrive; the row stays; the calls are those announced."""
    schema = prepare(project, compiled)
    plan = project.plan(schema)

    applied = apply(plan, project.port, project.lock(schema))

    assert applied.calls == plan.calls
    check_it_ended_well(project, schema)


@pytest.mark.slow
@pytest.mark.parametrize("attempts", [1, 3], ids=["crash", "heal"])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_fault_at_every_call_is_survived(
    projects: Callable[..., Project],
    compiled: Callable[[str], Schema],
    action: str,
    attempts: int,
) -> None:
    """At each call in turn: the call breaks, the run stops or heals, the next run finishes."""
    before, total = calls(projects, compiled)
    for nth in range(before + 1, before + total + 1):
        project = projects(fail=f"{action} nth={nth}")
        schema = prepare(project, compiled)

        try:
            project.apply(schema, attempts=attempts)
        except ProvisionError:
            project.apply(schema)

        check_it_ended_well(project, schema)
        project.server.stop()


@pytest.mark.parametrize("action", ["cut-before", "cut-after"])
def test_a_saved_plan_goes_on_where_it_stopped(
    projects: Callable[..., Project], compiled: Callable[[str], Schema], action: str
) -> None:
    """A plan whose run was cut off is taken up again, though the base is no longer the one it was made for."""
    before, total = calls(projects, compiled)
    for nth in range(before + 2, before + total + 1):
        project = projects(fail=f"{action} nth={nth}")
        schema = prepare(project, compiled)
        plan = project.plan(schema)

        try:
            apply(plan, project.port, project.lock(schema), attempts=1)
        except ProvisionError:
            apply(plan, project.port, project.lock(schema))

        check_it_ended_well(project, schema)
        project.server.stop()


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_new_base_is_made_once(
    projects: Callable[..., Project], compiled: Callable[[str], Schema], action: str, nth: int
) -> None:
    """Names of bases are not unique; a lost answer still leaves one base, whichever call broke."""
    schema = compiled(BEFORE)
    project = projects(fail=f"{action} nth={nth}")

    try:
        project.apply_to_new_base(schema, attempts=1)
    except ProvisionError:
        project.apply_to_new_base(schema)

    project.base = project.lock(schema).base
    assert project.drift(schema).is_empty
    assert len(project.port.bases()) == 2  # with the one that every local Airtable opens


@pytest.mark.slow
@pytest.mark.parametrize("attempts", [1, 3], ids=["crash", "heal"])
@pytest.mark.parametrize("action", ["cut-before", "cut-after", "malformed"])
def test_a_fault_at_every_call_of_a_new_base_is_survived(
    projects: Callable[..., Project],
    compiled: Callable[[str], Schema],
    action: str,
    attempts: int,
) -> None:
    """A base with links, other sides and what depends on them, made in a workspace: one base in the end, all in it once."""
    schema = compiled(AFTER)
    total = projects().apply_to_new_base(schema).calls
    assert total > 8
    for nth in range(1, total + 1):
        project = projects(fail=f"{action} nth={nth}")

        try:
            project.apply_to_new_base(schema, attempts=attempts)
        except ProvisionError:
            project.apply_to_new_base(schema)

        project.base = project.lock(schema).base
        check_it_ended_well(project, schema, rows=False)
        assert len(project.port.bases()) == 2
        project.server.stop()
