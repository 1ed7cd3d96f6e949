"""The README's example, run as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tablewright.server.serve import LocalAirtable

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def block(language: str, marker: str) -> str:
    """Return the code block of a language that holds *marker*."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return str(next(text for text in blocks if marker in text))


def run(
    *command: str, cwd: Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "generator"),
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "200",
        **(variables or {}),
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def follow(console: str, cwd: Path, variables: dict[str, str] | None = None) -> None:
    """Run each command of a console block and find what stands below it in what it prints, in that order."""
    printed = ""
    for line in console.splitlines():
        if line.startswith("$ "):
            command = line.removeprefix("$ ").partition(" #")[0].split()
            done = run("-m", *command, cwd=cwd, variables=variables)
            # 2 tells that there are differences.
            assert done.returncode in (0, 2), done.stderr
            printed = done.stdout
        elif line:
            _, found, printed = printed.partition(line)
            assert found == line, (line, printed)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder in which the README's schema is saved."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "jobs.yaml").write_text(block("yaml", "name: jobs"), "utf-8")
    return tmp_path


def test_the_example_works_as_printed(project: Path) -> None:
    """Schema, commands and program are those of the README, and they print what stands below them."""
    (project / "work.py").write_text(block("python", "Sort the inbox"), "utf-8")
    shown, _, refusal = block("text", "0 waiting").partition("…\n")

    follow(block("console", "tablewright check"), project)
    worked = run("work.py", cwd=project)

    assert worked.stdout == shown
    assert re.sub(r"\brec\w{14}\b", "rec…", worked.stderr).endswith(refusal)


@pytest.mark.slow
def test_the_base_is_made_as_printed(project: Path) -> None:
    """Plan, apply and drift say on a local Airtable what stands below them."""
    with LocalAirtable() as airtable:
        follow(block("console", "tablewright plan"), project, airtable.environment())


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    """`make demo` and `make test` exist and need nothing else."""
    makefile = (ROOT / "Makefile").read_text("utf-8")

    for target in re.findall(r"^make (\w+)", block("bash", "make demo"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
