"""Records → the JSON text of answers."""

from collections.abc import Callable, Iterable

from tablewright.airtable import COMPUTED_TYPES
from tablewright.server import dates, errors
from tablewright.server.computed import Calculator
from tablewright.server.display import TextCells
from tablewright.server.jsontext import Json, JsonObject, dumps
from tablewright.server.params import Shape
from tablewright.server.rows import Row
from tablewright.server.schema import Field, Table

AttachmentView = Callable[[JsonObject], JsonObject]
_Cell = Callable[[Row], Json]


class Renderer:
    """Writes records of one table in one shape. The plain shape is kept with each row while it holds."""

    def __init__(
        self,
        calculator: Calculator,
        table: Table,
        shape: Shape,
        *,
        attachment_view: AttachmentView,
        comment_counts: dict[str, int],
    ) -> None:
        self._calculator = calculator
        self._table = table
        self._shape = shape
        self._attachment_view = attachment_view
        self._comment_counts = comment_counts
        fields = list(_chosen(table, shape.only))
        self._names = {field.id: field.id if shape.by_field_id else field.name for field in fields}
        self._special = {
            field.id: self._cell_of(field) for field in fields if self._needs_code(field)
        }
        self._is_kept = shape.is_default
        computed = any(field.type in COMPUTED_TYPES for field in table.fields.values())
        # Negative, so that it is never a version of the base's records.
        self._state = calculator.state if computed else -1 - calculator.base.schema_version

    def _needs_code(self, field: Field) -> bool:
        return (
            self._shape.as_text
            or field.is_computed
            or field.type in ("multipleAttachments", "multipleCollaborators", "singleCollaborator")
        )

    def _cell_of(self, field: Field) -> _Cell:
        calculator, table = self._calculator, self._table
        if self._shape.as_text:
            if dates.zone(self._shape.time_zone) is None:
                raise errors.invalid_request()
            texts = TextCells(calculator, self._shape.time_zone, self._shape.locale)
            return lambda row: texts.text(table, field, row)
        if field.type == "multipleAttachments":
            view = self._attachment_view
            return lambda row: [view(item) for item in row.cells.get(field.id) or ()] or None
        if field.type == "multipleLookupValues":
            return lambda row: self._lookup(field, row)
        return lambda row: calculator.cell(table, field, row)

    def _lookup(self, field: Field, row: Row) -> Json:
        found = self._calculator.cell(self._table, field, row)
        if not isinstance(found, list):
            return found
        view = self._attachment_view
        return [
            view(item) if isinstance(item, dict) and "filename" in item else item for item in found
        ]

    def fields(self, row: Row) -> JsonObject:
        """The record's fields as the shape wants them, blank ones left out."""
        cells = row.cells
        if not self._special:
            return {name: cells[key] for key, name in self._names.items() if key in cells}
        found: JsonObject = {}
        for key, name in self._names.items():
            code = self._special.get(key)
            value = cells.get(key) if code is None else code(row)
            if value is not None and value != "" and value is not False:
                found[name] = value
        return found

    def record(self, row: Row) -> str:
        """The record as JSON text."""
        if self._is_kept and row.rendered is not None and row.rendered[0] == self._state:
            return row.rendered[1]
        text = f'{{"id":"{row.id}","createdTime":"{row.created_time}","fields":{dumps(self.fields(row))}'
        if self._shape.with_comment_count:
            text += f',"commentCount":{self._comment_counts.get(row.id, 0)}'
        text += "}"
        if self._is_kept:
            row.rendered = (self._state, text)
        return text

    def records(self, rows: Iterable[Row]) -> str:
        """Records as the JSON text of an array."""
        return f"[{','.join(map(self.record, rows))}]"


def _chosen(table: Table, only: tuple[str, ...] | None) -> Iterable[Field]:
    if only is None:
        return table.fields.values()
    chosen = {}
    for key in only:
        field = table.find_field(key)
        if field is None:
            raise errors.unknown_field(key)
        chosen[field.id] = field
    return [field for field in table.fields.values() if field.id in chosen]
