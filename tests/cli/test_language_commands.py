"""`init`, `schema`, `docs` and `diff`: what helps to write a schema and to change it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tablewright.cli.main import COMMANDS, cli

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def test_a_starter_schema_generates_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """init, then generate: a package without an edit in between."""
    monkeypatch.chdir(tmp_path)

    started = run("init", "my_tasks")
    generated = run("generate")

    assert started.exit_code == 0, started.output
    assert generated.exit_code == 0, generated.output
    assert (tmp_path / "generated" / "my_tasks" / "models.py").is_file()


def test_init_overwrites_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema that is there stays as it is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "tasks.yaml").write_text("mine")

    result = run("init")

    assert result.exit_code == 1
    assert "is there already" in result.output
    assert (tmp_path / "schemas" / "tasks.yaml").read_text() == "mine"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """--out /dev/stdout is a way to print; a pipe stands for it here."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True)

    result = run("schema", "--out", str(pipe))
    printed, _ = reader.communicate(timeout=30)

    assert result.exit_code == 0, result.output
    assert json.loads(printed)["title"]
    assert pipe.is_fifo()


def test_init_names_a_package_that_python_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is no identifier gets the nearest that is one."""
    monkeypatch.chdir(tmp_path)

    result = run("init", "My-Tasks")

    assert result.exit_code == 2
    assert "call it 'my_tasks'" in result.output


def test_the_json_schema_beside_the_example_is_current() -> None:
    """Editors that open the example complete it by the language as it is."""
    result = run("schema")

    assert result.exit_code == 0
    assert json.loads(result.output) == json.loads(
        (ROOT / "schemas" / "tablewright.schema.json").read_text("utf-8")
    )


def test_a_new_schema_comes_with_what_its_first_line_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Editors find the JSON Schema beside the schema; one that is there is the user's, until --out replaces it."""
    monkeypatch.chdir(tmp_path)
    beside = tmp_path / "schemas" / "tablewright.schema.json"

    run("init")

    first = (tmp_path / "schemas" / "tasks.yaml").read_text().splitlines()[0]
    assert first == f"# yaml-language-server: $schema={beside.name}"
    assert beside.read_text() == run("schema").output
    beside.write_text("old")
    run("init", "others")
    assert beside.read_text() == "old"
    assert run("schema", "--out", "schemas/tablewright.schema.json").exit_code == 0
    refused = run("schema", "--out", "schemas/tasks.yaml")
    assert refused.exit_code == 1
    assert "say --out schemas/tablewright.schema.json" in refused.output
    assert beside.read_text() == run("schema").output


def test_docs_prints_the_readme_of_the_package() -> None:
    """One text, in the package and on the command line."""
    result = run("docs", str(ROOT / "schemas" / "agent_tasks.yaml"))

    assert (
        result.output.rstrip()
        == (ROOT / "generated" / "agent_tasks" / "README.md").read_text("utf-8").rstrip()
    )


def test_diff_ends_with_1_where_a_change_is_breaking(tmp_path: Path) -> None:
    """A required field that becomes optional can be blank, which code that reads it does not expect."""
    example = (ROOT / "schemas" / "agent_tasks.yaml").read_text("utf-8")
    old, new, wider = tmp_path / "old.yaml", tmp_path / "new.yaml", tmp_path / "wider.yaml"
    old.write_text(example)
    new.write_text(
        example.replace(
            "agent_id:               {type: text, required: true,",
            "agent_id:               {type: text,",
        )
    )
    wider.write_text(
        example.replace(
            "parameters:             {type: json",
            "extra: text\n      parameters:             {type: json",
        )
    )

    breaking = run("diff", str(old), str(new))
    compatible = run("diff", str(old), str(wider))
    same = run("diff", str(old), str(old))
    as_json = run("diff", str(old), str(new), "--format", "json")

    assert breaking.exit_code == 1
    assert "AgentTask.agent_id" in breaking.output
    assert compatible.exit_code == 0, compatible.output
    assert "AgentTask.extra" in compatible.output
    assert same.output == "nothing changed\n"
    assert json.loads(as_json.output)[0]["effect"] == "breaking"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name: str) -> None:
    """Each line of the overview leads to a command with help of its own."""
    result = run(name, "--help")

    assert result.exit_code == 0, result.output
    assert "Usage:" in result.output


def test_help_lists_every_command() -> None:
    """The overview prints the table of commands."""
    result = run("--help")

    assert all(name in result.output for name in COMMANDS)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_get_the_script_by_which_they_complete(shell: str) -> None:
    """It asks the command itself, so that it stays right after an upgrade."""
    result = run("completion", shell)

    assert result.exit_code == 0, result.output
    assert f"_TABLEWRIGHT_COMPLETE={shell}_complete" in result.output


def test_a_key_press_imports_no_command() -> None:
    """The names of the commands come from a table, each with its line of help."""
    program = "from tablewright.cli.main import main; main()"
    asked = {"_TABLEWRIGHT_COMPLETE": "zsh_complete", "COMP_WORDS": "tablewright ", "COMP_CWORD": "1"}  # fmt: skip

    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        env={**os.environ, **asked},
        check=False,
        capture_output=True,
        text=True,
    )

    found = finished.stdout.splitlines()
    assert dict(zip(found[1::3], found[2::3], strict=True)) == COMMANDS
    imported = {line.split("|")[-1].strip() for line in finished.stderr.splitlines()}
    assert not imported & {"pydantic", "jinja2", "yaml", "sqlalchemy", "pyairtable"}
