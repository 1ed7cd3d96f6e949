"""Values that several rows share in a field that is to be unique: read from a base once for each such field.

Airtable keeps no field unique. Programs look a value up before they write it, which says nothing of rows that were there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from tablewright.provision.errors import Refused
from tablewright.provision.live import LiveBase, LiveField
from tablewright.provision.lock import Lock
from tablewright.provision.match import Matches, matches
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.provision.wanted import WantedBase, WantedTable

MOST_ROWS: Final = 1_000
"""How many rows are looked at, in ten calls: a workspace on the free plan has a thousand calls a month."""

Repeats = Mapping[tuple[str, str], tuple[str, ...]]
"""The ids of the rows that share a value with another one, by table and field key, of the fields that were read."""


def rows_that_share_values(
    port: AirtablePort, wanted: WantedBase, live: LiveBase, lock: Lock
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the rows that share values in unique fields, where nothing is known of that yet, among the first rows.

    Where the token may not read rows nothing is known of them.
    """
    found = matches(wanted, live, lock)
    shared: dict[tuple[str, str], tuple[str, ...]] = {}
    for table in wanted.tables:
        asked = _unknown(table, found, lock)
        if not asked:
            continue
        read = port.rows(
            live.id, found.tables[table.key].id, "", [one.id for one in asked.values()]
        )
        try:
            rows = list(islice(read, MOST_ROWS))
        except Refused:
            continue
        for key, one in asked.items():
            shared[table.key, key] = _sharing(rows, one.id)
    return shared


def unique_by_now(
    wanted: WantedBase, found: Matches, lock: Lock, repeats: Repeats
) -> dict[str, list[str]]:
    """Return the keys of unique fields in which no rows share a value, by table: a new table has no row."""
    by_table = {
        table.key: [
            one.key
            for one in table.fields
            if one.unique
            and (
                (table.key, one.key) not in found.fields
                or lock.is_unique(found.field_id(table.key, one.key))
                or repeats.get((table.key, one.key)) == ()
            )
        ]
        for table in wanted.tables
    }
    return {table: keys for table, keys in by_table.items() if keys}


def _unknown(table: WantedTable, found: Matches, lock: Lock) -> dict[str, LiveField]:
    return {
        one.key: live
        for one in table.fields
        if one.unique
        and (live := found.fields.get((table.key, one.key))) is not None
        and not lock.is_unique(live.id)
    }


def _sharing(rows: Iterable[Mapping[str, Any]], field_id: str) -> tuple[str, ...]:
    """Return the ids of rows that share a value, those of one value together."""
    by_value: dict[str, list[str]] = {}
    for row in rows:
        value = row["fields"].get(field_id)
        if value is not None:
            by_value.setdefault(json.dumps(value, sort_keys=True), []).append(str(row["id"]))
    return tuple(one for ids in by_value.values() if len(ids) > 1 for one in ids)
