"""Names as long as the language allows make packages that can be imported."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType

SCHEMA = """
tablewright: 1
name: long_winded
tables:
  ProjectOfMoreThanOneDepartmentAndSeveralYears:
    fields: {title: text}
    relations:
      people_who_have_worked_on_it_at_any_time: {to: PersonWhoWorksHere, many: true, inverse: projects_at_any_time}
  PersonWhoWorksHere:
    fields: {name: text}
"""


def test_headers_of_coroutines_are_broken_like_others(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path: Path,
) -> None:
    """A header that is too long for its line is no obstacle, whatever word it begins with."""
    schema = tmp_path / "long_winded.yaml"
    schema.write_text(SCHEMA)

    name = written_package(schema, tmp_path)

    with imported_package(name, tmp_path) as package:
        assert package.PersonWhoWorksHere(name="a").name == "a"
