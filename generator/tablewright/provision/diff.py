"""Wanted × live → steps, in the order in which they can be carried out. Pure: no call is made, nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from tablewright.provision.blanks import Blanks
from tablewright.provision.changes import (
    AddField,
    Change,
    CreateBase,
    CreateTable,
    DescribeTable,
    ManualField,
    RenameField,
    RenameTable,
)
from tablewright.provision.comparison import Comparison, compared
from tablewright.provision.diff_fields import (
    added_choices,
    changed_descriptions,
    changed_formulas,
    fields_to_fill,
    manual_fields,
    new_computed,
    new_links,
    recounted_links,
    relabelled_choices,
    retyped_fields,
    rows_to_part,
)
from tablewright.provision.diff_reports import lost_names, remarks, removed, unmanaged
from tablewright.provision.live import LiveBase, LiveTable, folded
from tablewright.provision.lock import Lock
from tablewright.provision.renames import Rename, ordered_renames
from tablewright.provision.repeats import Repeats
from tablewright.provision.wanted import WantedBase, WantedTable


def difference(
    wanted: WantedBase,
    live: LiveBase | None,
    lock: Lock,
    *,
    allow_destructive: bool = False,
    base_name: str = "",
    workspace: str = "",
    blanks: Blanks = MappingProxyType({}),
    repeats: Repeats = MappingProxyType({}),
) -> tuple[Change, ...]:
    """Return the changes that bring *live* to *wanted*. Without a live base its creation comes first.

    What left the schema is reported; with *allow_destructive* it becomes a step for people, since the API deletes
    neither tables nor fields. *blanks* are rows that lack what is required, *repeats* those that share what is to be unique.
    """
    context = compared(wanted, live or LiveBase(""), lock, allow_destructive=allow_destructive)
    mending: list[Change] = [*fields_to_fill(context, blanks), *rows_to_part(context, repeats)]
    found = [*_changes(context), *mending, *_reports(context)]
    if live is not None:
        return tuple(found)
    made = tuple(one for one in found if isinstance(one, CreateTable))
    rest = [one for one in found if not isinstance(one, CreateTable)]
    return (CreateBase(base_name or wanted.schema, workspace, made), *rest)


def _changes(context: Comparison) -> Iterator[Change]:
    blocked: list[ManualField] = []
    yield from _renamed_tables(context, blocked)
    yield from _new_tables(context)
    yield from _renamed_fields(context, blocked)
    yield from _new_fields(context)
    yield from added_choices(context)
    yield from new_links(context, blocked)
    yield from new_computed(context)
    yield from changed_formulas(context)
    yield from _described_tables(context)
    yield from changed_descriptions(context)
    yield from blocked
    yield from retyped_fields(context)
    yield from recounted_links(context)
    yield from relabelled_choices(context)
    yield from manual_fields(context)


def _reports(context: Comparison) -> Iterator[Change]:
    yield from removed(context)
    yield from unmanaged(context)
    yield from lost_names(context)
    yield from remarks(context)


def _renamed_tables(context: Comparison, blocked: list[ManualField]) -> Iterator[Change]:
    renames = [
        Rename(live.id, live.name, table.name, table.key)
        for table in context.wanted.tables
        if (live := context.found.tables.get(table.key)) is not None and live.name != table.name
    ]
    ordered, stuck = ordered_renames(renames, {one.id: one.name for one in context.live.tables})
    for one in ordered:
        yield RenameTable(one.key, one.id, one.old, one.new)
    for one in stuck:
        how = (
            f"Another table is named '{one.new}': rename or delete that one, "
            f"so that '{one.old}' can have the name."
        )
        blocked.append(ManualField(one.key, one.old, "", one.new, "", how))


def _new_tables(context: Comparison) -> Iterator[CreateTable]:
    for table in context.wanted.tables:
        if table.key not in context.found.tables:
            keys = tuple(one.key for one in table.of_role("plain"))
            yield CreateTable(table.key, table.name, keys, table.body)


def _renamed_fields(context: Comparison, blocked: list[ManualField]) -> Iterator[Change]:
    for table in context.wanted.tables:
        live = context.found.tables.get(table.key)
        if live is None:
            continue
        renames = [
            Rename(hit.id, hit.name, one.name, one.key)
            for one in table.fields
            if (hit := context.found.fields.get((table.key, one.key))) is not None
            and hit.name != one.name
        ]
        renames += _evictions(context, table, live)
        ordered, stuck = ordered_renames(renames, {one.id: one.name for one in live.fields})
        wanted = {one.key: one for one in table.fields}
        for one in ordered:
            said = wanted.get(one.key)
            key, place = (said.naming, said.place) if said is not None else ("", "")
            yield RenameField(table.key, table.name, one.key, one.id, one.old, one.new, key, place)
        for one in stuck:
            how = (
                f"In table '{table.name}' another field is named '{one.new}': rename or delete that one, "
                f"so that '{one.old}' can have the name."
            )
            blocked.append(ManualField(table.key, table.name, one.key, one.new, "", how))


def _evictions(context: Comparison, table: WantedTable, live: LiveTable) -> Iterator[Rename]:
    """Yield new names for other sides that Airtable made, nobody named, and whose names are wanted."""
    nameless = {
        hit.id: key for key, hit in context.found.other_sides.items() if hit.id not in context.keys
    }
    wanted_names = {folded(one.name) for one in table.fields}
    taken = {folded(one.name) for one in live.fields} | wanted_names
    for one in live.fields:
        if one.id in nameless and folded(one.name) in wanted_names:
            name = f"{one.name} ({context.found.fields[nameless[one.id]].name})"
            while folded(name) in taken:
                name += "'"
            taken.add(folded(name))
            yield Rename(one.id, one.name, name, "")


def _new_fields(context: Comparison) -> Iterator[AddField]:
    for table in context.wanted.tables:
        if table.key not in context.found.tables:
            continue
        for one in table.of_role("plain"):
            if (table.key, one.key) not in context.found.fields:
                yield AddField(table.key, table.name, one.key, one.name, one.body, one.rows_need)


def _described_tables(context: Comparison) -> Iterator[DescribeTable]:
    for table in context.wanted.tables:
        live = context.found.tables.get(table.key)
        # A schema that says nothing leaves the description to people.
        if live is not None and table.description and live.description != table.description:
            yield DescribeTable(table.key, table.name, live.id, table.description)
