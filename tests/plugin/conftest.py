"""A run of pytest on a file of tests, as a user of the plugin has it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ran(tmp_path: Path) -> Callable[[str], str]:
    """Run the tests of a text in a process of their own, and return what pytest said."""

    def run(tests: str) -> str:
        file = tmp_path / "test_of_a_user.py"
        file.write_text(tests, encoding="utf-8")
        path = os.pathsep.join([str(ROOT), str(ROOT / "generator")])
        finished = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-rs", "-W", "error", "-p", "no:cacheprovider", file.name],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "COLUMNS": "300"},
            check=False,
            capture_output=True,
            text=True,
        )  # fmt: skip
        return finished.stdout + finished.stderr

    return run
