"""What every store promises about links of a table to itself when their records go or change together."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from pydantic import Field

from generated.agent_tasks import AgentTask
from tablewright.runtime import (
    AirtableModel,
    Columns,
    Connection,
    FieldSpec,
    RecordInUse,
    RelationSpec,
    TableSpec,
)
from tablewright.runtime import columns as _
from tests.contract.tasks import task

PART: TableSpec = TableSpec(
    key="Part",
    name="Parts",
    sql_name="part",
    fields=(FieldSpec("name", "Name", "text", required=True),),
    relations=(
        RelationSpec("whole", "Whole", "Part", inverse="parts", on_delete="restrict"),
        RelationSpec("needs", "Needs", "Part", many=True, on_delete="restrict"),
    ),
    tables=lambda: (PART,),
)


class PartColumns(Columns):
    """The fields of Part."""

    name = _.TextColumn()


class Part(AirtableModel):
    """A part, which keeps what it belongs to and what it needs."""

    table: ClassVar[TableSpec] = PART
    c: ClassVar[PartColumns] = PartColumns()

    name: str
    whole_id: str | None = None
    needs_ids: list[str] = Field(default_factory=list)


@pytest.mark.parametrize("link", [lambda one: {"whole": one}, lambda one: {"needs": [one]}])
def test_records_that_keep_each_other_go_together(connection: Connection, link: Any) -> None:
    """A whole tree is deleted in one call, in whatever order; what somebody else keeps stays, and all others with it."""
    root = Part.create(name="root")
    middle = Part.create(name="middle", **link(root))
    leaf = Part.create(name="leaf", **link(middle))

    with pytest.raises(RecordInUse):
        Part.bulk_delete([root, middle])
    assert Part.count() == 3
    assert Part.bulk_delete([root, leaf, middle]) == 3
    assert Part.count() == 0


def test_of_two_changes_of_one_record_in_one_call_the_later_counts(connection: Connection) -> None:
    """The same record was read twice, and got links both times."""
    one, other = task(name="one"), task(name="other")
    read = AgentTask.create(name="read", description="d", agent_id="a")
    first, second = AgentTask.get(read.id), AgentTask.get(read.id)
    first.depends_on = [one]
    second.depends_on = [one, other]

    AgentTask.bulk_update([first, second])

    assert [each.name for each in AgentTask.get(read.id).depends_on] == ["one", "other"]
