"""Bounds of dates, moments and durations in a database follow the schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tablewright.config import Environment
from tablewright.model.schema import Schema
from tablewright.provision.ports.sql import SqlTarget

SCHEMA = """
tablewright: 1
name: desk
tables:
  Call:
    fields:
      title: text
      day: DAY
      at: MOMENT
      took: LENGTH
"""
Bring = Callable[..., tuple[str, ...]]


def bounded(day: str = "", moment: str = "", length: str = "") -> str:
    """Return a schema with these bounds."""
    return (
        SCHEMA.replace("DAY", f"{{type: date{day}}}")
        .replace("MOMENT", f"{{type: datetime{moment}}}")
        .replace("LENGTH", f"{{type: duration{length}}}")
    )


FREE = bounded()
HELD = bounded(
    ", min: 2020-01-01, max: 2020-12-31",
    ", min: 2020-01-01T00:00:00+01:00",
    ", max: 90m",
)


def differences(url: str, schema: Schema) -> list[str]:
    target = SqlTarget(schema, Environment("dev", store=url))
    try:
        return [one.text for one in target.plan().changes]  # type: ignore[union-attr]  # of SQL, all of them
    finally:
        target.close()


def test_a_bound_comes_changes_and_goes(bring: Bring, compiled: Callable[[str], Schema]) -> None:
    """Each is one safe line of the plan, and nothing is left to do then, however the same moment is written."""
    bring(compiled(FREE))
    checks = ["check at_minimum", "check day_maximum", "check day_minimum", "check took_maximum"]

    assert sorted(bring(compiled(HELD))) == [f"~ call: {one}" for one in checks]
    same = HELD.replace("2020-01-01T00:00:00+01:00", "2019-12-31T23:00:00Z").replace("90m", "1.5h")
    assert bring(compiled(same)) == ()
    wider = HELD.replace("90m", "91m").replace("max: 2020-12-31", "max: 2021-12-31")
    assert sorted(bring(compiled(wider))) == [f"~ call: {one}" for one in (checks[1], checks[3])]
    assert sorted(bring(compiled(FREE))) == [f"~ call: no {one}" for one in checks]


def test_rows_against_a_new_bound_are_told(
    bring: Bring, write: Callable[..., None], engine: sa.Engine, compiled: Callable[[str], Schema], url: str
) -> None:  # fmt: skip
    """The check waits until they are changed; rows at the very end are none of them."""
    bring(compiled(FREE))
    is_lite = engine.dialect.name == "sqlite"
    for number, (day, at, took) in enumerate(
        [
            ("2020-12-31", "2019-12-31T23:00:00.000000Z", 5400),
            ("2021-01-01", "2019-12-31T22:59:59.999999Z", 5400.000001),
            ("2019-12-31", "2030-01-01T00:00:00.000000Z", -1),
        ]
    ):
        write(f"INSERT INTO call (id, created_time, day, at, took) VALUES ('rec{number}', :now, '{day}', '{at}', {took})")  # fmt: skip
    write("INSERT INTO call (id, created_time) VALUES ('rec9', :now)")

    told = differences(url, compiled(HELD))

    for name in ("day_minimum", "day_maximum", "at_minimum", "took_maximum"):
        assert [line for line in told if name in line and "1 row is against it" in line], told
    write("UPDATE call SET day = '2020-01-01', at = '2020-01-01T00:00:00.000000Z', took = 0")
    assert len(bring(compiled(HELD))) == 4
    with pytest.raises(sa.exc.IntegrityError):
        write("UPDATE call SET at = '2019-12-31T22:59:59.999999Z'")
    write("UPDATE call SET at = '2019-12-31T23:00:00.000000Z'" if is_lite else "UPDATE call SET at = '2020-01-01 01:00:00+02'")  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "value", "refused"),
    [
        ("text", "{type: date, min: 2020-01-01}", "'2020-01-01'", "'2019-01-01'"),
        ("text", "{type: datetime, min: 2020-01-01T00:00:00Z}", "'2020-01-01T00:00:00Z'", "'2019-12-31T23:59:59Z'"),
        ("date", "{type: datetime, max: 2020-01-01T00:00:00Z}", "'2020-01-01'", "'2020-01-02'"),
        ("{type: date, min: 2020-01-01}", "{type: text, max_length: 10}", "'2020-01-01'", None),
        ("{type: datetime, min: 2020-01-01T00:00:00Z}", "{type: date, min: 2020-01-01}", "'2020-01-01T00:00:00.000000Z'", None),
        ("number", "{type: duration, min: 0s, max: 1m}", "60", "61"),
        ("{type: duration, max: 1m}", "{type: integer, max: 60}", "60", None),
    ],
)  # fmt: skip
def test_values_of_a_new_type_are_held_to_its_bounds(
    bring: Bring, write: Callable[..., None], read: Callable[[str], Any], compiled: Callable[[str], Schema], url: str,
    before: str, after: str, value: str, refused: str | None,
) -> None:  # fmt: skip
    """What a value becomes is compared, not what it was; old bounds go with the old type."""

    def schema(kind: str) -> Schema:
        return compiled(SCHEMA.replace("DAY", kind).replace("MOMENT", "text").replace("LENGTH", "text"))  # fmt: skip

    bring(schema(before))
    write(f"INSERT INTO call (id, created_time, day) VALUES ('rec1', :now, {value})")
    if refused is not None:
        write(f"INSERT INTO call (id, created_time, day) VALUES ('rec2', :now, {refused})")
        told = differences(url, schema(after))
        assert [line for line in told if "1 row is against it" in line], told
        write("DELETE FROM call WHERE id = 'rec2'")

    bring(schema(after))

    assert len(read("SELECT day FROM call WHERE day IS NOT NULL")) == 1
