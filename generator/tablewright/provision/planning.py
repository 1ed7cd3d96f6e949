"""Schema and live base → a plan for Airtable."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tablewright.provision.blanks import Blanks, filled
from tablewright.provision.diff import difference
from tablewright.provision.errors import TablesTaken
from tablewright.provision.live import LiveBase, fingerprint
from tablewright.provision.lock import Lock
from tablewright.provision.match import Matches, matches
from tablewright.provision.plan import Plan
from tablewright.provision.repeats import Repeats, unique_by_now
from tablewright.provision.text import listed
from tablewright.provision.wanted import WantedBase


def airtable_plan(
    wanted: WantedBase,
    live: LiveBase | None,
    lock: Lock,
    *,
    allow_destructive: bool = False,
    base_name: str = "",
    workspace: str = "",
    blanks: Blanks = MappingProxyType({}),
    repeats: Repeats = MappingProxyType({}),
) -> Plan:
    """Return what brings *live* to *wanted*. Without a live base it is made in *workspace*, named *base_name*.

    *blanks* are the rows that lack what is required, *repeats* those that share what is to be unique, as far as they
    were looked at.

    Raises:
        TablesTaken: another schema of the lock file has tables of these names in the base.
    """
    if live is not None:
        _require_own_tables(wanted, live, lock)
    changes = difference(
        wanted, live, lock,
        allow_destructive=allow_destructive, base_name=base_name, workspace=workspace, blanks=blanks, repeats=repeats,
    )  # fmt: skip
    found = matches(wanted, live or LiveBase(""), lock)
    return Plan(
        wanted.schema,
        wanted.fingerprint,
        lock.environment,
        live.id if live is not None else "",
        fingerprint(live),
        changes,
        _known(found),
        _labels(wanted),
        _many(wanted),
        filled(wanted, found, lock, blanks),
        unique_by_now(wanted, found, lock, repeats),
    )


def _require_own_tables(wanted: WantedBase, live: LiveBase, lock: Lock) -> None:
    owners = lock.tables_of_others(live.id)
    taken = {
        table.name: owners[found.id]
        for table in wanted.tables
        if (found := live.table_named(table.name)) is not None
        and found.id in owners
        and lock.table_id(table.key) in ("", found.id)
    }
    if taken:
        raise TablesTaken(
            f"{belonging(taken)}, as {lock.path.name} knows: give the tables of '{wanted.schema}' other names, or this "
            f"schema a base of its own. If it is the same schema under a new name, change that name in {lock.path.name} too"
        )


def belonging(owners: Mapping[str, str]) -> str:
    """Return which tables belong to which schemas, as a sentence without its full stop."""
    by_schema: dict[str, list[str]] = {}
    for table, schema in owners.items():
        by_schema.setdefault(schema, []).append(f"'{table}'")
    return "; ".join(
        f"{listed(tables)} belong{'s' if len(tables) == 1 else ''} to schema '{schema}'"
        for schema, tables in by_schema.items()
    )


def _known(found: Matches) -> dict[str, Any]:
    known: dict[str, Any] = {
        key: {"id": table.id, "fields": {}} for key, table in found.tables.items()
    }
    for (table, key), one in found.fields.items():
        if table in known:
            known[table]["fields"][key] = one.id
    return known


def _labels(wanted: WantedBase) -> dict[str, dict[str, dict[str, str]]]:
    return {
        table.key: {
            one.key: {value.label: value.key for value in one.enum.values}
            for one in table.fields
            if one.enum is not None
        }
        for table in wanted.tables
        if any(one.enum is not None for one in table.fields)
    }


def _many(wanted: WantedBase) -> dict[str, list[str]]:
    found = {
        table.key: [
            one.key
            for one in table.of_role("link", "inverse")
            # The other side of a link leads to many records, whatever the link does.
            if one.role == "inverse" or (one.relation is not None and one.relation.many)
        ]
        for table in wanted.tables
    }
    return {key: relations for key, relations in found.items() if relations}
