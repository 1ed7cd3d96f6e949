"""A relation that leads to one record and then to many, or the other way round, keeps its links."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tablewright.config import Environment
from tablewright.model.schema import Schema
from tablewright.provision.errors import ProvisionError
from tablewright.provision.ports.sql import SqlTarget
from tablewright.provision.text import how

ONE = """
tablewright: 1
name: library
tables:
  Book:
    fields: {title: text}
    relations:
      author: {to: Person, inverse: books}
      sequel: {to: Book}
  Person:
    fields: {name: text}
"""
MANY = ONE.replace("{to: Person, inverse: books}", "{to: Person, many: true, inverse: books}")
RENAMED = """
tablewright: 1
name: library
tables:
  Volume:
    was: Book
    fields: {title: text}
    relations:
      writer: {to: Human, MANY was: author, inverse: books}
      sequel: {to: Volume}
  Human:
    was: Person
    fields: {name: text}
"""

Bring = Callable[..., tuple[str, ...]]


@pytest.fixture
def compile_(compiled: Callable[[str], Schema]) -> Callable[[str], Schema]:
    return compiled


def store(write: Callable[..., None], *authors: tuple[str, str]) -> None:
    """Store three books and two people, with links of books to people."""
    write("INSERT INTO person (id, created_time, name) VALUES ('recA', :now, 'Ann'), ('recB', :now, 'Bob')")  # fmt: skip
    write("INSERT INTO book (id, created_time, title) VALUES ('rec1', :now, 'I'), ('rec2', :now, 'II'), ('rec3', :now, 'III')")  # fmt: skip
    write("UPDATE book SET sequel_id = 'rec2' WHERE id = 'rec1'")
    for book, person in authors:
        write(f"UPDATE book SET author_id = '{person}' WHERE id = '{book}'")


def test_a_link_to_one_becomes_links_to_many(
    bring: Bring, write: Callable[..., None], read: Callable[..., Any], compile_: Callable[[str], Schema]
) -> None:  # fmt: skip
    """The column's links are rows of the association table afterwards, and the column is gone."""
    bring(compile_(ONE))
    store(write, ("rec1", "recA"), ("rec3", "recB"))

    lines = bring(compile_(MANY))

    assert lines == (
        "~ book: relation 'author' leads to many: 2 links moved from column 'author_id' into table 'book_author'",
        "+ book_author: table with record_id, linked_id, position",
    )
    assert read("SELECT record_id, linked_id, position FROM book_author ORDER BY 1") == [
        ("rec1", "recA", 0),
        ("rec3", "recB", 0),
    ]
    assert read("SELECT id, title, sequel_id FROM book ORDER BY 1")[0] == ("rec1", "I", "rec2")
    with pytest.raises(Exception, match="author_id"):
        read("SELECT author_id FROM book")


def test_links_to_many_become_a_link_to_one(
    bring: Bring, write: Callable[..., None], read: Callable[..., Any], compile_: Callable[[str], Schema]
) -> None:  # fmt: skip
    """Where no row holds several links nothing is lost, and nothing has to be allowed."""
    bring(compile_(ONE))
    store(write, ("rec1", "recA"), ("rec3", "recB"))
    bring(compile_(MANY))

    lines = bring(compile_(ONE))

    assert lines == (
        "+ book: column 'author_id' TEXT",
        "~ book: index ix_book_author_id",
        "~ book: new link on author_id",
        "~ book: relation 'author' leads to one: 2 links moved from table 'book_author' into column 'author_id'",
    )
    assert read("SELECT id, author_id FROM book ORDER BY 1") == [
        ("rec1", "recA"),
        ("rec2", None),
        ("rec3", "recB"),
    ]
    with pytest.raises(Exception, match="book_author"):
        read("SELECT * FROM book_author")


def test_several_links_are_lost_only_with_leave(
    bring: Bring, write: Callable[..., None], read: Callable[..., Any], compile_: Callable[[str], Schema]
) -> None:  # fmt: skip
    """The first link stays; the plan says how many rows lose how many, and is lossy."""
    bring(compile_(ONE))
    store(write, ("rec1", "recA"), ("rec3", "recB"))
    bring(compile_(MANY))
    write("INSERT INTO book_author (record_id, linked_id, position) VALUES ('rec1', 'recB', 1)")
    safeties: list[str] = []

    lines = bring(compile_(ONE), safeties=safeties)

    assert lines[-1] == (
        "~ book: relation 'author' leads to one: 3 links moved from table 'book_author' into column 'author_id'; "
        "1 row keeps the first of several, and 1 is lost"
    )
    assert safeties == ["safe", "safe", "safe", "lossy"]
    assert read("SELECT id, author_id FROM book WHERE author_id IS NOT NULL ORDER BY 1") == [
        ("rec1", "recA"),
        ("rec3", "recB"),
    ]


@pytest.mark.parametrize("first", [ONE, MANY], ids=["to-many", "to-one"])
def test_links_move_although_everything_is_renamed(
    bring: Bring,
    write: Callable[..., None],
    read: Callable[..., Any],
    compile_: Callable[[str], Schema],
    first: str,
) -> None:
    """Table, target and relation may get other names in the same plan."""
    bring(compile_(ONE))
    store(write, ("rec1", "recA"), ("rec3", "recB"))
    bring(compile_(first))

    bring(compile_(RENAMED.replace("MANY", "many: true," if first == ONE else "")))

    query = (
        "SELECT record_id, linked_id FROM volume_writer ORDER BY 1"
        if first == ONE
        else "SELECT id, writer_id FROM volume WHERE writer_id IS NOT NULL ORDER BY 1"
    )
    assert read(query) == [("rec1", "recA"), ("rec3", "recB")]


def test_a_required_link_tells_which_rows_have_none(
    bring: Bring, write: Callable[..., None], read: Callable[..., Any], compile_: Callable[[str], Schema]
) -> None:  # fmt: skip
    """The links move, and the column may stay blank until somebody fills it."""
    bring(compile_(ONE))
    store(write, ("rec1", "recA"), ("rec3", "recB"))
    bring(compile_(MANY))
    required = ONE.replace("inverse: books", "inverse: books, required: true, on_delete: restrict")

    lines = bring(compile_(required))

    assert "! book: column 'author_id' is required and 1 row has no value for it (rec2): fill it" in lines  # fmt: skip
    assert len(read("SELECT 1 FROM book WHERE author_id IS NOT NULL")) == 2


def test_links_to_another_table_do_not_move(
    bring: Bring, write: Callable[..., None], read: Callable[..., Any], compile_: Callable[[str], Schema]
) -> None:  # fmt: skip
    """Ids of people mean nothing in a relation to publishers: the old column is left alone."""
    bring(compile_(ONE))
    store(write, ("rec1", "recA"))
    other = MANY.replace("to: Person, many", "to: House, many") + "  House:\n    fields: {name: text}\n"  # fmt: skip

    lines = bring(compile_(other))

    assert "  book: column 'author_id' not in the schema: left alone" in lines
    assert read("SELECT author_id FROM book WHERE id = 'rec1'") == [("recA",)]
    assert read("SELECT * FROM book_author") == []


def test_a_lossy_plan_is_carried_out_as_it_was_made(
    url: str, bring: Bring, write: Callable[..., None], compile_: Callable[[str], Schema]
) -> None:
    """A plan that was made without leave to delete is carried out as it is, lossy lines included."""
    from tablewright.config import Environment
    from tablewright.provision.ports.sql import SqlTarget

    bring(compile_(ONE))
    store(write, ("rec1", "recA"))
    bring(compile_(MANY))
    write("INSERT INTO book_author (record_id, linked_id, position) VALUES ('rec1', 'recB', 1)")
    fewer = ONE.replace("title: text", "name: text")  # leaves the column 'title' behind besides
    target = SqlTarget(compile_(fewer), Environment("dev", store=url))
    try:
        plan = target.plan()
        assert plan.count("lossy") == 1

        target.apply(plan)

        with pytest.raises(ProvisionError, match="changed since this plan was made"):
            target.apply(plan)
    finally:
        target.close()


@pytest.mark.parametrize("many", ["", "many: true, "])
def test_links_that_lead_to_another_table_than_they_are_to_are_counted_beforehand(
    url: str, bring: Bring, write: Callable[..., None], read: Callable[..., Any], compile_: Callable[[str], Schema], many: str
) -> None:  # fmt: skip
    """Nothing is changed until they are emptied; then the relation leads elsewhere."""
    target = SqlTarget(
        compile_(ONE.replace("{to: Book}", f"{{{many}to: Person}}")), Environment("dev", store=url)
    )
    bring(compile_(ONE.replace("{to: Book}", f"{{{many}to: Book}}")))
    write("INSERT INTO book (id, created_time, title) VALUES ('rec1', :now, 'I'), ('rec2', :now, 'II')")  # fmt: skip
    link, unlink = "UPDATE book SET sequel_id = 'rec2' WHERE id = 'rec1'", "UPDATE book SET sequel_id = NULL"  # fmt: skip
    if many:
        link, unlink = "INSERT INTO book_sequel VALUES ('rec1', 'rec2', 0)", "DELETE FROM book_sequel"  # fmt: skip
    write(link)

    with closing(target):
        plan = target.plan()
        with pytest.raises(ProvisionError, match=r"Nothing was changed") as refusal:
            target.apply(plan)
        write(unlink)
        target.apply(target.plan())
        again = target.plan()

    column = "linked_id" if many else "sequel_id"
    said = f"'{column}' links to 'person', and 1 link leads elsewhere (rec1): give the relation another key"
    assert any(said in how(change) for change in plan.manual)
    assert said in str(refusal.value)
    assert again.is_empty
