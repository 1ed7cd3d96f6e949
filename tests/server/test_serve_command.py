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
from tablewright.server.serve import LocalAirtable

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


NO_FIELDS = '{"tables": [{"id": "tbl00000000000001", "name": "A"}]}'


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fail", "explode"], "unknown fault 'explode': known are refuse"),
        (["--data", "no/such/folder/base.db"], "there is no folder no/such/folder: make it, or"),
        (["--data", "not_sqlite.db"], "not_sqlite.db cannot be opened as a data file"),
        (["--data", "damaged.db"], "(database disk image is malformed): name another file"),
        (["--schema", "list.json"], "list.json holds no JSON object: save the whole answer"),
        (["--schema", "half.json"], "half.json is not JSON"),
        (["--schema", "no_fields.json"], "no_fields.json: tables[0] is not a table with a list"),
        (["--host", ""], "it is empty: leave --host out"),
        (["--base", " "], "it is empty: leave --base out"),
        (["--token", "two words"], "a token is made of ASCII letters, digits and signs"),
    ],
)
def test_mistakes_are_explained_in_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option is named, the way out as well, and there is no traceback."""
    monkeypatch.chdir(tmp_path)
    Path("not_sqlite.db").write_text("a letter to a friend, and no database at all")
    with LocalAirtable("damaged.db"):
        pass
    whole = Path("damaged.db").read_bytes()
    Path("damaged.db").write_bytes(whole[:4096] + b"\x55" * (len(whole) - 4096))
    Path("list.json").write_text("[]")
    Path("half.json").write_text('{"tables": [')
    Path("no_fields.json").write_text(NO_FIELDS)

    result = CliRunner().invoke(command, arguments)

    assert result.exit_code == 2
    assert f"Invalid value for '{arguments[0]}'" in result.output
    assert message in result.output
    assert "Traceback" not in result.output


def test_an_address_that_cannot_be_had_is_named() -> None:
    """A port that is taken and a foreign address each get their own way out."""
    with LocalAirtable() as running:
        port = running.url.rpartition(":")[2]
        taken = CliRunner().invoke(command, ["--port", port])
    foreign = CliRunner().invoke(command, ["--host", "203.0.113.1", "--port", "0"])

    assert (taken.exit_code, foreign.exit_code) == (1, 1)
    assert f"port {port} of 127.0.0.1 is taken" in taken.output
    assert "choose another with --port" in taken.output
    assert "cannot listen at 203.0.113.1" in foreign.output
    assert "with --host" in foreign.output


def test_a_server_open_to_the_network_is_reached_at_loopback_from_here() -> None:
    """What it prints can be used on this machine."""
    with LocalAirtable(host="0.0.0.0") as running:  # noqa: S104 - what is tested
        answer = requests.get(f"{running.url}/v0/meta/whoami", timeout=5)

    assert running.url.startswith("http://127.0.0.1:")
    assert answer.status_code == 401
