"""Record functions: what a row says of itself."""

from __future__ import annotations

from collections.abc import Sequence

from tablewright.server.formula.code import Code, Evaluate
from tablewright.server.formula.errors import FormulaError
from tablewright.server.formula.functions.table import Group

_record = Group("Record")


@_record.form("RECORD_ID()", "the id of the row", "text")
def compile_record_id(_arguments: Sequence[Code]) -> Evaluate:
    return lambda row: row.record_id


@_record.form("CREATED_TIME()", "when the row was created", "dateTime")
def compile_created_time(_arguments: Sequence[Code]) -> Evaluate:
    return lambda row: row.created_time


@_record.form(
    "LAST_MODIFIED_TIME([field, …])",
    "when one of the fields, or any, last changed; blank when never",
    "dateTime",
)
def compile_last_modified_time(arguments: Sequence[Code]) -> Evaluate:
    if not arguments:
        return lambda row: row.last_modified_time(None)
    field_ids = [argument.field_id for argument in arguments if argument.field_id is not None]
    if len(field_ids) < len(arguments):
        raise FormulaError("arity", "LAST_MODIFIED_TIME takes fields only")
    return lambda row: row.last_modified_time(field_ids)
