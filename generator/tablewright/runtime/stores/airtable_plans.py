"""How a selection is answered by Airtable, in words: what is asked, how often, and what is done after the fetch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from tablewright.airtable import RECORDS_PER_PAGE
from tablewright.expressions import tree
from tablewright.expressions.columns import column_source
from tablewright.expressions.split import conjuncts, linked_ids
from tablewright.expressions.types import ValueType
from tablewright.runtime.stores.airtable_order import sort_option
from tablewright.runtime.stores.airtable_reading import (
    Base,
    Request,
    follows_links,
    newest_wanted,
    request_for,
)
from tablewright.runtime.stores.base import Order, Plan, Selection


def plan(base: Base, selection: Selection, description: str) -> Plan:
    """Return how a selection is answered, without reading its records."""
    request = request_for(base, selection)
    cells = request.cells
    lines = [f"list {cells.names.table}, fields: {', '.join(cells.fields)}"]
    lines.append(f"filterByFormula: {request.formula or '(every record)'}")
    sorting = sort_option(cells, selection.order) if selection.limit is not None else None
    if sorting:
        lines.append(f"sort: {', '.join(sorting)}")
    if request.keeps_nothing:
        steps = ["no request: no record can meet the condition"]
    else:
        until = ", until the limit is reached" if sorting else ""
        if not sorting and newest_wanted(request, selection) is not None:
            until = ", or 2 or 3 where the time of creation tells which are the first of many"
        steps = [f"1 request for every {RECORDS_PER_PAGE} records that the formula keeps{until}"]
        asked = linked_ids(selection.where)
        if asked and not request.split.is_exact:
            steps.append(f"1 request for the names of {len(asked)} linked records")
        looked_at = (request.split.rest, *(one.by for one in selection.order))
        if follows_links(cells.table, *looked_at):
            steps.append(
                f"1 request for every {RECORDS_PER_PAGE} linked records that are looked at"
            )
    return Plan(
        description, "\n".join(lines), tuple(steps), tuple(_afterwards(request, selection, sorting))
    )


def _afterwards(
    request: Request, selection: Selection, sorting: Sequence[str] | None
) -> Iterator[str]:
    if not request.split.is_exact:
        yield from (f"keep where {_shown(part)}" for part in conjuncts(request.split.rest))
    if sorting:
        return
    if selection.order:
        yield f"sort by {', '.join(_falling(one) + _shown(one.by) for one in selection.order)}"
    if selection.offset:
        yield f"leave out the first {selection.offset}"
    if selection.limit is not None:
        yield f"keep the first {selection.limit}"


def _falling(order: Order) -> str:
    return "-" if order.descending else ""


def _shown(node: tree.Node) -> str:
    try:
        return column_source(_printable(node), columns="c").text
    except TypeError:
        return type(node).__name__


def _printable(node: Any) -> Any:
    """Return the tree with moments as text, which is how they are shown."""
    if isinstance(node, tree.Constant) and isinstance(node.value, (datetime, date)):
        return tree.literal(node.value.isoformat())
    if isinstance(node, tuple):
        return tuple(_printable(one) for one in node)
    if not dataclasses.is_dataclass(node) or isinstance(node, (type, ValueType)):
        return node
    parts: Mapping[str, Any] = {
        one.name: _printable(getattr(node, one.name)) for one in dataclasses.fields(node)
    }
    return dataclasses.replace(node, **parts)
