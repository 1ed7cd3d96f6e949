"""Records → the JSON text of answers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tablewright.server import dates, errors
from tablewright.server.computed import Calculator
from tablewright.server.display import TextCells
from tablewright.server.jsontext import Json, JsonObject, dumps
from tablewright.server.params import Shape
from tablewright.server.rows import Row
from tablewright.server.schema import Base, Field, Table

AttachmentView = Callable[[JsonObject], JsonObject]
_Cell = Callable[[Row], Json]


@dataclass(slots=True)
class Layout:
    """What of a table an answer shows, and under which names. Holds for one state of the base's schema."""

    schema_version: int
    shape: Shape
    names: dict[str, str]
    """The key in the answer of each field, by field id, in the table's order."""
    worked_out: list[Field]
    """The fields whose cells are not shown as they are stored."""
    follows_records: bool
    """Whether what one record shows depends on others."""


class Layouts:
    """The layouts of the usual shape, kept from one request to the next."""

    def __init__(self) -> None:
        self._usual: dict[str, Layout] = {}

    def of(self, base: Base, table: Table, shape: Shape) -> Layout:
        """The layout of *table* in this shape.

        Raises:
            ApiError: the shape names a field that the table does not have.
        """
        if not shape.is_default:
            return _layout(base, table, shape)
        found = self._usual.get(table.id)
        if found is None or found.schema_version != base.schema_version:
            found = self._usual[table.id] = _layout(base, table, shape)
        return found


def _layout(base: Base, table: Table, shape: Shape) -> Layout:
    fields = list(_chosen(table, shape.only))
    return Layout(
        base.schema_version,
        shape,
        {field.id: field.id if shape.by_field_id else field.name for field in fields},
        [f for f in fields if _is_worked_out(f, shape)],
        table.has_computed,
    )


def _is_worked_out(field: Field, shape: Shape) -> bool:
    return (
        shape.as_text
        or field.is_computed
        or field.type in _VIEWED_TYPES
        or (shape.links_as_objects and field.type == "multipleRecordLinks")
    )


_VIEWED_TYPES = frozenset({"multipleAttachments", "multipleCollaborators", "singleCollaborator"})
"""Types whose cells name things that the server shows by its own account."""


class Renderer:
    """Writes records of one table in one layout. The usual shape is kept with each row while it holds."""

    def __init__(
        self,
        calculator: Calculator,
        table: Table,
        layout: Layout,
        *,
        attachment_view: AttachmentView,
        comment_counts: dict[str, int],
    ) -> None:
        self._calculator = calculator
        self._table = table
        self._shape = layout.shape
        self._names = layout.names
        self._attachment_view = attachment_view
        self._comment_counts = comment_counts
        self._special = {field.id: self._cell_of(field) for field in layout.worked_out}
        self._is_kept = layout.shape.is_default
        # Negative, so that it is never a version of the base's records.
        self._state = calculator.state if layout.follows_records else -1 - layout.schema_version

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
        if field.type == "multipleRecordLinks":
            # No date is moved here, so there is never any metadata beside the id.
            return lambda row: [{"id": key} for key in row.cells.get(field.id) or ()] or None
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

    def _fields(self, row: Row) -> JsonObject:
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
        return self.records((row,))[1:-1]

    def records(self, rows: Iterable[Row]) -> str:
        """Records as the JSON text of an array."""
        if not self._is_kept:
            return f"[{','.join(map(self._text, rows))}]"
        state, texts = self._state, []
        for row in rows:
            kept = row.rendered
            if kept is None or kept[0] != state:
                kept = row.rendered = (state, self._text(row))
            texts.append(kept[1])
        return f"[{','.join(texts)}]"

    def _text(self, row: Row) -> str:
        text = f'{{"id":"{row.id}","createdTime":"{row.created_time}","fields":{dumps(self._fields(row))}'
        if self._shape.with_comment_count:
            text += f',"commentCount":{self._comment_counts.get(row.id, 0)}'
        return text + "}"


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
