"""What the runtime has to know of a schema, as frozen values that generated code spells out. Cheap to import."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from tablewright.runtime.choice import Choice
from tablewright.runtime.deferred import Deferred

if TYPE_CHECKING:
    from tablewright import kinds
    from tablewright.runtime.columns.base import Term
else:
    kinds = Deferred("tablewright.kinds")

CONTRACT: Final = 1
"""The shape of generated code that this runtime understands."""

OnDelete = Literal["unlink", "restrict", "cascade"]

NEVER_BLANK: Final = frozenset({"boolean"})


def require_contract(contract: int, package: str) -> None:
    """Do nothing where generated code and runtime fit together.

    Raises:
        ContractMismatch: *package* was generated for another runtime.
    """
    if contract != CONTRACT:
        from tablewright.runtime.errors import ContractMismatch

        raise ContractMismatch(package, contract, CONTRACT)


@dataclass(frozen=True, slots=True, eq=False)
class FieldSpec:
    """A field: its key in the schema, its name in Airtable, its kind, and what its values must meet.

    *result* is the kind of a formula's or rollup's value. A field that is *derived* has its expression in the table's
    `derived`; a lookup names the relation and the field that it *looks_up*.
    """

    key: str
    name: str
    kind: str
    required: bool = False
    default: Any = None
    unique: bool = False
    index: bool = False
    minimum: kinds.Bound | None = None
    maximum: kinds.Bound | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    choices: type[Choice] | None = None
    result: str = "text"
    derived: bool = False
    looks_up: tuple[str, str] | None = None

    @property
    def definition(self) -> kinds.Kind:
        """Return the row of the table of kinds."""
        return kinds.KINDS[self.kind]

    @property
    def is_computed(self) -> bool:
        """Tell whether the store works the value out, so that it is never written."""
        return self.definition.computed

    @property
    def has_column(self) -> bool:
        """Tell whether a database keeps the value; it works others out from what it keeps."""
        return not (self.derived or self.looks_up is not None or self.kind == "created_time")

    @property
    def is_listed(self) -> bool:
        """Tell whether a blank reads as an empty list."""
        return self.definition.listed

    @property
    def is_plain(self) -> bool:
        """Tell whether a value is one that is written, and that cannot be changed in place."""
        return not self.is_computed and self.definition.sql != "json"

    @property
    def is_nullable(self) -> bool:
        """Tell whether a stored value can be blank."""
        return not (
            self.required or self.default is not None or self.is_listed or self.kind in NEVER_BLANK
        )


@dataclass(frozen=True, slots=True, eq=False)
class RelationSpec:
    """A link to one record, or to *many*, of the table *to*; *inverse* is its name on the other side."""

    key: str
    name: str
    to: str
    many: bool = False
    inverse: str | None = None
    acyclic: bool = False
    required: bool = False
    on_delete: OnDelete = "unlink"

    @property
    def attribute(self) -> str:
        """Return the record's attribute that holds the linked id, or the list of ids."""
        return f"{self.key}_ids" if self.many else f"{self.key}_id"


@dataclass(frozen=True, slots=True, eq=False)
class ArgumentSpec:
    """A value that the caller of a transition gives. *to* is the table of one of kind `link`, which is a record."""

    key: str
    kind: str
    required: bool = False
    default: Any = None
    minimum: kinds.Bound | None = None
    maximum: kinds.Bound | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    choices: type[Choice] | None = None
    to: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TransitionSpec:
    """A transition. *reads* names the fields and relations its guard and effects look at, the state apart."""

    name: str
    sources: tuple[Choice, ...]
    target: Choice
    otherwise: str = ""
    takes: tuple[ArgumentSpec, ...] = ()
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LifecycleSpec:
    """The states of a table's records and the ways between them."""

    field: str
    initial: Choice
    transitions: tuple[TransitionSpec, ...]
    history: bool = False
    by_name: Mapping[str, TransitionSpec] = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.transitions})

    def open_from(self, state: Choice | None) -> tuple[TransitionSpec, ...]:
        """Return the transitions that leave *state*, guards not looked at."""
        return tuple(one for one in self.transitions if state in one.sources)


@dataclass(frozen=True, slots=True, eq=False)
class RetrySpec:
    """How a failed task comes back: the transition, and pauses in seconds that grow by *factor* from *first* to *most*.

    Each pause is made longer or shorter by a random share of up to *jitter*.
    """

    transition: str
    first: float
    factor: float
    most: float
    jitter: float


@dataclass(frozen=True, slots=True, eq=False)
class QueueSpec:
    """Which transitions workers use, in which order they take tasks, and for how many seconds they hold them.

    *timeout* is how long one attempt may take; *cancel* is the transition of a task that was asked to stop;
    *lease_field* is where leases are noted on Airtable without a database for them.
    """

    take: str
    done: str
    fail: str
    retry: RetrySpec | None = None
    cancel: str | None = None
    order_by: tuple[str, ...] = ()
    lease: float = 300.0
    timeout: float | None = None
    lease_field: str | None = None


QUEUE_KEYS: Final = ("ready_at", "attempt", "lease_until", "worker_id", "cancel_requested")
"""What the queue adds to a record, readable and set by the queue alone."""


@dataclass(frozen=True, slots=True, eq=False)
class InverseSpec:
    """The other side of a relation: the records of *source* whose *relation* holds this one."""

    key: str
    source: TableSpec
    relation: RelationSpec


@dataclass(frozen=True, slots=True, eq=False)
class TableSpec:
    """A table. *tables* returns every table of the same schema, this one included, for its relations.

    *derived* returns the values of fields that Airtable calculates, over columns, for stores that have to do it.
    *earlier* gives names in a database that this table and its tables of links had, each with the present one.
    *plain* are the keys of what a row and a record hold in the same way: whatever cannot be changed in place.
    """

    key: str
    name: str
    sql_name: str
    fields: tuple[FieldSpec, ...]
    relations: tuple[RelationSpec, ...] = ()
    lifecycle: LifecycleSpec | None = None
    queue: QueueSpec | None = None
    tables: Callable[[], tuple[TableSpec, ...]] = dataclasses.field(default=tuple, repr=False)
    derived: Callable[[], Mapping[str, Term]] = dataclasses.field(default=dict, repr=False)
    earlier: tuple[tuple[str, str], ...] = ()
    by_key: Mapping[str, FieldSpec] = dataclasses.field(init=False, repr=False)
    relations_by_key: Mapping[str, RelationSpec] = dataclasses.field(init=False, repr=False)
    relations_by_attribute: Mapping[str, RelationSpec] = dataclasses.field(init=False, repr=False)
    plain: frozenset[str] = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {one.key: one for one in self.fields})
        object.__setattr__(self, "relations_by_key", {one.key: one for one in self.relations})
        by_attribute = {one.attribute: one for one in self.relations}
        object.__setattr__(self, "relations_by_attribute", by_attribute)
        plain = (one.key for one in self.fields if one.is_plain)
        object.__setattr__(self, "plain", frozenset((*plain, *QUEUE_KEYS)))

    @property
    def family(self) -> tuple[TableSpec, ...]:
        """Return the tables of the same schema, this one included."""
        found = self.tables()
        return found if self in found else (self, *found)

    def target(self, relation: RelationSpec) -> TableSpec:
        """Return the table that *relation* leads to."""
        for table in self.family:
            if table.key == relation.to:
                return table
        raise LookupError(
            f"{self.key}.{relation.key} leads to {relation.to}, which its schema lacks"
        )

    def inverses(self) -> tuple[InverseSpec, ...]:
        """Return the other sides of all relations that lead to this table and name one."""
        return tuple(
            InverseSpec(relation.inverse, table, relation)
            for table in self.family
            for relation in table.relations
            if relation.to == self.key and relation.inverse
        )

    def enums(self) -> dict[str, type[Choice]]:
        """Return the enums of the schema by their names."""
        return {
            one.choices.__name__: one.choices
            for table in self.family
            for one in table.fields
            if one.choices is not None
        }


__all__ = [
    "CONTRACT",
    "QUEUE_KEYS",
    "ArgumentSpec",
    "FieldSpec",
    "InverseSpec",
    "LifecycleSpec",
    "OnDelete",
    "QueueSpec",
    "RelationSpec",
    "RetrySpec",
    "TableSpec",
    "TransitionSpec",
    "require_contract",
]
