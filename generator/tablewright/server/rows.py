"""Records as the server holds them in memory."""

from collections.abc import Iterator

from tablewright.server.jsontext import JsonObject


class Row:
    """One record: its cells by field id, in the API's own reading form, blank cells left out."""

    __slots__ = (
        "cells",
        "computed",
        "created_by",
        "created_time",
        "id",
        "modified_by",
        "modified_time",
        "number",
        "rendered",
        "table_id",
        "touched",
    )

    def __init__(
        self,
        id: str,  # noqa: A002 - Airtable's own word
        table_id: str,
        number: int,
        created_time: str,
        created_by: str,
        cells: JsonObject,
        modified_time: str | None = None,
        modified_by: str | None = None,
        touched: dict[str, str] | None = None,
    ) -> None:
        self.id = id
        self.table_id = table_id
        self.number = number
        """Its auto number, which is also its place in the default order."""
        self.created_time = created_time
        self.created_by = created_by
        self.cells = cells
        self.modified_time = modified_time
        self.modified_by = modified_by
        self.touched = touched
        """When each field was last edited after the creation, by field id; None before the first edit."""
        self.rendered: tuple[object, str] | None = None
        """The record's JSON text and the state of the base it was made in."""
        self.computed: tuple[object, dict[str, object]] | None = None
        """Computed values by field id, and the state of the base they belong to."""

    def forget(self) -> None:
        """Drop what was derived from the cells."""
        self.rendered = None
        self.computed = None


class Rows:
    """The records of one table by id, in the order of their creation."""

    __slots__ = ("by_id", "next_number")

    def __init__(self, rows: list[Row], next_number: int) -> None:
        self.by_id = {row.id: row for row in rows}
        self.next_number = next_number

    def __iter__(self) -> Iterator[Row]:
        return iter(self.by_id.values())

    def __len__(self) -> int:
        return len(self.by_id)

    def get(self, record_id: str) -> Row | None:
        return self.by_id.get(record_id)
