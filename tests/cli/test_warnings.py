"""Warnings on the command line: whole where they are asked for, in one line before every other command's answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tablewright.cli.main import cli

SCHEMA = """\
tablewright: 1
name: notes
enums:
  Mood: [GOOD, BAD]
  Size: [SMALL, LARGE]
tables:
  Note:
    fields:
      title: {type: text, required: true}
"""
WRONG = SCHEMA.replace("required: true", "required: true, min: 3") + "      mo\u043ed: text\n"
COUNTED = "2 warnings, shown by: tablewright check notes.yaml"


@pytest.fixture
def schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A schema with two warnings, in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "notes.yaml"
    path.write_text(SCHEMA)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def test_check_shows_every_warning_whole(schema: Path) -> None:
    """Place, excerpt and way out, and how many there are."""
    found = run("check", schema.name)

    assert found.exit_code == 0
    assert found.stderr.count("warning[TW218]") == 2
    assert "help:" in found.stderr
    assert found.stderr.splitlines()[-1] == "2 warnings"
    assert found.stdout == "notes.yaml: fine (1 table)\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("generate", "notes.yaml"),
        ("generate", "--check", "notes.yaml"),
        ("docs", "notes.yaml"),
        ("drift", "notes.yaml", "--endpoint", "http://127.0.0.1:9"),
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_other_commands_count_warnings_in_one_line(
    schema: Path, arguments: tuple[str, ...]
) -> None:
    """What they are about is the business of `check`, which the line names."""
    assert schema.exists()

    found = run(*arguments)

    assert found.stderr.splitlines()[0] == COUNTED
    assert "TW218" not in found.output


def test_two_files_are_both_named(schema: Path) -> None:
    """The line can be run as it stands, also for names that a shell would cut."""
    Path("new notes.yaml").write_text(SCHEMA)

    found = run("diff", schema.name, "new notes.yaml")

    assert found.stderr == "4 warnings, shown by: tablewright check notes.yaml 'new notes.yaml'\n"


def test_errors_are_shown_whole_everywhere(schema: Path) -> None:
    """Without them mended nothing can be done: they are not counted alone."""
    schema.write_text(WRONG)

    found = run("generate", schema.name)

    assert found.exit_code == 1
    assert "notes.yaml:9:43: error[TW215]: field 'title'" in found.stderr
    assert "help: it has" in found.stderr
    assert "warning[" not in found.stderr
    assert found.stderr.splitlines()[-1] == (
        "1 error and 1 warning, shown by: tablewright check notes.yaml"
    )


def test_results_for_tools_hold_every_warning(schema: Path) -> None:
    """Of check and of generate, as one document."""
    for command in ("check", "generate"):
        found = run(command, schema.name, "--format", "json")

        findings = json.loads(found.stdout)["findings"]
        assert [one["code"] for one in findings] == ["TW218", "TW218"]
        assert found.stderr == ""
