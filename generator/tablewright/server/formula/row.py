"""What a formula may ask about the row it is evaluated for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final, Protocol

from tablewright.server.formula.values import EPOCH, Value

VALUES: Final = "values"
"""The field id under which a rollup formula asks its row for the array it aggregates."""


class RowContext(Protocol):
    """One row, as a formula sees it. `now` is one instant for all rows of a request."""

    @property
    def value(self) -> Callable[[str], Value]:
        """The value of the field with that id: None when the cell is empty (an empty lookup too).

        A method will do; holding a mapping's own `get` is the fastest form.
        """

    @property
    def record_id(self) -> str: ...

    @property
    def created_time(self) -> datetime: ...

    def last_modified_time(self, field_ids: Sequence[str] | None) -> datetime | None:
        """The last change of any of those fields, or of any field; None when never changed."""

    @property
    def now(self) -> datetime: ...

    @property
    def time_zone(self) -> tzinfo:
        """Where DATETIME_FORMAT stands without SET_TIMEZONE. Airtable's API: always UTC."""

    @property
    def user_locale(self) -> str:
        """The language of DATETIME_FORMAT without SET_LOCALE, such as `en` or `de-at`."""


@dataclass(slots=True)
class PlainRow:
    """A row held in memory: the field values by id, and the facts beside them."""

    cells: Mapping[str, Value]
    record_id: str = ""
    created_time: datetime = EPOCH
    now: datetime = EPOCH
    time_zone: tzinfo = UTC
    user_locale: str = "en"
    modified: Mapping[str, datetime] = field(default_factory=dict)
    """When each field last changed, by field id."""
    value: Callable[[str], Value] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.value = self.cells.get

    def last_modified_time(self, field_ids: Sequence[str] | None) -> datetime | None:
        chosen = self.modified if field_ids is None else field_ids
        return max((self.modified[name] for name in chosen if name in self.modified), default=None)
