"""`local:` and the fixtures make every field of a schema, also those that Airtable calculates or leaves to people."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import Connection, connect
from tablewright.server.serve import LocalAirtable
from tablewright.testing import connected, provision

SCHEMA = """
tablewright: 1
name: shop
tables:
  Order:
    fields:
      number: text
      serial: auto_number
      made: created_time
      touched: last_modified_time
      author: created_by
      press: button
      lines_count: {type: count, relation: lines}
      total: {type: rollup, relation: lines, field: gross, function: sum}
      names: {type: lookup, relation: lines, field: name}
      is_big: {type: formula, expression: total > 100}
      code: {type: formula, formula: '{Serial} & "-" & {Number}'}
      odd: {type: formula, formula: 'NO_SUCH_FUNCTION({Number})'}
  Line:
    fields:
      name: text
      net: {type: currency, precision: 3, symbol: €}
      amount: integer
      gross: {type: formula, expression: net * amount}
    relations:
      order: {to: Order, inverse: lines}
"""


@pytest.fixture(scope="module")
def shop(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ModuleType]:
    """A generated package with fields that Airtable calculates."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.yaml").write_text(SCHEMA, "utf-8")
    with imported_package(written_package(folder / "shop.yaml", folder), folder) as package:
        yield package


def filled(shop: ModuleType) -> Any:
    order = shop.Order.create(number="a")
    shop.Line.create(name="pen", net=1.5, amount=3, order=order)
    shop.Line.create(name="ink", net=100.0, amount=2, order=order)
    return shop.Order.get(order.id)


def fields_of(airtable: LocalAirtable) -> dict[str, dict[str, Any]]:
    (base,) = airtable.workspace.bases.values()
    return {
        f"{table.name}.{one.name}": one.stored()
        for table in base.tables.values()
        for one in table.fields.values()
    }


def test_calculated_fields_are_there_and_calculated(
    shop: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """Formulas, rollups, lookups, counts, numbers and who did it when; what cannot be made is told of, and blank."""
    with connect("local:"), caplog.at_level(logging.WARNING):
        order = filled(shop)
        second = shop.Order.create(number="b")

        assert (order.serial, order.lines_count, order.total) == (1, 2, 204.5)
        assert (order.names, order.is_big, order.code) == (["pen", "ink"], True, "1-a")
        assert order.made == order.created_time
        assert order.author.name == "Owner of the local Airtable"
        assert (second.serial, second.lines_count, second.total, second.is_big) == (2, 0, 0, False)
        assert shop.Order.where(shop.Order.c.total > 200).all() == [order]
        assert shop.Order.where().order_by("-serial").limit(1).all() == [second]
        assert order.odd is None
    assert "Order.odd is not made in the local Airtable, and blank: " in caplog.text


def test_options_are_those_of_the_schema(
    shop: ModuleType, local_airtable: LocalAirtable, airtable_store: Connection
) -> None:
    """The fixtures make what `apply` would make, the other ends of links too."""
    filled(shop)

    fields = fields_of(local_airtable)
    assert fields["Line.Net"]["options"] == {"precision": 3, "symbol": "€"}
    assert fields["Order.Lines"]["type"] == "multipleRecordLinks"
    assert fields["Order.Press"]["type"] == "button"
    for name in ("Order.Made", "Order.Touched"):
        shown = fields[name]["options"]["result"]
        assert (shown["type"], shown["options"]["timeZone"]) == ("dateTime", "utc")
        assert shown["options"]["dateFormat"]["name"] == "iso"


def test_a_file_that_is_opened_again_keeps_what_it_has(shop: ModuleType, tmp_path: Path) -> None:
    """Nothing is made twice; a field that it lacks is added."""
    with connect(f"local:{tmp_path / 'shop.airtable'}"):
        made = filled(shop)
    with LocalAirtable(tmp_path / "shop.airtable") as airtable:
        before = fields_of(airtable)
    with connect(f"local:{tmp_path / 'shop.airtable'}"):
        assert shop.Order.get(made.id).total == 204.5
    with LocalAirtable(tmp_path / "shop.airtable") as airtable:
        assert fields_of(airtable) == before


def test_outside_of_that_the_local_airtable_refuses_as_airtable_does(
    local_airtable: LocalAirtable, shop: ModuleType
) -> None:
    """Only the store of this process makes by hand what people make; its clients are refused."""
    from pyairtable import Api
    from requests import HTTPError

    provision(local_airtable, [shop.Order])
    table = Api(local_airtable.token, endpoint_url=local_airtable.url).table(
        local_airtable.base_id, "Order"
    )

    with pytest.raises(HTTPError, match="422"):
        table.create_field("Second serial", "autoNumber")
    with connected(local_airtable):
        assert shop.Order.create(number="x").serial == 1
