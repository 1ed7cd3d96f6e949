"""`typecast` in link cells: a text names the linked record by its primary value, or makes one."""

from collections.abc import Callable
from typing import Final

from tablewright.server import errors
from tablewright.server.cells import AttachmentKeeper, CellReader
from tablewright.server.computed import Calculator
from tablewright.server.jsontext import Json
from tablewright.server.records import create
from tablewright.server.schema import Base, Table
from tablewright.server.transaction import Transaction

_WRITTEN_IN_MANY_WAYS: Final = frozenset(
    {"number", "percent", "currency", "duration", "date", "dateTime"}
)
"""Types of a primary field whose one value people write as `1.5`, `1.50` or `$1.50`."""


class NamedRecords:
    """Finds records by their primary value during one request; the first match wins."""

    def __init__(
        self,
        transaction: Transaction,
        calculator: Callable[[Base], Calculator],
        attachments: AttachmentKeeper,
    ) -> None:
        self._transaction = transaction
        self._calculator = calculator
        self._attachments = attachments
        self._ids: dict[str, dict[str, str]] = {}

    def record_named(self, table: Table, text: str) -> str:
        """The id of the record whose primary field reads *text*, or means the same; a new one when there is none."""
        wanted = text.strip()
        if not wanted:
            raise errors.not_a_record_id(text)
        ids = self._ids.get(table.id)
        if ids is None:
            ids = self._ids[table.id] = self._named_in(table)
        if wanted not in ids:
            reader = CellReader(
                self._transaction,
                table,
                typecast=True,
                linker=self,
                attachments=self._attachments,
            )
            fields = {table.primary.id: wanted}
            value = reader.read_fields(fields)[table.primary.id]
            found = self._record_holding(table, value)
            ids[wanted] = found or create(reader, [{"fields": fields}])[0].id
        return ids[wanted]

    def _named_in(self, table: Table) -> dict[str, str]:
        calculator = self._calculator(self._transaction.base)
        ids: dict[str, str] = {}
        for row in self._transaction.workspace.rows(table):
            ids.setdefault(calculator.text(table, table.primary, row).strip(), row.id)
        return ids

    def _record_holding(self, table: Table, value: Json) -> str | None:
        key = table.primary.id
        if table.primary.type not in _WRITTEN_IN_MANY_WAYS:
            return None
        rows = self._transaction.workspace.rows(table)
        return next((row.id for row in rows if row.cells.get(key) == value), None)
