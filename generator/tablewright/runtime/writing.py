"""Values that a caller gives → records and rows that can be stored, or one error with everything that does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from tablewright.diagnostics import did_you_mean
from tablewright.runtime.codec import Row, encode_changes, encoder
from tablewright.runtime.columns import Condition
from tablewright.runtime.encoders import same_json
from tablewright.runtime.errors import Misfit, RecordInvalid, shown
from tablewright.runtime.inputs import CreateInput, UpdateInput
from tablewright.runtime.misfits import by_transitions, translated, unknown
from tablewright.runtime.relations import link_id
from tablewright.runtime.spec import QUEUE_KEYS, LifecycleSpec, RelationSpec, TableSpec
from tablewright.runtime.stores.ids import is_record_id
from tablewright.runtime.unfit_values import Unfit, no_record_id

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

R = TypeVar("R", bound="AirtableModel")
T = TypeVar("T")
_OF_THE_STORE: Final = ("id", "created_time")


def several(items: Iterable[T], written: str) -> Iterable[T]:
    """Return *items*, of which there can be any number; *written* is how they are given.

    Raises:
        TypeError: a single one stands there, which would be taken apart.
    """
    if isinstance(items, (str, bytes, Mapping, BaseModel)) or not isinstance(items, Iterable):
        method = written.partition("(")[0]
        raise TypeError(f"{method}() takes a list, and got {shown(items)}: write {written}")
    return items


def changed_records(records: Iterable[R]) -> list[R]:
    """Return the records that `bulk_update` is to store.

    Raises:
        TypeError: something is no record.
    """
    found = list(several(records, _BULK_UPDATE))
    for one in found:
        if not isinstance(one, BaseModel):
            raise TypeError(
                f"bulk_update() stores records, and got {shown(one)}: write {_BULK_UPDATE}"
            )
    return found


_BULK_UPDATE: Final = "bulk_update([record, …]), or bulk_update({record.id: {…}, …})"


def given_values(item: Mapping[str, Any] | CreateInput | UpdateInput) -> dict[str, Any]:
    """Return the fields that were given."""
    if isinstance(item, (CreateInput, UpdateInput)):
        return item.given_values()
    if isinstance(item, Mapping):
        return dict(item)
    raise TypeError(f"a dict or an input model is needed, not {shown(item)}")


def new_record(model: type[R], values: Mapping[str, Any], described: str) -> R:
    """Return a record that is not stored yet, with defaults applied.

    Raises:
        RecordInvalid: with every value that does not fit.
    """
    flat = _flat(model, values, described)
    lifecycle = model.table.lifecycle
    if lifecycle is not None and flat.pop(lifecycle.field, lifecycle.initial) != lifecycle.initial:
        raise state_given(described, lifecycle)
    try:
        return model.__pydantic_validator__.validate_python(flat)  # type: ignore[no-any-return]  # makes the model
    except ValidationError as error:
        raise translated(model, error, described) from error


def encoded(record: AirtableModel, described: str) -> Row:
    """Return the whole record as a row, without what the store gives."""
    values = record.__dict__
    table = type(record).table
    found = {field.key: values[field.key] for field in table.fields if not field.is_computed}
    found |= {relation.key: values[relation.attribute] for relation in table.relations}
    return encode_changes(table, found, described)


def new_records(
    model: type[R], items: Iterable[Mapping[str, Any] | CreateInput]
) -> tuple[list[R], list[Row]]:
    """Return records that are not stored yet, and their rows.

    Raises:
        RecordInvalid: with every value of every item that does not fit.
    """
    key = model.table.key

    def made(item: Mapping[str, Any] | CreateInput) -> tuple[R, Row]:
        record = new_record(model, given_values(item), key)
        return record, encoded(record, key)

    found = of_each(key, ((place, partial(made, item)) for place, item in enumerate(items)))
    return [record for record, _ in found], [row for _, row in found]


def checked_changes(record: AirtableModel, values: Mapping[str, Any]) -> Row:
    """Return changes of a stored record as a row.

    Raises:
        RecordInvalid: with every value that does not fit; the record is as it was.
    """
    model = type(record)
    described = record.described()
    flat = _flat(model, values, described)
    lifecycle = model.table.lifecycle
    if lifecycle is not None and lifecycle.field in flat:
        raise RecordInvalid(
            described, [Misfit(lifecycle.field, by_transitions(lifecycle), has_given=False)]
        )
    trial = record.model_copy()
    misfits: list[Misfit] = []
    for name, value in flat.items():
        if name not in model.__pydantic_fields__:
            misfits.append(Misfit(name, unknown(model, name), has_given=False))
            continue
        try:
            setattr(trial, name, value)
        except RecordInvalid as error:
            misfits += error.misfits
    if misfits:
        raise RecordInvalid(described, misfits)
    keys = row_keys(model.table, values)
    wanted = {key: trial.__dict__[_attribute(model.table, key)] for key in keys}
    return encode_changes(model.table, wanted, described)


def of_each(key: str, wanted: Iterable[tuple[int | str, Callable[[], T]]]) -> list[T]:
    """Return what each function gives. The place or id of its record says where something does not fit.

    Raises:
        RecordInvalid: with everything that does not fit, of all records.
    """
    found: list[T] = []
    misfits: list[Misfit] = []
    for place, function in wanted:
        try:
            found.append(function())
        except RecordInvalid as error:
            misfits += (replace(one, place=place) for one in error.misfits)
    if misfits:
        raise RecordInvalid(key, misfits)
    return found


def differences(table: TableSpec, stored: Row, row: Row) -> Row:
    """Return the part of *row* that differs from what is stored. The state is left out: transitions move it."""
    state = table.lifecycle.field if table.lifecycle is not None else None
    found = {}
    for key, value in row.items():
        field = table.by_key.get(key)
        is_json = field is not None and field.definition.sql == "json" and field.choices is None
        same = same_json(stored.get(key), value) if is_json else stored.get(key) == value
        if not same and key != state:
            found[key] = value
    return found


def row_keys(table: TableSpec, values: Iterable[str]) -> list[str]:
    """Return names of a record's attributes as keys of its row."""
    keys = {relation.attribute: relation.key for relation in table.relations}
    return list(dict.fromkeys(keys.get(name, name) for name in values))


def merge_keys(table: TableSpec, given: Row, on: str | Sequence[str] | None) -> list[str]:
    """Return the fields by which an upsert finds its record.

    Raises:
        ValueError: there is none, or one that is no field, a list or JSON, not given, or blank.
    """
    keys = [on] if isinstance(on, str) else list(on or ())
    if not keys:
        keys = [
            field.key for field in table.fields if field.unique and given.get(field.key) is not None
        ][:1]
        if not keys:
            unique = [field.key for field in table.fields if field.unique]
            known = f"give one of its unique fields: {', '.join(unique)}" if unique else "say on=…"
            raise ValueError(f"upsert() needs a field to find the {table.key} by: {known}")
    for key in keys:
        if key not in table.by_key:
            raise ValueError(
                f"upsert() finds records of {table.key} by their fields, and '{key}' is none: {did_you_mean(key, table.by_key)}"
            )
        if table.by_key[key].definition.sql == "json":
            raise ValueError(
                f"upsert() finds records of {table.key} by single values, and '{key}' holds a list or JSON: "
                "look for the record with where(), and update it"
            )
        if given.get(key) is None:
            raise ValueError(
                f"upsert() finds records of {table.key} by '{key}', so a value has to be given for it"
            )
    return keys


def equality(model: type[AirtableModel], key: str, value: Any) -> Condition:
    """Return the condition that a field has a value, or that a relation holds a record.

    Raises:
        RecordInvalid: the field cannot have this value.
    """
    table = model.table
    relation = next((one for one in table.relations if key in (one.key, one.attribute)), None)
    if relation is not None:
        return _links_to(model, relation, value)
    field = table.by_key.get(key)
    if field is None and key not in _OF_THE_STORE:
        raise RecordInvalid(table.key, [Misfit(key, unknown(model, key), has_given=False)])
    if field is not None and value is not None and not field.is_computed and not field.is_listed:
        try:
            value = encoder(field)(value) if value != "" else value
        except Unfit as unfit:
            raise RecordInvalid(table.key, [unfit.misfit(key, value)]) from None
    column = getattr(model.c, key)
    if field is not None and field.is_listed and value is not None:
        return column.contains(value)  # type: ignore[no-any-return]  # a column of several choices
    return column == value  # type: ignore[no-any-return]  # builds a condition


def _links_to(model: type[AirtableModel], relation: RelationSpec, value: Any) -> Condition:
    column = getattr(model.c, relation.key)
    if isinstance(value, str) and value and not is_record_id(value):
        named = f"{model.__name__}.c.{relation.key}"
        same = f"{model.table.target(relation).fields[0].key} == {shown(value)}"
        asked = f"{named}.any(lambda one: one.{same})" if relation.many else f"{named}.{same}"
        unfit = no_record_id(relation.to, f"to find by a field of it, write where({asked})")
        raise RecordInvalid(model.table.key, [unfit.misfit(relation.key, value)])
    linked = link_id(model.table.key, relation, value)
    if not relation.many:
        return column.is_record(linked)  # type: ignore[no-any-return]  # the target's columns
    return column.count() == 0 if linked is None else column.contains(linked)  # type: ignore[no-any-return]  # the same


def state_given(described: str, lifecycle: LifecycleSpec) -> RecordInvalid:
    """Return the error for a record that should begin in another state than the initial one."""
    valid = f"begins at '{lifecycle.initial.label}' and is moved by transitions only"
    return RecordInvalid(described, [Misfit(lifecycle.field, valid, has_given=False)])


def _attribute(table: TableSpec, key: str) -> str:
    relation = table.relations_by_key.get(key)
    return key if relation is None else relation.attribute


def _flat(model: type[AirtableModel], values: Mapping[str, Any], described: str) -> dict[str, Any]:
    """Return values by the record's attributes, with records in links replaced by their ids."""
    flat = dict(values)
    misfits: list[Misfit] = [
        Misfit(name, "is given by the store and cannot be set", has_given=False)
        for name in (*_OF_THE_STORE, *(QUEUE_KEYS if model.table.queue is not None else ())) if name in flat
    ]  # fmt: skip
    for relation in model.table.relations:
        if relation.key not in flat:
            continue
        linked = flat.pop(relation.key)
        try:
            flat[relation.attribute] = _link_ids(relation, linked, described)
        except RecordInvalid as error:
            misfits += error.misfits
    if misfits:
        raise RecordInvalid(described, misfits)
    return flat


def _link_ids(relation: RelationSpec, linked: Any, described: str) -> Any:
    if not relation.many:
        return link_id(described, relation, linked)
    if isinstance(linked, str) or not isinstance(linked, Iterable):
        valid = f"has to be a list of {relation.to} records or ids"
        raise RecordInvalid(described, [Misfit(relation.key, valid, linked)])
    return [link_id(described, relation, one) for one in linked]
