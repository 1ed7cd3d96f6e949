"""One request's writes: all of them on disk and in memory, or none.

Rows and tables change in place, so later steps of a request see the earlier ones; what they were is kept
until the commit. The server runs one transaction at a time and never waits inside one.
"""

from collections.abc import Iterable
from types import TracebackType
from typing import Protocol, Self

from tablewright.server import clock
from tablewright.server.ids import new_id
from tablewright.server.jsontext import Json, JsonObject, dumps, loads
from tablewright.server.rows import Row
from tablewright.server.schema import Base, Table, User
from tablewright.server.workspace import Workspace


class CommitListener(Protocol):
    """Is told what a transaction changed, just before it is committed; may write to the storage."""

    def before_commit(self, transaction: "Transaction") -> None: ...


class Transaction:
    """A context manager: leaving it commits, an error inside it undoes everything."""

    def __init__(
        self, workspace: Workspace, base: Base, *, listener: CommitListener | None = None
    ) -> None:
        self.workspace = workspace
        self.base = base
        self.now = workspace.now()
        self.time = clock.whole_second(self.now)
        self.user = workspace.owner
        self._listener = listener
        self.created: dict[str, Row] = {}
        self.deleted: dict[str, Row] = {}
        self.before: dict[str, tuple[Row, JsonObject]] = {}
        """Changed rows and the cells they had."""
        self._edits_before: dict[str, tuple[str | None, str | None, dict[str, str] | None]] = {}
        self._numbers_before: dict[str, int] = {}
        self._tables_before: dict[str, str | None] = {}
        self._new_base = False
        self._new_users: list[User] = []
        self._files: list[tuple[str, str, bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._undo()
            return
        try:
            self._write()
        except BaseException:
            self._undo()
            raise

    # Records

    def insert(self, table: Table, records: Iterable[JsonObject]) -> list[Row]:
        """New records with these cells, in order; links on the other side are not touched."""
        rows = self.workspace.rows(table)
        number = rows.next_number
        self._numbers_before.setdefault(table.id, number)
        added = [
            # By position, since names take twice as long here.
            Row(new_id("rec"), table.id, place, self.time, self.user.id, cells)
            for place, cells in enumerate(records, number)
        ]
        by_id = {row.id: row for row in added}
        rows.next_number = number + len(added)
        rows.by_id |= by_id
        self.created |= by_id
        self.base.version += 1
        return added

    def change(self, row: Row, field_id: str, value: Json) -> None:
        """Put *value* into one cell; None empties it.

        An equal value changes nothing, not even the edit time (unconfirmed).
        """
        if row.cells.get(field_id) == value:
            return
        if row.id not in self.created:
            if row.id not in self.before:
                self.before[row.id] = (row, dict(row.cells))
                self._edits_before[row.id] = (
                    row.modified_time,
                    row.modified_by,
                    row.touched,
                )
            row.modified_time = self.time
            row.modified_by = self.user.id
            row.touched = {**(row.touched or {}), field_id: self.time}
        if value is None:
            row.cells.pop(field_id, None)
        else:
            row.cells[field_id] = value
        row.forget()
        self.base.version += 1

    def delete(self, row: Row) -> None:
        """Remove a record; links on the other side are not touched."""
        del self.workspace.loaded_rows[row.table_id].by_id[row.id]
        self.base.version += 1
        if self.created.pop(row.id, None) is None:
            self.deleted[row.id] = row

    # Schema

    def add_base(self) -> None:
        """Make the transaction's base known to the workspace."""
        self.workspace.bases[self.base.id] = self.base
        self._new_base = True

    def add_table(self, table: Table) -> None:
        """Append a table to the base."""
        self._tables_before[table.id] = None
        self.base.tables[table.id] = table

    def alter(self, table: Table) -> None:
        """Announce a change of the table's definition: to be called before the change."""
        if table.id not in self._tables_before:
            self._tables_before[table.id] = dumps(table.stored())

    def add_user(self, user: User) -> None:
        """Make somebody known."""
        self.workspace.users[user.id] = user
        self._new_users.append(user)

    def attach(self, attachment_id: str, content_type: str, content: bytes) -> None:
        """Keep the bytes of an attachment."""
        self._files.append((attachment_id, content_type, content))

    # The end

    def _write(self) -> None:
        if not (
            self.created
            or self.deleted
            or self.before
            or self._tables_before
            or self._new_base
            or self._new_users
        ):
            return
        base = self.base
        base.transactions += 1
        with self.workspace.storage.transaction():
            self._save()
        if self._tables_before:
            base.version += 1
            base.schema_version += 1
        for record_id in self.deleted:
            self.workspace.comment_counts.pop(record_id, None)

    def _save(self) -> None:
        storage, base = self.workspace.storage, self.base
        if self._new_base:
            storage.add_base(base.id, base.name, base.workspace_id, base.created_time)
        for user in self._new_users:
            storage.save_user(user.id, user.email, user.name)
        for table_id in self._tables_before:
            storage.save_table(base.id, table_id, base.tables[table_id].stored())
        if self.created:
            storage.insert_rows(self.created.values())
        if self.before:
            storage.update_rows(
                row for row, _ in self.before.values() if row.id not in self.deleted
            )
        if self.deleted:
            storage.delete_rows(self.deleted.values())
            for table_id in {row.table_id for row in self.deleted.values()}:
                number = self.workspace.rows(base.tables[table_id]).next_number
                storage.save_next_number(table_id, number)
        for attachment_id, content_type, content in self._files:
            storage.save_attachment(base.id, attachment_id, content_type, content)
        if self._listener is not None:
            self._listener.before_commit(self)

    def _undo(self) -> None:
        rows_of = self.workspace.loaded_rows
        for row in self.created.values():
            rows_of[row.table_id].by_id.pop(row.id, None)
        deleted_tables = set()
        for row in self.deleted.values():
            rows_of[row.table_id].by_id[row.id] = row
            deleted_tables.add(row.table_id)
        for table_id in deleted_tables:
            rows = rows_of[table_id]
            rows.by_id = dict(sorted(rows.by_id.items(), key=lambda item: item[1].number))
        for row, cells in self.before.values():
            row.cells = cells
            row.modified_time, row.modified_by, row.touched = self._edits_before[row.id]
            row.forget()
        for table_id, number in self._numbers_before.items():
            rows_of[table_id].next_number = number
        for table_id, text in self._tables_before.items():
            if text is None:
                self.base.tables.pop(table_id, None)
            else:
                self.base.tables[table_id] = Table.from_stored(loads(text.encode()))
        # Values computed on the way belong to a state that is gone.
        self.base.version += 1
        if self._tables_before:
            self.base.schema_version += 1
        if self._new_base:
            self.workspace.bases.pop(self.base.id, None)
        for user in self._new_users:
            self.workspace.users.pop(user.id, None)
