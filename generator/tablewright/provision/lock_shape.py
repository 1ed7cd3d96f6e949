"""Whether the document of a lock file is what its readers count on: people merge these files, and edit them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

Shape = type | list[Any] | dict[str, Any]
"""A type; a list of one shape; or a mapping: `*` stands for every key, a key that ends in `?` may be missing."""

_TEXTS: Final[Shape] = {"*": str}
_TABLE: Final[Shape] = {
    "id": str,
    "fields": _TEXTS,
    "choices?": {"*": _TEXTS},
    "formulas?": _TEXTS,
    "many?": [str],
    "filled?": [str],
    "unique?": [str],
}
_PENDING: Final[Shape] = {
    "base?": {"name": str, "known": [str]},
    "scratch?": {"table": str, "rows": [dict], "ids": [str], "marked": bool, "writable": [str], "formula": str},
}  # fmt: skip
_SECTION: Final[Shape] = {
    "base?": str,
    "tables?": {"*": _TABLE},
    "manual?": [str],
    "pending?": _PENDING,
    "applying?": {"plan?": str, "done?": int},
}
SHAPE: Final[Shape] = {"tablewright_lock": int, "environment?": str, "schemas": {"*": _SECTION}}
_CONFLICT: Final = re.compile(r"^(<{7}|={7}|>{7})( |$)", re.MULTILINE)


def is_merged_halfway(text: str) -> bool:
    """Tell whether version control left the marks of a conflict in a text."""
    return _CONFLICT.search(text) is not None


def problems(document: Any) -> Iterator[str]:
    """Yield what is wrong with a document, as sentences without their full stops; nothing where it is a lock file's."""
    found = list(_misshapen(document, SHAPE, "the file"))
    yield from found
    if not found:
        for schema, section in document["schemas"].items():
            yield from _shared_ids(schema, section.get("tables", {}))


def _misshapen(value: Any, shape: Shape, place: str) -> Iterator[str]:
    if isinstance(shape, type):
        # A truth value is a number for Python.
        if not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
            yield f"{place} is no {_WORDS[shape]}"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{place} is no list"
            return
        for one in value:
            yield from _misshapen(one, shape[0], f"an entry of {place}")
    elif not isinstance(value, dict):
        yield f"{place} is no object"
    elif "*" in shape:
        for key, one in value.items():
            yield from _misshapen(one, shape["*"], f"'{key}' in {place}")
    else:
        for key, inner in shape.items():
            name = key.removesuffix("?")
            if name in value:
                yield from _misshapen(value[name], inner, f"'{name}' in {place}")
            elif name == key:
                yield f"{place} lacks '{name}'"


_WORDS: Final[Mapping[type, str]] = {
    str: "text",
    int: "number",
    bool: "truth value",
    dict: "object",
}


def _shared_ids(schema: str, tables: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ids that two tables, or two fields of a table, have: after a merge one of them is wrong."""
    ids = [table["id"] for table in tables.values()]
    for key, table in tables.items():
        if ids.count(table["id"]) > 1:
            yield f"table '{key}' of schema '{schema}' has the id of another one, {table['id']}"
        counted = Counter(table["fields"].values())
        for field, identity in table["fields"].items():
            if counted[identity] > 1:
                yield f"field '{field}' of table '{key}' has the id of another one, {identity}"
