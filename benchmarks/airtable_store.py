"""Figures of the Airtable store: decoding and encoding beside pydantic and the peers, and requests for each operation.

    python -m benchmarks.airtable_store [rounds] [--peer PYTHON]

PYTHON is the interpreter of another environment in which pydantic-airtable is installed (python -m venv peer;
peer/bin/pip install pydantic-airtable; --peer peer/bin/python); without it pyairtable is the only peer. It takes a minute
or two longer, since the peer is slow.

Each round runs every case once, odd rounds backwards; ratios are medians of the rounds' own ratios, and beside them the
ratio of our reading to that peer. Every case is given its own copy of what Airtable answered, as parsed JSON: neither the
copy nor freeing the records is counted. What is decoded is the cells by plain pydantic and pyairtable, and by us and
pydantic-airtable the id and the time of creation too. pydantic-airtable evaluates a class's annotations for each record,
so what a class costs there depends on whether its module has `from __future__ import annotations`: both are measured.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pyairtable.orm import Model as OrmModel
from pyairtable.orm import fields as orm
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from generated.agent_tasks import AgentTask
from tablewright.expressions import tree
from tablewright.expressions.types import INTEGER, NUMBER, TEXT
from tablewright.runtime import (
    AirtableModel,
    Choice,
    FieldSpec,
    RelationSpec,
    TableSpec,
    UtcDatetime,
)
from tablewright.runtime.reading import decoded
from tablewright.runtime.stores.airtable import AirtableStore
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_names import names_of
from tablewright.runtime.stores.base import Order, Selection
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory, connected, provision

RECORDS = 10_000
REFERENCE = "pydantic model_validate(fields)"
OURS = "tablewright"
PEER = Path(__file__).with_name("decode_pydantic_airtable.py")


class State(Choice):
    """A select."""

    OPEN = "To do"
    DONE = "Done"


class PlainState(StrEnum):
    """The same for the peers."""

    OPEN = "To do"
    DONE = "Done"


CARD: TableSpec = TableSpec(
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


Json = dict[str, Any]


class Answers:
    """As much of a client as reading needs: every list has the same pages, of a hundred records."""

    def __init__(self) -> None:
        self.records: list[Json] = []

    def table(self, reference: str) -> str:
        """Return what stands for a table."""
        return reference

    def pages(self, *_: object) -> Iterator[list[Json]]:
        """Yield the pages."""
        for start in range(0, len(self.records), 100):
            yield self.records[start : start + 100]

    def close(self) -> None:
        """Do nothing."""


class Timed(Protocol):
    """A case of a table."""

    def seconds(self, *, collecting: bool) -> float:
        """Run it once, with or without the garbage collector, and return how long it took."""
        ...


@dataclass(frozen=True)
class Case:
    """Something to be timed, with what it is given each time."""

    run: Callable[[Any], Any]
    given: Callable[[], Any]

    def seconds(self, *, collecting: bool) -> float:
        """Time it on its own copy."""
        given = self.given()
        gc.collect()
        if not collecting:
            gc.disable()
        begun = time.perf_counter()
        result = self.run(given)
        taken = time.perf_counter() - begun
        gc.enable()
        del result, given
        return taken


@dataclass(frozen=True)
class PeerCase:
    """What the process of the peer runs and times itself."""

    process: subprocess.Popen[str]
    name: str

    def seconds(self, *, collecting: bool) -> float:
        """Let the peer run it."""
        assert self.process.stdin is not None  # noqa: S101  # as it was started
        assert self.process.stdout is not None  # noqa: S101  # the same
        self.process.stdin.write(f"{self.name} {'on' if collecting else 'off'}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextmanager
def peer_of(python: str | None) -> Iterator[Callable[[str], dict[str, Timed]]]:
    """Run the peer, where there is one, and give a function that returns its cases of decoding or encoding."""
    if python is None:
        yield lambda _: {}
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.json"
        path.write_text(json.dumps(records()), "utf-8")
        command = [python, str(PEER), str(path)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None  # noqa: S101  # as it is started
            if not process.stdout.readline():
                raise SystemExit("the peer ended: is pydantic-airtable installed there?")
            yield lambda what: {
                "pydantic-airtable": PeerCase(process, f"{what} types"),
                "  with postponed annotations": PeerCase(process, f"{what} text"),
            }


def measured(
    cases: Mapping[str, Timed], rounds: int, *, collecting: bool = True
) -> dict[str, list[float]]:
    """Return each case's seconds, round by round."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    for one in cases.values():
        one.seconds(collecting=True)
    for turn in range(rounds):
        for name in list(cases) if turn % 2 == 0 else reversed(list(cases)):
            times[name].append(cases[name].seconds(collecting=collecting))
    return times


def show(title: str, times: dict[str, list[float]], reference: str, ours: str) -> None:
    """Print figures, and ratios to the reference and to what is ours."""
    print(f"\n{title:54}   of pydantic   ours is")
    for name, seconds in times.items():
        rate = RECORDS / statistics.median(seconds)
        of_reference = _ratio(times[reference], seconds)
        ahead = _ratio(seconds, times[ours])
        print(f"  {name:40} {rate:10,.0f}/s  {of_reference:9.3f} x  {ahead:7.2f} x")


def _ratio(times: list[float], others: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(times, others, strict=True))


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
                "read 95 with the other side of a link": lambda: [
                    one.subtasks for one in AgentTask.all()
                ],
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


def decoding(rounds: int, peers: Mapping[str, Timed]) -> None:
    """Print figures of decoding."""
    cells = TableCells(CARD, names_of(CARD, None))
    client: Any = Answers()
    store: Any = AirtableStore(client, lambda table: names_of(table, None), "benchmark")
    raw = records()

    def answers() -> list[Json]:
        return [{**one, "fields": dict(one["fields"])} for one in raw]

    def in_pages() -> None:
        client.records = answers()

    where = tree.Compare("!=", tree.Field("title", TEXT.or_none()), tree.literal("x"))
    longer = tree.Compare(
        ">", tree.Call("len", (tree.Field("title", TEXT),), INTEGER), tree.literal(3)
    )
    by = Order(tree.Field("cost", NUMBER.or_none()), descending=True)

    def read(selection: Selection) -> Case:
        return Case(lambda _: decoded(Card, store, store.select(selection)), in_pages)

    plain = Case(lambda given: [PlainCard.model_validate(one["fields"]) for one in given], answers)
    cases: dict[str, Timed] = {
        REFERENCE: plain,
        OURS: Case(lambda given: decoded(Card, store, cells.lazy_rows(given)), answers),
        "tablewright, the whole of reading a list": read(Selection(CARD, where)),
        "  ordered by a number": read(Selection(CARD, where, (by,))),
        "  finished after the fetch": read(Selection(CARD, longer)),
        "  100 of all, ordered by a number": read(Selection(CARD, where, (by,), limit=100)),
        "pyairtable Model.from_record": Case(
            lambda given: [OrmCard.from_record(one) for one in given], answers
        ),
        **peers,
    }
    show(f"decoding {RECORDS:,} records", measured(cases, rounds), REFERENCE, OURS)
    show(
        "the same with the garbage collector off for all",
        measured(cases, rounds, collecting=False),
        REFERENCE,
        OURS,
    )


def encoding(rounds: int, peers: Mapping[str, Timed]) -> None:
    """Print figures of encoding."""
    cells = TableCells(CARD, names_of(CARD, None))
    # As stores are given them: what is written, without what Airtable gives.
    rows = [
        {key: value for key, value in row.items() if key in cells.written}
        for row in cells.rows(records(), print)
    ]
    plain = [PlainCard.model_validate(one["fields"]) for one in records()]
    theirs: Any = [OrmCard.from_record(one) for one in records()]  # type: ignore[arg-type]  # a record
    reference = "pydantic model_dump(json, by_alias)"
    ours = "tablewright, a row to a field dict"
    cases: dict[str, Timed] = {
        reference: Case(
            lambda given: [one.model_dump(mode="json", by_alias=True) for one in given],
            lambda: plain,
        ),
        ours: Case(lambda given: [cells.changed(row) for row in given], lambda: rows),
        "pyairtable to_record": Case(
            lambda given: [one.to_record() for one in given], lambda: theirs
        ),
        **peers,
    }
    show(f"encoding {RECORDS:,} records", measured(cases, rounds), reference, ours)


def main() -> None:
    """Run every case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rounds", type=int, nargs="?", default=9)
    parser.add_argument("--peer", metavar="PYTHON", help="interpreter with pydantic-airtable")
    given = parser.parse_args()
    with peer_of(given.peer) as peers:
        decoding(given.rounds, peers("decode"))
        encoding(given.rounds, peers("encode"))
    requests()


if __name__ == "__main__":
    main()
