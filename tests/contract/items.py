"""One table with a field of every type that expressions know, and records of it with every awkward value."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tablewright.expressions.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    TEXT,
    ValueType,
    enum_type,
    list_of,
)
from tablewright.runtime import Choice, FieldSpec, OrderedChoice, RelationSpec, TableSpec
from tests.drawing import DAYS, NOW


class Color(Choice):
    """Names, labels and order all differ."""

    RED = "zzz"
    GREEN = "it's"
    BLUE = "a%"


class Size(OrderedChoice):
    """Neither names nor labels are in order."""

    SMALL = "3"
    MEDIUM = "1"
    LARGE = "2"


ITEM: TableSpec = TableSpec(
    key="Item",
    name="Items",
    sql_name="item",
    fields=(
        FieldSpec("title", "Title", "text", required=True),
        FieldSpec("note", "Note", "text"),
        FieldSpec("number", "Number", "number"),
        FieldSpec("weight", "Weight", "number", required=True),
        FieldSpec("count", "Count", "integer"),
        FieldSpec("rank", "Rank", "integer", required=True),
        FieldSpec("flag", "Flag", "boolean"),
        FieldSpec("day", "Day", "date"),
        FieldSpec("at", "At", "datetime"),
        FieldSpec("seen", "Seen", "datetime", required=True),
        FieldSpec("took", "Took", "duration"),
        FieldSpec("color", "Color", "enum", choices=Color),
        FieldSpec("size", "Size", "enum", choices=Size, default=Size.SMALL),
        FieldSpec("colors", "Colors", "enum_list", choices=Color),
        FieldSpec("extra", "Extra", "json"),
    ),
    relations=(
        RelationSpec("parent", "Parent", "Item", inverse="parts"),
        RelationSpec("needs", "Needs", "Item", many=True, inverse="needed_by"),
    ),
    tables=lambda: (ITEM,),
)

FIELDS: dict[str, ValueType] = {
    "title": TEXT,
    "note": TEXT.or_none(),
    "number": NUMBER.or_none(),
    "weight": NUMBER,
    "count": INTEGER.or_none(),
    "rank": INTEGER,
    "flag": BOOLEAN,
    "day": DATE.or_none(),
    "at": DATETIME.or_none(),
    "seen": DATETIME,
    "took": DURATION.or_none(),
    "color": enum_type("Color", nullable=True),
    "size": enum_type("Size"),
}
LISTS = {"colors": list_of(enum_type("Color"))}
RELATIONS = ("needs", "needed_by", "parts")

TEXTS = ["a", "A", "b", "%", "_", "a%b", "a_b", "it's", '"quoted"', "\\", "é", "É", "ß", "ẞ", "İ", "ΑΣ", "😀", "z😀",
         " a ", "\t\n", "'; DROP TABLE item; --", "{x}", ":name", "?", "%(x)s", "a\u00a0", "\uffff", "Ω", "ab", "abc"]  # fmt: skip
NUMBERS = [0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.125, -7.25, 100.0, 3.0, 1024.0, 999.0]
INTEGERS = [0, 1, -1, 2, 3, -3, 5, 7, -8, 10, 100, 345]
MOMENTS = [
    NOW,
    NOW - timedelta(hours=1),
    NOW + timedelta(microseconds=1),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=UTC),
]
SPANS = [
    timedelta(),
    timedelta(seconds=0.1),
    timedelta(hours=1),
    timedelta(days=-1),
    timedelta(microseconds=1),
    timedelta(seconds=0.2),
    timedelta(days=400, microseconds=3),
]
PLAIN: dict[str, list[Any]] = {
    "text": TEXTS, "number": NUMBERS, "integer": INTEGERS, "boolean": [True, False], "date": DAYS,
    "datetime": MOMENTS, "duration": SPANS,
}  # fmt: skip
ENUMS: dict[str, type[Choice]] = {"Color": Color, "Size": Size}


def rows() -> list[dict[str, Any]]:
    """Return records with every awkward value in every field, linked with one another."""
    chance = random.Random(7)
    found: list[dict[str, Any]] = []
    for place in range(40):
        row: dict[str, Any] = {"id": f"rec{place:014d}"}
        for name, kind in FIELDS.items():
            values = list(ENUMS[kind.name]) if kind.kind == "enum" else PLAIN[kind.kind]
            row[name] = None if kind.nullable and chance.random() < 0.3 else chance.choice(values)
        row["colors"] = chance.sample(list(Color), chance.randint(0, 3))
        row["extra"] = chance.choice([None, {"a": [1, None]}, [], "text", 0])
        others = [other["id"] for other in found]
        row["parent"] = chance.choice(others) if others and chance.random() < 0.6 else None
        row["needs"] = chance.sample(others, min(len(others), chance.randint(0, 3)))
        found.append(row)
    return found


def linked(plain: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with records in place of ids, both sides of every relation filled."""
    found = {row["id"]: {**row, "parts": [], "needed_by": []} for row in plain}
    for row in found.values():
        row["parent"] = found.get(row["parent"])
        row["needs"] = [found[one] for one in row["needs"]]
        if row["parent"] is not None:
            row["parent"]["parts"].append(row)
        for other in row["needs"]:
            other["needed_by"].append(row)
    return list(found.values())
