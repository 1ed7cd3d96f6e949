"""The values of fields: as formulas see them, and, for computed fields, as the API shows them."""

from collections.abc import Callable, Iterable
from datetime import datetime

from tablewright.server import attachments, dates
from tablewright.server.compiled import Compiled
from tablewright.server.formula import VALUES, BoundFormula, ErrorValue, Value, to_cell, to_text
from tablewright.server.formula_row import FormulaRow
from tablewright.server.formulas import shown_type
from tablewright.server.jsontext import Json
from tablewright.server.rows import Row
from tablewright.server.schema import Base, Field, Table
from tablewright.server.stored_values import AS_STORED, READERS
from tablewright.server.workspace import Workspace

Getter = Callable[[Row], Value]


class Calculator:
    """Values in one base at one moment. To be made for each request: what it computes, it keeps for that request,
    and beyond it while nothing in the base changes and no formula asks for the time."""

    def __init__(self, workspace: Workspace, base: Base, compiled: Compiled) -> None:
        self.workspace = workspace
        self.base = base
        self.now = workspace.now()
        self._schema = compiled.of(base)
        self._getters: dict[str, dict[str, Getter]] = {}
        self._running: set[tuple[str, str]] = set()
        self._prepared: set[str] = set()
        self._own_state = object()

    @property
    def state(self) -> object:
        """Equal as long as computed values stay what they are."""
        if self._schema.version != self.base.schema_version:
            return object()
        if self._schema.depends_on_time:
            return self._own_state, self.base.version
        return self.base.version

    def rows_for(self, table: Table, bound: BoundFormula) -> Callable[[Row], FormulaRow]:
        """What makes rows of *table* readable for *bound*: cells as they are where the formula reads no others."""
        fields = table.fields
        if all(fields[key].type in AS_STORED for key in bound.field_ids):
            return lambda row: FormulaRow(self.now, row, row.cells.get)
        getters = self._getters_of(table)
        return lambda row: FormulaRow(self.now, row, lambda key: getters[key](row))

    def kept_by(self, table: Table, bound: BoundFormula, rows: Iterable[Row]) -> list[Row]:
        """The rows for which the formula holds."""
        keeps, fields = bound.keeps, table.fields
        if not all(fields[key].type in AS_STORED for key in bound.field_ids):
            readable = self.rows_for(table, bound)
            return [row for row in rows if keeps(readable(row))]
        kept = []
        view: FormulaRow | None = None
        for row in rows:
            # One view for all rows: no formula looks at it after its evaluation.
            if view is None:
                view = FormulaRow(self.now, row, row.cells.get)
            view.row = row
            view.value = row.cells.get
            if keeps(view):
                kept.append(row)
        return kept

    def value(self, table: Table, field: Field, row: Row) -> Value:
        """The value of a field as formulas see it; None when blank."""
        return self._getters_of(table)[field.id](row)

    def text(self, table: Table, field: Field, row: Row) -> str:
        """The value as text, as it stands in a link's name."""
        return to_text(self.value(table, field, row))

    def cell(self, table: Table, field: Field, row: Row) -> Json:
        """The value as the API shows it; None when the field is left out."""
        if not field.is_computed:
            return row.cells.get(field.id)
        match field.type:
            case "multipleLookupValues":
                return self._lookup_cell(table, field, row)
            case "createdTime":
                return _dated(field, row.created_time)
            case "lastModifiedTime":
                value = self.value(table, field, row)
                return _dated(field, dates.cell(value)) if isinstance(value, datetime) else None
            case "createdBy":
                return self._user_cell(row.created_by)
            case "lastModifiedBy":
                return self._user_cell(row.modified_by)
            case "button" | "aiText" | "externalSyncSource":
                return row.cells.get(field.id)
            case "count" | "autoNumber":
                return self.value(table, field, row)
        return to_cell(self.value(table, field, row), shown_type(field).get("type"))

    def _user_cell(self, user_id: str | None) -> Json:
        user = self.workspace.users.get(user_id or "")
        return None if user is None else user.shown()

    def _lookup_cell(self, table: Table, field: Field, row: Row) -> Json:
        rows, passed = [row], set[str]()
        # A lookup of lookups ends at the field that the last of them shows; one in a circle shows nothing.
        while field.type == "multipleLookupValues":
            passed.add(field.id)
            found_from = [self._linked(table, field, each) for each in rows]
            target, looked_up, _ = found_from[0] if found_from else (None, None, [])
            if target is None or looked_up is None or looked_up.id in passed:
                return None
            rows = [other for _, _, linked in found_from for other in linked]
            table, field = target, looked_up
        found: list[Json] = []
        for other in rows:
            value = self.cell(table, field, other)
            if isinstance(value, list):
                found.extend(value)
            elif value is not None:
                found.append(value)
        return found or None

    def _getters_of(self, table: Table) -> dict[str, Getter]:
        found = self._getters.get(table.id)
        if found is None or len(found) != len(table.fields):
            found = {field.id: self._getter(table, field) for field in table.fields.values()}
            self._getters[table.id] = found
        return found

    def _getter(self, table: Table, field: Field) -> Getter:
        key, kind = field.id, field.type
        if kind in AS_STORED:
            return lambda row: row.cells.get(key)
        plain = READERS.get(kind)
        if plain is not None:
            read = plain
            return lambda row: read(row.cells[key]) if key in row.cells else None
        match kind:
            case "autoNumber":
                return lambda row: row.number
            case "createdTime":
                return lambda row: datetime.fromisoformat(row.created_time)
            case "lastModifiedTime":
                return lambda row: self._modified(field, row)
            case "createdBy":
                return lambda row: self._user_name(row.created_by)
            case "lastModifiedBy":
                return lambda row: self._user_name(row.modified_by)
            case "multipleAttachments":
                return lambda row: self._file_names(row.cells.get(key))
            case "count":
                link = field.option("recordLinkFieldId") or ""
                return lambda row: len(row.cells.get(link) or ())
        return lambda row: self._kept(table, field, row)

    def _user_name(self, user_id: str | None) -> Value:
        user = self.workspace.users.get(user_id or "")
        return None if user is None else user.name

    def _file_names(self, items: Json) -> Value:
        where = self.workspace.server_url
        files = [attachments.shown(item, where) for item in items or ()]
        return ", ".join(f"{file['filename']} ({file['url']})" for file in files) or None

    def _modified(self, field: Field, row: Row) -> Value:
        watched = (field.options or {}).get("referencedFieldIds") or None
        return FormulaRow(self.now, row, row.cells.get).last_modified_time(watched)

    def _kept(self, table: Table, field: Field, row: Row) -> Value:
        """The value of a formula, rollup, lookup or link, computed at most once."""
        state = self.state
        if row.computed is None or row.computed[0] != state:
            row.computed = (state, {})
        kept = row.computed[1]
        if field.id not in kept:
            self._prepare(field)
            running = (row.id, field.id)
            if running in self._running:
                # A circle, which only an imported schema can hold.
                return ErrorValue()
            self._running.add(running)
            try:
                kept[field.id] = self._compute(table, field, row)
            finally:
                self._running.discard(running)
        value: Value = kept[field.id]  # type: ignore[assignment] # the dictionary holds Values only; a row must not know formulas
        return value

    def _prepare(self, field: Field) -> None:
        """Work out for all records what stands far ahead of *field* in its chain."""
        for table, ahead in self._schema.chains.before(field):
            if ahead.id not in self._prepared:
                self._prepared.add(ahead.id)
                for row in self.workspace.rows(table):
                    self._kept(table, ahead, row)

    def _compute(self, table: Table, field: Field, row: Row) -> Value:
        match field.type:
            case "multipleRecordLinks":
                return self._link_text(field, row)
            case "formula":
                bound = self._schema.bound(table, field)
                return (
                    ErrorValue()
                    if bound is None
                    else bound.evaluate(self.rows_for(table, bound)(row))
                )
            case "rollup":
                bound = self._schema.bound(table, field)
                if bound is None:
                    return ErrorValue()
                values: list[Value] = self._linked_values(table, field, row)
                return bound.evaluate(FormulaRow(self.now, row, {VALUES: values}.get))
            case "multipleLookupValues":
                present = [v for v in self._linked_values(table, field, row) if v is not None]
                return present or None
        return None

    def _linked(
        self, table: Table, field: Field, row: Row
    ) -> tuple[Table | None, Field | None, list[Row]]:
        link = table.fields.get(field.option("recordLinkFieldId") or "")
        target = None if link is None else self.workspace.linked_table(self.base, link)
        if link is None or target is None:
            return None, None, []
        rows = self.workspace.rows(target).by_id
        linked = [rows[key] for key in row.cells.get(link.id) or () if key in rows]
        return target, target.fields.get(field.option("fieldIdInLinkedTable") or ""), linked

    def _linked_values(self, table: Table, field: Field, row: Row) -> list[Value]:
        target, looked_up, linked = self._linked(table, field, row)
        if target is None or looked_up is None:
            return []
        get = self._getters_of(target)[looked_up.id]
        values: list[Value] = []
        for other in linked:
            value = get(other)
            if isinstance(value, list):
                values.extend(value)
            else:
                values.append(value)
        return values

    def _link_text(self, field: Field, row: Row) -> Value:
        ids = row.cells.get(field.id)
        target = self.workspace.linked_table(self.base, field)
        if not ids or target is None:
            return None
        rows, get = (
            self.workspace.rows(target).by_id,
            self._getters_of(target)[target.primary_field_id],
        )
        names = [to_text(get(rows[key])) for key in ids if key in rows]
        # A name with a comma in double quotes: unconfirmed.
        return ", ".join(f'"{name}"' if "," in name else name for name in names)


def _dated(field: Field, text: str) -> str:
    """An instant of a field that shows days only is cut to its day."""
    if shown_type(field).get("type") == "date" and len(text) == len("2026-11-22T00:00:00.000Z"):
        return text[:10]
    return text
