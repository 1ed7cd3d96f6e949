"""One comparison of a schema with a live base: what belongs together, and how to name things to people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tablewright.provision.live import LiveBase, LiveField
from tablewright.provision.lock import Lock
from tablewright.provision.match import Matches, matches
from tablewright.provision.wanted import WantedBase, WantedField

_REFERENCE: Final = re.compile(r"\{(?:fields\.([^.{}]+)\.([^.{}]+)|tables\.([^.{}]+))\}\Z")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Wanted and live, matched once."""

    wanted: WantedBase
    live: LiveBase
    lock: Lock
    found: Matches
    allow_destructive: bool
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Table and key of every matched live field, by its id."""

    def live_fields(self) -> Iterator[tuple[WantedField, LiveField]]:
        """Yield every field of the schema that is there, with what it is."""
        for table in self.wanted.tables:
            for one in table.fields:
                hit = self.found.fields.get((table.key, one.key))
                if hit is not None:
                    yield one, hit

    def table_name(self, table: str) -> str:
        """Return the name that a table is to have."""
        return self.wanted.table(table).name

    def name_of_id(self, field_id: str) -> str:
        """Return the name that a live field is to have: the schema's, else its own, else the id."""
        known = self.keys.get(field_id)
        if known is not None:
            return self.field_name(*known)
        table = self.live.table_of_field(field_id)
        found = table.field(field_id) if table is not None else None
        return found.name if found is not None else field_id

    def field_name(self, table: str, key: str) -> str:
        """Return the name that a field is to have."""
        fields = self.wanted.table(table).fields
        return next((one.name for one in fields if one.key == key), key)

    def name_of_reference(self, reference: str) -> str:
        """Return what a reference in a request body stands for; any other text as it is."""
        parts = reference_parts(reference)
        if parts is None:
            return reference
        table, key = parts
        return self.field_name(table, key) if key else self.table_name(table)

    def id_of_reference(self, reference: str) -> str:
        """Return the live id that a reference stands for; empty where that is not there yet."""
        parts = reference_parts(reference)
        if parts is None:
            return reference
        table, key = parts
        if key:
            return self.found.field_id(table, key)
        found = self.found.tables.get(table)
        return found.id if found is not None else ""


def compared(
    wanted: WantedBase, live: LiveBase, lock: Lock, *, allow_destructive: bool
) -> Comparison:
    """Return wanted and live, matched."""
    found = matches(wanted, live, lock)
    keys = {hit.id: key for key, hit in found.fields.items()}
    return Comparison(wanted, live, lock, found, allow_destructive, keys)


def reference_parts(text: object) -> tuple[str, str] | None:
    """Return table and field key of a reference in a request body; the field is empty for a table."""
    match = _REFERENCE.match(text) if isinstance(text, str) else None
    if match is None:
        return None
    return (match.group(3), "") if match.group(3) else (match.group(1), match.group(2))
