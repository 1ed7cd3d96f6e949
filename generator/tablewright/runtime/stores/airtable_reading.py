"""Selections → lists of records: what a formula can say is asked of Airtable, the rest is done after the fetch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from operator import itemgetter
from typing import Final, Protocol, TypeVar

from tablewright.airtable import RECORDS_PER_PAGE
from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.formula import FormulaPrinter
from tablewright.expressions.formula_text import quoted
from tablewright.expressions.split import MISSING, Split, conjuncts, linked_ids, split
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import RecordInvalid
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_choices import LiveChoices
from tablewright.runtime.stores.airtable_client import Client, Json, Page, Refused
from tablewright.runtime.stores.airtable_names import ID
from tablewright.runtime.stores.airtable_nearest import Nearest, newest_first
from tablewright.runtime.stores.airtable_order import Ranking, Seen, sort_option
from tablewright.runtime.stores.airtable_own_writes import LOOKS
from tablewright.runtime.stores.airtable_refusals import explained
from tablewright.runtime.stores.base import Order, Selection
from tablewright.runtime.stores.linked_rows import Fetches, linked_rows, reads_linked_rows
from tablewright.runtime.unfit import UnfitRows

T = TypeVar("T")

Found = tuple[Json, Seen]
"""A record with the values that the order and the condition look at."""

_RECORD_ID: Final = re.compile(r"rec[0-9A-Za-z]{14}")


class Base(Fetches, Protocol):
    """What reading needs of the store."""

    client: Client
    choices: LiveChoices
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
    """Return the records with these ids, a hundred a request; each with some fields alone.

    What this program wrote a moment ago is in them: a reading that lags behind is taken again.
    """
    cells = base.cells(table)
    found: list[Json] = []
    for batch in batches(valid_ids(ids), RECORDS_PER_PAGE):
        tests = [f"RECORD_ID()={quoted(one)}" for one in batch]
        options: Json = {
            "formula": tests[0] if len(tests) == 1 else f"OR({', '.join(tests)})",
            "fields": list(fields),
            "use_field_ids": cells.names.by_id,
        }
        records = list(chain.from_iterable(_listed(base, cells, what, options)))
        for _ in range(LOOKS):
            seconds = base.client.own_writes.wait_for(batch, records, fields)
            if seconds is None:
                break
            base.client.pause(seconds)
            records = list(chain.from_iterable(_listed(base, cells, what, options)))
        found += records
    return found


def read(base: Base, selection: Selection) -> list[Row]:
    """Return the wanted rows in order. They are converted when somebody looks at them, and may not fit then."""
    request = request_for(base, selection)
    records = _records(base, request, selection, request.cells.fields, is_whole=True)
    return request.cells.lazy_rows(records)


def read_parts(base: Base, selection: Selection, keys: Iterable[str]) -> list[Row]:
    """Return the wanted rows in order, each with these values alone; what does not fit is reported and left out."""
    request = request_for(base, selection)
    listed = list(keys)
    records = _records(base, request, selection, _fields(request, selection.order, listed))
    return request.cells.rows(records, base.unfit.report, listed)


def ids(base: Base, selection: Selection) -> list[str]:
    """Return the ids of the wanted rows in order."""
    request = request_for(base, selection)
    fields = _fields(request, selection.order, ())
    return [record[ID] for record in _records(base, request, selection, fields)]


def records(base: Base, selection: Selection) -> list[Json]:
    """Return the wanted records in order as Airtable gave them, those that do not fit too."""
    request = request_for(base, selection)
    return _records(base, request, selection, request.cells.fields)


def _records(
    base: Base,
    request: Request,
    selection: Selection,
    fields: Sequence[str],
    *,
    is_whole: bool = False,
) -> list[Json]:
    """Return the wanted records in order. Only what the order and the condition look at is converted for that.

    Records that do not fit count for no limit: where they are read *whole*, each is looked at that could count.
    """
    if request.keeps_nothing or selection.limit == 0:
        return []
    cells, order, report = request.cells, selection.order, base.unfit.report
    wanted = None if selection.limit is None else selection.offset + selection.limit
    options = _options(request, fields)
    sorting = sort_option(cells, order) if wanted is not None else None
    if sorting:
        options["sort"] = sorting
    is_counted = is_whole and (wanted is not None or selection.offset > 0)
    newest = None if sorting else newest_wanted(request, selection)

    def counts(record: Json) -> bool:
        if is_counted and not cells.fits(record, _silent):
            return False
        return request.split.is_exact or bool(_kept(base, request, [record], report=_silent))

    nearest = (
        Nearest(cells, request.evaluator, newest, wanted, counts)
        if newest is not None and wanted is not None
        else None
    )
    pages = _pages(base, request, options, nearest)
    if not (order or is_counted) and wanted is None and request.split.is_exact:
        records = [one for page in pages for one in page]
        records.sort(key=itemgetter("createdTime"))
        return records[selection.offset :]
    ranking = Ranking(order, request.evaluator)
    found: list[Found] = []
    for part in pages if sorting else _at_once(pages):
        kept = _kept(base, request, part, order)
        if sorting and is_counted:
            kept = [one for one in kept if cells.fits(one[0], report)]
        found += kept
        if sorting and wanted is not None and ranking.is_past(found, wanted):
            break
    ranking.sort(found)
    in_order = (record for record, _ in found)
    if is_counted and not sorting:
        in_order = (record for record in in_order if cells.fits(record, report))
    return list(islice(in_order, selection.offset, wanted))


def newest_wanted(request: Request, selection: Selection) -> bool | None:
    """Tell whether the first records by creation are wanted, newest or oldest first; None where others are.

    So it is where linked records have to be read to know which are wanted, too: for a page that may hold none of them,
    that can be more requests than it saves.
    """
    if selection.limit is None or reads_linked_rows(selection.table, request.split.rest):
        return None
    return newest_first(request.cells, selection.order)


def _pages(base: Base, request: Request, options: Json, nearest: Nearest | None) -> Iterator[Page]:
    cells = request.cells

    def ask(further: str) -> Iterator[Page]:
        both = f"AND({request.formula}, {further})" if request.formula else further
        asked = {**options, "formula": both} if further else options
        return _listed(base, cells, f"read {cells.table.name}", asked)

    return ask("") if nearest is None else nearest.pages(ask)


def _listed(base: Base, cells: TableCells, what: str, options: Json) -> Iterator[Page]:
    """Yield the pages of a list; what Airtable refuses is said in the words of the schema.

    Raises:
        StoreOutdated: nothing was found, since the condition names a choice that the base does not have.
    """
    is_empty = True
    try:
        for page in base.client.pages(what, base.client.table(cells.names.table), options):
            is_empty = is_empty and not page
            yield page
    except Refused as refused:
        raise explained(refused, cells) from None
    if is_empty:
        base.choices.require(cells, options.get("formula", ""))


def _silent(_: RecordInvalid) -> None:
    """Tell nobody: a record that is looked at twice is reported once."""


def _at_once(pages: Iterable[Sequence[Json]]) -> list[list[Json]]:
    """Return all records as one page: what their links lead to is read once, and not for every page."""
    return [list(chain.from_iterable(pages))]


def _kept(
    base: Base,
    request: Request,
    page: Sequence[Json],
    order: Sequence[Order] = (),
    report: Callable[[RecordInvalid], None] | None = None,
) -> Sequence[Found]:
    """Return the records of a page that meet what the formula did not ask, with the values that the order looks at."""
    rest, table = request.split.rest, request.cells.table
    keys = [one.by for one in order]
    holds = request.evaluator.holds
    report = report or base.unfit.report
    found = list(request.cells.with_rows(page, report, _read_by(*keys, rest)))
    if follows_links(table, rest):
        return [one for one in _with_links(base, table, found) if holds(rest, one[1])]
    if not request.split.is_exact:
        found = [one for one in found if holds(rest, one[1])]
    return _with_links(base, table, found) if follows_links(table, *keys) else found


def _with_links(base: Base, table: TableSpec, found: Sequence[tuple[Json, Row]]) -> list[Found]:
    views = linked_rows(table, [row for _, row in found], base)
    return [(record, view) for (record, _), view in zip(found, views, strict=True)]


def follows_links(table: TableSpec, *nodes: tree.Node) -> bool:
    links = {*table.relations_by_key, *(one.key for one in table.inverses())}
    return not links.isdisjoint(_read_by(*nodes))


def count(base: Base, selection: Selection) -> int:
    """Return how many rows are wanted: one field is fetched, since fewer cannot be asked for."""
    request = request_for(base, selection)
    if request.keeps_nothing or selection.limit == 0:
        return 0
    wanted = None if selection.limit is None else selection.offset + selection.limit
    cells = request.cells
    options = _options(request, _fields(request, (), ()))
    if wanted is not None and request.split.is_exact:
        options["max_records"] = wanted
    number = 0
    pages: Iterable[Sequence[Json]] = _listed(base, cells, f"count {cells.table.name}", options)
    for page in _at_once(pages) if wanted is None and not request.split.is_exact else pages:
        if request.split.is_exact:
            number += len(page)
        else:
            number += len(_kept(base, request, page))
        if wanted is not None and number >= wanted:
            break
    found = number if wanted is None else min(number, wanted)
    return max(0, found - selection.offset)


def _options(request: Request, fields: Sequence[str]) -> Json:
    options: Json = {"fields": list(fields), "use_field_ids": request.cells.names.by_id}
    if request.formula:
        options["formula"] = request.formula
    return options


def _fields(request: Request, order: Sequence[Order], keys: Iterable[str]) -> list[str]:
    """Return what has to be asked for to have *keys*, and what the order and the condition look at."""
    looked_at = _read_by(request.split.rest, *(one.by for one in order))
    return needed_fields(request.cells, [*keys, *looked_at])


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
