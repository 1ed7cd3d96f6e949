"""Transitions that take linked records and set links, alike in every store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import RecordChanged, RecordInvalid, TransitionRefused
from tablewright.runtime.connection import connect


@pytest.fixture(scope="session")
def package(packaged: Callable[[str], ModuleType]) -> ModuleType:
    """A package of tickets that are assigned to people."""
    return packaged("desk")


@pytest.fixture
def desk(package: ModuleType, url: str) -> Iterator[ModuleType]:
    """The package with Ann, Bob and Cleo, who is not active, and a ticket of Ann's."""
    leases = "sqlite://" if url == "local:" else None
    with connect(url, leases=leases):
        for name in ("Ann", "Bob", "Cleo"):
            package.Person.create(name=name, active=name != "Cleo")
        package.Ticket.create(title="printer", owner=person(package, "Ann"))
        yield package


def person(desk: ModuleType, name: str) -> Any:
    found = desk.Person.find_by(name=name).first()
    assert found is not None
    return found


def ticket(desk: ModuleType) -> Any:
    found = desk.Ticket.where().first()
    assert found is not None
    return found


def linked(desk: ModuleType) -> tuple[str | None, str | None, str]:
    """Return the names of who works on the stored ticket, did, and owns it."""
    one = ticket(desk)
    return (
        one.assignee.name if one.assignee else None,
        one.former.name if one.former else None,
        one.owner.name,
    )


def test_a_transition_links_to_the_record_that_it_takes(desk: ModuleType) -> None:
    """In the store and in memory, on both sides of the relation, and in one step with the state."""
    one, ann, bob = ticket(desk), person(desk, "Ann"), person(desk, "Bob")
    assert linked(desk) == (None, None, "Ann")

    one.assign(ann, reviewer=bob)

    assert (one.stage, one.assignee_id, one.assignee.name) == (desk.Stage.ASSIGNED, ann.id, "Ann")
    assert linked(desk) == ("Ann", "Bob", "Ann")
    assert [other.id for other in person(desk, "Ann").tickets] == [one.id]
    assert [entry.transition for entry in one.history()] == ["assign"]
    assert one.unsaved_changes == {}


def test_a_link_moves_from_one_relation_to_another(desk: ModuleType) -> None:
    """What a link is set to is what it was before the transition, and None empties it."""
    one = ticket(desk).assign(person(desk, "Ann"))

    one.pass_on(person(desk, "Bob"))
    assert linked(desk) == ("Bob", "Ann", "Ann")
    one.hand_over(owner=person(desk, "Bob"))
    assert linked(desk) == ("Bob", "Ann", "Bob")
    one.pass_on(person(desk, "Ann")).return_to_owner()
    assert linked(desk) == ("Bob", "Bob", "Bob")
    one.assign(person(desk, "Ann")).put_back()
    assert linked(desk) == (None, None, "Bob")


def test_a_guard_looks_behind_the_record_that_is_given(desk: ModuleType) -> None:
    """And a refusal changes nothing."""
    with pytest.raises(TransitionRefused, match="needs people who are active"):
        ticket(desk).assign(person(desk, "Cleo"))
    with pytest.raises(TransitionRefused, match="needs people who are active"):
        ticket(desk).assign(person(desk, "Ann"), reviewer=person(desk, "Cleo"))

    assert linked(desk) == (None, None, "Ann")


def test_a_link_that_somebody_else_changed_is_not_moved_unseen(desk: ModuleType) -> None:
    """`former: assignee` looks at the link, so that it has to be as this program saw it."""
    one = ticket(desk).assign(person(desk, "Ann"))
    ticket(desk).update(assignee=person(desk, "Cleo"))

    with pytest.raises(RecordChanged):
        one.pass_on(person(desk, "Bob"))

    assert linked(desk) == ("Cleo", None, "Ann")


def test_only_stored_records_of_the_table_are_taken(desk: ModuleType) -> None:
    """The error names the argument and the way out."""
    one, ann = ticket(desk), person(desk, "Ann")
    for given, said in (
        (ann.id, r"person has to be a record of Person.*get it with Person.get"),
        (one, "person has to be a record of Person"),
        (
            desk.Person(name="Dora"),
            r"person has to be a record of Person that is stored: call save",
        ),
        (None, "person is required"),
    ):
        with pytest.raises(RecordInvalid, match=said):
            one.assign(given)

    assert linked(desk) == (None, None, "Ann")


def test_a_record_that_was_deleted_meanwhile_is_not_linked(desk: ModuleType) -> None:
    """The transition is refused as a whole."""
    bob, one = person(desk, "Bob"), ticket(desk)
    person(desk, "Bob").delete()

    with pytest.raises(RecordInvalid, match="assignee has to be a record of Person that is there"):
        one.assign(bob)

    assert ticket(desk).stage is desk.Stage.OPEN
    assert linked(desk) == (None, None, "Ann")


def test_a_claimed_task_is_linked_by_its_transitions(desk: ModuleType) -> None:
    """While a worker holds it, and by the transition that ends it."""
    [held] = desk.Ticket.claim("w1")

    held.hand_over(owner=person(desk, "Bob"))
    assert linked(desk) == (None, None, "Bob")
    held.heartbeat()
    held.finish(person(desk, "Bob"))

    assert held.assignee.name == "Bob"
    assert linked(desk) == ("Bob", None, "Bob")
    assert ticket(desk).stage is desk.Stage.DONE


def test_the_twin_for_asyncio_takes_records_too(desk: ModuleType) -> None:
    """As every method does."""
    asyncio.run(desk.Ticket.aio.assign(ticket(desk), person(desk, "Ann")))

    assert linked(desk) == ("Ann", None, "Ann")


def test_the_other_side_of_a_link_says_where_the_link_is_set(desk: ModuleType) -> None:
    """By attribute and in a bulk call alike: it is no field of its own, and nothing is stored."""
    ann, found = person(desk, "Ann"), []

    for act in (
        lambda: setattr(ann, "tickets", []),
        lambda: desk.Person.bulk_create([{"name": "Dan", "tickets": []}]),
    ):
        with pytest.raises(RecordInvalid) as caught:
            act()
        found.append(str(caught.value))

    assert all(
        "tickets is the other side of Ticket.assignee, where the link is set" in one
        for one in found
    )
