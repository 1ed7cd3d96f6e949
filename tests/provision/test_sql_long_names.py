"""Association tables whose names would be too long: shortened, the same by whoever names them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from tablewright.model.schema import Schema
from tablewright.provision.copying import copy_rows
from tablewright.provision.journal import open_journal
from tablewright.provision.specs import table_specs
from tablewright.provision.verifying import verify
from tablewright.runtime import connect
from tablewright.sql_names import sql_name

SCHEMA = """
tablewright: 1
name: projects
tables:
  ProjectOfMoreThanOneDepartment:
    fields: {title: text}
    relations:
      people_who_have_worked_on_it_at_any_time: {to: Person, many: true, inverse: projects}
      people_who_have_worked_on_it_at_any_place: {to: Person, many: true, inverse: places}
  Person:
    fields: {name: text}
"""
TABLE = "project_of_more_than_one_department"
RELATION = "people_who_have_worked_on_it_at_any_time"
HOLDER = sql_name(TABLE, RELATION)

Bring = Callable[..., tuple[str, ...]]


def test_a_plan_makes_and_finds_it(
    bring: Bring, engine: sa.Engine, compiled: Callable[[str], Schema]
) -> None:
    """Two relations that begin alike get a table each, and a second look finds nothing to do."""
    bring(compiled(SCHEMA))

    there = sa.inspect(engine).get_table_names()
    assert len(there) == 4
    assert HOLDER in there
    assert bring(compiled(SCHEMA)) == ()


def test_links_move_into_it_and_out_of_it(
    bring: Bring, write: Callable[..., None], read: Callable[[str], Any], compiled: Callable[[str], Schema]
) -> None:  # fmt: skip
    """A relation that changes between one and many finds the shortened table; so does a rename."""
    one = SCHEMA.replace("at_any_time: {to: Person, many: true", "at_any_time: {to: Person")
    bring(compiled(one))
    write("INSERT INTO person (id, created_time, name) VALUES ('recA', :now, 'Ann')")
    write(f"INSERT INTO {TABLE} (id, created_time, title, {RELATION}_id) VALUES ('rec1', :now, 'a', 'recA')")  # fmt: skip

    bring(compiled(SCHEMA))
    assert read(f"SELECT record_id, linked_id FROM {HOLDER}") == [("rec1", "recA")]

    renamed = SCHEMA.replace("any_time: {", "all: {was: people_who_have_worked_on_it_at_any_time, ")
    bring(compiled(renamed))
    new = sql_name(TABLE, "people_who_have_worked_on_it_at_all")
    assert read(f"SELECT record_id, linked_id FROM {new}") == [("rec1", "recA")]

    back = one.replace("any_time: {", "any_time: {was: people_who_have_worked_on_it_at_all, ")
    bring(compiled(back))
    assert read(f"SELECT id, {RELATION}_id FROM {TABLE}") == [("rec1", "recA")]


def test_a_table_that_bears_the_whole_name_is_taken_over(
    bring: Bring, engine: sa.Engine, write: Callable[..., None], read: Callable[[str], Any], compiled: Callable[[str], Schema]
) -> None:  # fmt: skip
    """SQLite holds names of any length; links in such a table are not left behind."""
    if engine.dialect.name != "sqlite":
        pytest.skip("no other database holds such a name")
    bring(compiled(SCHEMA))
    write("INSERT INTO person (id, created_time, name) VALUES ('recA', :now, 'Ann')")
    write(f"INSERT INTO {TABLE} (id, created_time, title) VALUES ('rec1', :now, 'a')")
    write(f"INSERT INTO {HOLDER} (record_id, linked_id, position) VALUES ('rec1', 'recA', 0)")
    write(f"ALTER TABLE {HOLDER} RENAME TO {TABLE}_{RELATION}")

    bring(compiled(SCHEMA))

    assert read(f"SELECT record_id, linked_id FROM {HOLDER}") == [("rec1", "recA")]


def test_records_are_linked_asked_for_and_copied(
    bring: Bring, url: str, tmp_path: Path, compiled: Callable[[str], Schema],
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
) -> None:  # fmt: skip
    """Generated code works on the tables that `apply` made, from both sides of the link."""
    schema = compiled(SCHEMA)
    bring(schema)
    (tmp_path / "projects.yaml").write_text(SCHEMA)

    with imported_package(written_package(tmp_path / "projects.yaml", tmp_path), tmp_path) as package:  # fmt: skip
        project, person = package.ProjectOfMoreThanOneDepartment, package.Person
        with connect(url) as connection:
            ann = person.create(name="Ann")
            made = project.create(title="a", **{RELATION: [ann]})
            project.create(title="b", people_who_have_worked_on_it_at_any_place=[ann])

            assert getattr(project.get(made.id), RELATION) == [ann]
            assert person.get(ann.id).projects == [made]
            assert project.where(getattr(project.c, RELATION).contains(ann)).all() == [made]

            with connect(f"sqlite:///{tmp_path / 'copy.db'}") as copied:
                specs = table_specs(schema)
                journal = open_journal(tmp_path / "journal.jsonl", "here → there")
                copy_rows(specs, connection.store, copied.store, journal)
                found = verify(specs, connection.store, copied.store, journal)
                assert [one.same for one in found] == [True, True]
    assert bring(schema) == ()
