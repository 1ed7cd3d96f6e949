"""What a generated class says of its queue: the decisions of its transitions, and what a claim looks at and sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tablewright.expressions import tree
from tablewright.runtime.columns import Condition, Term
from tablewright.runtime.decision import Decide
from tablewright.runtime.queue.store import Taking
from tablewright.runtime.spec import QueueSpec, TableSpec
from tablewright.runtime.stores.base import Order

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel


@dataclass(frozen=True, slots=True)
class QueueRules:
    """The queue of one class.

    *ready* is the guard of the take transition and *taking* what it sets. A task whose lease ran out is failed, put
    back and taken in one step: *again* is the guard of that, *taking_again* what is set by all three together.
    """

    take: Decide
    done: Decide
    fail: Decide
    retry: Decide | None = None
    cancel: Decide | None = None
    ready: Condition | None = None
    taking: Mapping[str, Any] | None = None
    again: Condition | None = None
    taking_again: Mapping[str, Any] | None = None


def queue_spec(model: type[AirtableModel]) -> QueueSpec:
    """Return the queue of a class.

    Raises:
        TypeError: it has none.
    """
    if model.table.queue is None:
        raise TypeError(f"{model.__name__} has no queue: give its table a 'queue:' in the schema")
    return model.table.queue


@cache
def rules_of(model: type[AirtableModel]) -> QueueRules:
    """Return the rules that a generated class spells out."""
    queue_spec(model)
    found: QueueRules = model._queue_rules()  # type: ignore[attr-defined]  # noqa: SLF001  # generated with the queue
    return found


@cache
def taking_of(model: type[AirtableModel]) -> Taking:
    """Return the rules of a claim in the words of the stores."""
    rules = rules_of(model)
    spec = queue_spec(model)
    return Taking(
        guard=tree.TRUE if rules.ready is None else rules.ready.node,
        sets=_nodes(rules.taking),
        again=tree.FALSE if rules.again is None else rules.again.node,
        sets_again=_nodes(rules.taking_again),
        order=tuple(_order(model, key) for key in spec.order_by),
    )


def taking_reads_fields(model: type[AirtableModel]) -> bool:
    """Tell whether a claim works a value out from the record's own fields, as where it counts attempts.

    A task that is given back keeps that value.
    """
    values = taking_of(model).sets.values()
    return any(isinstance(one, tree.Node) and tree.fields_read(one) for one in values)


def _nodes(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        key: value.node if isinstance(value, (Term, Condition)) else value
        for key, value in (values or {}).items()
    }


def _order(model: type[AirtableModel], key: str) -> Order:
    term: Term = getattr(model.c, key.removeprefix("-"))
    return Order(term.node, descending=key.startswith("-"))


def waiting_states(table: TableSpec) -> tuple[Any, ...]:
    """Return the states that a worker takes tasks from."""
    found: tuple[Any, ...] = _transition(table, "take").sources
    return found


def state_before(table: TableSpec, was: Any) -> Any:
    """Return the state in which a task waits again that was taken from *was*.

    One that was taken because its lease had run out waited where the retry put it back.
    """
    states = waiting_states(table)
    retry = table.queue.retry if table.queue is not None else None
    if was in states or retry is None or table.lifecycle is None:
        return was if was in states else states[0]
    return table.lifecycle.by_name[retry.transition].target


def taken_state(table: TableSpec) -> Any:
    """Return the state of a task that a worker holds."""
    return _transition(table, "take").target


def _transition(table: TableSpec, role: str) -> Any:
    if table.queue is None or table.lifecycle is None:
        raise TypeError(f"{table.key} has no queue")
    return table.lifecycle.by_name[getattr(table.queue, role)]
