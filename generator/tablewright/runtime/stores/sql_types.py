# ruff: noqa: ARG002  # SQLAlchemy calls these methods with more than they need
"""Column types of the SQL stores: Python values ↔ what the database keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import UserDefinedType

from tablewright.runtime.choice import Choice

Processor = Callable[[Any], Any] | None


def moment_text(moment: datetime) -> str:
    """Return a moment as text of fixed width, so that texts sort as the moments do."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"


def _read_if_it_can_be(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return *read* for the values of a column in SQLite, which holds anything. What cannot be read the record refuses."""

    def convert(value: Any) -> Any:
        if value is None:
            return None
        try:
            return read(value)
        except (ValueError, TypeError, OverflowError):
            return value

    return convert


class DayText(sqlite.DATE):
    """A day in SQLite."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        """Return the conversion of results."""
        return _read_if_it_can_be(date.fromisoformat)


class JsonText(sqlite.JSON):
    """JSON in SQLite."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        """Return the conversion of results."""
        return _read_if_it_can_be(json.loads)


class MomentText(UserDefinedType[datetime]):
    """A moment as text, for SQLite: `2026-01-31T08:00:00.000000Z`."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the declared type of the column."""
        return "TEXT"

    def bind_processor(self, dialect: Dialect) -> Processor:  # SQLAlchemy's signature
        """Return the conversion of parameters."""
        return lambda value: None if value is None else moment_text(value)

    def literal_processor(self, dialect: Dialect) -> Processor:  # the same
        """Return the conversion of what stands in a statement itself, as in a check."""
        return lambda value: f"'{moment_text(value)}'"

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:  # the same
        """Return the conversion of results."""
        return _read_if_it_can_be(datetime.fromisoformat)


class MomentStamp(sa.TypeDecorator[datetime]):
    """A moment as PostgreSQL's timestamptz, read in UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Processor:  # SQLAlchemy's signature
        """Return the conversion of results: to UTC, whatever zone the session has."""
        return lambda value: None if value is None else value.astimezone(UTC)


class Seconds(UserDefinedType[timedelta]):
    """A duration as seconds in double precision."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the declared type of the column."""
        return "DOUBLE PRECISION"

    def bind_processor(self, dialect: Dialect) -> Processor:  # SQLAlchemy's signature
        """Return the conversion of parameters."""
        return lambda value: value.total_seconds() if isinstance(value, timedelta) else value

    def literal_processor(self, dialect: Dialect) -> Processor:  # the same
        """Return the conversion of what stands in a statement itself, as in a check."""
        return lambda value: repr(value.total_seconds())

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:  # the same
        """Return the conversion of results."""
        return _read_if_it_can_be(lambda value: timedelta(seconds=value))


class MemberName(UserDefinedType[Choice]):
    """A value of an enum, kept by its name."""

    cache_ok = True

    def __init__(self, choices: type[Choice], collation: str = "") -> None:
        self.choices = choices
        self.collation = collation

    def get_col_spec(self, **_: Any) -> str:
        """Return the declared type of the column."""
        return f'TEXT COLLATE "{self.collation}"' if self.collation else "TEXT"

    def bind_processor(self, dialect: Dialect) -> Processor:  # SQLAlchemy's signature
        """Return the conversion of parameters."""
        return lambda value: value.name if isinstance(value, Choice) else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:  # the same
        """Return the conversion of results. A name that the enum lacks is kept as it is, for the record to refuse."""
        members: dict[Any, Any] = {None: None, **self.choices.__members__}
        return lambda value: members.get(value, value)


class MemberNames(sa.TypeDecorator[list[Choice]]):
    """Values of an enum, kept as a JSON array of their names."""

    impl = sa.JSON
    cache_ok = True

    def __init__(self, choices: type[Choice]) -> None:
        super().__init__()
        self.choices = choices

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Return JSONB where there is one."""
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else sa.JSON())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # SQLAlchemy's signature
        """Return the names of the values."""
        return None if value is None else [one.name for one in value]

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the values. What is no list of the enum's names is kept as it is, for the record to refuse."""
        if not isinstance(value, list):
            return [] if value is None else value
        members: dict[Any, Any] = dict(self.choices.__members__)
        return [members.get(name, name) if isinstance(name, str) else name for name in value]


class IdList(sa.TypeDecorator[list[str]]):
    """Ids that a subquery gathers as a JSON array."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Return what the subquery gives: an array on PostgreSQL, text on SQLite."""
        kind = sa.ARRAY(sa.Text()) if dialect.name == "postgresql" else sa.Text()
        return dialect.type_descriptor(kind)

    def process_result_value(self, value: Any, dialect: Dialect) -> list[str]:  # the same
        """Return the ids."""
        if isinstance(value, str):
            return [] if value == "[]" else json.loads(value)
        return value or []


def json_type() -> sa.types.TypeEngine[Any]:
    """Return the type of JSON fields; a blank one is NULL, not JSON's null."""
    return sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def text_type(dialect: str) -> sa.types.TypeEngine[Any]:
    """Return the type of texts: compared by code point on both databases."""
    return sa.Text(collation="C") if dialect == "postgresql" else sa.Text()
