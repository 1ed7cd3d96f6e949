"""Terminals, pipes and shells of every kind: colours, encodings, full disks, completion, and Ctrl+C right at the start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tablewright.cli.main import colored

SCHEMA = """
tablewright: 1
name: prices
tables:
  Price:
    description: In €, → and 価格.
    fields: {name: text}
"""


def ran(
    folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[bytes]:  # fmt: skip
    """Run the command as a process of its own, with these variables more."""
    return subprocess.run(
        [sys.executable, "-m", "tablewright", *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one schema and a SQLite file for its store."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "prices.yaml").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "tablewright.toml").write_text('[environments]\ndev = "sqlite:///prices.db"\n')
    return tmp_path


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, None),
        ({"NO_COLOR": ""}, None),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "FORCE_COLOR": "1"}, True),
    ],
)
def test_colours_are_as_the_environment_asks(
    variables: dict[str, str], wanted: bool | None
) -> None:
    """NO_COLOR wins, a dumb terminal gets none, and FORCE_COLOR reaches a pipe; without any of them a terminal decides."""
    assert colored(variables) is wanted


def test_colours_reach_a_pipe_that_asks_for_them(folder: Path) -> None:
    """A log of continuous integration shows colours, and a plain pipe holds none."""
    forced = ran(folder, "plan", FORCE_COLOR="1")
    plain = ran(folder, "plan")

    assert b"\x1b[32m" in forced.stdout
    assert b"\x1b" not in plain.stdout


def test_signs_that_a_pipe_has_no_code_for_end_no_command(folder: Path) -> None:
    """What a pipe of another encoding cannot hold is written as an escape, and JSON says the same."""
    text = ran(folder, "plan", PYTHONIOENCODING="latin-1")
    result = ran(folder, "schema", PYTHONIOENCODING="latin-1")

    assert (text.returncode, text.stderr) == (2, b"")
    assert text.stdout.startswith(b"prices \\u2192 SQLite")
    assert json.loads(result.stdout) == json.loads(ran(folder, "schema").stdout)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is Linux's")
@pytest.mark.parametrize("arguments", [("--version",), ("check",), ("plan",), ("schema",)])
def test_a_full_disk_is_told_in_a_sentence(folder: Path, arguments: tuple[str, ...]) -> None:
    """Where results go to a file that has no room, there is no traceback."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "tablewright", *arguments],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )

    assert ended.returncode == 1
    assert ended.stderr.decode() == (
        "Error: nothing more could be written: No space left on device. Make room, then run the same command again\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a folder that a process is in")
@pytest.mark.parametrize("arguments", ["check", "generate --check", "plan"])
def test_a_folder_that_is_gone_is_told_in_a_sentence(folder: Path, arguments: str) -> None:
    """A shell may stand in a folder that somebody removed meanwhile."""
    gone = folder / "gone"
    gone.mkdir()
    ended = subprocess.run(
        ["sh", "-c", f'rmdir "$PWD"; exec "$0" -m tablewright {arguments}', sys.executable],
        cwd=gone,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr == (
        "Error: the folder that this command was started in is gone: go to one that exists, then run it again\n"
    )


def test_a_slip_in_a_line_that_is_completed_prints_nothing(folder: Path) -> None:
    """A message would stand in the middle of what is typed."""
    completed = ran(
        folder,
        _TABLEWRIGHT_COMPLETE="bash_complete",
        COMP_WORDS="tablewright plam --",
        COMP_CWORD="2",
    )

    assert completed.stderr == b""
    assert b"--help" in completed.stdout


def test_environments_are_completed(folder: Path) -> None:
    """Those of the configuration, without a look at any of them."""
    (folder / "tablewright.toml").write_text(
        '[environments]\nprod = "sqlite:///p.db"\npreview = "sqlite:///q.db"\ndev = "sqlite:///d.db"\n'
    )

    completed = ran(
        folder,
        _TABLEWRIGHT_COMPLETE="bash_complete",
        COMP_WORDS="tablewright plan -e pr",
        COMP_CWORD="3",
    )

    assert completed.stdout.split() == [b"plain,prod", b"plain,preview"]


def test_ctrl_c_before_anything_is_begun_leaves_no_traceback() -> None:
    """The first import takes longest, and is where the key is most likely to be pressed."""
    program = (
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "import tablewright.cli.main\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)

    assert (ended.returncode, ended.stderr) == (130, b"\nstopped\n")
