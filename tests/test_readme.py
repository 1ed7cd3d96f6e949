"""The README's example, run as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def block(language: str, marker: str) -> str:
    """Return the code block of a language that holds *marker*."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return str(next(text for text in blocks if marker in text))


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_shortest_example_works_as_printed(tmp_path: Path) -> None:
    """Schema, commands and program are those of the README."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "jobs.yaml").write_text(block("yaml", "name: jobs"), "utf-8")
    (tmp_path / "work.py").write_text(block("python", "Sort the inbox"), "utf-8")

    checked = run("-m", "tablewright", "check", cwd=tmp_path)
    generated = run("-m", "tablewright", "generate", cwd=tmp_path)
    worked = run("work.py", cwd=tmp_path)

    assert checked.returncode == 0, checked.stderr
    assert generated.returncode == 0, generated.stderr
    assert worked.returncode == 0, worked.stderr
    assert worked.stdout.startswith("0 waiting; {")
    assert "start planner" in worked.stdout
    assert "finish ann all sorted" in worked.stdout


def test_the_links_of_the_readme_lead_somewhere() -> None:
    """Every relative link names a file."""
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in target]

    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    """`make demo` and `make test` exist and need nothing else."""
    makefile = (ROOT / "Makefile").read_text("utf-8")

    for target in re.findall(r"^make (\w+)", block("bash", "make demo"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
