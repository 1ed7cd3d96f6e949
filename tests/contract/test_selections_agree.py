"""One meaning: every store chooses, sorts, cuts and counts records as plain Python does, by generated expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.functions import ORDERED_KINDS
from tablewright.runtime import connect
from tablewright.runtime.measures import Measure, MeasureKind, measured
from tablewright.runtime.stores.base import Order, Selection, Store
from tablewright.runtime.stores.sql import SqlStore
from tests.contract.figures import same
from tests.contract.growing import arguments, expressions
from tests.contract.items import ENUMS, ITEM, linked, rows
from tests.drawing import NOW

EVALUATOR = Evaluator({}, NOW, ENUMS)
NUMERIC = frozenset({"integer", "number", "duration"})
MEASURES: dict[MeasureKind, frozenset[str]] = {
    "count_by": frozenset({"text", "integer", "boolean", "enum", "date"}),
    "count_distinct": frozenset({*ORDERED_KINDS, "boolean"}),
    "sum": NUMERIC,
    "avg": NUMERIC,
    "min": ORDERED_KINDS,
    "max": ORDERED_KINDS,
    "percentile": NUMERIC,
}
"""The kinds of values that each measure takes."""


class Filled:
    """A store with the rows of `items` in it, and those rows as the store keeps them, linked, oldest first.

    No dataclass: of a failure Hypothesis would print the records, which lead to one another without an end.
    """

    def __init__(self, store: Store, ids: Mapping[str, str]) -> None:
        self.store = store
        self.ids = ids
        self.records = linked([{**row} for row in store.select(Selection(ITEM))])


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "airtable"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """A store that the examples share."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('selections') / 'items.db'}"
    else:
        url = "local:" if request.param == "airtable" else request.getfixturevalue("postgres")
    with connect(url) as connected:
        store = connected.store
        yield _filled(store)
        if request.param == "postgresql":
            assert isinstance(store, SqlStore)
            with store.database.writer.begin() as connection:
                store.database.known(ITEM).schema.metadata.drop_all(connection)


def _filled(store: Store) -> Filled:
    """Put the rows in; links follow once it is known which ids the store gave."""
    plain = rows()
    own = [{**row, "parent": None, "needs": []} for row in plain]
    ids = {row["id"]: made["id"] for row, made in zip(plain, store.insert(ITEM, own), strict=True)}
    store.update(
        ITEM,
        [
            (ids[row["id"]], {"parent": ids.get(row["parent"]), "needs": [ids[one] for one in row["needs"]]})
            for row in plain
        ],
    )  # fmt: skip
    return Filled(store, ids)


def for_store(node: tree.Node, ids: Mapping[str, str], given_arguments: Mapping[str, Any]) -> Any:
    """Return the tree with arguments as values, and with the ids that the store gave."""

    def change(part: tree.Node) -> tree.Node:
        match part:
            case tree.Constant(str(value)) if value in ids:
                return tree.literal(ids[value])
            case tree.Argument(name, kind):
                value = given_arguments[name]
                if isinstance(value, Enum):
                    return tree.EnumMember(type(value).__name__, value.name)
                return tree.Constant(None, kind) if value is None else tree.literal(value)
            case _:
                return part

    return tree.rebuilt(node, change)


def value_of(node: tree.Node, row: Mapping[str, Any]) -> Any:
    return EVALUATOR.value(node, {"": row})


def rank(node: tree.Node, row: Mapping[str, Any]) -> tuple[bool, Any]:
    """Return what a record sorts by: blanks first, enums as they are defined."""
    found = value_of(node, row)
    if isinstance(found, Enum):
        found = list(type(found)).index(found)
    return found is not None, 0 if found is None else found


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    where=st.just(tree.TRUE) | expressions(conditions=True),
    by=st.lists(st.tuples(expressions(conditions=False), st.booleans()), max_size=2),
    limit=st.none() | st.integers(0, 12),
    offset=st.integers(0, 3),
    looked_at=expressions(conditions=False),
    met=expressions(conditions=True),
    given_arguments=arguments(),
)
def test_selections_and_figures_are_those_of_plain_python(
    filled: Filled,
    where: tree.Node,
    by: list[tuple[tree.Node, bool]],
    limit: int | None,
    offset: int,
    looked_at: tree.Node,
    met: tree.Node,
    given_arguments: dict[str, Any],
) -> None:
    """The same records in the same order, the same number, and the same figures, over linked records too."""

    def ready(node: tree.Node) -> Any:
        return for_store(node, filled.ids, given_arguments)

    order = tuple(Order(ready(node), descending) for node, descending in by)
    selection = Selection(ITEM, ready(where), order, limit, offset, NOW)
    expected = [row for row in filled.records if EVALUATOR.holds(selection.where, row)]
    for one in reversed(order):
        expected.sort(key=lambda row, one=one: rank(one.by, row), reverse=one.descending)  # type: ignore[misc]  # a default binds it
    expected = expected[offset:] if limit is None else expected[offset : offset + limit]
    value = ready(looked_at)
    wanted: dict[str, Measure] = {
        kind: Measure(kind, value, percent=90)
        for kind, known in MEASURES.items()
        if value.type.kind in known and (value.type.name != "Color" or kind.startswith("count"))
    }  # fmt: skip
    wanted["count"] = Measure("count", condition=ready(met))
    wanted["ratio"] = Measure("ratio", condition=ready(met), among=selection.where)

    ids = [row["id"] for row in expected]
    assert filled.store.ids(selection) == ids
    assert [row["id"] for row in filled.store.select(selection)] == ids
    assert filled.store.count(selection) == len(ids)
    found = filled.store.measure(selection, wanted)
    for name, measure in wanted.items():
        figure = measured(measure, expected, EVALUATOR)
        assert same(found[name], figure), (name, found[name], figure)
