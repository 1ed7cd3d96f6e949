"""How tables and fields are called in requests: by the ids of a lock file, or else by their names."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tablewright.runtime.errors import NotConfigured
from tablewright.runtime.spec import FieldSpec, RelationSpec, TableSpec

logger = logging.getLogger("tablewright")

ID: Final = "id"
CREATED: Final = "created_time"
"""Keys of what every row has beside its fields."""

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class TableNames:
    """What one table is called: its *table* id or name, and its *fields* by key. *by_id* where these are ids."""

    table: str
    fields: Mapping[str, str]
    by_id: bool = False
    absent: frozenset[str] = field(default_factory=frozenset)
    """Keys of fields that the base does not have; they read as blank."""


@dataclass(frozen=True, slots=True)
class LockedNames:
    """The ids that a lock file knows of one base, by table."""

    path: Path
    tables: Mapping[str, TableNames]


def parts_of(table: TableSpec) -> tuple[FieldSpec | RelationSpec, ...]:
    """Return the fields and relations of a table: what has a field in Airtable."""
    return (*table.fields, *table.relations)


def names_of(table: TableSpec, locked: LockedNames | None) -> TableNames:
    """Return what a table is called: by ids where all of them are known, so that renamed fields are still found."""
    # When a record was created comes with the record itself.
    timed = {one.key for one in table.fields if one.kind == "created_time"}
    wanted = [one.key for one in parts_of(table) if one.key not in timed]
    known = locked.tables.get(table.key) if locked is not None else None
    if known is not None and all(key in known.fields for key in wanted):
        return known
    if known is not None and locked is not None:
        missing = ", ".join(key for key in wanted if key not in known.fields)
        logger.warning("%s has no ids for %s.%s: names are used", locked.path, table.key, missing)
    return TableNames(table.name, {one.key: one.name for one in parts_of(table)})


def locked_names(base_id: str, folder: Path) -> LockedNames | None:
    """Return what the lock files in *folder* know of a base; None where none knows it.

    Raises:
        NotConfigured: a lock file cannot be read.
    """
    for path in sorted(folder.glob("tablewright.lock.*.json")):
        tables = dict(_tables(path, base_id))
        if tables:
            return LockedNames(path, tables)
    return None


def _tables(path: Path, base_id: str) -> Iterator[tuple[str, TableNames]]:
    try:
        document: Any = json.loads(path.read_text("utf-8"))
        if document["tablewright_lock"] != _VERSION:
            raise NotConfigured(f"{path} was written by a newer tablewright: upgrade it")
        for section in document["schemas"].values():
            if section.get("base") != base_id:
                continue
            for key, table in section["tables"].items():
                yield key, TableNames(str(table["id"]), dict(table["fields"]), by_id=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotConfigured(
            f"{path} cannot be read ({error!r}): restore it from version control"
        ) from error
