"""Tables and columns that are renamed below programs which use them."""

from __future__ import annotations

import logging
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from tablewright.runtime import Connection, StoreOutdated
from tablewright.worker import Worker, WorkerSettings

pytestmark = pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)

CHANGES = ["ALTER TABLE broken RENAME TO bent", "ALTER TABLE broken RENAME COLUMN tries TO turns"]


def changed(connection: Connection, statement: str) -> None:
    """Change the stored table as `tablewright apply` of another schema does."""
    store: Any = connection.store
    with store.database.writer.begin() as writing:
        writing.execute(sa.text(statement))


@pytest.mark.parametrize("statement", CHANGES, ids=["table", "column"])
def test_what_was_renamed_is_told_by_every_operation(
    connection: Connection, limits: ModuleType, statement: str
) -> None:
    """The error names what is missing, and the way out: the code of the present schema."""
    kind = limits.Broken
    for name in ("held", "waits"):
        kind.create(name=name)
    (held,) = kind.claim("w")
    changed(connection, statement)

    for use in (lambda: held.break_off("no luck"), lambda: kind.claim("w"), kind.all, lambda: kind.create(name="new")):  # fmt: skip
        with pytest.raises(StoreOutdated, match=r"(bent|broken|tries).*code of the present schema"):
            use()


def test_a_worker_whose_table_was_renamed_ends_with_one_error(
    connection: Connection, limits: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """What handlers still return cannot be stored, which costs no traceback; the tasks wait for their leases' end."""
    limits.Broken.create(name="a")

    def handle(task: Any) -> None:
        changed(connection, CHANGES[0])

    with pytest.raises(StoreOutdated, match="present schema"):
        Worker(limits.Broken, handle, WorkerSettings(once=True)).run()

    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
