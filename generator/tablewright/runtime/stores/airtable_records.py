"""Answers of Airtable → records, in one pass of pydantic's core, by rules that are made once for each class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import get_annotations
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import SchemaValidator
from pydantic_core import core_schema as core

from tablewright.runtime.spec import QUEUE_KEYS, FieldSpec, RelationSpec
from tablewright.runtime.stores.airtable_cell_rules import (
    blank,
    moment,
    or_blank,
    record_schema,
)
from tablewright.runtime.stores.airtable_names import CREATED, ID, parts_of
from tablewright.runtime.values import UtcDatetime

if TYPE_CHECKING:
    from tablewright.runtime.stores.airtable_cells import TableCells

_ID_ALIAS: Final = "\0id"
_CREATED_ALIAS: Final = "\0created"
"""Where a record's id and moment of creation stand among its cells: no field of Airtable can be called so."""


class RecordMaker:
    """Makes records of one class from answers."""

    def __init__(self, schema: core.CoreSchema) -> None:
        self._all = _own_validator(core.list_schema(schema)).validate_python

    def __call__(self, answers: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Return the records of these answers.

        Raises:
            ValidationError: one of them does not fit.
        """
        flat: list[Any] = []
        for answer in answers:
            cells = answer["fields"]
            cells[_ID_ALIAS] = answer["id"]
            cells[_CREATED_ALIAS] = answer["createdTime"]
            flat.append(cells)
        return self._all(flat)  # type: ignore[no-any-return]  # pydantic says Any


def record_maker(cells: TableCells, model: type[Any]) -> RecordMaker | None:
    """Return what makes records of *model*; None for a class with validators or fields of its own."""
    parts = {
        one.attribute if isinstance(one, RelationSpec) else one.key: one
        for one in parts_of(cells.table)
    }
    leased = QUEUE_KEYS if cells.table.queue is not None else ()
    if not _is_as_generated(model, {ID, CREATED, *leased, *parts}):
        return None
    created = core.no_info_plain_validator_function(moment)
    rules: dict[str, core.ModelField] = {}
    for name, field in model.model_fields.items():
        if name in leased:
            default = core.with_default_schema(core.any_schema(), default=field.default)
            rules[name] = core.model_field(default, validation_alias=f"\0{name}")
        elif name == ID:
            rules[name] = core.model_field(core.str_schema(), validation_alias=_ID_ALIAS)
        elif name == CREATED or parts[name].key in cells.timed:
            rules[name] = core.model_field(created, validation_alias=_CREATED_ALIAS)
        elif parts[name].key in cells.readable:
            one = parts[name]
            rule = _ruled(one, field)
            if not field.is_required() and (blank(one) is not None or _takes_none(field)):
                rule = or_blank(rule, one)
            rules[name] = core.model_field(rule, validation_alias=cells.names.fields[one.key])
        else:
            # Looked for under a name that no answer has, so that it is blank.
            rules[name] = core.model_field(
                or_blank(core.any_schema(), parts[name]), validation_alias=f"\0{name}"
            )
    fields = core.model_fields_schema(rules, extra_behavior="ignore")
    return RecordMaker(core.model_schema(model, fields, custom_init=False))


def _own_validator(schema: core.CoreSchema) -> SchemaValidator:
    """Return a validator of just this schema: pydantic would take the class's own for it, which knows other names."""
    build: Any = SchemaValidator
    try:
        found: SchemaValidator = build(schema, None, False)  # the shortcut is not taken
    except TypeError:
        # Versions without that choice have no such shortcut either.
        found = build(schema)
    return found


def _is_as_generated(model: type[Any], names: set[str]) -> bool:
    """Tell whether a class is what its specification says: no validators, no fields of its own."""
    rules = model.__pydantic_decorators__
    if (
        rules.validators
        or rules.field_validators
        or rules.root_validators
        or rules.model_validators
    ):
        return False
    if model.__pydantic_post_init__ is not None or set(model.model_fields) != names:
        return False
    for cls in model.__mro__:
        if "table" in cls.__dict__:
            return True
        if set(get_annotations(cls)) & names:
            return False
    return False


# -- rules of one field -----------------------------------------------------------------------------------------------


_EXACT: Final = frozenset(
    {"text", "number", "boolean", "date", "datetime", "created_time", "last_modified_time"}
)
"""Kinds of results whose conversion leaves nothing for the class to convert or refuse."""


def _ruled(one: FieldSpec | RelationSpec, field: FieldInfo) -> core.CoreSchema:
    """Return the rule of a cell with what its class asks of the field: lengths, bounds, patterns, types of results."""
    schema = record_schema(one)
    if isinstance(one, FieldSpec) and one.is_computed:
        result = one.result if one.kind in ("formula", "rollup") else one.kind
        return schema if result in _EXACT else _also_by_class(schema, field)
    if not field.metadata or field.metadata == _UTC:
        return schema
    limits = _limits(field)
    if limits is not None:
        match schema["type"]:
            case "str" if limits.keys() <= {"min_length", "max_length"}:
                return core.str_schema(strict=True, **limits)
            case "int" if limits.keys() <= {"ge", "le"} and all(
                isinstance(limit, int) for limit in limits.values()
            ):
                return core.int_schema(**limits)
            case "float" if limits.keys() <= {"ge", "le"}:
                return core.float_schema(**limits)
            case "date" if limits.keys() <= {"ge", "le"}:
                return core.date_schema(**limits)
            case _:
                pass
    return _also_by_class(schema, field)


def _also_by_class(schema: core.CoreSchema, field: FieldInfo) -> core.CoreSchema:
    own: Any = (
        Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    )
    check = TypeAdapter[Any](own).validator.validate_python
    return core.chain_schema([schema, core.no_info_plain_validator_function(check)])


def _limits(field: FieldInfo) -> Mapping[str, Any] | None:
    """Return what a field's class says of its size; None where it says something else too."""
    found: dict[str, Any] = {}
    for one in field.metadata:
        match one:
            case MinLen(min_length=limit):
                found["min_length"] = limit
            case MaxLen(max_length=limit):
                found["max_length"] = limit
            case Ge(ge=limit):
                found["ge"] = limit
            case Le(le=limit):
                found["le"] = limit
            case _:
                return None
    return found


_UTC: Final = FieldInfo.from_annotation(UtcDatetime).metadata
"""What the class of a required moment asks: Airtable's are in UTC."""


def _takes_none(field: FieldInfo) -> bool:
    if NoneType in get_args(field.annotation):
        return True
    annotation: Any = field.annotation
    return TypeAdapter[Any](annotation).validator.isinstance_python(None)
