"""Rules that Airtable does not know: looked for before each write, so that somebody may still be faster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tablewright.airtable import RECORDS_PER_PAGE
from tablewright.expressions import tree
from tablewright.expressions.split import joined
from tablewright.expressions.types import ValueType, enum_type
from tablewright.runtime.choice import Choice
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import Misfit, RecordInUse, RecordInvalid, taken_by, taken_twice
from tablewright.runtime.spec import FieldSpec, RelationSpec, TableSpec
from tablewright.runtime.stores import airtable_reading as reading
from tablewright.runtime.stores.airtable_linking import linking_ids
from tablewright.runtime.stores.airtable_names import ID
from tablewright.runtime.stores.airtable_reading import Base, batches
from tablewright.runtime.stores.base import Selection


def holding(base: Base, table: TableSpec, spec: FieldSpec, values: Sequence[Any]) -> dict[Any, str]:
    """Return, for those values that are taken, a record that has one."""
    found: dict[Any, str] = {}
    for batch in batches(list(dict.fromkeys(values)), RECORDS_PER_PAGE):
        choices = tuple(_node(value) for value in batch)
        where = tree.Membership(tree.Field(spec.key, _typed(spec)), choices)
        for row in reading.read_parts(base, Selection(table, where), [spec.key]):
            found.setdefault(row[spec.key], row[ID])
    return found


def _typed(spec: FieldSpec) -> ValueType:
    if spec.choices is not None:
        return enum_type(spec.choices.__name__, nullable=True)
    return spec.definition.value.or_none()


def _node(value: Any) -> tree.Node:
    if isinstance(value, Choice):
        return tree.EnumMember(type(value).__name__, value.name)
    return tree.literal(value)


def check_unique(base: Base, table: TableSpec, rows: Sequence[tuple[str | None, Row]]) -> None:
    """Look whether unique values are taken. Airtable does not know the rule, so somebody may still be faster.

    Raises:
        RecordInvalid: one is.
    """
    for spec in table.fields:
        if not spec.unique or spec.is_computed:
            continue
        given = [(one, row[spec.key]) for one, row in rows if row.get(spec.key) is not None]
        if not given:
            continue
        values = [value for _, value in given]
        if len(set(values)) < len(values):
            twice = next(value for value in values if values.count(value) > 1)
            raise RecordInvalid(table.key, [taken_twice(spec.key, twice)])
        holders = holding(base, table, spec, values)
        for record_id, value in given:
            holder = holders.get(value, record_id)
            if holder is not None and holder != record_id:
                raise RecordInvalid(table.key, [taken_by(spec.key, holder, value)])


def equal_to(table: TableSpec, values: Mapping[str, Any]) -> tree.Node:
    """Return the condition that fields have these values."""
    tests: list[tree.Node] = [
        tree.Compare("==", tree.Field(key, _typed(table.by_key[key])), _node(value))
        for key, value in values.items()
    ]
    return joined("and", tests)


def can_merge(table: TableSpec, keys: Sequence[str]) -> bool:
    """Tell whether Airtable's own upsert can find records by these fields: at most 3, of some types."""
    specs = [table.by_key[key] for key in keys]
    return len(specs) <= _MAX_MERGE and all(spec.definition.airtable in _MERGED for spec in specs)


_MAX_MERGE: Final = 3
_MERGED: Final = frozenset(
    {"number", "singleLineText", "multilineText", "singleSelect", "multipleSelects", "date"}
)
"""From airtable.com/developers/web/api/update-multiple-records."""


def check_acyclic(base: Base, table: TableSpec, changes: Sequence[tuple[str, Row]]) -> None:
    """Look whether new links lead back to their record, one request for each step of the chain.

    Raises:
        RecordInvalid: they do; it names the way.
    """
    for relation in table.relations:
        if not relation.acyclic or relation.to != table.key:
            continue
        changed = {one: _ids(row.get(relation.key)) for one, row in changes if relation.key in row}
        for record_id, linked in changed.items():
            path = _way_back(base, table, relation, record_id, linked, changed)
            if path:
                said = f"would lead back to the record: {' → '.join(path)}"
                misfit = Misfit(relation.key, said, has_given=False)
                raise RecordInvalid(f"{table.key} {record_id}", [misfit])


def _way_back(
    base: Base,
    table: TableSpec,
    relation: RelationSpec,
    record_id: str,
    linked: Sequence[str],
    changed: Mapping[str, Sequence[str]],
) -> list[str]:
    came_from = dict.fromkeys(linked, record_id)
    border = list(came_from)
    cells = base.cells(table)
    fields = reading.needed_fields(cells, [relation.key])
    while border and record_id not in came_from:
        what = f"look for a way back in {table.name}"
        records = reading.fetch_records(base, table, border, fields, what)
        border = []
        for row in cells.rows(records, base.unfit.report, [relation.key]):
            for one in changed.get(row[ID], _ids(row[relation.key])):
                if one not in came_from:
                    came_from[one] = row[ID]
                    border.append(one)
    if record_id not in came_from:
        return []
    path = [record_id, came_from[record_id]]
    while path[-1] != record_id:
        path.append(came_from[path[-1]])
    return path[::-1]


def _ids(value: Any) -> Sequence[str]:
    if isinstance(value, list):
        return value
    return [value] if value else []


def to_delete_first(
    base: Base, table: TableSpec, ids: Sequence[str]
) -> Iterator[tuple[TableSpec, list[str]]]:
    """Yield the records that go with those to be deleted, where a rule says so.

    Raises:
        RecordInUse: others link to them in a way that forbids it.
    """
    for source in table.family:
        for relation in source.relations:
            if relation.to != table.key or relation.on_delete == "unlink" or not ids:
                continue
            pairs = linking_ids(base, source, relation, ids)
            holders = {
                owner: [one for one in listed if source is not table or one not in ids]
                for owner, listed in pairs.items()
            }
            used = [owner for owner, listed in holders.items() if listed]
            if used and relation.on_delete == "restrict":
                raise RecordInUse(table.key, used)
            if used:
                yield source, [one for owner in used for one in holders[owner]]
