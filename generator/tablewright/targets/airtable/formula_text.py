"""Airtable formula text as a row of pieces: which fields it names, and what it is apart from spelling."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

_PIECE: Final = re.compile(
    r"""
      (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    | (?P<field>\{(?:\\.|[^}\\])*\})
    | (?P<word>[^\W\d]\w*)
    | (?P<number>\d+(?:\.\d*)?|\.\d+)
    | (?P<blank>\s+)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OTHER: Final[dict[str, Literal["text", "number", "sign"]]] = {
    "text": "text",
    "number": "number",
    "sign": "sign",
}
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_CONSTANTS: Final = frozenset({"true", "false"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a formula. A *field* piece holds the bare name, without braces and escapes."""

    kind: Literal["text", "field", "word", "number", "sign"]
    text: str


def pieces(formula: str) -> Iterator[Piece]:
    """Yield the pieces of *formula*, blanks between them left out. Any text can be cut up."""
    found = [match for match in _PIECE.finditer(formula) if match.lastgroup != "blank"]
    for position, match in enumerate(found):
        kind, text = match.lastgroup, match.group()
        if kind == "field":
            yield Piece("field", _ESCAPE.sub(r"\1", text[1:-1]))
        elif kind == "word":
            following = found[position + 1].group() if position + 1 < len(found) else ""
            # A name without braces is a field, unless it is called or means true or false.
            is_field = following != "(" and text.casefold() not in _CONSTANTS
            yield Piece("field", text) if is_field else Piece("word", text.upper())
        else:
            yield Piece(_OTHER[str(kind)], text)


def referenced(formula: str) -> tuple[str, ...]:
    """Return the fields that *formula* names, by name or id as written, each once."""
    return tuple(dict.fromkeys(piece.text for piece in pieces(formula) if piece.kind == "field"))


def quoted_field(name: str) -> str:
    """Return a field's name as a formula refers to it: in braces, with `}` and the backslash escaped."""
    escaped = name.replace("\\", "\\\\").replace("}", "\\}")
    return f"{{{escaped}}}"


def with_names(formula: str, name_of: Callable[[str], str]) -> str:
    """Return *formula* with every field in braces put through *name_of*; all else stays as it is."""
    return replaced_references(formula, lambda name: quoted_field(name_of(name)))


def replaced_references(formula: str, reference: Callable[[str], str]) -> str:
    """Return *formula* with every field in braces as *reference* writes it; all else stays as it is."""

    def replaced(match: re.Match[str]) -> str:
        if match.lastgroup != "field":
            return match.group()
        return reference(_ESCAPE.sub(r"\1", match.group()[1:-1]))

    return _PIECE.sub(replaced, formula)


def same_formula(one: str, other: str) -> bool:
    """Tell whether two formulas differ at most in blanks, braces, quotes and the case of names."""
    return [_folded(piece) for piece in pieces(one)] == [_folded(piece) for piece in pieces(other)]


def _folded(piece: Piece) -> tuple[str, str]:
    if piece.kind == "field":
        return piece.kind, piece.text.casefold()
    if piece.kind == "text":
        return piece.kind, _ESCAPE.sub(r"\1", piece.text[1:-1])
    return piece.kind, piece.text
