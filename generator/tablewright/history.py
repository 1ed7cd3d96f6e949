"""How the history of transitions is kept in Airtable: a companion table beside the table itself. A leaf."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "key": ("Entry", "singleLineText"),
    "record_id": ("Record", "singleLineText"),
    "at": ("At", "dateTime"),
    "transition": ("Transition", "singleLineText"),
    "from_state": ("From", "singleLineText"),
    "to_state": ("To", "singleLineText"),
    "by": ("By", "singleLineText"),
    "why": ("Why", "multilineText"),
    "attempt": ("Attempt", "number"),
    "error": ("Error", "multilineText"),
}
"""What a row holds: the name and type in Airtable of each part."""

_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "dateTime": {
        "timeZone": "utc",
        "dateFormat": {"name": "iso"},
        "timeFormat": {"name": "24hour"},
    },
    "number": {"precision": 0},
}


def history_name(table: str) -> str:
    """Return what the companion of a table is called; both are names in Airtable."""
    return f"{table} History"


def history_key(table: str) -> str:
    """Return what stands for the companion of a table, by the table's key; no key of a schema looks like it."""
    return f"{table}.history"


def is_history_key(key: str) -> bool:
    """Tell whether a key stands for a companion."""
    return key.endswith(history_key(""))


def history_body(table: str) -> dict[str, Any]:
    """Return the body of the request that creates the companion of the table called *table* in Airtable."""
    fields = [
        {
            "name": name,
            "type": kind,
            **({"options": dict(_OPTIONS[kind])} if kind in _OPTIONS else {}),
        }
        for name, kind in FIELDS.values()
    ]
    return {
        "name": history_name(table),
        "description": f"Every transition that a record of {table} made.",
        "fields": fields,
    }
