"""Many records at once: those that the store has are updated, the others created."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from tablewright.airtable import RECORDS_PER_PAGE
from tablewright.expressions.split import joined
from tablewright.runtime.codec import Row
from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import (
    RecordInvalid,
    StoreUnavailable,
    TablewrightError,
    WriteIncomplete,
    held_by_several,
    taken_twice,
)
from tablewright.runtime.inputs import CreateInput
from tablewright.runtime.reading import decoded
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.base import Selection, Store
from tablewright.runtime.writing import (
    differences,
    encoded,
    equality,
    given_values,
    merge_keys,
    new_record,
    of_each,
    row_keys,
)

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

R = TypeVar("R", bound="AirtableModel")


@dataclass(frozen=True, slots=True)
class _Item:
    """What was given of a record, and all of it with defaults, as it is stored where there is none."""

    given: Row
    whole: Row


def bulk_upsert(
    model: type[R],
    items: Iterable[Mapping[str, Any] | CreateInput],
    on: str | Sequence[str] | None,
) -> list[R]:
    """Update the records whose fields *on* have the values of an item, or store new ones; return them in order."""
    table, store = model.table, current_store()
    wanted = of_each(
        table.key, ((place, partial(_item, model, one)) for place, one in enumerate(items))
    )
    if not wanted:
        return []
    rows = _held(model, store, _places(table, wanted, on))
    # One that does not fit is told before anything is stored.
    decoded(model, store, list(rows.values()), _raise)
    new = [place for place in range(len(wanted)) if place not in rows]
    changes = {
        place: change
        for place, row in sorted(rows.items())
        if (change := differences(table, row, wanted[place].given))
    }
    done = {place: row["id"] for place, row in rows.items() if place not in changes}
    what = f"storing {len(wanted)} {table.key}"
    with _told_by_place(what, new, done, later=list(changes)):
        created = store.insert(table, [wanted[place].whole for place in new]) if new else []
    rows |= zip(new, created, strict=True)
    done |= {place: rows[place]["id"] for place in new}
    with _told_by_place(what, list(changes), done, begun=bool(new)):
        written = [(rows[place]["id"], change) for place, change in changes.items()]
        fresh = store.update(table, written) if written else []
    for place, row in zip(changes, fresh, strict=True):
        rows[place] = {**rows[place], **row}
    return decoded(model, store, [rows[place] for place in range(len(wanted))], _raise)


def _item(model: type[AirtableModel], item: Mapping[str, Any] | CreateInput) -> _Item:
    values = given_values(item)
    whole = encoded(new_record(model, values, model.table.key), model.table.key)
    return _Item({key: whole[key] for key in row_keys(model.table, values)}, whole)


class _Keys(dict[tuple[Any, ...], int]):
    """The place of each item by its values of some fields."""

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__()
        self.fields = fields

    def of(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[key] for key in self.fields)


def _places(table: TableSpec, wanted: Sequence[_Item], on: str | Sequence[str] | None) -> _Keys:
    """Return the items by what they are found by.

    Raises:
        ValueError: there is no such field, or an item has none of its values.
        RecordInvalid: two items would be one record.
    """
    found = _Keys(merge_keys(table, wanted[0].given, on))
    for place, item in enumerate(wanted):
        merge_keys(table, item.given, found.fields)
        key = found.of(item.given)
        if key in found:
            raise RecordInvalid(table.key, [taken_twice(found.fields[0], key[0])])
        found[key] = place
    return found


def _held(model: type[AirtableModel], store: Store, places: _Keys) -> dict[int, Row]:
    """Return the rows that are there, by the places of their items, read a page at a time.

    Raises:
        RecordInvalid: several have one key, or one cannot be read.
    """
    found: dict[int, Row] = {}
    keys = list(places)
    for start in range(0, len(keys), RECORDS_PER_PAGE):
        tests = [
            joined("and", [equality(model, *one).node for one in zip(places.fields, key, strict=True)])
            for key in keys[start : start + RECORDS_PER_PAGE]
        ]  # fmt: skip
        for row in store.select(Selection(model.table, joined("or", tests))):
            place = places[places.of(row)]
            if place in found:
                key = places.fields[0]
                raise RecordInvalid(model.table.key, [held_by_several(key, row[key])])
            found[place] = row
    return found


@contextmanager
def _told_by_place(
    what: str,
    places: Sequence[int],
    done: Mapping[int, str],
    *,
    later: Sequence[int] = (),
    begun: bool = False,
) -> Generator[None]:
    """Say of every item what became of it where a write of those at *places* stops in the midst.

    *done* are stored, *later* would have been written after these; something was written before where it was *begun*.
    """
    try:
        yield
    except WriteIncomplete as error:
        raise WriteIncomplete(
            what,
            error.reason,
            stored={**done, **{places[one]: key for one, key in error.stored.items()}},
            in_doubt=[places[one] for one in error.in_doubt],
            unsent=[*(places[one] for one in error.unsent), *later],
        ) from error
    except TablewrightError as error:
        if not begun:
            raise
        in_doubt = places if isinstance(error, StoreUnavailable) else ()
        unsent = () if in_doubt else places
        raise WriteIncomplete(
            what, str(error), stored=done, in_doubt=in_doubt, unsent=unsent
        ) from error


def _raise(unfit: RecordInvalid) -> None:
    raise unfit
