"""Names in SQL: every table and index that the stores make of a schema has one to itself.

PostgreSQL holds tables and indexes, those of keys too, in one space; SQLite does so with all indexes that have a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tablewright.check.draft import Draft
from tablewright.check.findings import Findings
from tablewright.check.namespace import SqlNames
from tablewright.diagnostics import Span
from tablewright.names import sql_table
from tablewright.sql_names import sql_name

Claim = tuple[str, str, Span]
"""A name, what has it, and the place in the schema that it comes from."""


def claim_sql_names(findings: Findings, drafts: Iterable[Draft]) -> None:
    """Note names in SQL that two things would have."""
    space = SqlNames(findings)
    own = [draft for draft in drafts if space.claim(*_table(draft))]
    for draft in own:
        for table, column in _tables_beside(draft):
            if space.claim(*table):
                for index in _indexes_beside(*table, column):
                    space.claim(*index)
        for index in _indexes(draft):
            space.claim(*index)


def _table(draft: Draft) -> Claim:
    return sql_table(draft.key.text), f"table '{draft.key.text}'", draft.key.span


def _tables_beside(draft: Draft) -> Iterator[tuple[Claim, str]]:
    """Yield the tables that go with a schema's table, each with its column that is indexed, if there is one."""
    key = draft.key.text
    table = sql_table(key)
    if draft.history is not None:
        yield (sql_name(table, "history"), f"the history of '{key}'", draft.key.span), "record_id"
    for field in draft.written_fields:
        if field.field.kind.name == "auto_number":
            name, what = field.key.text, f"the counter of '{key}.{field.key.text}'"
            yield (sql_name(table, name), what, field.key.span), ""
    for link in draft.written_relations:
        if link.relation.many:
            name, what = link.key.text, f"the links of '{key}.{link.key.text}'"
            yield (sql_name(table, name), what, link.key.span), "linked_id"


def _indexes_beside(table: str, what: str, span: Span, column: str) -> Iterator[Claim]:
    yield sql_name("pk", table), f"the key of {what}", span
    if column:
        yield sql_name("ix", table, column), f"the index of {what}", span


def _indexes(draft: Draft) -> Iterator[Claim]:
    """Yield the indexes of a schema's table."""
    key = draft.key.text
    table = sql_table(key)
    yield sql_name("pk", table), f"the key of table '{key}'", draft.key.span
    yield sql_name(
        "ix", table, "created_time"
    ), f"the index of '{key}.created_time'", draft.key.span
    if draft.reader.has("queue"):
        for column in ("queue", "ready_at", "lease_until"):
            yield sql_name("ix", table, column), f"an index of the queue of '{key}'", draft.key.span
    for field in draft.written_fields:
        what = f"the index of '{key}.{field.key.text}'"
        if field.field.unique or field.field.kind.name == "auto_number":
            yield sql_name("uq", table, field.key.text), what, field.key.span
        elif field.field.index or field.key.text == draft.state:
            yield sql_name("ix", table, field.key.text), what, field.key.span
            if draft.reader.has("queue") and field.key.text != draft.state:
                yield sql_name("ix", table, "queue", field.key.text), what, field.key.span
    for link in draft.written_relations:
        if not link.relation.many:
            what = f"the index of '{key}.{link.key.text}'"
            yield sql_name("ix", table, f"{link.key.text}_id"), what, link.key.span
