"""The rules of pydantic's core by which cells become values, and values cells: one for each kind of field.

Formats: airtable.com/developers/web/api/field-model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import core_schema as core

from tablewright.runtime.cells import Attachment, Barcode, Collaborator
from tablewright.runtime.spec import FieldSpec, RelationSpec

moment: Final = datetime.fromisoformat
"""Reads a moment as Airtable writes it; pydantic's own reading has another object for UTC."""


def blank(one: FieldSpec | RelationSpec) -> Any:
    """Return what a missing cell reads as."""
    if isinstance(one, RelationSpec):
        return [] if one.many else None
    if one.is_listed:
        return []
    if one.kind == "boolean" or (one.kind in ("formula", "rollup") and one.result == "boolean"):
        # Airtable does not tell an unchecked box from one that was never touched.
        return False
    return 0 if one.kind in ("count", "auto_number") else one.default


def or_blank(schema: core.CoreSchema, one: FieldSpec | RelationSpec) -> core.CoreSchema:
    missing = blank(one)
    if isinstance(missing, list):
        return core.with_default_schema(schema, default_factory=list)
    return core.with_default_schema(schema, default=missing)


def moment_rule() -> core.CoreSchema:
    # A chain, since the function itself raises what pydantic does not take for a misfit.
    # A day without a time, from a field of type Date, has ten characters, and no zone either.
    text = core.str_schema(strict=True, min_length=len("2026-01-31T"))
    return core.chain_schema([text, core.no_info_plain_validator_function(moment)])


def _by_function(function: Callable[[Any], Any]) -> core.CoreSchema:
    """Return the rule of a conversion, whatever people's cells make it raise."""

    def convert(value: Any) -> Any:
        try:
            return function(value)
        except (TypeError, LookupError, ArithmeticError) as error:
            raise ValueError(str(error)) from error

    return core.no_info_plain_validator_function(convert)


def record_schema(one: FieldSpec | RelationSpec) -> core.CoreSchema:
    """Return the rule for a record's attribute: as for rows, with objects where rows have their JSON."""
    if isinstance(one, FieldSpec) and not one.is_computed:
        match one.kind:
            case "attachments":
                return core.list_schema(_model_rule(Attachment))
            case "collaborators":
                return core.list_schema(_model_rule(Collaborator))
            case "collaborator":
                return _model_rule(Collaborator)
            case "barcode":
                return _model_rule(Barcode)
            case _:
                pass
    return cell_schema(one)


def _model_rule(model: type[BaseModel]) -> core.CoreSchema:
    return core.no_info_plain_validator_function(model.model_validate)


def cell_schema(one: FieldSpec | RelationSpec) -> core.CoreSchema:
    """Return the rule that turns a cell which is not blank into a value."""
    if isinstance(one, RelationSpec):
        if one.many:
            return core.list_schema(core.str_schema())
        return core.no_info_plain_validator_function(_first_link)
    if one.is_computed:
        return _by_function(_computed(one))
    match one.kind:
        case "text" | "long_text" | "email" | "url" | "phone":
            return core.str_schema(strict=True)
        case "rich_text":
            return core.no_info_plain_validator_function(_marked_up)
        case "integer" | "rating":
            return core.int_schema()
        case "number" | "currency" | "percent":
            return core.float_schema()
        case "duration":
            return _by_function(_span)
        case "boolean":
            return core.bool_schema()
        case "date":
            return core.date_schema()
        case "datetime":
            return moment_rule()
        case "enum" if one.choices is not None:
            return core.enum_schema(one.choices, list(one.choices), sub_type="str")
        case "enum_list" if one.choices is not None:
            return core.list_schema(
                core.enum_schema(one.choices, list(one.choices), sub_type="str")
            )
        case "json":
            return core.chain_schema(
                [core.str_schema(strict=True), core.no_info_plain_validator_function(json.loads)]
            )
        case "attachments":
            return core.list_schema(core.no_info_plain_validator_function(_as(Attachment)))
        case "collaborators":
            return core.list_schema(core.no_info_plain_validator_function(_as(Collaborator)))
        case "collaborator":
            return core.no_info_plain_validator_function(_as(Collaborator))
        case "barcode":
            return core.no_info_plain_validator_function(_as(Barcode))
        case _:
            return core.any_schema()


def _as(model: type[BaseModel]) -> Callable[[Any], Any]:
    """Return the function that brings an object into the order in which records write it."""

    def convert(value: Any) -> Any:
        return model.model_validate(value).model_dump(mode="json", exclude_none=True)

    return convert


def _first_link(value: Any) -> str | None:
    match value:
        case [str() as first, *_]:
            return first
        case []:
            return None
        case _:
            raise ValueError("no links")


def _marked_up(value: Any) -> str | None:
    # Airtable ends formatted text in a line break of its own.
    text = str(value)
    return text.removesuffix("\n") or None


def _span(value: Any) -> timedelta:
    return timedelta(seconds=value)


def _computed(spec: FieldSpec) -> Callable[[Any], Any]:
    convert = _computed_value(spec)

    def read(value: Any) -> Any:
        if isinstance(value, dict) and ("error" in value or "specialValue" in value):
            return None
        return convert(value)

    return read


def _computed_value(spec: FieldSpec) -> Callable[[Any], Any]:
    kind = spec.result if spec.kind in ("formula", "rollup") else spec.kind
    match kind:
        case "datetime" | "created_time" | "last_modified_time":
            return _moment_of
        case "date":
            return lambda value: moment(str(value)).date()
        case "integer" | "count" | "auto_number":
            return lambda value: int(value) if float(value).is_integer() else value
        case "number":
            return float
        case "boolean":
            return bool
        case "text":
            return str
        case _:
            return lambda value: value


def _moment_of(value: Any) -> datetime:
    found = moment(str(value))
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def written_schema(one: FieldSpec | RelationSpec) -> core.CoreSchema:
    if isinstance(one, RelationSpec):
        if one.many:
            return core.list_schema(core.str_schema())
        return _by(lambda value: [] if value is None else [value])
    match one.kind:
        case "text" | "long_text" | "email" | "url" | "phone" | "rich_text":
            return core.str_schema()
        case "integer" | "rating":
            return core.int_schema()
        case "number" | "currency" | "percent":
            return core.float_schema()
        case "duration":
            return _by(timedelta.total_seconds)
        case "boolean":
            return core.bool_schema()
        case "date":
            return core.date_schema()
        case "datetime":
            return core.datetime_schema()
        case "enum" if one.choices is not None:
            return core.enum_schema(one.choices, list(one.choices), sub_type="str")
        case "enum_list" if one.choices is not None:
            return core.list_schema(
                core.enum_schema(one.choices, list(one.choices), sub_type="str")
            )
        case "json":
            return _by(_json_text)
        case "attachments":
            return _by(lambda value: [_file(item) for item in value])
        case "collaborator":
            return _by(_person)
        case "collaborators":
            return _by(lambda value: [_person(item) for item in value])
        case _:
            return core.any_schema()


def _by(function: Callable[[Any], Any]) -> core.CoreSchema:
    return core.any_schema(
        serialization=core.plain_serializer_function_ser_schema(
            lambda value: None if value is None else function(value)
        )
    )


def _json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _file(item: Mapping[str, Any]) -> dict[str, Any]:
    if item.get("id"):
        return {"id": item["id"]}
    return {key: item[key] for key in ("url", "filename") if item.get(key)}


def _person(item: Mapping[str, Any]) -> dict[str, Any]:
    key = "id" if item.get("id") else "email"
    return {key: item.get(key)}
