"""What a copy brought over, compared row by row with where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tablewright.provision.copying import canonical, compared_fields, in_order, mapped, rows_of
from tablewright.provision.journal import Journal
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.base import Selection, Store


@dataclass(frozen=True, slots=True)
class Differing:
    """A row that is not the same on both sides, by its id in the source; without *fields* it is gone from the target."""

    id: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """How many rows of a table the source has, how many of the copied ones the target has, and those that differ."""

    table: str
    source: int
    target: int
    differing: tuple[Differing, ...]
    gone: int
    """Copied rows that the source does not have any more."""

    @property
    def same(self) -> bool:
        """Tell whether both sides hold the same."""
        return not self.differing and not self.gone


def verify(
    specs: Sequence[TableSpec], source: Store, target: Store, journal: Journal
) -> list[Verified]:
    """Compare the copied rows with those of the source, links included, table by table."""
    cut = not (source.capabilities.microseconds and target.capabilities.microseconds)
    return [_verified(spec, source, target, journal, cut=cut) for spec in in_order(specs)]


def _verified(
    spec: TableSpec, source: Store, target: Store, journal: Journal, *, cut: bool
) -> Verified:
    new_ids = journal.ids.get(spec.key, {})
    there = rows_of(spec, source)
    here = {row["id"]: row for row in target.select(Selection(spec))}
    differing = []
    for row in there:
        copy = here.get(new_ids.get(row["id"], ""))
        wanted = _values(spec, mapped(spec, row, journal), cut=cut)
        found = _values(spec, copy, cut=cut) if copy is not None else {}
        fields = tuple(key for key, value in wanted.items() if found.get(key) != value)
        if copy is None or fields:
            differing.append(Differing(row["id"], fields if copy is not None else ()))
    ids = {row["id"] for row in there}
    gone = sum(new in here and old not in ids for old, new in new_ids.items())
    copied = sum(new in here for new in new_ids.values())
    return Verified(spec.key, len(there), copied, tuple(differing), gone)


def _values(spec: TableSpec, row: Mapping[str, Any], *, cut: bool) -> dict[str, str]:
    values = {one.key: canonical(row.get(one.key), cut=cut) for one in compared_fields(spec)}
    for one in spec.relations:
        held = row.get(one.key)
        values[one.key] = repr(sorted(held or ()) if one.many else held)
    return values
