"""Expressions of a schema → typed trees, with findings at their place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tablewright.check.findings import Findings
from tablewright.diagnostics import called_now
from tablewright.expressions import tree
from tablewright.expressions.resolve import (
    EnumScope,
    Problem,
    Scope,
    owners_of_members,
    resolve,
)
from tablewright.expressions.types import DATETIME, TEXT, ValueType, record_of, records_of
from tablewright.model.lifecycle import Argument
from tablewright.model.schema import Enum, Field, Relation
from tablewright.names import is_identifier
from tablewright.syntax.document import Scalar

BUILT_IN_FIELDS: Final[Mapping[str, ValueType]] = {
    "id": TEXT,
    "created_time": DATETIME.or_none(),
}
"""Fields that every record has without declaring them; before it is saved, there is no created time."""


class Unreadable(Exception):
    """An expression names a field whose own finding stands elsewhere: there is nothing more to say about it."""


class NeedsFirst(Exception):
    """An expression names a computed field whose type is not known yet."""

    def __init__(self, table: str, key: str) -> None:
        super().__init__(f"{table}.{key}")
        self.table = table
        self.key = key


@dataclass(eq=False)
class FieldTypes(Mapping[str, ValueType]):
    """The types of one table's fields, relations and computed fields, or of the arguments of one of its parts.

    Asking for one that is *waiting* to be calculated raises NeedsFirst, for an *unreadable* one Unreadable; both count
    as names of the table. Going over it gives the unreadable ones too; *known* has only those with a type.
    """

    table: str
    known: dict[str, ValueType]
    waiting: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)

    def __getitem__(self, key: str) -> ValueType:
        found = self.known.get(key)
        if found is not None:
            return found
        if key in self.unreadable:
            raise Unreadable
        if key in self.waiting:
            raise NeedsFirst(self.table, key)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return key in self.known or key in self.unreadable or key in self.waiting

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self.known, *sorted(self.unreadable))))

    def __len__(self) -> int:
        return len(self.known.keys() | self.unreadable)


@dataclass(frozen=True)
class Scopes:
    """What expressions can name: the enums, and the fields of every table, with their earlier names by table."""

    enums: Mapping[str, EnumScope]
    tables: Mapping[str, FieldTypes]
    owners: Mapping[str, tuple[str, ...]]
    renamed: Mapping[str, Mapping[str, str]]

    def of(
        self,
        table: str,
        arguments: tuple[Argument, ...] = (),
        *,
        unreadable: frozenset[str] = frozenset(),
        arguments_first: bool = False,
    ) -> Scope:
        """Return the scope of an expression of *table*; *unreadable* are arguments whose type could not be read."""
        return Scope(
            fields=self.tables[table],
            enums=self.enums,
            tables=self.tables,
            arguments=FieldTypes(
                table,
                {argument.key: argument.type for argument in arguments},
                set(),
                set(unreadable),
            ),
            arguments_first=arguments_first,
            owners=self.owners,
            renamed=self.renamed,
            table=table,
        )

    def called_now(self, table: str, key: str) -> str:
        """Return the help line for an earlier name of a table's field or relation; empty where *key* is none."""
        now = self.renamed[table].get(key)
        return "" if now is None else called_now(now)


def scopes_of(
    enums: Mapping[str, Enum],
    tables: Mapping[str, FieldTypes],
    renamed: Mapping[str, Mapping[str, str]],
) -> Scopes:
    """Return what expressions can name; *renamed* has the earlier names of each table's fields."""
    known = {
        key: EnumScope(
            tuple(value.key for value in enum.values),
            enum.ordered,
            enum.renamed,
        )
        for key, enum in enums.items()
    }
    return Scopes(known, tables, owners_of_members(known), renamed)


def field_types(
    table: str,
    fields: tuple[Field, ...],
    relations: tuple[Relation, ...],
    inverses: tuple[Relation, ...],
) -> FieldTypes:
    """Return the types of a table's fields and of both ends of its relations.

    What two of them are called is unreadable: which one an expression means cannot be told. So is a choice without
    values, which is told where its enum stands.
    """
    types: dict[str, ValueType] = {field.key: field.type for field in fields}
    unreadable = {field.key for field in fields if field.lacks_values}
    for relation in relations:
        unreadable |= {relation.key} & types.keys()
        types[relation.key] = (
            records_of(relation.target)
            if relation.many
            else record_of(relation.target, nullable=not relation.required)
        )
    for relation in inverses:
        if relation.inverse:
            unreadable |= {relation.inverse} & types.keys()
            types[relation.inverse] = records_of(relation.source)
    known = {key: one for key, one in {**BUILT_IN_FIELDS, **types}.items() if key not in unreadable}
    return FieldTypes(table, known, unreadable=unreadable)


def read_expression(
    findings: Findings,
    written: Scalar | None,
    scope: Scope,
    *,
    expected: ValueType | None = None,
    given: tree.Node | None = None,
) -> tree.Node | None:
    """Return the typed tree of an expression, or nothing where it is missing or after a finding.

    *given* is a condition that holds wherever the expression is looked at.
    """
    if written is None:
        return None
    try:
        node, problems = resolve(written.text, scope, expected=expected, given=given)
    except Unreadable:
        return None
    for problem in problems:
        report(findings, written, problem)
    return node


def report(findings: Findings, written: Scalar, problem: Problem) -> None:
    """Note a problem of an expression at its place in the file."""
    help_text = problem.help
    if (
        problem.code == "TW503"
        and written.quoted
        and is_identifier(written.text.strip())
        and not help_text.startswith("did")
    ):
        help_text = f"a text inside an expression has quotes of its own: \"'{written.text}'\""
    literal = _LITERALS.get(written.text[problem.start : problem.end].casefold())
    if problem.code == "TW503" and literal is not None:
        negates = literal == "None" and written.text[: problem.start].split()[-1:] == ["not"]
        help_text = "write 'FIELD is not None'" if negates else f"write {literal}"
    findings.error(
        written.part(problem.start, problem.end), problem.code, problem.message, help_text
    )


_LITERALS: Final = {
    "true": "True",
    "false": "False",
    **dict.fromkeys(("null", "none", "nil", "undefined"), "None"),
}
