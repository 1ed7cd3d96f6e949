"""Types of columns, wanted and live, as one text each: what reflection shows of a type is not what declared it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.engine import Connection

_SQLITE_TYPES: Final = {
    "DOUBLE": "REAL",
    "DOUBLE PRECISION": "REAL",
    "FLOAT": "REAL",
    "VARCHAR": "TEXT",
}
_SAME_TYPES: Final = {"DOUBLE": "DOUBLE PRECISION", "VARCHAR": "TEXT", "FLOAT": "DOUBLE PRECISION"}


def type_name(kind: Any, connection: Connection) -> str:
    """Return the name of a type, the same for a declared type and for its reflection."""
    # The collation belongs to the column, and reflection tells it or not by dialect.
    text = str(kind.compile(dialect=connection.dialect)).upper().partition(" COLLATE ")[0]
    if connection.dialect.name == "sqlite":
        # SQLite keeps five kinds of values, and reflection shows what it makes of a declared type.
        return _SQLITE_TYPES.get(text, text)
    return _SAME_TYPES.get(text, text)
