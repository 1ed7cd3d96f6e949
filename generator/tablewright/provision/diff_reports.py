"""What a live base holds besides the schema: reported, never touched."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from tablewright.airtable import DEFAULT_CHOICE_COLORS
from tablewright.history import is_history_key
from tablewright.provision.changes import Remark, RemoveByHand, Unmanaged
from tablewright.provision.comparison import Comparison
from tablewright.provision.diff_fields import renamed_choices, selects
from tablewright.provision.live import LiveField, LiveTable, folded
from tablewright.provision.manual import how_to_remove, ui_name
from tablewright.provision.text import made_anew
from tablewright.provision.wanted import WantedTable


def removed(context: Comparison) -> Iterator[RemoveByHand]:
    """Yield what left the schema, where its removal was allowed: the API deletes neither tables nor fields."""
    if not context.allow_destructive:
        return
    for table in _other_tables(context):
        if _was_ours(context, table.id):
            yield RemoveByHand("", table.name, "", how_to_remove(table.name))
    for wanted, live, one in _other_fields(context):
        if _field_was_ours(context, live, one):
            how = how_to_remove(wanted.name, one.name)
            yield RemoveByHand(wanted.key, wanted.name, one.name, how)


def unmanaged(context: Comparison) -> Iterator[Unmanaged]:
    """Yield tables, fields and choices that the schema does not mention."""
    for table in _other_tables(context):
        ours = _was_ours(context, table.id)
        if not (ours and context.allow_destructive):
            yield Unmanaged("", table.name, left_schema=ours)
    for wanted, live, one in _other_fields(context):
        ours = _field_was_ours(context, live, one)
        if not (ours and context.allow_destructive):
            yield Unmanaged(wanted.key, wanted.name, one.name, "", ui_name(one.type), ours)
    for field, live_field in selects(context):
        labels = {value.label for value in field.enum.values} if field.enum else set[str]()
        renamed = {choice.id for _, choice in renamed_choices(context, field, live_field)}
        for choice in live_field.choices:
            if choice.name not in labels and choice.id not in renamed:
                table_name = context.table_name(field.table)
                yield Unmanaged(field.table, table_name, field.name, choice.name, "choice")


def lost_names(context: Comparison) -> Iterator[Remark]:
    """Yield what is made anew although it has earlier names, where something left the schema: a slip, most likely."""
    left_tables = {table.id for table in _other_tables(context)}
    left_keys = [key for key, table in context.lock.tables.items() if table.id in left_tables]
    for table in context.wanted.tables:
        live = context.found.tables.get(table.key)
        # A companion is named after its table, and may be new.
        if live is None and table.was and left_keys and not is_history_key(table.key):
            yield Remark(table.key, table.name, made_anew(table.name, table.was, left_keys))
        left = _left_keys(context, live) if live is not None else []
        for one in table.fields if left else ():
            if one.was and (table.key, one.key) not in context.found.fields:
                yield Remark(table.key, table.name, made_anew(one.name, one.was, left))


def _left_keys(context: Comparison, live: LiveTable) -> list[str]:
    """Return the keys by which the lock file knows fields that left the schema."""
    claimed = context.found.claimed()
    left = {one.id for one in live.fields if one.id not in claimed}
    return [
        key
        for table in context.lock.tables.values()
        if table.id == live.id
        for key, field_id in table.fields.items()
        if field_id in left
    ]


def remarks(context: Comparison) -> Iterator[Remark]:
    """Yield what is worth knowing and cannot be helped by a call: colours, order, the primary field."""
    for table in context.wanted.tables:
        live = context.found.tables.get(table.key)
        if live is None:
            continue
        first = context.found.fields.get((table.key, table.fields[0].key))
        primary = live.field(live.primary_field)
        if first is not None and primary is not None and first.id != primary.id:
            text = f"the primary field is '{primary.name}', and '{table.fields[0].name}' stands first in the schema"
            yield Remark(table.key, table.name, text)
    for field, live_field in selects(context):
        if field.enum is None:
            continue
        by_label = {choice.name: choice for choice in live_field.choices}
        table_name = context.table_name(field.table)
        other_colors = [
            f"'{value.label}' is {by_label[value.label].color}, {value.color} in the schema"
            for place, value in enumerate(field.enum.values)
            # The usual colour is what a schema that gives none has.
            if value.color != DEFAULT_CHOICE_COLORS[place % len(DEFAULT_CHOICE_COLORS)]
            and value.label in by_label
            and by_label[value.label].color not in ("", value.color)
        ]
        if other_colors:
            yield Remark(
                field.table, table_name, f"colours of '{field.name}': {'; '.join(other_colors)}"
            )
        labels = [value.label for value in field.enum.values if value.label in by_label]
        if field.enum.ordered and labels != [one for one in by_label if one in set(labels)]:
            yield Remark(
                field.table, table_name,
                f"choices of '{field.name}' stand in another order, by which Airtable sorts: drag them into "
                f"{', '.join(labels)}",
            )  # fmt: skip


def _other_tables(context: Comparison) -> Iterator[LiveTable]:
    ours = {table.id for table in context.found.tables.values()}
    theirs = context.lock.tables_of_others(context.live.id)
    for table in context.live.tables:
        if (
            table.id not in ours
            and table.id not in theirs
            and not is_ignored(table.name, context.wanted.unmanaged)
        ):
            yield table


def _other_fields(context: Comparison) -> Iterator[tuple[WantedTable, LiveTable, LiveField]]:
    claimed = context.found.claimed()
    for wanted in context.wanted.tables:
        live = context.found.tables.get(wanted.key)
        for one in live.fields if live is not None else ():
            if one.id not in claimed and not is_ignored(one.name, wanted.unmanaged):
                assert live is not None  # noqa: S101  # there are fields, so there is a table
                yield wanted, live, one


def is_ignored(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(folded(name), folded(pattern)) for pattern in patterns)


def _was_ours(context: Comparison, table_id: str) -> bool:
    return any(table.id == table_id for table in context.lock.tables.values())


def _field_was_ours(context: Comparison, live: LiveTable, one: LiveField) -> bool:
    return any(
        table.id == live.id and one.id in table.fields.values()
        for table in context.lock.tables.values()
    )
