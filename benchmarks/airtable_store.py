"""Figures of the Airtable store: decoding and encoding beside pydantic and pyairtable, and requests for each operation.

    python -m benchmarks.airtable_store [rounds]

Each round runs every case once, odd rounds backwards; ratios are medians of the rounds' own ratios.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from pyairtable.orm import Model as OrmModel
from pyairtable.orm import fields as orm
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from generated.agent_tasks import AgentTask
from tablewright.runtime import (
    AirtableModel,
    Choice,
    FieldSpec,
    RelationSpec,
    TableSpec,
    UtcDatetime,
)
from tablewright.runtime.reading import decoded
from tablewright.runtime.records import origin_of
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_names import names_of
from tablewright.runtime.unfit import UnfitRows
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory, connected, provision

RECORDS = 10_000


class State(Choice):
    """A select."""

    TODO = "To do"
    DONE = "Done"


class PlainState(StrEnum):
    """The same for the peers."""

    TODO = "To do"
    DONE = "Done"


CARD = TableSpec(
    "Card", "Cards", "card",
    (
        FieldSpec("title", "Title", "text"), FieldSpec("body", "Body", "long_text"), FieldSpec("mail", "Mail", "email"),
        FieldSpec("link", "Link", "url"), FieldSpec("state", "State", "enum", choices=State),
        FieldSpec("second", "Second", "enum", choices=State), FieldSpec("began", "Began", "datetime"),
        FieldSpec("ended", "Ended", "datetime"), FieldSpec("seen", "Seen", "datetime"), FieldSpec("day", "Day", "date"),
        FieldSpec("cost", "Cost", "number"), FieldSpec("tries", "Tries", "integer"), FieldSpec("urgent", "Urgent", "boolean"),
        FieldSpec("tags", "Tags", "enum_list", choices=State),
    ),
    (RelationSpec("needs", "Needs", "Card", many=True),),
    tables=lambda: (CARD,),
)  # fmt: skip


class Card(AirtableModel):
    """As generated code has it."""

    table: ClassVar[TableSpec] = CARD

    title: str | None = None
    body: str | None = None
    mail: str | None = None
    link: str | None = None
    state: State | None = None
    second: State | None = None
    began: UtcDatetime | None = None
    ended: UtcDatetime | None = None
    seen: UtcDatetime | None = None
    day: date | None = None
    cost: float | None = None
    tries: int | None = None
    urgent: bool = False
    tags: list[State] = Field(default_factory=list)
    needs_ids: list[str] = Field(default_factory=list)


class PlainCard(BaseModel):
    """The same as a plain pydantic model with aliases."""

    model_config = ConfigDict(populate_by_name=True)

    title: str | None = Field(None, alias="Title")
    body: str | None = Field(None, alias="Body")
    mail: str | None = Field(None, alias="Mail")
    link: str | None = Field(None, alias="Link")
    state: PlainState | None = Field(None, alias="State")
    second: PlainState | None = Field(None, alias="Second")
    began: AwareDatetime | None = Field(None, alias="Began")
    ended: AwareDatetime | None = Field(None, alias="Ended")
    seen: AwareDatetime | None = Field(None, alias="Seen")
    day: date | None = Field(None, alias="Day")
    cost: float | None = Field(None, alias="Cost")
    tries: int | None = Field(None, alias="Tries")
    urgent: bool = Field(default=False, alias="Urgent")
    tags: list[PlainState] = Field(default_factory=list, alias="Tags")
    needs: list[str] = Field(default_factory=list, alias="Needs")


class OrmCard(OrmModel):
    """The same in pyairtable's ORM, whose selects are text."""

    title = orm.TextField("Title")
    body = orm.TextField("Body")
    mail = orm.EmailField("Mail")
    link = orm.UrlField("Link")
    state = orm.SelectField("State")
    second = orm.SelectField("Second")
    began = orm.DatetimeField("Began")
    ended = orm.DatetimeField("Ended")
    seen = orm.DatetimeField("Seen")
    day = orm.DateField("Day")
    cost = orm.FloatField("Cost")
    tries = orm.IntegerField("Tries")
    urgent = orm.CheckboxField("Urgent")
    tags = orm.MultipleSelectField("Tags")
    needs = orm.MultipleSelectField("Needs")

    class Meta:
        """Where it would be; nothing is asked."""

        base_id = "appAAAAAAAAAAAAAA"
        table_name = "Cards"
        api_key = "none"


def records() -> list[dict[str, Any]]:
    """Return records as Airtable answers them."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    found = []
    for place in range(RECORDS):
        moment = (
            (start + timedelta(seconds=place))
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z")
        )
        fields = {
            "Title": f"Card {place}", "Body": "some words " * 5, "Mail": f"a{place}@example.com", "Link": "https://example.com",
            "State": "Done" if place % 2 else "To do", "Second": "Done", "Began": moment, "Ended": moment, "Seen": moment,
            "Day": "2026-02-03", "Cost": place / 7, "Tries": place % 9, "Urgent": True, "Tags": ["Done", "To do"],
            "Needs": [f"rec{place:014d}"],
        }  # fmt: skip
        found.append({"id": f"rec{place:014d}", "createdTime": moment, "fields": fields})
    return found


class Reading:
    """As much of a store as decoding looks at."""

    unfit = UnfitRows(strict=True)
    description = "benchmark"


def measured(
    cases: dict[str, Callable[[], Any]], rounds: int, *, collecting: bool = True
) -> dict[str, list[float]]:
    """Return each case's seconds, round by round."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    if not collecting:
        gc.disable()
    for each in cases.values():
        each()
    for turn in range(rounds):
        for name in list(cases) if turn % 2 == 0 else reversed(list(cases)):
            begun = time.perf_counter()
            cases[name]()
            times[name].append(time.perf_counter() - begun)
    gc.enable()
    return times


def show(title: str, times: dict[str, list[float]], reference: str) -> None:
    """Print figures and ratios to the reference."""
    print(f"\n{title}")
    for name, seconds in times.items():
        ratios = [one / own for one, own in zip(times[reference], seconds, strict=True)]
        rate = RECORDS / statistics.median(seconds)
        print(f"  {name:48} {rate:10,.0f}/s  {statistics.median(ratios):5.2f} x")


def requests() -> None:
    """Print how many requests each operation takes."""
    print("\nrequests")
    with LocalAirtable() as airtable:
        provision(airtable, [AgentTask])
        with connected(airtable):
            tasks = Factory(AgentTask, agent_id="a")
            AgentTask.count()
            made: list[AgentTask] = []
            steps: dict[str, Callable[[], Any]] = {
                "create 95": lambda: made.extend(tasks.create_many(95)),
                "read 95": AgentTask.all,
                "count": AgentTask.count,
                "change 1": lambda: made[0].update(output="x"),
                "a transition with its history": lambda: made[0].start_execution(),
                "an upsert": lambda: AgentTask.upsert(on=["name"], **tasks.values(name="u")),
                "ready tasks, dependencies looked at": lambda: AgentTask.get_ready_tasks().all(),
                "statistics": lambda: AgentTask.get_agent_stats("a"),
                "delete 95": lambda: AgentTask.bulk_delete(made),
            }
            for name, step in steps.items():
                airtable.calls.clear()
                step()
                print(f"  {name:48} {len(airtable.calls):3}")


def main() -> None:
    """Run every case."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    cells = TableCells(CARD, names_of(CARD, None))
    store: Any = Reading()
    raw = records()
    kept: dict[str, Any] = {}

    def ours() -> None:
        kept["ours"] = decoded(
            Card,
            store,
            cells.lazy_rows([dict(one, fields=dict(one["fields"])) for one in raw]),
        )

    def plain() -> None:
        kept["plain"] = [PlainCard.model_validate(dict(one["fields"])) for one in raw]

    def pyairtable() -> None:
        kept["orm"] = [OrmCard.from_record({**one, "fields": dict(one["fields"])}) for one in raw]  # type: ignore[typeddict-item]  # a record

    decoding = {
        "pydantic model_validate(fields)": plain,
        "tablewright": ours,
        "pyairtable Model.from_record": pyairtable,
    }
    reference = "pydantic model_validate(fields)"
    show(f"decoding {RECORDS:,} records", measured(decoding, rounds), reference)
    show(
        "the same with the garbage collector off for all",
        measured(decoding, rounds, collecting=False),
        reference,
    )
    # As stores are given them: what is written, without what Airtable gives.
    rows = [
        {key: value for key, value in origin.row.items() if key in cells.written}
        for one in kept["ours"]
        if (origin := origin_of(one)) is not None
    ]
    encoding: dict[str, Callable[[], Any]] = {
        "pydantic model_dump(mode='json', by_alias=True)": lambda: [
            one.model_dump(mode="json", by_alias=True) for one in kept["plain"]
        ],
        "tablewright, a row to an Airtable field dict": lambda: [
            cells.changed(row) for row in rows
        ],
        "pyairtable to_record": lambda: [one.to_record() for one in kept["orm"]],
    }
    show(
        f"encoding {RECORDS:,} records",
        measured(encoding, rounds),
        "pydantic model_dump(mode='json', by_alias=True)",
    )
    requests()


if __name__ == "__main__":
    main()
