"""Everything one server holds: bases, users and records, in memory over the data file."""

import sqlite3
from datetime import datetime
from pathlib import Path

from tablewright.server import clock
from tablewright.server.ids import new_id
from tablewright.server.rows import Row, Rows
from tablewright.server.schema import Base, Field, Table, User
from tablewright.server.storage import DataFileError, Storage

OWNER_EMAIL = "owner@local.invalid"
TRANSACTIONS = "transactions "
"""Before the id of a base: the setting with the number of its last write that a webhook was told of."""


class Workspace:
    """The server's state. It is read and written by one thread, one request after the other."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.bases: dict[str, Base] = {}
        self.users: dict[str, User] = {}
        self.loaded_rows: dict[str, Rows] = {}
        self.is_by_hand = False
        """Whether the schema is changed as people do it, past what is there for programs: see `LocalAirtable.by_hand`."""
        self.server_url = ""
        """Where the server is reached: what it holds of attachments has its address there."""
        self._load()

    @classmethod
    def open(cls, path: Path | None) -> "Workspace":
        """The workspace of a data file, made when it is new; without a path it lives in memory.

        Raises:
            DataFileError: the file cannot be used.
        """
        storage = Storage(path)
        try:
            return cls(storage)
        except DataFileError:
            storage.close()
            raise
        except (sqlite3.DatabaseError, KeyError, ValueError) as error:
            storage.close()
            raise DataFileError(
                f"{path} is damaged ({error}): name another file, or bring back a copy of this one"
            ) from error

    def _load(self) -> None:
        storage = self.storage
        if storage.setting("owner") is None:
            owner = User(new_id("usr"), OWNER_EMAIL, "Owner of the local Airtable")
            with storage.transaction():
                storage.save_setting("owner", owner.id)
                storage.save_setting("workspace", new_id("wsp"))
                storage.save_user(owner.id, owner.email, owner.name)
        self.workspace_id = storage.setting("workspace") or ""
        self.users = {row[0]: User(*row) for row in storage.users()}
        self.owner = self.users[storage.setting("owner") or ""]
        for base_id, name, workspace_id, created in storage.bases():
            base = Base(base_id, name, workspace_id, created)
            base.transactions = int(storage.setting(TRANSACTIONS + base_id) or 0)
            for definition in storage.tables(base_id):
                table = Table.from_stored(definition)
                base.tables[table.id] = table
            self.bases[base_id] = base
        self.comment_counts = storage.comment_counts()

    def close(self) -> None:
        self.storage.close()

    def now(self) -> datetime:
        return clock.now()

    def rows(self, table: Table) -> Rows:
        """The records of *table*, read from the file at the first call."""
        found = self.loaded_rows.get(table.id)
        if found is None:
            found = Rows(list(self.storage.rows(table.id)), self.storage.next_number(table.id))
            self.loaded_rows[table.id] = found
        return found

    def find_record(self, base: Base, record_id: str) -> tuple[Table, Row] | None:
        """The record with this id in any table of the base."""
        for table in base.tables.values():
            row = self.rows(table).get(record_id)
            if row is not None:
                return table, row
        return None

    def linked_table(self, base: Base, field: Field) -> Table | None:
        """The table a link field points at; none when the base does not have it."""
        return base.tables.get(field.option("linkedTableId") or "")

    def user_of_email(self, email: str) -> User | None:
        """The user with this address, letter case aside."""
        wanted = email.casefold()
        return next((user for user in self.users.values() if user.email.casefold() == wanted), None)
