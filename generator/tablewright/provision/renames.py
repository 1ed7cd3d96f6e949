"""Renames in an order in which no name is taken twice at any moment; swaps go by way of a passing name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tablewright.provision.live import folded


@dataclass(frozen=True, slots=True)
class Rename:
    """A table or field, its name and the one it is to get. *key* is its name in the schema."""

    id: str
    old: str
    new: str
    key: str


def ordered_renames(
    renames: Iterable[Rename], names: Mapping[str, str]
) -> tuple[list[Rename], list[Rename]]:
    """Return the renames in order, and those that cannot be done since something else keeps the name.

    *names* are the present names of everything around, by id.
    """
    taken = {identity: folded(name) for identity, name in names.items()}
    waiting = list(renames)
    done: list[Rename] = []
    while waiting:
        free = next(
            (
                one
                for one in waiting
                if all(
                    name != folded(one.new)
                    for identity, name in taken.items()
                    if identity != one.id
                )
            ),
            None,
        )
        if free is None:
            moving = {one.id for one in waiting}
            kept = {name for identity, name in taken.items() if identity not in moving}
            blocked = [one for one in waiting if folded(one.new) in kept]
            if blocked:
                return _without(waiting, blocked, done, taken)
            # Only a circle is left: one of them steps aside, then the others can move.
            first = waiting[0]
            passing = first.new + " (being renamed)"
            while folded(passing) in taken.values():
                passing += "'"
            done.append(replace(first, new=passing))
            taken[first.id] = folded(passing)
            waiting[0] = replace(first, old=passing)
            continue
        waiting.remove(free)
        taken[free.id] = folded(free.new)
        done.append(free)
    return done, []


def _without(
    waiting: list[Rename], blocked: list[Rename], done: list[Rename], taken: dict[str, str]
) -> tuple[list[Rename], list[Rename]]:
    more, stuck = ordered_renames([one for one in waiting if one not in blocked], taken)
    return done + more, blocked + stuck
