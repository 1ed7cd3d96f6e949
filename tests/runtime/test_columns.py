"""The condition builder makes the trees that the language's text makes, and refuses what has no meaning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tablewright.expressions import tree
from tablewright.expressions.resolve import EnumScope, Scope, resolve
from tablewright.expressions.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    TEXT,
    ValueType,
    enum_type,
    list_of,
    record_of,
    records_of,
)
from tablewright.runtime import Choice, Columns, OrderedChoice, measures
from tablewright.runtime import columns as _


class State(Choice):
    """Without an order."""

    OPEN = "Open"
    DONE = "Done"


class Level(OrderedChoice):
    """With an order."""

    LOW = "Low"
    HIGH = "High"


class Task(Columns):
    """A column of every kind."""

    name = _.TextColumn()
    note = _.TextColumn(nullable=True)
    number = _.NumberColumn(nullable=True)
    count = _.IntegerColumn()
    flag = _.BooleanColumn()
    day = _.DateColumn(nullable=True)
    at = _.DatetimeColumn(nullable=True)
    took = _.DurationColumn()
    state = _.ChoiceColumn(State)
    level = _.ChoiceColumn(Level, nullable=True)
    states = _.ChoicesColumn(State)
    data = _.JsonColumn()
    parent = _.LinkColumn["Task"](lambda: Task, "Task")
    needs = _.LinksColumn["Task"](lambda: Task, "Task")


FIELDS: dict[str, ValueType] = {
    "name": TEXT, "note": TEXT.or_none(), "number": NUMBER.or_none(), "count": INTEGER, "flag": BOOLEAN,
    "day": DATE.or_none(), "at": DATETIME.or_none(), "took": DURATION, "state": enum_type("State"),
    "level": enum_type("Level", nullable=True), "states": list_of(enum_type("State")),
    "data": ValueType("json", nullable=True), "parent": record_of("Task"), "needs": records_of("Task"),
}  # fmt: skip
SCOPE = Scope(
    FIELDS,
    {
        "State": EnumScope(("OPEN", "DONE"), ordered=False),
        "Level": EnumScope(("LOW", "HIGH"), ordered=True),
    },
    {"Task": FIELDS},
)
c = Task()
loose: Any = c
"""The same where the type checker would refuse first."""


@pytest.mark.parametrize(
    ("built", "text"),
    [
        (c.name == "a", "name == 'a'"),
        (c.note == None, "note == None"),  # noqa: E711  # builds a condition
        (c.note.is_not_none(), "note is not None"),
        (c.state != State.DONE, "state != DONE"),
        (c.level >= Level.HIGH, "level >= HIGH"),
        (c.state.is_in([State.OPEN, State.DONE]), "state in [OPEN, DONE]"),
        (~c.flag, "not flag"),
        ((c.count > 1) & (c.count < 5) & c.flag, "count > 1 and count < 5 and flag"),
        ((c.count > 1) | ~(c.flag & (c.count < 5)), "count > 1 or not (flag and count < 5)"),
        (c.name.contains("x"), "contains(name, 'x')"),
        (c.note.lower().startswith("x"), "startswith(lower(note), 'x')"),
        (c.name.length() > 3, "len(name) > 3"),
        (c.name + "x" == "ax", "name + 'x' == 'ax'"),
        (c.count < c.number * 2 + 1, "count < number * 2 + 1"),
        (c.count / 2 >= 1.5, "count / 2 >= 1.5"),
        (c.count / c.number > 1, "count / number > 1"),
        (c.count % 2 == 1, "count % 2 == 1"),
        (-c.count < 0, "-count < 0"),
        (_.round_(c.number, 1) == 2.5, "round(number, 1) == 2.5"),
        (_.floor_(c.number) == 2, "floor(number) == 2"),
        (abs(c.count) == 2, "abs(count) == 2"),
        (c.at < _.now() - _.hours(1), "at < now() - hours(1)"),
        (_.seconds(_.now() - c.at) > 5, "seconds(now() - at) > 5"),
        (c.took > _.minutes(5), "took > minutes(5)"),
        (c.took * 2 > _.minutes(5), "took * 2 > minutes(5)"),
        (1.5 * c.took > _.minutes(5), "1.5 * took > minutes(5)"),
        (c.count * c.took > _.minutes(5), "count * took > minutes(5)"),
        (c.took / 2 > _.minutes(5), "took / 2 > minutes(5)"),
        ((c.took / c.number).is_none(), "(took / number) is None"),
        (c.took / c.took > 1, "took / took > 1"),
        (c.took / _.hours(1) > 1.5, "took / hours(1) > 1.5"),
        (_.date_(c.at) == _.today(), "date(at) == today()"),
        (_.year(c.day) == 2026, "year(day) == 2026"),
        (_.coalesce(c.note, "x") == "x", "coalesce(note, 'x') == 'x'"),
        (_.max_(c.count, 3) > 3, "max(count, 3) > 3"),
        (_.when(c.flag, c.count, 0) > 1, "(count if flag else 0) > 1"),
        (c.states.contains(State.OPEN), "OPEN in states"),
        (c.parent.is_none(), "parent is None"),
        (c.parent.name == "x", "parent.name == 'x'"),
        (c.parent.parent.count > 1, "parent.parent.count > 1"),
        (
            c.needs.any(lambda task: task.state != State.DONE),
            "any(task.state != DONE for task in needs)",
        ),
        (
            c.needs.all(lambda task: task.flag, where=lambda task: task.count > 0),
            "all(task.flag for task in needs if task.count > 0)",
        ),
        (c.needs.count() > 2, "len(needs) > 2"),
        (c.needs.sum(lambda x: x.count) > 2, "sum(x.count for x in needs) > 2"),
        (c.needs.max(lambda x: x.level) == Level.HIGH, "max(x.level for x in needs) == HIGH"),
        (c.parent.needs.any(lambda x: x.flag), "any(x.flag for x in parent.needs)"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_conditions_are_the_trees_of_their_text(built: _.Condition, text: str) -> None:
    """Types and nullability included."""
    expected, problems = resolve(text, SCOPE)

    assert problems == ()
    assert expected is not None
    assert unnamed(built.node) == unnamed(expected)


def unnamed(node: tree.Node) -> str:
    """Return a tree as text in which the variable of a bare len() has no name, and narrowing does not show."""
    return str(node).replace("'linked'", "'x'")


def test_the_fields_of_a_linked_record_keep_apart_from_those_around() -> None:
    """A computed field that looks over links of its own gets a variable of its own."""

    class Nested(Columns):
        needs = _.LinksColumn["Nested"](lambda: Nested, "Task")
        count = _.IntegerColumn()

        @property
        def busier(self) -> _.Condition:
            return self.needs.any(lambda task: task.count > self.count)

    node = Nested().needs.any(lambda task: task.busier).node

    assert isinstance(node, tree.Over)
    inner = node.body
    assert isinstance(inner, tree.Over)
    assert isinstance(inner.body, tree.Compare)
    assert isinstance(inner.body.right, tree.Field)
    assert inner.body.right.owner == node.variable
    assert inner.variable != node.variable


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: bool(loose.count > 1), "use & | ~"),
        (lambda: loose.flag and loose.flag, "use & | ~"),
        (lambda: 1 < loose.count < 3, "use & | ~"),
        (lambda: loose.count > "1", "takes numbers"),
        (lambda: loose.count == True, "takes numbers"),  # noqa: E712  # the point of it
        (lambda: loose.name == 1, "takes text"),
        (lambda: loose.state == "Open", "takes values of State"),
        (lambda: loose.state == Level.LOW, "takes values of State"),
        (lambda: loose.state < State.DONE, "have no order"),
        (lambda: loose.level < None, "is_none"),
        (
            lambda: loose.at > datetime.fromisoformat("9999-12-31T23:00-05:00"),
            "years 1 to 9999",
        ),
        (
            lambda: loose.at > datetime.fromisoformat("2026-01-01"),
            "needs a time zone",
        ),  # the point of it
        (lambda: loose.day > datetime(2026, 1, 1, tzinfo=UTC), "takes dates"),
        (lambda: loose.at - 5, "say what the number counts"),
        (lambda: loose.flag & True, "brackets around"),
        (lambda: loose.state in [State.DONE], "in place of 'in'"),
        (lambda: loose.name.is_in("abc"), "list of values"),
        (lambda: loose.needs.any(lambda task: task.name), "returns a condition"),
        (lambda: loose.needs.any(lambda _: True), "returns a condition"),
        (lambda: loose.needs.sum(lambda task: task.name), "needs numbers"),
        (lambda: loose.is_none(), "a record itself is always there"),
        (lambda: loose.parent.is_record(5), "a record of Task that is stored, or its id"),
        (lambda: loose.needs == [], "write c.needs.contains"),
        (lambda: _.coalesce(loose.name, 1), "values of one type"),
        (lambda: _.max_(loose.state, State.DONE), "have no order"),
        (lambda: _.min_(loose.flag, loose.flag), r"min_\(\) needs values with an order"),
        (lambda: loose.needs.max(lambda task: task.state), "the values of State have no order"),
        (lambda: loose.needs.min(lambda task: task.states), "min.. needs values with an order"),
        (lambda: measures.min(loose.state), "the values of State have no order: say 'ordered"),
        (lambda: measures.max(loose.parent.states), "max.. needs values with an order, and got"),
        (lambda: measures.max(loose.data), "max.. needs values with an order, and got"),
        (lambda: measures.min(loose.flag), "min.. needs values with an order, and got"),
        (lambda: loose.data == {"a": 1}, "can only ask whether 'data' is blank, by c.data.is_none"),
        (lambda: loose.data != "x", "compare the values of records that were read"),
        (lambda: loose.states == State.DONE, "write c.states.contains.choice."),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_has_no_meaning_is_refused_with_a_way_out(
    build: Callable[[], Any], words: str
) -> None:
    """A TypeError says what the value takes, or what to write."""
    with pytest.raises(TypeError, match=words):
        build()


@pytest.mark.parametrize(
    ("look_up", "said"),
    [
        (lambda: loose.cuont, "Task has no field 'cuont': did you mean 'count'?"),
        (lambda: loose.parent.nmae, "Task has no field 'nmae': did you mean 'name'?"),
        (lambda: loose.state.in_([State.DONE]), "ChoiceColumn has no 'in_': did you mean 'is_in'?"),
        (lambda: loose.at.isnull(), "DatetimeColumn has no 'isnull': did you mean 'is_none'?"),
        (lambda: loose.name.like("x"), "TextColumn has no 'like': did you mean 'contains'?"),
        (
            lambda: loose.data.path,
            "JsonColumn has no 'path': known here: is_none, is_not_none",
        ),
        (lambda: loose.needs.len(), "links have no 'len': did you mean 'count'?"),
        (
            lambda: loose.needs.name == "x",
            (
                "'needs' are links to any number of Task records: write what is asked of each, as in "
                "c.needs.any(lambda one: one.name == …)"
            ),
        ),
        (lambda: loose.__wrapped__, "Task has no field '__wrapped__'"),
    ],
)
def test_a_name_that_there_is_not_leads_to_the_one_that_was_meant(
    look_up: Callable[[], Any], said: str
) -> None:
    """Also where other libraries call it so. Names with underscores are looked for by libraries, not by people."""
    with pytest.raises(AttributeError) as caught:
        look_up()

    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("build", "value", "words"),
    [
        (_.text_value, 1.5, "cannot use 1.5 (float) with text: it takes text"),
        (_.boolean_value, 1.5, "cannot use 1.5 (float) with a yes/no value"),
        (_.number_value, "1.5", "cannot use '1.5' (str) with a number: it takes numbers"),
        (_.date_value, 1.5, "cannot use 1.5 (float) with a date: it takes dates"),
        (_.duration_value, 1.5, "cannot use 1.5 (float) with a duration: it takes timedeltas"),
        (_.datetime_value, 1.5, "with a date and time: it takes datetimes with a time zone"),
        (_.datetime_value, datetime.fromisoformat("2026-01-01"), "the datetime needs a time zone"),
        (lambda one: _.choice_value(one, Level), "Low", "it takes values of Level, such as"),
    ],
)
def test_an_argument_of_another_type_is_refused(
    build: Callable[[Any], Any], value: Any, words: str
) -> None:
    """What a caller gives to a query of the schema is held against its type, as beside a field."""
    with pytest.raises(TypeError) as caught:
        build(value)

    assert words in str(caught.value)


def test_plain_values_keep_their_type() -> None:
    """Dates, durations and moments become constants of their kinds."""
    assert (c.took == timedelta(hours=1)).node.right.type == DURATION  # type: ignore[union-attr]  # a comparison
    assert (c.day == date(2026, 1, 1)).node.right.type == DATE  # type: ignore[union-attr]  # likewise


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: loose.took * loose.took, "by a duration: it takes numbers"),
        (lambda: loose.took * "x", "by 'x' (str): it takes numbers"),
        (lambda: loose.took / loose.name, "by text: it takes numbers"),
        (lambda: loose.took * True, "by True (bool): it takes numbers"),
    ],
)
def test_durations_are_scaled_by_numbers_alone(build: Callable[[], Any], words: str) -> None:
    """As in the language; a duration by a duration is a number."""
    with pytest.raises(TypeError) as caught:
        build()

    assert words in str(caught.value)
