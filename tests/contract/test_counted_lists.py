"""`len()` of a field with several choices counts its values, on every store and behind links."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import Connection, TransitionRefused


@pytest.fixture(scope="session")
def tagged(packaged: Callable[[str], ModuleType]) -> ModuleType:
    """A package of things that hold tags."""
    return packaged("tagged")


@pytest.fixture
def things(tagged: ModuleType, connection: Connection) -> dict[str, Any]:
    """A family: a with two tags, b (of a) with one, c (of b) with none, d by itself with three."""
    thing, tag = tagged.Thing, tagged.Tag
    a = thing.create(title="a", tags=[tag.RED, tag.BLUE])
    b = thing.create(title="b", tags=[tag.RED], parent=a)
    c = thing.create(title="c", parent=b)
    d = thing.create(title="d", tags=list(tag))
    return {"a": a, "b": b, "c": c, "d": d}


def test_records_are_found_by_the_length_of_a_list(
    tagged: ModuleType, things: dict[str, Any]
) -> None:
    """Of the record itself, of the one that it links to, and of those that link to it; no record behind a link is none."""
    thing, tag = tagged.Thing, tagged.Tag

    def titles(query: Any) -> list[str]:
        return [one.title for one in query]

    assert titles(thing.get_rich(2)) == ["a", "d"]
    assert titles(thing.get_like([tag.BLUE])) == ["b"]
    assert titles(thing.get_like()) == ["c"]
    assert titles(thing.get_by_family()) == ["a", "b"]
    assert titles(thing.get_orphans()) == ["a", "d"]
    assert titles(thing.where(thing.c.tags.length() < 2).order_by("title")) == ["b", "c"]


def test_computed_fields_and_figures_count(tagged: ModuleType, things: dict[str, Any]) -> None:
    """In Python and in the store alike."""
    read = {one.title: one for one in tagged.Thing.all()}
    assert {key: (one.number_of_tags, one.of_parent, one.most) for key, one in read.items()} == {
        "a": (2, 0, 1),
        "b": (1, 2, 0),
        "c": (0, 1, None),
        "d": (3, 0, None),
    }

    figures = tagged.Thing.get_figures()

    assert (figures.all, figures.richest, figures.bare) == (6, 3, 1)


def test_a_transition_counts_what_it_is_given(tagged: ModuleType, things: dict[str, Any]) -> None:
    """The guard and what is set see the list of the record and that of the caller."""
    with pytest.raises(TransitionRefused, match="has too few tags"):
        things["c"].finish([tagged.Tag.RED])

    assert things["d"].finish().amount == 3
    assert things["c"].finish([tagged.Tag.RED, tagged.Tag.BLUE]).refresh().amount == 2
