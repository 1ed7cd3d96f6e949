"""Records come out of answers in one pass, and are the same as by the way of rows, whatever people put into cells."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, JsonValue, field_validator

from generated.agent_tasks import AgentTask, TaskPriority
from tablewright.runtime import (
    AirtableModel,
    Attachment,
    Barcode,
    Button,
    Choice,
    Collaborator,
    FieldSpec,
    RecordInvalid,
    RelationSpec,
    TableSpec,
    UtcDatetime,
)
from tablewright.runtime import reading as records_of
from tablewright.runtime.lazy_row import LazyRow
from tablewright.runtime.records import origin_of
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_names import TableNames, names_of
from tablewright.runtime.unfit import UnfitRows
from tablewright.testing import Factory


class Tone(Choice):
    """A select."""

    WARM = "Warm"
    COLD = "it's cold"


THING: TableSpec = TableSpec(
    "Thing", "Things", "thing",
    (
        FieldSpec("code", "Code", "text", required=True, min_length=1, max_length=5),
        FieldSpec("slug", "Slug", "text", pattern="^[a-z]+$"),
        FieldSpec("note", "id", "long_text"),
        FieldSpec("body", "created_time", "rich_text"),
        FieldSpec("stars", "Stars", "rating", minimum=1, maximum=5),
        FieldSpec("tries", "Tries", "integer", default=3),
        FieldSpec("price", "Price", "currency", minimum=-1.5),
        FieldSpec("took", "Took", "duration", minimum=timedelta()),
        FieldSpec("done", "Done", "boolean", default=True),
        FieldSpec("day", "Day", "date"),
        FieldSpec("at", "At", "datetime"),
        FieldSpec("due", "Due", "datetime", required=True),
        FieldSpec("data", "Data", "json"),
        FieldSpec("files", "Files", "attachments"),
        FieldSpec("owner", "Owner", "collaborator"),
        FieldSpec("team", "Team", "collaborators"),
        FieldSpec("bar", "Bar", "barcode"),
        FieldSpec("tone", "Tone", "enum", choices=Tone, default=Tone.WARM),
        FieldSpec("tones", "Tones", "enum_list", choices=Tone),
        FieldSpec("total", "Total", "formula", result="number"),
        FieldSpec("whole", "Whole", "formula", result="integer"),
        FieldSpec("last", "Last", "rollup", result="datetime"),
        FieldSpec("said", "Said", "formula"),
        FieldSpec("names", "Names", "lookup"),
        FieldSpec("by", "By", "created_by"),
        FieldSpec("press", "Press", "button"),
        FieldSpec("touched", "Touched", "last_modified_time"),
        FieldSpec("number", "Number", "auto_number"),
        FieldSpec("made", "Made", "created_time"),
        FieldSpec("gone", "Gone", "text"),
    ),
    (RelationSpec("parent", "Parent", "Thing"), RelationSpec("needs", "Needs", "Thing", many=True)),
    tables=lambda: (THING,),
)  # fmt: skip


class Thing(AirtableModel):
    """A record with fields of every kind, as generated code has it."""

    table: ClassVar[TableSpec] = THING

    code: str = Field(min_length=1, max_length=5)
    slug: str | None = Field(default=None, pattern="^[a-z]+$")
    note: str | None = None
    body: str | None = None
    stars: int | None = Field(default=None, ge=1, le=5)
    tries: int = 3
    price: float | None = Field(default=None, ge=-1.5)
    took: timedelta | None = Field(default=None, ge=timedelta(0))
    done: bool = True
    day: date | None = None
    at: UtcDatetime | None = None
    due: UtcDatetime
    data: JsonValue = None
    files: list[Attachment] = Field(default_factory=list)
    owner: Collaborator | None = None
    team: list[Collaborator] = Field(default_factory=list)
    bar: Barcode | None = None
    tone: Tone = Tone.WARM
    tones: list[Tone] = Field(default_factory=list[Tone], max_length=2)
    total: float | None = Field(default=None, frozen=True)
    whole: int | None = Field(default=None, frozen=True)
    last: UtcDatetime | None = Field(default=None, frozen=True)
    said: str | None = Field(default=None, frozen=True)
    names: list[JsonValue] = Field(default_factory=list[Any], frozen=True)
    by: Collaborator | None = Field(default=None, frozen=True)
    press: Button | None = Field(default=None, frozen=True)
    touched: UtcDatetime | None = Field(default=None, frozen=True)
    number: int = Field(default=0, frozen=True)
    made: UtcDatetime | None = Field(default=None, frozen=True)
    gone: str | None = None
    parent_id: str | None = None
    needs_ids: list[str] = Field(default_factory=list[str])


MOMENTS = st.sampled_from(["2026-01-01T00:00:00.000Z", "2026-02-28T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "2026-01-01"])  # fmt: skip
TEXTS = st.sampled_from(["", "a", "abc", "ABC", "longer", "ä\n", "2026-01-01"])
NUMBERS = st.one_of(st.integers(-3, 7), st.floats(-3, 7), st.sampled_from([2**53, 1e300]))
PEOPLE = st.sampled_from([{"id": "usrAAAAAAAAAAAAA1", "email": "a@example.com", "name": "A"}, {"id": "usrAAAAAAAAAAAAA2"}])  # fmt: skip
FILES: st.SearchStrategy[Any] = st.sampled_from([{"id": "attAAAAAAAAAAAAA1", "url": "https://x", "filename": "a", "thumbnails": {"small": {}}}])  # fmt: skip
LABELS = st.sampled_from(["Warm", "it's cold", "Invented", ""])
IDS = st.lists(st.sampled_from(["recAAAAAAAAAAAAA1", "recAAAAAAAAAAAAA2"]), max_size=3)
ODD = st.sampled_from(["odd", 1.5, True, [], {}, [None], {"error": "#ERROR!"}, {"specialValue": "NaN"}, ["x", 2]])  # fmt: skip
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "Code": TEXTS, "Slug": TEXTS, "id": TEXTS, "created_time": TEXTS, "Stars": NUMBERS, "Tries": NUMBERS, "Price": NUMBERS,
    "Took": NUMBERS, "Done": st.just(True), "Day": st.sampled_from(["2026-02-28", "2026-02-30"]), "At": MOMENTS,
    "Due": MOMENTS, "Data": st.sampled_from(["{}", "[1, null]", "null", "{", "1"]), "Files": st.lists(FILES, max_size=2),
    "Owner": PEOPLE, "Team": st.lists(PEOPLE, max_size=2), "Bar": st.just({"text": "4006381333931"}), "Tone": LABELS,
    "Tones": st.lists(LABELS, max_size=3), "Total": NUMBERS, "Number": st.integers(1, 9), "Whole": NUMBERS,
    "Last": MOMENTS, "Said": TEXTS, "Names": st.lists(TEXTS | NUMBERS, max_size=2), "By": PEOPLE, "Press": st.just({"label": "x", "url": None}),
    "Touched": MOMENTS, "Parent": IDS, "Needs": IDS,
}  # fmt: skip


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """A record as Airtable answers it: blanks are missing, and now and then a cell is of another kind."""
    cells: dict[str, Any] = {"Code": "abc", "Due": "2026-01-01T00:00:00.000Z"}
    for name in draw(st.lists(st.sampled_from(sorted(CELLS)), unique=True)):
        cells[name] = draw(CELLS[name])
    if draw(st.integers(0, 5)) == 0:
        cells[draw(st.sampled_from(sorted(CELLS)))] = draw(ODD)
    if draw(st.integers(0, 9)) == 0:
        del cells[draw(st.sampled_from(["Code", "Due"]))]
    number = draw(st.integers(0, 9))
    return {"id": f"rec{number:014d}", "createdTime": "2026-01-01T00:00:01.000Z", "fields": cells}


class Reading:
    """As much of a store as decoding looks at."""

    description = "a store"

    def __init__(self) -> None:
        self.told: list[str] = []
        self.unfit = UnfitRows(on_unfit=lambda error: self.told.append(str(error)))


@cache
def conversions() -> TableCells:
    named = names_of(THING, None)
    return TableCells(THING, TableNames(named.table, named.fields, absent=frozenset({"gone"})))


def in_one_pass(
    answers: list[dict[str, Any]], model: type[Any] = Thing
) -> tuple[list[Any], list[str]]:
    store: Any = Reading()
    found = records_of.decoded(model, store, conversions().lazy_rows(copy.deepcopy(answers)))
    return found, sorted(store.told)


def by_rows(answers: list[dict[str, Any]], model: type[Any] = Thing) -> tuple[list[Any], list[str]]:
    store: Any = Reading()
    rows = conversions().rows(copy.deepcopy(answers), store.unfit.report)
    return records_of.decoded(model, store, rows), sorted(store.told)


def row_of(record: AirtableModel) -> dict[str, Any]:
    origin = origin_of(record)
    assert origin is not None
    return origin.row.copy()


def kinds(value: Any) -> Any:
    """Return a value's types, which `==` does not look at: 1 is True, and 1.0 too."""
    if isinstance(value, list):
        return [kinds(one) for one in value]
    return (
        {name: kinds(one) for name, one in value.items()}
        if isinstance(value, dict)
        else type(value)
    )


@settings(max_examples=400, deadline=None)
@given(st.lists(answers(), max_size=4))
def test_both_ways_make_the_same_records(found: list[dict[str, Any]]) -> None:
    """Values, their types, the rows behind them, and what is said of records that do not fit."""
    fast, told = in_one_pass(found)
    careful, told_too = by_rows(found)

    assert fast == careful
    assert [kinds(vars(one)) for one in fast] == [kinds(vars(one)) for one in careful]
    assert [row_of(one) for one in fast] == [row_of(one) for one in careful]
    assert told == told_too


def test_a_day_without_a_time_is_no_moment() -> None:
    """As long as a field is a Date in Airtable its records are told of: a moment without a zone would fail later."""
    day = {"id": "recAAAAAAAAAAAAA1", "createdTime": "2026-01-01T00:00:00.000Z", "fields": {"Code": "a", "Due": "2026-01-31"}}  # fmt: skip

    told = ["Thing recAAAAAAAAAAAAA1: due has to be of type datetime, not '2026-01-31'"]
    assert in_one_pass([day]) == by_rows([day]) == ([], told)


def test_generated_classes_take_the_fast_way() -> None:
    """No bound of a schema, and no pattern, sends a class the slow way; rules in a subclass do."""

    class Careful(Thing):
        @field_validator("code")
        @classmethod
        def no_dots(cls, code: str) -> str:
            if "." in code:
                raise ValueError("has to be without dots")
            return code

    cells = conversions()
    assert cells.maker(Thing) is not None
    assert cells.maker(Careful) is None
    answer = {"id": "recAAAAAAAAAAAAA1", "createdTime": "2026-01-01T00:00:00.000Z", "fields": {"Code": "a.b", "Due": "2026-01-01T00:00:00.000Z"}}  # fmt: skip
    assert in_one_pass([answer], Careful) == (
        [],
        ["Thing recAAAAAAAAAAAAA1: code has to be without dots, not 'a.b'"],
    )


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note every record that is made of a row rather than straight from its answer."""
    made: list[str] = []
    validated = records_of._validated_one

    def noted(model: Any, row: Any) -> Any:
        made.append(row["id"])
        return validated(model, row)

    monkeypatch.setattr(records_of, "_validated_one", noted)
    return made


READS: dict[str, Callable[[AgentTask], Any]] = {
    "all": lambda _: AgentTask.all(),
    "find_by": lambda _: AgentTask.find_by(agent_id="a").all(),
    "first": lambda _: AgentTask.first(),
    "get": lambda task: AgentTask.get(task.id),
    "ordered": lambda _: AgentTask.where().order_by("-priority", "name").all(),
    "limited": lambda _: AgentTask.where().order_by("name").limit(2).all(),
    "limited, sorted by Airtable": lambda _: AgentTask.where().order_by("retry_count").limit(2).all(),
    "without the first": lambda _: AgentTask.where().offset(1).all(),
    "finished after the fetch": lambda _: AgentTask.get_ready_tasks().all(),
    "a link": lambda task: AgentTask.get(task.id).parent_task,
    "links": lambda task: AgentTask.get(task.id).depends_on,
    "links back": lambda task: AgentTask.get(task.parent_task_id or "").subtasks,
    "refresh": lambda task: task.refresh(),
}  # fmt: skip


@pytest.mark.parametrize("name", READS)
def test_every_read_takes_the_fast_way(
    tasks: Factory[AgentTask], passes: list[str], name: str
) -> None:
    """However records are asked for, they are made straight from Airtable's answers."""
    parent = tasks.create()
    other = tasks.create(priority=TaskPriority.URGENT)
    child = tasks.create(parent_task=parent, depends_on=[other])
    passes.clear()

    assert READS[name](child)

    assert passes == []


def test_records_that_do_not_fit_count_for_no_limit(tasks: Factory[AgentTask], people: Any) -> None:
    """The first three that fit are found, in whichever way they are sorted."""
    made = tasks.create_many(5)
    people.edit(made[1].id, Status="Invented")
    fitting = [made[0], made[2], made[3]]

    assert AgentTask.where().limit(3).all() == fitting
    assert AgentTask.where().order_by("retry_count").limit(3).all() == fitting
    assert AgentTask.where().order_by("agent_id").limit(3).all() == fitting
    assert AgentTask.where().offset(1).all() == [made[2], made[3], made[4]]


def test_records_that_were_just_read_can_be_pickled(tasks: Factory[AgentTask]) -> None:
    """A row that nobody looked at yet travels as a plain dict."""
    tasks.create()
    (read,) = AgentTask.all()
    origin = origin_of(read)
    assert origin is not None
    assert isinstance(origin.row, LazyRow)

    again = pickle.loads(pickle.dumps(read))  # noqa: S301  # our own

    assert again == read
    assert again.unsaved_changes == {}


def test_getting_a_record_that_does_not_fit_names_the_field(
    tasks: Factory[AgentTask], people: Any
) -> None:
    """By id there is nothing to leave it out of."""
    made = tasks.create()
    people.edit(made.id, Priority="Invented")

    with pytest.raises(RecordInvalid, match=f"AgentTask {made.id}: priority has to be one of"):
        AgentTask.get(made.id)
    with pytest.raises(RecordInvalid, match="priority"):
        made.refresh()


def test_moments_are_of_python_own_utc(tasks: Factory[AgentTask]) -> None:
    """Records that are read and records that are made compare and print alike."""
    tasks.create()
    (read,) = AgentTask.all()

    assert isinstance(read.created_time, datetime)
    assert str(read.created_time.tzinfo) == "UTC"
