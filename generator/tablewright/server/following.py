"""Computed fields follow the definitions of the fields they show: types of results, choices of selects."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tablewright.server.formulas import current_result, references
from tablewright.server.schema import Base, Field, Table
from tablewright.server.transaction import Transaction


@contextmanager
def followed(transaction: Transaction, field: Field) -> Iterator[None]:
    """In the block the definition of *field* changes; then each `result` that this changes is brought up to date.

    What people chose for a result in Airtable's own pages, such as a currency, stays where nothing changes it.
    """
    base = transaction.base
    followers = list(_followers(base, field))
    known = {follower.id: current_result(base, table, follower) for table, follower in followers}
    yield
    # A circle, which only an opened schema can hold, ends as well.
    for _ in followers:
        is_settled = True
        for table, follower in followers:
            result = current_result(base, table, follower)
            if result is not None and result != known[follower.id]:
                known[follower.id] = result
                transaction.alter(table)
                follower.options = {**(follower.options or {}), "result": result}
                is_settled = False
        if is_settled:
            return


def _followers(base: Base, field: Field) -> Iterator[tuple[Table, Field]]:
    """Every field that shows values of *field*, directly or by way of others."""
    found = {field.id}
    waiting = [field.id]
    while waiting:
        shown = waiting.pop()
        for table in base.tables.values():
            for other in table.fields.values():
                if other.id not in found and shown in _shown_by(base, other):
                    found.add(other.id)
                    waiting.append(other.id)
                    yield table, other


def _shown_by(base: Base, field: Field) -> Iterable[str]:
    if field.type in ("formula", "rollup", "multipleLookupValues"):
        return references(base, field)
    return ()
