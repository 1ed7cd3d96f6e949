"""The schema that `init` writes."""

from __future__ import annotations

import pytest

from tablewright.check.compile import compile_schema
from tablewright.language.starter import starter_schema
from tablewright.syntax.source import Source


@pytest.mark.parametrize("name", ["my_tasks", "größe"])
def test_the_starter_compiles_without_any_finding(name: str) -> None:
    """What a newcomer begins with is right as it stands, and has the name that was asked for."""
    compiled = compile_schema(Source(f"{name}.yaml", starter_schema(name)))

    assert compiled.findings == ()
    assert compiled.schema is not None
    assert compiled.schema.name == name


def test_the_starter_shows_every_section_of_a_table_that_a_first_schema_needs() -> None:
    """Whoever reads it has seen fields, links, calculations, states, questions and figures."""
    text = starter_schema("x")

    for section in ("fields", "relations", "computed", "lifecycle", "queries", "statistics"):
        assert f"    {section}:" in text
