"""A table's state machine as it was meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tablewright.expressions.tree import Node
from tablewright.expressions.types import ValueType
from tablewright.kinds import Kind
from tablewright.model.bounds import UNBOUNDED, Bounds, limits


@dataclass(frozen=True, slots=True)
class Argument:
    """A value that a transition or a query takes from its caller."""

    key: str
    kind: Kind
    type: ValueType
    required: bool
    description: str = ""
    bounds: Bounds = UNBOUNDED

    @property
    def limits(self) -> Bounds:
        """Return its bounds with what `required` asks for beside them."""
        # A list can be empty even where it has to be given.
        is_filled = self.required and not self.kind.listed
        return limits(self.kind, self.bounds, {}, required=is_filled)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A field and the value that a transition gives it."""

    field: str
    node: Node


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from some states to another. *guard* has to hold; *otherwise* says why it was refused."""

    key: str
    sources: tuple[str, ...]
    target: str
    description: str
    takes: tuple[Argument, ...]
    guard: Node | None
    guard_text: str
    otherwise: str
    sets: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The states are the values of an enum field; only transitions move it."""

    field: str
    enum: str
    states: tuple[str, ...]
    initial: str
    history: bool
    transitions: tuple[Transition, ...]

    @property
    def final_states(self) -> tuple[str, ...]:
        """Return the states that no transition leaves."""
        left = {source for transition in self.transitions for source in transition.sources}
        return tuple(state for state in self.states if state not in left)


def reachable_states(initial: str, transitions: tuple[Transition, ...]) -> frozenset[str]:
    """Return the states that some run of transitions leads to from *initial*, itself included."""
    steps: dict[str, set[str]] = {}
    for transition in transitions:
        for source in transition.sources:
            steps.setdefault(source, set()).add(transition.target)
    return _closure({initial}, steps)


def states_with_an_end(
    finals: frozenset[str], transitions: tuple[Transition, ...]
) -> frozenset[str]:
    """Return the states from which some run of transitions leads to one of *finals*, these included."""
    steps: dict[str, set[str]] = {}
    for transition in transitions:
        for source in transition.sources:
            steps.setdefault(transition.target, set()).add(source)
    return _closure(set(finals), steps)


def _closure(start: set[str], steps: Mapping[str, set[str]]) -> frozenset[str]:
    found = set(start)
    pending = list(start)
    while pending:
        for following in steps.get(pending.pop(), set()) - found:
            found.add(following)
            pending.append(following)
    return frozenset(found)
