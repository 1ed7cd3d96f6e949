"""What the YAML parser refused → the likely reason, as a way out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

_IN_FLOW: Final = (
    'inside {…} and […], an expression with a comma or a bracket has to be quoted: "a in [B, C]"'
)
_EARLY_QUOTE: Final = (
    'a quote closes just before this: inside \'…\' a \' is written twice, inside "…" a " as \\"; '
    "or one further up does not close"
)
_QUOTE_FIRST: Final = (
    "the text ends where its first quote closes: an expression that begins with a quote is quoted as a whole"
)
_BRACKET_FIRST: Final = (
    "the list ends where its bracket closes: an expression that begins with a bracket is quoted as a whole"
)
_GLUED: Final = re.compile(r"\s*(?:- )?([A-Za-z_]\w*):[^\s:/]")
"""A key whose colon touches its value, so that YAML reads one word; not an address such as https://."""
_COMMENT: Final = re.compile(r"(?<=\s)#\s?\S*(?=.*[}\]])")
"""A `#` that takes a closing bracket with it."""
_VALUE: Final = re.compile(r"\s*(?:- )?[^\s'\"\[{#][^'\"#]*?:\s+(['\"\[{])")


def way_out(error: Any, lines: Sequence[str], line: int, column: int) -> str:
    """Return what to do about a YAML error that was noticed at *line* and *column*, both counted from 1."""
    reason = error.problem or ""
    text = lines[line - 1] if line <= len(lines) else ""
    before, sign = text[: column - 1], text[column - 1 : column]
    in_flow = error.context is not None and "flow" in error.context
    opened = error.context_mark.line + 1 if in_flow and error.context_mark else line
    if "\\t" in reason or "\t" in text[: len(text) - len(text.lstrip())]:
        return "YAML indents with spaces, not with tabs"
    if "cannot start any token" in reason and sign:
        return f"a word cannot begin with '{sign}': quote it"
    if "escape code" in reason:
        return "write the character itself, or quote the text in '…', where a backslash is only a backslash"
    if "expected" in reason and before.endswith(("'", '"')):
        return _IN_FLOW if in_flow and before.count("(") > before.count(")") else _EARLY_QUOTE
    begins = _VALUE.match(text)
    if not in_flow and "expected key" in reason and begins is not None and begins.end() < column:
        return _QUOTE_FIRST if begins.group(1) in "'\"" else _BRACKET_FIRST
    if in_flow and sign == ":":
        return "a text with ': ' in it has to be quoted"
    comment = _COMMENT.search(lines[opened - 1]) if in_flow and opened < line else None
    if comment is not None:
        return f"on line {opened}, '{comment.group()}' begins a comment: quote the text that holds the '#'"
    if opened == line >= len(lines) and in_flow and not text.strip():
        return "a '{' or '[' further up does not close"
    if opened < line and sign not in ("[", "{"):
        return f"close the '{{' or '[' that opens on line {opened}, or look for a quote that does not close"
    if "{" in text or in_flow:
        return _IN_FLOW
    if "mapping values are not allowed" in reason or "expected ':'" in reason:
        return _about_a_colon(lines, line)
    return "look at the indentation and at quotes that do not close"


def _about_a_colon(lines: Sequence[str], line: int) -> str:
    text, above = lines[line - 1], lines[line - 2] if line > 1 else ""
    glued = _GLUED.match(above) or _GLUED.match(text)
    if glued is not None:
        place = line - 1 if _GLUED.match(above) else line
        return f"line {place} needs a space after '{glued.group(1)}:'"
    if above.strip() and ":" not in above and _indent(above) == _indent(text):
        return f"line {line - 1} has no ':' after its key"
    return "a text with ': ' in it has to be quoted; otherwise look at the indentation"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
