"""What is generated for a queue passes the checkers as it stands, and names of a queue are taken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tablewright.check.compile import compile_schema
from tablewright.syntax.source import read_source

ROOT = Path(__file__).parents[2]
SCHEMA = Path(__file__).parent / "schemas" / "jobs.yaml"


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, check=False, capture_output=True, text=True
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_package_passes_type_checkers_and_linters(jobs_folder: Path, tmp_path: Path) -> None:
    """mypy and pyright in strict mode, ruff and black find nothing in queues, rules and coroutines."""
    mypy = tmp_path / "mypy.ini"
    mypy.write_text(
        f"[mypy]\nstrict = True\nmypy_path = {ROOT / 'generator'}\ncache_dir = {ROOT / '.mypy_cache'}\n"
    )
    pyright = {
        "typeCheckingMode": "strict",
        "extraPaths": [str(ROOT / "generator")],
        "include": ["jobs"],
    }
    (jobs_folder / "pyrightconfig.json").write_text(json.dumps(pyright))

    assert run("mypy", "--config-file", str(mypy), "jobs", cwd=jobs_folder) == ""
    assert run("pyright", cwd=jobs_folder) == ""
    assert run("ruff", "check", "--isolated", "jobs", cwd=jobs_folder) == ""
    assert run("black", "--check", "--quiet", "jobs", cwd=jobs_folder) == ""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("group: {type: text}", "attempt: {type: text}", "TW202"),
        ("cancel: stop", "cancel: again", "TW702"),
        ("cancel: stop", "cancel: halt", "TW701"),
        ("cancel: stop", "cancel: report", "TW702"),
        ("lease_field: lease_note", "lease_field: lease_notes", "TW701"),
        ("lease_field: lease_note", "lease_field: name", "TW701"),
        ("lease_field: lease_note", "lease_field: result", "TW701"),
    ],
)
def test_a_queue_that_does_not_fit_is_found(tmp_path: Path, old: str, new: str, code: str) -> None:
    """A field cannot be called as the queue's own; what cancels leaves the taken state; leases have a field of their own."""
    schema = tmp_path / "jobs.yaml"
    schema.write_text(SCHEMA.read_text().replace(old, new))

    compiled = compile_schema(read_source(schema))

    assert code in {finding.code for finding in compiled.findings}
