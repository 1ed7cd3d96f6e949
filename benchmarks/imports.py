"""Importing a generated package beside importing datamodel-codegen's models of the equal JSON Schema.

    python benchmarks/imports.py [--peer PATH/TO/datamodel-codegen] [--rounds 15] [--tables 10]

Whole processes in alternation, measured in CPU time (user and system), so that other work on the machine counts
little; byte code is warm. Prints medians and the median ratio to the peer.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from generate import json_schema, schema_text


def cpu_milliseconds(code: str, folder: Path) -> float:
    """Return the CPU time of a process that runs *code* with *folder* on its path."""
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**environment, "PYTHONPATH": str(folder)}
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed: {code}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def write_packages(folder: Path, tables: int, peer: str | None) -> None:
    """Write the generated package `big`, and the peer's module `theirs`."""
    schema = folder / "big.yaml"
    schema.write_text(schema_text(tables), "utf-8")
    ours = [sys.executable, "-m", "tablewright", "generate", str(schema), "--out", str(folder)]
    subprocess.run(ours, check=True, capture_output=True)
    if peer is not None:
        (folder / "theirs.json").write_text(json_schema(tables), "utf-8")
        theirs = [peer, "--input", str(folder / "theirs.json"), "--input-file-type", "jsonschema", "--output",
                  str(folder / "theirs.py"), "--output-model-type", "pydantic_v2.BaseModel",
                  "--target-python-version", "3.11"]  # fmt: skip
        subprocess.run(theirs, check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=shutil.which("datamodel-codegen"))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--tables", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_packages(folder, given.tables, given.peer)
        runs = {
            "bare python": "pass",
            "pydantic": "from pydantic import BaseModel, Field; BaseModel, Field",
        }
        if given.peer is not None:
            runs["peer"] = "import theirs"
        runs |= {"ours": "import big", "ours, inputs too": "import big; big.Task0Create"}
        taken: dict[str, list[float]] = {case: [] for case in runs}
        for number in range(given.rounds + 1):
            for case, code in runs.items():
                found = cpu_milliseconds(code, folder)
                if number:  # the first round writes the byte code
                    taken[case].append(found)
    print(f"{given.tables} tables\n{'case':<18} {'median ms':>10} {'x peer':>7}")
    for case, times in taken.items():
        ratio = ""
        if "peer" in taken:
            ratio = (
                f"{statistics.median(a / b for a, b in zip(times, taken['peer'], strict=True)):.2f}"
            )
        print(f"{case:<18} {statistics.median(times):>10.0f} {ratio:>7}")


if __name__ == "__main__":
    main()
