"""The first records by their creation without reading all: Airtable cannot sort by it, and compares it in formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import Final

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.formula import FormulaPrinter
from tablewright.expressions.types import ValueType
from tablewright.runtime.stores.airtable_cell_rules import moment
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_client import Json, Page
from tablewright.runtime.stores.airtable_names import CREATED
from tablewright.runtime.stores.base import Order

_TRIES: Final = 3
"""Lists that are begun and left at most. Each leaves about one record in a hundred of those that are in no order."""
_ABOUT: Final = timedelta(seconds=1)
"""Airtable tells the time of creation in whole seconds, and does not say that formulas do."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The oldest records, or the *newest*: so many of those that count."""

    cells: TableCells
    evaluator: Evaluator
    newest: bool
    wanted: int
    counts: Callable[[Json], bool]

    def pages(self, ask: Callable[[str], Iterator[Page]]) -> Iterator[Page]:
        """Yield the pages of a list that holds the wanted records; *ask* begins one under a further condition.

        The first page of a list has enough records to say how old the wanted ones are at most. Where that leaves out
        half of the page, it will leave out much of what follows, and the list is asked for anew without that.
        """
        condition = ""
        for _ in range(_TRIES):
            pages = ask(condition)
            page = next(pages)
            closer = "" if page.is_last else self._closer(page)
            if not closer:
                yield page
                yield from pages
                return
            condition = closer
        yield from ask(condition)

    def _closer(self, page: Sequence[Json]) -> str:
        """Return a condition that all of the wanted records meet, and half of the page does not; none otherwise."""
        in_order = sorted(page, key=itemgetter("createdTime"), reverse=self.newest)
        counted = (record for record in in_order if self.counts(record))
        last = next((one for place, one in enumerate(counted, 1) if place == self.wanted), None)
        if last is None:
            return ""
        border = moment(last["createdTime"]) + (-_ABOUT if self.newest else _ABOUT)
        beyond = (
            (
                moment(one["createdTime"]) < border
                if self.newest
                else moment(one["createdTime"]) > border
            )
            for one in page
        )
        if sum(beyond) < len(page) / 2:
            return ""
        created = tree.Field(CREATED, ValueType("datetime"))
        test = tree.Compare(">=" if self.newest else "<=", created, tree.literal(border))
        return FormulaPrinter(self.cells.formula_fields(), self.evaluator).condition(test)


def newest_first(cells: TableCells, order: Sequence[Order]) -> bool | None:
    """Tell whether an order is that of creation, newest first or oldest first; None where it is another."""
    if not order:
        return False
    match order:
        case (Order(tree.Field(key, _, None), descending),) if key == CREATED or key in cells.timed:
            return descending
        case _:
            return None


__all__ = ["Nearest", "newest_first"]
