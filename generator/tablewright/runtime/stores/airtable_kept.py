"""What Airtable keeps of a row that was written, so that the two can be compared."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tablewright.runtime.codec import Row
from tablewright.runtime.spec import TableSpec

_REWRITTEN: Final = frozenset({"rich_text", "attachments", "collaborator", "collaborators"})
"""Kinds that Airtable gives back in other words than they were written in."""


def in_milliseconds(row: Row) -> Row:
    """Return the row as Airtable keeps it: moments to the millisecond."""
    return {
        key: (
            value.replace(microsecond=value.microsecond // 1000 * 1000)
            if isinstance(value, datetime)
            else value
        )
        for key, value in row.items()
    }


def holding(table: TableSpec, expected: Row, row: Row) -> list[bool]:
    """Tell for each expected value whether a row holds it; links count in any order.

    Values that Airtable rewrites are left out.
    """
    return [
        _same(value, row.get(key))
        for key, value in in_milliseconds(expected).items()
        if key not in table.by_key or table.by_key[key].kind not in _REWRITTEN
    ]


def changing(table: TableSpec, values: Row, row: Row) -> Row:
    """Return those values that a row does not hold in the same order, and those of which that cannot be told."""
    kept = in_milliseconds(values)
    return {
        key: value
        for key, value in values.items()
        if (key in table.by_key and table.by_key[key].kind in _REWRITTEN) or kept[key] != row[key]
    }


def differs(table: TableSpec, expected: Row, row: Row) -> bool:
    """Tell whether a row does not hold what is expected."""
    return not all(holding(table, expected, row))


def _same(value: object, found: object) -> bool:
    if isinstance(value, list) and isinstance(found, list):
        return sorted(map(repr, value)) == sorted(map(repr, found))
    return value == found
