"""The page of findings: complete, and its schemas do what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tablewright.check.compile import compile_schema
from tablewright.check.findings import CODES, WARNINGS
from tablewright.syntax.source import Source

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"
ENTRY = re.compile(
    r"### (?P<code>TW\d{3}): (?P<title>[^\n]+)\n\n(?P<text>.+?)\n\nWrong:\n\n```yaml\n(?P<wrong>.*?)```\n\n"
    r"Right:\n\n```yaml\n(?P<right>.*?)```",
    re.DOTALL,
)
ENTRIES = {
    entry["code"]: entry.groupdict() for entry in ENTRY.finditer(PAGE.read_text(encoding="utf-8"))
}


def source(text: str) -> Source:
    """Return a schema of the page; what is too long to print is written out."""
    return Source("page.yaml", text.replace("(20,001 characters)", "x" * 20_001))


def test_the_page_and_the_code_know_the_same_findings() -> None:
    """Each code stands on the page once, in order, with the title it has in the code."""
    shown = {
        code: entry["title"] + (" (warning)" if code in WARNINGS else "")
        for code, entry in ((code, {"title": title}) for code, title in CODES.items())
    }

    assert {code: entry["title"] for code, entry in ENTRIES.items()} == shown
    assert list(ENTRIES) == sorted(ENTRIES)


@pytest.mark.parametrize("code", ENTRIES)
def test_the_wrong_schema_gives_its_code_and_no_other(code: str) -> None:
    """A reader who tries the example sees this finding alone, with the severity that the page names."""
    compiled = compile_schema(source(ENTRIES[code]["wrong"]))

    assert {finding.code for finding in compiled.findings} == {code}
    assert {finding.severity for finding in compiled.findings} == {
        "warning" if code in WARNINGS else "error"
    }
    assert (compiled.schema is None) == (code not in WARNINGS)


@pytest.mark.parametrize("code", ENTRIES)
def test_the_right_schema_compiles_without_any_finding(code: str) -> None:
    """The way out that the page shows is one."""
    compiled = compile_schema(source(ENTRIES[code]["right"]))

    assert compiled.findings == ()
    assert compiled.schema is not None
