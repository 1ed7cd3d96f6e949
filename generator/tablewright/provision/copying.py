"""Rows from one store to another, links remapped; can be run again after a crash at any point."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from tablewright.provision.errors import ProvisionError
from tablewright.provision.journal import Journal
from tablewright.provision.text import listed
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import RecordInvalid
from tablewright.runtime.spec import QUEUE_KEYS, FieldSpec, TableSpec
from tablewright.runtime.stores.base import Selection, Store

_SMALL_BATCH: Final = 10
_LARGE_BATCH: Final = 500
_NAMED: Final = 3
"""How many rows a message names."""
_NOT_COMPARED: Final = frozenset({"attachments", "collaborator", "collaborators"})
"""Their ids and addresses belong to one base, and differ in another."""

Progress = Callable[[str, int, int], object]
"""Is told the table, how many of its rows are over, and how many there are."""


class CopyInDoubt(ProvisionError):
    """What an earlier run did cannot be made out: rows cannot be told from others, or are gone."""


class RowsUnfit(ProvisionError):
    """Rows of the source do not fit the schema, or the target refuses them; the message names them."""


@dataclass(frozen=True, slots=True)
class Copied:
    """How many rows went over in this run, and how many there are, by table.

    *abandoned* are those of a queue that are held in the source and whose lease stayed behind: no worker takes them.
    """

    table: str
    sent: int
    total: int
    abandoned: int = 0


def copy_rows(
    specs: Sequence[TableSpec],
    source: Store,
    target: Store,
    journal: Journal,
    *,
    progress: Progress | None = None,
) -> list[Copied]:
    """Copy the rows of all tables, then their links. What the journal says is done is not done again.

    Ids and times of creation are kept where the target can, and what a queue knows of its tasks where both are
    databases, or the source has leases in one. History and comments stay behind.

    Raises:
        CopyInDoubt: an earlier run ended amid a batch whose rows cannot be found for certain, or what it stored is gone.
        RowsUnfit: a row has more links than the schema takes, or is refused by the target. Others of its batch are over.
    """
    ordered = in_order(specs)
    for spec in ordered:
        _require_copied_rows(spec, target, journal)
    rows = {spec.key: rows_of(spec, source) for spec in ordered}
    copied = []
    for spec in ordered:
        sent = _copy_table(spec, rows[spec.key], target, journal, progress)
        abandoned = _abandoned(spec, rows[spec.key], target)
        copied.append(Copied(spec.key, sent, len(rows[spec.key]), abandoned))
    for spec in ordered:
        _copy_links(spec, rows[spec.key], target, journal)
    return copied


def _abandoned(spec: TableSpec, rows: Sequence[Row], target: Store) -> int:
    """Return how many rows are in the state of held ones and have no lease in the target."""
    if spec.queue is None or spec.lifecycle is None:
        return 0
    field, taken = spec.lifecycle.field, spec.lifecycle.by_name[spec.queue.take].target
    keeps = _is_database(target)
    return sum(
        row.get(field) == taken and not (keeps and row.get("lease_until") is not None)
        for row in rows
    )


def _is_database(store: Store) -> bool:
    return store.capabilities.atomic == "whole call"


def in_order(specs: Sequence[TableSpec]) -> list[TableSpec]:
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


def rows_of(spec: TableSpec, source: Store) -> list[Row]:
    """Return the rows of a table of the source.

    Raises:
        RowsUnfit: Airtable holds several links where the schema takes one.
    """
    single = [one for one in spec.relations if not one.many]
    if _is_database(source) or not single:
        return source.select(Selection(spec))
    # Read as a link to many: a link to one is read by its first, and the others would be lost without a word.
    wide = replace(spec, relations=tuple(replace(one, many=True) for one in spec.relations))
    rows = source.select(Selection(wide))
    for one in single:
        crowded = [row["id"] for row in rows if len(row[one.key] or ()) > 1]
        if crowded:
            raise RowsUnfit(
                f"{spec.key}.{one.key} leads to one record, and {listed(crowded, shown=_NAMED)} of '{spec.name}' "
                f"link{'s' if len(crowded) == 1 else ''} to several by '{one.name}': leave one link in each, or say "
                "'many: true' in the schema"
            )
        for row in rows:
            row[one.key] = next(iter(row[one.key] or ()), None)
    return rows


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
        try:
            _store(spec, batch, target, journal)
        except RecordInvalid:
            _one_by_one(spec, batch, lambda row: _store(spec, [row], target, journal))
        over += len(batch)
        if progress is not None:
            progress(spec.key, over, len(rows))
    return len(left)


def _store(spec: TableSpec, batch: Sequence[Row], target: Store, journal: Journal) -> None:
    journal.note(event="sending", table=spec.key, ids=[row["id"] for row in batch])
    sent = [_without_links(spec, row, journal) for row in batch]
    if not target.capabilities.keeps_ids:
        sent = [_without_foreign_ids(spec, row) for row in sent]
    if spec.queue is not None and _is_database(target):
        sent = [
            new | {key: row.get(key) for key in QUEUE_KEYS}
            for new, row in zip(sent, batch, strict=True)
        ]
    made = target.insert(spec, sent)
    ids = {row["id"]: new["id"] for row, new in zip(batch, made, strict=True)}
    journal.note(event="stored", table=spec.key, ids=ids)


def _one_by_one(spec: TableSpec, batch: Sequence[Row], write: Callable[[Row], None]) -> None:
    """Write what the target takes, where it refused a batch: nothing of that was stored, and alone each row shows.

    Raises:
        RowsUnfit: it refused a row. The first is named with its reason, others by their ids.
    """
    reasons: dict[str, str] = {}
    for row in batch:
        try:
            write(row)
        except RecordInvalid as refusal:
            reasons[row["id"]] = "; ".join(str(one) for one in refusal.misfits)
    if not reasons:
        return
    first, *others = reasons
    more = f"; also refused: {listed(others, shown=_NAMED)}" if others else ""
    raise RowsUnfit(
        f"{spec.key} {first}: {reasons[first]}{more}. Change what does not fit in the source"
    )


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
            wanted = _digest(spec, _without_links(spec, row, journal))
            hit = next((one for one, there in free.items() if _digest(spec, there) == wanted), None)
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
        try:
            _link(spec, batch, target, journal)
        except RecordInvalid:
            _one_by_one(spec, batch, lambda row: _link(spec, [row], target, journal))


def _link(spec: TableSpec, batch: Sequence[Row], target: Store, journal: Journal) -> None:
    links = [one for one in spec.relations if not one.required]
    changes = []
    for row in batch:
        renewed = mapped(spec, row, journal)
        cells = {one.key: renewed[one.key] for one in links if row.get(one.key)}
        changes.append((journal.ids[spec.key][row["id"]], cells))
    target.update(spec, changes)
    journal.note(event="linked", table=spec.key, ids=[row["id"] for row in batch])


def _plain_fields(spec: TableSpec) -> list[FieldSpec]:
    return [one for one in spec.fields if not one.is_computed]


def compared_fields(spec: TableSpec) -> list[FieldSpec]:
    """Return the fields whose values are the same wherever a row is stored."""
    return [one for one in _plain_fields(spec) if one.kind not in _NOT_COMPARED]


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


def mapped(spec: TableSpec, row: Row, journal: Journal) -> Row:
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


def _digest(spec: TableSpec, row: Mapping[str, Any]) -> str:
    """Return a digest of a row's values, without its id and links, and without milliseconds of moments."""
    values = [canonical(row.get(one.key), cut=True) for one in compared_fields(spec)]
    return hashlib.sha256("\x1f".join(values).encode("utf-8", "surrogatepass")).hexdigest()


def canonical(value: Any, *, cut: bool) -> str:
    """Return a text that is the same for values that are. *cut* leaves milliseconds of moments."""
    if isinstance(value, datetime) and cut:
        value = value.replace(microsecond=value.microsecond // 1000 * 1000)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value in (None, "", []) else repr(value)


def _batches(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
