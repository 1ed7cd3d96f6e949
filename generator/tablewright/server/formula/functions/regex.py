"""Regular expressions by RE2, whose search takes time linear in the text, whatever the expression."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import Any, Final

import re2  # type: ignore[import-untyped]  # google-re2 ships no types

from tablewright.server.formula.functions.table import Group
from tablewright.server.formula.values import ERROR, MAX_TEXT, ErrorValue, Value, to_text

_regex = Group("Regex")

_LONGEST_PATTERN: Final = 10_000
_MAX_MEMORY: Final = 4 << 20
"""Bytes one compiled expression may take."""
_REPLACE_SECONDS: Final = 0.2
"""Replacing searches once per match, each search linear: the sum is bounded by the clock."""
_GROUP: Final = re.compile(r"\$(\$|[0-9]{1,2})", re.ASCII)


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> Any:
    """The compiled expression, or an error value for what RE2 refuses: lookarounds, back references, oversize."""
    if len(pattern) > _LONGEST_PATTERN:
        return ERROR
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error:
        return ERROR


@_regex.pure("REGEX_MATCH(s, re)", "1 when the expression is found anywhere", "integer")
def regex_match(text: Value, pattern: Value) -> Value:
    expression = _compiled(to_text(pattern))
    if isinstance(expression, ErrorValue):
        return expression
    return expression.search(to_text(text)) is not None


@_regex.pure("REGEX_EXTRACT(s, re)", "the first match; an error when there is none", "text")
def regex_extract(text: Value, pattern: Value) -> Value:
    expression = _compiled(to_text(pattern))
    if isinstance(expression, ErrorValue):
        return expression
    found = expression.search(to_text(text))
    # An error without a match, and the whole match where there are groups: both unconfirmed.
    return str(found.group()) if found else ERROR


@_regex.pure("REGEX_REPLACE(s, re, new)", "*new* for every match; `$1` is a group", "text")
def regex_replace(text: Value, pattern: Value, new: Value) -> Value:
    expression = _compiled(to_text(pattern))
    if isinstance(expression, ErrorValue):
        return expression
    string, replacement = to_text(text), to_text(new)
    pieces: list[str] = []
    end = size = 0
    deadline = time.monotonic() + _REPLACE_SECONDS
    for match in expression.finditer(string):
        size += len(replacement) + replacement.count("$") * (match.end() - match.start())
        if size > MAX_TEXT or time.monotonic() > deadline:
            return ERROR
        pieces += (string[end : match.start()], _expanded(replacement, match))
        end = match.end()
    pieces.append(string[end:])
    return "".join(pieces)


def _expanded(replacement: str, match: Any) -> str:
    if "$" not in replacement:
        return replacement

    def group(found: re.Match[str]) -> str:
        if found[1] == "$":
            return "$"
        number = int(found[1])
        if number > match.re.groups:
            return found[0]
        return match.group(number) or ""

    return _GROUP.sub(group, replacement)
