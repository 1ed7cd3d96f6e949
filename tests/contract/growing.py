"""Typed expressions that grow by chance over one table, and records for them with every awkward value."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tablewright.expressions import tree
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
    record_of,
    records_of,
)
from tablewright.runtime import Choice, FieldSpec, OrderedChoice, RelationSpec, TableSpec

NOW = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
"""In the hour that Central Europe skips, so that a local time zone would show."""


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
DAYS = [
    date(2026, 3, 29),
    date(2026, 1, 1),
    date(2024, 2, 29),
    date(1999, 12, 31),
    date(2026, 3, 28),
]
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


# -- generated expressions --------------------------------------------------------------------------------------------

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Growing:
    """Draws typed trees as the resolver and the condition builder make them."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.variables: list[tree.Variable] = []

    def one_of(self, choices: list[Any]) -> Any:
        return choices[self.draw(st.integers(0, len(choices) - 1))]

    def owner(self) -> tree.Node | None:
        base: tree.Node | None = self.one_of([None, None, None, *self.variables])
        if self.draw(st.integers(0, 4)) == 0:
            return tree.Field("parent", record_of("Item"), base)
        return base

    def field(self, kind: str, name: str = "") -> tree.Node:
        owner = self.owner()
        names = [one for one, known in FIELDS.items() if known.kind == kind and known.name == name]
        chosen = self.one_of(names)
        known = FIELDS[chosen]
        through = owner is not None and owner.type.nullable
        return tree.Field(chosen, known.or_none() if through else known, owner)

    def leaf(self, kind: str, name: str = "") -> tree.Node:
        pick = self.draw(st.integers(0, 5))
        if pick == 0:
            if kind == "enum":
                return tree.EnumMember(name, self.one_of([one.name for one in ENUMS[name]]))
            return tree.literal(self.one_of(PLAIN[kind]))
        if pick == 1:
            argument = f"{name or kind}_argument"
            known = enum_type(name) if kind == "enum" else ValueType(kind)  # type: ignore[arg-type]  # a kind
            return tree.Argument(argument, known.or_none())
        return self.field(kind, name)

    def value(self, kind: str, depth: int, name: str = "") -> tree.Node:
        if depth <= 0 or self.draw(st.integers(0, 3)) == 0:
            return self.leaf(kind, name)
        makers: list[Callable[[int], tree.Node]] = [
            lambda d: self.choice(kind, d, name),
            lambda d: self.coalesce(kind, d, name),
        ]
        if kind != "boolean" and name != "Color":
            makers.append(lambda d: self.extreme(kind, d, name))
            makers.append(lambda d: self.over_extreme(kind, d, name))
        special: dict[str, list[Callable[[int], tree.Node]]] = {
            "text": [self.text_call, lambda d: self.arithmetic("+", "text", "text", TEXT, d)],
            "integer": [
                self.integer_call,
                self.integer_arithmetic,
                self.negated("integer"),
                self.length_of,
            ],
            "number": [
                self.number_call,
                self.number_arithmetic,
                self.negated("number"),
                self.in_unit,
            ],
            "duration": [self.duration, self.negated("duration"), self.span],
            "datetime": [self.moment, lambda _: tree.Call("now", (), DATETIME)],
            "date": [
                lambda d: self.call("date", ("datetime",), DATE, d),
                lambda _: tree.Call("today", (), DATE),
            ],
            "boolean": [self.condition],
        }
        makers += special.get(kind, [])
        found: tree.Node = self.one_of(makers)(depth - 1)
        return found

    def choice(self, kind: str, depth: int, name: str) -> tree.Node:
        then, other = self.value(kind, depth, name), self.value(kind, depth, name)
        nullable = then.type.nullable or other.type.nullable
        known = then.type.or_none(nullable)
        return tree.Choice(self.condition(depth), then, other, known)

    def coalesce(self, kind: str, depth: int, name: str) -> tree.Node:
        parts = (self.value(kind, depth, name), self.value(kind, depth, name))
        blank = all(part.type.nullable for part in parts)
        known = parts[0].type.not_none().or_none(blank)
        return tree.Call("coalesce", parts, known)

    def extreme(self, kind: str, depth: int, name: str) -> tree.Node:
        parts = (self.value(kind, depth, name), self.value(kind, depth, name))
        blank = any(part.type.nullable for part in parts)
        return tree.Call(
            self.one_of(["min", "max"]), parts, parts[0].type.not_none().or_none(blank)
        )

    def over_extreme(self, kind: str, depth: int, name: str) -> tree.Node:
        return self.over(
            self.one_of(["min", "max"]),
            depth,
            lambda d: self.value(kind, d, name),
            ValueType.or_none,
        )

    def arithmetic(
        self, operator: Any, one: str, other: str, kind: ValueType, depth: int
    ) -> tree.Node:
        left, right = self.value(one, depth), self.value(other, depth)
        nullable = left.type.nullable or right.type.nullable or operator in ("/", "%")
        return tree.Arithmetic(operator, left, right, kind.or_none(nullable))

    def integer_arithmetic(self, depth: int) -> tree.Node:
        return self.arithmetic(
            self.one_of(["+", "-", "*", "%"]), "integer", "integer", INTEGER, min(depth, 1)
        )

    def number_arithmetic(self, depth: int) -> tree.Node:
        sides = self.one_of([("number", "number"), ("integer", "number"), ("number", "integer")])
        operator = self.one_of(["+", "-", "*", "/", "%"])
        if operator == "/":
            sides = self.one_of([sides, ("integer", "integer")])
        left, right = sides
        return self.arithmetic(operator, left, right, NUMBER, min(depth, 1))

    def negated(self, kind: str) -> Callable[[int], tree.Node]:
        return lambda depth: tree.Negate(self.value(kind, depth))

    def call(self, name: str, kinds: tuple[str, ...], result: ValueType, depth: int) -> tree.Node:
        parts = tuple(self.value(kind, depth) for kind in kinds)
        return tree.Call(name, parts, result.or_none(any(part.type.nullable for part in parts)))

    def text_call(self, depth: int) -> tree.Node:
        return self.call(self.one_of(["lower", "upper", "strip"]), ("text",), TEXT, depth)

    def integer_call(self, depth: int) -> tree.Node:
        name, kind = self.one_of(
            [
                ("len", "text"),
                ("floor", "number"),
                ("ceil", "number"),
                ("abs", "integer"),
                ("hour", "datetime"),
            ]
            + [
                (part, kind)
                for part in ("year", "month", "day", "weekday")
                for kind in ("date", "datetime")
            ]
        )
        return self.call(name, (kind,), INTEGER, depth)

    def number_call(self, depth: int) -> tree.Node:
        if self.draw(st.booleans()):
            return self.call("abs", ("number",), NUMBER, depth)
        places = tree.literal(self.draw(st.integers(-2, 3)))
        value = self.value(self.one_of(["number", "integer"]), depth)
        parts = (value, places) if self.draw(st.booleans()) else (value,)
        return tree.Call("round", parts, NUMBER.or_none(value.type.nullable))

    def in_unit(self, depth: int) -> tree.Node:
        return self.call(self.one_of(["seconds", "hours", "days"]), ("duration",), NUMBER, depth)

    def span(self, depth: int) -> tree.Node:
        name = self.one_of(["seconds", "minutes", "hours", "days", "weeks"])
        return self.call(
            name, (self.one_of(["integer", "number"]),), DURATION, 0 if depth else depth
        )

    def duration(self, depth: int) -> tree.Node:
        pick = self.one_of(["+", "-", "moments", "days", "abs"])
        if pick == "abs":
            return self.call("abs", ("duration",), DURATION, depth)
        if pick in "+-":
            return self.arithmetic(pick, "duration", "duration", DURATION, depth)
        kind = "datetime" if pick == "moments" else "date"
        return self.arithmetic("-", kind, kind, DURATION, depth)

    def moment(self, depth: int) -> tree.Node:
        operator = self.one_of(["+", "-"])
        left, right = self.leaf("datetime"), self.leaf("duration")
        if operator == "+" and self.draw(st.booleans()):
            left, right = right, left
        nullable = left.type.nullable or right.type.nullable
        return tree.Arithmetic(operator, left, right, DATETIME.or_none(nullable))

    def length_of(self, depth: int) -> tree.Node:
        if self.draw(st.booleans()):
            return self.over(
                "sum", depth, lambda d: self.value("integer", min(d, 1)), ValueType.not_none
            )
        return self.over("len", depth, None, lambda _: INTEGER)

    def over(
        self,
        quantifier: Any,
        depth: int,
        body: Callable[[int], tree.Node] | None,
        result: Callable[[ValueType], ValueType],
    ) -> tree.Node:
        relation = tree.Field(self.one_of(list(RELATIONS)), records_of("Item"), self.owner())
        variable = tree.Variable(f"x{len(self.variables)}", record_of("Item", nullable=False))
        self.variables.append(variable)
        made = body(depth - 1) if body is not None else None
        condition = self.condition(depth - 1) if self.draw(st.booleans()) else None
        self.variables.pop()
        return tree.Over(
            quantifier, variable, relation, made, condition, result(made.type if made else INTEGER)
        )

    def condition(self, depth: int) -> tree.Node:
        makers: list[Callable[[int], tree.Node]] = [
            self.compare, self.compare, self.membership, self.blank_test, self.list_contains, self.text_test,
            lambda _: self.field("boolean"), self.link_test,
        ]  # fmt: skip
        if depth > 0:
            makers += [
                lambda d: tree.Not(self.condition(d)),
                lambda d: tree.Logic(
                    self.one_of(["and", "or"]), (self.condition(d), self.condition(d))
                ),
                lambda d: self.over(
                    self.one_of(["any", "all"]), d, self.condition, lambda _: BOOLEAN
                ),
                lambda d: self.choice("boolean", d, ""),
            ]
        found: tree.Node = self.one_of(makers)(depth - 1)
        return found

    def kind(self, *, ordered: bool) -> tuple[str, str]:
        kinds = [("text", ""), ("number", ""), ("integer", ""), ("date", ""), ("datetime", ""), ("duration", ""), ("enum", "Size")]  # fmt: skip
        found: tuple[str, str] = self.one_of(
            kinds if ordered else [*kinds, ("enum", "Color"), ("boolean", "")]
        )
        return found

    def compare(self, depth: int) -> tree.Node:
        operator = self.one_of(["==", "!=", "<", "<=", ">", ">="])
        kind, name = self.kind(ordered=operator not in ("==", "!="))
        return tree.Compare(operator, self.value(kind, depth, name), self.value(kind, depth, name))

    def membership(self, depth: int) -> tree.Node:
        kind, name = self.kind(ordered=False)
        options = [self.leaf(kind, name) for _ in range(self.draw(st.integers(0, 3)))]
        plain = tuple(one for one in options if not isinstance(one, tree.Field))
        choices = (*plain, tree.BLANK) if self.draw(st.booleans()) else plain
        return tree.Membership(self.value(kind, depth, name), choices, self.draw(st.booleans()))

    def blank_test(self, depth: int) -> tree.Node:
        owner = self.owner()
        special = [
            tree.Field("colors", LISTS["colors"], owner),
            tree.Field("extra", ValueType("json", True), owner),
        ]
        kind, name = self.kind(ordered=False)
        operand = self.one_of([self.value(kind, depth, name), *special])
        return tree.BlankTest(operand, self.draw(st.booleans()))

    def list_contains(self, _: int) -> tree.Node:
        return tree.ListContains(
            tree.Field("colors", LISTS["colors"], self.owner()), self.leaf("enum", "Color")
        )

    def text_test(self, depth: int) -> tree.Node:
        name = self.one_of(["contains", "startswith", "endswith"])
        return tree.Call(name, (self.value("text", depth), self.value("text", depth)), BOOLEAN)

    def link_test(self, _: int) -> tree.Node:
        link = tree.Field("parent", record_of("Item"), self.owner())
        if self.draw(st.booleans()):
            return tree.BlankTest(link, self.draw(st.booleans()))
        known = tree.Field("id", TEXT.or_none(), link)
        return tree.Compare(
            self.one_of(["==", "!="]),
            known,
            tree.literal(f"rec{self.draw(st.integers(0, 9)):014d}"),
        )


@st.composite
def expressions(draw: Draw, *, conditions: bool) -> tree.Node:
    """Return a strategy of typed trees over ITEM."""
    growing = Growing(draw)
    if conditions:
        return growing.condition(3)
    kind, name = growing.kind(ordered=False)
    return growing.value(kind, 3, name)


@st.composite
def arguments(draw: Draw) -> dict[str, Any]:
    """Return a strategy of arguments, blank at times."""
    pools: dict[str, list[Any]] = {**PLAIN, **{name: list(enum) for name, enum in ENUMS.items()}}
    return {
        f"{name}_argument": draw(st.none() | st.sampled_from(pool)) for name, pool in pools.items()
    }
