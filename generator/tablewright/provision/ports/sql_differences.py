"""What a comparison of a database with a schema's tables found: told to people, and kept for carrying it out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from tablewright.provision.changes import Safety, Sign, SqlChange
from tablewright.provision.ports.sql_links import MovedLinks
from tablewright.provision.ports.sql_values import Retyping


@dataclass(slots=True)
class Differences:
    """Everything in which database and schema differ. Tables and columns are named as in the database.

    *left* are columns that the schema does not have and that stay, *dropped* those that go. *unmet* are checks that
    rows are against, which are not made now. *numbered* are columns that PostgreSQL is to number from now on, or not
    any more. *misfits* tell of values that a new type does not take: nothing can be
    carried out until they are changed. *rebuilt* are the tables that SQLite has to make anew.
    """

    changes: list[SqlChange] = field(default_factory=list)
    new_columns: list[tuple[str, sa.Column[Any]]] = field(default_factory=list)
    retyped: list[Retyping] = field(default_factory=list)
    nullable: list[tuple[str, str, bool]] = field(default_factory=list)
    numbered: list[tuple[str, str, bool]] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    left: dict[str, list[sa.Column[Any]]] = field(default_factory=dict)
    constraints: list[Any] = field(default_factory=list)
    old_constraints: list[Any] = field(default_factory=list)
    checks: list[tuple[str, sa.CheckConstraint]] = field(default_factory=list)
    old_checks: list[tuple[str, str]] = field(default_factory=list)
    unmet: set[tuple[str, str]] = field(default_factory=set)
    misfits: list[str] = field(default_factory=list)
    indexes: list[sa.Index] = field(default_factory=list)
    old_indexes: list[tuple[str, str]] = field(default_factory=list)
    moves: tuple[MovedLinks, ...] = ()
    rebuilt: set[str] = field(default_factory=set)

    def say(
        self, sign: Sign, safety: Safety, table: str, text: str, *, left_column: str = ""
    ) -> None:
        """Add a line to the plan."""
        self.changes.append(SqlChange(table, table, sign, safety, text, left_column))

    def new_names(self, table: str) -> set[str]:
        """Return the columns that a table gets."""
        return {column.name for where, column in self.new_columns if where == table}

    def left_names(self, table: str) -> set[str]:
        """Return the columns that a table keeps although the schema does not have them."""
        return {column.name for column in self.left.get(table, ())}

    def dropped_names(self, table: str) -> set[str]:
        """Return the columns that a table loses."""
        return {column for where, column in self.dropped if where == table}

    def required_names(self, table: str) -> set[str]:
        """Return the columns that may not be blank from now on."""
        return {name for where, name, nullable in self.nullable if where == table and not nullable}


def mentions(text: str, columns: set[str]) -> bool:
    """Tell whether the SQL of a check or index speaks of one of the columns."""
    return any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text) for one in columns)
