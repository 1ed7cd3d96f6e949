"""What becomes required while there are rows: plan and drift tell which rows lack it, until none does."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tablewright.model.schema import Schema
from tablewright.provision.blanks import rows_without_values
from tablewright.provision.errors import Refused
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.provision.wanted import wanted_base

if TYPE_CHECKING:
    from tests.provision.conftest import Project, Shell

SHOP = """
tablewright: 1
name: shop
tables:
  Customer:
    fields: {{name: text}}
  Order:
    fields: {{title: text, hours: {hours}, note: text}}
    relations: {{customer: {{to: Customer{customer}}}}}
"""
BEFORE = SHOP.format(hours="number", customer="")
REQUIRED = SHOP.format(
    hours="{type: number, required: true}",
    customer=", required: true, on_delete: cascade",
)
HOURS = "In table 'Order' give every row a value for 'Hours', which is required: until then rows without one are left out by what reads them."
CUSTOMER = HOURS.replace("'Hours'", "'Customer'")


@pytest.fixture
def port(shell: Shell) -> Iterator[AirtablePort]:
    found = AirtablePort(shell.server.token, endpoint=shell.server.url)
    yield found
    found.close()


@pytest.fixture
def write(shell: Shell, port: AirtablePort) -> Callable[..., None]:
    """Write a row of orders; the customer is made on the way."""

    def write(**cells: object) -> None:
        port.create_rows(shell.server.base_id, "Order", [cells])

    return write


def test_rows_that_lack_a_value_are_told_until_they_have_one(
    shell: Shell, write: Callable[..., None], port: AirtablePort
) -> None:
    """A field and a link become required: a step for people, ticked off when done. 0 is a value."""
    shell.write(BEFORE)
    shell.type("apply", "--yes")
    write(Title="A", Hours=0, Customer=["Ann"])
    write(Title="B", Hours=2)
    write(Title="C")
    shell.write(REQUIRED)

    planned = shell.type("plan")
    shell.type("apply", "--yes")
    before = shell.json("drift")["by_hand"]
    for row in port.rows(shell.server.base_id, "Order", "OR({Title}='B',{Title}='C')"):
        cells = {"Hours": 1, "Customer": ["Ann"]}
        port._call("PATCH", f"{shell.server.base_id}/Order/{row['id']}", {"fields": cells, "typecast": True})  # fmt: skip
    after = shell.json("drift")

    assert planned.exit_code == 2
    assert "  ! field 'Hours'     is required, and 1 row has no value  [manual]\n" in planned.stdout
    assert (
        "  ! field 'Customer'  is required, and 2 rows have no value  [manual]\n" in planned.stdout
    )
    assert [(one["text"], one["done"]) for one in before] == [(HOURS, False), (CUSTOMER, False)]
    assert [(one["text"], one["done"]) for one in after["by_hand"]] == [(HOURS, True), (CUSTOMER, True)]  # fmt: skip
    assert after["differences"] == []


def test_what_every_row_has_is_asked_for_once(shell: Shell, write: Callable[..., None]) -> None:
    """The lock file knows it after apply, so that a plan costs one call; people's later blanks are theirs."""
    shell.write(BEFORE)
    shell.type("apply", "--yes")
    write(Title="A", Hours=1, Customer=["Ann"])
    shell.write(REQUIRED)
    shell.type("apply", "--yes")
    write(Title="B")
    shell.server.calls.clear()

    again = shell.type("plan")

    assert again.exit_code == 0
    assert shell.server.calls.total == 1


def test_a_new_required_field_is_told_before_and_after_it_is_made(
    shell: Shell, write: Callable[..., None]
) -> None:
    """The rows that were there lack it; a new table has none."""
    shell.write(BEFORE)
    shell.type("apply", "--yes")
    write(Title="A")
    shell.write(BEFORE.replace("note:", "due: {type: date, required: true}, note:"))

    before = shell.type("plan").stdout
    shell.type("apply", "--yes")
    after = shell.type("plan").stdout

    assert "+ field 'Due'  Date, date format iso\n      required: rows that are there" in before
    assert "! field 'Due'  is required, and 1 row has no value  [manual]" in after


READS_BLANKS = """
tablewright: 1
name: shop
enums: {Status: [OPEN, DONE]}
tables:
  Order:
    fields:
      title: text
      status: {type: Status, required: true}
      rank: {type: integer, required: true, default: 1}
    lifecycle:
      field: status
      initial: OPEN
      transitions:
        finish: {from: OPEN, to: DONE}
"""


def test_a_blank_that_reads_as_something_is_no_step(
    shell: Shell, write: Callable[..., None]
) -> None:
    """A blank state is the initial one, a default is there."""
    shell.write(READS_BLANKS)
    shell.type("apply", "--yes")
    write(Title="A")

    assert shell.type("plan").exit_code == 0
    assert shell.type("drift").exit_code == 0


LISTS = """
tablewright: 1
name: shop
enums: {{Tag: [A, B]}}
tables:
  Order:
    fields: {{title: text, tags: {tags}, files: {files}}}
"""
NEEDED = ("{type: [Tag], required: true}", "{type: attachments, required: true}")


def test_rows_with_an_empty_required_list_are_told(
    shell: Shell, write: Callable[..., None]
) -> None:
    """What reads such a row leaves it out, as one without a required text."""
    shell.write(LISTS.format(tags="[Tag]", files="attachments"))
    shell.type("apply", "--yes")
    write(Title="A", Tags=["A"])
    write(Title="B")
    shell.write(LISTS.format(tags=NEEDED[0], files=NEEDED[1]))

    planned = shell.type("plan").stdout

    assert "! field 'Tags'   is required, and 1 row has no value  [manual]" in planned
    assert "! field 'Files'  is required, and 2 rows have no value  [manual]" in planned


def test_a_list_that_becomes_required_in_a_database_waits_for_its_rows(shell: Shell) -> None:
    """The check is made when no row is against it, for lists that were there and for new ones."""
    (shell.folder / "tablewright.toml").write_text('[environments]\ndev = "sqlite:///shop.db"\n')
    shell.write(LISTS.format(tags="[Tag]", files="attachments").replace(", files: attachments", ""))
    shell.type("apply", "--yes")
    with contextlib.closing(sqlite3.connect(shell.folder / "shop.db")) as rows, rows:
        moment = "2026-01-01T00:00:00.000000Z"
        rows.execute("INSERT INTO 'order' (id, created_time, tags) VALUES ('rec00000000000001', ?, '[]')", [moment])  # fmt: skip
    shell.write(LISTS.format(tags=NEEDED[0], files=NEEDED[1]))

    planned = shell.run("apply", "--yes").stdout
    with contextlib.closing(sqlite3.connect(shell.folder / "shop.db")) as rows, rows:
        rows.execute("""UPDATE 'order' SET tags = '["A"]', files = '[{"id": "att1"}]'""")
    shell.type("apply", "--yes")

    assert "check tags_filled: 1 row is against it" in planned
    assert "column 'files' is required and 1 row has no value for it" in planned
    assert shell.type("plan").exit_code == 0
    with (
        contextlib.closing(sqlite3.connect(shell.folder / "shop.db")) as rows,
        pytest.raises(sqlite3.IntegrityError, match="tags_filled"),
    ):
        rows.execute("UPDATE 'order' SET tags = '[]'")


def test_what_is_required_and_was_not_meanwhile_is_asked_for_again(
    shell: Shell, write: Callable[..., None]
) -> None:
    """Rows may have come without it in between."""
    for text in (REQUIRED, BEFORE):
        shell.write(text)
        shell.type("apply", "--yes")
    write(Title="A", Hours=1)
    shell.write(REQUIRED)

    planned = shell.type("plan").stdout

    assert "field 'Customer'  is required, and 1 row has no value" in planned
    assert "'Hours'" not in planned


def test_more_than_a_page_of_rows_is_not_counted_out(shell: Shell, port: AirtablePort) -> None:
    """One call a table is enough to know that there are many."""
    shell.write(BEFORE)
    shell.type("apply", "--yes")
    for _ in range(11):
        port.create_rows(shell.server.base_id, "Order", [{"Title": "A", "Hours": 1}] * 10)
    shell.write(REQUIRED)
    shell.server.calls.clear()

    planned = shell.type("plan").stdout

    assert "field 'Customer'  is required, and 100 or more rows have no value" in planned
    assert shell.server.calls.total == 2


class Closed(AirtablePort):
    """A port whose token has the scope for the schema of a base, and not the one for its rows."""

    def some_rows(
        self, base: str, table: str, formula: str, fields: Iterable[str]
    ) -> list[dict[str, Any]]:
        raise Refused(403, "INVALID_PERMISSIONS", "")


def test_a_token_that_may_not_read_rows_still_plans(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """Drift in continuous integration needs no more than a look at the schema: nothing is said of rows then."""
    project.apply(compiled(BEFORE))
    schema = compiled(REQUIRED)
    port = Closed(project.server.token, endpoint=project.server.url)

    found = rows_without_values(port, wanted_base(schema), project.live(), project.lock(schema))

    port.close()
    assert found == {}


def test_in_a_database_the_next_apply_does_the_rest(shell: Shell) -> None:
    """Rows are filled by people, the constraint by apply: the closing line says so, and the log has no empty line."""
    (shell.folder / "tablewright.toml").write_text('[environments]\ndev = "sqlite:///shop.db"\n')
    shell.write(BEFORE)
    shell.type("apply", "--yes")
    with contextlib.closing(sqlite3.connect(shell.folder / "shop.db")) as rows, rows:
        moment = "2026-01-01T00:00:00.000000Z"
        rows.execute("INSERT INTO 'order' (id, created_time) VALUES ('rec00000000000001', ?)", [moment])  # fmt: skip
    shell.write(BEFORE.replace("hours: number", "hours: {type: number, required: true}, due: date"))

    applied = shell.run("apply", "--yes")
    with contextlib.closing(sqlite3.connect(shell.folder / "shop.db")) as rows, rows:
        rows.execute("UPDATE 'order' SET hours = 0")
    rest = shell.type("apply", "--yes").stdout

    assert "\nThe step by hand is left to you; after it 'tablewright apply' does the rest.\n" in applied.stdout  # fmt: skip
    assert applied.stderr == "  1/1 + order: column 'due' DATE: done\n"
    assert "column 'hours' is required" in rest
    assert shell.type("plan").exit_code == 0


def test_the_last_line_of_a_plan_counts_the_steps_that_it_lists(
    shell: Shell, write: Callable[..., None]
) -> None:
    """A field that people are to delete is one of their steps, and is not counted twice."""
    shell.write(BEFORE)
    shell.type("apply", "--yes")
    write(Title="A", Hours=1)
    shell.write(REQUIRED.replace(", note: text", ", due: date"))

    planned = shell.type("plan", "--allow-destructive").stdout

    assert "\n  2. In table 'Order' delete the field 'Note'." in planned
    assert "\nPlan: 1 to add, 2 to do by hand (1 safe, 2 manual).\n" in planned
