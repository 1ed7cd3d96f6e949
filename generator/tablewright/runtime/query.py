# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""Queries: immutable, chained, and asked of the store when their records are needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Generic, Never, Self, TypeVar, overload

from tablewright.diagnostics import close_matches, did_you_mean
from tablewright.expressions import tree
from tablewright.runtime.calls import values_given
from tablewright.runtime.columns import Columns, Condition, Term
from tablewright.runtime.columns.links import link_of
from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import shown
from tablewright.runtime.measures import Measure, Statistics
from tablewright.runtime.reading import collector_resting, selected
from tablewright.runtime.stores.base import Order, Plan, Selection
from tablewright.runtime.values import utc_now

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

_WITHOUT_ORDER: Final = frozenset({"list", "json", "opaque"})

R = TypeVar("R", bound="AirtableModel")
R_co = TypeVar("R_co", bound="AirtableModel", covariant=True)
S = TypeVar("S", bound=Statistics)


class Records(list[R]):
    """Records that were read: a list. `count()` is how many they are; to narrow or sort them, ask the query."""

    __slots__ = ()

    def count(self, *value: R) -> int:
        """Return how many records there are, or how often one of them occurs."""
        return super().count(*value) if value else len(self)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in vars(Query):
            raise AttributeError(
                f"these records are a list, which has no {name}(): call it before all(), as in "
                f"where().{name}(…) for every record"
            )
        raise AttributeError(f"'list' object has no attribute '{name}'")


@dataclass(frozen=True, eq=False, repr=False)
class Query(Generic[R_co]):
    """Records that meet conditions. Every method returns a new query; records are read once, when first needed."""

    model: type[R_co]
    _conditions: tuple[tree.Node, ...] = ()
    _order: tuple[Order, ...] = ()
    _limit: int | None = None
    _offset: int = 0
    _read: list[R_co] | None = field(default=None, init=False)

    # -- building -------------------------------------------------------------------------------------------------

    def where(self, *conditions: Condition, **values: Never) -> Self:
        """Return the query with more conditions, all of which have to hold."""
        return self._narrowed("where", conditions, values)

    def _narrowed(
        self, method: str, conditions: Sequence[Condition], values: Mapping[str, Never]
    ) -> Self:
        """Return the query with more conditions, as *method* was given them.

        Raises:
            TypeError: values of fields, which are for `find_by`, or what is no condition.
            RecordInvalid: values of what is no field.
        """
        if values:
            raise values_given(self.model, method, values)
        for condition in conditions:
            if not isinstance(condition, Condition):
                raise TypeError(
                    f"{method}() takes conditions such as {self.model.__name__}.c.id == '…', not {condition!r}"
                )
        return self._with(_conditions=(*self._conditions, *(one.node for one in conditions)))

    def order_by(self, *keys: str | Term) -> Self:
        """Return the query sorted by fields: `"priority"` rising, `"-priority"` falling; enums in their own order.

        A dot leads to the fields of a linked record: `"-author.name"`. Expressions of `c` sort rising.
        Blanks come first where rising. Records that are equal in all keys come in the order they were created.
        """
        return self._with(_order=tuple(self._ordered(key) for key in keys))

    def limit(self, number: int) -> Self:
        """Return the query with at most so many records."""
        return self._with(_limit=_natural("limit", number))

    def offset(self, number: int) -> Self:
        """Return the query without its first so many records."""
        return self._with(_offset=_natural("offset", number))

    def _with(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def _ordered(self, key: str | Term) -> Order:
        if isinstance(key, Term):
            if key.type.kind in _WITHOUT_ORDER:
                raise TypeError(f"cannot order {self.model.__name__} by {key.type}")
            return Order(key.node)
        if not isinstance(key, str):
            link = link_of(key)
            if link is not None:
                raise TypeError(
                    f"cannot order {self.model.__name__}: {link.said}, so name {link.instead}"
                )
            raise TypeError(
                f"order_by() takes names of fields, such as 'name' or '-name', and not {shown(key)}"
            )
        name = key.removeprefix("-")
        found = self._sortable(name)
        if found is None:
            raise ValueError(f"cannot order {self.model.__name__} by '{name}': {self._meant(name)}")
        return Order(found.node, descending=key.startswith("-"))

    def _sortable(self, name: str) -> Term | None:
        found: object = self.model.c
        for part in name.split("."):
            private = part.startswith("_") or not isinstance(found, Columns)
            found = None if private else getattr(found, part, None)
        if isinstance(found, Term) and found.type.kind not in _WITHOUT_ORDER:
            return found
        return None

    def _meant(self, name: str) -> str:
        """Return the way out for a name that records cannot be sorted by."""
        table = self.model.table
        known = [one.key for one in table.fields if self._sortable(one.key) is not None]
        known += ["id", "created_time"]
        links = [*(one.key for one in table.relations), *(one.key for one in table.inverses())]
        near = close_matches(name.partition(".")[0], [*known, *links])
        link = link_of(getattr(self.model.c, near[0])) if near and near[0] in links else None
        if link is None:
            return did_you_mean(name, known)
        return f"{link.said}: name {link.instead}"

    # -- reading --------------------------------------------------------------------------------------------------

    def all(self) -> Records[R_co]:
        """Return the records as a list. They are read at the first call."""
        if self._read is None:
            with collector_resting():
                records = selected(self.model, current_store(), self._selection())
            object.__setattr__(self, "_read", records)
            return Records(records)
        return Records(self._read)

    def first(self) -> R_co | None:
        """Return the first record, or None."""
        if self._read is not None:
            return self._read[0] if self._read else None
        return next(iter(self.limit(1 if self._limit is None else min(self._limit, 1)).all()), None)

    def count(self) -> int:
        """Return how many records there are, without reading them."""
        return (
            len(self._read) if self._read is not None else current_store().count(self._selection())
        )

    def exists(self) -> bool:
        """Tell whether there is a record, without reading it."""
        if self._read is not None:
            return bool(self._read)
        one = self.limit(1 if self._limit is None else min(self._limit, 1))
        return current_store().count(one._selection()) > 0

    def ids(self) -> list[str]:
        """Return the ids of the records in order."""
        if self._read is not None:
            return [record.id for record in self._read]
        return current_store().ids(self._selection())

    def measure(self, result: type[S], /, **measures: Measure) -> S:
        """Return figures over the records, worked out in the store where it can."""
        return result(**current_store().measure(self._selection(), measures))

    def explain(self) -> Plan:
        """Return what the store does to answer the query, and what is done after the fetch. Printing it reads well."""
        return current_store().plan(self._selection())

    def __iter__(self) -> Iterator[R_co]:
        return iter(self._records())

    def __len__(self) -> int:
        return len(self._records())

    def __bool__(self) -> bool:
        return bool(self._records())

    @overload
    def __getitem__(self, place: int) -> R_co: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[R_co]: ...
    def __getitem__(self, place: int | slice) -> R_co | Sequence[R_co]:
        return self._records()[place]

    def __contains__(self, record: object) -> bool:
        return record in self._records()

    def __repr__(self) -> str:
        return (
            f"<Query of {self.model.__name__}: {len(self._read)} records>"
            if self._read is not None
            else (f"<Query of {self.model.__name__}, not read yet>")
        )

    def _records(self) -> list[R_co]:
        if self._read is None:
            self.all()
        return self._read or []

    def _selection(self) -> Selection:
        where = (
            tree.TRUE
            if not self._conditions
            else (
                self._conditions[0]
                if len(self._conditions) == 1
                else tree.Logic("and", self._conditions)
            )
        )
        return Selection(self.model.table, where, self._order, self._limit, self._offset, utc_now())


def narrowed(
    model: type[R], method: str, conditions: Sequence[Condition], values: Mapping[str, Never]
) -> Query[R]:
    """Return the records that meet conditions, as *method* of their class was given them."""
    return Query(model)._narrowed(method, conditions, values)


def _natural(name: str, number: int) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError(f"{name}() takes 0 or a positive integer, not {number!r}")
    return number
