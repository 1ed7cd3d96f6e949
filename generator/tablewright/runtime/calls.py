"""Calls that do not fit the methods of records → errors that name the right field and the way out."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from tablewright.runtime.columns import Columns
from tablewright.runtime.errors import Misfit, RecordInvalid, TablewrightError
from tablewright.runtime.misfits import unknown
from tablewright.runtime.values import given
from tablewright.runtime.writing import (
    checked_changes,
    merge_keys,
    new_record,
    state_given,
)

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel


def values_given(model: type[AirtableModel], method: str, names: Iterable[str]) -> Exception:
    """Return the error for values by name where *method* takes conditions."""
    listed = list(names)
    misfits = _unknown(model, listed)
    if misfits:
        return RecordInvalid(model.table.key, misfits)
    kind, name = model.__name__, listed[0]
    asked, then = ("where", "") if method == "where" else (f"{kind}.{method}", f".{method}()")
    relation = model.table.relations_by_key.get(name)
    if relation is not None and relation.many:
        way = f"{asked}({kind}.c.{name}.contains(…))"
    elif name not in inspect.signature(model.find_by).parameters:
        way = f"{asked}() with a condition on {kind}.c.{name}"
    else:
        way = f"{kind}.find_by({name}=…){then}, or {asked}({kind}.c.{name} == …)"
    return TypeError(f"{method}() takes conditions: write {way}")


def refused_call(
    owner: AirtableModel | type[AirtableModel],
    method: str,
    args: tuple[Any, ...],
    values: Mapping[str, Any],
) -> Exception | None:
    """Return the error for a call that the signature of a generated *method* refused; None where Python's own says it all."""
    if args:
        return TypeError(f"{method}() takes fields by name: write {method}(name=…)")
    try:
        return _refused(owner, method, given(**values))
    except TablewrightError as error:
        return error


def _refused(
    owner: AirtableModel | type[AirtableModel], method: str, values: dict[str, Any]
) -> Exception | None:
    model = owner if isinstance(owner, type) else type(owner)
    if method == "find_by":
        return _not_found_by(model, values)
    if not isinstance(owner, type):
        checked_changes(owner, values)
        return _links_as_ids(model, method, values)
    on = values.pop("on", None) if method == "upsert" else None
    new_record(model, values, model.table.key)
    lifecycle = model.table.lifecycle
    if lifecycle is not None and lifecycle.field in values:
        return state_given(model.table.key, lifecycle)
    if method == "upsert" and on is None:
        return _no_key(model)
    return _links_as_ids(model, method, values)


_STORES_INPUTS: Final = {
    "create": "bulk_create([…])",
    "update": "bulk_update({id: …})",
    "upsert": "bulk_upsert([…], on=…)",
}


def _links_as_ids(
    model: type[AirtableModel], method: str, values: Mapping[str, Any]
) -> Exception | None:
    """Return the error for links that are called as in input models; None where there are none."""
    keys = {one.attribute: one.key for one in model.table.relations}
    stores = f"{model.__name__}.{_STORES_INPUTS[method]} stores input models as they are"
    misfits = [
        Misfit(
            name, f"is '{keys[name]}' for {method}(), a record or its id; {stores}", has_given=False
        )
        for name in values
        if name in keys
    ]
    return RecordInvalid(model.table.key, misfits) if misfits else None


def _not_found_by(model: type[AirtableModel], values: Mapping[str, Any]) -> Exception | None:
    misfits = _unknown(model, values)
    if misfits:
        return RecordInvalid(model.table.key, misfits)
    taken = inspect.signature(model.find_by).parameters
    name = next((one for one in values if one not in taken), None)
    if name is None:
        return None
    kind = model.__name__
    return TypeError(
        f"find_by() does not take '{name}': write {kind}.where() with a condition on {kind}.c.{name}"
    )


def _no_key(model: type[AirtableModel]) -> Exception | None:
    try:
        merge_keys(model.table, {}, None)
    except ValueError as error:
        return error
    return None


def _unknown(model: type[AirtableModel], names: Iterable[str]) -> list[Misfit]:
    declared = set(dir(type(model.c))) - set(dir(Columns))
    known = {"id", "created_time"} | declared
    return [Misfit(one, unknown(model, one), has_given=False) for one in names if one not in known]
