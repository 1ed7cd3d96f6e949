"""Golden cases: each folder below `cases/` is a schema and what the compiler has to say about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tablewright.check.compile import compile_schema
from tablewright.check.findings import CODES
from tablewright.diagnostics import as_text
from tablewright.syntax.source import Source, read_source

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/schema.yaml"))


def read_case_file(path: str) -> Source:
    """Return a file of a case; findings show its path as seen from the case's folder."""
    source = read_source(Path.cwd() / path)
    return Source(path, source.text)


def findings_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder)
    compiled = compile_schema(read_case_file("schema.yaml"), read_case_file)
    return "".join(f"{as_text(finding, compiled.lines)}\n" for finding in compiled.findings)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_compiler_says_exactly_what_the_case_expects(
    folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Every finding of a case has its place, code, message, caret line and help, letter by letter."""
    found = findings_of(folder, monkeypatch)
    golden = folder / "findings.txt"
    if request.config.getoption("--update-golden"):
        golden.unlink(missing_ok=True)
        if found:
            golden.write_text(found, encoding="utf-8")

    expected = golden.read_text(encoding="utf-8") if golden.exists() else ""

    assert found == expected


def test_every_code_has_a_case() -> None:
    """No finding is without a schema that shows its exact text."""
    shown = "".join(path.read_text(encoding="utf-8") for path in CASES.glob("*/findings.txt"))

    assert [code for code in CODES if f"[{code}]" not in shown] == []


def test_every_case_folder_is_read() -> None:
    """A folder without a schema would be a case that nobody runs."""
    assert sorted(path for path in CASES.iterdir() if path.is_dir()) == FOLDERS
