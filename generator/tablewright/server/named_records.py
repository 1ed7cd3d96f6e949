"""`typecast` in link cells: a text names the linked record by its primary value, or makes one."""

from collections.abc import Callable

from tablewright.server import errors
from tablewright.server.cells import AttachmentKeeper, CellReader
from tablewright.server.computed import Calculator
from tablewright.server.records import create
from tablewright.server.schema import Base, Table
from tablewright.server.transaction import Transaction


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
        """The id of the record whose primary field reads *text*; a new one when there is none."""
        ids = self._ids.get(table.id)
        if ids is None:
            ids = self._ids[table.id] = {}
            calculator = self._calculator(self._transaction.base)
            for row in self._transaction.workspace.rows(table):
                ids.setdefault(calculator.text(table, table.primary, row), row.id)
        wanted = text.strip()
        if not wanted:
            raise errors.not_a_record_id(text)
        if wanted not in ids:
            reader = CellReader(
                self._transaction,
                table,
                typecast=True,
                linker=self,
                attachments=self._attachments,
            )
            (row,) = create(reader, [{"fields": {table.primary.id: wanted}}])
            ids[wanted] = row.id
        return ids[wanted]
