"""Bases, tables and fields: what the meta end points create and change, with Airtable's refusals."""

from tablewright.airtable import (
    CREATABLE_COMPUTED_TYPES,
    CREATABLE_PRIMARY_TYPES,
    FIELD_TYPES,
    MAX_DESCRIPTION_LENGTH,
    MAX_FIELDS_PER_TABLE,
    MAX_NAME_LENGTH,
    MAX_TABLES_PER_BASE,
    UNCREATABLE_TYPES,
)
from tablewright.server import clock, errors, formulas
from tablewright.server.following import followed
from tablewright.server.ids import is_id, new_id
from tablewright.server.jsontext import Json, JsonObject
from tablewright.server.options import checked_options
from tablewright.server.schema import Base, Field, Table, folded, grid_view
from tablewright.server.transaction import Transaction
from tablewright.server.workspace import Workspace


class SchemaEditor:
    """Creates and changes schemas. `creates_computed` is false for the API as it was before May 2026."""

    def __init__(self, workspace: Workspace, *, creates_computed: bool = True) -> None:
        self._workspace = workspace
        self._creates_computed = creates_computed

    def create_base(self, body: JsonObject) -> Base:
        """A new base with its tables."""
        workspace_id = body.get("workspaceId")
        if workspace_id is None:
            # Observed in June 2026.
            raise errors.ApiError(422, "INVALID_REQUEST", "Server error")
        if workspace_id != self._workspace.workspace_id:
            raise errors.object_not_found("Workspace")
        tables = body.get("tables")
        if not isinstance(tables, list) or not tables:
            raise errors.invalid_request()
        base = self.new_base(_required_name(body))
        with Transaction(self._workspace, base) as transaction:
            transaction.add_base()
            for table in tables:
                self._create_table(transaction, table)
        return base

    def new_base(self, name: str, base_id: str | None = None) -> Base:
        """A base that the workspace does not know yet."""
        created = clock.whole_second(self._workspace.now())
        return Base(base_id or new_id("app"), name, self._workspace.workspace_id, created)

    def create_table(self, base: Base, body: JsonObject) -> Table:
        """A new table with its first view."""
        with Transaction(self._workspace, base) as transaction:
            return self._create_table(transaction, body)

    def _create_table(self, transaction: Transaction, body: Json) -> Table:
        if not isinstance(body, dict):
            raise errors.invalid_request()
        name = _required_name(body)
        fields = body.get("fields")
        if not isinstance(fields, list) or not fields:
            raise errors.invalid_request()
        if not all(isinstance(given, dict) for given in fields):
            raise errors.invalid_request()
        if len(transaction.base.tables) >= MAX_TABLES_PER_BASE:
            raise errors.invalid_request(f"A base holds at most {MAX_TABLES_PER_BASE} tables")
        if transaction.base.has_name(name):
            raise errors.duplicate_table(name)
        description = _description(body, may_be_empty=False)
        table = Table(new_id("tbl"), name, primary_field_id="", description=description)
        table.views.append(grid_view(new_id("viw"), []))
        transaction.add_table(table)
        for given in fields:
            self._add_field(transaction, table, given)
        return table

    def update_table(self, base: Base, table: Table, body: JsonObject) -> None:
        """Name, description and date dependencies."""
        if not any(key in body for key in ("name", "description", "dateDependencySettings")):
            raise errors.invalid_request()
        with Transaction(self._workspace, base) as transaction:
            transaction.alter(table)
            if "name" in body:
                name = _required_name(body)
                if base.has_name(name, other_than=table.id):
                    raise errors.duplicate_table(name)
                table.name = name
            if "description" in body:
                table.description = _description(body, may_be_empty=True)
            if "dateDependencySettings" in body:
                table.date_dependency = _date_dependency(table, body["dateDependencySettings"])

    def create_field(self, base: Base, table: Table, body: JsonObject) -> Field:
        """A new field at the end of the table."""
        with Transaction(self._workspace, base) as transaction:
            return self._add_field(transaction, table, body)

    def _add_field(self, transaction: Transaction, table: Table, given: JsonObject) -> Field:
        base = transaction.base
        name, kind = given.get("name"), given.get("type")
        if not isinstance(name, str) or not name.strip() or table.has_name(name):
            raise errors.duplicate_or_empty_field(name if isinstance(name, str) else "")
        if len(name) > MAX_NAME_LENGTH or len(table.fields) >= MAX_FIELDS_PER_TABLE:
            raise errors.invalid_request()
        if kind == "lookup":
            raise errors.not_creatable(table.name, name, "lookup")
        if kind not in FIELD_TYPES:
            raise errors.invalid_request()
        if (kind in UNCREATABLE_TYPES and not self._workspace.is_by_hand) or (
            kind in CREATABLE_COMPUTED_TYPES and not self._creates_computed
        ):
            raise errors.not_creatable(table.name, name, kind)
        if not table.fields and kind not in CREATABLE_PRIMARY_TYPES:
            # Type and text of this refusal are unconfirmed.
            raise errors.invalid_request(f"A field of type {kind} cannot be the primary field")
        options, problems = checked_options(name, kind, given.get("options"))
        if problems:
            raise errors.bad_options(table.name, name, problems)
        description = _description(given, may_be_empty=True)
        field = Field(new_id("fld"), name, kind, description, options)
        transaction.alter(table)
        if kind in CREATABLE_COMPUTED_TYPES:
            try:
                field.options = formulas.completed_options(base, table, field)
            except formulas.BadDefinitionError as problem:
                raise errors.bad_options(
                    table.name, name, [f"{name}.{problem}"], problem.detail
                ) from None
        table.add_field(field)
        if not table.primary_field_id:
            table.primary_field_id = field.id
        if kind == "multipleRecordLinks":
            self._add_inverse(transaction, table, field)
        return field

    def _add_inverse(self, transaction: Transaction, table: Table, field: Field) -> None:
        options = field.options or {}
        target = transaction.base.tables.get(options["linkedTableId"])
        if target is None:
            raise errors.model_not_found()
        view = options.get("viewIdForRecordSelection")
        if view is not None and target.find_view(view) is None:
            raise errors.unknown_view(view, is_id=True)
        field.options = {**options, "isReversed": False, "prefersSingleRecordLink": False}
        if target is table:
            # That a link to its own table, made by the API, gets no second field is unconfirmed.
            return
        if len(target.fields) >= MAX_FIELDS_PER_TABLE:
            raise errors.invalid_request()
        transaction.alter(target)
        inverse = Field(
            new_id("fld"),
            target.free_name(table.name),
            "multipleRecordLinks",
            options={
                "linkedTableId": table.id,
                "isReversed": False,
                "prefersSingleRecordLink": False,
                "inverseLinkFieldId": field.id,
            },
        )
        field.options["inverseLinkFieldId"] = inverse.id
        target.add_field(inverse)

    def update_field(self, base: Base, table: Table, field: Field, body: JsonObject) -> None:
        """Name, description, and the text of a formula; nothing else can be changed."""
        if not any(key in body for key in ("name", "description", "options", "type")):
            raise errors.invalid_request("name, description, and/or options must be specified")
        if "type" in body:
            raise errors.options_are_fixed()
        with Transaction(self._workspace, base) as transaction:
            transaction.alter(table)
            if "name" in body:
                name = body["name"]
                if (
                    not isinstance(name, str)
                    or not folded(name)
                    or table.has_name(name, other_than=field.id)
                ):
                    raise errors.duplicate_or_empty_field(name if isinstance(name, str) else "")
                if len(name) > MAX_NAME_LENGTH:
                    raise errors.invalid_request()
                field.name = name
                table.index()
            if "description" in body:
                field.description = _description(body, may_be_empty=True)
            if "options" in body:
                self._change_formula(transaction, table, field, body["options"])

    def _change_formula(
        self, transaction: Transaction, table: Table, field: Field, options: Json
    ) -> None:
        if (
            field.type != "formula"
            or not isinstance(options, dict)
            or set(options) != {"formula"}
            or not isinstance(options["formula"], str)
        ):
            raise errors.options_are_fixed()
        wanted = Field(field.id, field.name, field.type, options=options)
        try:
            with followed(transaction, field):
                field.options = formulas.completed_options(transaction.base, table, wanted)
        except formulas.BadDefinitionError as problem:
            raise errors.bad_options(
                table.name, field.name, [f"{field.name}.{problem}"], problem.detail
            ) from None


def _required_name(body: JsonObject) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME_LENGTH:
        raise errors.invalid_request()
    return name


def _description(body: JsonObject, *, may_be_empty: bool) -> str | None:
    text = body.get("description")
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > MAX_DESCRIPTION_LENGTH:
        raise errors.invalid_request()
    if not text and not may_be_empty:
        raise errors.invalid_request()
    return text or None


_DEPENDENCY_FIELDS = ("startDateFieldId", "endDateFieldId", "durationFieldId")
_DEPENDENCY_KEYS = frozenset(
    {
        *_DEPENDENCY_FIELDS,
        "isEnabled",
        "predecessorFieldId",
        "reschedulingMode",
        "shouldSkipWeekendsAndHolidays",
        "holidays",
        "isForwardOnly",
    }
)


def _date_dependency(table: Table, settings: Json) -> JsonObject | None:
    """Settings are kept and shown; the server moves no dates by them."""
    if settings is None:
        return None
    if not isinstance(settings, dict) or not _DEPENDENCY_KEYS.issuperset(settings):
        raise errors.invalid_request()
    for key in (*_DEPENDENCY_FIELDS, "predecessorFieldId"):
        given = settings.get(key)
        if given is not None and not (is_id(given, "fld") and given in table.fields):
            raise errors.invalid_request()
    return settings
