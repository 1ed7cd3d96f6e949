"""Statements that are compiled once and then sent as they are: only the values go through Python each time."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

Convert = Callable[[Any], Any]
_GIVEN: Final = "?"
"""SQLAlchemy names values after the columns that they are written to; no column of a schema begins like this."""


def numbering(dialect: Dialect) -> Dialect:
    """Return the dialect that numbers the values of a statement, so that the driver need not look for them in its text.

    psycopg reads a text of more than 4,096 characters anew each time (3.3), which takes it longer than sending it.
    """
    found = copy.copy(dialect)
    if found.name == "postgresql":
        found.paramstyle, found.positional = "numeric_dollar", True
        found.identifier_preparer = found.preparer(found)
    return found


class Prepared:
    """One statement. *columns* are what it returns, in order, so that results can be read as their types say."""

    def __init__(self, statement: Any, dialect: Dialect, columns: Sequence[Any] = ()) -> None:
        compiled: Any = statement.compile(
            dialect=dialect, compile_kwargs={"render_postcompile": True}
        )
        self.text = str(compiled)
        # In the order of the statement's marks; a value that is given has a name, any other stands as it is.
        self._places: list[tuple[str, Any]] = []
        for name in compiled.positiontup:
            bind = compiled.binds.get(name)
            # Values of a list that was spread out have no bind; they are plain texts and numbers.
            kind = None if bind is None else bind.type.dialect_impl(dialect)
            convert = None if kind is None else kind.bind_processor(dialect)
            if bind is not None and bind.required:
                self._places.append((name.removeprefix(_GIVEN), convert))
            else:
                value = compiled.params[name]
                self._places.append(("", value if convert is None else convert(value)))
        readers = [_reader(one.type, dialect) for one in columns]
        self._readers = [(place, one) for place, one in enumerate(readers) if one is not None]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """Return what the driver is given."""
        return [
            more if not name else values[name] if more is None else more(values[name])
            for name, more in self._places
        ]

    def ask(self, cursor: Any, values: Mapping[str, Any]) -> list[Any]:
        """Send the statement and return the rows as the driver gives them."""
        cursor.execute(self.text, self.parameters(values))
        found: list[Any] = cursor.fetchall()
        return found

    def run(self, cursor: Any, values: Mapping[str, Any]) -> list[list[Any]]:
        """Send the statement and return the rows."""
        return self.read(self.ask(cursor, values))

    def send(self, cursor: Any, values: Mapping[str, Any]) -> int:
        """Send the statement and return how many rows it met."""
        cursor.execute(self.text, self.parameters(values))
        return int(cursor.rowcount)

    def send_many(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Send the statement once for each of *rows*."""
        cursor.executemany(self.text, [self.parameters(one) for one in rows])

    def read(self, found: Sequence[Any]) -> list[list[Any]]:
        """Return rows with their values as Python's."""
        rows = [list(row) for row in found]
        for row in rows:
            for place, convert in self._readers:
                row[place] = convert(row[place])
        return rows


def _reader(kind: Any, dialect: Dialect) -> Convert | None:
    if isinstance(kind, (sa.Numeric, sa.Float)):
        return (
            None  # drivers give floats; SQLAlchemy's own reader wants to know the column's number
        )
    found: Convert | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return found


def given(name: str, kind: Any) -> Any:
    """Return a value that is given each time the statement is sent."""
    return sa.bindparam(f"{_GIVEN}{name}", type_=kind, required=True)
