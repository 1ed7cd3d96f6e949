"""Findings in every form: as text for people, and as JSON, annotations and SARIF for tools."""

from __future__ import annotations

from tablewright.check.findings import CODES
from tablewright.check.reports import as_github, as_sarif, json_report
from tablewright.diagnostics import Diagnostic, Span, as_text

FINDING = Diagnostic(
    Span("schemas/my tasks.yaml", 3, 5, 3, 9), "TW206", "unknown type 'a%b', here", "write 'text'"
)
WARNING = Diagnostic(Span("/a/b.yaml", 1, 1, 2, 4), "TW304", "state X is never reached", "", "warning")  # fmt: skip


def test_json_holds_every_part_of_a_finding() -> None:
    """Tools get the parts and the counts, not the sentence to take apart."""
    assert json_report([FINDING, WARNING]) == {
        "errors": 1,
        "warnings": 1,
        "findings": [
            {
                "path": "schemas/my tasks.yaml",
                "line": 3,
                "column": 5,
                "end_line": 3,
                "end_column": 9,
                "severity": "error",
                "code": "TW206",
                "message": "unknown type 'a%b', here",
                "help": "write 'text'",
            },
            {
                "path": "/a/b.yaml",
                "line": 1,
                "column": 1,
                "end_line": 2,
                "end_column": 4,
                "severity": "warning",
                "code": "TW304",
                "message": "state X is never reached",
                "help": "",
            },
        ],
    }


def test_an_annotation_is_one_line_with_its_signs_escaped() -> None:
    """Percent signs and line ends cannot break out of the command; columns are left out over several lines."""
    assert as_github(FINDING) == (
        "::error file=schemas/my tasks.yaml,line=3,endLine=3,title=TW206,col=5,endColumn=8::"
        "unknown type 'a%25b', here%0Awrite 'text'"
    )
    assert as_github(WARNING) == (
        "::warning file=/a/b.yaml,line=1,endLine=2,title=TW304::state X is never reached"
    )


def test_sarif_names_each_rule_once_and_places_each_result() -> None:
    """Results point at their rule and at a region counted in characters."""
    log = as_sarif([FINDING, WARNING, FINDING], CODES, version="1.2.3")
    run = log["runs"][0]

    assert run["tool"]["driver"]["version"] == "1.2.3"
    assert run["columnKind"] == "unicodeCodePoints"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["TW206", "TW304"]
    assert [one["ruleIndex"] for one in run["results"]] == [0, 1, 0]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "schemas/my%20tasks.yaml"
    assert place["region"] == {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9}
    assert run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "file:///a/b.yaml"
    }


def test_text_shows_the_line_and_a_caret_below_wide_letters_and_tabs() -> None:
    """The caret stands below its word in a terminal, where some letters take two columns and some none."""
    finding = Diagnostic(Span("a.yaml", 1, 7, 1, 9), "TW206", "unknown type")

    shown = as_text(finding, {"a.yaml": ["\t日本: xy"[:6] + "xy"]})

    assert shown.split("\n")[-1] == "  | \t" + " " * 7 + "^^"


def test_text_cuts_very_long_lines_around_the_place() -> None:
    """A line of twenty thousand characters does not fill the screen."""
    line = "a" * 10_000 + "HERE" + "b" * 10_000
    finding = Diagnostic(Span("a.yaml", 1, 10_001, 1, 10_005), "TW206", "unknown type")

    _, _, excerpt, marks = as_text(finding, {"a.yaml": [line]}).split("\n")

    assert len(excerpt) < 200
    assert excerpt[marks.index("^") : marks.rindex("^") + 1] == "HERE"


def test_text_shows_no_control_characters_of_the_file() -> None:
    """A schema cannot repaint the terminal of whoever checks it."""
    finding = Diagnostic(Span("a.yaml", 1, 1, 1, 2), "TW101", "this is not YAML")

    assert "\x1b" not in as_text(finding, {"a.yaml": ["\x1b[31mred"]})
