"""One change between two versions of a schema, and how the parts of both are matched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Literal, Protocol, TypeVar

Effect = Literal["compatible", "backfill", "breaking"]
"""Records and code go on as they are; records need a value first; records or code may fail."""

LABELS: Final[dict[Effect, str]] = {
    "compatible": "compatible",
    "backfill": "needs backfill",
    "breaking": "breaking",
}


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """What changed at *place* (such as `AgentTask.status`), in one sentence."""

    place: str
    effect: Effect
    sentence: str

    @property
    def label(self) -> str:
        """Return the effect as people read it."""
        return LABELS[self.effect]

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence} ({self.label})"


class Keyed(Protocol):
    """Something of a schema that has a name."""

    @property
    def key(self) -> str:
        """Return the name in the schema."""
        ...


Part = TypeVar("Part", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Matched(Generic[Part]):
    """The parts of two versions: *both* holds pairs, of one key or joined by `was`."""

    removed: tuple[Part, ...]
    added: tuple[Part, ...]
    both: tuple[tuple[Part, Part], ...]


def matched(old: Sequence[Part], new: Sequence[Part]) -> Matched[Part]:
    """Return which parts went, came and stayed; `was` makes one that went and one that came a renamed one."""
    by_key = {part.key: part for part in old}
    both: list[tuple[Part, Part]] = []
    added: list[Part] = []
    left = dict(by_key)
    waiting: list[Part] = []
    for part in new:
        before = left.pop(part.key, None)
        if before is None:
            waiting.append(part)
        else:
            both.append((before, part))
    for part in waiting:
        names: tuple[str, ...] = getattr(part, "was", ())
        before = next((one for one in left.values() if one.key in names or getattr(one, "name", one.key) in names), None)  # fmt: skip
        if before is None:
            added.append(part)
        else:
            del left[before.key]
            both.append((before, part))
    return Matched(tuple(left.values()), tuple(added), tuple(both))


def renamed(place: str, old: str, new: str, what: str) -> Iterator[Change]:
    """Yield that a thing has another name in code, which whoever uses it has to follow."""
    if old != new:
        yield Change(place, "breaking", f"{what} '{old}' is now called '{new}': code that names it has to follow; nothing is lost")  # fmt: skip


def listed(words: Sequence[str]) -> str:
    """Return names as a list in a sentence."""
    return ", ".join(words)
