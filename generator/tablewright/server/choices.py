"""The choices of select fields: those of a new field, and those that `typecast` adds."""

from collections.abc import Iterable

from tablewright.airtable import DEFAULT_CHOICE_COLORS
from tablewright.server.ids import new_id
from tablewright.server.jsontext import JsonObject
from tablewright.server.schema import Field


def add_choice(field: Field, name: str) -> str:
    """Append a choice and return its name: outer blanks go, and one that differs only in letter case is reused
    (both unconfirmed, as is its place at the end)."""
    name = name.strip()
    for choice in field.choices:
        if choice["name"].casefold() == name.casefold():
            return str(choice["name"])
    new = {"id": new_id("sel"), "name": name, "color": default_color(len(field.choices))}
    field.options = {**(field.options or {}), "choices": [*field.choices, new]}
    return name


def new_choices(given: Iterable[JsonObject]) -> list[JsonObject]:
    """The choices of a new field, with ids, and colours where none was given."""
    return [
        {
            "id": new_id("sel"),
            "name": choice["name"].strip(),
            "color": choice.get("color") or default_color(position),
        }
        for position, choice in enumerate(given)
    ]


def default_color(position: int) -> str:
    """The colour of the choice at *position* when none was given (unconfirmed)."""
    return DEFAULT_CHOICE_COLORS[position % len(DEFAULT_CHOICE_COLORS)]
