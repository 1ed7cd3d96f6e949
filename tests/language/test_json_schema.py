"""The JSON Schema for editors agrees with the compiler about every schema of this repository."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tablewright.check import (
    arguments,
    computed,
    enums,
    fields,
    lifecycle,
    mixins,
    queries,
    queue,
    relations,
    statistics,
    tables,
    transitions,
)
from tablewright.check import compile as check_compile
from tablewright.kinds import WRITTEN_KINDS
from tablewright.language.json_schema import language_json_schema
from tablewright.language.words import KEYS, TYPES

ROOT = Path(__file__).parents[2]
SHAPES = {"TW108", "TW109", "TW111", "TW112", "TW113", "TW212", "TW215", "TW216"}
"""Findings about shapes alone: an editor that knows the JSON Schema marks them too."""


def codes_of(path: Path) -> set[str]:
    """Return the codes of the findings in a file of a case."""
    golden = path.parent / "findings.txt"
    text = golden.read_text(encoding="utf-8") if golden.exists() else ""
    return set(re.findall(rf"^{re.escape(path.name)}:\d+:\d+: \w+\[(TW\d+)\]", text, re.MULTILINE))


def is_of_right_shape(path: Path) -> bool:
    """Tell whether what is wrong with a file, if anything, lies deeper than its shape."""
    beyond = SHAPES | {"TW210", "TW703"}
    return not any(code.startswith("TW1") or code in beyond for code in codes_of(path))


FILES = [
    *sorted((ROOT / "schemas").glob("*.yaml")),
    *sorted((ROOT / "tests" / "cases").glob("*/**/*.yaml")),
]
WELL_SHAPED = [path for path in FILES if is_of_right_shape(path)]
MISSHAPED = [path for path in FILES if codes_of(path) & SHAPES]


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's idea of booleans, as editors have it: `yes` and `no` are words, dates are texts."""


CoreLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool",
    re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"),
    list("tTfF"),
)


def problems(text: str) -> list[str]:
    value = yaml.load(text, Loader=CoreLoader)  # noqa: S506 - a safe loader
    found = Draft7Validator(language_json_schema()).iter_errors(value)
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message}" for one in found]


def test_the_schema_is_a_json_schema() -> None:
    """Every validator of draft 7 can read it, and it survives being written as JSON."""
    Draft7Validator.check_schema(json.loads(json.dumps(language_json_schema())))


@pytest.mark.parametrize("path", WELL_SHAPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_the_compiler_accepts_has_no_mark_in_the_editor(path: Path) -> None:
    """Examples and golden cases whose findings are not about shapes validate."""
    assert problems(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", MISSHAPED, ids=lambda path: path.parent.name)
def test_a_wrong_shape_is_marked_in_the_editor_too(path: Path) -> None:
    """An unknown key, a missing one, a wrong word or a number out of range is seen while writing."""
    assert problems(path.read_text(encoding="utf-8")) != []


@pytest.mark.parametrize(
    ("section", "known"),
    [
        ("schema", check_compile.SCHEMA_KEYS),
        ("enum", enums.ENUM_KEYS),
        ("value", enums.VALUE_KEYS),
        ("mixin", mixins.MIXIN_KEYS),
        ("table", tables.TABLE_KEYS),
        ("field", fields.FIELD_KEYS),
        ("relation", relations.RELATION_KEYS),
        ("add", relations.ADD_KEYS),
        ("computed", computed.COMPUTED_KEYS),
        ("lifecycle", lifecycle.LIFECYCLE_KEYS),
        ("transition", transitions.TRANSITION_KEYS),
        ("argument", arguments.ARGUMENT_KEYS),
        ("query", queries.QUERY_KEYS),
        ("statistics", statistics.STATISTICS_KEYS),
        ("queue", queue.QUEUE_KEYS),
        ("retry", queue.RETRY_KEYS),
    ],
)
def test_every_key_of_the_language_has_words(section: str, known: tuple[str, ...]) -> None:
    """What the compiler reads and what editors explain are the same keys."""
    assert set(KEYS[section]) == set(known)


def test_every_type_has_words() -> None:
    """What the compiler knows and what editors explain are the same types."""
    assert tuple(TYPES) == WRITTEN_KINDS


def objects_in(value: Any) -> list[dict[str, Any]]:
    found = [value] if isinstance(value, dict) else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return found + [one for part in inner for one in objects_in(part)]


def test_every_key_says_what_it_is_for() -> None:
    """Whatever key the pointer rests on, there is a text for it."""
    silent = [
        key
        for one in objects_in(language_json_schema())
        if one.get("additionalProperties") is False
        for key, schema in one["properties"].items()
        if not schema.get("description")
    ]

    assert silent == []
