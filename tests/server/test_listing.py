"""Lists: order, pages and offsets, also while others write."""

from collections.abc import Callable
from typing import Any

import pyairtable
import pytest

from tablewright.server.serve import LocalAirtable

Table = pyairtable.Table


def titles(records: list[Any]) -> list[Any]:
    return [record["fields"].get("Title") for record in records]


def test_sorting_puts_blanks_first_and_choices_in_their_order(table: Table) -> None:
    """Several keys, both directions, text without regard to letter case."""
    table.batch_create(
        [
            {"Title": "b", "State": "done", "Count": 2},
            {"Title": "A", "State": "todo", "Count": 2},
            {"Title": "c", "Count": 1},
            {"State": "doing", "Count": 10},
        ]
    )

    assert titles(table.all(sort=["Title"])) == [None, "A", "b", "c"]
    assert titles(table.all(sort=["-Title"])) == ["c", "b", "A", None]
    assert titles(table.all(sort=["State"])) == ["c", "A", None, "b"]
    assert titles(table.all(sort=["-Count", "Title"])) == [None, "A", "b", "c"]


def test_pages_cover_everything_once(table: Table) -> None:
    """Page sizes and maxRecords of any kind give the same rows in the same order."""
    table.batch_create([{"Count": number} for number in range(57)])
    everything = table.all()

    assert [record["fields"]["Count"] for record in everything] == list(range(57))
    for size in (1, 10, 56, 57, 100):
        assert table.all(page_size=size) == everything
    assert table.all(page_size=10, max_records=25) == everything[:25]
    assert [len(page) for page in table.iterate(page_size=20)] == [20, 20, 17]


def test_an_offset_holds_while_others_write(raw: Any, table: Table, path: str) -> None:
    """Rows deleted meanwhile are passed over, new ones and changed order do not shift the pages."""
    made = table.batch_create([{"Count": number} for number in range(30)])
    first = raw("GET", path, params={"pageSize": 10, "sort[0][field]": "Count"}).json()

    table.batch_delete([made[10]["id"], made[11]["id"]])
    table.update(made[29]["id"], {"Count": -1})
    table.create({"Count": 5})
    second = raw("GET", path, params={"pageSize": 10, "offset": first["offset"]}).json()
    third = raw("GET", path, params={"pageSize": 10, "offset": second["offset"]}).json()

    assert [r["fields"]["Count"] for r in second["records"]] == list(range(12, 22))
    assert [r["fields"]["Count"] for r in third["records"]] == [*range(22, 29), -1]
    assert "offset" not in third
    again = raw("GET", path, params={"pageSize": 10, "offset": first["offset"]}).json()
    assert again["records"] == second["records"]


def test_an_offset_ends_with_its_server(
    raws: Callable[[LocalAirtable], Any],
    clients: Callable[[LocalAirtable], pyairtable.Api],
    tmp_path: Any,
) -> None:
    """After a restart the list must be started again, as on the real service."""
    data = tmp_path / "base.db"
    with LocalAirtable(data) as running:
        base = clients(running).base(running.base_id)
        made = base.create_table("T", [{"name": "N", "type": "singleLineText"}])
        made.batch_create([{"N": "a"}] * 3)
        path = f"/v0/{running.base_id}/T"
        offset = raws(running)("GET", path, params={"pageSize": 1}).json()["offset"]
    with LocalAirtable(data) as running:
        status, error = raws(running).refused("GET", path, params={"offset": offset})

    assert (status, error) == (422, {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"})


def test_parameters_come_in_all_the_forms_clients_use(raw: Any, table: Table, path: str) -> None:
    """Arrays with and without brackets, empty parameters, trailing slash, `limit`, view by name and id."""
    table.batch_create([{"Title": "a", "Count": 1}, {"Title": "b", "Count": 2}])
    view = table.schema().views[0]

    def counts(query: str) -> list[Any]:
        answer = raw("GET", f"{path}?{query}")
        assert answer.status_code == 200, answer.text
        return [record["fields"] for record in answer.json()["records"]]

    only = [{"Count": 1}, {"Count": 2}]
    assert counts("fields[]=Count") == only
    assert counts("fields[0]=Count") == only
    assert counts("fields=Count") == only
    assert counts("fields%5B%5D=Count&offset=&limit=") == only
    assert counts("fields[]=Count&limit=1") == only[:1]
    assert counts("fields[]=Count&view=Grid+view") == only
    assert counts(f"fields[]=Count&view={view.id}") == only
    assert raw("GET", f"{path}/?").json() == raw("GET", path).json()


def test_a_table_name_may_hold_a_slash(base: pyairtable.Base) -> None:
    """The path is split before percent signs are resolved."""
    odd = base.create_table("a/b c?d", [{"name": "N", "type": "singleLineText"}])
    by_name = base.table("a/b c?d")

    by_name.create({"N": "x"})

    assert [record["fields"] for record in odd.all()] == [{"N": "x"}]


def test_shuffle_gives_unsorted_lists_in_other_orders(
    clients: Callable[[LocalAirtable], pyairtable.Api],
) -> None:
    """Code that forgot to sort fails in its tests; pages of one list still hold together."""
    with LocalAirtable(shuffle=True, seed=1) as running:
        base = clients(running).base(running.base_id)
        made = base.create_table(
            "T", [{"name": "N", "type": "number", "options": {"precision": 0}}]
        )
        made.batch_create([{"N": number} for number in range(40)])

        orders = [[r["fields"]["N"] for r in made.all(page_size=7)] for _ in range(3)]

        assert all(sorted(order) == list(range(40)) for order in orders)
        assert orders[0] != orders[1] != orders[2]
        assert [r["fields"]["N"] for r in made.all(sort=["N"])] == list(range(40))


@pytest.mark.parametrize(
    "formula", ["{Count} > 2", "AND({Count}, {Count} < 4)", "LEN({Title}) > 0"]
)
def test_filters_keep_what_is_true(table: Table, formula: str) -> None:
    """0, blank, empty text and errors drop the row."""
    table.batch_create([{"Count": n, "Title": "x" * n} for n in range(6)])

    kept = [record["fields"]["Count"] for record in table.all(formula=formula)]

    assert (
        kept
        == {
            "{Count} > 2": [3, 4, 5],
            "AND({Count}, {Count} < 4)": [1, 2, 3],
            "LEN({Title}) > 0": [1, 2, 3, 4, 5],
        }[formula]
    )
