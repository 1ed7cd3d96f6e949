# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""A graph of tasks that wait for one another, created in one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, TypeVar

from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import Misfit, RecordInvalid
from tablewright.runtime.spec import RelationSpec
from tablewright.runtime.stores.base import Store
from tablewright.runtime.stores.ids import new_record_id
from tablewright.runtime.storing import create
from tablewright.runtime.writing import encoded, new_record

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

R = TypeVar("R", bound="AirtableModel")


def workflow(model: type[R], steps: Mapping[str, Mapping[str, Any]]) -> dict[str, R]:
    """Store tasks that link to one another, and return them by their names in *steps*.

    Where a link of a step leads to the same table, it takes names of other steps beside records and ids:
    `{"fetch": {…}, "sum_up": {…, "depends_on": ["fetch"]}}`. On SQL all are stored or
    none. Elsewhere they are stored one after the other and linked at the end, so that a worker may see one before its
    links: let no worker run meanwhile.

    Raises:
        RecordInvalid: a value does not fit, or steps wait for one another in a circle; nothing was stored.
    """
    own = [relation for relation in model.table.relations if relation.to == model.table.key]
    for relation in own:
        if relation.acyclic:
            # Only to find a circle: which steps come first is decided below.
            list(_in_order(model, _named(steps, [relation])))
    # A link to one stands in the row itself, so its row has to be there before.
    single = [relation for relation in own if not relation.many]
    order = list(_in_order(model, _named(steps, single)))
    _check(model, steps, own)
    store = current_store()
    if store.capabilities.keeps_ids:
        stored = _all_at_once(model, store, steps, order, own)
    else:
        stored = _one_by_one(model, steps, order, own)
    return {name: stored[name] for name in steps}


def _one_by_one(
    model: type[R],
    steps: Mapping[str, Mapping[str, Any]],
    order: Sequence[str],
    own: Sequence[RelationSpec],
) -> dict[str, R]:
    """Store the steps one after the other, and the links to many that can lead to later ones at the end."""
    many = {relation.key for relation in own if relation.many}
    stored: dict[str, R] = {}
    for name in order:
        values = {key: value for key, value in steps[name].items() if key not in many}
        stored[name] = create(model, _linked(values, stored, own))
    for name in order:
        links = {key: value for key, value in steps[name].items() if key in many}
        if links:
            stored[name].update(**_linked(links, stored, own))
    return stored


def _all_at_once(
    model: type[R],
    store: Store,
    steps: Mapping[str, Mapping[str, Any]],
    order: Sequence[str],
    own: Sequence[RelationSpec],
) -> dict[str, R]:
    """Store the steps in one write, under ids that are known beforehand."""
    ids = {name: new_record_id() for name in order}
    rows = []
    for name in order:
        described = f"{model.table.key} '{name}'"
        record = new_record(model, _linked(steps[name], ids, own), described)
        rows.append({**encoded(record, described), "id": ids[name]})
    records = model._decoded(store, store.insert(model.table, rows))
    return dict(zip(order, records, strict=True))


def _linked(
    values: Mapping[str, Any], known: Mapping[str, Any], own: Sequence[RelationSpec]
) -> dict[str, Any]:
    keys = {relation.key for relation in own}
    return {key: _resolved(value, known) if key in keys else value for key, value in values.items()}


def _named(
    steps: Mapping[str, Mapping[str, Any]], relations: Sequence[RelationSpec]
) -> dict[str, list[str]]:
    """Return the other steps that each step links to."""
    found: dict[str, list[str]] = {name: [] for name in steps}
    for name, values in steps.items():
        for relation in relations:
            linked: Any = values.get(relation.key)
            several = isinstance(linked, Sequence | AbstractSet) and not isinstance(linked, str)
            each = linked if several else [linked]
            found[name] += [one for one in each if isinstance(one, str) and one in steps]
    return found


def _in_order(model: type[AirtableModel], links: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the steps, each after those it links to.

    Raises:
        RecordInvalid: they link to one another in a circle.
    """
    done: set[str] = set()
    for name in links:
        # Not by calls of itself: a chain may be longer than Python's stack is deep.
        path: dict[str, None] = {} if name in done else {name: None}
        left = [iter(links[one]) for one in path]
        while left:
            other = next((one for one in left[-1] if one not in done), None)
            if other is None:
                left.pop()
                found, _ = path.popitem()
                done.add(found)
                yield found
            elif other in path:
                names = list(path)
                circle = " → ".join([*names[names.index(other) :], other])
                valid = f"would wait for itself: {circle}"
                given = f"{model.table.key} '{other}'"
                raise RecordInvalid(given, [Misfit("step", valid, has_given=False)])
            else:
                path[other] = None
                left.append(iter(links[other]))


def _check(
    model: type[AirtableModel], steps: Mapping[str, Mapping[str, Any]], own: Sequence[RelationSpec]
) -> None:
    keys = {relation.key for relation in own}
    for name, values in steps.items():
        described = f"{model.table.key} '{name}'"
        plain = {key: value for key, value in values.items() if key not in keys}
        encoded(new_record(model, plain, described), described)


def _resolved(value: Any, stored: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return stored.get(value, value)
    if isinstance(value, Sequence | AbstractSet):
        return [stored.get(one, one) if isinstance(one, str) else one for one in value]
    return value
