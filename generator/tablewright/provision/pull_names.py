"""Names in Airtable → keys of a schema: identifiers, none twice, none reserved."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from tablewright import airtable, names
from tablewright.check.claims import RESERVED
from tablewright.check.enums import RESERVED_VALUES
from tablewright.check.namespace import MAX_KEY_BYTES

_ROOM: Final = 12
"""Bytes kept free at the end of a key, for `_ids` and for a number that tells it from another."""


class Keys:
    """Keys of one scope as they are given out."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._reserved = frozenset(reserved)
        self._taken: set[str] = set()

    def give(self, wanted: str, *, also: Iterable[str] = (), ending: str = "_2") -> str:
        """Return *wanted* as a key, changed where it is none or taken; so are the names that follow from it (*also*).

        `{}` in *also* stands for the key.
        """
        endings = ["{}", *also]
        base = _identifier(wanted)
        key, number = base, 2
        while any(
            one.format(key) in self._reserved or _same(one.format(key)) in self._taken
            for one in endings
        ):
            key = f"{base}{ending}" if number == 2 else f"{base}_{number}"
            number += 1
        self._taken |= {_same(one.format(key)) for one in endings}
        return key


def _same(key: str) -> str:
    # SQLite holds names equal that differ only in case.
    return key.casefold()


def _identifier(text: str) -> str:
    key = names.suggested_identifier(text).strip("_") or "field"
    key = key if not key[0].isdigit() else f"n_{key}"
    while len(key.encode()) > MAX_KEY_BYTES - _ROOM:
        key = key[:-1]
    key = key.rstrip("_") or "field"
    return key if names.is_identifier(key) else f"{key}_"


def table_key(name: str, keys: Keys) -> str:
    """Return the key of a table: `AI tasks` gives `AITasks`."""
    made = ("{}Columns", "{}Create", "{}Update", "{}_history")
    return keys.give(names.pascal(name), also=made)


def enum_key(table: str, field: str, keys: Keys) -> str:
    """Return the key of an enum, made of those of the field that has it and of its table."""
    return keys.give(f"{table}{names.pascal(field)}")


def field_key(name: str, keys: Keys) -> str:
    """Return the key of a field."""
    return keys.give(names.snake(name), ending="_field")


def relation_key(name: str, keys: Keys) -> str:
    """Return the key of a link, whose ids get a name too."""
    return keys.give(names.snake(name), also=("{}_id", "{}_ids"), ending="_link")


def value_keys(labels: Iterable[str]) -> list[str]:
    """Return the keys of an enum's values."""
    keys = Keys(RESERVED_VALUES)
    return [keys.give("_".join(names.words(label)).upper() or "VALUE") for label in labels]


def module_keys() -> Keys:
    """Return the scope of tables and enums."""
    return Keys(names.MODULE_NAMES)


def record_keys(module_names: Iterable[str]) -> Keys:
    """Return the scope of a table's fields and links."""
    return Keys([*RESERVED, *module_names])


def unsayable_name(name: str) -> str:
    """Return why a schema cannot hold a name as it is; empty where it can."""
    if not name.strip():
        return "its name is empty"
    if name != name.strip():
        return "its name has spaces at its ends"
    if len(name) > airtable.MAX_NAME_LENGTH:
        return "its name is too long"
    if any(ord(sign) < 32 for sign in name):
        return "its name holds a control character"
    return "its name holds a control character" if unsayable_text(name) else ""


def unsayable_text(text: str) -> bool:
    """Tell whether a text holds signs that a schema cannot."""
    return any(
        unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t\x85" for sign in text
    )


def folded_name(name: str) -> str:
    """Return the form in which a schema holds two names in Airtable for one."""
    return unicodedata.normalize("NFKC", name).casefold()
