"""Bodies of writes into plain fields: JSON text → cells by field id in one pass, where nothing is to be refused.

Most writes hold texts, numbers, checkboxes, dates and known choices that are stored as they came. For them the body
is parsed and checked in compiled code, in a third of the time that parsing it and reading each cell takes. Any other
body is left to `cells`, which alone knows the refusals; a value that compiled code does not pass as it stands is read by
the same function of `cells` on both ways.
"""

from collections.abc import Callable
from typing import Final

from pydantic_core import SchemaValidator, ValidationError
from pydantic_core import core_schema as schemas

from tablewright.airtable import (
    MAX_MERGE_FIELDS,
    MAX_SELECTED_CHOICES,
    MAX_TEXT_LENGTH,
    RECORDS_PER_WRITE,
)
from tablewright.server.cells import BIGGEST_WHOLE, PLAIN_READERS
from tablewright.server.errors import ApiError
from tablewright.server.jsontext import Json, JsonObject
from tablewright.server.schema import Base, Field, Table

_Schema = schemas.CoreSchema

_TEXT: Final = schemas.str_schema(strict=True, min_length=1, max_length=MAX_TEXT_LENGTH)
_WHOLE: Final = schemas.int_schema(strict=True, ge=-BIGGEST_WHOLE, le=BIGGEST_WHOLE)
# A day above the 28th is left to the reader, which knows the months.
_DAY: Final = "[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
# No literal: one of `True` takes a 1 as well.
_FLAG: Final = schemas.bool_schema(strict=True)
_KEPT: Final[dict[str, _Schema]] = {
    "singleLineText": _TEXT,
    "multilineText": _TEXT,
    "email": _TEXT,
    "url": _TEXT,
    "phoneNumber": _TEXT,
    "number": _WHOLE,
    "percent": _WHOLE,
    "currency": _WHOLE,
    "duration": _WHOLE,
    "checkbox": schemas.no_info_after_validator_function(lambda on: on or None, _FLAG),
    "date": schemas.str_schema(strict=True, pattern=f"^{_DAY}$"),
    "dateTime": schemas.str_schema(strict=True, pattern=f"^{_DAY}T{_TIME}$"),
}
"""What fields of these types hold as it was written."""


class PlainBodies:
    """The readers of whole bodies, kept from one request to the next."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, SchemaValidator]] = {}

    def read(self, base: Base, table: Table, body: bytes) -> JsonObject | None:
        """The body of a write into *table*, with cells by field id for each record's `fields`; None where it is
        to be read cell by cell."""
        if b"NaN" in body or b"Infinity" in body:
            # Not JSON; the validator would pass over one that a repeated key puts out of the way.
            return None
        version, validator = self._known.get(table.id, (None, None))
        if validator is None or version != base.schema_version:
            validator = SchemaValidator(_body(table))
            self._known[table.id] = base.schema_version, validator
        try:
            found: JsonObject = validator.validate_json(body)
        except (ValidationError, ApiError):
            return None
        return None if found.get("typecast") else found


def _body(table: Table) -> _Schema:
    keys: dict[str, list[list[str | int]]] = {}
    for key, field in table.keys.items():
        keys.setdefault(field.id, []).append([key])
    cells = {
        field.id: _optional(schemas.nullable_schema(cell), keys[field.id])
        for field in table.fields.values()
        if (cell := _cell(field)) is not None
    }
    fields = _optional(_object(cells))
    record = _object({"id": _optional(schemas.str_schema(strict=True)), "fields": fields})
    merged = schemas.list_schema(schemas.str_schema(strict=True), max_length=MAX_MERGE_FIELDS)
    return _object(
        {
            "records": _optional(schemas.list_schema(record, max_length=RECORDS_PER_WRITE)),
            "fields": fields,
            "typecast": _optional(_FLAG),
            "returnFieldsByFieldId": _optional(_FLAG),
            "performUpsert": _optional(_object({"fieldsToMergeOn": _optional(merged)})),
        }
    )


def _object(fields: dict[str, schemas.TypedDictField]) -> _Schema:
    return schemas.typed_dict_schema(fields, extra_behavior="forbid")


def _optional(value: _Schema, keys: list[list[str | int]] | None = None) -> schemas.TypedDictField:
    return schemas.typed_dict_field(value, required=False, validation_alias=keys)


def _cell(field: Field) -> _Schema | None:
    """What a cell that is not null can hold without a refusal and without a look at other records; None for nothing."""
    names = list(dict.fromkeys(field.choice_names().values()))
    if field.type == "singleSelect":
        return schemas.literal_schema(names) if names else None
    if field.type == "multipleSelects":
        return _several(names) if names else None
    read = PLAIN_READERS.get(field.type)
    if read is None:
        return None
    otherwise = schemas.no_info_plain_validator_function(_reading(read, field))
    kept = _KEPT.get(field.type)
    if kept is None:
        return otherwise
    return schemas.union_schema([kept, otherwise], mode="left_to_right")


def _reading(read: Callable[[object, Field, Json], Json], field: Field) -> Callable[[Json], Json]:
    return lambda value: read(None, field, value)


def _several(names: list[str]) -> _Schema:
    listed = schemas.list_schema(schemas.literal_schema(names), max_length=MAX_SELECTED_CHOICES)
    return schemas.no_info_after_validator_function(
        lambda chosen: list(dict.fromkeys(chosen)) or None, listed
    )
