"""How tables and fields are called in requests: by the ids of a lock file, or else by their names."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Ids of choices by field and value of its enum, as far as a lock file knows them."""
    absent: frozenset[str] = field(default_factory=frozenset)
    """Keys of fields that the base does not have; they read as blank."""
    unlocked_in: Path | None = None
    """The folder in which no lock file knows the base, where names are used for that reason."""


@dataclass(frozen=True, slots=True)
class LockedNames:
    """The ids that a lock file knows of one base, by table."""

    path: Path
    tables: Mapping[str, TableNames]


def parts_of(table: TableSpec) -> tuple[FieldSpec | RelationSpec, ...]:
    """Return the fields and relations of a table: what has a field in Airtable."""
    return (*table.fields, *table.relations)


def names_of(
    table: TableSpec, locked: LockedNames | None, folder: Path | None = None
) -> TableNames:
    """Return what a table is called: by ids where they are known, so that renamed fields are still found.

    *folder* is where lock files were looked for.
    Fields that Airtable calculates are often made by hand, after the rest; until then they read as blank.
    """
    by_name = TableNames(
        table.name,
        {one.key: one.name for one in parts_of(table)},
        unlocked_in=folder if locked is None else None,
    )
    known = locked.tables.get(table.key) if locked is not None else None
    if locked is None or known is None:
        return by_name
    missing = [one for one in parts_of(table) if one.key not in known.fields]
    # When a record was created comes with the record itself, whether or not there is a field for it.
    lacking = [one.key for one in missing if not _is(one, "created_time")]
    keys = ", ".join(lacking)
    if not all(isinstance(one, FieldSpec) and one.is_computed for one in missing):
        logger.warning("%s has no ids for %s.%s: names are used", locked.path, table.key, keys)
        return replace(by_name, table=known.table)
    if lacking:
        logger.warning(
            "%s has no ids for %s.%s: blank until `tablewright apply` finds them there",
            locked.path, table.key, keys,
        )  # fmt: skip
    return replace(known, absent=frozenset(one.key for one in missing))


def _is(part: FieldSpec | RelationSpec, kind: str) -> bool:
    return isinstance(part, FieldSpec) and part.kind == kind


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
        document: Any = json.loads(path.read_text("utf-8-sig"))
        if document["tablewright_lock"] != _VERSION:
            raise NotConfigured(f"{path} was written by a newer tablewright: upgrade it")
        for section in document["schemas"].values():
            if section.get("base") != base_id:
                continue
            for key, table in section["tables"].items():
                choices = {name: dict(ids) for name, ids in table.get("choices", {}).items()}
                yield key, TableNames(
                    str(table["id"]), dict(table["fields"]), by_id=True, choices=choices
                )
    except json.JSONDecodeError as error:
        raise NotConfigured(
            f"{path} is no JSON from line {error.lineno} on: if a merge left its marks there, settle it, "
            "else restore the file from version control"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotConfigured(
            f"{path} cannot be read ({error!r}): restore it from version control"
        ) from error
