"""Rows from one store to another, links remapped; can be run again after a crash at any point."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tablewright.provision.errors import ProvisionError
from tablewright.provision.journal import Journal
from tablewright.runtime.codec import Row
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.runtime.stores.base import Selection, Store

_SMALL_BATCH: Final = 10
_LARGE_BATCH: Final = 500
_NOT_COMPARED: Final = frozenset({"attachments", "collaborator", "collaborators"})
"""Their ids and addresses belong to one base, and differ in another."""

Progress = Callable[[str, int, int], object]
"""Is told the table, how many of its rows are over, and how many there are."""


class CopyInDoubt(ProvisionError):
    """What an earlier run did cannot be made out: rows cannot be told from others, or are gone."""


@dataclass(frozen=True, slots=True)
class Copied:
    """How many rows went over in this run, and how many there are, by table."""

    table: str
    sent: int
    total: int


@dataclass(frozen=True, slots=True)
class Verified:
    """Counts and digests of one table on both sides."""

    table: str
    source: int
    target: int
    same: bool


def copy_rows(
    specs: Sequence[TableSpec],
    source: Store,
    target: Store,
    journal: Journal,
    *,
    progress: Progress | None = None,
) -> list[Copied]:
    """Copy the rows of all tables, then their links. What the journal says is done is not done again.

    Ids and times of creation are kept where the target can. History, comments and leases stay behind.

    Raises:
        CopyInDoubt: an earlier run ended amid a batch whose rows cannot be found for certain, or what it stored is gone.
    """
    ordered = _in_order(specs)
    for spec in ordered:
        _require_copied_rows(spec, target, journal)
    rows = {spec.key: source.select(Selection(spec)) for spec in ordered}
    copied = []
    for spec in ordered:
        sent = _copy_table(spec, rows[spec.key], target, journal, progress)
        copied.append(Copied(spec.key, sent, len(rows[spec.key])))
    for spec in ordered:
        _copy_links(spec, rows[spec.key], target, journal)
    return copied


def verify(
    specs: Sequence[TableSpec], source: Store, target: Store, journal: Journal
) -> list[Verified]:
    """Compare counts and digests of the copied rows on both sides, links included, table by table."""
    found = []
    cut = not (source.capabilities.microseconds and target.capabilities.microseconds)
    for spec in _in_order(specs):
        there = source.select(Selection(spec))
        new_ids = journal.ids.get(spec.key, {})
        here = {row["id"]: row for row in target.select(Selection(spec))}
        copied = [here[new] for new in new_ids.values() if new in here]
        mapped = [_mapped(spec, row, journal) | {"id": new_ids.get(row["id"])} for row in there]
        same = _digest(spec, mapped, cut=cut) == _digest(spec, copied, cut=cut)
        found.append(Verified(spec.key, len(there), len(copied), same))
    return found


def _in_order(specs: Sequence[TableSpec]) -> list[TableSpec]:
    """Return the tables, each after those that its rows cannot be stored without."""
    waiting = {spec.key: spec for spec in specs}
    ordered: list[TableSpec] = []
    while waiting:
        ready = [
            key
            for key, spec in waiting.items()
            if not any(
                one.required and one.to in waiting and one.to != key for one in spec.relations
            )
        ]
        # The checks of the language leave no circle of required links.
        ordered += [waiting.pop(key) for key in ready or list(waiting)]
    return ordered


def _copy_table(
    spec: TableSpec,
    rows: Sequence[Row],
    target: Store,
    journal: Journal,
    progress: Progress | None,
) -> int:
    if spec.key not in journal.before:
        journal.note(event="before", table=spec.key, ids=target.ids(Selection(spec)))
    if spec.key in journal.sending:
        _settle(spec, rows, target, journal)
    done = journal.ids.get(spec.key, {})
    left = [row for row in rows if row["id"] not in done]
    over = len(rows) - len(left)
    size = _SMALL_BATCH if target.capabilities.atomic == "batch of ten" else _LARGE_BATCH
    for batch in _batches(left, size):
        journal.note(event="sending", table=spec.key, ids=[row["id"] for row in batch])
        sent = [_without_links(spec, row, journal) for row in batch]
        if not target.capabilities.keeps_ids:
            sent = [_without_foreign_ids(spec, row) for row in sent]
        made = target.insert(spec, sent)
        ids = {row["id"]: new["id"] for row, new in zip(batch, made, strict=True)}
        journal.note(event="stored", table=spec.key, ids=ids)
        over += len(batch)
        if progress is not None:
            progress(spec.key, over, len(rows))
    return len(left)


def _require_copied_rows(spec: TableSpec, target: Store, journal: Journal) -> None:
    """Refuse to go on where a journal tells of rows and none of them is there: the target was emptied, or made anew."""
    stored = list(journal.ids.get(spec.key, {}).values())
    sample = stored[:_SMALL_BATCH]
    if sample and not target.fetch(spec, sample):
        raise CopyInDoubt(
            f"{journal.path} says that {len(stored)} row{'' if len(stored) == 1 else 's'} of {spec.name} went over, and they "
            "are not there any more: remove the journal to copy everything anew, or name another file with --journal"
        )


def _settle(spec: TableSpec, rows: Sequence[Row], target: Store, journal: Journal) -> None:
    """Find out which rows of a batch arrived whose answer was lost."""
    by_id = {row["id"]: row for row in rows}
    sent = [by_id[one] for one in journal.sending[spec.key] if one in by_id]
    known = journal.before[spec.key] | set(journal.ids.get(spec.key, {}).values())
    strangers = [one for one in target.ids(Selection(spec)) if one not in known]
    found = target.fetch(spec, strangers)
    free = dict(found)
    ids: dict[str, str] = {}
    for row in sent:
        if row["id"] in free and target.capabilities.keeps_ids:
            hit: str | None = row["id"]
        else:
            wanted = _digest(spec, [_without_links(spec, row, journal)], cut=True, links=False)
            hit = next(
                (one for one, there in free.items() if _digest(spec, [there], cut=True, links=False) == wanted),
                None,
            )  # fmt: skip
        if hit is not None:
            ids[row["id"]] = hit
            del free[hit]
    if free and len(ids) < len(sent):
        raise CopyInDoubt(
            f"{spec.name} holds {len(free)} row{'' if len(free) == 1 else 's'} that no run of this copy is known to have stored: "
            f"look at {', '.join(list(free)[:3])}; delete what the copy left, or remove the journal and start over in an empty base"
        )
    journal.note(event="stored", table=spec.key, ids=ids)


def _copy_links(spec: TableSpec, rows: Sequence[Row], target: Store, journal: Journal) -> None:
    links = [one for one in spec.relations if not one.required]
    done = journal.linked.get(spec.key, set())
    waiting = [
        row for row in rows if row["id"] not in done and any(row.get(one.key) for one in links)
    ]
    size = _SMALL_BATCH if target.capabilities.atomic == "batch of ten" else _LARGE_BATCH
    for batch in _batches(waiting, size):
        changes = []
        for row in batch:
            mapped = _mapped(spec, row, journal)
            cells = {one.key: mapped[one.key] for one in links if row.get(one.key)}
            changes.append((journal.ids[spec.key][row["id"]], cells))
        target.update(spec, changes)
        journal.note(event="linked", table=spec.key, ids=[row["id"] for row in batch])


def _plain_fields(spec: TableSpec) -> list[FieldSpec]:
    return [one for one in spec.fields if not one.is_computed]


def _without_links(spec: TableSpec, row: Row, journal: Journal) -> Row:
    """Return a row as it is first stored: with those links alone that it cannot be without."""
    found: Row = {one.key: row.get(one.key) for one in _plain_fields(spec)}
    for one in spec.relations:
        found[one.key] = _new_id(journal, one.to, row.get(one.key)) if one.required else ([] if one.many else None)  # fmt: skip
    return found | {key: row[key] for key in ("id", "created_time") if key in row}


def _without_foreign_ids(spec: TableSpec, row: Row) -> Row:
    """Return a row without ids of the base that it comes from: files are fetched by address, people known by email."""
    found = dict(row)
    for one in spec.fields:
        value = row.get(one.key)
        if value and one.kind == "attachments":
            found[one.key] = [_without_id(file) for file in value]
        elif value and one.kind == "collaborators":
            found[one.key] = [_person(each) for each in value]
        elif value and one.kind == "collaborator":
            found[one.key] = _person(value)
    return found


def _person(value: Mapping[str, Any]) -> dict[str, Any]:
    return _without_id(value) if value.get("email") else dict(value)


def _without_id(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if name != "id"}


def _mapped(spec: TableSpec, row: Row, journal: Journal) -> Row:
    """Return a row with its links as the target knows them."""
    found = dict(row)
    for one in spec.relations:
        value = row.get(one.key)
        if one.many:
            found[one.key] = [_new_id(journal, one.to, each) for each in value or ()]
        else:
            found[one.key] = _new_id(journal, one.to, value)
    return found


def _new_id(journal: Journal, table: str, old: str | None) -> str | None:
    return None if old is None else journal.ids.get(table, {}).get(old, old)


def _digest(
    spec: TableSpec, rows: Iterable[Mapping[str, Any]], *, cut: bool, links: bool = True
) -> str:
    """Return a digest of rows that does not depend on their order. *cut* leaves milliseconds of moments."""
    lines = []
    for row in rows:
        values = [row["id"] if links else ""]
        values += [
            _canonical(row.get(one.key), cut=cut)
            for one in _plain_fields(spec)
            if one.kind not in _NOT_COMPARED
        ]
        for one in spec.relations if links else ():
            held = row.get(one.key)
            values.append(repr(sorted(held or ()) if one.many else held))
        lines.append("\x1f".join(map(str, values)))
    return hashlib.sha256("\x1e".join(sorted(lines)).encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(value: Any, *, cut: bool) -> str:
    if isinstance(value, datetime) and cut:
        value = value.replace(microsecond=value.microsecond // 1000 * 1000)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value in (None, "", []) else repr(value)


def _batches(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
