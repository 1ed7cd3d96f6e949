"""Rows that lack what the schema requires: asked of a base once for each field that is required and not known to be full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tablewright.provision.errors import Refused
from tablewright.provision.live import LiveBase, LiveField
from tablewright.provision.lock import Lock
from tablewright.provision.match import Matches, matches
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.provision.wanted import WantedBase, WantedTable
from tablewright.targets.airtable.formula_text import quoted_field

Blanks = Mapping[tuple[str, str], int]
"""How many rows have no value, by table and field key, of the fields that were asked for; at most one page of rows."""


def rows_without_values(
    port: AirtablePort, wanted: WantedBase, live: LiveBase, lock: Lock
) -> dict[tuple[str, str], int]:
    """Return how many rows have no value, with one call for each table that has such fields.

    Where the token may not read rows nothing is known of them.
    """
    found = matches(wanted, live, lock)
    counted: dict[tuple[str, str], int] = {}
    for table in wanted.tables:
        asked = _unknown(table, found, lock)
        if not asked:
            continue
        formula = _any_blank(list(asked.values()))
        try:
            rows = port.some_rows(live.id, found.tables[table.key].id, formula, [one.id for one in asked.values()])  # fmt: skip
        except Refused:
            continue
        for key, one in asked.items():
            counted[table.key, key] = sum(one.id not in row["fields"] for row in rows)
    return counted


def filled(wanted: WantedBase, found: Matches, lock: Lock, blanks: Blanks) -> dict[str, list[str]]:
    """Return the keys of required fields that have a value in every row, by table: a new table has no row."""
    by_table = {
        table.key: [
            one.key
            for one in table.fields
            if one.rows_need
            and (
                table.key not in found.tables
                or lock.is_filled(found.field_id(table.key, one.key))
                or blanks.get((table.key, one.key)) == 0
            )
        ]
        for table in wanted.tables
    }
    return {table: keys for table, keys in by_table.items() if keys}


def _unknown(table: WantedTable, found: Matches, lock: Lock) -> dict[str, LiveField]:
    """Return the required fields of a table that are there and of whose values nothing is known yet."""
    return {
        one.key: live
        for one in table.fields
        if one.rows_need
        and (live := found.fields.get((table.key, one.key))) is not None
        and not lock.is_filled(live.id)
    }


def _any_blank(fields: Sequence[LiveField]) -> str:
    # A number that is 0 equals BLANK() in Airtable, and has a text.
    tests = [f"({quoted_field(one.name)}&'')=''" for one in fields]
    return f"OR({','.join(tests)})" if len(tests) > 1 else tests[0]
