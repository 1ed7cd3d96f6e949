"""`tablewright generate` beside datamodel-codegen on the equal JSON Schema, whole processes in one run.

    python benchmarks/generate.py [--peer PATH/TO/datamodel-codegen] [--rounds 5]

Prints medians and ratios. Without the peer (pip install datamodel-code-generator, in an environment of its own) it
prints our own times only.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FIELDS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "title",
        "{type: text, required: true, max_length: 200}",
        {"type": "string", "maxLength": 200},
    ),
    ("body", "long_text", {"type": "string"}),
    ("mail", "email", {"type": "string"}),
    ("link", "url", {"type": "string"}),
    ("state", "{type: STATE, default: NEW}", {"$ref": "#/$defs/STATE"}),
    ("level", "{type: LEVEL, default: LOW}", {"$ref": "#/$defs/LEVEL"}),
    ("started_at", "datetime", {"type": "string", "format": "date-time"}),
    ("ended_at", "datetime", {"type": "string", "format": "date-time"}),
    ("seen_at", "datetime", {"type": "string", "format": "date-time"}),
    ("due", "date", {"type": "string", "format": "date"}),
    (
        "amount",
        "{type: integer, min: 0, default: 0}",
        {"type": "integer", "minimum": 0, "default": 0},
    ),
    ("ratio", "{type: number, precision: 3}", {"type": "number"}),
    ("done", "boolean", {"type": "boolean"}),
    ("note", "text", {"type": "string"}),
    ("phone", "phone", {"type": "string"}),
]
STATES = ["NEW", "OPEN", "DONE", "LOST"]
LEVELS = ["LOW", "MID", "HIGH"]


def schema_text(tables: int) -> str:
    """Return a schema of *tables* tables with 15 fields, two enums and a lifecycle each."""
    lines = ["tablewright: 1", "name: big", "enums:"]
    for number in range(tables):
        lines += [f"  State{number}: {{values: [{', '.join(STATES)}]}}"]
        lines += [f"  Level{number}: {{ordered: true, values: [{', '.join(LEVELS)}]}}"]
    lines.append("tables:")
    for number in range(tables):
        lines += [f"  Task{number}:", "    fields:"]
        for name, written, _ in FIELDS:
            lines.append(
                f"      {name}: {written.replace('STATE', f'State{number}').replace('LEVEL', f'Level{number}')}"
            )
        lines += [
            "    lifecycle:",
            "      field: state",
            "      initial: NEW",
            "      transitions:",
            "        open_it: {from: NEW, to: OPEN, set: {started_at: now()}}",
            "        finish: {from: OPEN, to: DONE, when: amount < 3, set: {ended_at: now(), amount: amount + 1}}",
            "        lose: {from: [NEW, OPEN], to: LOST}",
        ]
    return "\n".join(lines) + "\n"


def json_schema(tables: int) -> str:
    """Return the equal JSON Schema, as the peer reads it."""
    definitions: dict[str, Any] = {}
    for number in range(tables):
        definitions[f"State{number}"] = {"type": "string", "enum": STATES}
        definitions[f"Level{number}"] = {"type": "string", "enum": LEVELS}
        properties = {
            name: json.loads(
                json.dumps(shape)
                .replace("STATE", f"State{number}")
                .replace("LEVEL", f"Level{number}")
            )
            for name, _, shape in FIELDS
        }
        definitions[f"Task{number}"] = {
            "type": "object",
            "properties": properties,
            "required": ["title"],
        }
    return json.dumps({"$defs": definitions, "type": "object"})


def seconds(command: list[str], *, expect: tuple[int, ...] = (0,)) -> float:
    """Return the wall time of a whole process."""
    began = time.perf_counter()
    finished = subprocess.run(command, check=False, capture_output=True)
    taken = time.perf_counter() - began
    if finished.returncode not in expect:
        sys.exit(finished.stderr.decode())
    return taken


def cases(tables: int, folder: Path, peer: str | None) -> dict[str, Any]:
    """Return the commands to compare, each as a function that runs one round."""
    ours = [
        sys.executable,
        "-m",
        "tablewright",
        "generate",
        str(folder / "big.yaml"),
        "--out",
        str(folder / "out"),
    ]
    (folder / "big.yaml").write_text(schema_text(tables), "utf-8")
    (folder / "big.json").write_text(json_schema(tables), "utf-8")

    def cold() -> float:
        shutil.rmtree(folder / "out", ignore_errors=True)
        return seconds(ours)

    found = {
        "cold": cold,
        "unchanged": lambda: seconds(ours),
        "--check": lambda: seconds([*ours, "--check"]),
    }
    if peer is not None:
        theirs = [peer, "--input", str(folder / "big.json"), "--input-file-type", "jsonschema", "--output",
                  str(folder / "peer.py"), "--output-model-type", "pydantic_v2.BaseModel"]  # fmt: skip
        found = {"peer": lambda: seconds(theirs), **found}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=shutil.which("datamodel-codegen"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tables", type=int, nargs="*", default=[1, 10, 100])
    given = parser.parse_args()
    print(f"{'tables':>7} {'case':<10} {'median ms':>10} {'x peer':>7}")
    for tables in given.tables:
        with tempfile.TemporaryDirectory() as name:
            runs = cases(tables, Path(name), given.peer)
            taken: dict[str, list[float]] = {case: [] for case in runs}
            for number in range(given.rounds + 1):
                for case, run in runs.items():
                    found = run()
                    if number:  # the first round warms the disk
                        taken[case].append(found)
        for case, times in taken.items():
            ratio = ""
            if "peer" in taken:
                ratio = f"{statistics.median(a / b for a, b in zip(times, taken['peer'], strict=True)):.2f}"
            print(f"{tables:>7} {case:<10} {statistics.median(times) * 1000:>10.0f} {ratio:>7}")


if __name__ == "__main__":
    main()
