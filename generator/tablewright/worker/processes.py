"""Several workers side by side: processes of the same command, stopped together."""

from __future__ import annotations

import signal
import subprocess
import sys


def run_processes(number: int) -> int:
    """Run this very command line *number* times, each as one process, and return the worst exit code."""
    arguments = _without_processes(sys.argv[1:])
    children = [
        subprocess.Popen(  # noqa: S603  # our own command line
            [sys.executable, "-m", "tablewright", *arguments]
        )
        for _ in range(number)
    ]

    def forward(signal_number: int, frame: object) -> None:
        del frame
        for child in children:
            if child.poll() is None:
                child.send_signal(signal_number)

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, forward)
    return max(abs(child.wait()) for child in children)


def _without_processes(arguments: list[str]) -> list[str]:
    found: list[str] = []
    skip = False
    for one in arguments:
        if skip:
            skip = False
        elif one == "--processes":
            skip = True
        elif not one.startswith("--processes="):
            found.append(one)
    return found
