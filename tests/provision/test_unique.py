"""What becomes unique while there are rows: plan and drift tell which rows of a base share a value, until none do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tablewright.provision.ports.airtable import AirtablePort

if TYPE_CHECKING:
    from tests.provision.conftest import Shell

BEFORE = """
tablewright: 1
name: shop
tables:
  Order:
    fields: {title: text, code: text, note: text}
"""
UNIQUE = BEFORE.replace("code: text", "code: {type: text, unique: true}")


STEP = (
    "In table 'Order' give every row a value for 'Code', which no other row has, since it is unique: 'tablewright plan' "
    "names the rows that share one."
)


@pytest.fixture
def delete(shell: Shell) -> Iterator[Callable[..., None]]:
    """Delete rows of orders by their ids."""
    port = AirtablePort(shell.server.token, endpoint=shell.server.url)
    yield lambda *ids: port.delete_rows(shell.server.base_id, "Order", ids)
    port.close()


@pytest.fixture
def write(shell: Shell) -> Iterator[Callable[..., list[str]]]:
    """Write rows of orders with these codes, and return their ids."""
    port = AirtablePort(shell.server.token, endpoint=shell.server.url)

    def write(*codes: str | None) -> list[str]:
        rows = [{"Title": "t", "Code": code} for code in codes]
        made = []
        for start in range(0, len(rows), 10):
            made += port.create_rows(shell.server.base_id, "Order", rows[start : start + 10])
        return made

    yield write
    port.close()


def test_rows_that_share_a_value_are_told_until_they_do_not(
    shell: Shell, write: Callable[..., list[str]], delete: Callable[..., None]
) -> None:
    """A step for people, ticked off when it is done; blanks are no values, and case counts."""
    shell.write(BEFORE)
    shell.type("apply", "--yes")
    rows = write("a", "b", "a", None, None, "B", "b", "b")
    shell.write(UNIQUE)

    planned = shell.type("plan")
    shell.type("apply", "--yes")
    left = shell.json("drift")
    delete(rows[2], rows[6])
    half = shell.json("drift")
    delete(rows[7])
    after = shell.json("drift")

    assert planned.exit_code == 2
    named = f"({rows[0]}, {rows[2]}, {rows[1]} and 2 more)"
    assert f"! field 'Code'  is unique, and 5 rows share their values {named}  [manual]" in planned.stdout  # fmt: skip
    assert [(one["text"], one["done"]) for one in left["by_hand"]] == [(STEP, False)]
    assert [(one["text"], one["done"]) for one in half["by_hand"]] == [(STEP, False)]
    assert [(one["text"], one["done"]) for one in after["by_hand"]] == [(STEP, True)]
    assert after["differences"] == []
    assert shell.type("plan").exit_code == 0


def test_a_step_that_the_schema_took_back_is_no_longer_needed(
    shell: Shell, write: Callable[..., list[str]]
) -> None:
    """Rows share their values still, or have none: nobody did anything, and nobody needs to."""
    shell.write(BEFORE)
    shell.type("apply", "--yes")
    write("a", "a", None)
    shell.write(UNIQUE.replace("unique: true", "unique: true, required: true"))
    shell.type("apply", "--yes")
    shell.write(BEFORE)

    steps = shell.json("drift")["by_hand"]

    assert [(one["done"], one["needed"]) for one in steps] == [(False, False), (False, False)]


def test_it_is_asked_for_once_and_of_a_new_table_never(
    shell: Shell, write: Callable[..., list[str]]
) -> None:
    """After apply the lock file knows, so that a plan costs one call; what people write afterwards is theirs."""
    shell.write(BEFORE)
    shell.type("apply", "--yes")
    write("a", "b")
    shell.write(UNIQUE)
    shell.type("apply", "--yes")
    write("a")
    shell.write(f"{UNIQUE}  Part:\n    fields: {{number: {{type: text, unique: true}}}}\n")
    shell.type("apply", "--yes")
    shell.server.calls.clear()

    again = shell.type("plan")

    assert again.exit_code == 0
    assert len(shell.server.calls) == 1


@pytest.mark.slow
def test_of_many_rows_the_first_thousand_are_looked_at(
    shell: Shell, write: Callable[..., list[str]]
) -> None:
    """Ten calls: a workspace on the free plan has a thousand a month."""
    shell.write(BEFORE)
    shell.type("apply", "--yes")
    write(*(str(number) for number in range(1_020)))
    shell.write(UNIQUE)
    shell.server.calls.clear()

    shell.type("plan")

    assert len(shell.server.calls.matching(path_part="listRecords")) == 10
