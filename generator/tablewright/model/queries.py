"""A table's queries, statistics and queue as they were meant."""

from __future__ import annotations

from dataclasses import dataclass

from tablewright.expressions.tree import Node
from tablewright.expressions.types import ValueType
from tablewright.model.lifecycle import Argument


@dataclass(frozen=True, slots=True)
class Order:
    """A field to sort by. Blanks come first ascending, as in Airtable."""

    field: str
    descending: bool

    def __str__(self) -> str:
        return f"-{self.field}" if self.descending else self.field


@dataclass(frozen=True, slots=True)
class Query:
    """A named question. *filter_by* fields become optional parameters; *takes* are the query's own."""

    key: str
    description: str
    takes: tuple[Argument, ...]
    where: Node | None
    where_text: str
    filter_by: tuple[str, ...]
    order_by: tuple[Order, ...]
    limit: int | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One number, or one count for each value. *condition* narrows the records that count."""

    key: str
    function: str
    text: str
    arguments: tuple[Node, ...]
    type: ValueType
    """The type of the result; for `count_by` that of the values counted by."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """A named set of measures, taken together."""

    key: str
    description: str
    takes: tuple[Argument, ...]
    where: Node | None
    where_text: str
    filter_by: tuple[str, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Retry:
    """How a failed task comes back: the transition, and pauses in seconds that grow by *factor* up to *most*."""

    transition: str
    first: float
    factor: float
    most: float
    jitter: float


@dataclass(frozen=True, slots=True)
class Queue:
    """Which transitions workers use, in which order they take tasks, and for how many seconds they own them."""

    take: str
    done: str
    fail: str
    retry: Retry | None
    order_by: tuple[Order, ...]
    lease: float
    timeout: float | None
    cancel: str | None = None
    lease_field: str | None = None
    """Where leases are noted on Airtable without a database for them."""
