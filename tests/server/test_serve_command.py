"""The command: what it prints, what it refuses."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from tablewright.cli.serve import command

RUN = "from tablewright.cli.serve import command; command()"


def test_it_prints_where_it_is_and_what_to_export(tmp_path: Path) -> None:
    """The two variables work as printed, the data file is written, and Ctrl+C ends it without a traceback."""
    source = Path(sys.modules["tablewright"].__file__ or "").parent.parent
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONUNBUFFERED": "1"}
    arguments = ["--port", "0", "--data", str(tmp_path / "base.db"), "--base", "Mine"]
    with subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(6)]
        printed = dict(re.findall(r'export (\w+)="(.*)"', "".join(lines)))
        base_id, endpoint = re.fullmatch(  # type: ignore[union-attr] # fails as it should
            r"airtable://(app\w{14})\?endpoint=(http://127\.0\.0\.1:\d+)",
            printed["TABLEWRIGHT_STORE"],
        ).groups()
        headers = {"Authorization": f"Bearer {printed['AIRTABLE_ACCESS_TOKEN']}"}
        bases = requests.get(f"{endpoint}/v0/meta/bases", headers=headers, timeout=5).json()
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=20)

    assert bases["bases"] == [{"id": base_id, "name": "Mine", "permissionLevel": "create"}]
    assert f"Base {base_id}" in lines[1]
    assert (process.returncode, complaints) == (0, "")
    assert printed["AIRTABLE_ACCESS_TOKEN"] not in (tmp_path / "base.db").read_bytes().decode("latin-1")  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fail", "explode"], "unknown fault 'explode': known are refuse"),
        (["--data", "no/such/folder/base.db"], "cannot be opened as a data file"),
        (["--host", "203.0.113.1", "--port", "0"], "cannot listen at 203.0.113.1"),
    ],
)
def test_mistakes_are_explained_in_one_line(arguments: list[str], message: str) -> None:
    """No traceback, and a way out."""
    result = CliRunner().invoke(command, arguments)

    assert result.exit_code == 1
    assert message in result.output
    assert "Traceback" not in result.output
