"""The package that uses every part of the language, at work in a store."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import tablewright
from tablewright import RecordInvalid, TransitionRefused


@pytest.fixture
def package(everything: ModuleType, tmp_path: Path) -> Iterator[ModuleType]:
    """The package beside an empty store."""
    with tablewright.connect(f"sqlite:///{tmp_path}/everything.db"):
        yield everything


def test_a_transition_takes_lists_of_choices(package: ModuleType) -> None:
    """What is not given is an empty list; guard and effects look into what is."""
    low, high = package.Level.LOW, package.Level.HIGH
    item = package.Item.create(title="One", box=package.Box.create(label="a"))

    with pytest.raises(TransitionRefused):
        item.mark([high])
    item.mark([low, high], notes={"a": 1})
    kept = package.Item.get(item.id)
    item.mark([low], [high])

    assert (kept.levels, kept.data) == ([low, high], {"a": 1})
    assert (item.levels, item.data) == ([high], {"a": 1})


def test_a_query_takes_lists_of_choices(package: ModuleType) -> None:
    """`field in argument` finds what the list holds; an empty list or a blank argument asks for nothing."""
    low, high = package.Level.LOW, package.Level.HIGH
    box = package.Box.create(label="a")
    package.Item.create(title="Low", level=low, box=box, data=1)
    package.Item.create(title="Blank", box=box)

    def found(*levels: object, **more: object) -> list[str]:
        return [item.title for item in package.Item.get_of_levels(levels, **more)]

    assert found(low, high) == ["Low"]
    assert found() == []
    assert (found(low, others=[high]), found(low, others=[low])) == ([], ["Low"])
    assert found(low, notes={}) == ["Low"]


def test_whether_a_value_is_in_a_list_of_its_own_record(package: ModuleType) -> None:
    """A blank is in no list, in memory as in the store."""
    low, high = package.Level.LOW, package.Level.HIGH
    box = package.Box.create(label="a")
    for title, level, levels in (("A", low, [low]), ("B", low, [high]), ("C", None, [high])):
        package.Item.create(title=title, level=level, levels=levels, box=box)

    listed = [item.title for item in package.Item.all() if item.is_listed]
    unlisted = [item.title for item in package.Item.all() if item.is_unlisted]

    column = package.Item.c
    assert listed == [item.title for item in package.Item.where(column.is_listed)] == ["A"]
    assert unlisted == [item.title for item in package.Item.where(column.is_unlisted)] == ["B", "C"]


def test_links_are_handed_down(package: ModuleType) -> None:
    """A method that creates a linked record takes over links, of one record and of several, unless they are given."""
    shelf, other = package.Shelf2.create(label="x"), package.Shelf2.create(label="y")
    seen = [package.Shelf16.create(label=label) for label in "ab"]
    box = package.Box.create(label="a", shelf=shelf, seen_by=seen)

    taken, given = box.put_in(title="One"), box.put_in(title="Two", shelf=other, seen_by=[])

    assert (taken.shelf, taken.seen_by, taken.box) == (shelf, seen, box)
    assert (given.shelf, given.seen_by) == (other, [])


def test_a_required_field_with_a_default_may_be_left_out(package: ModuleType) -> None:
    """As in the input model, by every way to a new record; None is refused as ever."""
    box = package.Box.create(label="a")
    high, low = package.Level.HIGH, package.Level.LOW

    (bulk,) = package.Item.bulk_create([package.ItemCreate(title="A", box_id=box.id)])
    made = package.Item.create(title="B", box=box, urgency=high)
    child = made.add_child(title="C", box=box)
    put = box.put_in(title="D", region="us")
    other = asyncio.run(package.Item.aio.create(title="E", box=box))

    assert [one.region for one in (bulk, made, child, put, other)] == ["eu", "eu", "eu", "us", "eu"]
    assert [one.urgency for one in (bulk, made, child, put, other)] == [low, high, high, low, low]
    with pytest.raises(RecordInvalid, match="region"):
        package.Item.create(title="F", box=box, region=None)


def test_a_default_is_for_new_records_and_not_for_stored_ones(package: ModuleType) -> None:
    """An upsert that leaves a required field out gives it to a new record, and keeps what is stored."""
    box = package.Box.create(label="a")

    first = package.Item.upsert(title="A", box=box)
    first.update(region="us")
    second = package.Item.upsert(title="A", box=box, amount=1)
    third = asyncio.run(package.Item.aio.upsert(title="A", box=box, urgency=package.Level.HIGH))

    assert (first.id, second.id) == (second.id, third.id)
    assert (second.region, third.region, third.amount) == ("us", "us", 1)
    assert (second.urgency, third.urgency) == (package.Level.LOW, package.Level.HIGH)
    with pytest.raises(ValueError, match="a value has to be given for it"):
        package.Item.upsert(title="A", box=box, on=["region"])


def test_a_field_may_be_called_like_a_parameter_of_upsert(package: ModuleType) -> None:
    """The parameter that names the fields steps aside."""
    day = dt.date(2026, 1, 31)
    first = package.Shelf2.upsert(on_=["on"], on=day, label="x")

    second = package.Shelf2.upsert(on=day, label="y")

    assert (second.id, second.label) == (first.id, "y")


def test_every_table_has_its_operations_as_coroutines(package: ModuleType) -> None:
    """With a queue or without one: the same parameters, the same store."""

    async def program() -> list[str]:
        box = await package.Box.aio.create(label="a")
        item = await package.Item.aio.create(title="One", box=box)
        await package.Box.aio.put_in(box, title="Two")
        await package.Item.aio.open_it(item)
        await package.Item.aio.refresh(item)
        assert await package.Item.aio.history(item) == []
        assert (await package.Item.aio.get_numbers()).total == 2
        return [
            one.title for one in await package.Item.aio.get_everything(stage=package.Stage.OPEN)
        ]

    assert asyncio.run(program()) == ["One"]
    assert not hasattr(package.Box.aio, "history")


def test_durations_are_multiplied_and_divided(package: ModuleType) -> None:
    """By numbers and by one another, in memory as in the store; what is blank stays blank."""
    box = package.Box.create(label="a")
    minutes = dt.timedelta(minutes=1)
    package.Item.create(title="A", span=8 * minutes, pause=3 * minutes, box=box)
    package.Item.create(title="B", pause=minutes, box=box)

    items = package.Item.all()

    assert [item.stretched for item in items] == [8 * minutes, None]
    assert [item.pauses for item in items] == [pytest.approx(8 / 3), None]
    column = package.Item.c
    assert [item.title for item in package.Item.where(column.stretched == 8 * minutes)] == ["A"]
    assert [item.title for item in package.Item.where(column.pauses > 2.5)] == ["A"]
    assert [item.title for item in package.Item.where(column.pauses.is_none())] == ["B"]
