"""Expression text → Python's syntax tree, with positions in characters. Nothing is ever evaluated."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from dataclasses import replace
from typing import Final

from tablewright.expressions.resolving.foreign import way_out_at
from tablewright.expressions.resolving.scope import Problem

MAX_LENGTH: Final = 4_000
MAX_DEPTH: Final = 60
_TOO_LONG_HELP: Final = "move a part of it into a computed field"


def parse(text: str) -> tuple[ast.expr | None, tuple[Problem, ...]]:
    """Return Python's syntax tree of one expression, or what keeps it from being one."""
    whole = Problem(0, len(text), "TW501", "")
    if not text.strip():
        return None, (
            replace(whole, message="the expression is empty", help="write a condition or a value"),
        )
    if len(text) > MAX_LENGTH:
        message = f"the expression is longer than {MAX_LENGTH} characters"
        return None, (replace(whole, message=message, help=_TOO_LONG_HELP),)
    # One line, so that positions are offsets; a folded scalar may bring line breaks.
    flat = "".join(" " if sign in "\n\r\t\f\v" else sign for sign in text)
    stripped = flat.lstrip()
    shift = len(flat) - len(stripped)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parsed = ast.parse(stripped, mode="eval").body
    except SyntaxError as error:
        return None, (_syntax_problem(text, shift, error),)
    except (ValueError, RecursionError, MemoryError) as error:
        too_deep = isinstance(error, (RecursionError, MemoryError))
        reason = "nested too deeply" if too_deep else str(error)
        return None, (replace(whole, message=f"cannot be read as an expression: {reason}"),)
    if _depth(parsed) > MAX_DEPTH:
        message = f"the expression is nested more than {MAX_DEPTH} deep"
        return None, (replace(whole, message=message, help=_TOO_LONG_HELP),)
    comment = _comment(stripped) if "#" in stripped else -1
    if comment >= 0:
        return None, (
            Problem(shift + comment, len(text), "TW502", "a comment cannot stand inside an expression",
                    "put it behind the closing quote, or on a line of its own"),
        )  # fmt: skip
    _shift(parsed, shift, stripped)
    return parsed, ()


def _syntax_problem(text: str, shift: int, error: SyntaxError) -> Problem:
    start = min(shift + max((error.offset or 1) - 1, 0), max(len(text) - 1, 0))
    end = shift + error.end_offset - 1 if error.end_offset and error.end_offset > 0 else start + 1
    way_out = way_out_at(text, start)
    if "string literal" in error.msg:
        way_out = "close the quote; what stands behind a ' #' is a comment to YAML unless the whole is quoted"
    elif not way_out and text.rstrip().endswith(_OPEN_ENDS):
        way_out = f"something is missing after '{text.split()[-1]}'"
    return Problem(
        start,
        max(min(end, len(text)), start + 1),
        "TW501",
        f"cannot be read as an expression: {error.msg.removesuffix(' (detected at line 1)')}",
        way_out or "expressions use Python's syntax",
    )


_OPEN_ENDS: Final = (" and", " or", " not", " in", "<", ">", "=", "+", "-", "*", "/", "%")


def _depth(root: ast.AST) -> int:
    deepest = 0
    pending: list[tuple[ast.AST, int]] = [(root, 1)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        if depth > MAX_DEPTH:
            break
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                pending.append((child, depth + 1))
            elif isinstance(child, ast.comprehension):
                pending += [(part, depth + 1) for part in ast.iter_child_nodes(child)]
    return deepest


def _comment(line: str) -> int:
    """Return where a comment begins; -1 where every `#` belongs to a text."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(line).readline):
            if token.type == tokenize.COMMENT:
                return token.start[1]
    except (tokenize.TokenError, SyntaxError):
        return line.index("#")
    return -1


def _shift(root: ast.expr, shift: int, line: str) -> None:
    """Turn Python's byte offsets into offsets of characters in the original text."""
    if line.isascii():
        for node in ast.walk(root):
            if isinstance(node, (ast.expr, ast.keyword)):
                node.col_offset += shift
                node.end_col_offset = (node.end_col_offset or len(line)) + shift
        return
    encoded = line.encode()
    for node in ast.walk(root):
        if isinstance(node, (ast.expr, ast.keyword)):
            node.col_offset = shift + len(encoded[: node.col_offset].decode(errors="ignore"))
            end = node.end_col_offset if node.end_col_offset is not None else len(encoded)
            node.end_col_offset = shift + len(encoded[:end].decode(errors="ignore"))
