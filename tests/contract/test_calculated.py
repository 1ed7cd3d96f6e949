"""Fields that Airtable calculates have the same values in a database: formulas, rollups, lookups, counts and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import event

from tablewright.check.compile import compile_schema
from tablewright.provision.apply import apply
from tablewright.provision.live import live_base
from tablewright.provision.lock import lock_path, read_lock
from tablewright.provision.planning import airtable_plan
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.provision.wanted import wanted_base
from tablewright.runtime import Connection, connect
from tablewright.runtime.stores.sql import SqlStore
from tablewright.server.serve import LocalAirtable
from tablewright.syntax.source import read_source

SCHEMA = Path(__file__).parent / "schemas" / "orders.yaml"
STAMP = {
    "type": "dateTime",
    "options": {
        "dateFormat": {"name": "iso", "format": "YYYY-MM-DD"},
        "timeFormat": {"name": "24hour", "format": "HH:mm"},
        "timeZone": "utc",
    },
}
BY_HAND: list[dict[str, Any]] = [
    {"id": "fldSerial00000001", "name": "Serial", "type": "autoNumber"},
    {
        "id": "fldMade0000000001",
        "name": "Made",
        "type": "createdTime",
        "options": {"result": STAMP},
    },
    {
        "id": "fldTouched0000001",
        "name": "Touched",
        "type": "lastModifiedTime",
        "options": {"isValid": True, "referencedFieldIds": [], "result": STAMP},
    },
    {"id": "fldAuthor00000001", "name": "Author", "type": "createdBy"},
]
OPENED = datetime(2026, 3, 29, 1, 30, 0, 123000, tzinfo=UTC)
FULL: dict[str, Any] = {
    "serial": 1, "lines_count": 3, "has_customer": 1, "helpers_count": 3,
    "total": 204.5, "pieces": 5, "mean": pytest.approx(108.5 / 3), "cheapest": 1.5,
    "last_due": date(2026, 4, 1), "last_seen": OPENED, "notes": 1, "some_free": True, "only_free": False,
    "discount": 0.25, "names": ["pen", "ink"], "nets": [1.5, 100.0, 7.0], "amounts": [3, 2, 0],
    "grosses": [4.5, 200.0, 0.0], "dues": ["2026-04-01", "2026-03-01"], "seens": ["2026-03-29T01:30:00.123Z"],
    "tooks": [120.0], "sizes": ["Large"], "tags": ['say "old"', "it's"], "frees": [True],
    "extras": ['{"ä": [1, null]}'], "cities": ["Ulm"], "helper_cities": ["Bonn", "Ulm"], "customer_orders": ["a1"],
    "is_big": True, "shout": "A1", "blanked": "a1", "doubled": 412.0, "day": date(2026, 3, 29),
    "week_later": OPENED + timedelta(days=7),
}  # fmt: skip
EMPTY: dict[str, Any] = {
    "serial": 2, "lines_count": 0, "has_customer": 0, "helpers_count": 0, "total": 0.0, "pieces": 0, "mean": None,
    "cheapest": None, "last_due": None, "last_seen": None, "notes": 0, "some_free": False, "only_free": True,
    "discount": 0.0, "names": [], "dues": [], "tags": [], "extras": [], "cities": [], "customer_orders": [],
    "is_big": False, "shout": "PLAIN", "blanked": None, "doubled": 0.0, "day": None, "week_later": None,
}  # fmt: skip


@pytest.fixture(scope="session")
def orders(packaged: Callable[[str], ModuleType]) -> ModuleType:
    """A package with fields of every kind that Airtable calculates."""
    return packaged("orders")


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The schema of a base with these tables, as the service shows it: what the API cannot make was added by people."""
    schema = compile_schema(read_source(SCHEMA)).schema
    assert schema is not None
    folder = tmp_path_factory.mktemp("lock")
    with LocalAirtable() as airtable:
        port = AirtablePort(airtable.token, endpoint=airtable.url, sleep=lambda _: None)
        live = live_base(airtable.base_id, port.base_schema(airtable.base_id))
        lock = read_lock(lock_path(folder, "dev"), schema.name, "dev")
        done = apply(airtable_plan(wanted_base(schema), live, lock), port, lock)
        shown: dict[str, Any] = port.base_schema(airtable.base_id)
        port.close()
    assert len(done.manual) == len(BY_HAND)
    for table, made in zip(schema.tables, shown["tables"], strict=True):
        # The service keeps the formulas of rollups to itself, and here they matter.
        formulas = {one.name: one.computation.formula for one in table.fields if one.computation}
        for field in made["fields"]:
            if field["type"] == "rollup":
                field["options"]["formula"] = formulas[field["name"]]
    shown["tables"][0]["fields"] += BY_HAND
    return shown


@pytest.fixture(params=["sqlite", "postgresql", "airtable"])
def stored(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connection]:
    """An empty store with these tables, current for the length of a test."""
    with ExitStack() as stack:
        if request.param == "airtable":
            airtable = stack.enter_context(LocalAirtable(schema=request.getfixturevalue("base")))
            monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", airtable.token)
            url = f"airtable://{airtable.base_id}?endpoint={airtable.url}"
        elif request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'store.db'}"
        else:
            # Of a handful of rows PostgreSQL would read all, whatever indexes there are.
            url = request.getfixturevalue("empty_schema") + quote(" -cenable_seqscan=off")
        yield stack.enter_context(connect(url))


@pytest.fixture
def filled(stored: Connection, orders: ModuleType) -> ModuleType:
    """Two orders, of which the second has neither lines nor a customer."""
    anna = orders.Customer.create(name="Anna", city="Ulm", discount=0.25)
    ben = orders.Customer.create(name="Ben", city="Bonn")
    cleo = orders.Customer.create(name="Cleo")
    first = orders.Order.create(
        number="a1", opened=OPENED, customer=anna, helpers=[ben, cleo, anna]
    )
    orders.Order.create(number="plain")
    orders.Line.create(
        name="pen", net=1.5, amount=3, due=date(2026, 4, 1), seen=OPENED, took=timedelta(minutes=2),
        size=orders.Size.LARGE, tags=[orders.Tag.OLD, orders.Tag.NEW], free=True, note="blue",
        extra={"ä": [1, None]}, order=first,
    )  # fmt: skip
    orders.Line.create(name="ink", net=100.0, amount=2, due=date(2026, 3, 1), order=first)
    orders.Line.create(net=7.0, amount=0, order=first)
    return orders


def test_records_have_the_same_values_on_every_store(filled: ModuleType) -> None:
    """Over linked records and over the record's own fields, one calculated field on top of another."""
    order = filled.Order.find_by(number="a1")[0]

    assert {key: getattr(order, key) for key in FULL} == FULL
    line = filled.Line.find_by(name="ink")[0]
    assert (line.gross, line.total_of_order) == (200.0, 204.5)
    assert line.share == pytest.approx(200 / 204.5)
    anna = filled.Customer.find_by(name="Anna")[0]
    assert (anna.numbers, anna.spent, anna.open_lines) == (["a1"], 204.5, 3)


def test_records_without_links_have_the_same_values_on_every_store(filled: ModuleType) -> None:
    """A sum of nothing is 0, a mean of nothing is blank, and so on."""
    order = filled.Order.find_by(number="plain")[0]

    assert {key: getattr(order, key) for key in EMPTY} == EMPTY


def test_a_formula_chooses_between_a_box_and_a_comparison(filled: ModuleType) -> None:
    """A box is not ticked, and a comparison does not hold: both are false, whichever of them is chosen."""
    given = {line.name: line.is_given for line in filled.Line.all()}

    assert given == {"pen": True, "ink": False, None: False}


def test_what_was_written_comes_back_calculated(filled: ModuleType) -> None:
    """A created, changed or upserted record has its calculated fields at once, as if it had been read again."""
    orders, lines = filled.Order, filled.Line
    order = orders.find_by(number="plain")[0]
    line = lines.create(name="cap", net=2.0, amount=5, order=order)
    assert (line.gross, line.total_of_order, line.share) == (10.0, 10.0, 1.0)
    line.update(net=3.0, due=date(2026, 3, 1))
    assert (line.gross, line.total_of_order, line.reminder) == (15.0, 15.0, date(2026, 2, 26))
    assert lines.count(lines.c.reminder < lines.c.due - timedelta(days=2)) == 3

    order.update(number="changed", opened=OPENED)

    assert (order.shout, order.total, order.names) == ("CHANGED", 15.0, ["cap"])
    assert (order.day, order.week_later) == (date(2026, 3, 29), OPENED + timedelta(days=7))
    [other] = orders.bulk_create([{"number": "x", "customer_id": order.customer_id}])
    assert (other.shout, other.total, other.has_customer) == ("X", 0.0, 0)


def test_conditions_and_figures_see_calculated_fields(filled: ModuleType) -> None:
    """In where, order_by, statistics, and behind links."""
    orders, lines = filled.Order, filled.Line
    c = orders.c
    assert [one.number for one in orders.where(c.total > 204, c.is_big)] == ["a1"]
    assert [one.number for one in orders.where(~c.is_big, c.mean.is_none())] == ["plain"]
    assert [one.number for one in orders.where(c.blanked.is_none())] == ["plain"]
    assert [one.number for one in orders.where(c.names.is_none())] == ["plain"]
    assert [one.number for one in orders.where(c.names.is_not_none())] == ["a1"]
    assert [one.number for one in orders.where().order_by("-total")] == ["a1", "plain"]
    assert [one.number for one in orders.where().order_by("lines_count")] == ["plain", "a1"]
    assert orders.count(c.is_open_long) == (
        1 if datetime.now(UTC) > OPENED + timedelta(days=30) else 0
    )
    assert orders.count(c.made == c.created_time) == 2
    assert lines.count(lines.c.order.total > 200) == 3
    assert lines.count(lines.c.order.lines_count == 3) == 3
    assert orders.count(c.lines.any(lambda line: line.gross == 200)) == 1

    figures = orders.get_figures()

    assert (figures.all_totals, figures.big) == (204.5, 1)
    assert figures.by_shout == {"A1": 1, "PLAIN": 1}


def test_calculated_fields_are_read_in_one_statement_by_indexes(
    filled: ModuleType, stored: Connection
) -> None:
    """However many records there are; what they link with is found by the index of the link."""
    store = stored.store
    if not isinstance(store, SqlStore):
        pytest.skip("Airtable calculates by itself")
    sent: list[str] = []

    def note(*arguments: Any) -> None:
        sent.append(arguments[2])

    event.listen(store.database.engine, "before_cursor_execute", note)
    read = filled.Order.all()
    event.remove(store.database.engine, "before_cursor_execute", note)

    assert [one.total for one in read] == [204.5, 0.0]
    assert len(sent) == 1
    shown = filled.Order.where().explain().steps
    assert any("ix_line_order_id" in step for step in shown), shown


def test_auto_numbers_count_up_and_are_not_given_twice(
    stored: Connection, orders: ModuleType
) -> None:
    """In the order of creation, in bulk too; the number of a deleted record is never given again."""
    numbered = orders.Order
    made = [numbered.create(number="a"), *numbered.bulk_create([{"number": "b"}, {"number": "c"}])]
    assert [one.serial for one in made] == [1, 2, 3]

    made[-1].delete()

    assert numbered.create(number="d").serial == 4
    assert [one.number for one in numbered.where(numbered.c.serial >= 2).order_by("-serial")] == [
        "d",
        "b",
    ]


def test_only_airtable_reads_its_own_language(filled: ModuleType, stored: Connection) -> None:
    """A formula in Airtable's language, and who made a record, are blank in a database, as docs/stores.md says."""
    order = filled.Order.find_by(number="a1")[0]

    knows = not isinstance(stored.store, SqlStore)
    assert order.raw == ("a1!" if knows else None)
    assert (order.author is not None) is knows
    assert ("created_by" in stored.capabilities.calculates) is knows
