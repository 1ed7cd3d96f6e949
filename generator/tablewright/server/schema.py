"""Bases, tables, fields and views as the server holds them, and their form in the API."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tablewright.airtable import COMPUTED_TYPES
from tablewright.server.jsontext import JsonObject


@dataclass(slots=True)
class Field:
    """One field. `options` holds what was given and derived; the API does not show all of it."""

    id: str
    name: str
    type: str
    description: str | None = None
    options: JsonObject | None = None
    _names: tuple[JsonObject | None, dict[str, str]] = field(default=(None, {}), repr=False)
    """What `choice_names` found, and the options it found them in."""

    @property
    def is_computed(self) -> bool:
        return self.type in COMPUTED_TYPES

    @property
    def choices(self) -> list[JsonObject]:
        """The choices of a select, in their order; empty for other types."""
        listed: list[JsonObject] = (self.options or {}).get("choices", [])
        return listed

    def choice_names(self) -> dict[str, str]:
        """The exact names of a select's choices, by name and by id. Options are replaced, never changed in place."""
        options, names = self._names
        if options is not self.options:
            names = {choice["id"]: choice["name"] for choice in self.choices}
            names |= {name: name for name in names.values()}
            self._names = (self.options, names)
        return names

    def option(self, name: str) -> str | None:
        """The option *name* when it is a text."""
        value = (self.options or {}).get(name)
        return value if isinstance(value, str) else None

    def stored(self) -> JsonObject:
        """Everything the server knows of the field, as JSON."""
        document: JsonObject = {"id": self.id, "name": self.name, "type": self.type}
        if self.description is not None:
            document["description"] = self.description
        if self.options is not None:
            document["options"] = self.options
        return document

    def shown(self) -> JsonObject:
        """The field as the API shows it: a rollup keeps its formula to itself."""
        document = self.stored()
        if self.type == "rollup" and self.options:
            document["options"] = {
                key: value for key, value in self.options.items() if key != "formula"
            }
        return document

    @classmethod
    def from_stored(cls, document: JsonObject) -> "Field":
        """The field of a document made by `stored`, or of one found in a base schema."""
        return cls(
            id=document["id"],
            name=document["name"],
            type=document["type"],
            description=document.get("description"),
            options=document.get("options"),
        )


@dataclass(slots=True)
class Table:
    """One table: its fields with the primary one first, and its views. Names and ids are both keys."""

    id: str
    name: str
    primary_field_id: str
    description: str | None = None
    fields: dict[str, Field] = field(default_factory=dict)
    views: list[JsonObject] = field(default_factory=list)
    date_dependency: JsonObject | None = None
    keys: dict[str, Field] = field(default_factory=dict, repr=False)
    """The fields by id and by exact name."""
    link_ids: tuple[str, ...] = field(default=(), repr=False)
    """The ids of the link fields."""
    has_computed: bool = field(default=False, repr=False)
    """Whether any field is computed."""

    def find_field(self, key: str) -> Field | None:
        """The field with this id or exact name."""
        return self.keys.get(key)

    def find_view(self, key: str) -> JsonObject | None:
        """The view with this id or exact name."""
        return next((view for view in self.views if key in (view["id"], view["name"])), None)

    @property
    def primary(self) -> Field:
        return self.fields[self.primary_field_id]

    def has_name(self, name: str, *, other_than: str = "") -> bool:
        """Whether a field has this name, letter case and outer blanks aside."""
        wanted = folded(name)
        return any(
            folded(known.name) == wanted for known in self.fields.values() if known.id != other_than
        )

    def free_name(self, name: str) -> str:
        """*name*, or with ` 2`, ` 3`… behind it when the table has such a field already."""
        wanted, number = name, 1
        while self.has_name(wanted):
            number += 1
            wanted = f"{name} {number}"
        return wanted

    def add_field(self, new: Field) -> None:
        """Append *new*; every grid view shows it."""
        self.fields[new.id] = new
        for view in self.views:
            if "visibleFieldIds" in view:
                view["visibleFieldIds"].append(new.id)
        self.index()

    def index(self) -> None:
        """Take stock again after a change of fields. An id wins over an equal name."""
        self.keys = {known.name: known for known in reversed(self.fields.values())} | self.fields
        kinds = {known.id: known.type for known in self.fields.values()}
        self.link_ids = tuple(key for key, kind in kinds.items() if kind == "multipleRecordLinks")
        self.has_computed = not COMPUTED_TYPES.isdisjoint(kinds.values())

    def stored(self) -> JsonObject:
        """Everything the server knows of the table, as JSON."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "primaryFieldId": self.primary_field_id,
            "fields": [known.stored() for known in self.fields.values()],
            "views": self.views,
            "dateDependencySettings": self.date_dependency,
        }

    def shown(self, *, with_visible_fields: bool) -> JsonObject:
        """The table as the base schema shows it."""
        document: JsonObject = {"id": self.id, "name": self.name}
        if self.description is not None:
            document["description"] = self.description
        document["primaryFieldId"] = self.primary_field_id
        document["fields"] = [known.shown() for known in self.fields.values()]
        document["views"] = [
            view if with_visible_fields else {key: view[key] for key in ("id", "name", "type")}
            for view in self.views
        ]
        if self.date_dependency is not None:
            document["dateDependencySettings"] = self.date_dependency
        return document

    @classmethod
    def from_stored(cls, document: JsonObject) -> "Table":
        """The table of a document made by `stored`."""
        fields = [Field.from_stored(known) for known in document["fields"]]
        table = cls(
            id=document["id"],
            name=document["name"],
            primary_field_id=document["primaryFieldId"],
            description=document.get("description"),
            fields={known.id: known for known in fields},
            views=list(document.get("views") or []),
            date_dependency=document.get("dateDependencySettings"),
        )
        table.index()
        return table


@dataclass(slots=True)
class Base:
    """One base: its tables in the order of their creation."""

    id: str
    name: str
    workspace_id: str
    created_time: str
    tables: dict[str, Table] = field(default_factory=dict)
    version: int = 0
    """Grows with every write; what was computed at another version is out of date."""
    transactions: int = 0
    """How many writes there were: what payloads of webhooks are numbered by."""
    schema_version: int = 0
    """Grows with every change of a table or field."""

    def find_table(self, key: str) -> Table | None:
        """The table with this id or exact name."""
        return self.tables.get(key) or next(
            (table for table in self.tables.values() if table.name == key), None
        )

    def has_name(self, name: str, *, other_than: str = "") -> bool:
        """Whether a table has this name, letter case aside (that case does not count is unconfirmed)."""
        wanted = folded(name)
        return any(
            folded(table.name) == wanted for table in self.tables.values() if table.id != other_than
        )

    def field_of_id(self, field_id: str) -> tuple[Table, Field] | None:
        """The field with this id, and its table."""
        for table in self.tables.values():
            found = table.fields.get(field_id)
            if found is not None:
                return table, found
        return None

    def links_to(self, table: Table) -> Iterator[tuple[Table, Field]]:
        """Every link field of the base that points at *table*."""
        for owner in self.tables.values():
            for known in owner.fields.values():
                if (
                    known.type == "multipleRecordLinks"
                    and known.option("linkedTableId") == table.id
                ):
                    yield owner, known


@dataclass(frozen=True, slots=True)
class User:
    """Somebody a cell or a comment can name."""

    id: str
    email: str
    name: str

    def shown(self) -> JsonObject:
        """The collaborator object of a cell."""
        return {"id": self.id, "email": self.email, "name": self.name}


def folded(name: str) -> str:
    """The form in which two names are the same."""
    return name.strip().casefold()


def grid_view(view_id: str, field_ids: Iterable[str]) -> JsonObject:
    """The view every new table gets."""
    return {"id": view_id, "name": "Grid view", "type": "grid", "visibleFieldIds": list(field_ids)}
