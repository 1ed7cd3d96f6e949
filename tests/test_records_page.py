"""docs/records.md is one program, and it runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_program_of_the_page_runs(tmp_path: Path) -> None:
    """Every block of code, in order, with its assertions."""
    page = (ROOT / "docs" / "records.md").read_text("utf-8")
    program = "\n".join(re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    path = os.pathsep.join([str(ROOT), str(ROOT / "generator")])

    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert finished.returncode == 0, finished.stderr
    assert "success rate" in finished.stdout
