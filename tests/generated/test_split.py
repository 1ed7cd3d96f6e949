"""A large schema gets a module for each record class; using it is the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
import tablewright
import everything

assert "everything.models_item" not in sys.modules, "a record class is imported when it is named"
from everything import Box, Item
from everything.models import Item as same

assert same is Item
with tablewright.connect("sqlite:///split.db"):
    box = Box.create(label="a")
    item = Item.create(title="One", box=box)
    child = item.add_child(title="Two", box=box)
    assert item.box.label == "a"
    assert [one.title for one in box.items] == ["One", "Two"]
    assert child.parent is not None and child.parent.id == item.id
print("fine")
"""


def test_records_find_each_other_across_modules(split_folder: Path, tmp_path: Path) -> None:
    """Relations, their other sides and add methods work, and nothing is imported before it is named."""
    assert (split_folder / "models_item.py").is_file()
    path = os.pathsep.join([str(split_folder.parent), str(ROOT / "generator")])

    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
        capture_output=True,
        text=True,
    )

    assert finished.stdout == "fine\n", finished.stderr
