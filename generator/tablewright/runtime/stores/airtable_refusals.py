"""What Airtable refuses → errors in the words of the schema, each with a way out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tablewright.runtime.errors import Misfit, RecordInvalid, StoreError, StoreOutdated
from tablewright.runtime.spec import RelationSpec
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_client import Refused
from tablewright.runtime.stores.airtable_names import TableNames, parts_of

_LINKS: Final = frozenset(
    {"ROW_DOES_NOT_EXIST", "INVALID_RECORD_ID", "ROW_TABLE_DOES_NOT_MATCH_LINKED_TABLE"}
)
_OUTDATED: Final = frozenset({"UNKNOWN_FIELD_NAME", "INVALID_FILTER_BY_FORMULA"})
MISSING_OR_FORBIDDEN: Final = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"
"""What Airtable says, by 403, of a record that is gone as of one that may not be used: it does not say which."""
_ID: Final = re.compile(r"\bfld[0-9a-z]{14}\b", re.IGNORECASE)
_SEE: Final = (
    "Run 'tablewright plan' to see what differs, with --environment where tablewright.toml has several"
)


def explained(
    refused: Refused, cells: TableCells, rows: Iterable[Mapping[str, Any]] = ()
) -> Exception:
    """Return what Airtable refused, in the words of the schema."""
    table = cells.table
    if refused.kind in _LINKS:
        for row in rows:
            for relation in table.relations:
                missing = _named(refused.reason, relation, row)
                if missing is not None:
                    valid = f"has to be a record of {relation.to} that is there"
                    return RecordInvalid(table.key, [Misfit(relation.key, valid, missing)])
    if refused.kind == "INVALID_MULTIPLE_CHOICE_OPTIONS":
        return StoreOutdated(f"'{table.name}' in Airtable lacks a choice: {refused.reason}. {_SEE}")
    if refused.kind in _OUTDATED:
        return StoreOutdated(
            f"'{table.name}' in Airtable is not as in the schema: {_in_words(refused.reason, cells)}. "
            f"{_unlocked(cells.names)}{_SEE}"
        )
    if refused.kind == "INVALID_PERMISSIONS":
        return StoreError(
            f"Airtable does not let the token use '{table.name}' so: {refused.reason}. It needs the scopes data.records:read "
            "and data.records:write, and its owner the role of an editor, and the right to change this table and its fields"
        )
    if refused.status in (403, 404):
        return StoreError(
            f"'{table.name}' cannot be used: base {refused.base_id} or the table is not there, or the token may not use it "
            f"({refused.reason or refused.kind}). {_unlocked(cells.names)}'tablewright apply' creates tables"
        )
    if refused.kind == "INVALID_VALUE_FOR_COLUMN":
        return StoreError(
            f"{refused}. The values fit the schema, so the field may be of another type in Airtable by now. {_SEE}"
        )
    return refused


def _in_words(reason: str, cells: TableCells) -> str:
    """Return what Airtable says with names of fields in the place of ids, which it writes in small letters at times."""
    if not cells.names.by_id:
        return reason
    known = {cells.names.fields[one.key].lower(): one.name for one in parts_of(cells.table) if one.key in cells.names.fields}  # fmt: skip
    return _ID.sub(lambda found: known.get(found.group().lower(), found.group()), reason)


def _unlocked(names: TableNames) -> str:
    """Return what to say where a rename cannot be seen through: in this folder no lock file tells the ids."""
    if names.unlocked_in is None:
        return ""
    return (
        f"No lock file of this base is in {names.unlocked_in}, so its parts go by their names in the schema, and what was "
        "renamed in Airtable is not found: start the program where tablewright.lock.….json is. "
    )


def _named(reason: str, relation: RelationSpec, row: Mapping[str, Any]) -> str | None:
    value = row.get(relation.key)
    for one in value if isinstance(value, list) else [value]:
        if one and str(one) in reason:
            return str(one)
    return None
