"""Listing records: filter, order and pages whose offsets hold while others write."""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from tablewright.server import errors
from tablewright.server.computed import Calculator
from tablewright.server.formula import FormulaError, Value, to_text
from tablewright.server.formulas import bind
from tablewright.server.ids import is_id, new_id
from tablewright.server.params import ListRequest
from tablewright.server.rows import Row
from tablewright.server.schema import Field, Table

ITERATOR_SECONDS = 600.0
"""How long an unused offset lives; the real time is not published (unconfirmed)."""
MOST_ITERATORS = 1_000


@dataclass(slots=True)
class _Iterator:
    """The ids of a list as they were at its first page, and where each page that was announced starts."""

    table_id: str
    record_ids: list[str]
    starts: dict[str, int] = field(default_factory=dict)
    last_used: float = 0.0


class Iterators:
    """The open lists of a server. They end with it, as the service's do."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[str, _Iterator] = OrderedDict()

    def first_page(self, table: Table, rows: list[Row], size: int) -> tuple[list[Row], str | None]:
        """The first rows, and the offset of the rest when there is one."""
        if len(rows) <= size:
            return rows, None
        key = new_id("itr")
        opened = _Iterator(table.id, [row.id for row in rows], last_used=self._clock())
        self._open[key] = opened
        if len(self._open) > MOST_ITERATORS:
            self._open.popitem(last=False)
        return rows[:size], self._offset(key, opened, size)

    def next_page(
        self, table: Table, rows: dict[str, Row], offset: str, size: int
    ) -> tuple[list[Row], str | None]:
        """The rows at *offset*: those deleted meanwhile are passed over, new ones do not appear."""
        key, _, record_id = offset.partition("/")
        opened = self._open.get(key)
        now = self._clock()
        if opened is None or opened.table_id != table.id or record_id not in opened.starts:
            raise errors.dead_iterator()
        if now - opened.last_used > ITERATOR_SECONDS:
            del self._open[key]
            raise errors.dead_iterator()
        opened.last_used = now
        self._open.move_to_end(key)
        position, ids = opened.starts[record_id], opened.record_ids
        page: list[Row] = []
        while position < len(ids) and len(page) < size:
            following = ids[position : position + size - len(page)]
            page += [rows[key] for key in following if key in rows]
            position += len(following)
        while position < len(ids) and ids[position] not in rows:
            position += 1
        return page, self._offset(key, opened, position)

    def _offset(self, key: str, opened: _Iterator, position: int) -> str | None:
        if position >= len(opened.record_ids):
            return None
        record_id = opened.record_ids[position]
        opened.starts[record_id] = position
        return f"{key}/{record_id}"


def selected(
    calculator: Calculator, table: Table, rows: Iterable[Row], request: ListRequest
) -> list[Row]:
    """The rows the request asks for, in its order, cut to `maxRecords`."""
    if request.view is not None and table.find_view(request.view) is None:
        raise errors.unknown_view(request.view, is_id=is_id(request.view, "viw"))
    order = [_sort_field(table, key, descending) for key, descending in request.sort]
    found = (
        list(rows)
        if request.formula is None
        else _filtered(calculator, table, rows, request.formula)
    )
    # The last key is sorted by first: each sort keeps the order of equals.
    for sort_field, descending in reversed(order):
        found.sort(key=_sort_key(calculator, table, sort_field), reverse=descending)
    return found if request.max_records is None else found[: request.max_records]


def _filtered(calculator: Calculator, table: Table, rows: Iterable[Row], formula: str) -> list[Row]:
    try:
        bound = bind(table, formula)
    except FormulaError as error:
        raise errors.bad_filter(error.message, error.detail) from None
    return calculator.kept_by(table, bound, rows)


def _sort_field(table: Table, key: str, descending: bool) -> tuple[Field, bool]:
    sort_field = table.find_field(key)
    if sort_field is None:
        raise errors.unknown_field(key)
    return sort_field, descending


def _sort_key(calculator: Calculator, table: Table, sort_field: Field) -> Callable[[Row], Any]:
    """Blanks come first. Selects follow their choices' order; text goes without regard to letter case (unconfirmed)."""
    if sort_field.type in ("singleSelect", "multipleSelects"):
        places = {choice["name"]: place for place, choice in enumerate(sort_field.choices)}

        def by_choice(row: Row) -> Any:
            held = row.cells.get(sort_field.id)
            if held is None:
                return ()
            names = [held] if isinstance(held, str) else held
            return tuple(places.get(name, len(places)) for name in names)

        return by_choice
    return lambda row: _order(calculator.value(table, sort_field, row))


def _order(value: Value) -> tuple[int, float, str, str]:
    """A key in which blanks, numbers, dates and texts stand in this order."""
    if value is None or value == "" or value is False:
        return (0, 0.0, "", "")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, (int, float)):
        return (1, -math.inf if value != value else float(value), "", "")
    if isinstance(value, datetime):
        return (2, value.timestamp(), "", "")
    text = to_text(value)
    return (3, 0.0, text.casefold(), text)
