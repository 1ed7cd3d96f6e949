"""Scratch rows: how a select gets choices that it lacks, and how nothing of them is left behind.

The API adds a choice only when a row is written with `typecast`. What is about to be written is noted in the lock file
first, so rows whose answer was lost are found again and deleted.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tablewright import airtable
from tablewright.provision.changes import AddChoices
from tablewright.provision.errors import AnswerLost, Refused
from tablewright.provision.live import LiveTable
from tablewright.provision.lock import Lock
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.targets.airtable.formula_text import quoted_field

_MARKED_TYPES: Final = ("singleLineText", "multilineText", "phoneNumber", "email", "url")
_PENDING: Final = "scratch"


def add_choices(port: AirtablePort, lock: Lock, table: LiveTable, step: AddChoices) -> None:
    """Give a select new choices. Afterwards no scratch row is left.

    Raises:
        PortError: a call failed; `remove_scratch` cleans up, also in a later run.
    """
    cells: list[Any] = [list(step.choices)] if step.many else list(step.choices)
    mark = next((one for kind in _MARKED_TYPES for one in table.fields if one.type == kind), None)
    for batch in _batches(cells):
        text = f"tablewright scratch row {secrets.token_hex(8)}, to be deleted"
        rows: list[dict[str, Any]] = [{step.field_id: cell} for cell in batch]
        if mark is not None:
            rows = [{mark.id: text, **row} for row in rows]
        live = table.field(step.field_id)
        name = live.name if live is not None else step.name
        lock.pending[_PENDING] = {
            "table": table.id,
            "rows": rows,
            "ids": [],
            "marked": mark is not None,
            "writable": [one.id for one in table.fields if one.type not in airtable.COMPUTED_TYPES],
            "formula": _formula(mark.name if mark is not None else None, text, name, batch),
        }
        lock.save()
        lock.pending[_PENDING]["ids"] = port.create_rows(lock.base, table.id, rows)
        lock.save()
        remove_scratch(port, lock)


def remove_scratch(port: AirtablePort, lock: Lock) -> None:
    """Delete scratch rows that were begun, whether or not their creation was ever answered."""
    pending = lock.pending.get(_PENDING)
    if pending is None:
        return
    table, ids = pending["table"], list(pending["ids"])
    if not ids:
        ids = [
            str(row["id"])
            for row in port.rows(lock.base, table, pending["formula"])
            if _is_scratch(row["fields"], pending)
        ]
    for batch in _batches(ids):
        try:
            port.delete_rows(lock.base, table, batch)
        except (Refused, AnswerLost):
            # One that is gone already makes Airtable refuse the whole batch.
            tests = ",".join(f"RECORD_ID()='{one}'" for one in batch)
            formula = f"OR({tests})"
            left = [str(row["id"]) for row in port.rows(lock.base, table, formula)]
            if left:
                port.delete_rows(lock.base, table, left)
    del lock.pending[_PENDING]
    lock.save()


def _is_scratch(cells: Mapping[str, Any], pending: Mapping[str, Any]) -> bool:
    """Tell whether a row is one of ours. Without a marked text it must hold what was written and nothing else."""
    if pending["marked"]:
        return any(
            all(cells.get(key) == value for key, value in row.items()) for row in pending["rows"]
        )
    filled = {key: value for key, value in cells.items() if key in pending["writable"]}
    return filled in pending["rows"]


def _formula(mark: str | None, text: str, select: str, cells: Sequence[Any]) -> str:
    if mark is not None:
        return f"{quoted_field(mark)}={_quoted(text)}"
    names = [name for cell in cells for name in (cell if isinstance(cell, list) else [cell])]
    # A choice that is new stands in few rows besides ours.
    tests = [f"FIND({_quoted(name)},{quoted_field(select)}&'')" for name in names]
    return f"OR({','.join(tests)})" if len(tests) > 1 else tests[0]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _batches(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    size = airtable.RECORDS_PER_WRITE
    return (values[start : start + size] for start in range(0, len(values), size))
