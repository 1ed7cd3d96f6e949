"""The other side of links on Airtable: records whose link cell holds given ones, found by name and told apart by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from tablewright.airtable import RECORDS_PER_PAGE
from tablewright.expressions import tree
from tablewright.expressions.types import BOOLEAN, TEXT, record_of, records_of
from tablewright.runtime.codec import Row
from tablewright.runtime.spec import RelationSpec, TableSpec
from tablewright.runtime.stores import airtable_reading as reading
from tablewright.runtime.stores.airtable_client import Json
from tablewright.runtime.stores.airtable_names import ID
from tablewright.runtime.stores.airtable_reading import Base
from tablewright.runtime.stores.base import Selection
from tablewright.runtime.stores.linked_rows import Backward


def linking_records(
    base: Base, table: TableSpec, relation: RelationSpec, ids: Sequence[str]
) -> list[Json]:
    """Return the whole records of *table* whose *relation* holds one of *ids*, each once, oldest first.

    For a hundred ids that is one request for their names and one for every hundred records that show one of them.
    """
    found: dict[str, Json] = {}
    for selection in _selections(table, relation, ids):
        found |= {record[ID]: record for record in reading.records(base, selection)}
    return sorted(found.values(), key=itemgetter("createdTime"))


def linking_ids(
    base: Base, table: TableSpec, relation: RelationSpec, ids: Sequence[str]
) -> dict[str, list[str]]:
    """Return, for each of *ids*, the ids of the records whose *relation* holds it. Nothing but the link is asked for."""
    rows: dict[str, Row] = {}
    for selection in _selections(table, relation, ids):
        found = reading.read_parts(base, selection, [relation.key])
        rows |= {row[ID]: row for row in found}
    return _by_linked(relation, ids, rows.values())


def backward(base: Base, table: TableSpec, relation: RelationSpec, ids: Sequence[str]) -> Backward:
    """Return the records that link to *ids*, read at once; their values are converted when somebody looks at them."""
    cells = base.cells(table)
    records = linking_records(base, table, relation, ids)
    links = cells.rows(records, base.unfit.report, [relation.key])
    return Backward(
        _by_linked(relation, ids, links),
        lambda: {row[ID]: row for row in cells.rows(records, base.unfit.report)},
    )


def _by_linked(
    relation: RelationSpec, ids: Sequence[str], rows: Iterable[Row]
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {one: [] for one in ids}
    for row in rows:
        held: Any = row[relation.key]
        for one in held if relation.many else (held,):
            if one in found:
                found[one].append(row[ID])
    return found


def _selections(
    table: TableSpec, relation: RelationSpec, ids: Sequence[str]
) -> Iterator[Selection]:
    """Yield what to ask for, a hundred ids at a time, so that no formula grows without bound."""
    for batch in reading.batches(reading.valid_ids(ids), RECORDS_PER_PAGE):
        yield Selection(table, _links_to(relation, batch))


def _links_to(relation: RelationSpec, ids: Sequence[str]) -> tree.Node:
    choices = tuple(tree.literal(one) for one in ids)
    if not relation.many:
        link = tree.Field(relation.key, record_of(relation.to))
        return tree.Membership(tree.Field("id", TEXT.or_none(), link), choices)
    variable = tree.Variable("linked", record_of(relation.to, nullable=False))
    among = tree.Membership(tree.Field("id", TEXT, variable), choices)
    held = tree.Field(relation.key, records_of(relation.to))
    return tree.Over("any", variable, held, among, None, BOOLEAN)
