"""What is suggested in place of an unusable name can be used."""

from __future__ import annotations

import pytest

from tablewright.check.compile import compile_schema
from tablewright.names import suggested_package
from tablewright.syntax.source import Source


@pytest.mark.parametrize("text", ["class", "CLASS", "None", "My Tasks", "__x", "1st", "_1", "", "ℂlass", "日本 1"])  # fmt: skip
def test_a_suggested_package_can_be_the_name_of_a_schema(text: str) -> None:
    """Whoever follows the advice gets no second refusal."""
    schema = (
        f"tablewright: 1\nname: {suggested_package(text)}\ntables: {{T: {{fields: {{t: text}}}}}}\n"
    )

    assert compile_schema(Source("suggested.yaml", schema)).findings == ()
