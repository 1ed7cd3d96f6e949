"""A user's own code lives in a mixin or a subclass, and survives regeneration."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCHEMA = """\
tablewright: 1
name: notes
tables:
  Note:
    mixin: extras:Shouting
    fields:
      title: {type: text, required: true}
"""
MIXIN = """\
class Shouting:
    title: str

    def shout(self) -> str:
        return self.title.upper()
"""
PROGRAM = """\
import tablewright
from generated.notes import Note

class Mine(Note):
    def whisper(self) -> str:
        return self.title.lower()

with tablewright.connect("sqlite:///notes.db"):
    print(Note.create(title="Hey").shout(), [note.whisper() for note in Mine.where()])
"""


def run(*command: str, cwd: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "generator"), str(cwd)])}
    finished = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_a_mixin_and_a_subclass_go_on_after_regeneration(tmp_path: Path) -> None:
    """The generated class inherits from the mixin that the schema names; a subclass reads its own kind."""
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    (tmp_path / "extras.py").write_text(MIXIN)
    run("-m", "tablewright", "generate", "schema.yaml", cwd=tmp_path)
    first = run("-c", PROGRAM, cwd=tmp_path)
    (tmp_path / "schema.yaml").write_text(SCHEMA + "      body: long_text\n")
    (tmp_path / "notes.db").unlink()

    run("-m", "tablewright", "generate", "schema.yaml", cwd=tmp_path)
    second = run("-c", PROGRAM, cwd=tmp_path)

    assert first == second == "HEY ['hey']\n"
    assert (tmp_path / "extras.py").read_text() == MIXIN
