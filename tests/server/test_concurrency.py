"""Many clients at once: nothing is lost, ids and numbers are unique."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyairtable
import pytest
from requests import HTTPError

from tablewright.server.serve import LocalAirtable

AUTO_NUMBER = {
    "tables": [
        {
            "id": "tbl" + "0" * 14,
            "name": "T",
            "primaryFieldId": "fld" + "0" * 14,
            "fields": [
                {"id": "fld" + "0" * 14, "name": "Name", "type": "singleLineText"},
                {"id": "fld" + "1" * 14, "name": "Number", "type": "autoNumber"},
            ],
        }
    ]
}


def test_ids_and_auto_numbers_are_unique_among_many_clients(
    clients: Callable[[LocalAirtable], pyairtable.Api],
) -> None:
    """Eight clients creating at once; a refused batch takes no number."""
    with LocalAirtable(schema=AUTO_NUMBER) as running:

        def create(number: int) -> list[Any]:
            table = clients(running).table(running.base_id, "T")
            with pytest.raises(HTTPError):
                table.batch_create([{"Name": "x"}, {"Name": 1}])
            return table.batch_create([{"Name": str(number)} for _ in range(40)])

        with ThreadPoolExecutor(8) as pool:
            made = [record for records in pool.map(create, range(8)) for record in records]

    assert len({record["id"] for record in made}) == 320
    assert sorted(record["fields"]["Number"] for record in made) == list(range(1, 321))


def test_writes_of_different_cells_do_not_undo_each_other(
    table: pyairtable.Table,
    airtable: LocalAirtable,
    clients: Callable[[LocalAirtable], pyairtable.Api],
) -> None:
    """PATCH touches only the cells it names: last write wins per cell."""
    record = table.create({})["id"]
    fields = ["Title", "Body", "Mail", "Link", "Phone"]

    def write(field: str) -> None:
        mine = clients(airtable).table(airtable.base_id, "Tasks")
        for number in range(20):
            mine.update(record, {field: f"{field} {number}"})

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(write, fields))

    assert table.get(record)["fields"] == {field: f"{field} 19" for field in fields}
