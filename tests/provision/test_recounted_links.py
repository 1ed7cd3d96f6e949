"""A relation that leads to one record and then to many, or the other way round: on Airtable a step for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tablewright.model.schema import Schema
from tablewright.provision.changes import RetypeField
from tablewright.provision.live import LiveBase, live_base
from tablewright.provision.notes import note_known
from tablewright.provision.plan import Plan, as_text, read_plan
from tablewright.provision.planning import airtable_plan
from tablewright.provision.pull import pulled
from tablewright.provision.text import line
from tablewright.provision.wanted import wanted_base

ONE = """
tablewright: 1
name: library
tables:
  Book:
    fields: {title: text}
    relations: {author: {to: Person, inverse: books}}
  Person:
    fields: {name: text}
"""
MANY = ONE.replace("to: Person", "to: Person, many: true")
TURNED = """
tablewright: 1
name: library
tables:
  Book:
    fields: {title: text}
  Person:
    fields: {name: text}
    relations: {books: {to: Book, inverse: author}}
"""
OFF = "In table 'Book' edit the field 'Author' and switch 'Allow linking to multiple records' off."
ON = OFF.replace(" off.", " on.")

Compile = Callable[[str], Schema]


def author(project: Any) -> str:
    """Return the id of the link."""
    book = next(one for one in project.live().tables if one.name == "Book")
    return str(book.field_named("Author").id)


@pytest.mark.parametrize("text", [ONE, MANY])
def test_a_new_link_leaves_nothing_to_people(project: Any, compiled: Compile, text: str) -> None:
    """The API makes every link for many records; nothing has changed from one to the other."""
    schema = compiled(text)

    assert project.apply(schema).manual == ()
    assert project.drift(schema).is_empty
    assert project.apply(schema).manual == ()


def test_a_link_to_many_that_shall_lead_to_one(project: Any, compiled: Compile) -> None:
    """Plan, apply and drift say what to click, until it is done; then drift ticks it off."""
    project.apply(compiled(MANY))
    schema = compiled(ONE)

    (change,) = project.plan(schema).changes
    applied = project.apply(schema)
    before = project.drift(schema)
    again = project.apply(schema)
    project.switch(author(project), single=True)
    after = project.drift(schema)

    assert line(change).detail == "links to many records → one"
    assert applied.manual == again.manual == (OFF,)
    assert [(one.text, one.done) for one in before.by_hand] == [(OFF, False)]
    assert not before.is_empty
    assert [(one.text, one.done) for one in after.by_hand] == [(OFF, True)]
    assert after.is_empty
    assert project.apply(schema).manual == ()
    assert project.drift(schema).by_hand == ()


def test_a_link_to_one_that_shall_lead_to_many(project: Any, compiled: Compile) -> None:
    """What people made a link to one is reported as soon as the schema says many."""
    project.apply(compiled(ONE))
    project.switch(author(project), single=True)
    assert project.drift(compiled(ONE)).is_empty
    schema = compiled(MANY)

    applied = project.apply(schema)
    project.switch(author(project), single=False)

    assert applied.manual == (ON,)
    assert [one.done for one in project.drift(schema).by_hand] == [True]
    assert project.drift(schema).is_empty


def test_the_way_back_ends_the_step(project: Any, compiled: Compile) -> None:
    """Whoever returns to many has nothing to click."""
    project.apply(compiled(MANY))
    project.apply(compiled(ONE))

    assert project.plan(compiled(MANY)).is_empty


def test_a_renamed_link_is_known_by_its_id(project: Any, compiled: Compile) -> None:
    """A relation that gets another key and another count in one go is still the one that led to many."""
    project.apply(compiled(MANY))
    schema = compiled(ONE.replace("author: {", "writer: {was: author, "))

    assert project.apply(schema).manual == (OFF.replace("Author", "Writer"),)


def test_a_link_that_is_turned_round_led_to_many(project: Any, compiled: Compile) -> None:
    """The other side of a link holds many records whatever the link does; as a link to one it has to be switched."""
    project.apply(compiled(MANY))
    schema = compiled(TURNED)

    applied = project.apply(schema)

    assert applied.manual == (OFF.replace("'Book'", "'Person'").replace("'Author'", "'Books'"),)
    assert [one.done for one in project.drift(schema).by_hand] == [False]


def without_option(project: Any) -> LiveBase:
    """Return the base as a service would show it that does not tell how many records a link leads to."""
    document = project.port.base_schema(project.base)
    for table in document["tables"]:
        for field in table["fields"]:
            field.get("options", {}).pop("prefersSingleRecordLink", None)
    return live_base(project.base, document)


@pytest.mark.parametrize("text", [ONE, MANY])
def test_an_option_that_is_not_shown_is_no_difference(
    project: Any, compiled: Compile, text: str
) -> None:
    """What nobody can see is not asked for without end."""
    project.apply(compiled(MANY))
    schema = compiled(text)

    assert airtable_plan(wanted_base(schema), without_option(project), project.lock(schema)).is_empty  # fmt: skip


@pytest.mark.parametrize("single", [True, False, None])
def test_a_pulled_schema_has_nothing_to_do(
    project: Any, compiled: Compile, single: bool | None
) -> None:
    """Whatever the option says; and a change of the schema afterwards is seen."""
    project.apply(compiled(MANY))
    if single is not None:
        project.switch(author(project), single=single)
    live = project.live() if single is not None else without_option(project)
    schema = compiled(pulled(live, name="pulled", origin="A base.").text)
    lock = project.lock(schema)
    lock.others = {}

    plan = airtable_plan(wanted_base(schema), live, lock)
    note_known(lock, plan, live)

    assert plan.is_empty
    assert airtable_plan(wanted_base(schema), live, lock).is_empty
    if single is False:
        (many,) = [one for table in schema.tables for one in table.relations]
        text = pulled(live, name="pulled", origin="A base.").text.replace(", many: true", "")
        (step,) = airtable_plan(wanted_base(compiled(text)), live, lock).manual
        assert isinstance(step, RetypeField)
        assert (many.many, step.new) == (True, "one")


def test_a_saved_plan_holds_the_step(project: Any, compiled: Compile) -> None:
    """The file form of a plan says it, and which relations lead to many."""
    project.apply(compiled(MANY))
    plan: Plan = project.plan(compiled(ONE))

    assert read_plan(as_text(plan)) == plan
    assert project.plan(compiled(MANY)).many == {"Book": ["author"], "Person": ["books"]}


def test_a_pulled_link_that_is_turned_round_asks_for_its_switch(
    project: Any, compiled: Compile
) -> None:
    """`pull` notes that both sides lead to many, so whichever becomes the link to one has to be switched."""
    project.apply(compiled(MANY))
    live = project.live()
    schema = compiled(pulled(live, name="pulled", origin="A base.").text)
    lock = project.lock(schema)
    lock.others = {}
    note_known(lock, airtable_plan(wanted_base(schema), live, lock), live)
    turned = compiled(TURNED.replace("name: library", "name: pulled"))

    (step,) = airtable_plan(wanted_base(turned), live, lock).manual

    assert isinstance(step, RetypeField)
    assert (step.table_name, step.name, step.new) == ("Person", "Books", "one")
