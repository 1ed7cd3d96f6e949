"""Two versions of a schema → what changed, and what that means for the records and for the code that uses them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from tablewright.airtable import DEFAULT_CHOICE_COLORS
from tablewright.language.change import Change, listed, matched, renamed
from tablewright.language.field_changes import field_changes, relation_changes
from tablewright.language.part_changes import (
    computed_changes,
    lifecycle_changes,
    query_changes,
    queue_changes,
    statistics_changes,
)
from tablewright.language.renames import followed, renames_between
from tablewright.model.schema import Enum, EnumValue, Schema, Table


def schema_changes(old: Schema, new: Schema) -> list[Change]:
    """Return every change from *old* to *new*, in the order of the new schema, what went first.

    `was` turns what went and what came into one thing that was renamed.
    """
    return list(dict.fromkeys(_changes(old, new)))


def _changes(old: Schema, new: Schema) -> Iterator[Change]:
    if old.name != new.name:
        yield Change("the schema", "breaking", f"the package was called '{old.name}' and is '{new.name}'")  # fmt: skip
    enums = matched(old.enums, new.enums)
    for enum in enums.removed:
        yield Change(enum.key, "breaking", f"enum '{enum.key}' is gone")
    for enum in enums.added:
        yield Change(enum.key, "compatible", f"enum '{enum.key}' is new")
    for one, other in enums.both:
        yield from _enum(one, other)
    tables = matched(old.tables, new.tables)
    for table in tables.removed:
        yield Change(table.key, "breaking", f"table '{table.key}' is gone; its records stay in the store until it is dropped")  # fmt: skip
    for table in tables.added:
        yield Change(table.key, "compatible", f"table '{table.key}' is new")
    names = renames_between(old, new)
    for before, after in tables.both:
        yield from _table(followed(before, names), after)


def _enum(old: Enum, new: Enum) -> Iterator[Change]:
    yield from renamed(new.key, old.key, new.key, "enum")
    values = matched(old.values, new.values)
    for value in values.removed:
        yield Change(f"{new.key}.{value.key}", "breaking", f"the value {value.key} is gone: records that have it cannot be read")  # fmt: skip
    for value in values.added:
        yield Change(f"{new.key}.{value.key}", "compatible", f"the value {value.key} is new")
    colors_before, colors_after = _chosen_colors(old), _chosen_colors(new)
    for before, after in values.both:
        place = f"{new.key}.{after.key}"
        yield from _value(place, before, after)
        is_chosen = before.key in colors_before or after.key in colors_after
        if is_chosen and before.color != after.color:
            yield Change(place, "compatible", f"its colour was {before.color} and is {after.color}")  # fmt: skip
    stayed = {before.key: after.key for before, after in values.both}
    order_before = [stayed[value.key] for value in old.values if value.key in stayed]
    order_after = [value.key for value in new.values if value.key in stayed.values()]
    if old.ordered != new.ordered:
        if new.ordered:
            yield Change(new.key, "compatible", "its values have an order")
        else:
            yield Change(new.key, "breaking", "its values have no order any more")
    elif new.ordered and order_before != order_after:
        yield Change(new.key, "breaking", f"its values have another order: {listed([value.key for value in new.values])}")  # fmt: skip


def _chosen_colors(enum: Enum) -> set[str]:
    """Return the values with another colour than the usual one of their place, which changes with the place."""
    usual = cycle(DEFAULT_CHOICE_COLORS)
    return {one.key for one, color in zip(enum.values, usual, strict=False) if one.color != color}


def _value(place: str, old: EnumValue, new: EnumValue) -> Iterator[Change]:
    yield from renamed(place, old.key, new.key, "value")
    if old.label != new.label:
        yield Change(place, "backfill", f"its label was '{old.label}' and is '{new.label}': records in Airtable hold the label")  # fmt: skip
    if old.description != new.description:
        yield Change(place, "compatible", "its description changed")


def _table(old: Table, new: Table) -> Iterator[Change]:
    yield from renamed(new.key, old.key, new.key, "table")
    if old.name != new.name:
        yield Change(new.key, "compatible", f"its name in Airtable was '{old.name}' and is '{new.name}'")  # fmt: skip
    if old.description != new.description:
        yield Change(new.key, "compatible", "its description changed")
    if old.mixin != new.mixin:
        now = f"inherits from {new.mixin}" if new.mixin else "inherits from no class of yours"
        yield Change(new.key, "breaking" if old.mixin else "compatible", f"its class {now}")
    for changes in (
        field_changes,
        relation_changes,
        computed_changes,
        lifecycle_changes,
        query_changes,
        statistics_changes,
        queue_changes,
    ):
        yield from changes(old, new)
