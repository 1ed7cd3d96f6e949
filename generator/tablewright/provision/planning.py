"""Schema and live base → a plan for Airtable."""

from __future__ import annotations

from typing import Any

from tablewright.provision.diff import difference
from tablewright.provision.live import LiveBase, fingerprint
from tablewright.provision.lock import Lock
from tablewright.provision.match import matches
from tablewright.provision.plan import Plan
from tablewright.provision.wanted import WantedBase


def airtable_plan(
    wanted: WantedBase,
    live: LiveBase | None,
    lock: Lock,
    *,
    allow_destructive: bool = False,
    base_name: str = "",
    workspace: str = "",
) -> Plan:
    """Return what brings *live* to *wanted*. Without a live base it is made in *workspace*, named *base_name*."""
    changes = difference(
        wanted, live, lock,
        allow_destructive=allow_destructive, base_name=base_name, workspace=workspace,
    )  # fmt: skip
    return Plan(
        wanted.schema,
        wanted.fingerprint,
        lock.environment,
        live.id if live is not None else "",
        fingerprint(live),
        changes,
        _known(wanted, live, lock),
        _labels(wanted),
    )


def _known(wanted: WantedBase, live: LiveBase | None, lock: Lock) -> dict[str, Any]:
    if live is None:
        return {}
    found = matches(wanted, live, lock)
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
