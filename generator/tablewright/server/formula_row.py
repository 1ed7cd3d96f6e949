"""A record as formulas see it: its cells, its id, its times, and the moment of the request."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo

from tablewright.server.formula import Value
from tablewright.server.rows import Row


class FormulaRow:
    """One row as formulas see it."""

    __slots__ = ("now", "row", "value")

    time_zone: tzinfo = UTC
    user_locale = "en"

    def __init__(self, now: datetime, row: Row, value: Callable[[str], Value]) -> None:
        self.now = now
        self.row = row
        self.value = value

    @property
    def record_id(self) -> str:
        return self.row.id

    @property
    def created_time(self) -> datetime:
        return datetime.fromisoformat(self.row.created_time)

    def last_modified_time(self, field_ids: Sequence[str] | None) -> datetime | None:
        """The latest edit of these fields, or of any; none before the first edit after the creation (unconfirmed)."""
        row = self.row
        if field_ids is None:
            text = row.modified_time
        else:
            touched = row.touched or {}
            text = max((touched[key] for key in field_ids if key in touched), default=None)
        return None if text is None else datetime.fromisoformat(text)
