"""Rows ↔ the cells of Airtable's records: pydantic's core converts, by rules that are made once for each table.

Blank cells and unchecked boxes are missing from Airtable's answers: they read as the field's default, as False, or as
None. A computed value that is an error, or no number, reads as blank. Formats: airtable.com/developers/web/api/field-model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
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
    cell_schema,
    moment,
    or_blank,
    written_schema,
)
from tablewright.runtime.stores.airtable_client import Json
from tablewright.runtime.stores.airtable_names import CREATED, ID, TableNames, parts_of
from tablewright.runtime.stores.airtable_records import RecordMaker, record_maker


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
        self._validator = SchemaValidator(_decoding(self, self.readable))
        self._decode = self._validator.validate_python
        self._decoders: dict[frozenset[str], Callable[[Any], Any]] = {}
        self._encode = SchemaSerializer(_encoding(self)).to_python
        self._makers: dict[type[Any], RecordMaker | None] = {}
        # Fields that the base lacks, or that this selection leaves out, are blank in their rows.
        self._blank = {
            one.key: blank(one) for one in parts_of(table) if one.key not in self.readable
        }

    # -- reading --------------------------------------------------------------------------------------------------

    def rows(
        self,
        records: Iterable[Json],
        report: Callable[[RecordInvalid], None],
        keys: Iterable[str] | None = None,
    ) -> list[Row]:
        """Return records as rows, with all of their values or those of *keys*. One that does not fit is left out."""
        return [row for _, row in self.with_rows(records, report, keys)]

    def with_rows(
        self,
        records: Iterable[Json],
        report: Callable[[RecordInvalid], None],
        keys: Iterable[str] | None = None,
    ) -> Iterator[tuple[Json, Row]]:
        """Yield each record with its row. One that does not fit is reported and left out."""
        decode = self._decode if keys is None else self._decoder(frozenset(keys))
        for record in records:
            try:
                yield record, self._row(record, decode)
            except RecordInvalid as unfit:
                report(unfit)

    def lazy_rows(self, records: Iterable[Json]) -> list[Row]:
        """Return records as rows that are converted when somebody looks at them; those that do not fit, too."""
        return [LazyRow(record, self) for record in records]

    def maker(self, model: type[Any]) -> RecordMaker | None:
        """Return what makes records straight from answers, in one pass of pydantic's core.

        None for a class with validators or fields of its own: those are heard in the slower way.
        """
        if model not in self._makers:
            self._makers[model] = record_maker(self, model)
        return self._makers[model]

    def row(self, record: Mapping[str, Any]) -> Row:
        """Return a record as a row.

        Raises:
            RecordInvalid: it holds a value that the schema does not know, such as a new choice.
        """
        return self._row(record, self._decode)

    def fits(self, record: Mapping[str, Any], report: Callable[[RecordInvalid], None]) -> bool:
        """Tell whether a record has a row, and report it where it has none."""
        if self._validator.isinstance_python(record["fields"]):
            return True
        try:
            self.row(record)
        except RecordInvalid as unfit:
            report(unfit)
        return False

    def _decoder(self, keys: frozenset[str]) -> Callable[[Any], Any]:
        known = self._decoders.get(keys)
        if known is None:
            known = self._decoders[keys] = SchemaValidator(_decoding(self, keys)).validate_python
        return known

    def _row(self, record: Mapping[str, Any], decode: Callable[[Any], Any]) -> Row:
        try:
            row: Row = decode(record["fields"])
        except ValidationError as error:
            raise self._unfit(record, error) from None
        row.update(self._blank)
        created = moment(record["createdTime"])
        row[ID], row[CREATED] = record["id"], created
        for key in self.timed:
            row[key] = created
        return row

    def part(self, record: Mapping[str, Any], keys: Iterable[str]) -> Row:
        """Return some of a record's values, with those that Airtable works out. What the others hold does not matter.

        Raises:
            RecordInvalid: as in `row`, for these.
        """
        wanted = {*keys, *(one.key for one in self.table.fields if one.is_computed)}
        row = self._row(record, self._decoder(frozenset(wanted)))
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
                if one.kind in ("formula", "rollup"):
                    # A cell that holds an error reads as blank, and an error in a condition finds nothing at all.
                    reference = f"IF(ISERROR({reference}), BLANK(), {reference})"
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


def _decoding(cells: TableCells, keys: Collection[str]) -> core.CoreSchema:
    fields = {
        key: core.typed_dict_field(
            or_blank(cell_schema(one), one), validation_alias=cells.names.fields[key]
        )
        for key, one in cells.readable.items()
        if key in keys
    }
    return core.typed_dict_schema(fields, extra_behavior="ignore")


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
