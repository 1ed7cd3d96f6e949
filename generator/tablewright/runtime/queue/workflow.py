"""A graph of tasks that wait for one another, created in one call."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Final, TypeGuard, TypeVar

from tablewright.diagnostics import did_you_mean
from tablewright.runtime.codec import Row
from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import Misfit, RecordInvalid, StoreError, TablewrightError, shown
from tablewright.runtime.reading import decoded
from tablewright.runtime.spec import RelationSpec
from tablewright.runtime.stores.ids import is_record_id, new_record_id
from tablewright.runtime.storing import bulk_delete, create
from tablewright.runtime.writing import encoded, new_record

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

logger = logging.getLogger("tablewright")
R = TypeVar("R", bound="AirtableModel")


def workflow(model: type[R], steps: Mapping[str, Mapping[str, Any]]) -> dict[str, R]:
    """Store tasks that link to one another, and return them by their names in *steps*.

    Where a link of a step leads to the same table, it takes names of other steps beside records and ids:
    `{"fetch": {…}, "sum_up": {…, "depends_on": ["fetch"]}}`. On SQL all are stored or
    none. Elsewhere they are stored one after the other and linked at the end, so that a worker may see one before its
    links: let no worker run meanwhile. Where one of them is refused, those that were stored are deleted again.

    Raises:
        RecordInvalid: a value does not fit, or steps wait for one another in a circle; nothing was stored.
        TypeError: *steps* are no dict of dicts.
    """
    _require_dicts(steps)
    own = [relation for relation in model.table.relations if relation.to == model.table.key]
    ids = {name: new_record_id() for name in steps}
    rows = {name: _row(model, name, values, ids, own) for name, values in steps.items()}
    for relation in own:
        if relation.acyclic:
            # Only to find a circle: which steps come first is decided below.
            list(_in_order(model, _named(steps, [relation])))
    # A link to one stands in the row itself, so its row has to be there before.
    single = [relation for relation in own if not relation.many]
    order = list(_in_order(model, _named(steps, single)))
    store = current_store()
    if store.capabilities.keeps_ids:
        records = decoded(model, store, store.insert(model.table, [rows[name] for name in order]))
        stored = dict(zip(order, records, strict=True))
    else:
        stored = _one_by_one(model, steps, order, own)
    return {name: stored[name] for name in steps}


# -- what is given ----------------------------------------------------------------------------------------------------


def _require_dicts(steps: object) -> None:
    if not isinstance(steps, Mapping):
        raise TypeError(
            f"workflow() takes a dict of steps by their names, and got {shown(steps)}: write {_WRITTEN}"
        )
    for name, values in steps.items():
        if not isinstance(name, str):
            raise TypeError(f"workflow() takes texts as names of steps, and got {shown(name)}")
        if not isinstance(values, Mapping):
            raise TypeError(
                f"workflow() takes a dict for each step, and got {shown(values)} for '{name}': write {_WRITTEN}"
            )


_WRITTEN: Final = "workflow({'first': {…}, 'second': {…}})"


def _row(
    model: type[AirtableModel],
    name: str,
    values: Mapping[str, Any],
    ids: Mapping[str, str],
    own: Sequence[RelationSpec],
) -> Row:
    """Return the row of a step under its id, with the ids of others in the places of their names.

    Raises:
        RecordInvalid: a value does not fit, or a link names what is no step.
    """
    described = f"{model.table.key} '{name}'"
    misfits = [
        misfit
        for relation in own
        if relation.key in values
        for misfit in _misplaced(relation, values[relation.key], ids)
    ]
    if misfits:
        raise RecordInvalid(described, misfits)
    record = new_record(model, _linked(values, ids, own), described)
    return {**encoded(record, described), "id": ids[name]}


def _misplaced(relation: RelationSpec, linked: object, steps: Iterable[str]) -> Iterator[Misfit]:
    """Yield what a link holds that leads nowhere, as far as names go."""
    meant = f"{relation.to} record or id"
    if relation.many and not _are_several(linked):
        hint = f"write [{shown(linked)}]" if isinstance(linked, str) else ""
        yield Misfit(
            relation.key, f"has to be a list of steps, each a name, {meant}", linked, hint=hint
        )
        return
    if not relation.many and _are_several(linked):
        yield Misfit(relation.key, f"has to be one step: its name, {meant}", linked)
        return
    for one in _each(linked):
        if isinstance(one, str) and one and one not in steps and not is_record_id(one):
            known = did_you_mean(one, steps, what="steps")
            valid = f"names a step, and there is no step {shown(one)}; {known}"
            yield Misfit(relation.key, valid, has_given=False)


def _are_several(linked: object) -> TypeGuard[Sequence[object] | AbstractSet[object]]:
    return isinstance(linked, Sequence | AbstractSet) and not isinstance(linked, str | bytes)


def _each(linked: object) -> Iterable[object]:
    return linked if _are_several(linked) else [linked]


# -- storing ----------------------------------------------------------------------------------------------------------


def _one_by_one(
    model: type[R],
    steps: Mapping[str, Mapping[str, Any]],
    order: Sequence[str],
    own: Sequence[RelationSpec],
) -> dict[str, R]:
    """Store the steps one after the other, and the links to many that can lead to later ones at the end."""
    many = {relation.key for relation in own if relation.many}
    stored: dict[str, R] = {}
    try:
        for name in order:
            values = {key: value for key, value in steps[name].items() if key not in many}
            stored[name] = create(model, _linked(values, stored, own))
        for name in order:
            links = {key: value for key, value in steps[name].items() if key in many}
            if links:
                stored[name].update(**_linked(links, stored, own))
    except (RecordInvalid, StoreError):
        _take_back(model, list(stored.values()))
        raise
    return stored


def _take_back(model: type[R], records: Sequence[R]) -> None:
    """Delete what was stored of a graph that cannot be stored whole, or tell what is left of it."""
    if not records:
        return
    try:
        bulk_delete(model, records)
    except TablewrightError as error:
        left = ", ".join(record.id for record in records)
        logger.warning(
            "%s: the first steps of a workflow are left: %s: %s", model.table.key, left, error
        )


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
            each = _each(values.get(relation.key))
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


def _resolved(value: Any, stored: Mapping[str, Any]) -> Any:
    if _are_several(value):
        return [stored.get(one, one) if isinstance(one, str) else one for one in value]
    return stored.get(value, value) if isinstance(value, str) else value
