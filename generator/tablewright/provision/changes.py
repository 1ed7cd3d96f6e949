"""The closed set of steps from a live base to the wanted one, as small frozen values that say how safe they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from tablewright import airtable

Safety = Literal["safe", "lossy", "manual", "report"]
"""`safe` loses nothing; `lossy` may and needs leave; `manual` is for people; `report` changes nothing."""
Sign = Literal["+", "~", "-", "!", " "]


@dataclass(frozen=True, slots=True)
class CreateTable:
    """A table with its plain fields. *keys* are the schema's names for these, in the order of the body."""

    sign: ClassVar[Sign] = "+"
    safety: ClassVar[Safety] = "safe"
    calls: ClassVar[int] = 1

    table: str
    table_name: str
    keys: tuple[str, ...]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CreateBase:
    """A base, made together with its first tables, since Airtable makes none without a table."""

    sign: ClassVar[Sign] = "+"
    safety: ClassVar[Safety] = "safe"
    # The bases that are there already are listed first: names of bases are not unique.
    calls: ClassVar[int] = 2

    name: str
    workspace: str
    tables: tuple[CreateTable, ...]

    table: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class RenameTable:
    sign: ClassVar[Sign] = "~"
    safety: ClassVar[Safety] = "safe"
    calls: ClassVar[int] = 1

    table: str
    table_id: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class DescribeTable:
    sign: ClassVar[Sign] = "~"
    safety: ClassVar[Safety] = "safe"
    calls: ClassVar[int] = 1

    table: str
    table_name: str
    table_id: str
    description: str


@dataclass(frozen=True, slots=True)
class AddField:
    """A field that people fill in. *rows_need* says that a record without a value does not fit the schema."""

    sign: ClassVar[Sign] = "+"
    safety: ClassVar[Safety] = "safe"
    calls: ClassVar[int] = 1

    table: str
    table_name: str
    field: str
    name: str
    body: Mapping[str, Any]
    rows_need: bool


@dataclass(frozen=True, slots=True)
class AddLink:
    """A link to *target*. Airtable makes a field for the other side by itself. *rows_need* as of a field."""

    sign: ClassVar[Sign] = "+"
    safety: ClassVar[Safety] = "safe"
    calls: ClassVar[int] = 1

    table: str
    table_name: str
    field: str
    name: str
    target: str
    target_name: str
    body: Mapping[str, Any]
    rows_need: bool


@dataclass(frozen=True, slots=True)
class NameInverse:
    """The other side of a new link gets its name. *table* is the one linked to.

    Of a link of a table to itself the API makes no other side, as far as is known (*may_be_absent*).
    """

    sign: ClassVar[Sign] = "~"
    safety: ClassVar[Safety] = "safe"
    calls: ClassVar[int] = 1

    table: str
    table_name: str
    field: str
    name: str
    description: str
    source: str
    source_name: str
    relation: str
    relation_name: str
    may_be_absent: bool


@dataclass(frozen=True, slots=True)
class AddComputed:
    """A formula, rollup, lookup or count. Where the API refuses it, it becomes a step for people."""

    sign: ClassVar[Sign] = "+"
    safety: ClassVar[Safety] = "safe"
    calls: ClassVar[int] = 1

    table: str
    table_name: str
    field: str
    name: str
    body: Mapping[str, Any]
    how: str


@dataclass(frozen=True, slots=True)
class RenameField:
    """A field gets its name. *field* is empty where the schema has no name for it.

    *key* is the one that says the name in the schema, and *place* where that stands; both are empty where nothing says it.
    """

    sign: ClassVar[Sign] = "~"
    safety: ClassVar[Safety] = "safe"
    calls: ClassVar[int] = 1

    table: str
    table_name: str
    field: str
    field_id: str
    old: str
    new: str
    key: str
    place: str


@dataclass(frozen=True, slots=True)
class DescribeField:
    """A field gets its description, which stands at *place* in the schema."""

    sign: ClassVar[Sign] = "~"
    safety: ClassVar[Safety] = "safe"
    calls: ClassVar[int] = 1

    table: str
    table_name: str
    field: str
    field_id: str
    name: str
    description: str
    place: str


@dataclass(frozen=True, slots=True)
class ChangeFormula:
    """The text of a formula: the one option that the API changes. *is_written* where it stands in the schema as it is."""

    sign: ClassVar[Sign] = "~"
    safety: ClassVar[Safety] = "safe"
    calls: ClassVar[int] = 1

    table: str
    table_name: str
    field: str
    field_id: str
    name: str
    old: str
    new: str
    how: str
    is_written: bool


@dataclass(frozen=True, slots=True)
class AddChoices:
    """New choices of a select, added by rows written with `typecast` and deleted again: the API's one way."""

    sign: ClassVar[Sign] = "~"
    safety: ClassVar[Safety] = "safe"

    table: str
    table_name: str
    field: str
    field_id: str
    name: str
    choices: tuple[str, ...]
    many: bool

    @property
    def rows(self) -> int:
        """Return how many scratch rows it takes: one for a field that holds several choices."""
        return 1 if self.many else len(self.choices)

    @property
    def calls(self) -> int:
        """Return the number of calls: rows are written, and deleted, in batches of ten."""
        return 2 * -(-self.rows // airtable.RECORDS_PER_WRITE)


@dataclass(frozen=True, slots=True)
class RetypeField:
    """Another type or other options, which the API cannot give to a field that is there."""

    sign: ClassVar[Sign] = "!"
    safety: ClassVar[Safety] = "manual"
    calls: ClassVar[int] = 0

    table: str
    table_name: str
    field: str
    field_id: str
    name: str
    old: str
    new: str
    how: str


@dataclass(frozen=True, slots=True)
class RenameChoice:
    """A choice has another label, which the API cannot give it."""

    sign: ClassVar[Sign] = "!"
    safety: ClassVar[Safety] = "manual"
    calls: ClassVar[int] = 0

    table: str
    table_name: str
    field: str
    name: str
    old: str
    new: str
    how: str


@dataclass(frozen=True, slots=True)
class FillRows:
    """A required field that *rows* have no value for: a full page of them stands for that many or more."""

    sign: ClassVar[Sign] = "!"
    safety: ClassVar[Safety] = "manual"
    calls: ClassVar[int] = 0

    table: str
    table_name: str
    field: str
    field_id: str
    name: str
    rows: int
    how: str


@dataclass(frozen=True, slots=True)
class PartRows:
    """A unique field in which *rows* share their values with others."""

    sign: ClassVar[Sign] = "!"
    safety: ClassVar[Safety] = "manual"
    calls: ClassVar[int] = 0

    table: str
    table_name: str
    field: str
    field_id: str
    name: str
    rows: tuple[str, ...]
    how: str


@dataclass(frozen=True, slots=True)
class ManualField:
    """A field that people have to make, or to free a name for."""

    sign: ClassVar[Sign] = "!"
    safety: ClassVar[Safety] = "manual"
    calls: ClassVar[int] = 0

    table: str
    table_name: str
    field: str
    name: str
    type: str
    how: str


@dataclass(frozen=True, slots=True)
class RemoveByHand:
    """A table, or a field of one, that left the schema and that only people can delete. *name* is empty for a table."""

    sign: ClassVar[Sign] = "-"
    safety: ClassVar[Safety] = "manual"
    calls: ClassVar[int] = 0

    table: str
    table_name: str
    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """A table, field or choice that the schema does not mention. It is left alone.

    *field* and *choice* are empty where the whole table, or field, is meant. *left_schema*: it was mentioned once.
    """

    sign: ClassVar[Sign] = " "
    safety: ClassVar[Safety] = "report"
    calls: ClassVar[int] = 0

    table: str
    table_name: str
    field: str = ""
    choice: str = ""
    type: str = ""
    left_schema: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know that is no difference to act on, such as another colour of a choice."""

    sign: ClassVar[Sign] = " "
    safety: ClassVar[Safety] = "report"
    calls: ClassVar[int] = 0

    table: str
    table_name: str
    text: str


@dataclass(frozen=True, slots=True)
class SqlChange:
    """One change of a SQL database, found by comparing it with the schema's tables.

    *left_column* names a column that is not in the schema, where that is what is reported.
    """

    calls: ClassVar[int] = 0

    table: str
    table_name: str
    sign: Sign
    safety: Safety
    text: str
    left_column: str = ""


Step = (
    CreateBase | CreateTable | RenameTable | DescribeTable | AddField | AddLink | NameInverse | AddComputed
    | RenameField | DescribeField | ChangeFormula | AddChoices
)  # fmt: skip
"""What `apply` carries out on Airtable."""
ManualStep = RetypeField | RenameChoice | FillRows | PartRows | ManualField | RemoveByHand
"""What people carry out, told how."""
Report = Unmanaged | Remark
Change = Step | ManualStep | Report | SqlChange

CHANGES: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Change)}
"""Every kind of change by its name, for the file form of a plan."""
