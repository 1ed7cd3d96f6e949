"""Text → code, in one place. Templates never put quotes around a value; whatever they print as code was made here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from tablewright.names import is_identifier


class Code(str):
    """Text that is safe to print as Python source."""

    __slots__ = ()


def identifier(name: str) -> Code:
    """Return *name* as a name in code.

    Raises:
        ValueError: it is none; the checks of stage 2 let no such name through.
    """
    if not is_identifier(name):
        raise ValueError(f"{name!r} is no identifier")
    return Code(name)


def literal(value: object) -> Code:
    """Return a plain value as source, texts in double quotes as black writes them."""
    match value:
        case None | bool() | int() | float():
            return Code(repr(value))
        case str():
            return Code(_quoted(value))
        case tuple() | list():
            parts = ", ".join(literal(item) for item in value)
            if isinstance(value, list):
                return Code(f"[{parts}]")
            return Code(f"({parts},)" if len(value) == 1 else f"({parts})")
        case dt.timedelta():
            return Code(f"dt.timedelta(seconds={value.total_seconds()!r})")
        case _:
            raise TypeError(f"{value!r} has no literal form")


def _quoted(text: str) -> str:
    shown = repr(text)
    if shown[0] == '"' or '"' in text:
        return shown
    return f'"{shown[1:-1]}"'


def docstring(text: str, indent: str = "") -> Code:
    """Return *text* as a docstring that cannot end early, further lines behind *indent*."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    body = "\n".join(
        indent + line if line and number else line for number, line in enumerate(lines)
    )
    body = "".join(
        sign if sign in "\n\t" or sign.isprintable() else _escaped(sign)
        for sign in _backslashed(body)
    )
    if '"""' in body or body.endswith('"'):
        body = body.replace('"', '\\"')
    closing = f"\n{indent}" if "\n" in body else ""
    return Code(f'"""{body}{closing}"""')


def _backslashed(text: str) -> str:
    return text.replace("\\", "\\\\")


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def comment(text: str) -> Code:
    """Return *text* as what may follow a '#': one line, printable."""
    return Code("".join(sign if sign.isprintable() else " " for sign in text))


def call(function: str, arguments: Sequence[Code], options: Mapping[str, Code]) -> Code:
    """Return the source of a call."""
    parts = [*arguments, *(f"{identifier(name)}={value}" for name, value in options.items())]
    return Code(f"{function}({', '.join(parts)})")
