"""Programs of a new schema that come before `apply` make no empty table; those of the old one that come late are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from tablewright.config import Environment
from tablewright.model.schema import Schema
from tablewright.provision.changes import Remark
from tablewright.provision.ports.sql import SqlTarget
from tablewright.runtime import StoreOutdated, connect

BEFORE = """
tablewright: 1
name: NAME
tables:
  Job:
    fields: {title: text}
    relations:
      needs: {to: Job, many: true, inverse: needed_by}
"""
Program = Callable[[str, str], AbstractContextManager[ModuleType]]


@pytest.fixture
def program(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path: Path,
) -> Program:
    """A program of a schema, under a name of its own."""

    @contextmanager
    def of(text: str, name: str) -> Iterator[ModuleType]:
        schema = tmp_path / f"{name}.yaml"
        schema.write_text(text.replace("NAME", name))
        with imported_package(written_package(schema, tmp_path), tmp_path) as package:
            yield package

    return of


def test_a_program_that_comes_late_leaves_a_remark(
    url: str, program: Program, compiled: Callable[[str], Schema]
) -> None:
    """What a program of before wrote after the rename lies in a table that the plan names, with its rows."""
    after = BEFORE.replace("  Job:", "  Work:\n    was: Job").replace("to: Job", "to: Work")
    with program(after, "late") as late, connect(url):
        late.Work.create(title="there")
    with program(BEFORE, "before") as before, connect(url):
        before.Job.create(title="lost")

    target = SqlTarget(compiled(after.replace("NAME", "late")), Environment("dev", store=url))
    with closing(target):
        plan = target.plan()

    (remark,) = plan.changes
    assert plan.steps == ()
    assert isinstance(remark, Remark)
    assert "table 'job', which 'work' was, is there too, and what it holds (1 row)" in remark.text


def test_links_to_one_are_there_when_they_lead_to_many(
    url: str,
    program: Program,
    compiled: Callable[[str], Schema],
    bring: Callable[..., tuple[str, ...]],
) -> None:
    """No table of links is made beside the column that holds them until `apply` has moved them."""
    with program(BEFORE.replace("many: true, ", ""), "single") as single, connect(url):
        single.Job.create(title="second", needs=single.Job.create(title="first"))

    with program(BEFORE, "several") as several:
        with connect(url), pytest.raises(StoreOutdated, match="leads to one record still"):
            several.Job.count()
        bring(compiled(BEFORE.replace("NAME", "several")))
        with connect(url):
            (second,) = several.Job.find_by(title="second")

            assert [one.title for one in second.needs] == ["first"]


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (BEFORE.replace("  Job:", "  Work:\n    was: Job").replace("to: Job", "to: Work"), "table 'work' in .* has its earlier name 'job' still"),
        (BEFORE.replace("needs: {", "waits_on: {was: needs, "), "table 'job_waits_on' in .* has its earlier name 'job_needs' still"),
    ],
)  # fmt: skip
def test_rows_and_links_are_there_after_apply(
    url: str,
    program: Program,
    compiled: Callable[[str], Schema],
    bring: Callable[..., tuple[str, ...]],
    after: str,
    said: str,
) -> None:
    """The program is told that the schema's renames are still to be applied; then it reads what the old one wrote."""
    with program(BEFORE, "early") as early, connect(url):
        first = early.Job.create(title="first")
        early.Job.create(title="second", needs=[first])

    with program(after, "later") as later:
        model = getattr(later, "Work", None) or later.Job
        with connect(url), pytest.raises(StoreOutdated, match=said):
            model.count()
        bring(compiled(after.replace("NAME", "later")))
        with connect(url):
            second = model.find_by(title="second").first()
            needs = second.needs if hasattr(second, "needs") else second.waits_on

            assert [one.title for one in needs] == ["first"]
