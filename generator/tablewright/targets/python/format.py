"""Rendered text → formatted text: Python as black writes it, whatever the user's own settings are.

Views and templates print black's style already, which the tests hold them to, since black is dear: it takes most of the
time where it sees everything. So it sees only statements with a line that is too long.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from tablewright.targets.python.code import LINE_LENGTH, width

_TEXT_ONLY: Final = re.compile(r'\s*(\w+(=|: ))?(\w+\()?"(?:[^"\\]|\\.)*"[,)]*\Z')
_HEADER: Final = re.compile(r"(if|(async )?def|for|class|with|else|elif|while|try)\b")


class NotPython(Exception):
    """A template printed something that is no Python. The message names the file and the place."""


def formatted(text: str, path: str) -> str:
    """Return *text* as black writes it where *path* is Python; other files end in one line break.

    Raises:
        NotPython: the text cannot be parsed.
    """
    if not path.endswith(".py"):
        return text.rstrip("\n") + "\n"
    lines = text.rstrip("\n").split("\n")
    try:
        for first, last in reversed(_long_statements(lines)):
            indent = len(lines[first]) - len(lines[first].lstrip())
            fragment = textwrap.dedent("\n".join(lines[first : last + 1]))
            lines[first : last + 1] = textwrap.indent(
                _black(fragment, LINE_LENGTH - indent), " " * indent
            ).split("\n")
        made = "\n".join(lines) + "\n"
        ast.parse(made)
    except SyntaxError as error:
        place = path if error.lineno is None else f"{path}:{error.lineno}"
        raise NotPython(f"{place}: the template prints what is no Python: {error.msg}") from error
    return made


def _long_statements(lines: list[str]) -> list[tuple[int, int]]:
    """Return first and last line of every statement that black could break better, outermost where they nest."""
    found: list[tuple[int, int]] = []
    for number in _long_lines(lines):
        if found and number <= found[-1][1]:
            continue
        found.append(_statement(lines, number))
    return found


def _long_lines(lines: list[str]) -> Iterator[int]:
    inside = False
    for number, line in enumerate(lines):
        bare = line.strip()
        if inside:
            inside = not bare.endswith('"""')
        elif bare.startswith('"""'):
            inside = len(bare) < 6 or not bare.endswith('"""')
        elif (
            width(line) > LINE_LENGTH
            and not bare.startswith("#")
            and _TEXT_ONLY.match(line) is None
        ):
            yield number


def _statement(lines: list[str], number: int) -> tuple[int, int]:
    """Return the lines of the whole statement that holds a line."""
    first = last = number
    if lines[number].endswith(("(", "[", "{")):
        last = _end(lines, number, last)
    while not _is_whole(lines[first : last + 1]):
        indent = _indent(lines[first])
        first = next(
            place
            for place in range(first - 1, -1, -1)
            if lines[place] and _indent(lines[place]) < indent
        )
        last = _end(lines, first, last)
    return first, last


def _end(lines: list[str], first: int, last: int) -> int:
    """Return the first line behind *last* that is not further in than *first*: there, its bracket closes."""
    indent = _indent(lines[first])
    return next(
        place
        for place in range(last + 1, len(lines))
        if lines[place] and _indent(lines[place]) <= indent
    )


def _is_whole(lines: list[str]) -> bool:
    if lines[-1].endswith(","):
        # A part of a call would pass for an assignment.
        return False
    fragment = textwrap.dedent("\n".join(lines))
    body = "\n    pass" if fragment.endswith(":") else ""
    try:
        ast.parse(fragment + body)
    except SyntaxError:
        return False
    return True


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


@lru_cache(maxsize=4_096)
def _black(fragment: str, width: int) -> str:
    import black
    from black.mode import TargetVersion

    header = fragment.endswith(":") and _HEADER.match(fragment) is not None
    mode = black.Mode(line_length=width, target_versions={TargetVersion.PY311})
    made = black.format_str(fragment + ("\n    pass" if header else ""), mode=mode).rstrip("\n")
    return made.removesuffix("\n    pass") if header else made
