"""Stored tasks, and the statements or requests that a block of code sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection
from tablewright.runtime.stores.airtable import AirtableStore
from tablewright.runtime.stores.sql import SqlStore


def task(**values: Any) -> AgentTask:
    """Return a stored task."""
    return AgentTask.create(**{"name": "n", "description": "d", "agent_id": "a", **values})


@contextmanager
def counted(connection: Connection) -> Iterator[list[str]]:
    """Collect the statements, or the requests, that a block sends."""
    store = connection.store
    sent: list[str] = []
    if isinstance(store, AirtableStore):

        def answered(answer: Any, *_args: object, **_options: object) -> None:
            sent.append(f"{answer.request.method} {answer.request.url}")

        hooks = store.client.api.session.hooks["response"]
        hooks.append(answered)
        yield sent
        hooks.remove(answered)
        return
    assert isinstance(store, SqlStore)

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(store.database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(store.database.engine, "before_cursor_execute", note)
