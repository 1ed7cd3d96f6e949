"""`tablewright --version` and `--help` beside `python -c pass`: whole processes in alternation.

    python benchmarks/startup.py [--rounds 15]

Measured in CPU time (user and system), byte code warm. Prints medians and the median ratio to bare Python.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys


def cpu_milliseconds(arguments: list[str]) -> float:
    """Return the CPU time of a Python process."""
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed: {arguments}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    runs = {
        "python -c pass": ["-c", "pass"],
        "--version": ["-m", "tablewright", "--version"],
        "--help": ["-m", "tablewright", "--help"],
        "generate --help": ["-m", "tablewright", "generate", "--help"],
    }
    taken: dict[str, list[float]] = {case: [] for case in runs}
    for number in range(given.rounds + 1):
        for case, arguments in runs.items():
            found = cpu_milliseconds(arguments)
            if number:  # the first round writes the byte code
                taken[case].append(found)
    print(f"{'case':<18} {'median ms':>10} {'x python':>9}")
    for case, times in taken.items():
        ratios = (a / b for a, b in zip(times, taken["python -c pass"], strict=True))
        print(f"{case:<18} {statistics.median(times):>10.0f} {statistics.median(ratios):>9.1f}")


if __name__ == "__main__":
    main()
