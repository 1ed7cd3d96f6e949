"""Rows ↔ the cells of Airtable's records: pydantic's core converts, by rules that are made once for each table.

Blank cells and unchecked boxes are missing from Airtable's answers: they read as the field's default, as False, or as
None. A computed value that is an error, or no number, reads as blank. Formats: airtable.com/developers/web/api/field-model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import get_annotations
from typing import Any, Final

from pydantic_core import SchemaSerializer, SchemaValidator, ValidationError
from pydantic_core import core_schema as core

from tablewright.expressions.formula_text import FormulaField, Shape, Unsayable, field_reference
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import Misfit, RecordInvalid
from tablewright.runtime.lazy_row import LazyRow
from tablewright.runtime.spec import FieldSpec, RelationSpec, TableSpec
from tablewright.runtime.stores.airtable_cell_rules import (
    blank,
    bounded,
    cell_schema,
    moment,
    moment_rule,
    or_blank,
    record_schema,
    written_schema,
)
from tablewright.runtime.stores.airtable_names import TableNames, parts_of

ID: Final = "id"
CREATED: Final = "created_time"


class TableCells:
    """The conversions of one table."""

    def __init__(self, table: TableSpec, names: TableNames) -> None:
        self.table = table
        self.names = names
        self.timed = tuple(one.key for one in table.fields if one.kind == "created_time")
        self.readable: dict[str, FieldSpec | RelationSpec] = {
            one.key: one
            for one in parts_of(table)
            if one.key not in self.timed and one.key not in names.absent
        }
        self.written = frozenset(
            key
            for key, one in self.readable.items()
            if isinstance(one, RelationSpec) or not one.is_computed
        )
        self.fields = [names.fields[key] for key in self.readable]
        self._decode = SchemaValidator(_decoding(self)).validate_python
        self._encode = SchemaSerializer(_encoding(self)).to_python
        self._makers: dict[type[Any], Callable[[Mapping[str, Any]], Any] | None] = {}
        # Fields that the base lacks, or that this selection leaves out, are blank in their rows.
        self._blank = {
            key: blank(one) for key, one in self._all().items() if key not in self.readable
        }

    def _all(self) -> dict[str, FieldSpec | RelationSpec]:
        return {one.key: one for one in parts_of(self.table)}

    # -- reading --------------------------------------------------------------------------------------------------

    def rows(
        self, records: Iterable[Mapping[str, Any]], report: Callable[[RecordInvalid], None]
    ) -> list[Row]:
        """Return records as rows. One that does not fit is reported and left out."""
        found: list[Row] = []
        for record in records:
            try:
                found.append(self.row(record))
            except RecordInvalid as unfit:
                report(unfit)
        return found

    def lazy_rows(self, records: Iterable[dict[str, Any]]) -> list[Row]:
        """Return records as rows that are converted when somebody looks at them; those that do not fit, too."""
        found: list[Row] = []
        for record in records:
            cells = record["fields"]
            # Beside the cells, so that a record is made of one flat dict.
            cells[_ID_ALIAS], cells[_CREATED_ALIAS] = record["id"], record["createdTime"]
            found.append(LazyRow(record, self))
        return found

    def maker(self, model: type[Any]) -> Callable[[Mapping[str, Any]], Any] | None:
        """Return the function that makes records straight from answers, in one pass of pydantic's core.

        None for a class with validators or fields of its own: those are heard in the slower way.
        """
        if model not in self._makers:
            self._makers[model] = self._made_maker(model)
        return self._makers[model]

    def _made_maker(self, model: type[Any]) -> Callable[[Mapping[str, Any]], Any] | None:
        attributes = {
            one.attribute if isinstance(one, RelationSpec) else key: key
            for key, one in self._all().items()
        }
        if not _is_as_generated(model, {ID, CREATED, *attributes}):
            return None
        if any(_has_rules_of_its_own(one) for one in self.table.fields):
            return None
        fields: dict[str, core.ModelField] = {}
        for name in model.model_fields:
            if name in (ID, CREATED) or attributes[name] in self.timed:
                rule = core.str_schema() if name == ID else moment_rule()
                alias = _ID_ALIAS if name == ID else _CREATED_ALIAS
                fields[name] = core.model_field(rule, validation_alias=alias)
                continue
            key = attributes[name]
            one = self._all()[key]
            if key in self.readable:
                rule = or_blank(bounded(record_schema(one), one), one, model.model_fields[name])
                fields[name] = core.model_field(rule, validation_alias=self.names.fields[key])
            else:
                fields[name] = core.model_field(
                    core.with_default_schema(core.any_schema(), default=blank(one))
                    if not isinstance(blank(one), list)
                    else core.with_default_schema(core.any_schema(), default_factory=list)
                )
        schema = core.model_schema(
            model, core.model_fields_schema(fields, extra_behavior="ignore"), custom_init=False
        )
        return _own_validator(schema).validate_python

    def row(self, record: Mapping[str, Any]) -> Row:
        """Return a record as a row.

        Raises:
            RecordInvalid: it holds a value that the schema does not know, such as a new choice.
        """
        try:
            row: Row = self._decode(record["fields"])
        except ValidationError as error:
            raise self._unfit(record, error) from None
        row.update(self._blank)
        created = moment(record["createdTime"])
        row[ID], row[CREATED] = record["id"], created
        for key in self.timed:
            row[key] = created
        return row

    def part(self, record: Mapping[str, Any], keys: Iterable[str]) -> Row:
        """Return some of a record's values, with those that Airtable works out.

        Raises:
            RecordInvalid: as in `row`.
        """
        row = self.row(record)
        wanted = {*keys, *(one.key for one in self.table.fields if one.is_computed)}
        return {key: value for key, value in row.items() if key in wanted}

    def _unfit(self, record: Mapping[str, Any], error: ValidationError) -> RecordInvalid:
        keys = {self.names.fields[key]: key for key in self.readable}
        misfits: dict[str, Misfit] = {}
        for detail in error.errors(include_url=False):
            key = keys.get(str(detail["loc"][0]), str(detail["loc"][0]))
            misfits[key] = Misfit(key, self._expected(key), detail["input"])
        return RecordInvalid(f"{self.table.key} {record['id']}", list(misfits.values()))

    def _expected(self, key: str) -> str:
        one = self.readable[key]
        if isinstance(one, FieldSpec) and one.choices is not None:
            known = ", ".join(f"'{member.label}'" for member in one.choices)
            return f"has to be one of {known}"
        if isinstance(one, FieldSpec) and one.kind == "json":
            return "has to be JSON"
        named = "a link" if isinstance(one, RelationSpec) else f"of type {one.kind}"
        return f"has to be {named}"

    # -- writing --------------------------------------------------------------------------------------------------

    def new(self, row: Row) -> dict[str, Any]:
        """Return a new record's cells by the names that requests use, blanks left out."""
        cells: dict[str, Any] = self._encode(
            self._sent(row), mode="json", by_alias=True, exclude_none=True
        )
        return cells

    def changed(self, row: Row) -> dict[str, Any]:
        """Return changed cells by the names that requests use; None clears one."""
        cells: dict[str, Any] = self._encode(self._sent(row), mode="json", by_alias=True)
        return cells

    def _sent(self, row: Row) -> Row:
        if row.keys() <= self.written:
            return row
        return {key: value for key, value in row.items() if key in self.written}

    # -- formulas -------------------------------------------------------------------------------------------------

    def formula_fields(self) -> dict[str, FormulaField]:
        """Return the fields as formulas see them; those that no formula can refer to are left out."""
        found = {
            ID: FormulaField("RECORD_ID()", "text", required=True),
            CREATED: FormulaField("CREATED_TIME()", "datetime", required=True),
        }
        for key in self.timed:
            found[key] = found[CREATED]
        for key, one in self.readable.items():
            try:
                reference = field_reference(self.names.fields[key])
            except Unsayable:
                continue
            if isinstance(one, RelationSpec):
                found[key] = FormulaField(reference, "link")
            elif (shape := formula_shape(one)) is not None:
                found[key] = FormulaField(reference, shape, one.default, one.required)
        return found


_SHAPES: Final[dict[str, Shape]] = {
    "text": "text", "long_text": "text", "email": "text", "url": "text", "phone": "text",
    "rich_text": "present", "json": "present", "attachments": "present",
    "integer": "number", "number": "number", "currency": "number", "percent": "number", "rating": "number",
    "count": "number", "auto_number": "number", "duration": "seconds", "boolean": "flag",
    "date": "date", "datetime": "datetime", "last_modified_time": "datetime",
    "enum": "choice", "enum_list": "choices",
}  # fmt: skip
_RESULTS: Final[dict[str, Shape]] = {
    "text": "text", "integer": "number", "number": "number", "datetime": "datetime", "date": "date",
}  # fmt: skip


def formula_shape(spec: FieldSpec) -> Shape | None:
    """Return what a field is to a formula; None where its kind cannot be relied on there."""
    if spec.kind in ("formula", "rollup"):
        return _RESULTS.get(spec.result)
    return _SHAPES.get(spec.kind)


# -- rules ------------------------------------------------------------------------------------------------------------


def _decoding(cells: TableCells) -> core.CoreSchema:
    fields = {
        key: core.typed_dict_field(
            or_blank(cell_schema(one), one), validation_alias=cells.names.fields[key]
        )
        for key, one in cells.readable.items()
    }
    return core.typed_dict_schema(fields, extra_behavior="ignore")


_ID_ALIAS: Final = "\0id"
_CREATED_ALIAS: Final = "\0created"
"""What no field of Airtable can be called."""


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


def _has_rules_of_its_own(field: FieldSpec) -> bool:
    """Tell whether a field has rules that only its class checks."""
    is_bounded = field.minimum is not None or field.maximum is not None
    is_text = field.kind in ("text", "long_text", "email", "url", "phone")
    has_length = field.min_length is not None or field.max_length is not None
    return (
        field.pattern is not None
        or (field.kind == "duration" and is_bounded)
        or (not is_text and has_length)
    )


def _encoding(cells: TableCells) -> core.CoreSchema:
    fields = {
        key: core.typed_dict_field(
            core.nullable_schema(written_schema(one)),
            required=False,
            serialization_alias=cells.names.fields[key],
        )
        for key, one in cells.readable.items()
        if key in cells.written
    }
    return core.typed_dict_schema(fields)
