"""Schema, tables, fields, enums and relations as they were meant: names are objects, defaults are parsed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tablewright.expressions.tree import Node
from tablewright.expressions.types import ValueType
from tablewright.kinds import Bound, Kind
from tablewright.model.bounds import UNBOUNDED, Bounds, limits
from tablewright.model.computation import Computation
from tablewright.model.lifecycle import Lifecycle
from tablewright.model.queries import Query, Queue, Statistics

Default = str | bool | Bound | None
"""A default in Python: an enum's value by its key."""


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One value: its key in code, its label in Airtable and on screens."""

    key: str
    label: str
    color: str
    description: str = ""
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enum:
    """A closed list of values."""

    key: str
    description: str
    ordered: bool
    values: tuple[EnumValue, ...]
    was: tuple[str, ...] = ()

    def value(self, key: str) -> EnumValue:
        """Return the value with this key, which exists."""
        return next(value for value in self.values if value.key == key)

    @property
    def renamed(self) -> dict[str, str]:
        """Return the keys of values now by their earlier ones."""
        return {old: value.key for value in self.values for old in value.was}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a table. *options* are the type's own, defaults filled in."""

    key: str
    name: str
    kind: Kind
    type: ValueType
    description: str = ""
    enum: Enum | None = None
    required: bool = False
    default: Default = None
    has_default: bool = False
    unique: bool = False
    index: bool = False
    bounds: Bounds = UNBOUNDED
    options: Mapping[str, str | int] = field(default_factory=dict)
    was: tuple[str, ...] = ()
    computation: Computation | None = None
    """How it is worked out; only for `formula`, `rollup`, `lookup` and `count`."""

    @property
    def is_writable(self) -> bool:
        """Tell whether records of this table can be given a value for it."""
        return not self.kind.computed

    @property
    def lacks_values(self) -> bool:
        """Tell whether it is a choice between no values, as no schema without findings has one."""
        return self.enum is not None and not self.enum.values

    @property
    def limits(self) -> Bounds:
        """Return its bounds with what its type and `required` ask for beside them."""
        return limits(self.kind, self.bounds, self.options, required=self.required)

    @property
    def is_derived(self) -> bool:
        """Tell whether an expression says what it holds, so that any store can calculate it."""
        return self.computation is not None and self.computation.node is not None


@dataclass(frozen=True, slots=True)
class AddMethod:
    """A method that creates a linked record from the other side, and the fields it hands down."""

    key: str
    inherit: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A link to one or many records of *target*. *inverse* is its name on the other side, with its Airtable name."""

    key: str
    name: str
    source: str
    target: str
    many: bool
    inverse: str
    inverse_name: str
    description: str = ""
    inverse_description: str = ""
    inverse_was: tuple[str, ...] = ()
    add: AddMethod | None = None
    required: bool = False
    acyclic: bool = False
    on_delete: str = "unlink"
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Computed:
    """A field that is calculated wherever it is looked at."""

    key: str
    text: str
    node: Node
    type: ValueType
    description: str = ""
    publish: str = ""
    """Its name as a formula field in Airtable; empty where it is not published."""
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table with everything that belongs to it."""

    key: str
    name: str
    description: str
    fields: tuple[Field, ...]
    relations: tuple[Relation, ...] = ()
    inverses: tuple[Relation, ...] = ()
    """Relations of any table whose other side is this one."""
    computed: tuple[Computed, ...] = ()
    lifecycle: Lifecycle | None = None
    queries: tuple[Query, ...] = ()
    statistics: tuple[Statistics, ...] = ()
    queue: Queue | None = None
    mixin: str = ""
    """A class `package.module:Class` that the generated class inherits from; empty where there is none."""
    was: tuple[str, ...] = ()
    unmanaged: tuple[str, ...] = ()
    """Airtable names of fields that are left to people; `*` stands for any letters."""

    def field(self, key: str) -> Field:
        """Return the field with this key, which exists."""
        return next(one for one in self.fields if one.key == key)


@dataclass(frozen=True, slots=True)
class Schema:
    """A whole schema. *path* is the file it came from, as it was given."""

    name: str
    description: str
    enums: tuple[Enum, ...]
    tables: tuple[Table, ...]
    path: str
    fingerprint: str
    """A digest of what was written, includes counted in, comments and layout not."""
    unmanaged: tuple[str, ...] = ()
    """Airtable names of tables that are left to people; `*` stands for any letters."""

    def enum(self, key: str) -> Enum:
        """Return the enum with this key, which exists."""
        return next(one for one in self.enums if one.key == key)

    def table(self, key: str) -> Table:
        """Return the table with this key, which exists."""
        return next(one for one in self.tables if one.key == key)
