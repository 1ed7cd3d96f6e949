"""The server's time, in the API's text form."""

from datetime import UTC, datetime


def now() -> datetime:
    """The instant, in UTC."""
    return datetime.now(UTC)


def whole_second(moment: datetime) -> str:
    """`2026-11-22T10:00:00.000Z`: creation and edit times carry whole seconds, as observed."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def millisecond(moment: datetime) -> str:
    """`2026-11-22T10:00:00.123Z`: the form of date-and-time cells. *moment* is in UTC."""
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{moment.microsecond // 1000:03d}Z"
