"""Typed expressions that grow by chance over the table of `items`."""

from __future__ import annotations

from collections.abc import Callable
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
    record_of,
    records_of,
)
from tests.contract.items import ENUMS, FIELDS, LISTS, PLAIN, RELATIONS
from tests.drawing import Draw, Drawing


class Growing(Drawing):
    """Draws typed trees as the resolver and the condition builder make them."""

    def __init__(self, draw: Draw) -> None:
        super().__init__(draw)
        self.variables: list[tree.Variable] = []

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
                self.list_length,
            ],
            "number": [
                self.number_call,
                self.number_arithmetic,
                self.negated("number"),
                self.in_unit,
            ],
            "duration": [self.duration, self.negated("duration"), self.span],
            "datetime": [lambda _: self.moved(DATETIME), lambda _: tree.Call("now", (), DATETIME)],
            "date": [
                lambda d: self.call("date", ("datetime",), DATE, d),
                lambda _: self.moved(DATE),
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
        if self.flipped():
            return self.call("abs", ("number",), NUMBER, depth)
        places = tree.literal(self.draw(st.integers(-2, 3)))
        value = self.value(self.one_of(["number", "integer"]), depth)
        parts = (value, places) if self.flipped() else (value,)
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

    def moved(self, kind: ValueType) -> tree.Node:
        operator = self.one_of(["+", "-"])
        left, right = self.leaf(kind.kind), self.leaf("duration")
        if operator == "+" and self.flipped():
            left, right = right, left
        nullable = left.type.nullable or right.type.nullable
        return tree.Arithmetic(operator, left, right, kind.or_none(nullable))

    def length_of(self, depth: int) -> tree.Node:
        if self.flipped():
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
        condition = self.condition(depth - 1) if self.flipped() else None
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
        choices = (*plain, tree.BLANK) if self.flipped() else plain
        return tree.Membership(self.value(kind, depth, name), choices, self.flipped())

    def blank_test(self, depth: int) -> tree.Node:
        owner = self.owner()
        special = [
            tree.Field("colors", LISTS["colors"], owner),
            tree.Field("extra", ValueType("json", True), owner),
        ]
        kind, name = self.kind(ordered=False)
        operand = self.one_of([self.value(kind, depth, name), *special])
        return tree.BlankTest(operand, self.flipped())

    def list_contains(self, _: int) -> tree.Node:
        return tree.ListContains(
            tree.Field("colors", LISTS["colors"], self.owner()), self.leaf("enum", "Color")
        )

    def list_length(self, _: int) -> tree.Node:
        return tree.Call("len", (tree.Field("colors", LISTS["colors"], self.owner()),), INTEGER)

    def text_test(self, depth: int) -> tree.Node:
        name = self.one_of(["contains", "startswith", "endswith"])
        return tree.Call(name, (self.value("text", depth), self.value("text", depth)), BOOLEAN)

    def link_test(self, _: int) -> tree.Node:
        link = tree.Field("parent", record_of("Item"), self.owner())
        if self.flipped():
            return tree.BlankTest(link, self.flipped())
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
