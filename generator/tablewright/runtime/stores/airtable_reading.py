"""Selections → lists of records: what a formula can say is asked of Airtable, the rest is done after the fetch."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import Any, Final, Protocol, TypeVar

from tablewright.airtable import RECORDS_PER_PAGE
from tablewright.expressions import tree
from tablewright.expressions.columns import column_source
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.formula import FormulaPrinter
from tablewright.expressions.formula_text import quoted
from tablewright.expressions.split import MISSING, Split, conjuncts, linked_ids, split
from tablewright.expressions.types import ValueType
from tablewright.runtime.codec import Row
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.runtime.stores.airtable_cells import CREATED, ID, TableCells
from tablewright.runtime.stores.airtable_client import Client, Json
from tablewright.runtime.stores.base import Order, Plan, Selection
from tablewright.runtime.stores.linked_rows import Fetches, linked_rows
from tablewright.runtime.unfit import UnfitRows

T = TypeVar("T")

_RECORD_ID: Final = re.compile(r"rec[0-9A-Za-z]{14}")
_SORTED_ALIKE: Final = frozenset(
    {"integer", "number", "currency", "percent", "rating", "duration", "date", "datetime",
     "created_time", "auto_number"}
)  # fmt: skip
"""Kinds that Airtable sorts as we do: texts it sorts by language, choices as people arranged them."""


class Base(Fetches, Protocol):
    """What reading needs of the store."""

    client: Client
    unfit: UnfitRows

    def cells(self, table: TableSpec) -> TableCells:
        """Return the conversions of a table."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """A list request: the formula and what is left to do with its records."""

    split: Split
    formula: str
    cells: TableCells
    evaluator: Evaluator

    @property
    def keeps_nothing(self) -> bool:
        """Tell whether no record can meet the condition, so that none has to be asked for."""
        return self.formula == "FALSE()"


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield *items* in their order, so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def valid_ids(ids: Iterable[str]) -> list[str]:
    """Return those ids, each once, that can be a record's at all."""
    return [one for one in dict.fromkeys(ids) if _RECORD_ID.fullmatch(one)]


def request_for(base: Base, selection: Selection) -> Request:
    """Return how a selection is asked for. Names of linked records are read where the condition asks for links."""
    table = selection.table
    cells = base.cells(table)
    evaluator = Evaluator({}, selection.now or datetime.now(UTC), table.enums())
    printer = FormulaPrinter(cells.formula_fields(), evaluator)
    where = selection.where
    links: dict[tuple[str, str], str | None] = {}
    if not all(printer.says(part) for part in conjuncts(where)):
        links = _link_texts(base, table, linked_ids(where))
    found = split(where, printer.says, links)
    formula = "" if found.pushed == tree.TRUE else printer.condition(found.pushed)
    return Request(found, "" if formula == "TRUE()" else formula, cells, evaluator)


def _link_texts(
    base: Base, table: TableSpec, asked: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str | None]:
    """Return what linked records show in a link cell: the text of their table's first field."""
    found: dict[tuple[str, str], str | None] = {}
    groups: dict[str, list[str]] = {}
    for relation, one in sorted(asked):
        if relation in table.relations_by_key:
            groups.setdefault(relation, []).append(one)
    for relation, ids in groups.items():
        target = table.target(table.relations_by_key[relation])
        primary = target.fields[0]
        if primary.kind not in ("text", "long_text", "email", "url", "phone"):
            continue
        cells = base.cells(target)
        name = cells.names.fields[primary.key]
        records = fetch_records(base, target, ids, [name], f"read names in {target.name}")
        shown = {record[ID]: record["fields"].get(name, "") for record in records}
        found |= {(relation, one): shown.get(one, MISSING) for one in ids}
    return found


def fetch_records(
    base: Base, table: TableSpec, ids: Sequence[str], fields: Sequence[str], what: str
) -> list[Json]:
    """Return the records with these ids, a hundred a request; each with some fields alone."""
    names = base.cells(table).names
    found: list[Json] = []
    for batch in batches(valid_ids(ids), RECORDS_PER_PAGE):
        tests = [f"RECORD_ID()={quoted(one)}" for one in batch]
        options: Json = {
            "formula": tests[0] if len(tests) == 1 else f"OR({', '.join(tests)})",
            "fields": list(fields),
            "use_field_ids": names.by_id,
        }
        for page in base.client.pages(what, base.client.table(names.table), options):
            found += page
    return found


def read(base: Base, selection: Selection, keys: Iterable[str] | None = None) -> list[Row]:
    """Return the wanted rows in order, with all of their fields, or with those of *keys* and what else is needed."""
    request = request_for(base, selection)
    if request.keeps_nothing or selection.limit == 0:
        return []
    cells = request.cells
    order = selection.order
    fields = list(cells.fields)
    if keys is not None:
        fields = needed_fields(
            cells, [*keys, *_read_by(request.split.rest, *(one.by for one in order))]
        )
    options = _options(request, fields)
    wanted = None if selection.limit is None else selection.offset + selection.limit
    sorting = _sorting(cells, order) if wanted is not None else None
    if sorting:
        options["sort"] = sorting
    table = base.client.table(cells.names.table)
    if keys is None and not order and selection.limit is None and request.split.is_exact:
        records = [
            one
            for page in base.client.pages(f"read {cells.table.name}", table, options)
            for one in page
        ]
        records.sort(key=itemgetter("createdTime"))
        return cells.lazy_rows(records)[selection.offset :]
    rows: list[Row] = []
    for page in base.client.pages(f"read {cells.table.name}", table, options):
        rows += _kept(base, request, cells.rows(page, base.unfit.report))
        if sorting and wanted is not None and _is_enough(rows, wanted, request, order):
            break
    rows.sort(key=lambda row: row[CREATED])
    for one in reversed(order):
        rows.sort(key=lambda row, one=one: _rank(request, one, row), reverse=one.descending)  # type: ignore[misc]  # a default binds it
    return rows[selection.offset : wanted]


def _kept(base: Base, request: Request, rows: list[Row]) -> list[Row]:
    if request.split.is_exact:
        return rows
    holds, rest = request.evaluator.holds, request.split.rest
    views = linked_rows(request.cells.table, rows, base)
    return [row for row, view in zip(rows, views, strict=True) if holds(rest, view)]


def _is_enough(rows: Sequence[Row], wanted: int, request: Request, order: Sequence[Order]) -> bool:
    """Tell whether no later record can be among the wanted ones: the last one read sorts behind all of them."""
    if len(rows) <= wanted:
        return False
    keys = order or (Order(tree.Field(CREATED, ValueType("datetime"))),)
    last, border = rows[-1], rows[wanted - 1]
    return any(_rank(request, one, last) != _rank(request, one, border) for one in keys)


def _rank(request: Request, order: Order, row: Row) -> tuple[bool, Any]:
    value = request.evaluator.value(order.by, {"": row})
    if order.by.type.kind == "enum" and value is not None:
        value = list(request.evaluator.enums[order.by.type.name]).index(value)
    return value is not None, value if value is not None else 0


def _sorting(cells: TableCells, order: Sequence[Order]) -> list[str] | None:
    """Return the sort by which Airtable gives the wanted rows first; none where it may sort otherwise."""
    if not order:
        timed = next((key for key in cells.timed if key not in cells.names.absent), None)
        return [cells.names.fields[timed]] if timed is not None else None
    found = []
    for one in order:
        spec = _plain_field(cells.table, one.by)
        if spec is None or spec.kind not in _SORTED_ALIKE or spec.key in cells.names.absent:
            return None
        if spec.default is not None:
            return None
        found.append(f"{'-' if one.descending else ''}{cells.names.fields[spec.key]}")
    return found


def _plain_field(table: TableSpec, node: tree.Node) -> FieldSpec | None:
    match node:
        case tree.Field(name, _, None):
            return table.by_key.get(name)
        case _:
            return None


def ids(base: Base, selection: Selection) -> list[str]:
    """Return the ids of the wanted rows in order."""
    return [row[ID] for row in read(base, selection, [])]


def count(base: Base, selection: Selection) -> int:
    """Return how many rows are wanted: one field is fetched, since fewer cannot be asked for."""
    request = request_for(base, selection)
    if request.keeps_nothing or selection.limit == 0:
        return 0
    wanted = None if selection.limit is None else selection.offset + selection.limit
    cells = request.cells
    fields = needed_fields(cells, _read_by(request.split.rest))
    options = _options(request, fields)
    if wanted is not None and request.split.is_exact:
        options["max_records"] = wanted
    table = base.client.table(cells.names.table)
    number = 0
    for page in base.client.pages(f"count {cells.table.name}", table, options):
        if request.split.is_exact:
            number += len(page)
        else:
            number += len(_kept(base, request, cells.rows(page, base.unfit.report)))
        if wanted is not None and number >= wanted:
            break
    found = number if wanted is None else min(number, wanted)
    return max(0, found - selection.offset)


def _options(request: Request, fields: Sequence[str]) -> Json:
    options: Json = {"fields": list(fields), "use_field_ids": request.cells.names.by_id}
    if request.formula:
        options["formula"] = request.formula
    return options


def needed_fields(cells: TableCells, keys: Iterable[str]) -> list[str]:
    """Return what has to be asked for to have *keys*: one field at least, or Airtable sends all."""
    wanted = [cells.names.fields[key] for key in dict.fromkeys(keys) if key in cells.readable]
    return wanted or cells.fields[:1]


def _read_by(*nodes: tree.Node) -> Iterator[str]:
    for node in nodes:
        yield from sorted(tree.fields_read(node))


def measured_keys(nodes: Iterable[tree.Node | None]) -> list[str]:
    """Return the fields that some expressions look at."""
    return [key for node in nodes if node is not None for key in _read_by(node)]


def plan(base: Base, selection: Selection, description: str) -> Plan:
    """Return how a selection is answered, without reading its records."""
    request = request_for(base, selection)
    cells = request.cells
    lines = [f"list {cells.names.table}, fields: {', '.join(cells.fields)}"]
    lines.append(f"filterByFormula: {request.formula or '(every record)'}")
    sorting = _sorting(cells, selection.order) if selection.limit is not None else None
    if sorting:
        lines.append(f"sort: {', '.join(sorting)}")
    if request.keeps_nothing:
        steps = ["no request: no record can meet the condition"]
    else:
        until = ", until the limit is reached" if sorting else ""
        steps = [f"1 request for every {RECORDS_PER_PAGE} records that the formula keeps{until}"]
        asked = linked_ids(selection.where)
        if asked and not request.split.is_exact:
            steps.append(f"1 request for the names of {len(asked)} linked records")
    after = (
        []
        if request.split.is_exact
        else [f"keep where {one}" for one in _shown(request.split.rest)]
    )
    return Plan(description, "\n".join(lines), tuple(steps), tuple(after))


def _shown(node: tree.Node) -> Iterator[str]:
    for part in conjuncts(node):
        try:
            yield column_source(_printable(part), columns="c").text
        except TypeError:
            yield type(part).__name__


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
