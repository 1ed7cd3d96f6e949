"""Ids that come to light → the lock file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tablewright.provision.live import SELECTS, LiveBase, LiveField
from tablewright.provision.lock import Lock, LockedTable
from tablewright.provision.plan import Plan


def note_known(lock: Lock, plan: Plan, live: LiveBase) -> None:
    """Note everything that the plan found, and forget ids that are no more."""
    lock.base = live.id
    present = {table.id: table for table in live.tables}
    for key in [key for key, table in lock.tables.items() if table.id not in present]:
        del lock.tables[key]
    for key, known in plan.known.items():
        table = lock.tables.get(key)
        if table is None or table.id != known["id"]:
            # A table whose key was changed keeps what is known of its fields.
            old = next((name for name, one in lock.tables.items() if one.id == known["id"]), None)
            if old is not None:
                lock.tables[key] = lock.tables.pop(old)
        lock.note_table(key, known["id"])
        for name, field_id in known["fields"].items():
            found = present[known["id"]].field(field_id) if known["id"] in present else None
            if found is not None:
                note_field(lock, plan.labels, key, name, found)
    for locked in lock.tables.values():
        ids = {one.id for one in present[locked.id].fields} if locked.id in present else set[str]()
        for name in [name for name, identity in locked.fields.items() if identity not in ids]:
            for noted in (locked.fields, locked.choices, locked.formulas):
                noted.pop(name, None)
    note_links(lock, plan, live)
    note_rows(lock, plan)


def note_links(lock: Lock, plan: Plan, live: LiveBase) -> None:
    """Note the links that lead to many records. One that shall lead to one now stays noted until it does in Airtable."""
    for key, locked in lock.tables.items():
        wanted = {locked.fields.get(name, "") for name in plan.many.get(key, ())} - {""}
        table = live.table(locked.id)
        present = table.fields if table is not None else ()
        left = {one.id for one in present if one.id in locked.many and not one.is_single}
        locked.many = sorted(wanted | left)


def note_rows(lock: Lock, plan: Plan) -> None:
    """Note the required fields that have a value in every row, and the unique ones of which no rows share a value.

    What is neither any more is forgotten.
    """
    for key, locked in lock.tables.items():
        locked.filled = _ids(locked, plan.filled.get(key, ()))
        locked.unique = _ids(locked, plan.unique.get(key, ()))


def _ids(locked: LockedTable, keys: Iterable[str]) -> list[str]:
    return sorted({locked.fields.get(name, "") for name in keys} - {""})


def note_field(
    lock: Lock, labels: Mapping[str, Any], table: str, key: str, field: LiveField
) -> None:
    """Note a field's id under its key, and the ids of its choices under their values."""
    locked = lock.tables.get(table)
    if locked is None:
        return
    for old in [name for name, identity in locked.fields.items() if identity == field.id]:
        if old != key:
            del locked.fields[old]
            for noted in (locked.choices, locked.formulas):
                if old in noted:
                    noted[key] = noted.pop(old)  # type: ignore[assignment]  # the same mapping
    locked.fields[key] = field.id
    by_label = labels.get(table, {}).get(key)
    if by_label is None or field.type not in SELECTS:
        return
    by_id = {choice.id: choice.name for choice in field.choices if choice.id}
    kept = {
        value: identity
        for value, identity in locked.choices.get(key, {}).items()
        # A choice under another label keeps its value: by it is known which one people are to rename, by its key or by
        # an earlier one.
        if identity in by_id and by_id[identity] not in by_label
    }
    found = {by_label[name]: identity for identity, name in by_id.items() if name in by_label}
    locked.choices[key] = dict(sorted({**kept, **found}.items()))
