"""The command `tablewright work`, started as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def start_work(tmp_path: Path, jobs_folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `tablewright work` with a module `handlers` of this text; its log is work.log. What still runs is killed."""
    started: list[subprocess.Popen[str]] = []
    path = os.pathsep.join(map(str, (ROOT / "generator", ROOT, jobs_folder)))

    def start(
        text: str,
        url: str,
        *more: str,
        model: str = "generated.agent_tasks:AgentTask",
        handler: str = "handlers:handle",
    ) -> subprocess.Popen[str]:
        (tmp_path / "handlers.py").write_text(text)
        named = [model, "--handler", handler, "--store", url]
        with (tmp_path / "work.log").open("w") as log:
            running = subprocess.Popen(
                [sys.executable, "-m", "tablewright", "work", *named, *more],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": path},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        started.append(running)
        return running

    yield start
    for one in started:
        one.kill()
        one.communicate()
