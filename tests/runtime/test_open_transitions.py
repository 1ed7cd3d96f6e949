"""What a record says of its transitions before they are called: its state, and guards that need no arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import StoreUnavailable, TransitionRefused, connect

SCHEMA = """
tablewright: 1
name: shop
enums:
  Stage: [open, done]
tables:
  Job:
    fields:
      title: {type: text, required: true}
      stage: {type: Stage, default: open}
      due: datetime
      note: text
    relations:
      after: {to: Job, many: true}
    lifecycle:
      field: stage
      initial: open
      transitions:
        finish:
          from: open
          to: done
          takes: {how: text}
          when: title != 'no end' and (due is None or due > now())
          set: {note: how}
        shut:
          from: open
          to: done
          takes: {how: text}
          when: title != 'no end' or title == 'any'
          set: {note: how}
        mark:
          from: open
          to: done
          takes: {how: {type: text, required: true}}
          when: title != how
        leave:
          from: open
          to: done
          takes: {how: text}
          when: all(job.stage == done for job in after)
          set: {note: how}
        drop: {from: open, to: done, takes: {how: text}, set: {note: how}}
"""


@pytest.fixture(scope="module")
def shop(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ModuleType]:
    """A generated package whose transitions all take something."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.yaml").write_text(SCHEMA, "utf-8")
    with (
        imported_package(written_package(folder / "shop.yaml", folder), folder) as package,
        connect("sqlite:///:memory:"),
    ):
        yield package


def test_a_guard_that_needs_no_argument_is_looked_at(shop: ModuleType) -> None:
    """One that looks at an argument is left out, since nobody knows it yet; links are followed."""
    free, stuck = shop.Job.create(title="any"), shop.Job.create(title="no end")
    waiting = shop.Job.create(title="waiting", after=[stuck])

    assert free.open_transitions() == ("finish", "shut", "mark", "leave", "drop")
    assert stuck.open_transitions() == ("mark", "leave", "drop")
    assert waiting.open_transitions() == ("finish", "shut", "mark", "drop")
    assert [stuck.can_finish(), stuck.can_mark(), stuck.can_drop()] == [False, True, True]
    assert shop.Job(title="any").open_transitions() == ()


def test_the_moment_is_looked_at_too(shop: ModuleType) -> None:
    """A guard over the present moment is asked at the moment of the call."""
    late = shop.Job.create(title="late", due="2020-01-01T00:00:00Z")

    assert not late.can_finish()
    assert late.can_shut()


def test_a_refusal_recommends_nothing_that_would_be_refused(shop: ModuleType) -> None:
    """Two transitions with the same guard do not send people from one to the other."""
    stuck = shop.Job.create(title="no end")

    for name in ("finish", "shut"):
        with pytest.raises(TransitionRefused) as refusal:
            getattr(stuck, name)()
        assert refusal.value.possible == ("mark", "leave", "drop")


def test_a_refusal_stands_where_guards_cannot_be_looked_at(
    shop: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a guard's links cannot be read, what the state allows is named, and the refusal is told all the same."""
    stuck = shop.Job.create(title="no end")

    def unreachable(_: Any) -> bool:
        raise StoreUnavailable("nobody is there")

    monkeypatch.setattr(shop.Job, "can_leave", unreachable)

    with pytest.raises(TransitionRefused) as refusal:
        stuck.finish()
    assert refusal.value.possible == ("shut", "mark", "leave", "drop")
