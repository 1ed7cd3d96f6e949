"""Lock files as merges, editors and slips leave them: each is told in a sentence, and none is guessed at."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tablewright.provision.errors import LockUnreadable
from tablewright.provision.lock import lock_path, read_lock

GOOD: dict[str, Any] = {
    "tablewright_lock": 1,
    "environment": "dev",
    "schemas": {
        "shop": {
            "base": "appAAAAAAAAAAAAAA",
            "tables": {
                "Order": {
                    "id": "tblAAAAAAAAAAAAAA",
                    "fields": {"number": "fldAAAAAAAAAAAAAA", "state": "fldBBBBBBBBBBBBBB"},
                    "choices": {"state": {"OPEN": "selAAAAAAAAAAAAAA"}},
                },
                "Item": {"id": "tblBBBBBBBBBBBBBB", "fields": {}},
            },
            "manual": ["In table 'Order' add a field."],
        },
        "other": {"base": "appAAAAAAAAAAAAAA", "tables": {}},
    },
}


def shop(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["schemas"]["shop"]
    return found


def refusal(folder: Path, text: str) -> str:
    """Return what is said of a lock file with this text, behind its path."""
    path = lock_path(folder, "dev")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LockUnreadable) as refused:
        read_lock(path, "shop", "dev")
    return str(refused.value).removeprefix(f"{path} ")


def test_a_good_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Reading and writing change nothing, what belongs to other schemas included."""
    path = lock_path(tmp_path, "dev")
    path.write_text(json.dumps(GOOD))

    read_lock(path, "shop", "dev").save()

    assert json.loads(path.read_text()) == GOOD


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda good: good.pop("schemas"), "the file lacks 'schemas'"),
        (lambda good: good["schemas"].update(other=3), "'other' in 'schemas' in the file is no object"),
        (lambda good: shop(good).update(base=3), "'base' in 'shop' in 'schemas' in the file is no text"),
        (lambda good: shop(good).update(manual="all"), "'manual' in 'shop' in 'schemas' in the file is no list"),
        (lambda good: shop(good).update(pending={"scratch": 3}), "'scratch' in 'pending' in 'shop' in 'schemas' in the file is no object"),
        (lambda good: shop(good).update(applying={"done": True}), "'done' in 'applying' in 'shop' in 'schemas' in the file is no number"),
        (lambda good: shop(good)["tables"]["Item"].pop("id"), "'Item' in 'tables' in 'shop' in 'schemas' in the file lacks 'id'"),
        (lambda good: shop(good)["tables"]["Item"].update(id="tblAAAAAAAAAAAAAA"), "table 'Order' of schema 'shop' has the id of another one, tblAAAAAAAAAAAAAA"),
        (lambda good: shop(good)["tables"]["Order"]["fields"].update(state="fldAAAAAAAAAAAAAA"), "field 'number' of table 'Order' has the id of another one, fldAAAAAAAAAAAAAA"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, broken: Callable[[dict[str, Any]], object], said: str
) -> None:
    """Nobody has to read a traceback, and no plan is made from ids that two things share."""
    document = copy.deepcopy(GOOD)
    broken(document)

    assert refusal(tmp_path, json.dumps(document)) == (
        f"is no lock file: {said}. Restore it from version control, or remove it: tables and fields are then found "
        "again by their names"
    )


def test_a_merge_that_is_not_resolved_says_how_to(tmp_path: Path) -> None:
    """Two branches that were both applied meet in this file."""
    text = json.dumps(GOOD, indent=2)

    said = refusal(tmp_path, f"<<<<<<< HEAD\n{text}\n=======\n{text}\n>>>>>>> other\n")

    assert said.startswith("cannot be read: a merge left its marks in it. Keep one of both sides")


def test_a_mark_at_the_beginning_is_passed_over(tmp_path: Path) -> None:
    """Editors on Windows put one before UTF-8."""
    path = lock_path(tmp_path, "dev")
    path.write_text(json.dumps(GOOD), "utf-8-sig")

    assert read_lock(path, "shop", "dev").base == "appAAAAAAAAAAAAAA"


def test_a_file_of_another_version_is_left_to_that_version(tmp_path: Path) -> None:
    """Removing it would lose what it knows."""
    said = refusal(tmp_path, '{"tablewright_lock": 2}')

    assert said == (
        "is of version 2, and this tablewright reads 1: use the version of tablewright that wrote it"
    )
