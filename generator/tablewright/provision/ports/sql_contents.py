"""JSON columns: rows whose values a field's type does not take, which neither the column's type nor a check tells."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection

from tablewright.provision.ports.sql_rows import NO_ROWS, FoundRows, found_rows
from tablewright.runtime.spec import FieldSpec

_LIST, _OBJECT = ("array", "a list"), ("object", "an object")
_SHAPES: Final = {
    "attachments": _LIST,
    "collaborators": _LIST,
    "collaborator": _OBJECT,
    "barcode": _OBJECT,
}
"""What JSON calls a value of a type, and what people do."""


def what_it_takes(field: FieldSpec) -> str:
    """Return what a JSON column has to hold for a field; empty where the database sees to it, or anything will do."""
    if field.kind == "enum_list":
        return f"a list of {field.choices.__name__}" if field.choices is not None else ""
    return _SHAPES[field.kind][1] if field.kind in _SHAPES else ""


def unfit_rows(connection: Connection, field: FieldSpec, rows: sa.Select[Any]) -> FoundRows:
    """Return the rows that hold something else than a field takes. The query gives their ids and the field's column."""
    if not what_it_takes(field):
        return NO_ROWS
    found = rows.subquery()
    cell: Any = found.c[field.key]
    unfit = sa.and_(cell.is_not(None), sa.not_(_fits(connection.dialect.name, cell, field)))
    return found_rows(connection, sa.select(found.columns[0]).where(unfit))


def _fits(dialect: str, cell: Any, field: FieldSpec) -> Any:
    members = list(field.choices.__members__) if field.choices is not None else []
    shape = _SHAPES.get(field.kind, _LIST)[0]
    if dialect == "postgresql":
        is_shaped = sa.func.jsonb_typeof(cell) == shape
        if not members:
            return is_shaped
        return sa.and_(is_shaped, sa.type_coerce(cell, JSONB()).contained_by(members))
    is_shaped = sa.and_(sa.func.json_valid(cell) == 1, sa.func.json_type(cell) == shape)
    each = sa.func.json_each(cell).table_valued("value", "type")
    strange = sa.or_(each.c.type != "text", each.c.value.not_in(members))
    fits = sa.not_(sa.exists().select_from(each).where(strange)) if members else sa.true()
    # SQLite looks into a text that is no JSON with an error.
    return sa.case((is_shaped, fits), else_=sa.false())
