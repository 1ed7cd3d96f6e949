"""Computed fields: formulas, lookups, rollups and counts are made by the API and follow their sources."""

from typing import Any, cast
from unittest.mock import ANY

import pyairtable
import pytest

Table = pyairtable.Table


@pytest.fixture
def orders(base: pyairtable.Base) -> Table:
    number = {"type": "number", "options": {"precision": 2}}
    return base.create_table(
        "Orders",
        [
            {"name": "Name", "type": "singleLineText"},
            {"name": "Amount", **number},
            {
                "name": "Paid",
                "type": "checkbox",
                "options": {"icon": "check", "color": "redBright"},
            },
            {"name": "Day", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
        ],
    )


@pytest.fixture
def customers(base: pyairtable.Base, orders: Table) -> Table:
    """Customers linked to orders, with a field of each computed kind."""
    made = base.create_table(
        "Customers",
        [
            {"name": "Name", "type": "singleLineText"},
            {
                "name": "Orders",
                "type": "multipleRecordLinks",
                "options": {"linkedTableId": orders.id},
            },
        ],
    )
    fields = {field.name: field.id for field in made.schema(force=True).fields}
    sources = {field.name: field.id for field in orders.schema(force=True).fields}
    link = {"recordLinkFieldId": fields["Orders"]}
    amount = {**link, "fieldIdInLinkedTable": sources["Amount"]}
    made.create_field("How many", "count", options=link)
    made.create_field("Amounts", "multipleLookupValues", options=amount)
    made.create_field("Total", "rollup", options={**amount, "formula": "SUM(values)"})
    days = {**link, "fieldIdInLinkedTable": sources["Day"]}
    made.create_field("Latest", "rollup", options={**days, "formula": "MAX(values)"})
    made.create_field("Big", "formula", options={"formula": "IF({Total} > 10, 'big', 'small')"})
    return made


def test_values_follow_the_linked_records(orders: Table, customers: Table) -> None:
    """Right in the answer of the write, and again after a linked record changed."""
    first = orders.create({"Amount": 4, "Day": "2026-01-02"})["id"]
    second = orders.create({"Amount": 2.5, "Day": "2026-03-04"})["id"]

    made = customers.create({"Name": "Ann", "Orders": [second, first]})
    assert made["fields"] == {
        "Name": "Ann",
        "Orders": [second, first],
        "How many": 2,
        "Amounts": [2.5, 4],
        "Total": 6.5,
        "Latest": "2026-03-04",
        "Big": "small",
    }
    orders.update(first, {"Amount": 40, "Day": None})

    changed = customers.get(made["id"])["fields"]
    assert (changed["Amounts"], changed["Total"], changed["Big"]) == ([2.5, 40], 42.5, "big")
    assert customers.all(formula="{Total} = 42.5")[0]["id"] == made["id"]
    assert customers.create({"Name": "Bob"})["fields"] == {
        "Name": "Bob",
        "How many": 0,
        "Total": 0,
        "Big": "small",
    }


def test_the_schema_shows_what_the_service_derives(
    base: pyairtable.Base, orders: Table, customers: Table
) -> None:
    """Formulas by field ids with their references and result; a rollup keeps its formula to itself."""
    schema = base.schema(force=True).table("Customers")
    total = schema.field("Total")
    big: Any = cast("Any", schema.field("Big")).options

    assert big.formula == f"IF({{{total.id}}} > 10, 'big', 'small')"
    assert big.referenced_field_ids == [total.id]
    assert (big.is_valid, big.result.type) == (True, "singleLineText")
    options: Any = cast("Any", total).options
    assert options.result.type == "number"
    assert "formula" not in str(total.model_dump()["options"])
    lookup: Any = cast("Any", schema.field("Amounts")).options
    assert (lookup.result.type, lookup.result.options.precision) == ("number", 2)


def test_a_formula_follows_a_rename_and_can_be_rewritten(
    orders: Table, api: pyairtable.Api
) -> None:
    """References are ids, and the text of a formula is the one option that can be changed."""
    field = orders.create_field("Double", "formula", options={"formula": "{Amount}*2"})
    amount = orders.schema(force=True).field("Amount")
    amount.name = "Price"
    amount.save()
    record = orders.create({"Price": 3})["id"]
    assert orders.get(record)["fields"]["Double"] == 6

    url = api.build_url("meta", "bases", orders.base.id, "tables", orders.id, "fields", field.id)
    answer = api.patch(url, json={"options": {"formula": "{Price}*3"}})

    assert answer["options"]["formula"] == f"{{{amount.id}}}*3"
    assert orders.get(record)["fields"]["Double"] == 9


def test_a_formula_in_a_circle_is_refused(orders: Table, api: pyairtable.Api) -> None:
    """Directly or by way of another."""
    one = orders.create_field("One", "formula", options={"formula": "1"})
    orders.create_field("Two", "formula", options={"formula": "{One}"})
    url = api.build_url("meta", "bases", orders.base.id, "tables", orders.id, "fields", one.id)

    for text in ("{One}", "{Two}"):
        with pytest.raises(Exception, match="refers to its own field"):
            api.patch(url, json={"options": {"formula": text}})


def test_results_follow_the_fields_they_show(
    base: pyairtable.Base, orders: Table, customers: Table, api: pyairtable.Api
) -> None:
    """A formula that becomes a text makes texts of what shows it, in its own table and across links."""
    one = orders.create_field("One", "formula", options={"formula": "{Amount}+1"})
    orders.create_field("Two", "formula", options={"formula": "{One}"})
    sources = {field.name: field.id for field in orders.schema(force=True).fields}
    link = {"recordLinkFieldId": customers.schema(force=True).field("Orders").id}
    two = {**link, "fieldIdInLinkedTable": sources["Two"]}
    customers.create_field("Twos", "multipleLookupValues", options=two)
    customers.create_field("Top", "rollup", options={**two, "formula": "MAX(values)"})
    order = orders.create({"Name": "a", "Amount": 1})["id"]
    customer = customers.create({"Orders": [order]})["id"]

    def results() -> list[str]:
        schema = base.schema(force=True)
        found: list[Any] = [schema.table("Orders").field("Two")]
        found += map(schema.table("Customers").field, ("Twos", "Top"))
        return [field.options.result.type for field in found]

    assert results() == ["number", "number", "number"]
    url = api.build_url("meta", "bases", base.id, "tables", orders.id, "fields", one.id)
    api.patch(url, json={"options": {"formula": "{Name} & '!'"}})
    assert results() == ["singleLineText", "singleLineText", "number"]
    assert customers.get(customer)["fields"]["Twos"] == ["a!"]
    api.patch(url, json={"options": {"formula": "{Day}"}})
    assert results() == ["date", "date", "date"]


def test_a_choice_that_typecast_adds_shows_in_lookups(base: pyairtable.Base) -> None:
    """A lookup lists the choices that its field has now; a refused write adds none to either."""
    state = {"name": "State", "type": "singleSelect", "options": {"choices": [{"name": "open"}]}}
    sources = base.create_table("Sources", [{"name": "Name", "type": "singleLineText"}, state])
    link = {"name": "To", "type": "multipleRecordLinks", "options": {"linkedTableId": sources.id}}
    users = base.create_table("Users", [{"name": "Name", "type": "singleLineText"}, link])
    options = {
        "recordLinkFieldId": users.schema(force=True).field("To").id,
        "fieldIdInLinkedTable": sources.schema(force=True).field("State").id,
    }
    users.create_field("States", "multipleLookupValues", options=options)

    def listed() -> list[str]:
        lookup: Any = base.schema(force=True).table("Users").field("States")
        return [choice.name for choice in lookup.options.result.options.choices]

    with pytest.raises(Exception, match="UNKNOWN_FIELD_NAME"):
        sources.create({"State": "never", "Nothing": 1}, typecast=True)
    assert listed() == ["open"]
    sources.create({"State": "new"}, typecast=True)
    assert listed() == ["open", "new"]


def test_a_rollup_of_the_bare_array_is_a_text(orders: Table, customers: Table) -> None:
    """Cells of rollups are texts, numbers or true: blanks in the array leave their place between commas."""
    fields = {field.name: field.id for field in customers.schema(force=True).fields}
    amount = orders.schema(force=True).field("Amount").id
    options = {"recordLinkFieldId": fields["Orders"], "fieldIdInLinkedTable": amount}
    customers.create_field("All", "rollup", options={**options, "formula": "values"})
    customers.create_field("Some", "rollup", options={**options, "formula": "IF(1, values, 0)"})
    ids = [orders.create({"Amount": value} if value else {})["id"] for value in (1, None, 2.5)]

    found = customers.create({"Orders": ids})["fields"]

    assert (found["All"], found["Some"]) == ("1, , 2.5", "1, , 2.5")


def test_special_values_and_errors_have_their_form(orders: Table) -> None:
    """NaN, infinity and errors are objects; in a lookup the error stands in the array."""
    orders.create_field("NaN", "formula", options={"formula": "{Amount} + 'FOO'"})
    orders.create_field("Inf", "formula", options={"formula": "1/0"})
    orders.create_field("Err", "formula", options={"formula": "ERROR()"})
    orders.create_field("Self", "multipleRecordLinks", options={"linkedTableId": orders.id})
    fields = {field.name: field.id for field in orders.schema(force=True).fields}
    orders.create_field(
        "Look",
        "multipleLookupValues",
        options={"recordLinkFieldId": fields["Self"], "fieldIdInLinkedTable": fields["Err"]},
    )
    record = orders.create({"Amount": 1})
    orders.update(record["id"], {"Self": [record["id"]]})

    found = orders.get(record["id"])["fields"]

    assert found["NaN"] == {"specialValue": "NaN"}
    assert found["Inf"] == {"specialValue": "Infinity"}
    assert found["Err"] == {"error": "#ERROR!"}
    assert found["Look"] == [{"error": "#ERROR!"}]


def test_formulas_know_the_row_and_its_times(orders: Table) -> None:
    """RECORD_ID, CREATED_TIME and LAST_MODIFIED_TIME; the last is blank until the first edit."""
    orders.create_field("Id", "formula", options={"formula": "RECORD_ID()"})
    orders.create_field("Born", "formula", options={"formula": "CREATED_TIME()"})
    orders.create_field("Edited", "formula", options={"formula": "LAST_MODIFIED_TIME({Amount})"})
    made = orders.create({"Name": "a"})

    assert made["fields"]["Id"] == made["id"]
    assert made["fields"]["Born"] == made["createdTime"]
    assert "Edited" not in orders.update(made["id"], {"Name": "b"})["fields"]
    assert orders.update(made["id"], {"Amount": 1})["fields"]["Edited"] >= made["createdTime"]
    (found,) = orders.all(formula="IS_AFTER(NOW(), DATEADD({Born}, -1, 'minutes'))")
    assert found["id"] == made["id"]


def test_a_hostile_regex_does_not_stall_the_server(orders: Table) -> None:
    """Expressions that explode in backtracking engines are answered as fast as others."""
    orders.batch_create([{"Name": "a" * 5_000 + "!"}] * 10)

    assert orders.all(formula="REGEX_MATCH({Name}, '^(a+)+$')") == []


def test_a_chain_of_formulas_may_be_long(orders: Table, raw: Any, base: pyairtable.Base) -> None:
    """The last of hundreds is worked out alone, in filters, and after a write, without the ones before it."""
    tables = f"/v0/meta/bases/{base.id}/tables/{orders.id}/fields"
    before = "Amount"
    for number in range(300):
        name = f"Step {number}"
        formula = {"formula": f"IF(TRUE(), ({{{before}}}+1))"}
        raw("POST", tables, json={"name": name, "type": "formula", "options": formula})
        before = name
    made = orders.create({"Amount": 0})["id"]
    other = orders.create({"Amount": 1})["id"]
    assert orders.all(fields=[before]) == [
        {"id": key, "createdTime": ANY, "fields": {before: last}}
        for key, last in ((made, 300), (other, 301))
    ]

    orders.update(made, {"Amount": 5})

    assert [record["id"] for record in orders.all(formula=f"{{{before}}}=305")] == [made]
    assert orders.all(sort=[f"-{before}"])[0]["id"] == made


def test_a_chain_across_links_may_be_long(orders: Table, raw: Any, base: pyairtable.Base) -> None:
    """Each rollup sums up, and each lookup shows, the one before it: three records in a ring give the number back."""
    orders.create_field("Next", "multipleRecordLinks", options={"linkedTableId": orders.id})
    fields = {field.name: field.id for field in orders.schema(force=True).fields}
    tables = f"/v0/meta/bases/{base.id}/tables/{orders.id}/fields"
    kinds = {"rollup": {"formula": "SUM(values)"}, "multipleLookupValues": {}}
    for kind, more in kinds.items():
        before = fields["Amount"]
        for number in range(210):
            options = {"recordLinkFieldId": fields["Next"], "fieldIdInLinkedTable": before, **more}
            body = {"name": f"{kind} {number}", "type": kind, "options": options}
            before = raw("POST", tables, json=body).json()["id"]
    rows = orders.batch_create([{"Amount": number} for number in range(3)])
    for row, following in zip(rows, [*rows[1:], rows[0]], strict=True):
        orders.update(row["id"], {"Next": [following["id"]]})

    last = ["rollup 209", "multipleLookupValues 209"]
    found = orders.all(fields=["Amount", *last], formula="SUM({multipleLookupValues 209})>=0")

    assert [[record["fields"][name] for name in ("Amount", *last)] for record in found] == [
        [number, number, [number]] for number in range(3)
    ]
