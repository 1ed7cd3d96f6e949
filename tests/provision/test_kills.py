"""kill -9 at every call of an apply: the next run finishes, and nothing is doubled."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tablewright.provision.live import LiveBase, live_base
from tablewright.provision.ports.airtable import AirtablePort

if TYPE_CHECKING:
    from tests.provision.conftest import Shell

BEFORE = """
tablewright: 1
name: shop
enums: {Status: [OPEN, DONE], Tag: [RED]}
tables:
  Customer:
    fields: {name: text, mail: email}
  Order:
    fields: {number: integer, status: Status, tags: [Tag]}
"""
AFTER = """
tablewright: 1
name: shop
enums: {Status: [OPEN, DONE, LOST], Tag: [RED, BLUE]}
tables:
  Client:
    was: Customer
    description: Who buys.
    fields: {name: text, address: {type: email, was: mail}}
  Order:
    fields:
      number: integer
      status: Status
      tags: [Tag]
      twice: {type: formula, formula: "{Number} * 2", result: number}
      addresses: {type: lookup, relation: client, field: address}
    relations:
      client: {to: Client, inverse: orders}
  Parcel:
    fields: {code: text}
    relations:
      order: {to: Order, inverse: parcels}
"""
WANTED = {
    "Client": ["Name", "Address", "Orders"],
    "Order": ["Number", "Status", "Tags", "Client", "Twice", "Addresses", "Parcels"],
    "Parcel": ["Code", "Order"],
}


def workspace(shell: Shell) -> None:
    """Let the environment name a workspace and no base."""
    (shell.folder / "tablewright.toml").write_text(
        f'[environments.dev]\nworkspace = "{shell.server.workspace.workspace_id}"\nendpoint = "{shell.server.url}"\n'
    )


def nothing(shell: Shell) -> None:
    """Begin with an empty base."""


def earlier(shell: Shell) -> None:
    """Begin with the earlier schema and a row."""
    shell.write(BEFORE)
    shell.type("apply", "--yes")
    port = AirtablePort(shell.server.token, endpoint=shell.server.url)
    port.create_rows(shell.server.base_id, "Order", [{"Number": 1, "Status": "Done"}])
    port.close()


def final(shell: Shell) -> tuple[LiveBase, int, list[dict[str, object]]]:
    """Return the base that the lock file knows, how many bases there are, and the rows of its orders."""
    port = AirtablePort(shell.server.token, endpoint=shell.server.url)
    base = shell.lock()["schemas"]["shop"]["base"]
    rows = [one["fields"] for one in port._call("GET", f"{base}/Order")["records"]]
    found = live_base(base, port.base_schema(base)), len(port.bases()), rows
    port.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("begin", [nothing, earlier, workspace])
def test_killed_at_any_call_apply_converges(
    shells: Callable[..., Shell], begin: Callable[[Shell], None]
) -> None:
    """The process is killed after each call in turn, a moment earlier or later, and run once more to the end."""
    chance = random.Random(1)
    killed = count = 0
    while killed == count:
        count += 1
        shell = shells(fail="delay=0.03")
        begin(shell)
        shell.write(AFTER)
        shell.server.calls.clear()
        process = shell.start("apply", "--yes")
        while shell.server.calls.total < count and process.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.04))
        killed += process.poll() is None
        process.kill()
        process.wait()

        shell.type("apply", "--yes")

        assert shell.json("plan")["changes"] == []
        live, bases, rows = final(shell)
        fields = {table.name: sorted(one.name for one in table.fields) for table in live.tables}
        assert fields == {name: sorted(names) for name, names in WANTED.items()}
        order = live.table_named("Order")
        assert order is not None
        choices = {one.name: [choice.name for choice in one.choices] for one in order.fields}
        assert choices["Status"] == ["Open", "Done", "Lost"]
        assert choices["Tags"] == ["Red", "Blue"]
        assert bases == (2 if begin is workspace else 1)
        assert rows == ([{"Number": 1, "Status": "Done", "Twice": 2}] if begin is earlier else [])
        shell.server.stop()
    assert killed >= 5


def test_the_next_run_clears_away_what_a_killed_one_left_beside_the_lock_file(shell: Shell) -> None:
    """Only half-written lock files of its own environment: those of another may be in the making."""
    shell.write(BEFORE)
    left = shell.folder / ".tablewright.lock.dev.json.q0_x7abc"
    others = [
        shell.folder / ".tablewright.lock.prod.json.q0_x7abc",
        shell.folder / ".tablewright.lock.dev.json.eu.json.q0_x7abc",
        shell.folder / ".tablewright.lock.dev.json.notes",
    ]
    for file in (left, *others):
        file.write_text("{")

    shell.type("apply", "--yes")

    assert not left.exists()
    assert all(file.exists() for file in others)
    assert shell.lock()["schemas"]["shop"]["tables"]
