"""What holds after any sequence of requests: links agree, a refused request leaves no trace."""

import random
from typing import Any

import pyairtable
import pytest

from tablewright.server.serve import LocalAirtable

Table = pyairtable.Table
NAME = {"name": "Name", "type": "singleLineText"}


def contents(tables: list[Table]) -> dict[str, dict[str, Any]]:
    return {table.id: {row["id"]: row["fields"] for row in table.all()} for table in tables}


@pytest.mark.parametrize("seed", range(3))
def test_both_sides_of_every_link_agree_after_any_writes(base: pyairtable.Base, seed: int) -> None:
    """Random creates, updates, replacements and deletions on both sides of two links."""
    dice = random.Random(seed)
    left = base.create_table("Left", [NAME])
    right = base.create_table("Right", [NAME])
    for name in ("One", "Two"):
        left.create_field(name, "multipleRecordLinks", options={"linkedTableId": right.id})
    sides = ((left, right, ("One", "Two")), (right, left, ("Left", "Left 2")))
    for _ in range(120):
        table, other, links = dice.choice(sides)
        here = [row["id"] for row in table.all()]
        there = [row["id"] for row in other.all()]
        fields: Any = {
            link: dice.sample(there, dice.randint(0, min(3, len(there))))
            for link in links
            if dice.random() < 0.7
        }
        action = dice.random()
        if action < 0.45 or not here:
            table.create(fields)
        elif action < 0.85:
            table.update(dice.choice(here), fields, replace=dice.random() < 0.3)
        else:
            table.batch_delete(dice.sample(here, min(2, len(here))))

    held = contents([left, right])
    for mine, theirs in (("One", "Left"), ("Two", "Left 2")):
        forward = {(a, b) for a, row in held[left.id].items() for b in row.get(mine, [])}
        backward = {(a, b) for b, row in held[right.id].items() for a in row.get(theirs, [])}
        assert forward == backward
        assert {b for _, b in forward} <= set(held[right.id])


def test_a_refused_request_leaves_no_trace(
    base: pyairtable.Base, raw: Any, airtable: LocalAirtable
) -> None:
    """Neither in the records of either side, nor in the schema, nor in numbers, in memory and on disk."""
    left = base.create_table("Left", [NAME, {"name": "S", "type": "singleSelect", "options": {"choices": []}}])  # fmt: skip
    right = base.create_table("Right", [NAME])
    left.create_field("Link", "multipleRecordLinks", options={"linkedTableId": right.id})
    first = right.create({"Name": "r"})["id"]
    record = left.create({"Name": "a", "Link": [first]})["id"]
    before = contents([left, right])
    schema = base.schema(force=True).model_dump()

    for fields in (
        {"Link": [], "S": "fresh", "Name": 1},
        {"Link": ["made on the way"], "Name": {"bad": 1}},
    ):
        body = {
            "typecast": True,
            "records": [{"fields": {"Name": "new", "Link": [first]}}, {"fields": fields}],
        }
        path = f"/v0/{airtable.base_id}/Left"
        bad: Any = {"Link": [first], "Name": {"bad": 1}}
        assert raw("POST", path, json={**body, "records": [*body["records"], {"fields": bad}]}).status_code == 422  # type: ignore[misc] # a list  # fmt: skip
        changes = [{"id": record, "fields": fields}, {"id": record, "fields": bad}]
        assert raw("PATCH", path, json={"typecast": True, "records": changes}).status_code == 422

    assert contents([left, right]) == before
    assert base.schema(force=True).model_dump() == schema


def test_a_failed_deletion_keeps_order_and_links(
    base: pyairtable.Base, raw: Any, airtable: LocalAirtable
) -> None:
    """One unknown id in a batch, and every record stays where it was."""
    table = base.create_table("T", [NAME])
    made = [row["id"] for row in table.batch_create([{"Name": str(n)} for n in range(5)])]
    gone = "rec" + "0" * 14

    answer = raw("DELETE", f"/v0/{airtable.base_id}/T?records[]={made[0]}&records[]={gone}")

    assert answer.status_code == 422
    assert [row["id"] for row in table.all()] == made
