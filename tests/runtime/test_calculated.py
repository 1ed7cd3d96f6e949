"""Fields that Airtable calculates, where nothing says how: they are blank in a database, and records with them work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from pydantic import Field, JsonValue

from tablewright.runtime import (
    AirtableModel,
    Collaborator,
    Columns,
    FieldSpec,
    RecordInvalid,
    TableSpec,
    connect,
)
from tablewright.runtime import columns as _

ORDER: TableSpec = TableSpec(
    key="Order",
    name="Orders",
    sql_name="order",
    fields=(
        FieldSpec("number", "Number", "text"),
        FieldSpec("total", "Total", "rollup", result="number"),
        FieldSpec("names", "Names", "lookup"),
        FieldSpec("lines", "Lines", "count"),
        FieldSpec("serial", "Serial", "auto_number"),
        FieldSpec("by", "By", "created_by"),
    ),
    tables=lambda: (ORDER,),
)


class OrderColumns(Columns):
    """The fields of Order."""

    number = _.TextColumn(nullable=True)
    total = _.NumberColumn(nullable=True)
    lines = _.IntegerColumn()


class Order(AirtableModel):
    """An order."""

    table: ClassVar[TableSpec] = ORDER
    c: ClassVar[OrderColumns] = OrderColumns()

    number: str | None = None
    total: float | None = Field(default=None, frozen=True)
    names: list[JsonValue] = Field(default_factory=list[Any], frozen=True)
    lines: int = Field(default=0, frozen=True)
    serial: int = Field(default=0, frozen=True)
    by: Collaborator | None = Field(default=None, frozen=True)


@pytest.fixture(autouse=True)
def store() -> Iterator[None]:
    """An empty store in memory."""
    with connect("sqlite:///:memory:"):
        yield


def test_a_record_with_calculated_fields_is_stored_and_read() -> None:
    """They are blank, a lookup empty and a count 0, right after the creation and when read again; numbers count up."""
    order = Order.create(number="a")
    order.number = "b"
    order.save()

    for found in (order, Order.get(order.id), *Order.all()):
        values = (found.number, found.total, found.names, found.lines, found.serial, found.by)
        assert values == ("b", None, [], 0, 1, None)


def test_conditions_see_what_records_show() -> None:
    """A blank total is no total, and a count that nobody counts is 0."""
    Order.create(number="a")

    assert Order.count(Order.c.total.is_none(), Order.c.lines == 0) == 1


def test_calculated_fields_cannot_be_set() -> None:
    """Only the store gives them, here as on Airtable."""
    order = Order.create(number="a")

    with pytest.raises(RecordInvalid, match="total"):
        order.total = 3.0  # type: ignore[misc]  # what is tested
