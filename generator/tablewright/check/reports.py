"""Findings in the forms that other tools read: JSON, GitHub's annotations and SARIF."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tablewright.diagnostics import Diagnostic, as_json

SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def json_report(findings: Iterable[Diagnostic]) -> dict[str, Any]:
    """Return all findings and how many there are of each severity."""
    found = list(findings)
    return {
        "errors": sum(one.severity == "error" for one in found),
        "warnings": sum(one.severity == "warning" for one in found),
        "findings": [as_json(one) for one in found],
    }


def as_github(finding: Diagnostic) -> str:
    """Return a workflow command that makes GitHub show a finding beside the line it is about."""
    span = finding.span
    place = {
        "file": span.path,
        "line": str(span.line),
        "endLine": str(span.end_line),
        "title": finding.code,
    }
    if span.line == span.end_line:
        # GitHub's last column is inclusive.
        place |= {"col": str(span.column), "endColumn": str(max(span.column, span.end_column - 1))}
    properties = ",".join(f"{name}={_property(value)}" for name, value in place.items())
    text = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    return f"::{finding.severity} {properties}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(
    findings: Iterable[Diagnostic], titles: Mapping[str, str], *, version: str
) -> dict[str, Any]:
    """Return findings as a SARIF 2.1.0 log. *titles* has one for each code, *version* is this program's."""
    found = list(findings)
    codes = sorted({one.code for one in found})
    rules = [{"id": code, "shortDescription": {"text": titles.get(code, code)}} for code in codes]
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "tablewright", "version": version, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, codes.index(one.code)) for one in found],
            }
        ],
    }


def _result(finding: Diagnostic, rule: int) -> dict[str, Any]:
    span = finding.span
    text = f"{finding.message} ({finding.help})" if finding.help else finding.message
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(span.path)},
                    "region": {
                        "startLine": span.line,
                        "startColumn": span.column,
                        "endLine": span.end_line,
                        "endColumn": span.end_column,
                    },
                }
            }
        ],
    }


def _uri(path: str) -> str:
    """Return a path as the relative or absolute reference that SARIF wants."""
    quoted = urllib.parse.quote(path.replace("\\", "/"))
    return f"file://{quoted}" if quoted.startswith("/") else quoted
