"""Expressions of a schema → typed trees, with findings at their place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tablewright.check.findings import Findings
from tablewright.expressions import tree
from tablewright.expressions.resolve import EnumScope, Problem, Scope, resolve
from tablewright.expressions.types import DATETIME, TEXT, ValueType, record_of, records_of
from tablewright.model.lifecycle import Argument
from tablewright.model.schema import Enum, Field, Relation
from tablewright.names import is_identifier
from tablewright.syntax.document import Scalar

BUILT_IN_FIELDS: Mapping[str, ValueType] = {"id": TEXT, "created_time": DATETIME}
"""Fields that every record has without declaring them."""


@dataclass(frozen=True)
class Scopes:
    """What expressions can name: the enums, and the fields of every table."""

    enums: Mapping[str, EnumScope]
    tables: Mapping[str, Mapping[str, ValueType]]

    def of(
        self, table: str, arguments: tuple[Argument, ...] = (), *, arguments_first: bool = False
    ) -> Scope:
        """Return the scope of an expression of *table*."""
        return Scope(
            fields=self.tables[table],
            enums=self.enums,
            tables=self.tables,
            arguments={argument.key: argument.type for argument in arguments},
            arguments_first=arguments_first,
        )

    def with_computed(self, table: str, computed: Mapping[str, ValueType]) -> Scopes:
        """Return the scopes with the computed fields of one table added."""
        return replace(self, tables={**self.tables, table: {**self.tables[table], **computed}})


def field_types(
    fields: tuple[Field, ...], relations: tuple[Relation, ...], inverses: tuple[Relation, ...]
) -> dict[str, ValueType]:
    """Return the types of a table's fields and of both ends of its relations."""
    types: dict[str, ValueType] = dict(BUILT_IN_FIELDS)
    types |= {field.key: field.type for field in fields}
    for relation in relations:
        types[relation.key] = (
            records_of(relation.target)
            if relation.many
            else record_of(relation.target, nullable=not relation.required)
        )
    types |= {
        relation.inverse: records_of(relation.source) for relation in inverses if relation.inverse
    }
    return types


def enum_scopes(enums: Mapping[str, Enum]) -> dict[str, EnumScope]:
    """Return what expressions have to know of the enums."""
    return {
        key: EnumScope(tuple(value.key for value in enum.values), enum.ordered)
        for key, enum in enums.items()
    }


def read_expression(
    findings: Findings, written: Scalar | None, scope: Scope, *, expected: ValueType | None = None
) -> tree.Node | None:
    """Return the typed tree of an expression, or nothing where it is missing or after a finding."""
    if written is None:
        return None
    node, problems = resolve(written.text, scope, expected=expected)
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
    if problem.code == "TW503" and written.text[problem.start : problem.end] in _LITERALS:
        help_text = f"write {_LITERALS[written.text[problem.start : problem.end]]}"
    findings.error(
        written.part(problem.start, problem.end), problem.code, problem.message, help_text
    )


_LITERALS = {"true": "True", "false": "False", "null": "None", "none": "None", "nil": "None"}
