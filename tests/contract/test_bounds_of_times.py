"""Least and greatest values of dates, moments and durations hold on every store, in Python and in the store alike."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tablewright.runtime import ArgumentSpec, Connection, FieldSpec, RecordInvalid, connect
from tablewright.runtime.codec import encoder
from tablewright.runtime.stores.sql import SqlStore
from tablewright.runtime.unfit_values import Unfit
from tablewright.testing import Factory

UNTIL = date(2026, 1, 31)
ENDS = datetime(2026, 1, 31, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)

OUTSIDE = [
    pytest.param("day", date(2020, 2, 28), "2020-02-29", id="day before"),
    pytest.param("day", date(2031, 1, 1), "2030-12-31", id="day after"),
    pytest.param("until", date(2031, 1, 2), "2031-01-01", id="after the last day"),
    pytest.param(
        "begins",
        datetime(2019, 12, 31, 21, 59, 59, 999999, tzinfo=UTC),
        "2019-12-31T22:00:00Z",
        id="microsecond before",
    ),
    pytest.param(
        "begins",
        datetime(2030, 12, 31, 23, 59, 59, 999001, tzinfo=UTC),
        "2030-12-31T23:59:59.999Z",
        id="microsecond after",
    ),
    pytest.param(
        "ends",
        datetime(2020, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        "2020-01-01T00:00:00Z",
        id="earlier by its zone",
    ),
    pytest.param("takes", timedelta(hours=2) + TICK, "2h", id="too long"),
    pytest.param("takes", timedelta(hours=-2), "-90m", id="too far back"),
    pytest.param("pause", -TICK, "0s", id="below nothing"),
]

AT_THE_ENDS: list[dict[str, Any]] = [
    {"day": date(2020, 2, 29), "until": date(2031, 1, 1), "takes": timedelta(minutes=-90)},
    {"day": date(2030, 12, 31), "until": date(1, 1, 1), "takes": timedelta(hours=2)},
    {"begins": datetime(2019, 12, 31, 22, tzinfo=UTC), "ends": datetime(2020, 1, 1, tzinfo=UTC)},
    {
        "begins": datetime(2030, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        "pause": timedelta(0),
    },
]


@pytest.fixture(scope="session")
def bookings(packaged: Callable[[str], ModuleType]) -> ModuleType:
    """A package of bookings, whose times have a least and a greatest value."""
    return packaged("bookings")


def booked(bookings: ModuleType, **values: Any) -> Any:
    return bookings.Booking.create(**{"title": "a", "until": UNTIL, "ends": ENDS, **values})


@pytest.mark.parametrize(("field", "value", "end"), OUTSIDE)
def test_no_call_stores_a_time_outside_its_bounds(
    bookings: ModuleType, connection: Connection, field: str, value: Any, end: str
) -> None:
    """create, update, save, the bulk calls and upsert say what is allowed, and nothing is stored."""
    booking = bookings.Booking
    made = booked(bookings)
    before = getattr(made, field)
    new = {"title": "b", "until": UNTIL, "ends": ENDS, field: value}

    attempts: tuple[Callable[[], object], ...] = (
        lambda: booking.create(**new),
        lambda: booking.bulk_create([new]),
        lambda: made.update(**{field: value}),
        lambda: setattr(made, field, value),
        lambda: booking.bulk_update({made.id: {field: value}}),
        lambda: booking.upsert(on=["title"], **new),
        lambda: booking.bulk_upsert([new], on=["title"]),
    )
    for attempt in attempts:
        with pytest.raises(RecordInvalid, match=rf"{field} has to be .*{end}\b"):
            attempt()
        made.refresh()

    assert [getattr(one, field) for one in booking.all()] == [before]


@pytest.mark.parametrize("values", AT_THE_ENDS)
def test_the_least_and_the_greatest_time_are_stored_and_read(
    bookings: ModuleType, connection: Connection, values: dict[str, Any]
) -> None:
    """Both ends belong to what a field holds, and come back as they were given."""
    made = booked(bookings, **values)

    read = bookings.Booking.get(made.id)

    assert {name: getattr(read, name) for name in values} == values
    assert Factory(bookings.Booking).create().refresh()


def test_the_input_models_hold_times_to_their_bounds(bookings: ModuleType) -> None:
    """What a caller gives is looked at where it is put together, before any store is there."""
    for case in OUTSIDE:
        field, value = str(case.values[0]), case.values[1]
        with pytest.raises(ValidationError):
            bookings.BookingUpdate(**{field: value})
        with pytest.raises(ValidationError):
            bookings.BookingCreate(**{"title": "a", "until": UNTIL, "ends": ENDS, field: value})
    for values in AT_THE_ENDS:
        assert bookings.BookingUpdate(**values)


def test_a_transition_holds_its_arguments_and_what_it_sets_to_their_bounds(
    bookings: ModuleType, connection: Connection
) -> None:
    """An argument has bounds of its own, and a value that is worked out has those of its field."""
    made = booked(bookings)

    for arguments, said in (
        ({"takes": timedelta(seconds=59)}, "takes has to be 1m to 1h"),
        ({"takes": timedelta(hours=1), "day": date(2023, 12, 31)}, "day has to be at least 2024-01-01"),
        ({"takes": timedelta(hours=1), "day": date(2031, 1, 1)}, "day has to be 2020-02-29 to 2030-12-31"),
        (
            {"takes": timedelta(hours=1), "begins": datetime(2028, 1, 1, 0, 0, 1, tzinfo=UTC)},
            "begins has to be at most 2028-01-01T00:00:00Z",
        ),
    ):  # fmt: skip
        with pytest.raises(RecordInvalid) as refused:
            made.move(**arguments)
        assert said in str(refused.value)
    made.move(timedelta(hours=1), day=date(2024, 1, 1))
    with pytest.raises(RecordInvalid, match="takes has to be -90m to 2h"):
        made.lengthen()

    read = bookings.Booking.get(made.id)
    assert (read.takes, read.day) == (timedelta(hours=1), date(2024, 1, 1))


def test_a_query_and_statistics_hold_their_arguments_to_their_bounds(
    bookings: ModuleType, connection: Connection
) -> None:
    """Everything that does not fit is told at once, before the store is asked; what fits finds records."""
    made = booked(bookings, takes=timedelta(hours=1))
    booked(bookings, title="b")

    with pytest.raises(RecordInvalid) as refused:
        bookings.Booking.get_long(timedelta(seconds=59), day=date(2031, 1, 1))
    assert str(refused.value) == (
        "Booking.get_long: least has to be at least 1m, not datetime.timedelta(seconds=59); "
        "day has to be at most 2030-12-31, not datetime.date(2031, 1, 1)"
    )
    for text in ("abcd", "b"):
        with pytest.raises(RecordInvalid, match=r"Booking.get_length: prefix has to"):
            bookings.Booking.get_length(text)

    assert [one.id for one in bookings.Booking.get_long(timedelta(minutes=1))] == [made.id]
    assert bookings.Booking.get_length("a").sum_of == timedelta(hours=1)


def test_a_claim_that_sets_a_time_outside_its_bounds_fails_that_task_alone(
    bookings: ModuleType, url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning names the field and what it holds, and other tasks are claimed."""
    leases = f"sqlite:///{tmp_path / 'leases.db'}" if url == "local:" else None
    with connect(url, leases=leases):
        late = booked(bookings, day=date(2030, 1, 1))
        booked(bookings, title="b", day=date(2024, 1, 1))

        claimed = bookings.Booking.claim("w", 2)

        assert [(one.title, one.day) for one in claimed] == [("b", date(2025, 2, 4))]
        assert late.refresh().state == bookings.State.FAILED
    assert re.search("day has to be (at most|2020-02-29 to) 2030-12-31", caplog.text)


# -- what Python takes, the store takes --------------------------------------------------------------------------------


def near(*ends: Any) -> st.SearchStrategy[Any]:
    """Return values around the ends of a range, to the microsecond."""
    away = st.timedeltas(-timedelta(days=3), timedelta(days=3)) | st.sampled_from([-TICK, TICK])
    return st.builds(operator.add, st.sampled_from(ends), away | st.just(timedelta()))


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.builds(
    lambda moment, zone: moment.astimezone(zone),
    near(
        datetime(2019, 12, 31, 22, tzinfo=UTC),
        datetime(2030, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        datetime(2020, 1, 1, tzinfo=UTC),
    )
    | st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1 < moment.year < 9999),
    ZONES,
)
DAYS = st.dates() | st.sampled_from([(2020, 2, 28), (2020, 2, 29), (2030, 12, 31), (2031, 1, 1), (2031, 1, 2)]).map(lambda parts: date(*parts))  # fmt: skip
SPANS = st.timedeltas() | near(timedelta(minutes=-90), timedelta(hours=2), timedelta(0))
VALUES = st.one_of(
    st.tuples(st.sampled_from(["day", "until"]), DAYS),
    st.tuples(st.sampled_from(["begins", "ends"]), MOMENTS),
    st.tuples(st.sampled_from(["takes", "pause"]), SPANS),
)


def fits(spec: FieldSpec | ArgumentSpec, value: Any) -> bool:
    try:
        encoder(spec)(value)
    except Unfit:
        return False
    return True


@given(VALUES)
def test_the_generated_models_take_what_the_store_is_given(
    bookings: ModuleType, drawn: tuple[str, Any]
) -> None:
    """Pydantic's reading of a bound and the check on the way to the store are of one mind, whatever the time zone."""
    field, value = drawn
    wanted = fits(bookings.Booking.table.by_key[field], value)

    try:
        bookings.BookingUpdate(**{field: value})
        taken = True
    except ValidationError:
        taken = False

    assert taken is wanted


def test_a_database_takes_what_python_takes_and_nothing_else(
    bookings: ModuleType, connection: Connection
) -> None:
    """A row that another program writes is refused by the checks exactly where a record would be."""
    store = connection.store
    if not isinstance(store, SqlStore):
        pytest.skip("Airtable has no CHECK constraints: nothing refuses what other programs write")
    made = booked(bookings)
    own = store.database.known(bookings.Booking.table).schema.tables["Booking"]

    @settings(max_examples=150, deadline=None)
    @given(VALUES)
    def holds(drawn: tuple[str, Any]) -> None:
        field, value = drawn
        if value == timedelta.min:
            return
        try:
            with store.database.writer.begin() as writing:
                writing.execute(sa.update(own).where(own.c.id == made.id).values({field: value}))
            stored = True
        except sa.exc.IntegrityError:
            stored = False

        assert stored is fits(bookings.Booking.table.by_key[field], value)
        if stored:
            # What is stored is read, though durations of millennia are kept to some microseconds only.
            assert fits(bookings.Booking.table.by_key[field], getattr(made.refresh(), field))

    holds()


def test_a_stored_time_outside_its_bounds_is_told_of_and_mended(
    bookings: ModuleType, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """As when a bound is new: lists leave the row out and say why, and a change by id brings it back."""
    made, other = booked(bookings), booked(bookings, title="b")
    store: Any = connection.store
    if isinstance(store, SqlStore):
        own = store.database.known(bookings.Booking.table).schema.tables["Booking"]
        with store.database.writer.begin() as writing:
            if "sqlite" in str(store.database.engine.url):
                writing.execute(sa.text("PRAGMA ignore_check_constraints=ON"))
            else:
                for name in ("day_minimum", "takes_maximum", "begins_maximum"):
                    writing.execute(
                        sa.text(f"ALTER TABLE booking DROP CONSTRAINT ck_booking_{name}")
                    )
            values = {
                "day": date(2019, 1, 1),
                "takes": timedelta(hours=3),
                "begins": datetime(2031, 1, 1, tzinfo=UTC),
            }
            writing.execute(sa.update(own).where(own.c.id == made.id).values(values))
    else:
        cells = {"Day": "2019-01-01", "Takes": 3 * 3_600, "Begins": "2031-01-01T00:00:00.000Z"}
        store.client.table("Booking").update(made.id, cells)

    assert [one.id for one in bookings.Booking.all()] == [other.id]
    with pytest.raises(RecordInvalid) as refused:
        bookings.Booking.get(made.id)
    for said in (
        "day has to be at least 2020-02-29",
        "takes has to be at most 2h",
        "begins has to be at most 2030-12-31T23:59:59.999Z",
    ):
        assert said in str(refused.value)
        assert said in caplog.text

    mended = {"day": UNTIL, "takes": timedelta(hours=1), "begins": ENDS}
    bookings.Booking.bulk_update({made.id: mended})
    assert {one.id for one in bookings.Booking.all()} == {made.id, other.id}
