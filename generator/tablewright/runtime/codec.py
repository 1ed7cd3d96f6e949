"""Values of a record ↔ values of a row. Every value is checked against its specification on the way to the store.

Rows hold plain Python values: text, numbers, aware datetimes, dates, timedeltas, members of enums, lists of these, and
JSON for everything else. What is blank in Airtable is blank here: an empty text is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from tablewright.runtime.encoders import Encoder, converter, to_link, to_links
from tablewright.runtime.errors import Misfit, RecordInvalid
from tablewright.runtime.spec import ArgumentSpec, FieldSpec, TableSpec
from tablewright.runtime.unfit_values import Unfit

Row = dict[str, Any]


def encode_changes(table: TableSpec, values: Mapping[str, Any], record: str) -> Row:
    """Return *values*, given by field and relation keys, as a row; links are ids.

    Raises:
        RecordInvalid: with every value that does not fit.
    """
    row: Row = {}
    misfits: list[Misfit] = []
    encoders = table_encoders(table)
    for key, value in values.items():
        try:
            row[key] = encoders[key](value)
        except Unfit as unfit:
            misfits.append(unfit.misfit(key, value))
    if misfits:
        raise RecordInvalid(record, misfits)
    return row


@cache
def table_encoders(table: TableSpec) -> Mapping[str, Encoder]:
    """Return the check and conversion of every field and relation that can be written."""
    encoders = {one.key: encoder(one) for one in table.fields if not one.is_computed}
    encoders |= {one.key: to_links(one) if one.many else to_link(one) for one in table.relations}
    return encoders


@cache
def encoder(spec: FieldSpec | ArgumentSpec) -> Encoder:
    """Return the function that checks a value of a field or argument and gives what the row holds."""
    convert = converter(spec)
    required = spec.required or (isinstance(spec, FieldSpec) and not spec.is_nullable)
    if isinstance(spec, FieldSpec) and spec.kind == "boolean":
        return lambda value: convert(False if value is None else value)
    if isinstance(spec, FieldSpec) and spec.is_listed:
        return (
            _filled(convert)
            if spec.required
            else lambda value: convert([] if value is None else value)
        )

    def encode(value: Any) -> Any:
        found = None if value is None else convert(value)
        if found is None and required:
            raise Unfit("is required", has_given=False)
        return found

    return encode


def _filled(convert: Encoder) -> Encoder:
    def encode(value: Any) -> Any:
        found = [] if value is None else convert(value)
        if not found:
            raise Unfit("is required", has_given=False)
        return found

    return encode
