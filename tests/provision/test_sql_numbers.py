"""Databases that get fields which Airtable calculates: auto numbers come to rows that are there, others need no column."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from tablewright.model.schema import Schema
from tablewright.provision.specs import table_specs
from tablewright.runtime import connect
from tablewright.runtime.stores.base import Selection

BEFORE = """
tablewright: 1
name: tickets
tables:
  Ticket:
    fields: {title: text}
    relations:
      parent: {to: Ticket, inverse: parts}
"""
AFTER = BEFORE.replace(
    "{title: text}",
    """
      title: text
      number: auto_number
      parts_count: {type: count, relation: parts}
      shout: {type: formula, expression: upper(title)}
""",
)


def test_rows_that_are_there_are_numbered(
    url: str, bring: Callable[..., tuple[str, ...]], compiled: Callable[[str], Schema]
) -> None:
    """In the order of their age, and new ones after them; what is worked out on reading changes no table."""
    bring(compiled(BEFORE))
    (before,) = table_specs(compiled(BEFORE))
    with connect(url) as connection:
        connection.store.insert(before, [{"title": title, "parent": None} for title in ("a", "b")])

    said = bring(compiled(AFTER))

    assert any("'number'" in line for line in said)
    assert not any("parts_count" in line or "shout" in line for line in said)
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    columns = {one["name"] for one in sa.inspect(engine).get_columns("ticket")}
    engine.dispose()
    assert columns == {"id", "created_time", "title", "number", "parent_id"}
    (after,) = table_specs(compiled(AFTER))
    with connect(url) as connection:
        rows = connection.store.select(Selection(after))
        (new,) = connection.store.insert(after, [{"title": "c"}])

    assert [(row["title"], row["number"]) for row in rows] == [("a", 1), ("b", 2)]
    assert new["number"] == 3


def test_numbers_stay_where_table_and_field_are_renamed(
    url: str, bring: Callable[..., tuple[str, ...]], compiled: Callable[[str], Schema]
) -> None:
    """What counts them takes part in the rename, so that the number of a deleted row is not given again."""
    bring(compiled(AFTER))
    (before,) = table_specs(compiled(AFTER))
    with connect(url) as connection:
        rows = connection.store.insert(before, [{"title": title} for title in ("a", "b", "c")])
        connection.store.delete(before, [rows[0]["id"], rows[2]["id"]])

    renamed = AFTER.replace("Ticket", "Issue").replace("  Issue:\n", "  Issue:\n    was: Ticket\n")
    renamed = renamed.replace("number: auto_number", "serial: {type: auto_number, was: number}")
    bring(compiled(renamed))

    (after,) = table_specs(compiled(renamed))
    with connect(url) as connection:
        connection.store.insert(after, [{"title": "d"}])
        kept = connection.store.select(Selection(after))
    assert [(row["title"], row["serial"]) for row in kept] == [("b", 2), ("d", 4)]
