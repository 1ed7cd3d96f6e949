"""The lock file of an environment: which base, table, field and choice each key of a schema is. Users commit it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tablewright.provision.errors import LockUnreadable
from tablewright.provision.lock_shape import is_merged_halfway, problems

Json = dict[str, Any]

VERSION: Final = 1


@dataclass(slots=True)
class LockedTable:
    """A table's id, and the ids of its fields, links and other sides by their keys in the schema."""

    id: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    """Ids of choices by field and enum value, as the schema calls them."""
    formulas: dict[str, str] = field(default_factory=dict)
    """Formulas of rollups as they were sent: the API never shows them again."""
    many: list[str] = field(default_factory=list)
    """Ids of links that led to many records in the schema, and do not lead to one alone in Airtable by now."""
    filled: list[str] = field(default_factory=list)
    """Ids of required fields that every row had a value for when they became required."""
    unique: list[str] = field(default_factory=list)
    """Ids of unique fields in which no rows shared a value when they became unique."""


@dataclass(slots=True)
class Lock:
    """What is known of one schema in one environment. Changed in place, written by `save` after every call."""

    path: Path
    schema: str
    environment: str = ""
    base: str = ""
    tables: dict[str, LockedTable] = field(default_factory=dict)
    manual: list[str] = field(default_factory=list)
    """Steps that were left to people, in the order of their numbers."""
    pending: Json = field(default_factory=dict)
    """What was begun and not seen to end: a base being created, scratch rows."""
    applying: Json = field(default_factory=dict)
    """The saved plan being applied, and how many of its steps are done."""
    others: Json = field(default_factory=dict)
    """What the file holds of other schemas, kept as it is."""

    def table_id(self, table: str) -> str:
        """Return the id of a table; empty where it is not known."""
        found = self.tables.get(table)
        return found.id if found is not None else ""

    def field_id(self, table: str, key: str) -> str:
        """Return the id of a field, link or other side; empty where it is not known."""
        found = self.tables.get(table)
        return found.fields.get(key, "") if found is not None else ""

    def choice_ids(self, field_id: str) -> dict[str, str]:
        """Return the ids of a field's choices by their values, whatever the field and its table were called."""
        place = self._place(field_id)
        return place[0].choices.get(place[1], {}) if place is not None else {}

    def rollup_formula(self, field_id: str) -> str:
        """Return the formula that a rollup was sent with; empty where it is not known."""
        place = self._place(field_id)
        return place[0].formulas.get(place[1], "") if place is not None else ""

    def _place(self, field_id: str) -> tuple[LockedTable, str] | None:
        for table in self.tables.values():
            for key, identity in table.fields.items():
                if identity == field_id:
                    return table, key
        return None

    def led_to_many(self, field_id: str) -> bool:
        """Tell whether a link led to many records in the schema, as far as is known."""
        return any(field_id in table.many for table in self.tables.values())

    def is_filled(self, field_id: str) -> bool:
        """Tell whether every row had a value for a required field, as far as is known."""
        return any(field_id in table.filled for table in self.tables.values())

    def is_unique(self, field_id: str) -> bool:
        """Tell whether no rows shared a value in a unique field, as far as is known."""
        return any(field_id in table.unique for table in self.tables.values())

    def note_table(self, table: str, table_id: str) -> LockedTable:
        """Note a table's id. What was known under another id is forgotten."""
        found = self.tables.get(table)
        if found is None or found.id != table_id:
            found = self.tables[table] = LockedTable(table_id)
        return found

    def tables_of_others(self, base: str) -> dict[str, str]:
        """Return the schemas that tables of a base belong to, other than this one, by the tables' ids."""
        return {
            str(table.get("id")): schema
            for schema, section in self.others.items()
            if section.get("base") == base
            for table in section.get("tables", {}).values()
        }

    def save(self) -> None:
        """Write the file in one go: it holds the old state or the new one, never half of it."""
        document = {
            "tablewright_lock": VERSION,
            "environment": self.environment,
            "schemas": dict(sorted({**self.others, self.schema: self._section()}.items())),
        }
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=_begun(self.path))
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            # A temporary file is private; the lock file is for everybody who may read the project.
            Path(name).chmod(0o644)
            Path(name).replace(self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def _section(self) -> Json:
        section: Json = {"base": self.base, "tables": {}}
        for key, table in sorted(self.tables.items()):
            entry: Json = {"id": table.id, "fields": dict(sorted(table.fields.items()))}
            if table.choices:
                entry["choices"] = {
                    name: dict(values) for name, values in sorted(table.choices.items())
                }
            if table.formulas:
                entry["formulas"] = dict(sorted(table.formulas.items()))
            if table.many:
                entry["many"] = sorted(table.many)
            if table.filled:
                entry["filled"] = sorted(table.filled)
            if table.unique:
                entry["unique"] = sorted(table.unique)
            section["tables"][key] = entry
        for name in ("manual", "pending", "applying"):
            if getattr(self, name):
                section[name] = getattr(self, name)
        return section


def lock_path(folder: Path, environment: str) -> Path:
    """Return where the lock file of an environment lies."""
    return folder / f"tablewright.lock.{environment}.json"


def remove_half_written(path: Path) -> None:
    """Remove what runs left beside a lock file that were killed while they wrote it; nobody may be writing it now."""
    begun = re.compile(rf"{re.escape(_begun(path))}[a-z0-9_]{{8}}")
    for one in path.parent.glob(f"{_begun(path)}*"):
        if begun.fullmatch(one.name):
            # What cannot be removed is in nobody's way.
            with contextlib.suppress(OSError):
                one.unlink()


def _begun(path: Path) -> str:
    """Return how the name of the file begins that becomes a lock file; `tempfile` adds eight signs."""
    return f".{path.name}."


def read_lock(path: Path, schema: str, environment: str) -> Lock:
    """Return what the file says of *schema*; nothing known where there is no file yet.

    Raises:
        LockUnreadable: the file is broken, or of another version.
    """
    lock = Lock(path, schema, environment)
    try:
        # Editors on Windows begin a file with a mark, which JSON does not know.
        document: Any = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return lock
    except (OSError, ValueError) as error:
        raise LockUnreadable(f"{path} cannot be read: {_why(error)}") from error
    if isinstance(document, dict) and document.get("tablewright_lock", VERSION) != VERSION:
        raise LockUnreadable(
            f"{path} is of version {document['tablewright_lock']}, and this tablewright reads {VERSION}: "
            "use the version of tablewright that wrote it"
        )
    wrong = next(problems(document), "")
    if wrong:
        raise LockUnreadable(f"{path} is no lock file: {wrong}. {_WAYS_OUT}")
    sections = dict(document["schemas"])
    section = sections.pop(schema, {})
    lock.others = sections
    lock.base = section.get("base", "")
    for key, table in section.get("tables", {}).items():
        lock.tables[key] = LockedTable(
            table["id"],
            table["fields"],
            table.get("choices", {}),
            table.get("formulas", {}),
            table.get("many", []),
            table.get("filled", []),
            table.get("unique", []),
        )
    lock.manual = section.get("manual", [])
    lock.pending = section.get("pending", {})
    lock.applying = section.get("applying", {})
    return lock


_WAYS_OUT: Final = (
    "Restore it from version control, or remove it: tables and fields are then found again by their names"
)


def _why(error: OSError | ValueError) -> str:
    """Return why a file is no JSON, with the way out."""
    if isinstance(error, json.JSONDecodeError) and is_merged_halfway(error.doc):
        return (
            "a merge left its marks in it. Keep one of both sides whole; what the other one knew is found again by the "
            "names, and noted by 'tablewright apply'"
        )
    said = error.strerror if isinstance(error, OSError) else str(error)
    return f"{said}. {_WAYS_OUT}"
