"""The tests that docs/stores.md shows are one file, and they pass."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "stores.md"


@pytest.mark.slow
def test_the_tests_of_the_page_pass(ran: Callable[[str], str]) -> None:
    """Every block of its last part, in order, as pytest runs it for a reader."""
    part = PAGE.read_text("utf-8").partition("\n## Testing\n")[2]
    blocks = re.findall(r"^```python\n(.*?)^```", part, re.MULTILINE | re.DOTALL)

    said = ran("\n\n".join(blocks))

    assert re.search(r"^\d\d passed in", said, re.MULTILINE), said
