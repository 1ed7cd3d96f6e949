"""What the compiler knows of names in SQL, and what the stores make: the same tables and indexes."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from tablewright.check.compile import compile_schema
from tablewright.model.schema import Schema
from tablewright.names import pascal, snake
from tablewright.provision.specs import table_specs
from tablewright.runtime.stores.sql_schema import schema_tables
from tablewright.syntax.source import Source

SCHEMA = """
tablewright: 1
name: work
enums: {State: [WAITING, STARTED, DONE, FAILED]}
tables:
  Person:
    fields: {name: text}
  Task:
    fields:
      title: {type: text, unique: true}
      rank: {type: integer, index: true}
      serial: auto_number
      state: State
    relations:
      owner: {to: Person}
      helpers: {to: Person, many: true}
    lifecycle:
      field: state
      initial: WAITING
      history: true
      transitions:
        start: {from: WAITING, to: STARTED}
        finish: {from: STARTED, to: DONE}
        fail: {from: STARTED, to: FAILED}
        again: {from: FAILED, to: WAITING}
    queue: {take: start, done: finish, fail: fail, retry: {with: again}}
"""


def test_no_table_can_have_the_name_of_what_a_store_makes_beside_it(
    compiled: Callable[[str], Schema],
) -> None:
    """Whatever table or index a store makes, on either database, a table of that name is refused."""
    made: set[str] = set()
    for dialect in ("sqlite", "postgresql"):
        for table in schema_tables(table_specs(compiled(SCHEMA)), dialect).metadata.tables.values():
            kinds = (sa.PrimaryKeyConstraint, sa.UniqueConstraint)
            keys = (str(one.name) for one in table.constraints if isinstance(one, kinds))
            made |= {table.name, *keys, *(str(index.name) for index in table.indexes)}
    assert len(made) > 20

    for name in made - {"person", "task"}:
        assert snake(pascal(name)) == name
        source = Source("work.yaml", f"{SCHEMA}  {pascal(name)}:\n    fields: {{other: text}}\n")
        found = [one.message for one in compile_schema(source).findings if one.code == "TW203"]
        assert len(found) == 1, name
        assert f"table '{pascal(name)}'" in found[0]
        assert found[0].endswith(f"are one in SQL: '{name}'")
