"""Link cells and the field on the other side, always in step."""

from collections.abc import Iterable

from tablewright.server.jsontext import Json
from tablewright.server.rows import Row
from tablewright.server.schema import Field
from tablewright.server.transaction import Transaction


def write_links(transaction: Transaction, row: Row, field: Field, ids: Json) -> None:
    """Put *ids* (a list, or None) into a link cell and bring the linked records' own cells in step."""
    before = row.cells.get(field.id) or []
    transaction.change(row, field.id, ids)
    step_other_side(transaction, row, field, before, ids or [])


def step_other_side(
    transaction: Transaction,
    row: Row,
    field: Field,
    before: Iterable[str],
    after: Iterable[str],
) -> None:
    """Take *row* out of the inverse cells it left and append it to those it came into."""
    base = transaction.base
    found = base.field_of_id(field.option("inverseLinkFieldId") or "")
    if found is None:
        return
    table, inverse = found
    others = transaction.workspace.rows(table).by_id
    was, will_be = dict.fromkeys(before), dict.fromkeys(after)
    for other_id in was:
        if other_id not in will_be and (other := others.get(other_id)) is not None:
            held = [held for held in other.cells.get(inverse.id) or [] if held != row.id]
            transaction.change(other, inverse.id, held or None)
    for other_id in will_be:
        if other_id not in was and (other := others.get(other_id)) is not None:
            held = other.cells.get(inverse.id) or []
            if row.id not in held:
                transaction.change(other, inverse.id, [*held, row.id])


def unlink(transaction: Transaction, row: Row) -> None:
    """Take a record that is about to go out of every link cell that holds it (unconfirmed, but what the interface shows)."""
    base, workspace = transaction.base, transaction.workspace
    table = base.tables[row.table_id]
    for owner, field in base.links_to(table):
        inverse = table.fields.get(field.option("inverseLinkFieldId") or "")
        holders = workspace.rows(owner).by_id
        if inverse is not None:
            candidates: Iterable[Row | None] = [
                holders.get(other) for other in row.cells.get(inverse.id) or []
            ]
        else:
            candidates = list(holders.values())
        for other in candidates:
            if other is None or other is row:
                continue
            held = other.cells.get(field.id) or []
            if row.id in held:
                rest = [held_id for held_id in held if held_id != row.id]
                transaction.change(other, field.id, rest or None)
