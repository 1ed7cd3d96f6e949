"""Lists in a schema: transitions and claims set them, queries and figures are narrowed to a value that they hold."""

from __future__ import annotations

import asyncio
import time
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import Connection, connect


def filled(errands: ModuleType, **values: Any) -> Any:
    """Return a stored errand whose lists hold something."""
    tag = errands.Tag
    given = {"marks": [tag.LARGE], "files": [{"url": "https://example.com/a.png"}], **values}
    return errands.Errand.create(
        title="a", tags=[tag.SMALL], helpers=[{"id": "usrAAAAAAAAAAAAAA"}], **given
    )


def test_a_transition_empties_lists_and_fills_them(
    errands: ModuleType, connection: Connection
) -> None:
    """Choices, files and people; the record that moved shows what is stored."""
    made = filled(errands)

    moved = made.clear()

    for one in (moved, errands.Errand.get(made.id)):
        assert (one.marks, one.files, one.helpers) == ([], [], [])
        assert one.tags == [errands.Tag.FRAGILE]


@pytest.mark.parametrize("leases", ["sqlite://", "best effort"])
def test_a_claim_sets_lists_as_its_transition_does(
    errands: ModuleType, url: str, leases: str
) -> None:
    """Also of a task whose lease ran out, which is failed, put back and taken in one step."""
    if url != "local:" and leases == "best effort":
        pytest.skip("a database keeps its leases itself")
    errand, tag = errands.Errand, errands.Tag
    with connect(url, leases=leases if url == "local:" else None):
        made = filled(errands)

        (first,) = errand.claim("one")
        stored = errand.get(made.id)
        lists = (stored.marks, stored.files, stored.tags)
        time.sleep(1.2)
        (again,) = errand.claim("two")
        assert again.id == first.id
        again.fail("no")  # and put back: its guard looks at what the failure set
        waiting = errand.get(made.id)

    assert lists == ([], [], [tag.SMALL, tag.LARGE])
    assert (again.attempt, waiting.stage.name, waiting.marks) == (2, "OPEN", [tag.SMALL])


def test_queries_and_figures_are_narrowed_to_a_value_of_a_list(
    errands: ModuleType, connection: Connection
) -> None:
    """A parameter is one choice, and finds the records whose list holds it."""
    errand, tag = errands.Errand, errands.Tag
    for title, marks in (("a", [tag.SMALL]), ("b", [tag.LARGE, tag.SMALL]), ("c", [])):
        errand.create(title=title, tags=[tag.SMALL], marks=marks)

    small = errand.get_marked(tag.SMALL)
    again = asyncio.run(errand.aio.get_marked(marks=tag.LARGE))

    assert [one.title for one in small] == ["a", "b"]
    assert [one.title for one in again] == ["b"]
    assert errand.get_marked().count() == 3
    assert errand.get_figures(marks=tag.SMALL).total == 2
    assert errand.get_figures(marks=tag.FRAGILE).by_stage[errands.Stage.OPEN] == 0
