"""What an expression has seen before holds for what comes after it, to people as to type checkers."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

import tablewright
from tablewright.runtime import TransitionRefused


def test_a_value_behind_a_link_that_was_seen_is_calculated_with(
    seen: ModuleType, tmp_path: Path
) -> None:
    """`whole.weight > 2 and whole.weight + 1 < 5` asks for the same value twice, and for none without a whole."""
    names = ("is_heavy", "is_between", "is_light", "heavier", "or_one", "far", "many")
    with tablewright.connect(f"sqlite:///{tmp_path}/seen.db"):
        top = seen.Task.create(size=4)
        whole = seen.Task.create(weight=2.5, whole=top)
        part = seen.Task.create(title="part", whole=whole)
        lone = seen.Task.create(title="lone")

        assert [getattr(part, name) for name in names] == [False, True, True, 3.5, 2, True, False]
        assert [getattr(lone, name) for name in names] == [False, False, False, 0, 2, False, False]
        assert [one.title for one in seen.Task.get_between()] == ["part"]


def test_what_the_state_cannot_be_is_not_asked_again(seen: ModuleType, tmp_path: Path) -> None:
    """A guard that compares the state with the ones that are left or cannot be decides by its other parts."""
    with tablewright.connect(f"sqlite:///{tmp_path}/seen.db"):
        task = seen.Task.create(size=4)
        task.by_other_state()
        task.by_any_state()
        few = seen.Task.create(size=1)
        for move in (few.by_this_state, few.by_any_state, few.by_states):
            with pytest.raises(TransitionRefused):
                move()
        few.by_none()

    assert (task.stage, few.stage, few.title) == (seen.Stage.DONE, seen.Stage.DONE, "b")


def test_values_of_one_transition_have_names_of_their_own(seen: ModuleType, tmp_path: Path) -> None:
    """A text, a whole number and a number behind one link are three values."""
    with tablewright.connect(f"sqlite:///{tmp_path}/seen.db"):
        whole = seen.Task.create(title="WHOLE", size=2, weight=1.5)
        part = seen.Task.create(whole=whole)
        part.of_three_types()
        other = seen.Task.create(whole=whole)
        other.of_what_was_seen()

    assert (part.title, part.size, part.weight) == ("whole", 3, 3.0)
    assert (other.size, other.weight) == (1, 2.5)
