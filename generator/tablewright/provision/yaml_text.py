"""Nested plain values → YAML as people write schemas: sections as blocks, each field on a line of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*\Z")
_NOT_TEXT: Final = frozenset(
    {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "none", "nan", "inf"}
)
_ONE_LINE: Final = 110


class Flow(dict[str, Any]):
    """A mapping that is written on one line, between braces."""


def yaml_text(value: Mapping[str, Any]) -> str:
    """Return *value* as YAML: mappings as blocks, `Flow` ones and lists on one line."""
    return "\n".join(_block(value, "")) + "\n"


def sections(value: Mapping[str, Any]) -> str:
    """Return *value* as YAML with a blank line before each of its sections, and before each table."""
    parts: list[str] = []
    for key, one in value.items():
        if not isinstance(one, Mapping):
            parts.append(yaml_text({key: one}))
        elif key == "tables":
            tables = ["\n".join(_block({name: table}, "  ")) + "\n" for name, table in one.items()]
            parts.append("\ntables:\n" + "\n".join(tables))
        else:
            parts.append("\n" + yaml_text({key: one}))
    return "".join(parts)


def _block(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    flows = [key for key, one in value.items() if isinstance(one, Flow)]
    width = max((len(scalar(key)) for key in flows), default=0)
    for key, one in value.items():
        name = scalar(key)
        if isinstance(one, Flow):
            # Columns line up while names are short; a long one stands out by itself.
            gap = " " * (max(0, min(width, 24) - len(name)) + 1)
            yield f"{indent}{name}:{gap}{flow(one)}"
        elif isinstance(one, Mapping):
            yield f"{indent}{name}:"
            yield from _block(one, f"{indent}  ")
        elif isinstance(one, (list, tuple)) and len(flow(one)) > _ONE_LINE:
            yield f"{indent}{name}:"
            yield from (f"{indent}  - {flow(item)}" for item in one)
        else:
            yield f"{indent}{name}: {flow(one)}"


def flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{scalar(key)}: {flow(one)}" for key, one in value.items())
        return f"{{{inner}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(flow(one) for one in value)}]"
    return scalar(value)


def scalar(value: Any) -> str:
    """Return a word, text, number or truth value. A text that YAML could take for anything else is quoted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.match(value) and value.casefold() not in _NOT_TEXT:
        return value
    # A JSON text is a YAML text in double quotes.
    return json.dumps(value, ensure_ascii=False)
