"""The server's time, in the API's text form."""

from datetime import UTC, datetime


def now() -> datetime:
    """The instant, in UTC."""
    return datetime.now(UTC)


def whole_second(moment: datetime) -> str:
    """`2026-11-22T10:00:00.000Z`: creation and edit times carry whole seconds, as observed. *moment* is in UTC."""
    return moment.isoformat(timespec="seconds")[:19] + ".000Z"


def millisecond(moment: datetime) -> str:
    """`2026-11-22T10:00:00.123Z`: the form of date-and-time cells. *moment* is in UTC."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"
