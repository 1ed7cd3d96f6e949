"""Which live table and field each key of the schema is: by lock-file id first, then by earlier names, then by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from tablewright import names
from tablewright.provision.live import LINK, LiveBase, LiveField, LiveTable, folded
from tablewright.provision.lock import Lock
from tablewright.provision.wanted import WantedBase, WantedField, WantedTable

_Live = TypeVar("_Live", LiveTable, LiveField)
_Wanted = TypeVar("_Wanted", WantedTable, WantedField)


@dataclass(slots=True)
class Matches:
    """Live tables by key, live fields by table and key, and the live other side of every matched link."""

    tables: dict[str, LiveTable] = field(default_factory=dict)
    fields: dict[tuple[str, str], LiveField] = field(default_factory=dict)
    other_sides: dict[tuple[str, str], LiveField] = field(default_factory=dict)

    def field_id(self, table: str, key: str) -> str:
        """Return the id of the live field that a key is; empty where there is none."""
        found = self.fields.get((table, key))
        return found.id if found is not None else ""

    def claimed(self) -> set[str]:
        """Return the ids of all live fields that belong to something in the schema."""
        return {one.id for one in (*self.fields.values(), *self.other_sides.values())}


def matches(wanted: WantedBase, live: LiveBase, lock: Lock) -> Matches:
    """Return which live table and field each key of *wanted* is."""
    found = Matches()
    foreign = lock.tables_of_others(live.id)
    candidates = [table for table in live.tables if table.id not in foreign]
    found.tables = _matched(
        wanted.tables,
        candidates,
        lambda table: [lock.table_id(key) for key in (table.key, *table.was)],
    )
    _match_links(wanted, live, lock, found)
    for table in wanted.tables:
        if table.key in found.tables:
            _match_fields(table, lock, found)
    return found


def _match_links(wanted: WantedBase, live: LiveBase, lock: Lock, found: Matches) -> None:
    """Match links before other fields, since their other sides belong to them and to nothing else."""
    links = [
        one for table in wanted.tables for one in table.of_role("link") if table.key in found.tables
    ]
    for by_id in (True, False):
        for link in links:
            if (link.table, link.key) in found.fields:
                continue
            table = found.tables[link.table]
            taken = found.claimed()
            free = [one for one in table.fields if one.id not in taken and one.type == LINK]
            if by_id:
                ids = _ids(lock, table, link)
                hit = next((one for one in free if one.id in ids), None)
            else:
                hit = _matched((link,), free, lambda _: []).get(link.key)
            if hit is None:
                continue
            found.fields[link.table, link.key] = hit
            other = live.other_side(hit)
            if other is not None and other.id not in found.claimed():
                found.other_sides[link.table, link.key] = other
                relation = link.relation
                if relation is not None and relation.inverse:
                    found.fields[relation.target, relation.inverse] = other


def _match_fields(table: WantedTable, lock: Lock, found: Matches) -> None:
    live = found.tables[table.key]
    taken = found.claimed()
    open_fields = [
        one
        for one in table.fields
        if one.role != "inverse" and (table.key, one.key) not in found.fields
    ]
    free = [one for one in live.fields if one.id not in taken]
    hits = _matched(open_fields, free, lambda one: _ids(lock, live, one))
    found.fields |= {(table.key, key): hit for key, hit in hits.items()}


def _ids(lock: Lock, table: LiveTable, wanted: WantedField) -> list[str]:
    locked = lock.tables.get(wanted.table)
    if locked is None or locked.id != table.id:
        # A table whose key was changed keeps its fields' ids under the old one.
        locked = next((one for one in lock.tables.values() if one.id == table.id), None)
    return (
        [] if locked is None else [locked.fields.get(key, "") for key in (wanted.key, *wanted.was)]
    )


def _matched(
    wanted: Iterable[_Wanted], live: Iterable[_Live], ids: Callable[[_Wanted], list[str]]
) -> dict[str, _Live]:
    """Return the live thing for each key, every one of them given once."""
    free: dict[str, _Live] = {one.id: one for one in live}
    found: dict[str, _Live] = {}

    def take(one: _Wanted, hit: _Live | None) -> None:
        if hit is not None:
            found[one.key] = hit
            del free[hit.id]

    def named(words: Iterable[str]) -> _Live | None:
        folds = {folded(word) for word in words}
        for candidate in free.values():
            if folded(candidate.name) in folds:
                return candidate
        return None

    waiting: list[_Wanted] = list(wanted)
    for by_id in waiting:
        known = [identity for identity in ids(by_id) if identity in free]
        take(by_id, free[known[0]] if known else None)
    for earlier in waiting:
        # An earlier name counts only as long as nothing bears the present one: then the rename is done.
        if earlier.key not in found and earlier.was and named([earlier.name]) is None:
            take(earlier, named(earlier_names(earlier.was)))
    for by_name in waiting:
        if by_name.key not in found:
            take(by_name, named([by_name.name]))
    return found


def earlier_names(was: Iterable[str]) -> list[str]:
    """Return the names that a thing may have had: a word of `was` is a name in Airtable, or a key of the schema."""
    words = list(was)
    return [*words, *(names.title(word) for word in words)]
