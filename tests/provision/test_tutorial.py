"""The tutorial is run as it is written, command by command."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
_FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Reader:
    """Somebody who follows the page: writes its files, types its commands, compares what is printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tools = Path(sys.executable).parent
        self.environment = {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "PYTHONPATH": f"{ROOT / 'generator'}{os.pathsep}{folder}",
            "COLUMNS": "200",
        }
        self.server: subprocess.Popen[str] | None = None

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def type(self, command: str) -> str:
        """Run a command and return what it printed; the server is started and its export lines are taken over."""
        if command.startswith("tablewright serve"):
            self._serve(command)
            return ""
        done = subprocess.run(
            command.split(), cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        # 2 tells that there are differences.
        assert done.returncode in (0, 2), f"{command}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    def _serve(self, command: str) -> None:
        self.server = subprocess.Popen(
            [*command.split(), "--port", "0"], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self.server.stdout is not None
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            line = self.server.stdout.readline()
            found = re.match(r'\s*export (\w+)="(.*)"', line)
            if found:
                self.environment[found.group(1)] = found.group(2)
            if line.startswith("Ctrl"):
                return
        raise AssertionError("the server did not start")

    def leave(self) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.wait(timeout=10)
            assert self.server.stdout is not None
            self.server.stdout.close()


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.slow
def test_the_tutorial_works_as_written(tmp_path: Path) -> None:
    """Every command ends well and prints what the page shows, in its order."""
    reader = Reader(tmp_path)
    try:
        for kind, name, body in _FENCE.findall(TUTORIAL.read_text("utf-8")):
            if name:
                reader.write(name, body)
                continue
            assert kind == "console"
            printed = ""
            for line in body.splitlines():
                if line.startswith("$ "):
                    printed = squeezed(reader.type(line.removeprefix("$ ")))
                elif line.strip():
                    # In this order: a line stands under the table that it is about.
                    _, found, printed = printed.partition(squeezed(line))
                    assert found, (line, printed)
    finally:
        reader.leave()
