"""docs/local-airtable.md: its code runs, its tables are complete."""

import re
import runpy
from pathlib import Path

import pytest
from click import Command

from tablewright.cli.serve import command
from tablewright.server.faults import ACTIONS

PAGE = Path(__file__).parents[2] / "docs" / "local-airtable.md"


def test_the_example_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As a reader would paste it."""
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)

    Path("example.py").write_text(example)

    left = runpy.run_path("example.py")

    left["api"].session.close()


def test_every_option_and_action_is_described() -> None:
    """The page names each of them."""
    page = PAGE.read_text()
    assert isinstance(command, Command)
    options = {
        name for parameter in command.params for name in parameter.opts if name.startswith("--")
    }

    assert {name for name in options if name not in page} == set()
    assert {action for action in ACTIONS if f"`{action}" not in page} == set()
