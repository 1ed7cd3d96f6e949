"""The choices of live fields → the enums of a schema. Fields with the same choices share one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tablewright import airtable, names
from tablewright.provision.live import LiveField
from tablewright.provision.pull_names import Keys, enum_key, folded_name, unsayable_name, value_keys
from tablewright.provision.yaml_text import Flow


class Enums:
    """The enums of a schema while it is written. Their names are given out by *keys*."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._entries: dict[tuple[tuple[str, str], ...], tuple[str, Any]] = {}

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._entries.values())

    def entries(self) -> dict[str, Any]:
        """Return how the schema says each enum, by its name."""
        return dict(self._entries.values())

    def named(self, table: str, one: LiveField) -> str:
        """Return the name of the enum with the choices of a field; a new one is named after the field of *table*."""
        choices = tuple((choice.name, choice.color) for choice in one.choices)
        if choices not in self._entries:
            key = enum_key(table, names.snake(one.name), self._keys)
            self._entries[choices] = (key, _entry(choices))
        return self._entries[choices][0]


def choices_problem(one: LiveField) -> str:
    """Return why no enum can have the choices of a field; empty where one can."""
    labels = [choice.name for choice in one.choices]
    if not labels:
        return "it has no choices: give it one in Airtable, and pull again"
    if any(unsayable_name(label) for label in labels):
        return "a choice has spaces at its ends or control characters: rename it in Airtable, and pull again"
    by_fold: dict[str, str] = {}
    for label in labels:
        other = by_fold.setdefault(folded_name(label), label)
        if other != label:
            return (
                f"the language holds its choices '{other}' and '{label}' for one: rename one of them in Airtable, which "
                "all its rows follow, and pull again"
            )
    return ""


def _entry(choices: tuple[tuple[str, str], ...]) -> Any:
    keys = value_keys(label for label, _ in choices)
    values = {key: Flow(_value(key, place, choice)) for place, (key, choice) in enumerate(zip(keys, choices, strict=True))}  # fmt: skip
    return {"values": list(values) if not any(values.values()) else values}


def _value(key: str, place: int, choice: tuple[str, str]) -> dict[str, str]:
    label, color = choice
    usual = airtable.DEFAULT_CHOICE_COLORS[place % len(airtable.DEFAULT_CHOICE_COLORS)]
    said = {} if names.title(key) == label else {"label": label}
    if color and color != usual and color in airtable.CHOICE_COLORS:
        said["color"] = color
    return said
