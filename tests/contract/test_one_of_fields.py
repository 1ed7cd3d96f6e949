"""`in` takes fields and calculated values beside fixed ones, and means `==` with each of them on every store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from types import ModuleType

import pytest

from tablewright.runtime import Connection

FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)


@pytest.fixture(scope="session")
def bookings(packaged: Callable[[str], ModuleType]) -> ModuleType:
    """A package of bookings, whose queries compare a day with others of the same record."""
    return packaged("bookings")


def test_a_value_is_looked_for_among_fields(bookings: ModuleType, connection: Connection) -> None:
    """A record is found where one of them is equal; two blanks are equal, as they are for `==`."""
    ends = datetime(2026, 1, 5, tzinfo=UTC)
    for title, day, until, begins in (
        ("a", FIRST, FIRST, None),
        ("b", SECOND, FIRST, datetime(2026, 1, 2, 12, tzinfo=UTC)),
        ("c", THIRD, FIRST, datetime(2026, 1, 2, 12, tzinfo=UTC)),
        ("d", None, FIRST, datetime(2026, 1, 2, 12, tzinfo=UTC)),
        ("e", None, FIRST, None),
    ):
        bookings.Booking.create(title=title, day=day, until=until, begins=begins, ends=ends)

    def titles(query: object) -> list[str]:
        return [one.title for one in query]  # type: ignore[attr-defined]  # a query of bookings

    assert titles(bookings.Booking.get_of_one_day()) == ["a", "b", "e"]
    assert titles(bookings.Booking.get_of_other_days(free=THIRD)) == ["d"]
    assert titles(bookings.Booking.get_of_other_days()) == ["c"]
