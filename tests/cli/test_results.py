"""Results for tools: `--format json`, on every command that has any."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tablewright.cli.main import COMMANDS, cli

WITHOUT = {
    "schema": "prints JSON and nothing else",
    "completion": "prints a script for a shell",
    "demo": "is for people",
    "work": "writes a log, for which there is --log-format json",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_results_for_tools(name: str) -> None:
    """Those that have none are known, with the reason."""
    with click.Context(cli) as context:
        command = cli.get_command(context, name)

    assert command is not None
    options = {one for given in command.params for one in given.opts}
    assert ("--format" in options) != (name in WITHOUT)


def test_init_and_docs_print_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that were written, and the text of every schema by its name."""
    monkeypatch.chdir(tmp_path)

    started = CliRunner().invoke(cli, ["init", "shop", "--format", "json"])
    CliRunner().invoke(cli, ["init", "stock"])
    told = CliRunner().invoke(cli, ["docs", "--format", "json"])

    assert json.loads(started.stdout) == {
        "schema": "schemas/shop.yaml",
        "json_schema": "schemas/tablewright.schema.json",
    }
    assert {name: text.splitlines()[1] for name, text in json.loads(told.stdout).items()} == {
        "shop": "# shop",
        "stock": "# stock",
    }


def test_a_program_that_starts_a_local_airtable_reads_one_line(tmp_path: Path) -> None:
    """It need not take text apart to learn the port, the base and the token."""
    with subprocess.Popen(
        [sys.executable, "-m", "tablewright", "serve", "--port", "0", "--format", "json"],
        cwd=tmp_path,
        env={**os.environ, "TABLEWRIGHT_SERVE_TOKEN": "patLocal"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        process.terminate()

    assert told["environment"] == {
        "TABLEWRIGHT_STORE": f"airtable://{told['base']}?endpoint={told['url']}",
        "AIRTABLE_ACCESS_TOKEN": told["token"],
    }
    assert told["token"] == "patLocal"
