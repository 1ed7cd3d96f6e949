"""What Airtable alone calculates is blank in a database, and a blank of its type wherever a condition looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime.connection import connect

SCHEMA = """
tablewright: 1
name: raw
tables:
  Customer:
    fields:
      name: text
      total: {type: rollup, relation: tickets, field: cost, formula: SUM(values), result: number}
  Ticket:
    fields:
      title: text
      hours: number
      cost: {type: formula, formula: "{Hours} * 40", result: number}
      late: {type: formula, formula: "{Hours} > 8", result: integer}
      due: {type: formula, formula: "TODAY()", result: date}
      at: {type: formula, formula: "NOW()", result: datetime}
      label: {type: formula, formula: "{Title} & '!'"}
      since: date
      age: {type: formula, formula: "DATETIME_DIFF({Since}, '2026-01-01', 'days')", result: number}
      is_big: {type: formula, formula: "{Hours} > 9", result: boolean}
    relations:
      customer: {to: Customer, inverse: tickets}
    statistics:
      get_figures:
        measures:
          total: sum(cost)
          mean: avg(cost)
          most: max(at)
          p90: percentile(cost, 90)
          by_label: count_by(label)
          by_late: count_by(late)
          share: ratio(cost > 3, hours > 0)
"""


@pytest.fixture(scope="module")
def package(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("raw")
    (folder / "raw.yaml").write_text(SCHEMA)
    with imported_package(written_package(folder / "raw.yaml", folder), folder) as found:
        yield found


@pytest.fixture
def raw(package: ModuleType, database: str) -> Iterator[ModuleType]:
    """The package, with one ticket of one customer."""
    with connect(database):
        customer = package.Customer.create(name="Ann")
        package.Ticket.create(title="printer", hours=3, customer=customer)
        yield package


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    found: str = request.getfixturevalue("empty_schema")
    return found


CONDITIONS: dict[str, Callable[[Any], Any]] = {
    "an order": lambda c: c.cost > 3,
    "equality": lambda c: c.late == 1,
    "a list": lambda c: c.late.is_in([0, 1]),
    "arithmetic": lambda c: c.cost + c.hours > 3,
    "a day": lambda c: c.due <= date(2026, 1, 1),
    "a moment": lambda c: c.at > datetime(2026, 1, 1, tzinfo=UTC),
    "a text": lambda c: c.label.contains("x"),
    "a condition": lambda c: c.is_big & (c.hours > 1),
    "behind a link": lambda c: c.customer.total > 3,
}


@pytest.mark.parametrize("asked", CONDITIONS)
def test_a_condition_on_a_blank_of_another_type_than_text_finds_nothing(
    raw: ModuleType, asked: str
) -> None:
    """An ordering comparison with a blank is false, and a blank equals no value, on every database alike."""
    assert raw.Ticket.where(CONDITIONS[asked](raw.Ticket.c)).all() == []


def test_blanks_are_found_sorted_and_looked_over(raw: ModuleType) -> None:
    """They are blank in orders, over links and in the record as well."""
    ticket, customer = raw.Ticket, raw.Customer

    assert ticket.where(ticket.c.cost.is_none(), ticket.c.at.is_none()).count() == 1
    assert [one.cost for one in ticket.where().order_by("-cost", "at", "label")] == [None]
    assert customer.where(customer.c.tickets.any(lambda one: one.cost > 3)).count() == 0
    assert customer.where(customer.c.tickets.sum(lambda one: one.cost) == 0).count() == 1
    assert customer.where().order_by("total").all()[0].total is None


def test_figures_of_blanks_are_those_of_nothing(raw: ModuleType) -> None:
    """A sum of nothing is 0, a mean of nothing is blank; the other figures of the set are not lost with them."""
    figures = raw.Ticket.get_figures()

    assert (figures.total, figures.mean, figures.most, figures.p90) == (0, None, None, None)
    assert (figures.by_label, figures.by_late, figures.share) == ({}, {}, 0)


def test_a_cell_that_holds_an_error_is_blank_in_conditions_as_it_is_in_records(
    package: ModuleType,
) -> None:
    """The age of what has no day is an error in Airtable: as a blank it is found, counted and unlike every number."""
    with connect("local:"):
        package.Ticket.create(title="printer", since=date(2026, 1, 11))
        package.Ticket.create(title="screen")
        c = package.Ticket.c
        found = {
            said: package.Ticket.where(condition)
            for said, condition in {
                "blank": c.age.is_none(),
                "not blank": c.age.is_not_none(),
                "10": c.age == 10,
                "not 10": c.age != 10,
                "over 5": c.age > 5,
                "not over 5": ~(c.age > 5),
            }.items()
        }

        assert [one.age for one in package.Ticket.where()] == [10, None]
        for query, title in zip(
            found.values(), ["screen", "printer"] + ["printer", "screen"] * 2, strict=True
        ):
            assert [one.title for one in query] == [title]
            assert query.where().count() == 1
