"""One meaning: the formula, read by the local Airtable's own engine, and the rest keep the records that `evaluate` does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.formula import FormulaPrinter
from tablewright.expressions.formula_text import FormulaField, field_reference
from tablewright.expressions.split import MISSING, split
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
from tablewright.runtime.choice import OrderedChoice
from tablewright.server.formula import PlainRow, parse_formula
from tests.drawing import DAYS, NOW, Drawing


class Size(OrderedChoice):
    """Ordered; neither names nor labels are in order."""

    SMALL = "3 small"
    MEDIUM = "it's \\ medium"
    LARGE = '"L"'


class Color(Enum):
    """Choices of a list."""

    RED = "Red"
    DARK_RED = "Dark Red"
    GREEN = "Green"


ENUMS: dict[str, type[Enum]] = {"Size": Size, "Color": Color}
FIELDS: dict[str, ValueType] = {
    "title": TEXT,
    "note": TEXT.or_none(),
    "weight": NUMBER.or_none(),
    "count": INTEGER.or_none(),
    "tries": INTEGER,
    "flag": BOOLEAN,
    "day": DATE.or_none(),
    "at": DATETIME.or_none(),
    "took": DURATION.or_none(),
    "size": enum_type("Size", nullable=True),
    "rank": enum_type("Size"),
}
LISTS = {"colors": list_of(enum_type("Color"))}
NAMES = {name: f'{name} {{it\'s}} "%" \\ ünï' for name in (*FIELDS, *LISTS, "parent", "needs")}
SHAPES: dict[str, Any] = {
    "text": "text", "number": "number", "integer": "number", "boolean": "flag", "date": "date",
    "datetime": "datetime", "duration": "seconds", "enum": "choice",
}  # fmt: skip
DEFAULTS: dict[str, Any] = {"tries": 2, "rank": Size.MEDIUM}
TABLE = {
    name: FormulaField(
        field_reference(NAMES[name]), SHAPES[kind.kind], DEFAULTS.get(name), name == "title"
    )
    for name, kind in FIELDS.items()
} | {
    "colors": FormulaField(field_reference(NAMES["colors"]), "choices"),
    "parent": FormulaField(field_reference(NAMES["parent"]), "link"),
    "needs": FormulaField(field_reference(NAMES["needs"]), "link"),
    "id": FormulaField("RECORD_ID()", "text", required=True),
    "created_time": FormulaField("CREATED_TIME()", "datetime", required=True),
}

TEXTS = ["a", "A", "b", "%", "it's", '"quoted"', "\\", "\\'", "é", "É", "😀", " a ", "a\nb", "\t", "', 1) & ('", "{title}",
         "}", "ab", "abc", "0", "1", "x, y", "TRUE()", "\u2028", "Dark Red"]  # fmt: skip
NUMBERS = [0.0, 1.0, -1.0, 0.5, -2.5, 1e-9, 1e21, -7.25, 100.0, 0.1, 3.0]
INTEGERS = [0, 1, -1, 2, 3, -8, 12345]
MOMENTS = [NOW, NOW - timedelta(hours=1), datetime(2026, 3, 29, 1, 30, 0, 123000, tzinfo=UTC),
           datetime(2026, 1, 1, tzinfo=UTC), datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]  # fmt: skip
SPANS = [timedelta(), timedelta(hours=1), timedelta(days=-1), timedelta(seconds=0.2), timedelta(days=400)]  # fmt: skip
POOLS: dict[str, list[Any]] = {
    "text": TEXTS, "number": NUMBERS, "integer": INTEGERS, "boolean": [True, False], "date": DAYS,
    "datetime": MOMENTS, "duration": SPANS, "Size": list(Size), "Color": list(Color),
}  # fmt: skip


def pool(kind: ValueType) -> list[Any]:
    return POOLS[kind.name or kind.kind]


def in_milliseconds(value: Any) -> Any:
    """Return what Airtable keeps of a value: of a moment, its milliseconds."""
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    return value


PARENTS = {f"rec{place:014d}": title for place, title in enumerate(["a", "x, y", "it's", "\n"])}
"""Records that are linked with, by id: what their primary field shows."""


@st.composite
def records(draw: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": "rec00000000000099",
        "created_time": in_milliseconds(draw(st.sampled_from(MOMENTS))),
    }
    for name, kind in FIELDS.items():
        values = st.sampled_from(pool(kind)).map(in_milliseconds)
        row[name] = draw(st.none() | values if kind.nullable or name in DEFAULTS else values)
    row["colors"] = draw(st.lists(st.sampled_from(list(Color)), unique=True))
    row["parent"] = draw(st.none() | st.sampled_from(list(PARENTS)))
    row["needs"] = draw(st.lists(st.sampled_from(list(PARENTS)), unique=True))
    return row


def seen(row: dict[str, Any]) -> dict[str, Any]:
    """Return the record as the program reads it: defaults for blanks, records for links."""
    found = {name: DEFAULTS.get(name) if value is None else value for name, value in row.items()}
    parents = {one: {"id": one, "title": title} for one, title in PARENTS.items()}
    found["parent"] = parents.get(row["parent"])
    found["needs"] = [parents[one] for one in row["needs"]]
    return found


def shown(row: dict[str, Any]) -> PlainRow:
    """Return the record as a formula sees it."""
    cells: dict[str, Any] = {}
    for name in (*FIELDS, "colors", "parent", "needs"):
        value = row[name]
        match value:
            case Enum():
                value = value.value
            case timedelta():
                value = value.total_seconds()
            case bool():
                value = value or None
            case int():
                value = float(value)
            case datetime():
                pass
            case date():
                value = datetime(value.year, value.month, value.day, tzinfo=UTC)
        if name == "colors":
            value = [one.value for one in value] or None
        if name == "parent":
            value = [PARENTS[row[name]]] if row[name] else None
        if name == "needs":
            value = [PARENTS[one] for one in row[name]] or None
        cells[NAMES[name]] = value
    return PlainRow(cells, row["id"], row["created_time"], now=NOW)


class Growing(Drawing):
    """Draws typed trees that formulas can say, in part or whole."""

    def field(self, kind: ValueType) -> tree.Node:
        names = [
            one
            for one, known in FIELDS.items()
            if (known.kind, known.name) == (kind.kind, kind.name)
        ]
        if kind.kind == "datetime":
            names.append("created_time")
        if kind.kind == "text":
            names.append("id")
        name = self.one_of(names)
        return tree.Field(name, FIELDS.get(name, kind))

    def leaf(self, kind: ValueType) -> tree.Node:
        if self.draw(st.integers(0, 2)):
            return self.field(kind)
        if kind.kind == "enum":
            return tree.EnumMember(kind.name, self.one_of([one.name for one in ENUMS[kind.name]]))
        return tree.literal(self.one_of([*pool(kind), None]))

    def value(self, kind: ValueType, depth: int) -> tree.Node:
        if depth <= 0 or self.draw(st.integers(0, 2)) == 0:
            return self.leaf(kind)
        one, other = self.value(kind, depth - 1), self.value(kind, depth - 1)
        calls: dict[str, list[tuple[str, ValueType]]] = {
            "text": [("lower", TEXT), ("upper", TEXT), ("strip", TEXT)],
            "integer": [("len", TEXT), ("floor", NUMBER), ("ceil", NUMBER), ("abs", INTEGER), ("year", DATE), ("weekday", DATE),
                        ("month", DATETIME), ("day", DATE), ("hour", DATETIME)],
            "number": [("abs", NUMBER), ("round", NUMBER), ("hours", DURATION)],
            "date": [("date", DATETIME)],
        }  # fmt: skip
        makers: list[Callable[[], tree.Node]] = [
            lambda: tree.Choice(self.condition(depth - 1), one, other, kind.or_none()),
            lambda: tree.Call("coalesce", (one, other), kind.or_none()),
        ]
        if kind.kind in ("integer", "number"):
            operators = (
                ["+", "-", "*", "%"] if kind.kind == "integer" else ["+", "-", "*", "/", "%"]
            )
            makers += [
                lambda: tree.Arithmetic(self.one_of(operators), one, other, kind.or_none()),
                lambda: tree.Negate(one),
                lambda: tree.Call(self.one_of(["min", "max"]), (one, other), kind.or_none()),
            ]
        if kind.kind == "text":
            makers.append(lambda: tree.Arithmetic("+", one, other, kind.or_none()))
        if kind.kind in ("datetime", "date"):
            makers.append(
                lambda: tree.Arithmetic(
                    self.one_of(["+", "-"]),
                    self.field(kind),
                    self.leaf(DURATION),
                    kind.or_none(),
                )
            )
        for name, of in calls.get(kind.kind, []):
            makers.append(lambda name=name, of=of: tree.Call(name, (self.value(of, depth - 1),), kind.or_none()))  # type: ignore[misc]  # a lambda's defaults
        found: tree.Node = self.one_of(makers)()
        return found

    def kind(self) -> ValueType:
        found: ValueType = self.one_of(
            [TEXT, NUMBER, INTEGER, DATE, DATETIME, DURATION, enum_type("Size")]
        )
        return found

    def link(self) -> tree.Node:
        parent = tree.Field("parent", record_of("Item"))
        variable = tree.Variable("x", record_of("Item", nullable=False))
        one = tree.literal(self.one_of([*PARENTS, "rec00000000000077"]))
        asked: list[tree.Node] = [
            tree.Compare(self.one_of(["==", "!="]), tree.Field("id", TEXT.or_none(), parent), one),
            tree.Membership(tree.Field("id", TEXT.or_none(), parent), (one, tree.literal("rec00000000000001")), self.flipped()),
            tree.BlankTest(parent, self.flipped()),
            tree.Over("any", variable, tree.Field("needs", records_of("Item")), tree.Compare("==", tree.Field("id", TEXT, variable), one), None, BOOLEAN),
            tree.Over("all", variable, tree.Field("needs", records_of("Item")), tree.Compare("!=", tree.Field("title", TEXT, variable), tree.literal("a")), None, BOOLEAN),
            tree.Compare("==", tree.Over("len", variable, tree.Field("needs", records_of("Item")), None, None, INTEGER), tree.literal(0)),
        ]  # fmt: skip
        found: tree.Node = self.one_of(asked)
        return found

    def condition(self, depth: int) -> tree.Node:
        kind = self.kind()
        operators = ["==", "!=", "<", "<=", ">", ">="]
        makers: list[Callable[[], tree.Node]] = [
            lambda: tree.Compare(self.one_of(operators), self.value(kind, depth), self.value(kind, depth)),
            lambda: tree.Compare(self.one_of(operators), self.field(kind), self.leaf(kind)),
            lambda: tree.Membership(self.value(kind, depth), tuple(tree.literal(one) if not isinstance(one, Enum) else tree.EnumMember("Size", one.name) for one in self.draw(st.lists(st.sampled_from([*pool(kind), None]), max_size=3))), self.flipped()),
            lambda: tree.BlankTest(self.value(kind, depth), self.flipped()),
            lambda: tree.BlankTest(tree.Field("colors", LISTS["colors"]), self.flipped()),
            lambda: tree.ListContains(tree.Field("colors", LISTS["colors"]), self.leaf(enum_type("Color")) if self.flipped() is None else tree.EnumMember("Color", self.one_of(["RED", "DARK_RED", "GREEN"]))),
            lambda: tree.Call(self.one_of(["contains", "startswith", "endswith"]), (self.value(TEXT, depth), self.value(TEXT, 0)), BOOLEAN),
            lambda: tree.Field("flag", BOOLEAN),
            self.link,
        ]  # fmt: skip
        if depth > 0:
            makers += [
                lambda: tree.Not(self.condition(depth - 1)),
                lambda: tree.Logic(self.one_of(["and", "or"]), (self.condition(depth - 1), self.condition(depth - 1))),
                lambda: tree.Compare(self.one_of(["==", "!="]), self.condition(depth - 1), self.condition(0)),
                lambda: tree.Choice(self.condition(0), self.condition(0), self.condition(0), BOOLEAN),
            ]  # fmt: skip
        found: tree.Node = self.one_of(makers)()
        return found


@st.composite
def conditions(draw: Any) -> tree.Node:
    return Growing(draw).condition(2)


EVALUATOR = Evaluator({}, NOW, ENUMS)
PRINTER = FormulaPrinter(TABLE, EVALUATOR)
LINKS: dict[tuple[str, str], str | None] = {
    (relation, one): PARENTS.get(one, MISSING)
    for relation in ("parent", "needs")
    for one in (*PARENTS, "rec00000000000077")
}


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(node=conditions(), rows=st.lists(records(), min_size=1, max_size=4))
def test_the_formula_and_the_rest_keep_the_right_records(
    node: tree.Node, rows: list[dict[str, Any]]
) -> None:
    """Nothing is lost by the formula, and the rest leaves out what it keeps too much."""
    found = split(node, PRINTER.says, LINKS)
    bound = parse_formula(PRINTER.condition(found.pushed)).bind(lambda name: name)

    for row in rows:
        kept = bound.keeps(shown(row))
        record = seen(row)
        expected = EVALUATOR.holds(node, record)

        assert (kept and EVALUATOR.holds(found.rest, record)) == expected
        assert kept or not expected
        if found.is_exact:
            assert kept == expected
